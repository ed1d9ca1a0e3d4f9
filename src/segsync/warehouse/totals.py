"""What was counted before it was dropped: totals in `meta`, and how many orders of each customer there were.

The table `pruned_orders` (source, customer_id, orders) is made by its first write, as `traits` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from segsync.warehouse import schema

if TYPE_CHECKING:
    from segsync.warehouse.store import Warehouse

PRUNED_ORDERS: Final = "pruned_orders"


def get(con: Any, name: str) -> int | None:
    """A total, or None where nothing was counted yet."""
    found = schema.get(con, name)
    return None if found is None else int(found)


def put(con: Any, name: str, total: int) -> None:
    """Remember a total. The caller holds the transaction."""
    schema.put(con, name, str(total))


def count_pruned_orders(warehouse: Warehouse, con: Any, orders: Any) -> None:
    """Add these orders to what was dropped of each customer's. The caller holds the transaction."""
    known = orders.filter(orders.customer_id.notnull())
    fresh = known.group_by("source", "customer_id").aggregate(orders=known.count().cast("int64"))
    if PRUNED_ORDERS in con.list_tables():
        both = con.table(PRUNED_ORDERS).union(fresh)
        fresh = both.group_by("source", "customer_id").aggregate(orders=both.orders.sum().cast("int64"))
    warehouse.write(PRUNED_ORDERS, fresh)


def forget_pruned_orders(warehouse: Warehouse, con: Any, source: str) -> None:
    """Count a source's dropped orders from nothing again. The caller holds the transaction."""
    if PRUNED_ORDERS in con.list_tables():
        pruned = con.table(PRUNED_ORDERS)
        warehouse.delete(PRUNED_ORDERS, pruned.source == source)
