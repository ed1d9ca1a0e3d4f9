"""One process writes at a time. The operating system holds the lock, so that a killed process leaves none behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.dialects.sqlite import insert

from segsync.clock import Clock
from segsync.errors import StoreBusy
from segsync.ledger import schema
from segsync.ledger.store import LOCK, Ledger, stamp

_NAME = "store"


@contextmanager
def held(ledger: Ledger, folder: Path, *, command: str, pid: int, clock: Clock, wait: float = 0.0) -> Iterator[None]:
    """Hold the store for writing; try for `wait` seconds.

    Raises StoreBusy, which says who holds it and since when.
    """
    lock = FileLock(folder / LOCK, mode=0o600)
    deadline = clock.monotonic() + wait
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            if clock.monotonic() >= deadline:
                raise StoreBusy(f"{_holder(ledger)}. Wait for it, or stop it; nothing was changed.") from None
            clock.sleep(min(0.5, max(0.0, deadline - clock.monotonic())))
    try:
        row = {"name": _NAME, "pid": pid, "command": command, "since": stamp(clock.now())}
        statement = insert(schema.locks).values(row)
        with ledger.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=row))
        yield
        with ledger.begin() as connection:  # after an error the row stays, which the next holder replaces
            connection.execute(schema.locks.delete().where(schema.locks.c.name == _NAME))
    finally:
        lock.release()


def _holder(ledger: Ledger) -> str:
    with ledger.begin() as connection:
        row = connection.execute(sa.select(schema.locks).where(schema.locks.c.name == _NAME)).first()
    if row is None:
        return "another segsync has just begun to write here"
    since = row.since[:19].replace("T", " ")
    return f"`segsync {row.command}` (process {row.pid}) has been writing here since {since} UTC"
