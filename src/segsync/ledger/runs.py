"""Runs, what each read came to, cursors, and the platforms' long jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from segsync.ledger import schema
from segsync.ledger.store import Ledger, stamp
from segsync.model import Cursor, Flaw

FLAWS_KEPT = 10_000  # of each read; the count in `reads` is always whole
WHOLE = "source"  # in place of a root: the read of a source from its first root to its last
IDS = "ids"  # in place of a root: the list of all customers' ids, by which the vanished are found


def start(ledger: Ledger, *, command: str, pid: int, at: datetime, as_of: datetime) -> int:
    """Note that a run began; its id is larger than that of every run before."""
    row = {"command": command, "pid": pid, "started_at": stamp(at), "as_of": stamp(as_of)}
    with ledger.begin() as connection:
        key = connection.execute(schema.runs.insert().values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def end(ledger: Ledger, run_id: int, *, at: datetime, exit_code: int, summary: str) -> None:
    """Note how a run ended. A run without an end was killed."""
    with ledger.begin() as connection:
        connection.execute(
            schema.runs.update()
            .where(schema.runs.c.id == run_id)
            .values(ended_at=stamp(at), exit_code=exit_code, summary=summary)
        )


def latest(ledger: Ledger, most: int = 20) -> Sequence[Mapping[str, Any]]:
    """The newest runs first."""
    query = sa.select(schema.runs).order_by(schema.runs.c.id.desc()).limit(most)
    with ledger.begin() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class Read:
    """What the read of one root, or of the WHOLE source, came to. `error` stands where it did not end well."""

    source: str
    root: str
    records: int
    flaws: int
    error: str | None = None
    ended_at: str = ""


def record_read(ledger: Ledger, run_id: int, read: Read, flaws: Iterable[Flaw], at: datetime) -> None:
    """Keep a read's outcome and the first of its flaws, in place of those of the root's earlier reads."""
    kept = [
        {
            "run_id": run_id,
            "source": read.source,
            "root": read.root,
            "place": flaw.place,
            "column": flaw.column,
            "reason": flaw.reason,
        }
        for flaw, _ in zip(flaws, range(FLAWS_KEPT), strict=False)
    ]
    row = {
        "run_id": run_id,
        "source": read.source,
        "root": read.root,
        "records": read.records,
        "flaws": read.flaws,
        "ended_at": stamp(at),
        "error": read.error,
    }
    with ledger.begin() as connection:
        connection.execute(schema.reads.insert().values(row))
        if read.records or read.flaws:
            old = schema.flaws.c
            connection.execute(schema.flaws.delete().where(old.source == read.source, old.root == read.root))
        if kept:
            connection.execute(schema.flaws.insert(), kept)


def last_reads(ledger: Ledger) -> dict[tuple[str, str], Read]:
    """The newest read of every (source, root), WHOLE among the roots."""
    table = schema.reads
    newest = (
        sa.select(table.c.source, table.c.root, sa.func.max(table.c.run_id).label("run_id"))
        .group_by(table.c.source, table.c.root)
        .subquery()
    )
    same = sa.and_(*(table.c[name] == newest.c[name] for name in ("source", "root", "run_id")))
    query = sa.select(table).join(newest, same)
    with ledger.begin() as connection:
        rows = connection.execute(query).mappings().all()
    return {
        (row["source"], row["root"]): Read(
            row["source"], row["root"], row["records"], row["flaws"], row["error"], row["ended_at"]
        )
        for row in rows
    }


def last_good_read(ledger: Ledger, source: str, root: str = WHOLE) -> str | None:
    """When a root, or the WHOLE of a source, was last read to its end, or None."""
    table = schema.reads
    query = sa.select(sa.func.max(table.c.ended_at)).where(
        table.c.source == source, table.c.root == root, table.c.error.is_(None)
    )
    with ledger.begin() as connection:
        return connection.execute(query).scalar()


def flaws_now(ledger: Ledger, most: int = 1000) -> Sequence[Mapping[str, Any]]:
    """The flaws of each root's newest read that brought records, at most so many."""
    table = schema.flaws
    query = (
        _of_newest_reads(table, table.c.source, table.c.root, table.c.place, table.c.column, table.c.reason)
        .order_by(table.c.id)
        .limit(most)
    )
    with ledger.begin() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def flaws_in_all(ledger: Ledger) -> int:
    """How many flaws the reads had that `flaws_now` lists; of very many not all are kept."""
    with ledger.begin() as connection:
        found = connection.execute(_of_newest_reads(schema.reads, sa.func.sum(schema.reads.c.flaws))).scalar()
    return int(found or 0)


