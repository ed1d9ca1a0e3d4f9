"""How much of the orders that a platform counts has landed: a source may give fewer, and say nothing of it.

An Ibis value is typed Any: its own types do not survive `mypy --strict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis

from segsync.warehouse.totals import PRUNED_ORDERS

ALWAYS_SPARED = 2  # orders: counts and records are read at different moments
SPARED = 0.01  # of what the platform counts
ONE_IN = 100  # landed orders may be a stray from long ago
LONE_FROM = 20  # landed orders: from so many on, a single one of long ago is a stray


@dataclass(frozen=True, slots=True)
class History:
    """A source's orders against its platform's own counts, over the customers it has now.

    `reported` orders are counted by the platform, `missing` of them have not landed. `since` is the day from which on
    orders have landed, but for strays (None where there is no order with a day): an imported order bears the day of
    long ago on which it was placed elsewhere, and says nothing of the others of that time.
    """

    reported: int
    missing: int
    since: date | None

    @property
    def landed(self) -> int:
        return self.reported - self.missing

    @property
    def short(self) -> bool:
        """Is more missing than a pull that ran while people bought could explain?"""
        return self.missing > max(ALWAYS_SPARED, SPARED * self.reported)

    def reaches(self, day: date) -> bool:
        """Have the orders from this day on landed, as far as can be known?"""
        return not self.short or (self.since is not None and self.since <= day)


def histories(con: Any) -> Mapping[str, History]:
    """The history of every source that says how many orders its platform counts; of others nothing is known."""
    customers = con.table("customers")
    if not customers.filter(customers.platform_orders.notnull()).limit(1).count().execute():
        return {}  # most sources say nothing, and their orders need not be counted
    pruned = con.table(PRUNED_ORDERS) if PRUNED_ORDERS in con.list_tables() else None
    rows = by_source(customers, con.table("orders"), pruned).to_pyarrow().to_pylist()
    return {row["source"]: History(row["reported"], row["missing"], row["since"]) for row in rows}


def by_source(customers: Any, orders: Any, pruned: Any = None) -> Any:
    """source, reported, missing, since: a row for each source with a living customer whose orders are counted.

    Every landed order counts, also tests and cancelled ones, whichever of them the platform leaves out. What one
    customer has too many never makes up for what another one lacks. `pruned` (source, customer_id, orders) had landed,
    and was dropped because of its age.
    """
    bought = orders.group_by("source", "customer_id").agg(landed=orders.count().cast("int64"))
    if pruned is not None:
        both = bought.union(pruned.select("source", "customer_id", landed=pruned.orders))
        bought = both.group_by("source", "customer_id").agg(landed=both.landed.sum())
    firsts = _firsts(orders.filter(orders.ordered_on.notnull()))
    counted = customers.filter(customers.deleted_at.isnull(), customers.platform_orders.notnull())
    counted = counted.select("source", "customer_id", "platform_orders")
    theirs = counted.left_join(bought, ["source", "customer_id"])
    lacking = theirs.platform_orders - theirs.landed.fill_null(0)
    sums = theirs.group_by("source").agg(
        reported=theirs.platform_orders.sum().cast("int64"),
        missing=ibis.ifelse(lacking > 0, lacking, 0).sum().cast("int64"),
    )
    return sums.left_join(firsts, "source").select("source", "reported", "missing", "since")


def _firsts(orders: Any) -> Any:
    """source, since: the first day on which more orders have been placed so far than may be strays."""
    days = orders.group_by("source", "ordered_on").agg(placed=orders.count())
    every = days.group_by("source").agg(every=days.placed.sum())
    earlier = days.view()
    so_far = days.join(earlier, [days.source == earlier.source, earlier.ordered_on <= days.ordered_on])
    so_far = so_far.group_by(days.source, days.ordered_on).agg(so_far=earlier.placed.sum())
    counted = so_far.join(every, "source")
    lone = ibis.ifelse(counted.every >= LONE_FROM, 1, 0)
    many = (counted.so_far * ONE_IN > counted.every) & (counted.so_far > lone)
    return counted.filter(many).group_by("source").agg(since=lambda t: t.ordered_on.min())
