"""Segments from rules: one table of traits with a column a segment, and from it `members` and `moves`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Any

import ibis

from segsync import rules as language
from segsync.rules import AsOf, Rule
from segsync.warehouse import Warehouse

_NONE: Mapping[str, Rule] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Size:
    """A segment's members now, and how many entered and left since the run before."""

    segment: str
    members: int
    entered: int
    left: int


def compute(
    warehouse: Warehouse,
    rules: Mapping[str, Rule],
    as_of: AsOf,
    *,
    currency: str,
    rates: Mapping[str, Decimal],
    run_id: int,
    consents: Mapping[str, Rule] = _NONE,
) -> list[Size]:
    """Write `traits` and `members` whole and append `moves`, all or nothing; the segments' sizes, in the rules' order.

    A member who stays keeps the day they entered on. `consents` are rules that make no segment: `traits` says of
    each, in a column `in_<name>`, who satisfies it.
    """
    with warehouse.session() as con, warehouse.transaction():
        every = {**rules, **consents}
        warehouse.write("traits", language.table(con, every, as_of, currency=currency, rates=rates))
        if not rules:
            warehouse.write("members", con.table("members").limit(0))
            return []
        now, before = _membership(con.table("traits"), rules), con.table("members")
        warehouse.append("moves", _moves(now, before, list(rules), as_of, run_id))
        warehouse.write("members", _members(now, before, as_of, run_id))
        return _sizes(con, list(rules), run_id)


def rename(warehouse: Warehouse, old: str, new: str) -> None:
    """Carry a renamed segment's members along, so that nobody seems to have left and entered."""
    with warehouse.session() as con, warehouse.transaction():
        for name in ("members", "moves"):
            table = con.table(name)
            renamed = ibis.cases((table.segment == old, ibis.literal(new)), else_=table.segment)
            warehouse.write(name, table.mutate(segment=renamed))


def _membership(traits: Any, rules: Mapping[str, Rule]) -> Any:
    """(segment, person) of everybody in any segment now."""
    parts = [traits.filter(traits[f"in_{name}"]).select(segment=ibis.literal(name), person="person") for name in rules]
    while len(parts) > 1:  # in pairs: a union nested within the next for each segment is too deep to be written out
        parts = [reduce(lambda one, other: one.union(other), parts[at : at + 2]) for at in range(0, len(parts), 2)]
    return parts[0]


def _members(now: Any, before: Any, as_of: AsOf, run_id: int) -> Any:
    joined = now.left_join(before, ["segment", "person"])
    return joined.select(
        segment=now.segment,
        person=now.person,
        entered_on=ibis.coalesce(before.entered_on, ibis.literal(as_of.day)),
        run_id=ibis.coalesce(before.run_id, ibis.literal(run_id, type="int64")),
    )


def _moves(now: Any, before: Any, names: list[str], as_of: AsOf, run_id: int) -> Any:
    entered = now.anti_join(before, ["segment", "person"])
    left = before.filter(before.segment.isin(names)).anti_join(now, ["segment", "person"])

    def rows(table: Any, *, came: bool) -> Any:
        return table.select(
            "segment",
            "person",
            run_id=ibis.literal(run_id, type="int64"),
            entered=ibis.literal(came),
            on_day=ibis.literal(as_of.day),
        )

    return rows(entered, came=True).union(rows(left, came=False))


def _sizes(con: Any, names: list[str], run_id: int) -> list[Size]:
    members = con.table("members").group_by("segment").agg(n=lambda t: t.count()).to_pandas()
    moves = con.table("moves")
    moved = moves.filter(moves.run_id == run_id).group_by("segment", "entered").agg(n=lambda t: t.count()).to_pandas()
    counts = dict(zip(members.segment, members.n, strict=True))
    turns = {(row.segment, bool(row.entered)): int(row.n) for row in moved.itertuples()}
    return [
        Size(name, int(counts.get(name, 0)), turns.get((name, True), 0), turns.get((name, False), 0)) for name in names
    ]
