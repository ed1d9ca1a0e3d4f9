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


def _amount(making: Any) -> str:
    if making.draw(st.integers(0, 15)) == 0:
        return f"{making.one(SIGNS)} average_order_value"
    return making.of_number(making.amount)


def _date(making: Any) -> str:
    return making.of_date()


def _text(*values: str) -> Param:
    return lambda making: making.of_words(values)


def _id(*values: str) -> Param:
    """An id, written as a number or as text."""
    return lambda making: making.way(
        lambda: f"{making.one(('=', '!='))} {making.one(values)}",
        lambda: f"{making.one(('IN', 'NOT IN'))} ({making.one(values)}, {making.one(values)})",
        making.null,
    )


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
        "discount_code": _text(*CODES, "Summer"),
        "discounted": _flag,
        "country": _text("US", "CA"),
        "hour": lambda making: making.of_number(lambda: making.one(("0", "7", "12", "23"))),
        "device": _text("mobile"),
    },
    "products_purchased": {
        **SOURCE,
        "id": _id("1", "2", "'2'", "'abc'"),
        "sku": _text("A-1", "a-1"),
        "tag": _text("organic", "SALE", *TAGS[:1]),
        "product_type": _text(*TYPES),
        "vendor": _text("Acme"),
        "quantity": lambda making: making.of_number(lambda: making.one(("1", "2", "3"))),
        "amount": _amount,
    },
    "checkouts_abandoned": {**SOURCE, "amount": _amount, "recovered": _flag},
    "refunds_received": {**SOURCE, "amount": _amount},
    "email": {**SOURCE, "campaign": _id("'spring'", "'Spring'", "'77'")},
    "storefront.product_viewed": {**SOURCE, "id": _id("1", "2", "'2'"), "tag": _text("organic", "SALE")},
    "event": {
        **SOURCE,
        "name": _text("quiz_done", "email.opened", "Quiz_done"),
        "properties.score": lambda making: making.of_loose(PROPERTIES["score"]),
        "properties.campaign": lambda making: making.of_text(PROPERTIES["campaign"]),
    },
}
