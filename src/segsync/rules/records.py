"""The records of each stream that functions look at: those that exist, each with its person and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis

from segsync.rules.catalogue import FUNCTIONS, Kind
from segsync.rules.details import with_details
from segsync.rules.needs import Needs
from segsync.rules.owners import owned
from segsync.rules.shop import Shop, two
from segsync.rules.truth import Subject
from segsync.rules.wanted import AT


def orders(shop: Shop, _needs: Needs) -> Any:
    """The orders that exist, with their money in the shop's currency."""
    every = shop.orders()
    return every.mutate(
        amount=shop.money(every.net, every.currency),
        gross_amount=shop.money(every.gross, every.currency),
        refunded_amount=shop.money(every.refunded, every.currency),
    )


def order_lines(shop: Shop, _needs: Needs) -> Any:
    """The lines of the orders that exist, each with its order's person, day and currency."""
    lines, bought = shop.con.table("order_lines"), shop.orders()
    bought = bought.select(
        "person", "ordered_on", "ordered_at", "currency", order_source="source", order_number="order_id"
    )
    joined = lines.join(bought, [lines.source == bought.order_source, lines.order_id == bought.order_number])
    return joined.mutate(amount=shop.money(joined.net, joined.currency))


def refunds(shop: Shop, _needs: Needs) -> Any:
    """The refunds, given by the run's instant, of the orders that exist."""
    given, bought = shop.con.table("refunds"), shop.orders()
    given = given.filter(shop.happened(given.refunded_at))
    given = given.mutate(refund=shop.money(given.amount, given.currency)).drop("amount").rename(amount="refund")
    bought = bought.select("person", order_source="source", order_number="order_id")
    return given.join(bought, [given.source == bought.order_source, given.order_id == bought.order_number])


def checkouts(shop: Shop, _needs: Needs) -> Any:
    """The checkouts begun by the run's instant, and whether they were completed by then."""
    begun = shop.con.table("checkouts")
    begun = begun.filter(shop.happened(begun.created_at))
    found = owned(shop, begun)
    recovered = two(found.completed_at <= ibis.literal(shop.as_of.utc))
    priced = found.mutate(recovered=recovered, worth=shop.money(found.amount, found.currency))
    return priced.drop("amount").rename(amount="worth")


def events(shop: Shop, needs: Needs) -> Any:
    """The events of the names that are asked for, with what is asked of their properties."""
    every = shop.con.table("events")
    every = every.filter(shop.happened(every.happened_at))
    names = {FUNCTIONS[window.function].event for window in needs.of("events")}
    if "" not in names:  # `event` asks for any
        every = every.filter(every.name.isin(sorted(names)))
    return with_details(shop, owned(shop, every), "properties", needs.keys("events"))


RECORDS: Mapping[str, Callable[[Shop, Needs], Any]] = {
    "orders": orders,
    "order_lines": order_lines,
    "refunds": refunds,
    "checkouts": checkouts,
    "events": events,
}
IDS: Mapping[str, tuple[str, ...]] = {  # what tells records of one instant apart, in this order
    "orders": ("source", "order_id"),
    "order_lines": ("source", "order_id", "line_id"),
    "refunds": ("source", "refund_id"),
    "checkouts": ("source", "checkout_id"),
    "events": ("source", "event_id"),
}
TIMES = {  # a stream's days, and its instants
    "orders": ("ordered_on", "ordered_at"),
    "order_lines": ("ordered_on", "ordered_at"),
    "refunds": ("refunded_on", "refunded_at"),
    "checkouts": ("created_on", "created_at"),
    "events": ("happened_on", "happened_at"),
}
_RENAMED: Mapping[tuple[str, str], Callable[[Any], Any]] = {  # parameters that are not called like their column
    ("orders", "hour"): lambda o: o.ordered_hour,
    ("orders", "discount_code"): lambda o: o.discount_codes_key,
    ("orders", "discounted"): lambda o: two(o.discount > 0) | two(o.discount_codes_key.length() > 0),
    ("order_lines", "id"): lambda t: t.product_id,
    ("order_lines", "tag"): lambda t: t.tags_key,
}


def subject(function: str, name: str, table: Any, needs: Needs) -> Subject:
    """What a parameter asks of each record of its function. Raises KeyError for a name that is no parameter."""
    stream = FUNCTIONS[function].stream
    day, instant = TIMES[stream]
    if name == AT:
        return Subject(Kind.DAY, table[instant])
    parameter = FUNCTIONS[function].parameter(name)
    if parameter is None:
        raise KeyError(name)
    if parameter.json:
        return detail_subject(parameter.kind, table, needs.detail(stream, parameter.json))
    if name == "date":
        return Subject(parameter.kind, table[day], table[instant])
    column = _RENAMED.get((stream, name), lambda rows: rows[name])
    return Subject(parameter.kind, column(table))


def detail_subject(kind: Kind, table: Any, column: str) -> Subject:
    """What is asked of a key of JSON, whose readings are columns."""
    if kind is Kind.LIST:
        return Subject(kind, table[f"{column}_list"])
    return Subject(kind, table[column], number=table[f"{column}_number"], day=table[f"{column}_day"])
