"""Which audience stands for which sync, and what was true of it at its last good push."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from segsync.ledger import schema
from segsync.ledger.store import Ledger, instant, stamp


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of one sync's audience. `held` counts the people that receipts say it holds."""

    key: str
    segment: str
    destination: str
    name: str
    platform_id: str | None = None
    making: bool = False
    ours: bool = False
    verified_at: datetime | None = None
    held: int = 0
    pushed_at: datetime | None = None
    pushed_run: int | None = None
    rule: str | None = None
    baseline: Mapping[str, Mapping[str, int]] | None = None
    undone: Mapping[str, Any] | None = None  # `run`: whose push was undone; `rule`: what it had followed
    named: str | None = None  # what the config called it when its name was last followed
    renaming: str | None = None  # a rename to this name was begun, and its end was not noted

    def verified_within(self, span: timedelta, now: datetime) -> bool:
        """Was the audience seen on the platform less than `span` ago?"""
        return self.verified_at is not None and now - self.verified_at < span


def of_sync(ledger: Ledger, segment: str, destination: str, *, name: str, run_id: int) -> Known:
    """The audience of a sync; a new row, without a platform's id, the first time.

    Its key is made of the run that first met the sync, so that no later sync of the same names inherits it.
    """
    found = _where(ledger, schema.audiences.c.segment == segment, schema.audiences.c.destination == destination)
    if found:
        return found[0]
    key = f"{segment}.{destination}.{run_id}"
    row = {
        "key": key,
        "segment": segment,
        "destination": destination,
        "name": name,
        "making": False,
        "ours": False,
        "held": 0,
        "named": name,
    }
    with ledger.begin() as connection:
        connection.execute(schema.audiences.insert().values(row))
    return Known(key, segment, destination, name, named=name)


def find(ledger: Ledger, segment: str, destination: str) -> Known | None:
    """The audience of a sync, or None where it was never pushed."""
    found = _where(ledger, schema.audiences.c.segment == segment, schema.audiences.c.destination == destination)
    return found[0] if found else None


def by_key(ledger: Ledger, key: str) -> Known:
    """The audience of a key. Raises KeyError for one that no sync ever had."""
    found = _where(ledger, schema.audiences.c.key == key)
    if not found:
        raise KeyError(key)
    return found[0]


def every(ledger: Ledger) -> Sequence[Known]:
    """All audiences that any sync ever had."""
    return _where(ledger)


def note(ledger: Ledger, key: str, **values: Any) -> None:
    """Change what is known of an audience; values are columns of `audiences`."""
    row = {
        name: stamp(value) if isinstance(value, datetime) else json.dumps(value) if isinstance(value, dict) else value
        for name, value in values.items()
    }
    with ledger.begin() as connection:
        connection.execute(schema.audiences.update().where(schema.audiences.c.key == key).values(row))


def rename_segment(ledger: Ledger, old: str, new: str) -> bool:
    """Carry a renamed segment's audiences along, where the new name has none at the destination; were there any?"""
    table = schema.audiences
    taken = sa.select(table.c.destination).where(table.c.segment == new).scalar_subquery()
    with ledger.begin() as connection:
        moving = table.update().where(table.c.segment == old, table.c.destination.not_in(taken))
        done = connection.execute(moving.values(segment=new))
    return done.rowcount > 0


def _where(ledger: Ledger, *conditions: sa.ColumnElement[bool]) -> list[Known]:
    query = sa.select(schema.audiences).where(*conditions).order_by(schema.audiences.c.key)
    with ledger.begin() as connection:
        return [_known(dict(row)) for row in connection.execute(query).mappings()]


def _known(row: dict[str, Any]) -> Known:
    for name in ("verified_at", "pushed_at"):
        row[name] = instant(row[name]) if row[name] else None
    for name in ("baseline", "undone"):
        row[name] = json.loads(row[name]) if row[name] else None
    return Known(**row)