def _of_newest_reads(table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Columns of a table's rows that belong to each root's newest read that brought records."""
    reads = schema.reads.alias()
    busy = (
        sa.select(reads.c.source, reads.c.root, sa.func.max(reads.c.run_id).label("run_id"))
        .where(sa.or_(reads.c.records > 0, reads.c.flaws > 0))
        .group_by(reads.c.source, reads.c.root)
        .subquery()
    )
    same = sa.and_(*(table.c[name] == busy.c[name] for name in ("source", "root", "run_id")))
    return sa.select(*columns).select_from(table.join(busy, same))


def record_sizes(ledger: Ledger, run_id: int, sizes: Mapping[str, Mapping[str, int]]) -> None:
    """Copy the warehouse's living records, by source and stream, to this run."""
    rows = [
        {"run_id": run_id, "source": source, "stream": stream, "records": count}
        for source, streams in sizes.items()
        for stream, count in streams.items()
    ]
    if rows:
        with ledger.begin() as connection:
            connection.execute(insert(schema.sizes).on_conflict_do_nothing(), rows)


def last_sizes(ledger: Ledger) -> dict[str, dict[str, int]]:
    """The newest copied sizes, by source and stream."""
    table = schema.sizes
    newest = sa.select(sa.func.max(table.c.run_id)).scalar_subquery()
    found: dict[str, dict[str, int]] = {}
    with ledger.begin() as connection:
        for row in connection.execute(sa.select(table).where(table.c.run_id == newest)):
            found.setdefault(row.source, {})[row.stream] = row.records
    return found


def record_segments(ledger: Ledger, run_id: int, sizes: Iterable[tuple[str, int, int, int]]) -> None:
    """Keep each segment's members, entries and exits of this run."""
    rows = [
        {"run_id": run_id, "segment": segment, "members": members, "entered": entered, "left": left}
        for segment, members, entered, left in sizes
    ]
    if rows:
        with ledger.begin() as connection:
            connection.execute(schema.segment_sizes.insert(), rows)


def segment_history(ledger: Ledger, segment: str, most: int = 30) -> Sequence[Mapping[str, Any]]:
    """A segment's sizes, newest run first, with the run's instant."""
    table, run = schema.segment_sizes, schema.runs
    query = (
        sa.select(table, run.c.as_of)
        .join(run, run.c.id == table.c.run_id)
        .where(table.c.segment == segment)
        .order_by(table.c.run_id.desc())
        .limit(most)
    )
    with ledger.begin() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def cursor(ledger: Ledger, source: str, root: str) -> Cursor | None:
    """Where the next read of a root resumes."""
    query = sa.select(schema.cursors.c.value).where(schema.cursors.c.source == source, schema.cursors.c.root == root)
    with ledger.begin() as connection:
        value = connection.execute(query).scalar()
    return None if value is None else Cursor(value)


def write_cursor(ledger: Ledger, source: str, root: str, value: Cursor, at: datetime) -> None:
    """Keep a cursor, once everything before it has landed."""
    row = {"source": source, "root": root, "value": value.value, "written_at": stamp(at)}
    statement = insert(schema.cursors).values(row)
    with ledger.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["source", "root"], set_=row))


def forget_cursors(ledger: Ledger) -> None:
    """Let the next pull read every source from its beginning."""
    with ledger.begin() as connection:
        connection.execute(schema.cursors.delete())


@dataclass(frozen=True, slots=True)
class LedgerJobs:
    """The contract's `Jobs` for one section of the config."""

    ledger: Ledger
    section: str

    def get(self, name: str) -> tuple[str, Mapping[str, Any]] | None:
        table = schema.platform_jobs
        query = sa.select(table.c.job_id, table.c.detail).where(table.c.section == self.section, table.c.name == name)
        with self.ledger.begin() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.job_id, json.loads(row.detail))

    def put(self, name: str, id: str, detail: Mapping[str, Any] | None = None) -> None:
        row = {"section": self.section, "name": name, "job_id": id, "detail": json.dumps(dict(detail or {}))}
        statement = insert(schema.platform_jobs).values(row)
        with self.ledger.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["section", "name"], set_=row))

    def drop(self, name: str) -> None:
        table = schema.platform_jobs
        with self.ledger.begin() as connection:
            connection.execute(table.delete().where(table.c.section == self.section, table.c.name == name))
