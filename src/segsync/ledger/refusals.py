"""Rejects, so that a member refused for good is not sent again until something about them changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from segsync.ledger import schema
from segsync.ledger.store import Ledger, stamp
from segsync.model import Action, Reject


@dataclass(frozen=True, slots=True)
class Refused:
    """A reject, what it was about, and a digest of the identifiers that were sent."""

    reject: Reject
    action: Action
    identifiers: str


def record(ledger: Ledger, audience: str, run_id: int, refused: Iterable[Refused], at: datetime) -> int:
    """Keep rejects; how many of them are new or for another reason than last time."""
    table = schema.rejects
    fresh = 0
    with ledger.begin() as connection:
        for item in refused:
            reject = item.reject
            row = {
                "audience": audience,
                "person": reject.person,
                "action": item.action.value,
                "reason": reject.reason,
                "code": reject.code,
                "retry": reject.retry,
                "identifiers": item.identifiers,
                "last_run": run_id,
                "last_at": stamp(at),
            }
            same = sa.and_(*(table.c[name] == row[name] for name in ("audience", "person", "action")))
            before = connection.execute(sa.select(table.c.reason, table.c.code).where(same)).first()
            fresh += before is None or (before.reason, before.code) != (reject.reason, reject.code)
            statement = insert(table).values(first_run=run_id, **row)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["audience", "person", "action"], set_=row)
            )
    return fresh


def clear(ledger: Ledger, audience: str, people: Sequence[str]) -> None:
    """Forget every reject of members whom the platform has accepted since, added or removed.

    Somebody whose removal was refused and who was then added can be removed again; the old refusal says nothing more,
    neither of them nor of a profile that they had left behind (`person~…`).
    """
    table = schema.rejects
    with ledger.begin() as connection:
        known = set(connection.execute(sa.select(table.c.person).where(table.c.audience == audience)).scalars())
        accepted = set(people)
        gone = {person for person in known if person in accepted or person.partition("~")[0] in accepted}
        for person in gone:
            connection.execute(table.delete().where(table.c.audience == audience, table.c.person == person))


def forget(ledger: Ledger, audience: str) -> None:
    """Forget every reject of an audience."""
    with ledger.begin() as connection:
        connection.execute(schema.rejects.delete().where(schema.rejects.c.audience == audience))


def for_good(ledger: Ledger, audience: str) -> Mapping[tuple[str, str], str]:
    """(action, person) to the digest of identifiers, of rejects that time alone will not help."""
    table = schema.rejects
    query = sa.select(table).where(table.c.audience == audience, table.c.retry.is_(False))
    with ledger.begin() as connection:
        return {(row.action, row.person): row.identifiers for row in connection.execute(query)}


def every(ledger: Ledger, audience: str | None = None, most: int = 1000) -> Sequence[Mapping[str, Any]]:
    """Rejects that stand, newest first, with their segment and destination."""
    table, audiences = schema.rejects, schema.audiences
    query = (
        sa.select(table, audiences.c.segment, audiences.c.destination)
        .join(audiences, audiences.c.key == table.c.audience)
        .order_by(table.c.last_run.desc(), table.c.person)
        .limit(most)
    )
    if audience is not None:
        query = query.where(table.c.audience == audience)
    with ledger.begin() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
