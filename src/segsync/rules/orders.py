"""One grouped pass over orders: traits' raw sums, the totals of all windows, and places seen, a row a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis

from segsync.rules.needs import Needs
from segsync.rules.records import orders
from segsync.rules.shop import Shop, two
from segsync.rules.wanted import Place
from segsync.rules.windows import constants, placed, totals
from segsync.streams import fold

REFUNDED = ("PARTIALLY_REFUNDED", "REFUNDED")
PLACE_KEYS = {"customer_countries": "country_key", "customer_regions": "region_key", "customer_cities": "city_key"}

# Raw columns of the pass over orders that traits are made of; `o` has the order's columns and its money.
RAW: Mapping[str, Callable[[Any], Any]] = {
    "raw_orders": lambda o: o.count(),
    "raw_priced": lambda o: o.amount.count(),
    "raw_spent": lambda o: o.amount.sum(),
    "raw_gross": lambda o: o.gross_amount.sum(),
    "raw_refunded": lambda o: o.refunded_amount.sum(),
    "raw_first_on": lambda o: o.ordered_on.min(),
    "raw_last_on": lambda o: o.ordered_on.max(),
    "raw_first_at": lambda o: o.ordered_at.min(),
    "raw_last_at": lambda o: o.ordered_at.max(),
    "raw_returned": lambda o: o.count(where=o.returned),
    "raw_items": lambda o: o.units.sum(),
}


def by_orders(shop: Shop, needs: Needs, raw: set[str]) -> Any | None:
    """Sums over orders by person: the raw columns asked for, windows of `orders_placed`, and places seen."""
    every = orders(shop, needs)
    if "raw_returned" in raw:
        every = _with_returned(shop, every)
    if "raw_items" in raw:
        every = _with_units(shop, every)
    windows = [window for window in needs.of("orders") if not window.compares]
    every = placed(windows, every)
    columns = {name: RAW[name](every) for name in RAW if name in raw} | totals(windows, every, needs, constants(needs))
    for place, column in needs.places.items():
        if place.value is None:
            columns[f"{column}_orders"] = every.count(where=seen(every, place))
    return every.group_by("person").agg(**columns) if columns else None


def seen(table: Any, place: Place, folded: Any = None) -> Any:
    """Does a row of orders or addresses name this place, or any? `folded` is the place where it is a person's own."""
    key = table[PLACE_KEYS[place.trait]]
    if place.value is not None:
        return two(key == folded)
    return key.notnull() if place.text is None else two(key == fold(place.text))


# --- records with what is asked of them --------------------------------------------------------------------


def _with_returned(shop: Shop, orders: Any) -> Any:
    """Was there any refund: by the order's own word, or by a refund's record?"""
    refunds = shop.con.table("refunds")
    refunds = refunds.filter(shop.happened(refunds.refunded_at))
    refunds = refunds.select(refund_source=refunds.source, refund_order=refunds.order_id).distinct()
    same = [orders.source == refunds.refund_source, orders.order_id == refunds.refund_order]
    joined = orders.left_join(refunds, same)
    says_so = two(joined.refunded > 0) | two(joined.financial_status.isin(REFUNDED))
    return joined.mutate(returned=says_so | joined.refund_order.notnull())


def _with_units(shop: Shop, orders: Any) -> Any:
    """Units of each order: of its lines, else as the order itself says."""
    lines = shop.con.table("order_lines")
    lines = lines.group_by(line_source=lines.source, line_order=lines.order_id).agg(line_units=lines.quantity.sum())
    same = [orders.source == lines.line_source, orders.order_id == lines.line_order]
    joined = orders.left_join(lines, same)
    return joined.mutate(units=ibis.coalesce(joined.line_units.cast("int64"), joined["items"]))
