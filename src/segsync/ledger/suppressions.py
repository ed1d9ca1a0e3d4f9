"""Who must not be sent anywhere any more, as the operator named them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from segsync.ledger import schema
from segsync.ledger.store import Ledger, instant, stamp

Kind: TypeAlias = Literal["email", "phone", "person"]


@dataclass(frozen=True, slots=True)
class Suppression:
    """Somebody who is suppressed: by an e-mail or a phone as landing writes them, or by a person key."""

    kind: Kind
    value: str = field(repr=False)
    reason: str | None
    added_at: datetime
    id: int


def every(ledger: Ledger) -> Sequence[Suppression]:
    """All suppressions, oldest first."""
    query = sa.select(schema.suppressions).order_by(schema.suppressions.c.added_at, schema.suppressions.c.id)
    with ledger.begin() as connection:
        rows = connection.execute(query).mappings().all()
    return [Suppression(row["kind"], row["value"], row["reason"], instant(row["added_at"]), row["id"]) for row in rows]


def add(ledger: Ledger, kind: Kind, value: str, *, reason: str | None, at: datetime) -> bool:
    """Suppress somebody; whether they were not yet. Another reason takes the place of an earlier one."""
    table = schema.suppressions
    mine = (table.c.kind == kind) & (table.c.value == value)
    row = {"kind": kind, "value": value, "reason": reason, "added_at": stamp(at)}
    with ledger.begin() as connection:
        fresh = connection.execute(insert(table).values(row).on_conflict_do_nothing()).rowcount == 1
        if not fresh and reason is not None:
            connection.execute(table.update().where(mine).values(reason=reason))
    return fresh


def remove(ledger: Ledger, kind: Kind, value: str) -> bool:
    """Lift a suppression, and with it what `follow` noted of it; whether there was one."""
    table, people = schema.suppressions, schema.suppressed_people
    mine = (table.c.kind == kind) & (table.c.value == value)
    with ledger.begin() as connection:
        ids = sa.select(table.c.id).where(mine).scalar_subquery()
        connection.execute(people.delete().where(people.c.suppression.in_(ids)))
        gone = connection.execute(table.delete().where(mine))
    return gone.rowcount > 0


def follow(ledger: Ledger, seen: Iterable[tuple[int, str]]) -> None:
    """Note whom suppressions name now, by the suppression's id and the person's key.

    They stay suppressed for as long as the suppression lasts, whatever becomes of the e-mail or phone it names.
    """
    rows = [{"suppression": id_, "person": person} for id_, person in seen]
    if rows:
        with ledger.begin() as connection:
            connection.execute(insert(schema.suppressed_people).on_conflict_do_nothing(), rows)


def followed(ledger: Ledger) -> Sequence[tuple[int, str]]:
    """Whom suppressions were seen to name: each suppression's id with a person's key."""
    table = schema.suppressed_people
    with ledger.begin() as connection:
        rows = connection.execute(sa.select(table.c.suppression, table.c.person).order_by(*table.c)).all()
    return [(row.suppression, row.person) for row in rows]
