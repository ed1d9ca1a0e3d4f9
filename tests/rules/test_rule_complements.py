"""Every condition is true or false: a rule and its negation part everybody between them (rules.md, Meaning 1)."""

from __future__ import annotations

from typing import Any

import pytest

PAIRS = [
    ("age = 36", "age != 36"),
    ("city = 'x'", "city != 'x'"),
    ("city IN ('x', 'y')", "city NOT IN ('x', 'y')"),
    ("age IN (36, 3)", "age NOT IN (36, 3)"),
    ("last_order_date IN (today, 2026-05-20T08:00:00)", "last_order_date NOT IN (today, 2026-05-20T08:00:00)"),
    ("last_order_date = first_order_date", "last_order_date != first_order_date"),
    ("customer_tags CONTAINS 'vip'", "customer_tags NOT CONTAINS 'vip'"),
    ("customer_countries CONTAINS 'US'", "customer_countries NOT CONTAINS 'US'"),
    ("customer_countries IS NULL", "customer_countries IS NOT NULL"),
    ("segments CONTAINS 'buyers'", "segments NOT CONTAINS 'buyers'"),
    ("orders_placed MATCHES ()", "orders_placed NOT MATCHES ()"),
    ("orders_placed MATCHES (count = 0)", "orders_placed MATCHES ()"),
    ("orders_placed MATCHES (count <= 1)", "orders_placed MATCHES (count >= 2)"),
    ("orders_placed MATCHES (channel = 'web')", "orders_placed NOT_MATCHES (channel = 'web')"),
    ("orders_placed MATCHES (sum_amount > 5, count < 3)", "orders_placed NOT MATCHES (sum_amount > 5, count < 3)"),
    ("orders_placed IS NULL", "orders_placed IS NOT NULL"),
    ("products_purchased MATCHES (tag = 'x')", "products_purchased NOT MATCHES (tag = 'x')"),
]
ALONE = [
    "age > 30",
    "age BETWEEN 30 AND 40",
    "amount_spent < average_order_value",
    "days_since_last_order <= 30",
    "median_days_between_orders > 1",
    "birth_date < last_order_date",
    "abandoned_checkout_date > -30d",
    "email_subscription_status = 'SUBSCRIBED' OR age > 3",
    "last_order_date > 2026-05-01T10:00:00 AND city IS NULL",
    "orders_placed MATCHES (amount > 5, date >= -60d)",
    "products_purchased MATCHES (amount != 5)",
    "NOT (NOT age > 30 AND (city = 'x' OR last_order_date < today))",
]


RULES = [*ALONE, *(rule for pair in PAIRS for rule in pair)]
EVERYBODY = {"all", "bare", "tagless"}


@pytest.fixture(scope="module")
def members(new_shop: Any) -> dict[str, set[str]]:
    """Of all rules here and their negations, over people who lack one thing each."""
    shop = new_shop()
    shop.person("all", email="all@example.com", birth_date="1990-01-01", tags=["vip"], city="x", country="US")
    shop.person("bare").person("tagless", tags=[], birth_date="1980-01-01")
    shop.rows["people"][1]["tags_key"] = None
    shop.order("all", "2026-05-20T12:00", channel="web", lines=[{"tags": ["x"], "net": "5"}, {"net": None}])
    shop.order("all", "2026-05-25T12:00", net=None).order("tagless", currency=None, net=None)
    texts = dict.fromkeys([*RULES, *(f"NOT ({rule})" for rule in RULES)])
    found: dict[str, set[str]] = shop.all_members(list(texts), buyers="number_of_orders > 0")
    return found


@pytest.mark.parametrize(("rule", "other"), PAIRS)
def test_the_two_forms_part_everybody(rule: str, other: str, members: dict[str, set[str]]) -> None:
    assert members[rule] | members[other] == EVERYBODY
    assert not members[rule] & members[other]


@pytest.mark.parametrize("rule", dict.fromkeys(RULES))
def test_a_rule_and_its_negation_part_everybody(rule: str, members: dict[str, set[str]]) -> None:
    negation = members[f"NOT ({rule})"]
    assert members[rule] | negation == EVERYBODY
    assert not members[rule] & negation
