"""Requests to forget people: who is kept out (as digests), and what each platform was asked and has answered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from segsync.ledger import schema
from segsync.ledger.scrubbing import Traces, scrub
from segsync.ledger.store import Ledger, instant, stamp

State: TypeAlias = Literal["pending", "done", "refused", "out of reach"]
CHECK = "forget_key_check"  # in `meta`: tells another key from the one that the digests were made with
EMPTIED = "emptied:"  # in `meta`, before a source's name: the erasure after which only a full pull reads it again


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that a platform is to do for an erasure. `sealed`: the member, encrypted, until it is through.

    `audience` None means: delete the person at the platform. `waits`: an add of them is not answered yet.
    """

    destination: str
    audience: str | None
    person: str = field(repr=False)
    sealed: str | None = field(repr=False)
    waits_for: int | None = None
    state: State = "pending"
    answer: str | None = None
    id: int = 0
    erasure: int = 0
    ticket: str | None = None
    asked_at: str | None = None
    answered_at: str | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request. `erased` is what a receipt tells of it; `sealed` stands until everything here is gone."""

    id: int
    kind: Literal["person", "source"]
    who: str
    origin: str
    asked_at: datetime
    erased: Mapping[str, Any]
    sealed: str | None = field(repr=False)
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """All that is written, in one transaction, before anything is erased.

    `digests` are (digest, kind); `held` is what each audience will hold once the erasure is through.
    """

    kind: Literal["person", "source"]
    who: str
    origin: str
    asked_at: datetime
    erased: Mapping[str, Any]
    sealed: str = field(repr=False)
    digests: Sequence[tuple[str, str]]
    errands: Sequence[Errand]
    held: Mapping[str, int]
    traces: Traces
    key_check: str = field(repr=False)
    emptied: str | None = None  # the source, where a whole one goes


def begin(ledger: Ledger, request: Request) -> int:
    """Keep a request and all that follows from it, and take what names its people out of the ledger; its id."""
    with ledger.begin() as connection:
        scrub(connection, request.traces)
        row = {
            "kind": request.kind,
            "who": request.who,
            "origin": request.origin,
            "asked_at": stamp(request.asked_at),
            "erased": json.dumps(dict(request.erased)),
            "sealed": request.sealed,
        }
        key = connection.execute(schema.erasures.insert().values(row)).inserted_primary_key
        assert key is not None
        erasure = int(key[0])
        _keep_out(connection, erasure, request.digests)
        for errand in request.errands:
            connection.execute(schema.errands.insert().values(_row(errand, erasure)))
        for audience, held in request.held.items():
            connection.execute(schema.audiences.update().where(schema.audiences.c.key == audience).values(held=held))
        _put(connection, CHECK, request.key_check)
        if request.emptied is not None:
            _empty(connection, request.emptied, erasure)
    return erasure


def _empty(connection: sa.Connection, source: str, erasure: int) -> None:
    """Forget how far a source was read, and what was noted of its records."""
    _put(connection, EMPTIED + source, str(erasure))
    cursors, jobs, flaws = schema.cursors, schema.platform_jobs, schema.flaws
    connection.execute(cursors.delete().where(cursors.c.source == source))
    connection.execute(jobs.delete().where(jobs.c.section == source))
    connection.execute(flaws.delete().where(flaws.c.source == source))


def erased_here(ledger: Ledger, erasure: int, erased: Mapping[str, Any]) -> None:
    """Note that everything here is gone, and whom it was about is known no longer."""
    with ledger.begin() as connection:
        mine = schema.erasures.update().where(schema.erasures.c.id == erasure)
        connection.execute(mine.values(sealed=None, erased=json.dumps(dict(erased))))


def every(ledger: Ledger) -> Sequence[Erasure]:
    """All requests, oldest first."""
    with ledger.begin() as connection:
        rows = connection.execute(sa.select(schema.erasures).order_by(schema.erasures.c.id)).mappings().all()
    return [_erasure(row) for row in rows]


def unfinished(ledger: Ledger) -> Sequence[Erasure]:
    """Requests that were cut off before everything here was gone."""
    return [erasure for erasure in every(ledger) if erasure.sealed is not None]


# --- errands -------------------------------------------------------------------------------------------------


def errands(ledger: Ledger, erasure: int | None = None) -> Sequence[Errand]:
    """The errands of an erasure; of all without one."""
    where = [] if erasure is None else [schema.errands.c.erasure == erasure]
    return _errands(ledger, *where)


def open_errands(ledger: Ledger) -> Sequence[Errand]:
    """What platforms still have to do, oldest first."""
    return _errands(ledger, schema.errands.c.state == "pending")


def stop_waiting(ledger: Ledger, before: datetime) -> None:
    """Let errands wait no longer for batches that the platform took before then: it has done with them by now."""
    old = sa.select(schema.receipts.c.batch).where(schema.receipts.c.taken_at < stamp(before))
    with ledger.begin() as connection:
        waiting = schema.errands.update().where(schema.errands.c.waits_for.in_(old))
        connection.execute(waiting.values(waits_for=None))


def waiting_for(ledger: Ledger, audience: str, batch: int) -> Sequence[Errand]:
    """Errands of people whom an unanswered batch is still adding."""
    table = schema.errands.c
    return _errands(ledger, table.audience == audience, table.waits_for == batch, table.state == "pending")


def note(ledger: Ledger, ids: Sequence[int], **values: Any) -> None:
    """Change errands; values are columns. One that is through knows nobody any more."""
    row = {name: stamp(value) if isinstance(value, datetime) else value for name, value in values.items()}
    if row.get("state", "pending") != "pending":
        row |= {"sealed": None, "person": "", "ticket": None}
    with ledger.begin() as connection:
        connection.execute(schema.errands.update().where(schema.errands.c.id.in_(ids)).values(row))


def close(ledger: Ledger, now: datetime) -> Sequence[int]:
    """Note that erasures are through whose every errand is; which ones are it now."""
    table, waiting = schema.erasures, sa.select(schema.errands.c.erasure).where(schema.errands.c.state == "pending")
    done = sa.and_(table.c.done_at.is_(None), table.c.sealed.is_(None), table.c.id.not_in(waiting))
    with ledger.begin() as connection:
        ids = list(connection.execute(sa.select(table.c.id).where(done)).scalars())
        connection.execute(table.update().where(table.c.id.in_(ids)).values(done_at=stamp(now)))
    return ids


def _errands(ledger: Ledger, *conditions: sa.ColumnElement[bool]) -> list[Errand]:
    table, receipts = schema.errands, schema.receipts
    unanswered = sa.select(receipts.c.batch).where(receipts.c.ticket.is_not(None))
    waits = sa.and_(table.c.waits_for.is_not(None), table.c.waits_for.in_(unanswered)).label("waits")
    with ledger.begin() as connection:
        rows = connection.execute(sa.select(table, waits).where(*conditions).order_by(table.c.id)).mappings().all()
    return [Errand(**{**row, "waits": bool(row["waits"])}) for row in rows]


def _row(errand: Errand, erasure: int) -> dict[str, Any]:
    names = ("destination", "audience", "person", "sealed", "waits_for", "state", "answer")
    return {"erasure": erasure, **{name: getattr(errand, name) for name in names}}


# --- who is kept out -----------------------------------------------------------------------------------------


def digests(ledger: Ledger) -> Mapping[str, int]:
    """Every digest of an identifier that is kept out, with its erasure."""
    with ledger.begin() as connection:
        return {row.digest: row.erasure for row in connection.execute(sa.select(schema.forgotten))}


def of_erasure(ledger: Ledger, erasure: int) -> Sequence[str]:
    """The digests that an erasure was the first to keep out."""
    query = sa.select(schema.forgotten.c.digest).where(schema.forgotten.c.erasure == erasure)
    with ledger.begin() as connection:
        return list(connection.execute(query.order_by(schema.forgotten.c.kind, schema.forgotten.c.digest)).scalars())


def keep_out(ledger: Ledger, erasure: int, found: Iterable[tuple[str, str]]) -> None:
    """Keep more (digest, kind) out, that were found to belong to an erasure's person."""
    with ledger.begin() as connection:
        _keep_out(connection, erasure, found)


