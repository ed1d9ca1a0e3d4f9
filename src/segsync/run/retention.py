"""`[retention]`: what is older than the config keeps is dropped after each pull; totals stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

import ibis

from segsync.ledger import pruning
from segsync.ledger.pruning import Pruned
from segsync.run.workspace import Workspace
from segsync.warehouse import totals

# The day by which each stream's records age, and what goes with them.
DAYS: Final[Mapping[str, str]] = {"orders": "ordered_on", "checkouts": "created_on", "events": "happened_on"}
KEYS: Final[Mapping[str, str]] = {"orders": "order_id", "checkouts": "checkout_id", "events": "event_id"}
PARTS: Final[Mapping[str, tuple[str, ...]]] = {"orders": ("order_lines", "refunds")}


def prune(space: Workspace, source: str) -> int:
    """Drop a source's records that are older than what is kept; how many. Lines and refunds go with their orders."""
    gone = 0
    for stream, before in _kept(space, source):
        gone += _prune(space, source, stream, before)
    return gone


def start_anew(space: Workspace, source: str) -> None:
    """Count from nothing: the whole of a source is read again, and what is too old dropped again."""
    pruning.forget_pruned(space.ledger, source)
    with space.warehouse.transaction() as con:
        for stream in (*DAYS, *PARTS["orders"]):
            if totals.get(con, _name(source, stream)):
                totals.put(con, _name(source, stream), 0)
        totals.forget_pruned_orders(space.warehouse, con, source)


def prune_ledger(space: Workspace) -> None:
    """Drop the details of old runs, where the config says so."""
    kept = space.config.retention.ledger
    if kept is not None:
        pruning.prune_details(space.ledger, space.clock.now() - kept)


def kept_from(space: Workspace, source: str) -> date | None:
    """The day before which orders of a source were dropped; None where none ever was."""
    found = pruning.pruned(space.ledger).get((source, "orders"))
    return found.before if found is not None and found.records else None


def _kept(space: Workspace, source: str) -> Iterator[tuple[str, date]]:
    """The streams of a source that are not kept for good, each with the first day that is."""
    section, retention = space.config.sources[source], space.config.retention
    records = retention.records if section.keep_records is None else section.keep_records
    events = retention.events if section.keep_events is None else section.keep_events
    for stream in DAYS:
        span: timedelta | None = events if stream == "events" else records
        if span is not None:
            yield stream, (space.clock.now().astimezone(space.as_of.timezone) - span).date()


def _prune(space: Workspace, source: str, stream: str, before: date) -> int:
    """One stream's records. Totals are written with the rows that go: a run that is cut off counts none twice."""
    with space.warehouse.transaction() as con:
        table = con.table(stream)
        old = table.filter((table.source == source) & (table[DAYS[stream]] < ibis.literal(before)))
        found = bool(old.limit(1).count().execute())
        gone = _drop(space, con, stream, old) if found else {}
        sums = {name: _total(space, con, source, name) + count for name, count in gone.items()}
        for name, total in sums.items():
            totals.put(con, _name(source, name), total)
    for name in (stream, *PARTS.get(stream, ())):
        _copy(space, source, name, before)
    return gone.get(stream, 0)


def _drop(space: Workspace, con: Any, stream: str, old: Any) -> dict[str, int]:
    """Delete records with what hangs on them; how many went, by stream."""
    if stream == "orders":
        totals.count_pruned_orders(space.warehouse, con, old)
    parts = PARTS.get(stream, ())
    gone = {part: space.warehouse.delete(part, old.select("source", "order_id").distinct()) for part in parts}
    return {**gone, stream: space.warehouse.delete(stream, old.select("source", KEYS[stream]))}


def _total(space: Workspace, con: Any, source: str, stream: str) -> int:
    """What was dropped so far. A warehouse that was lost goes on from what the ledger knows."""
    known = totals.get(con, _name(source, stream))
    if known is not None:
        return known
    earlier = pruning.pruned(space.ledger).get((source, stream))
    return earlier.records if earlier else 0


def _copy(space: Workspace, source: str, stream: str, before: date) -> None:
    """Let the ledger know the total, which `status` and guards read there."""
    with space.warehouse.reading() as con:
        total = totals.get(con, _name(source, stream))
    earlier = pruning.pruned(space.ledger).get((source, stream))
    if total is not None and (earlier is None or earlier.records != total):
        latest = max(before, earlier.before) if earlier else before
        pruning.note_pruned(space.ledger, source, stream, Pruned(total, latest))


def _name(source: str, stream: str) -> str:
    return f"pruned {source} {stream}"
