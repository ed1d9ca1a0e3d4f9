"""The parameters of each function, and how a random condition on each is made.

`making` is what makes the rule (`random_rules`): it draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from random_shops import CHANNELS, CODES, PROPERTIES, TAGS, TYPES
from random_words import SIGNS

Param = Callable[[Any], str]


def _compared(values: tuple[str, ...], signs: tuple[str, ...], make: Param) -> Param:
    """Now and then a comparison with a value of the person's own."""

    def param(making: Any) -> str:
        if making.draw(st.integers(0, 5)):
            return make(making)
        one, sign = making.one(values), making.one((*signs, "IN"))
        return f"IN ({one}, {making.one(values)})" if sign == "IN" else f"{sign} {one}"

    return param


def _between(making: Any) -> str:
    """A range of which an end is a day of the person's own."""
    low, high = making.one(OWN_DAYS), making.one((*OWN_DAYS, "today"))
    return making.way(lambda: f"BETWEEN {low} AND {high}", lambda: f"BETWEEN -1y AND {low}")


OWN_NUMBERS = (
    "average_order_value", "0.5 * amount_spent", "amount_spent / number_of_orders", "number_of_orders", "20 + 30",
    "attributes.points", "avg(orders_placed.amount)", "max(products_purchased.amount, date >= -60d)",
    "min(orders_placed.amount, date > first_order_date)", "rank(amount_spent)", "percentile(amount_spent) + 2",
)  # fmt: skip
OWN_DAYS = (
    "first_order_date", "last_order_date", "customer_added_date", "metafields.facts.birth_date", "birth_date",
    "max(checkouts_abandoned.date)", "first(orders_placed.date, amount > 2)", "last(email.opened.date)",
)  # fmt: skip
OWN_TEXTS = (
    "country", "attributes.club", "attributes.colour", "last(orders_placed.channel)", "first(orders_placed.source)",
    "last(products_purchased.product_type, quantity > 1)", "first_name",
)  # fmt: skip
OWN_IDS = ("last(products_purchased.id)", "first(storefront.product_viewed.id)", "attributes.points")
IS = ("=", "!=")
PARTS = (*IS, "CONTAINS", "NOT STARTS WITH", "ENDS WITH")

_amount = _compared(OWN_NUMBERS, SIGNS, lambda making: making.of_number(making.amount))
_day = _compared(OWN_DAYS, SIGNS, lambda making: making.of_date())


def _date(making: Any) -> str:
    return making.one((_day, _day, _day, _day, _day, _between))(making)


def _number(*values: str) -> Param:
    return _compared(OWN_NUMBERS, SIGNS, lambda making: making.of_number(lambda: making.one(values)))


def _text(*values: str) -> Param:
    return _compared(OWN_TEXTS, PARTS, lambda making: making.of_words(values))


def _list(*values: str) -> Param:
    return _compared(OWN_TEXTS, (*IS, "CONTAINS", "NOT CONTAINS"), lambda making: making.of_words(values))


def _id(*values: str) -> Param:
    """An id, written as a number or as text."""

    def literal(making: Any) -> str:
        return making.way(
            lambda: f"{making.one(IS)} {making.one(values)}",
            lambda: f"{making.one(('IN', 'NOT IN'))} ({making.one(values)}, {making.one(values)})",
            making.null,
        )

    return _compared(OWN_IDS, IS, literal)


def _flag(making: Any) -> str:
    return f"{making.one(('=', '!='))} {making.flag()}"


SOURCE: dict[str, Param] = {"source": _text("web", "pos", "x"), "date": _date}
PARAMS: dict[str, dict[str, Param]] = {
    "orders_placed": {
        **SOURCE,
        "amount": _amount,
        "currency": _text("USD", "EUR"),
        "channel": _text(*CHANNELS),
        "app_id": _id("580111", "'580111'", "'amazon-us'"),
        "discount_code": _list(*CODES, "Summer"),
        "discounted": _flag,
        "country": _text("US", "CA"),
        "hour": _number("0", "7", "12", "23"),
        "device": _text("mobile"),
    },
    "products_purchased": {
        **SOURCE,
        "id": _id("1", "2", "'2'", "'abc'"),
        "sku": _text("A-1", "a-1"),
        "tag": _list("organic", "SALE", *TAGS[:1]),
        "product_type": _text(*TYPES),
        "vendor": _text("Acme"),
        "quantity": _number("1", "2", "3"),
        "amount": _amount,
    },
    "checkouts_abandoned": {**SOURCE, "amount": _amount, "recovered": _flag},
    "refunds_received": {**SOURCE, "amount": _amount},
    "email": {**SOURCE, "campaign": _id("'spring'", "'Spring'", "'77'")},
    "storefront.product_viewed": {**SOURCE, "id": _id("1", "2", "'2'"), "tag": _list("organic", "SALE")},
    "event": {
        **SOURCE,
        "name": _text("quiz_done", "email.opened", "Quiz_done"),
        "properties.score": _compared(OWN_NUMBERS[:5], SIGNS, lambda making: making.of_loose(PROPERTIES["score"])),
        "properties.campaign": _compared(OWN_TEXTS, PARTS, lambda making: making.of_text(PROPERTIES["campaign"])),
    },
}
