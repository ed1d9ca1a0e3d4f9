"""Why somebody is in a segment or is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from segsync.rules import Record, Why, read, why
from segsync.streams import STREAMS

TEXTS = {
    "vip": "number_of_orders >= 2 AND amount_spent > 500",
    "it": "segments CONTAINS 'VIP' OR NOT (city = 'x') AND (last_order_date > first_order_date)\n"
    "OR orders_placed MATCHES (channel = 'web', count >= 2, sum_amount > 10) OR customer_countries CONTAINS 'us'",
}


@pytest.fixture
def told(shop: Any) -> Any:
    shop.person("ann", city="x").person("bob").address("ann", country="DE").address("bob", country="US")
    shop.order("ann", "2026-05-01T12:00", channel="web").order("ann", "2026-05-03T12:00", country="CA", city="x")

    def explain(person: str) -> Why:
        rules = read(TEXTS, filled=frozenset(STREAMS)).rules
        return why(shop.con, rules, "it", person, shop.as_of, currency="USD", rates={})

    return explain


def test_the_tree_of_somebody_who_is_out(told: Any) -> None:
    found = told("ann")
    assert (found.kind, found.holds) == ("any", False)
    assert found.text == TEXTS["it"]
    named, both, matches, countries = found.parts
    assert (named.text, named.holds, named.values) == ("segments CONTAINS 'VIP'", False, {})
    assert both.kind == "all"
    negation, dates = both.parts
    assert (negation.kind, negation.text, negation.holds) == ("not", "NOT (city = 'x')", False)
    assert negation.parts == (Why("clause", "city = 'x'", True, {"city": "x"}),)
    assert dates.holds is True
    assert dates.values == {"last_order_date": date(2026, 5, 3), "first_order_date": date(2026, 5, 1)}
    assert matches.values == {"count": 1, "sum_amount": Decimal("10.00")}
    assert matches.holds is False
    assert countries == Why("clause", "customer_countries CONTAINS 'us'", False, {"customer_countries": ["CA", "DE"]})


def test_a_segment_that_is_named_brings_its_own_tree(told: Any) -> None:
    (vip,) = told("ann").parts[0].parts
    assert vip == Why(
        "all",
        TEXTS["vip"],
        False,
        {},
        (
            Why("clause", "number_of_orders >= 2", True, {"number_of_orders": 2}),
            Why("clause", "amount_spent > 500", False, {"amount_spent": Decimal("20.00")}, change="more than 480 more"),
        ),
    )


def test_missing_values_are_none_and_totals_of_nothing_are_0(told: Any) -> None:
    found = told("bob")
    assert found.holds is True
    assert found.parts[1].parts[0].parts[0].values == {"city": None}
    assert found.parts[1].parts[1].values == {"last_order_date": None, "first_order_date": None}
    assert found.parts[2].values == {"count": 0, "sum_amount": Decimal("0.00")}


def test_it_agrees_with_the_members(told: Any, shop: Any) -> None:
    members = shop.members(TEXTS["it"], vip=TEXTS["vip"])
    assert {person for person in ("ann", "bob") if told(person).holds} == members


def test_somebody_unknown_is_a_key_error(told: Any) -> None:
    with pytest.raises(KeyError):
        told("nobody")


# --- records, computed values, and what would have to change -----------------------------------------------

TRAITS = {"per_order": "amount_spent / number_of_orders"}


@pytest.fixture
def explained(shop: Any) -> Callable[..., Why]:
    shop.person("ann", email="ann@example.com", city="x", birth_date="1990-01-01", attributes={"size": 41})
    shop.person("bob")
    for day in range(1, 13):
        line = [{"line_id": "1", "tags": ["x"]}] if day == 3 else []
        shop.order("ann", f"2026-05-{day:02}T12:00", f"{day}", channel="web", lines=line)
    shop.order("bob", "2026-05-01T12:00", "30", channel="pos").refund("o3", "2026-05-20T12:00", "2.50")
    shop.event("ann", "email.opened", campaign="spring").event("ann", "email.clicked")

    def explain(rule: str, person: str = "ann") -> Why:
        reading = read({"it": rule, "vip": "number_of_orders > 99"}, filled=frozenset(STREAMS), traits=TRAITS)
        assert not reading.problems
        found = why(shop.con, reading.rules, "it", person, shop.as_of, currency="USD", rates={})
        shop.traits = TRAITS
        assert found.holds is (person in shop.members(rule, vip="number_of_orders > 99"))
        return found

    return explain


def test_the_newest_ten_records_that_counted(explained: Callable[..., Why]) -> None:
    found = explained("orders_placed MATCHES (channel = 'web', amount >= 2)")
    (records,) = found.records.values()
    assert found.values == {"count": 11}
    assert [record.id for record in records] == [f"o{number}" for number in range(12, 2, -1)]
    assert records[0] == Record("web", "o12", date(2026, 5, 12), Decimal("12.0000"))


def test_how_many_counted_is_told_beside_every_total(explained: Callable[..., Why]) -> None:
    found = explained("orders_placed MATCHES (channel = 'web', amount >= 11, sum_amount > 5)")
    assert found.values == {"count": 2, "sum_amount": Decimal("23.00")}


@pytest.mark.parametrize(
    ("rule", "records"),
    [
        ("products_purchased MATCHES (tag = 'x')", [("o3/1", date(2026, 5, 3), Decimal(5))]),
        ("refunds_received MATCHES ()", [("r1", date(2026, 5, 20), Decimal("2.50"))]),
        ("email.opened NOT MATCHES (campaign = 'spring')", [("e1", date(2026, 5, 20), None)]),
        ("checkouts_abandoned MATCHES ()", []),
        ("sum(orders_placed.amount, date = 2026-05-02) > 3", [("o2", date(2026, 5, 2), Decimal(2))]),
    ],
)
def test_records_of_every_function(rule: str, records: list[Any], explained: Callable[..., Why]) -> None:
    found = explained(rule).records.values()
    assert [(r.id, r.day, r.amount) for each in found for r in each] == records


def test_computed_values_are_told_by_their_text(explained: Callable[..., Why]) -> None:
    found = explained("count(orders_placed, amount > 6) * 2 >= per_order + attributes.size / 2 - rank(amount_spent)")
    assert found.values == {
        "count(orders_placed, amount > 6) * 2": Decimal(12),
        "count(orders_placed, amount > 6)": 6,
        "per_order + attributes.size / 2 - rank(amount_spent)": Decimal(26),
        "per_order": Decimal("6.5"),
        "attributes.size": "41",
        "rank(amount_spent)": 1,
    }
    assert found.change == "14 more"


def test_where_somebody_stands_is_among_all(explained: Callable[..., Why]) -> None:
    assert explained("percentile(amount_spent) = 100").values == {"percentile(amount_spent)": Decimal(100)}
    assert explained("percentile(amount_spent) = 100", "bob").values == {"percentile(amount_spent)": Decimal(0)}


CHANGES = {
    "number_of_orders >= 13": "1 more",
    "number_of_orders < 12": "1 less",
    "number_of_orders BETWEEN 1 AND 10": "2 less",
    "number_of_orders IN (9, 14)": "2 more",
    "number_of_orders > 12.5": "1 more",
    "number_of_orders <= 10.5": "2 less",
    "last_order_date > 2026-05-12": "1 day later",
    "number_of_orders != 12": "any other than 12",
    "amount_spent > 100.5": "more than 22.5 more",
    "last_order_date >= 2026-05-13": "1 day later",
    "first_order_date <= -35d": "4 days earlier",
    "number_of_orders >= amount_spent": "66 more",
    "city = 'y'": "'y' instead of 'x'",
    "country = 'US'": "a value",
    "city IS NULL": "no value",
    "per_order >= 7": "0.5 more",
    "orders_placed MATCHES (count >= 15, sum_amount > 10)": "count: 3 more",
    "orders_placed NOT MATCHES (channel = 'web')": "12 fewer",
    "checkouts_abandoned MATCHES ()": "1 more",
    "customer_tags CONTAINS 'x'": "",
    "attributes.size >= 42": "",
    "segments CONTAINS 'vip'": "",
}


@pytest.mark.parametrize("rule", CHANGES)
def test_what_would_have_to_change(rule: str, explained: Callable[..., Why]) -> None:
    assert explained(rule).change == CHANGES[rule]
    told = explained(f"{rule} AND amount_spent > 1")
    assert [part.change for part in told.parts] == [CHANGES[rule], ""]


def test_two_that_fail_are_not_nearby(explained: Callable[..., Why]) -> None:
    told = explained("number_of_orders > 99 AND amount_spent > 99 AND age > 3")
    assert [part.change for part in told.parts] == ["", "", ""]


# --- values of the person's own within MATCHES, and after CONTAINS ------------------------------------------


def test_the_persons_own_value_and_the_records_that_counted(explained: Callable[..., Why]) -> None:
    found = explained("orders_placed MATCHES (amount > average_order_value + 3, channel = 'web', count >= 3)")
    assert found.values == {
        "count": 3,
        "average_order_value + 3": Decimal("9.5"),
        "average_order_value": Decimal("6.50"),
    }
    assert [record.id for record in found.records["orders_placed"]] == ["o12", "o11", "o10"]
    assert found.holds


def test_the_same_of_somebody_who_lacks_it(explained: Callable[..., Why]) -> None:
    found = explained("orders_placed MATCHES (amount > attributes.size / 10)", "bob")
    assert found.values == {"count": 0, "attributes.size / 10": None, "attributes.size": None}
    assert found.records == {}
    assert found.change == "1 more"


def test_values_within_values_are_told_with_their_records(explained: Callable[..., Why]) -> None:
    inner = "first(orders_placed.date, amount > per_order * 1.5)"
    found = explained(f"count(orders_placed, date > {inner}) > rank(amount_spent)")
    assert found.values == {
        f"count(orders_placed, date > {inner})": 2,
        inner: date(2026, 5, 10),
        "per_order * 1.5": Decimal("9.75"),
        "per_order": Decimal("6.5"),
        "rank(amount_spent)": 1,
    }
    ids = {text: [record.id for record in records] for text, records in found.records.items()}
    assert ids == {f"count(orders_placed, date > {inner})": ["o12", "o11"], inner: ["o12", "o11", "o10"]}


def test_where_somebody_stands_within_matches_is_among_all(explained: Callable[..., Why]) -> None:
    found = explained("orders_placed MATCHES (amount > rank(amount_spent) * 15)", "bob")
    assert found.values == {"count": 0, "rank(amount_spent) * 15": Decimal(30), "rank(amount_spent)": 2}


def test_a_list_and_what_it_was_asked_for(shop: Any) -> None:
    shop.person("ann", tags=["ca"], country="CA", attributes={"club": "X"}).person("bob", tags=["ca"])
    shop.address("ann", country="CA").address("bob", country="CA")
    shop.order("ann", lines=[{"line_id": "1", "tags": ["x"]}, {"line_id": "2", "tags": ["y"]}])
    told = {
        "customer_tags CONTAINS country": {"customer_tags": ["ca"], "country": "CA"},
        "customer_countries CONTAINS country": {"customer_countries": ["CA"], "country": "CA"},
        "products_purchased MATCHES (tag = attributes.club)": {"count": 1, "attributes.club": "X"},
    }
    for rule, values in told.items():
        rules = read({"it": rule}, filled=frozenset(STREAMS)).rules
        found, other = (
            why(shop.con, rules, "it", person, shop.as_of, currency="USD", rates={}) for person in ("ann", "bob")
        )
        assert (found.holds, dict(found.values)) == (True, values)
        assert not other.holds
        assert other.change in ("", "1 more")
        assert [record.id for records in found.records.values() for record in records] == ["o1/1"] * ("count" in values)
