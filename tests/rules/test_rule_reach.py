"""How far back a rule reaches, and that orders before that day indeed change nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from segsync.rules import AsOf, reach, read
from segsync.streams import STREAMS

ALL = date.min
TODAY = date(2026, 6, 1)


def back(days: int) -> date:
    return TODAY - timedelta(days=days)


NONE = [
    "email_subscription_status = 'SUBSCRIBED'",
    "customer_added_date < -30d",
    "abandoned_checkout_date >= -30d",
    "email.opened MATCHES (count > 3) OR checkouts_abandoned MATCHES ()",
    "event NOT MATCHES (name = 'x') AND count(email.clicked) > age + 1",
    "attributes.size > 3 AND anniversary(birth_date) = today AND rank(age) = 1",
    "city_like = 'x' OR city_like STARTS WITH 'y'",
    "customer_email_domain = 'example.com' AND sources CONTAINS 'web'",  # of customers their own record says it
]
BOUNDED = {
    "last_order_date >= -30d": back(30),
    "last_order_date > -30d": back(29),
    "last_order_date = -30d": back(30),
    "last_order_date = 2026-05-01": date(2026, 5, 1),
    "last_order_date BETWEEN -60d AND -30d": back(60),
    "last_order_date IN (yesterday, -50d)": back(50),
    "last_order_date >= 2026-05-01T12:00:00": date(2026, 5, 1),
    "last_order_date > 2026-05-01T12:00:00": date(2026, 5, 1),
    "last_order_date >= -1m": date(2026, 5, 1),
    "last_order_date > 9999-12-31": date.max,
    # complements are true where those are false, for people without orders too: the same orders settle them
    "NOT (last_order_date >= -30d)": back(30),
    "last_order_date != 2026-05-01": date(2026, 5, 1),
    "last_order_date NOT IN (yesterday, -50d)": back(50),
    "days_since_last_order <= 30": back(30),
    "days_since_last_order <= 30.7": back(30),
    "days_since_last_order < 30": back(29),
    "days_since_last_order < 30.5": back(30),
    "days_since_last_order BETWEEN 10 AND 40": back(40),
    "days_since_last_order IN (3, 20)": back(20),
    "days_since_last_order != 20": back(20),
    "NOT (days_since_last_order <= 30)": back(30),
    "orders_placed MATCHES (date >= -60d, count >= 2)": back(60),
    "orders_placed MATCHES (count >= 2, date > -60d)": back(59),
    "orders_placed NOT MATCHES (date >= -60d)": back(60),
    "NOT (orders_placed MATCHES (date = -45d, amount > 5))": back(45),
    "orders_placed MATCHES (date BETWEEN -60d AND -31d)": back(60),
    "products_purchased MATCHES (tag = 'organic', date >= -90d, sum_quantity <= 1)": back(90),
    "orders_placed MATCHES (date IN (2026-05-20, 2026-04-02))": date(2026, 4, 2),
    # values from functions look at what their dates let pass
    "count(orders_placed, date >= -60d) > 1": back(60),
    "count(orders_placed, date >= -20d) < 2 * sum(orders_placed.amount, date BETWEEN -44d AND -31d)": back(44),
    "age + last(orders_placed.hour, date > -46d) > 3": back(45),
    "orders_placed MATCHES (date >= -20d, count >= count(orders_placed, date = -31d))": back(31),
    "recent > 1": back(62),
    "percentile(recent) > 0": back(62),
    # what records are compared with asks for orders too
    "orders_placed MATCHES (date >= -60d, amount > attributes.size)": back(60),
    "orders_placed MATCHES (date >= -20d, amount >= avg(orders_placed.amount, date = -61d))": back(61),
    "count(products_purchased, date >= -30d, quantity >= recent) >= 1": back(62),
    "email.opened MATCHES (date >= max(orders_placed.date, date >= -40d))": back(40),
    "customer_tags CONTAINS last(orders_placed.channel, date >= -50d)": back(50),
    # the farthest of several, whatever joins them
    "last_order_date >= -30d AND (orders_placed MATCHES (date >= -60d, count >= 2) OR gender = 'F')": back(60),
    "orders_placed MATCHES (date >= -10d) OR orders_placed MATCHES (date >= -45d)": back(45),
}
UNBOUNDED = [
    "number_of_orders >= 1",
    "amount_spent > 25",
    "average_order_value > 10",
    "first_order_date >= -30d",
    "days_since_first_order <= 30",
    "returned_orders = 0",
    "items_bought > 2",
    "median_days_between_orders < 30",
    "country = 'US'",
    "customer_countries CONTAINS 'US'",
    "last_order_date < -30d",
    "last_order_date <= -30d",
    "NOT (last_order_date < -30d)",
    "last_order_date IS NULL",
    "last_order_date IS NOT NULL",
    "last_order_date >= first_order_date",
    "last_order_date >= customer_added_date",
    "customer_added_date <= last_order_date",
    "last_order_date IN (today, customer_added_date)",
    "days_since_last_order > 30",
    "days_since_last_order >= 30",
    "days_since_last_order IS NULL",
    "days_since_last_order <= number_of_orders",
    "days_since_last_order <= age",
    "days_since_last_order BETWEEN age AND 40",
    "days_since_last_order < 999999999999",
    "orders_placed MATCHES ()",
    "orders_placed IS NULL",
    "orders_placed MATCHES (channel = 'web', count >= 2)",
    "orders_placed MATCHES (date < -30d)",
    "orders_placed MATCHES (date <= -30d)",
    "orders_placed MATCHES (date != 2026-05-01)",
    "orders_placed MATCHES (date NOT IN (2026-05-01))",
    "orders_placed MATCHES (date IS NOT NULL)",
    "products_purchased NOT MATCHES (tag = 'organic')",
    "last_order_date >= -30d AND number_of_orders >= 3",
    "count(orders_placed) > 3",
    "first(orders_placed.date) >= -30d",
    "amount_spent * 2 > 3",
    "number_of_orders - count(orders_placed, date >= -30d) = 0",
    "percentile(amount_spent) > 90",
    "anniversary(first_order_date) = today",
    "refunds_received MATCHES (date >= -30d)",
    "count(refunds_received, date >= -30d) = 0",
    "often > 3",
    "orders_placed MATCHES (date >= -60d, amount > average_order_value)",
    "orders_placed MATCHES (date >= first_order_date)",
    "email.opened MATCHES (date >= last_order_date)",
    "count(event, properties.score > amount_spent) > 1",
    "customer_tags CONTAINS country",
    "customer_countries CONTAINS attributes.home",
]
TRAITS = {
    "city_like": "attributes.town",
    "recent": "count(orders_placed, date >= -62d)",
    "often": "recent / number_of_orders",
}


def found(rule: str, as_of: AsOf, **others: str) -> date | None:
    reading = read({**others, "it": rule}, filled=frozenset(STREAMS), traits=TRAITS)
    assert not reading.problems, "\n".join(map(str, reading.problems))
    return reach(reading.rules["it"], reading.rules, as_of)


@pytest.mark.parametrize("rule", NONE)
def test_rules_that_ask_about_no_orders(rule: str, shop: Any) -> None:
    assert found(rule, shop.as_of) is None


@pytest.mark.parametrize(("rule", "day"), BOUNDED.items())
def test_rules_that_ask_about_orders_from_some_day_on(rule: str, day: date, shop: Any) -> None:
    assert found(rule, shop.as_of) == day


@pytest.mark.parametrize("rule", UNBOUNDED)
def test_rules_that_ask_about_all_orders(rule: str, shop: Any) -> None:
    assert found(rule, shop.as_of) == ALL


def test_through_other_segments(shop: Any) -> None:
    others = {"recent": "last_order_date >= -30d", "vip": "number_of_orders >= 3", "both": "segments CONTAINS 'vip'"}
    assert found("segments CONTAINS 'recent'", shop.as_of, **others) == back(30)
    assert found("segments NOT CONTAINS 'recent' AND last_order_date = -40d", shop.as_of, **others) == back(40)
    assert found("segments CONTAINS 'recent' OR NOT (segments CONTAINS 'both')", shop.as_of, **others) == ALL
    assert found("gender = 'F'", shop.as_of, **others) is None


def test_days_are_the_shop_s(shop: Any) -> None:
    """At three in the morning, UTC, New York still has yesterday."""
    early = AsOf(shop.as_of.instant.replace(hour=3), shop.as_of.timezone)
    assert found("last_order_date >= -30d", early) == back(31)
    assert found("days_since_last_order <= 30", early) == back(31)


BOUNDLESS = ["last_order_date < -30d", "NOT (last_order_date < -30d)", "orders_placed MATCHES (date < -30d)"]
DAYS = (1, 2, 10, 20, 28, 29, 30, 31, 32, 40, 44, 45, 46, 50, 58, 59, 60, 61, 62, 89, 90, 91, 400)


def shop_of(new_shop: Any, since: date) -> Any:
    """People with an order of every age, alone and with one more; none of the orders before `since`."""
    shop = new_shop()
    shop.traits = TRAITS
    ages = [(), *((days,) for days in DAYS), *((days, 400) for days in DAYS), *((1, days) for days in DAYS)]
    for number, theirs in enumerate(ages):
        gender = "F" if number == 1 else None
        shop.person(f"p{number}", gender=gender, birth_date="2023-01-01", tags=["web"], attributes={"size": 5})
        shop.event(f"p{number}", "email.opened", f"{back(30)}T20:00")
        for days in (d for d in theirs if back(d) >= since):
            shop.order(f"p{number}", f"{back(days)}T20:00", channel="web", lines=[{"tags": ["organic"]}])
    return shop


@pytest.fixture(scope="module")
def members(new_shop: Any) -> dict[str, set[str]]:
    """Who is in a segment of each rule when no order is missing."""
    found: dict[str, set[str]] = shop_of(new_shop, date.min).all_members([*BOUNDED, *BOUNDLESS])
    return found


@pytest.mark.parametrize("day", sorted(set(BOUNDED.values())), ids=str)
def test_orders_before_that_day_change_nothing(day: date, members: dict[str, set[str]], new_shop: Any) -> None:
    rules = [rule for rule, found in BOUNDED.items() if found == day]
    assert shop_of(new_shop, day).all_members(rules) == {rule: members[rule] for rule in rules}


@pytest.mark.parametrize("day", sorted(set(BOUNDED.values()) - {date.max}), ids=str)
def test_orders_of_that_day_change_something(day: date, members: dict[str, set[str]], new_shop: Any) -> None:
    rules = [rule for rule, found in BOUNDED.items() if found == day]
    fewer = shop_of(new_shop, day + timedelta(days=1)).all_members(rules)
    assert [rule for rule in rules if fewer[rule] == members[rule]] == []


def test_without_a_bound_an_order_of_any_age_counts(members: dict[str, set[str]], new_shop: Any) -> None:
    fewer = shop_of(new_shop, back(390)).all_members(BOUNDLESS)
    assert [rule for rule in BOUNDLESS if fewer[rule] == members[rule]] == []
