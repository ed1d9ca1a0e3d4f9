"""A person's yes to one plan: for one sync, the guards that were named, and little more than the numbers shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from segsync.ledger import schema
from segsync.ledger.store import Ledger, stamp

LASTS = timedelta(hours=24)
MARGIN = 1.1  # the numbers shown, and a tenth over: a fresh pull does not void a yes


def grant(ledger: Ledger, audience: str, plan: str, stops: Mapping[str, int], at: datetime) -> None:
    """Let these guards pass, up to their numbers and a tenth, for 24 hours from `at`."""
    row = {
        "audience": audience,
        "plan": plan,
        "limits": json.dumps({guard: int(number * MARGIN) for guard, number in stops.items()}),
        "granted_at": stamp(at),
        "expires_at": stamp(at + LASTS),
    }
    with ledger.begin() as connection:
        connection.execute(schema.approvals.insert().values(row))


def spend(ledger: Ledger, audience: str, now: datetime) -> None:
    """End an audience's standing approvals: a yes is for one push."""
    table = schema.approvals
    with ledger.begin() as connection:
        standing = table.update().where(table.c.audience == audience, table.c.expires_at > stamp(now))
        connection.execute(standing.values(expires_at=stamp(now)))


def standing(ledger: Ledger, audience: str, now: datetime) -> Mapping[str, int]:
    """The guards that may pass now, each with the largest number that any standing approval allows."""
    table = schema.approvals
    query = sa.select(table.c.limits).where(table.c.audience == audience, table.c.expires_at > stamp(now))
    limits: dict[str, int] = {}
    with ledger.begin() as connection:
        for text in connection.execute(query).scalars():
            for guard, number in json.loads(text).items():
                limits[guard] = max(number, limits.get(guard, 0))
    return limits
