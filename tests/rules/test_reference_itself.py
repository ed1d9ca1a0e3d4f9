"""The reference against cases worked out by hand, for what an eye may miss in random rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from corpus import corpus
from reference import Address, Checkout, Customer, Event, Judge, Line, NotARule, Order, Person, Refund, Shop, parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def order(id_: str, when: str, net: int | None, **more: object) -> Order:
    return Order("web", id_, at(when), currency=more.pop("currency", "USD"), net=net, gross=net, **more)


ANN = Person(
    [
        Customer("web", "a", at("2025-01-01"), at("2026-01-01"), "ann@example.com", birth_date=date(2000, 2, 29),
                 tags=["VIP"], attributes={"points": "5", "facts.day": "1990-06-20"}),
        Customer("pos", "b", at("2024-01-01"), at("2026-02-01"), "ann@example.com", attributes={"points": "seven"},
                 addresses=[Address("US", "US-NY", "New York")]),
    ],
    [
        order("1", "2026-01-10T12:00", 100, channel="web", codes=["SUMMER"],
              lines=[Line("1", tags=["Organic"], quantity=2, net=60), Line("2", quantity=1, net=40)]),
        order("2", "2026-04-20T12:00", 50, currency="EUR", channel="amazon",
              refunds=[Refund(at("2026-05-01"), 5, "EUR")]),
        order("3", "2026-05-20T12:00", 7, currency="XAF"),
        order("4", "2026-05-21T12:00", 1000, test=True),
    ],
    [Checkout("web", "k", at("2026-05-01T12:00"), currency="USD", amount=20),
     Checkout("web", "l", at("2026-05-02T12:00"), completed_at=at("2026-05-02T13:00"))],
    [Event("web", "e", "email.opened", at("2026-05-30"), properties={"campaign": "May", "score": "10"}),
     Event("web", "f", "email.opened", at("2026-07-01"))],
)  # fmt: skip
BOB = Person([Customer("web", "c", at("2026-05-01"), at("2026-05-01"))], [order("5", "2026-05-31T03:30", 10)])
CID = Person([Customer("web", "d", at("2026-05-01"), at("2026-05-01"))])
DEE = Person([Customer("web", "x", at("2026-06-02"), at("2026-06-02"))])  # not yet there
SHOP = Shop(
    {"ann": ANN, "bob": BOB, "cid": CID, "dee": DEE},
    at("2026-06-01T12:00"), ZoneInfo("America/New_York"), "USD", {"EUR": Fraction(11, 10)},
)  # fmt: skip

CASES = {
    "email IS NULL": "bob cid",
    "NOT email = 'x' AND number_of_orders >= 0": "ann bob cid",
    "last_order_date = 2026-05-30": "bob",
    "last_order_date = 2026-05-30T23:30:00": "bob",
    "amount_spent = 155 AND average_order_value = 77.5": "ann",
    "customer_added_date = 2023-12-31": "ann",
    "customer_cities CONTAINS 'us-ny-newyork'": "ann",
    "attributes.points = 'seven'": "ann",
    "attributes.points >= 5": "",
    "attributes.points != 7": "ann bob cid",
    "metafields.facts.day > 1990-06-19": "ann",
    "anniversary('metafields.facts.day') BETWEEN today AND +30d": "ann",
    "anniversary('metafields.facts.day') = 2031-06-20": "ann",
    "anniversary('birth_date') = 2026-02-28": "ann",
    "anniversary('birth_date') IN (2024-02-28, 2026-02-27)": "",
    "anniversary('birth_date') IS NULL": "bob cid",
    "anniversary('birth_date') != 2026-02-28": "bob cid",
    "percentile(amount_spent) = 100": "ann",
    "percentile(amount_spent) = 50": "bob",
    "percentile(number_of_orders) = 0": "cid",
    "percentile(average_order_value) = 0": "bob",
    "rank(average_order_value) IS NULL": "cid",
    "rank(amount_refunded) = 1": "ann bob cid",
    "rank(amount_spent) = 3": "cid",
    "count(orders_placed, date >= -60d) <= 0.5 * count(orders_placed)": "cid",
    "count(orders_placed) = 3": "ann",
    "sum(orders_placed.amount) = 0": "cid",
    "avg(orders_placed.amount) = 77.5": "ann",
    "avg(orders_placed.amount) IS NULL": "cid",
    "min(orders_placed.amount, channel = 'amazon') = 55": "ann",
    "first(orders_placed.channel) = 'web'": "ann",
    "last(orders_placed.date) > -12d": "bob",
    "max(orders_placed.date) = -12d": "ann",
    "sum(products_purchased.quantity, tag = 'organic') = 2": "ann",
    "amount_spent / number_of_orders > 20": "ann",
    "amount_spent / number_of_orders IS NULL": "cid",
    "number_of_orders + 1 * 2 = 5": "ann",
    "(number_of_orders + 1) * 2 - 1 - 1 = 6": "ann",
    "8 / 2 / 2 + number_of_orders = 5": "ann",
    "-number_of_orders < -2": "ann",
    "checkouts_abandoned MATCHES (count = 2)": "ann",
    "checkouts_abandoned MATCHES (recovered = false, amount = 20)": "ann",
    "abandoned_checkout_date = 2026-05-01": "ann",
    "refunds_received MATCHES (amount = 5.5, count = 1)": "ann",
    "email.opened MATCHES (count = 1, activity_id = 'May')": "ann",
    "shopify_email.opened IS NOT NULL": "ann",
    "event MATCHES (name = 'email.opened', properties.score > 9)": "ann",
    "event NOT MATCHES (properties.score != 10)": "ann bob cid",
    "products_purchased(tag: 'ORGANIC') = false": "bob cid",
    "orders_placed MATCHES (count <= 2)": "bob cid",
    "segments CONTAINS 'BUYERS' AND NOT segments CONTAINS 'rich'": "bob",
    "spend > 10": "ann",
    "last_order_date < 30_days_ago OR last_order_date BETWEEN 2026-07-01 AND -1d": "",
    "email STARTS WITH 'ann' AND email ENDS WITH '.com' AND email NOT CONTAINS 'EXAMPLE'": "ann",
}
JUDGE = Judge(SHOP, {"buyers": "number_of_orders > 0", "rich": "spend > 20"}, {"spend": "amount_spent / 2"})


@pytest.mark.parametrize("rule", CASES)
def test_who_is_in(rule: str) -> None:
    assert JUDGE.members(rule) == set(CASES[rule].split())


def test_it_reads_the_corpus() -> None:
    judge = Judge(SHOP, corpus())
    for rule in corpus().values():
        opposite = f"NOT ({rule.partition(' -- ')[0]})"
        assert judge.members(rule) ^ judge.members(opposite) == {"ann", "bob", "cid"}, rule


def test_the_corpus_has_what_the_documentation_shows() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs/rules.md"
    (shown,) = re.findall(r"```rule\n(.*?)```", docs.read_text("utf-8"), re.DOTALL)
    assert set(shown.splitlines()) <= set(corpus().values())


def test_the_corpus_has_the_specifications_examples(shared: Callable[[str], Path]) -> None:
    page = shared("rules.md").read_text("utf-8").partition("## Syntax")[0]
    examples = re.findall(r"^    (.*?)(?:  +＋)?$", page, re.MULTILINE)
    assert set(examples) <= set(corpus().values())
    assert len(examples) == 8


@pytest.mark.parametrize("text", ["", "age", "age >", "age > 5 AND", "(age > 5", "age > 5)", "age IN ()", "age ~ 5"])
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(NotARule):
        parse(text)
