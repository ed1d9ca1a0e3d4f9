"""Putting a page's records into the warehouse: by key, whole orders at a time, all of a page or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from segsync.errors import ConnectorBug
from segsync.model import Flaw, Page
from segsync.streams import STREAMS, Table
from segsync.warehouse import derive, duckdb
from segsync.warehouse.frames import Landing, Typed, typed

__all__ = ["Landed", "Landing", "Sieve", "land", "listed_ids", "read_page", "recompute_days", "vanish"]

Sieve = Callable[[dict[str, Typed]], dict[str, Typed]]  # leaves records of a page out

# What hangs on a root's rows and is replaced with them, whole: its root, and the column that names the root's row.
PARTS: Mapping[str, tuple[str, str]] = {
    "addresses": ("customers", "customer_id"),
    "order_lines": ("orders", "order_id"),
    "refunds": ("orders", "order_id"),
}


@dataclass(frozen=True, slots=True)
class Landed:
    """What a page came to, by stream: rows written, how many of those replaced one, rows left as they were
    because the warehouse has a newer one; and everything that could not be used, the page's own flaws first.
    """

    counts: Mapping[str, int]
    replaced: Mapping[str, int]
    stale: Mapping[str, int]
    flaws: Sequence[Flaw]


def read_page(source: str, page: Page, place: Landing, run_id: int, pulled_at: datetime) -> dict[str, Typed]:
    """A page's frames, typed and normalised. Pure. Raises ConnectorBug for a stream or a column that is not one."""
    unknown = sorted(set(page.frames) - set(STREAMS))
    if unknown:
        raise ConnectorBug(f"the source `{source}` sent a stream that does not exist: {', '.join(unknown)}")
    landed = {"pulled_at": _utc(pulled_at), "run_id": run_id}
    return {
        name: typed(STREAMS[name], frame, place=place, source=source, landed=landed)
        for name, frame in page.frames.items()
    }


def land(con: Any, read: Mapping[str, Typed], flaws: Sequence[Flaw]) -> Landed:
    """Write what was read. The caller holds the transaction."""
    counts: dict[str, int] = {}
    replaced: dict[str, int] = {}
    stale: dict[str, int] = {}
    found = [*flaws, *(flaw for rows in read.values() for flaw in rows.flaws)]
    for name in (name for name in STREAMS if name not in PARTS and name in read):
        table, rows = STREAMS[name], read[name].rows
        key = ("source", *table.key)
        with duckdb.staged(con, name, rows.select([c for c in (*key, "updated_at") if c in table.schema])) as stage:
            stale[name] = _leave_newer(con, table, stage)
            replaced[name] = duckdb.delete_matching(con, name, stage, key)
            counts[name] = duckdb.add_matching(con, name, rows, stage, key)
            for part in (part for part, (root, _) in PARTS.items() if root == name):
                replaced[part] = duckdb.delete_matching(con, part, stage, ("source", PARTS[part][1]))
                if part in read:
                    counts[part] = _land_part(con, part, read[part].rows, stage)
    for part in (part for part in read if part in PARTS):
        found += _orphans(part, read)
        counts.setdefault(part, 0)
    return Landed(counts, replaced, stale, tuple(found))


def _leave_newer(con: Any, table: Table, stage: str) -> int:
    """Take rows out of the stage that the warehouse has in a newer version; how many."""
    if "updated_at" not in table.schema:
        return 0
    newer = "s.updated_at > t.updated_at"
    return duckdb.delete_matching(con, stage, table.name, ("source", *table.key), also=newer)


def _land_part(con: Any, part: str, rows: pa.Table, root_stage: str) -> int:
    """Write the rows of a part whose root row was written."""
    key, link = ("source", *STREAMS[part].key), ("source", PARTS[part][1])
    if not set(link) <= set(key):  # a refund that has moved to another order
        with duckdb.staged(con, part, rows.select([*key, *link[1:]])) as stage:
            written = con.table(stage).semi_join(con.table(root_stage), link)
            with duckdb.staged(con, f"{part}_written", written) as kept:
                duckdb.delete_matching(con, part, kept, key)
    return duckdb.add_matching(con, part, rows, root_stage, link)


def _orphans(part: str, read: Mapping[str, Typed]) -> Iterator[Flaw]:
    """A flaw for each row of a part whose root row is not on the page: a page carries them whole."""
    root, link = PARTS[part]
    links = read[part].rows[link]
    present = read[root].rows[link] if root in read else pa.array([], links.type)
    for row in pc.indices_nonzero(pc.invert(pc.is_in(links, present))).to_pylist():
        reason = f"names none of the {root} on its page; the row is left out"
        yield Flaw(read[part].where(row), link, reason)


def listed_ids(ids: Iterable[Sequence[str]]) -> pa.Table:
    """Every id that a source lists, read to the end: what raises on the way leaves nothing half known."""
    pages = [pa.array([str(id_).strip() for id_ in page], pa.string()) for page in ids]
    return pa.table({"customer_id": pa.chunked_array(pages, pa.string())})


def vanish(con: Any, source: str, listed: pa.Table, at: datetime, run_id: int) -> int:
    """Mark the source's customers that are not listed as deleted, and those that are as there; how many went.

    The caller holds the transaction.
    """
    customers = con.table("customers")
    with duckdb.staged(con, "listed", listed) as stage:
        mine = customers.filter(customers.source == source)
        gone = mine.filter(mine.deleted_at.isnull()).anti_join(con.table(stage), "customer_id")
        back = mine.filter(mine.deleted_at.notnull()).semi_join(con.table(stage), "customer_id")
        marks = {"deleted_at": _literal(_utc(at), "timestamp"), "run_id": _literal(run_id, "int64")}
        unmarked = {**marks, "deleted_at": _literal(None, "timestamp")}
        vanished = _mark(con, gone.select("source", "customer_id").mutate(**marks))
        _mark(con, back.select("source", "customer_id").mutate(**unmarked))
    return vanished


def _literal(value: object, type_: str) -> Any:
    return ibis.literal(value, type=type_)


def _mark(con: Any, marks: Any) -> int:
    with duckdb.staged(con, "marks", marks) as stage:
        return duckdb.update_matching(con, "customers", stage, ("source", "customer_id"), ("deleted_at", "run_id"))


def recompute_days(con: Any, zone: ZoneInfo) -> int:
    """Bring every day and hour column to a zone, from the instants beside them; the number of distinct instants."""
    seen = 0
    for stream, columns in derive.DAYS.items():
        for on, at in columns.items():
            table = con.table(stream)
            instants = table.select(at).distinct().filter(lambda t, at=at: t[at].notnull()).to_pyarrow()[at]
            instants = instants.combine_chunks().cast(pa.timestamp("us"))
            fresh = {at: instants, on: derive.days(instants, zone)}
            for hour, of in derive.HOURS.get(stream, {}).items():
                if of == at:
                    fresh[hour] = derive.hours(instants, zone)
            with duckdb.staged(con, "days", pa.table(fresh)) as stage:
                duckdb.update_matching(con, stream, stage, (at,), [name for name in fresh if name != at])
            seen += len(instants)
    return seen


def _utc(instant: datetime) -> datetime:
    """An instant as the warehouse keeps it: UTC, without saying so."""
    return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
