"""Taking what names somebody out of the ledger's details; counts and totals stay."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from segsync.ledger import schema
from segsync.ledger.store import PATIENCE, Ledger, failures_explained

_SEALED = frozenset({"sealed"})  # columns that hold nothing in the clear


@dataclass(frozen=True, slots=True)
class Traces:
    """What of somebody may stand in the ledger: their keys, what identifies them, and places of their records.

    `values` maps each e-mail and phone, as landing writes it, to what stands in its place from now on.
    """

    persons: frozenset[str] = field(repr=False, default=frozenset())
    values: Mapping[str, str] = field(repr=False, default_factory=dict)
    places: frozenset[str] = field(repr=False, default=frozenset())


def scrub(connection: sa.Connection, traces: Traces) -> None:
    """Take these people out of every table. The caller holds the transaction. Doing it twice changes nothing."""
    rejects, flaws, suppressions = schema.rejects, schema.flaws, schema.suppressions
    for person in traces.persons:
        mine = (rejects.c.person == person) | rejects.c.person.startswith(f"{person}~", autoescape=True)
        connection.execute(rejects.delete().where(mine))
    named = [*traces.persons, *traces.values]
    connection.execute(suppressions.delete().where(suppressions.c.value.in_(named)))
    connection.execute(flaws.delete().where(flaws.c.place.in_(list(traces.places))))
    _scrub_receipts(connection, traces.persons)
    for value, shown in traces.values.items():
        _replace(connection, value, shown)


def _scrub_receipts(connection: sa.Connection, persons: frozenset[str]) -> None:
    """Take people out of receipts that still say who was what, because a ticket is open."""
    table = schema.receipts
    rows = connection.execute(sa.select(table.c.batch, table.c.body).where(table.c.body.is_not(None))).all()
    for batch, text in rows:
        body = json.loads(text)
        kept = {
            "accepted": {key: told for key, told in body["accepted"].items() if key.partition("~")[0] not in persons},
            "rejects": [row for row in body["rejects"] if row[0].partition("~")[0] not in persons],
            "pending": [key for key in body["pending"] if key.partition("~")[0] not in persons],
        }
        if kept != body:
            values = {"body": json.dumps(kept), "pending": len(kept["pending"])}
            connection.execute(table.update().where(table.c.batch == batch).values(values))


def _replace(connection: sa.Connection, value: str, shown: str) -> None:
    """Write `shown` wherever a value stands by itself in any text of any table, in whatever case."""
    spelled = re.compile(rf"(?<![\w.%+'-]){re.escape(value)}(?!\.?[\w-])", re.IGNORECASE)
    for table, column in _texts():
        key = list(table.primary_key.columns)
        there = sa.func.instr(sa.func.lower(column), value.lower()) > 0
        for row in connection.execute(sa.select(*key, column.label("text_")).where(there)).all():
            mine = [one == row[place] for place, one in enumerate(key)]
            connection.execute(
                table.update().where(*mine).values({column.name: spelled.sub(lambda _: shown, row.text_)})
            )


def _texts() -> Iterator[tuple[sa.Table, sa.Column[str]]]:
    for table in schema.metadata.sorted_tables:
        for column in table.columns:
            free = not column.primary_key and not column.foreign_keys and column.name not in _SEALED
            if isinstance(column.type, sa.Text) and free:
                yield table, column


def compact(ledger: Ledger) -> None:
    """Write the ledger's file anew, so that no page keeps what was deleted, and empty its log.

    Raises StoreBusy where another process reads it for too long.
    """
    with failures_explained(ledger.path):
        connection = sqlite3.connect(ledger.path, timeout=PATIENCE, isolation_level=None)
        try:
            for statement in ("PRAGMA secure_delete=ON", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.execute(statement).fetchall()
        finally:
            connection.close()
