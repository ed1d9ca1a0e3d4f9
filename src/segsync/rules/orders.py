"""One grouped pass over orders, one over their lines: traits' raw sums and all windows' totals, a row a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

import ibis

from segsync.rules.catalogue import FUNCTIONS, Kind, Parameter
from segsync.rules.needs import Needs, Place, Window
from segsync.rules.shop import Shop, two
from segsync.rules.truth import Subject, all_of, any_of, truth
from segsync.streams import fold

REFUNDED = ("PARTIALLY_REFUNDED", "REFUNDED")
PLACE_KEYS = {"customer_countries": "country_key", "customer_regions": "region_key", "customer_cities": "city_key"}

# Raw columns of the pass over orders that traits are made of; `o` has the order's columns and those of `_priced`.
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
    orders = _priced(shop)
    if "raw_returned" in raw:
        orders = _with_returned(shop, orders)
    if "raw_items" in raw:
        orders = _with_units(shop, orders)
    columns = {name: RAW[name](orders) for name in RAW if name in raw}
    for window in needs.of("orders_placed"):
        columns |= _totals(window, orders, _passes(window, orders, shop, ORDER_SUBJECTS), {"sum_amount": orders.amount})
    for place, column in needs.places.items():
        columns[f"{column}_orders"] = orders.count(where=seen(orders, place))
    return orders.group_by("person").agg(**columns) if columns else None


def by_lines(shop: Shop, needs: Needs) -> Any | None:
    """Totals over order lines by person, for the windows of `products_purchased`."""
    windows = needs.of("products_purchased")
    if not windows:
        return None
    lines = _bought(shop)
    passing = [_passes(window, lines, shop, LINE_SUBJECTS) for window in windows]
    if all(p is not None for p in passing):  # only lines that some window asks for are joined and grouped
        lines = lines.filter(any_of([p for p in passing if p is not None]))
        passing = [_passes(window, lines, shop, LINE_SUBJECTS) for window in windows]
    sums = {"sum_amount": lines.amount, "sum_quantity": lines.quantity}
    columns: dict[str, Any] = {}
    for window, passes in zip(windows, passing, strict=True):
        columns |= _totals(window, lines, passes, sums)
    return lines.group_by("person").agg(**columns)


def seen(table: Any, place: Place) -> Any:
    """Does a row of orders or addresses name this place, or any?"""
    key = table[PLACE_KEYS[place.trait]]
    return key.notnull() if place.key is None else two(key == fold(place.key))


# --- parameters --------------------------------------------------------------------------------------------


def _subjects(function: str, renamed: Mapping[str, Callable[[Any], Any]]) -> Mapping[str, Callable[[Any], Subject]]:
    """The subject of each parameter, of a table of records: the column of its own name unless it is renamed."""
    declared = FUNCTIONS[function].parameters.values()
    return {p.name: _subject(p, renamed.get(p.name, itemgetter(p.name))) for p in declared if not p.total}


def _subject(parameter: Parameter, column: Callable[[Any], Any]) -> Callable[[Any], Subject]:
    if parameter.kind is Kind.DAY:
        return lambda table: Subject(parameter.kind, column(table), table.ordered_at)
    return lambda table: Subject(parameter.kind, column(table))


ORDER_SUBJECTS = _subjects(
    "orders_placed",
    {
        "date": lambda o: o.ordered_on,
        "hour": lambda o: o.ordered_hour,
        "discount_code": lambda o: o.discount_codes_key,
        "discounted": lambda o: two(o.discount > 0) | two(o.discount_codes_key.length() > 0),
    },
)
LINE_SUBJECTS = _subjects(
    "products_purchased",
    {"date": lambda t: t.ordered_on, "id": lambda t: t.product_id, "tag": lambda t: t.tags_key},
)


def _passes(window: Window, table: Any, shop: Shop, subjects: Mapping[str, Callable[[Any], Subject]]) -> Any | None:
    """Which records a window counts; None for all of them."""
    if not window.params:
        return None
    return all_of([truth(subjects[p.name.text](table), p.op, p.values, shop.as_of) for p in window.params])


def _totals(window: Window, table: Any, passes: Any | None, sums: Mapping[str, Any]) -> dict[str, Any]:
    columns = {f"{window.column}_count": table.count() if passes is None else table.count(where=passes)}
    for total in sorted(window.totals & sums.keys()):
        columns[f"{window.column}_{total}"] = sums[total].sum(where=passes)
    return columns


# --- records with what is asked of them --------------------------------------------------------------------


def _priced(shop: Shop) -> Any:
    """The orders that exist, with their money in the shop's currency."""
    orders = shop.orders()
    return orders.mutate(
        amount=shop.money(orders.net, orders.currency),
        gross_amount=shop.money(orders.gross, orders.currency),
        refunded_amount=shop.money(orders.refunded, orders.currency),
    )


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


def _bought(shop: Shop) -> Any:
    """The lines of the orders that exist, each with its order's person, day and currency."""
    lines, orders = shop.con.table("order_lines"), shop.orders()
    orders = orders.select(
        "person", "ordered_on", "ordered_at", "currency", order_source="source", order_number="order_id"
    )
    joined = lines.join(orders, [lines.source == orders.order_source, lines.order_id == orders.order_number])
    return joined.mutate(amount=shop.money(joined.net, joined.currency))
