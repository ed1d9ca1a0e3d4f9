"""The examples of the language's specification, and of Shopify's published reference of segment queries.

Each is asked of a small shop. What the two show of a meaning that other tests hold already is not here again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segsync.rules.catalogue import NEVER

SEGMENTS = {"vip": "number_of_orders >= 3 AND amount_spent > 500", "holdout": "customer_tags CONTAINS 'holdout'"}


@pytest.fixture(scope="module")
def four(new_shop: Any) -> Any:
    """ann buys much and often, bob did so last year, cid has only looked, dee bought once. It is 1 June 2026."""
    shop = new_shop()
    shop.person(
        "ann", email="ann@example.com", language="en", country="US", tags=["VIP", "eco"], account_status="ENABLED",
        email_subscription_status="SUBSCRIBED", sms_subscription_status="PENDING", created_at="2024-03-01T12:00",
        attributes={"facts.birth_date": "1990-06-20", "Favourite colour": "red"},
    )  # fmt: skip
    shop.person(
        "bob", email="bob@example.org", language="fr", tags=["Holdout"], account_status="DISABLED",
        email_subscription_status="UNSUBSCRIBED", created_at="2015-01-01T12:00",
        attributes={"facts.birth_date": "1985-05-31", "Favourite colour": "Red"},
    )  # fmt: skip
    shop.person(
        "cid", email="cid@example.com", account_status="INVITED", email_subscription_status="NOT_SUBSCRIBED",
        created_at="2026-05-30T12:00", attributes={"facts.birth_date": "2001-07-01"},
    )  # fmt: skip
    shop.person("dee", account_status="DECLINED", email_subscription_status="INVALID", created_at="2025-06-01T12:00")
    organic = {"product_id": "632910392", "tags": ["Organic"], "quantity": 2, "product_type": "Skincare", "net": "30"}
    shop.order("ann", "2026-02-15T12:00", "450", lines=[organic], app_id="580111")
    shop.order("ann", "2026-03-15T12:00", "30", lines=[organic])
    shop.order("ann", "2026-05-30T12:00", "60.50", lines=[organic, {"product_id": "7", "quantity": 5}], country="US")
    for day in ("2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01"):
        shop.order("bob", f"{day}T12:00", "150", lines=[{"product_id": "7", "product_type": "Skincare", "net": "150"}])
    shop.order("dee", "2026-03-10T12:00", "100.50", country="CA", region="CA-ON", city="CA-ON-Toronto")
    shop.address("ann", country="US", region="US-NY", city="US-NY-NewYorkCity").address("bob", country="US")
    shop.checkout("cid", "2026-05-28T12:00").checkout("bob", "2025-10-15T12:00").checkout("dee", "2025-01-01T12:00")
    for _ in range(5):
        shop.event("ann", "email.opened", "2026-05-20T12:00", campaign=135)
    shop.event("bob", "email.opened", "2025-05-20T12:00", campaign=7).event("bob", "email.marked_as_spam")
    shop.event("dee", "email.bounced").event("ann", "email.delivered").event("bob", "email.unsubscribed")
    shop.event("ann", "email.clicked", "2026-05-20T12:00", campaign=135)
    shop.event("cid", "storefront.product_viewed", "2026-05-29T12:00", id=632910392, tag=["Organic"])
    shop.event("cid", "storefront.product_viewed", "2026-05-28T12:00", id=632910392)
    shop.event("ann", "storefront.collection_viewed", "2026-04-01T12:00", id=3, tag=["Sale"])
    return shop


SPECIFIED = {
    "number_of_orders >= 3 AND amount_spent > 500": "ann bob",
    "last_order_date < -120d AND number_of_orders >= 4": "bob",
    "products_purchased MATCHES (tag = 'organic', date >= -90d, count >= 2) "
    "AND customer_countries CONTAINS 'US'": "ann",
    "orders_placed NOT MATCHES (date >= -60d)": "bob cid dee",
    "anniversary('metafields.facts.birth_date') BETWEEN today AND +30d": "ann cid",
    "percentile(amount_spent) >= 95": "bob",
    "segments CONTAINS 'vip' AND segments NOT CONTAINS 'holdout'": "ann",
    "count(orders_placed, date >= -60d) <= 0.5 * count(orders_placed, date BETWEEN -120d AND -61d)": "ann bob cid dee",
    # in the text
    "last_order_date > 2020-05-30": "ann bob dee",
    "attributes.'Favourite colour' = 'red'": "ann",
    "sum(products_purchased.amount, product_type = 'Skincare', date >= -365d) > 0": "ann bob",
    "orders_placed MATCHES (count = 0)": "cid",
    "orders_placed NOT MATCHES ()": "cid",
    "orders_placed MATCHES (count >= 3)": "ann bob",
    "orders_placed MATCHES (count <= 2)": "cid dee",
    "number_of_orders BETWEEN 1 AND 3 AND NOT (customer_tags CONTAINS 'vip' OR email IS NULL)": "",
    "last_order_date = 2026-05-30 -- the newest": "ann",
    # values of the person's own within MATCHES, and lists that are asked for them
    "orders_placed MATCHES (amount > average_order_value, count >= 2)": "",
    "orders_placed MATCHES (amount > average_order_value, count >= 1)": "ann",
    "orders_placed MATCHES (date = first_order_date)": "ann bob dee",
    "products_purchased MATCHES (amount > 0.5 * amount_spent)": "",
    "products_purchased MATCHES (amount > 0.2 * amount_spent)": "bob",
    "orders_placed MATCHES (date BETWEEN first_order_date AND today)": "ann bob dee",
    "customer_countries CONTAINS country": "ann dee",
}
SHOPIFY = {
    # as recorded
    "customer_countries CONTAINS 'CA'": "dee",
    "amount_spent > 100.50": "ann bob",
    "abandoned_checkout_date >= -30d": "cid",
    "(number_of_orders >= 1) OR (number_of_orders = 0)": "ann bob cid dee",
    "customer_tags NOT CONTAINS 'vip'": "bob cid dee",
    "last_order_date BETWEEN -32d AND -1d AND number_of_orders BETWEEN 1 AND 3 AND products_purchased MATCHES (\n"
    "id = 632910392\n)": "ann",
    "products_purchased MATCHES (id IN (9847762092347, 7))": "ann bob",
    # numbers
    "amount_spent = 600": "bob",
    "amount_spent != 600": "ann cid dee",
    "amount_spent BETWEEN 1 AND 540.50": "ann dee",
    "amount_spent <= 0": "cid",
    "number_of_orders < 1": "cid",
    "number_of_orders >= 4": "bob",
    # dates
    "abandoned_checkout_date >= 7_days_ago": "cid",
    "abandoned_checkout_date > -8m": "bob cid",
    "abandoned_checkout_date IS NULL": "ann",
    "abandoned_checkout_date < 2025-10-15": "dee",
    "customer_added_date > -10y": "ann cid dee",
    "customer_added_date = 12_months_ago": "dee",
    "customer_added_date != yesterday": "ann bob cid dee",
    "customer_added_date >= -4w": "cid",
    "first_order_date = 2025-03-01": "bob",
    "first_order_date >= 90_days_ago": "dee",
    "last_order_date >= 30_days_ago": "ann",
    "last_order_date <= 12_months_ago": "bob",
    "last_order_date BETWEEN 2026-03-01 AND 2026-03-31": "dee",
    "last_order_date IS NOT NULL": "ann bob dee",
    "last_order_date = today OR last_order_date = yesterday": "",
    # who, where, consent
    "customer_tags CONTAINS 'ECO'": "ann",
    "customer_tags IS NOT NULL": "ann bob",
    "customer_countries NOT CONTAINS 'US'": "cid dee",
    "customer_regions CONTAINS 'US-NY'": "ann",
    "customer_regions IS NULL": "bob cid",
    "customer_cities CONTAINS 'US-NY-NewYorkCity'": "ann",
    "customer_email_domain = 'example.com'": "ann cid",
    "customer_email_domain != 'example.com'": "bob dee",
    "customer_language = 'en'": "ann",
    "customer_account_status = 'INVITED' OR customer_account_status = 'DECLINED'": "cid dee",
    "customer_account_status != 'ENABLED' AND customer_account_status != 'DISABLED'": "cid dee",
    "email_subscription_status = 'INVALID' OR email_subscription_status = 'PENDING'": "dee",
    "email_subscription_status != 'NOT_SUBSCRIBED' AND email_subscription_status != 'REDACTED'": "ann bob dee",
    "sms_subscription_status = 'PENDING' OR sms_subscription_status = 'REDACTED'": "ann",
    # what happened
    "orders_placed MATCHES (app_id = 580111, sum_amount > 100, date <= today)": "ann",
    "orders_placed NOT_MATCHES (amount >= 100)": "cid",
    "orders_placed MATCHES (amount BETWEEN 100 AND 150, count = 1)": "dee",
    "products_purchased(tag: 'organic') = true": "ann",
    "products_purchased MATCHES (quantity >= 3, sum_quantity >= 5, date > -30d)": "ann",
    "products_purchased NOT_MATCHES (id = 7)": "cid dee",
    "products_purchased IS NULL": "cid dee",
    "storefront.product_viewed MATCHES (id = 632910392, count >= 2, date >= -7d)": "cid",
    "storefront.product_viewed NOT MATCHES (tag = 'organic')": "ann bob dee",
    "storefront.collection_viewed MATCHES (id = 3, tag = 'sale')": "ann",
    "shopify_email.opened MATCHES (activity_id = 135, count > 3, date >= -4w)": "ann",
    "shopify_email.opened(activity_id: 135) = false": "bob cid dee",
    "shopify_email.clicked IS NOT NULL": "ann",
    "shopify_email.delivered MATCHES ()": "ann",
    "shopify_email.bounced MATCHES ()": "dee",
    "shopify_email.marked_as_spam MATCHES () AND shopify_email.unsubscribed MATCHES ()": "bob",
    # in the year
    "anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +4w": "ann",
    "anniversary(date: 'metafields.facts.birth_date') = yesterday": "bob",
    "anniversary(date: 'metafields.facts.birth_date') = 2000-06-20": "ann",
}
CASES = {**SPECIFIED, **SHOPIFY}


@pytest.fixture(scope="module")
def memberships(four: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = four.all_members(list(CASES), **SEGMENTS)
    return found


@pytest.mark.parametrize("rule", CASES)
def test_who_is_in(rule: str, memberships: dict[str, set[str]]) -> None:
    assert memberships[rule] == set(CASES[rule].split())


def test_every_example_at_the_head_of_the_specification_is_here(shared: Callable[[str], Path]) -> None:
    page = shared("rules.md").read_text("utf-8").partition("## Syntax")[0]
    examples = re.findall(r"^    (.*?)(?:  +＋)?$", page, re.MULTILINE)
    assert set(examples) <= SPECIFIED.keys()


# --- what is not supported ---------------------------------------------------------------------------------


def test_shopifys_filters_without_data_are_those_that_the_specification_names(shared: Callable[[str], Path]) -> None:
    page = shared("rules.md").read_text("utf-8")
    (named,) = re.findall(r"Shopify filters that we have no data for \((.*?)\)", page)
    assert set(re.findall(r"`(\w+)`", named)) == NEVER


@pytest.mark.parametrize(
    "rule",
    [
        "companies IS NULL",
        "companies.name = 'x'",
        "created_by_app_id = 580111",
        "product_subscription_status = 'NEVER_SUBSCRIBED'",
        "store_credit_accounts MATCHES (balance > 5, currency = 'USD')",
        "store_credit_accounts.balance > 5",
        "customer_within_distance(coordinates: 'x', distance_km: 5) = true",
        "customer_within_distance MATCHES (distance_km = 5)",
        "orders_placed MATCHES (location_id = 1)",
        "orders_placed(location_id: 1) = true",
        "count(orders_placed, location_id = 1) > 1",
        "amount_spent > 5 AND orders_placed MATCHES (amount > created_by_app_id)",
    ],
)
def test_filters_that_are_not_supported_say_so(rule: str, problems_of: Callable[..., list[str]]) -> None:
    (found,) = problems_of(rule)
    assert "is not supported: segsync has no data for it: take it out" in found
    assert any(f"`{name}`" in found for name in NEVER)


@pytest.mark.parametrize("rule", ["predicted_spend_tier = 'HIGH'", "rfm_group != 'LOYAL'"])
def test_filters_that_are_to_come_say_so(rule: str, problems_of: Callable[..., list[str]]) -> None:
    (found,) = problems_of(rule)
    assert "not computed by this version yet" in found


def test_the_whole_query_of_shopifys_editor_is_told_what_to_take_of_it(problems_of: Callable[..., list[str]]) -> None:
    (found,) = problems_of("FROM customers\nSHOW customer_name, orders\nWHERE amount_spent > 5\nORDER BY updated_at")
    assert found.splitlines()[-1].strip() == (
        "a rule is a condition alone: write what stands between WHERE and ORDER BY"
    )
    assert "line 1, column 1" in found
