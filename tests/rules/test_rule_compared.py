"""Records compared with values of their person, and lists that are asked for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import pytest

from segsync.rules import read
from segsync.streams import STREAMS

EVERYTHING = frozenset(STREAMS)
EVERYBODY = {"ann", "bob", "cid"}
TRAITS = {
    "half": "0.5 * amount_spent",
    "big": "count(orders_placed, amount > average_order_value)",
    "bigger": "count(orders_placed, amount > big * 11)",
    "early": "first(orders_placed.date, amount >= half)",
    "spread": "max(orders_placed.amount, amount > min(orders_placed.amount)) - min(orders_placed.amount)",
    "top": "rank(big)",
}


@pytest.fixture(scope="module")
def three(new_shop: Any) -> Any:
    """ann's orders are of 100, 10 and 60; bob's one is of an unknown amount; cid has none."""
    shop = new_shop()
    shop.person(
        "ann", email="ann@example.com", first_name="Ann", country="US", tags=["ca", "Straße", "organic"],
        ads_consent="GRANTED",
        attributes={"club": " ORGANIC", "street": "STRASSE", "least": "60", "since": "2026-05-20", "blank": "  ",
                    "n": 1, "mood": "happy", "langs": ["ca"], "page": "77"},
    )  # fmt: skip
    shop.person("bob", country="DE", tags=["granted"], ads_consent="DENIED", attributes={"least": "some", "club": "x"})
    shop.person("cid", tags=["x"], birth_date="1990-01-01", attributes={"club": "x"})
    shop.order("ann", "2026-01-10T12:00", "100", channel="web", country="US", codes=["organic"],
               lines=[{"product_id": "77", "net": "60", "tags": ["Organic"], "quantity": 2}])  # fmt: skip
    shop.order("ann", "2026-05-20T12:00", "10", channel="pos",
               lines=[{"net": "10", "tags": ["y"], "quantity": 1}])  # fmt: skip
    shop.order("ann", "2026-05-21T12:00", "60", channel="web", country="CA", codes=["z"])
    shop.order("bob", "2026-05-20T12:00", None, lines=[{"net": None, "quantity": 1}])
    shop.refund("o1", "2026-05-22T12:00", "5").checkout("ann", "2026-05-25T12:00", amount=Decimal("56.67"))
    shop.event("ann", "survey", "2026-05-20T12:00", score=2, mood="unhappy").event("ann", "survey", score="high")
    shop.event("bob", "survey", score=3).event("ann", "storefront.product_viewed", id=77, tag=["eco", "organic"])
    shop.address("bob", country="DE").address("cid", country="FR")
    shop.traits = TRAITS
    return shop


CASES = {
    # numbers
    "orders_placed MATCHES (amount > average_order_value)": "ann",
    "orders_placed MATCHES (amount > average_order_value, count >= 2)": "ann",
    "orders_placed MATCHES (amount > average_order_value, count >= 3)": "",
    "orders_placed MATCHES (amount > average_order_value, sum_amount = 160)": "ann",
    "orders_placed MATCHES (amount < average_order_value, count = 0)": "bob cid",
    "products_purchased MATCHES (amount > 0.5 * amount_spent)": "",
    "products_purchased MATCHES (amount > 0.3 * amount_spent)": "ann",
    "orders_placed MATCHES (amount BETWEEN average_order_value AND half)": "ann",
    "orders_placed MATCHES (amount IN (number_of_orders, 10))": "ann",
    "orders_placed MATCHES (amount IN (number_of_orders * 20, 3))": "ann",
    "orders_placed MATCHES (amount >= attributes.least, count = 2)": "ann",
    "orders_placed MATCHES (amount = 3 + 7)": "ann",
    "orders_placed MATCHES (amount > 1 / 0)": "",
    "orders_placed MATCHES (amount > percentile(amount_spent) - 1)": "ann",
    "products_purchased MATCHES (quantity > attributes.n)": "ann",
    "checkouts_abandoned MATCHES (amount = average_order_value)": "ann",
    # missing on either side is false, and complements are exact
    "orders_placed MATCHES (amount != average_order_value)": "ann bob",
    "orders_placed NOT MATCHES (amount != average_order_value)": "cid",
    "orders_placed NOT MATCHES (amount > average_order_value)": "bob cid",
    "orders_placed MATCHES (date > birth_date)": "",
    "orders_placed MATCHES (date != birth_date)": "ann bob",
    "orders_placed MATCHES (channel NOT IN (first_name, 'web'))": "ann bob",
    # days
    "orders_placed MATCHES (date = first_order_date)": "ann bob",
    "orders_placed MATCHES (date > first_order_date, count = 2)": "ann",
    "orders_placed MATCHES (date BETWEEN first_order_date AND today, count = 3)": "ann",
    "orders_placed MATCHES (date >= attributes.since, count = 2)": "ann",
    "refunds_received MATCHES (date > last_order_date)": "ann",
    "event MATCHES (name = 'survey', date = last_order_date)": "bob",
    # text and ids
    "orders_placed MATCHES (country = country)": "ann",
    "orders_placed MATCHES (channel = first(orders_placed.channel), count = 2)": "ann",
    "event MATCHES (properties.mood ENDS WITH attributes.mood)": "ann",
    "event MATCHES (properties.mood = attributes.mood)": "",
    "event MATCHES (properties.score > attributes.n + 0)": "ann",
    "event MATCHES (properties.score >= number_of_orders)": "bob",
    "products_purchased MATCHES (id = last(storefront.product_viewed.id))": "ann",
    "products_purchased MATCHES (id = attributes.page)": "ann",
    "storefront.product_viewed MATCHES (id IN (attributes.page, 5))": "ann",
    # lists, in any case of letters
    "products_purchased MATCHES (tag = attributes.club)": "ann",
    "products_purchased MATCHES (tag CONTAINS attributes.club, count = 1)": "ann",
    "products_purchased MATCHES (tag IN ('y', attributes.club), count = 2)": "ann",
    "products_purchased MATCHES (tag != attributes.club)": "ann bob",
    "products_purchased NOT MATCHES (tag = attributes.club)": "bob cid",
    "orders_placed MATCHES (discount_code = attributes.club)": "ann",
    "storefront.product_viewed MATCHES (tag = attributes.club)": "ann",
    "customer_tags CONTAINS country": "ann",
    "customer_tags NOT CONTAINS country": "bob cid",
    "customer_tags CONTAINS attributes.street": "ann",
    "customer_tags CONTAINS attributes.club": "ann cid",
    "customer_tags CONTAINS attributes.blank": "",
    "customer_tags CONTAINS attributes.langs": "",
    "customer_tags CONTAINS ads_consent": "",
    "customer_tags CONTAINS last(event.properties.score, name = 'x')": "",
    "sources CONTAINS 'web' AND sources NOT CONTAINS first(orders_placed.source)": "cid",
    "customer_countries CONTAINS country": "ann bob",
    "customer_countries NOT CONTAINS country": "cid",
    "customer_countries CONTAINS last(orders_placed.country, date < last_order_date)": "",
    "customer_countries CONTAINS first(orders_placed.country)": "ann",
    # text
    "email STARTS WITH attributes.mood OR first_name STARTS WITH first_name": "ann",
    "email NOT CONTAINS first_name": "ann bob cid",
    # one within the other
    "big = 2": "ann",
    "big = 0": "bob cid",
    "bigger = 2": "ann",
    "top = 1": "ann",
    "early = 2026-01-10": "ann",
    "early > 2026-01-10T06:59:59 AND early < 2026-01-10T07:00:01": "ann",
    "spread = 90": "ann",
    "orders_placed MATCHES (date = early, amount > half)": "ann",
    "orders_placed MATCHES (amount > big * 30, count = top)": "ann",
    "count(orders_placed, amount > avg(orders_placed.amount, date >= first(orders_placed.date, amount > big))) = 2": (
        "ann"
    ),
    "sum(orders_placed.amount, amount >= half) = 100": "ann",
    "last(orders_placed.channel, amount < average_order_value) = 'pos'": "ann",
    "avg(orders_placed.amount, amount > average_order_value) = 80": "ann",
    "count(orders_placed, date > first_order_date) > count(orders_placed, date = first_order_date)": "ann",
    "percentile(bigger) = 100": "ann",
}  # fmt: skip


@pytest.fixture(scope="module")
def memberships(three: Any) -> dict[str, set[str]]:
    """All the cases in one table, with their complements."""
    found: dict[str, set[str]] = three.all_members([*CASES, *(f"NOT ({rule})" for rule in CASES)])
    return found


@pytest.mark.parametrize("rule", CASES)
def test_who_is_in(rule: str, memberships: dict[str, set[str]]) -> None:
    assert memberships[rule] == set(CASES[rule].split())
    assert memberships[f"NOT ({rule})"] == EVERYBODY - memberships[rule]


ALONE = [
    "orders_placed MATCHES (amount > average_order_value, count >= 2)",
    "products_purchased MATCHES (tag = attributes.club)",
    "customer_tags CONTAINS attributes.club",
    "customer_countries CONTAINS country",
    "top = 1",
    "bigger = 2",
]


@pytest.mark.parametrize("rule", ALONE)
def test_alone_a_rule_has_the_same_members(rule: str, three: Any) -> None:
    assert three.members(rule) == set(CASES[rule].split())


def test_days_compare_as_days_of_the_shop(shop: Any) -> None:
    """03:30 UTC on the 31st is still the evening of the 30th in New York."""
    shop.person("ann").order("ann", "2026-05-30T12:00").order("ann", "2026-05-31T03:30")
    assert shop.members("orders_placed MATCHES (date > first_order_date)") == set()
    assert shop.members("orders_placed MATCHES (date = first_order_date, count = 2)") == {"ann"}


def test_nobody_is_compared_with_anothers_value(shop: Any) -> None:
    shop.person("ann").order("ann", net="10").order("ann", net="30").person("bob").order("bob", net="100")
    assert shop.members("orders_placed MATCHES (amount > average_order_value)") == {"ann"}
    assert shop.members("orders_placed MATCHES (amount >= average_order_value, count = 1)") == {"ann", "bob"}


# --- how it is computed ------------------------------------------------------------------------------------


def compiled(shop: Any, *rules: str) -> str:
    reading = read({f"s{number}": rule for number, rule in enumerate(rules)}, filled=EVERYTHING)
    assert not reading.problems
    return str(ibis.to_sql(shop.table(reading), dialect="duckdb"))


PLAIN = ("orders_placed MATCHES (amount > 5)", "orders_placed MATCHES (amount > 3 + 4, date >= -30d)")


def test_windows_that_compare_with_nobodys_own_value_stay_in_the_one_pass(shop: Any) -> None:
    assert compiled(shop, *PLAIN).count("GROUP BY") == 1
    assert compiled(shop, *PLAIN, "orders_placed MATCHES (amount > average_order_value)").count("GROUP BY") == 2


def test_windows_with_the_same_comparison_are_computed_once(shop: Any) -> None:
    rules = (
        "orders_placed MATCHES (amount > 0.5 * amount_spent, date > first_order_date)",
        "orders_placed NOT MATCHES (date > first_order_date,   amount > 0.5*amount_spent)",
        "count(orders_placed, amount > 0.5 * amount_spent, date > first_order_date) > 3",
    )
    sql = compiled(shop, *rules)
    assert "raw_window0_count" in sql
    assert "raw_window1" not in sql


def test_the_rows_that_records_are_compared_with_are_computed_once(shop: Any) -> None:
    nested = "count(orders_placed, amount > " * 6 + "average_order_value" + ")" * 6
    sql = compiled(shop, f"{nested} > 3")
    assert sql.count('FROM "people"') == 1
    assert sql.count("GROUP BY") == 7


def test_a_total_that_nobody_asks_for_is_not_computed(shop: Any) -> None:
    sql = compiled(shop, "orders_placed MATCHES (channel = 'web', sum_amount > 5)")
    assert "raw_window0_sum_amount" in sql
    assert "raw_window0_count" not in sql
