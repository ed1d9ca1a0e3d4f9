"""Why somebody is in a segment or is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from segsync.rules import Why, read, why
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
            Why("clause", "amount_spent > 500", False, {"amount_spent": Decimal("20.00")}),
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