def let_in(ledger: Ledger, wanted: Set[int]) -> int:
    """Keep nobody of these erasures out any longer; how many digests that were."""
    with ledger.begin() as connection:
        gone = connection.execute(schema.forgotten.delete().where(schema.forgotten.c.erasure.in_(wanted)))
    return gone.rowcount


def key_check(ledger: Ledger) -> str | None:
    """What the key must answer to; None while nobody was ever forgotten."""
    return _get(ledger, CHECK)


def emptied(ledger: Ledger, source: str) -> int | None:
    """The erasure after which a source is only read again from its beginning."""
    found = _get(ledger, EMPTIED + source)
    return None if found is None else int(found)


def reopen(ledger: Ledger, source: str) -> None:
    """Let a source that was emptied be read again."""
    with ledger.begin() as connection:
        connection.execute(schema.meta.delete().where(schema.meta.c.key == EMPTIED + source))


def _keep_out(connection: sa.Connection, erasure: int, found: Iterable[tuple[str, str]]) -> None:
    for digest, kind in found:
        row = {"digest": digest, "kind": kind, "erasure": erasure}
        connection.execute(insert(schema.forgotten).values(row).on_conflict_do_nothing())


def _get(ledger: Ledger, name: str) -> str | None:
    with ledger.begin() as connection:
        return connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.key == name)).scalar()


def _put(connection: sa.Connection, name: str, value: str) -> None:
    row = {"key": name, "value": value}
    connection.execute(insert(schema.meta).values(row).on_conflict_do_update(index_elements=["key"], set_=row))


def _erasure(row: sa.RowMapping) -> Erasure:
    return Erasure(
        id=row["id"],
        kind=row["kind"],
        who=row["who"],
        origin=row["origin"],
        asked_at=instant(row["asked_at"]),
        erased=json.loads(row["erased"]),
        sealed=row["sealed"],
        done_at=instant(row["done_at"]) if row["done_at"] else None,
    )


# --- files elsewhere -----------------------------------------------------------------------------------------


def note_file(ledger: Ledger, path: str, kind: str, at: datetime) -> None:
    """Remember a file outside the state folder that people may be in."""
    row = {"path": path, "kind": kind, "written_at": stamp(at)}
    statement = insert(schema.written_files).values(row)
    with ledger.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["path"], set_=row))


def written_files(ledger: Ledger) -> Sequence[str]:
    """The paths of such files."""
    with ledger.begin() as connection:
        return list(connection.execute(sa.select(schema.written_files.c.path)).scalars())


def drop_file(ledger: Ledger, path: str) -> None:
    """Remember a file no longer: it is gone."""
    with ledger.begin() as connection:
        connection.execute(schema.written_files.delete().where(schema.written_files.c.path == path))
