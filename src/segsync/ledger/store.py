"""Opening the ledger: a SQLite file in WAL mode, private, durable, and versioned."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout

from segsync.clock import Clock
from segsync.errors import SegsyncError, StoreBusy
from segsync.ledger import schema

FILE = "ledger.sqlite"
LOCK = "lock"  # beside it; see lock.py
PATIENCE = 30.0  # seconds that a small transaction waits for another's

# From a version to the next one: each entry brings a ledger of that version one step on.
Migration = Callable[[sa.Connection], None]


def _privacy(connection: sa.Connection) -> None:
    """1 → 2: suppressions, erasures, retention, and pushes that were undone."""
    for column in ("undone", "named", "renaming"):
        connection.exec_driver_sql(f"ALTER TABLE audiences ADD COLUMN {column} TEXT")
    schema.metadata.create_all(connection)


MIGRATIONS: Mapping[int, Migration] = MappingProxyType({1: _privacy})


@dataclass(frozen=True, slots=True)
class Ledger:
    """The transactional store. `begin()` is one transaction; every function of this package makes its own."""

    engine: sa.Engine
    path: Path
    store_id: str

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Everything inside is kept, or nothing. Raises StoreBusy or LedgerUnusable where the file cannot do it."""
        with failures_explained(self.path), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


class LedgerUnusable(SegsyncError):
    """The ledger's file cannot be used as it is; the message says what to do about it."""

    exit_code = 2


def open_ledger(folder: Path, clock: Clock, *, new: bool = True) -> Ledger:
    """The ledger in `folder`, made if absent (unless `new` is false), migrated after a copy if older.

    Raises LedgerUnusable where it is of a newer segsync, damaged, or absent and not to be made; StoreBusy where it
    would have to be migrated while another process writes.
    """
    path = folder / FILE
    if not path.exists():
        if not new:
            raise LedgerUnusable(f"nothing has been pulled here yet: there is no {path}. Start with `segsync pull`.")
        _make_private(path)
    engine = _engine(path)
    try:
        with failures_explained(path):
            store_id = _prepare(engine, path, clock)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine, path, store_id)


def stamp(instant: datetime) -> str:
    """An instant as the ledger writes it: UTC, ISO 8601, microseconds, so that text order is time order."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> datetime:
    """The instant that `stamp` wrote."""
    return datetime.fromisoformat(text)


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.with_name(".gitignore").write_text("*\n", encoding="utf-8")  # what is in here is for nobody else
    except OSError as error:
        raise LedgerUnusable(f"{path} cannot be made: {error.strerror}") from error


@contextmanager
def failures_explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says of the file or the disk into words. What it says of a statement is our bug, and stays."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as error:
        found = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        explained = _explained(path, found)
        if explained is None:
            raise
        raise explained from error


def _explained(path: Path, error: BaseException | None) -> SegsyncError | None:
    name = getattr(error, "sqlite_errorname", "").split("_")[1:2]
    match name:
        case ["BUSY" | "LOCKED"]:
            return StoreBusy(f"another process is writing to {path}; waited {PATIENCE:.0f} s for it. Try again later.")
        case ["CORRUPT" | "NOTADB"]:
            return LedgerUnusable(
                f"{path} is damaged ({error}). Put back a copy of it: it remembers which audiences are yours."
            )
        case ["FULL"]:
            return LedgerUnusable(f"no space is left for {path}: free some, and run the command again.")
        case ["CANTOPEN" | "IOERR" | "PERM" | "READONLY"]:
            return LedgerUnusable(f"{path} cannot be used ({error}). Look at its folder's owner and permissions.")
    return None


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": PATIENCE})

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, so that readers of one see one state
        # What is deleted is overwritten at once: people may be in it.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _prepare(engine: sa.Engine, path: Path, clock: Clock) -> str:
    """Bring the schema to this version and return the store's id."""
    with engine.begin() as connection:
        empty = not sa.inspect(connection).has_table("meta")
        if empty:
            schema.metadata.create_all(connection)
            store_id = f"{int(clock.random() * 16**6):06x}{int(clock.now().timestamp()):08x}"
            rows = [{"key": "schema_version", "value": str(schema.VERSION)}, {"key": "store_id", "value": store_id}]
            connection.execute(schema.meta.insert(), rows)
    with engine.begin() as connection:
        values = _meta(connection)
    if not values.get("schema_version", "").isdecimal() or "store_id" not in values:
        raise LedgerUnusable(f"{path} is a SQLite file, but no ledger of segsync: move it away, or name another folder")
    version = int(values["schema_version"])
    if version > schema.VERSION:
        raise LedgerUnusable(
            f"{path} was written by a newer segsync (its version is {version}, this one knows {schema.VERSION}). "
            "Update segsync: pip install --upgrade segsync"
        )
    if version < schema.VERSION:
        _migrate(engine, path)
    return values["store_id"]


def _meta(connection: sa.Connection) -> dict[str, str]:
    return {row.key: row.value for row in connection.execute(sa.select(schema.meta))}


def _migrate(engine: sa.Engine, path: Path) -> None:
    """Copy the file beside itself, then take every step to this version in one transaction.

    Raises StoreBusy where another process writes to the store: it may be an older segsync, which knows the older form.
    """
    try:
        with FileLock(path.with_name(LOCK), mode=0o600).acquire(timeout=0):
            with engine.connect() as connection:
                version = int(_meta(connection)["schema_version"])  # another process may just have done it
            if version < schema.VERSION:
                _copy(path, path.with_name(f"{path.name}.v{version}"))
            with engine.begin() as connection:
                for step in range(version, schema.VERSION):
                    MIGRATIONS[step](connection)
                newer = schema.meta.update().where(schema.meta.c.key == "schema_version")
                connection.execute(newer.values(value=str(schema.VERSION)))
    except Timeout:
        raise StoreBusy(
            f"{path} must be migrated for this segsync, and another process is writing to it: try again later"
        ) from None


def _copy(path: Path, copy: Path) -> None:
    """The whole ledger as it is, in a file of its own. The caller's open transaction keeps others from writing."""
    unfinished = copy.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    source, target = sqlite3.connect(path), sqlite3.connect(unfinished)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    unfinished.replace(copy)
