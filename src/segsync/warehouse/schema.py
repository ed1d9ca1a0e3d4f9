"""The file's own record of itself: schema version, store id, time zone; making a new file, migrating an older one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from segsync.errors import ConfigError, GuardStop, Problem
from segsync.streams import COMPUTED, STREAMS
from segsync.warehouse import duckdb

META = {"name": "string", "value": "string"}

Migration = Callable[[Any], None]


def _platform_orders(con: Any) -> None:
    """2: how many orders a platform counts for a customer; unknown until the customer is read again."""
    con.raw_sql("ALTER TABLE customers ADD COLUMN platform_orders BIGINT")


def _was_held(con: Any) -> None:
    """3: what audiences held before each batch, for `segsync undo`; of what was pushed before, nothing is known."""
    columns = "audience VARCHAR, person VARCHAR, batch_seq BIGINT, state VARCHAR, identifiers VARCHAR"
    con.raw_sql(f"CREATE TABLE IF NOT EXISTS was_held ({columns}, platform_id VARCHAR)")


# What brings a file from version n to n + 1, the n-th from the start; each changes tables with `con.raw_sql`.
MIGRATIONS: Sequence[Migration] = (_platform_orders, _was_held)


def version() -> int:
    """The schema version that this segsync writes."""
    return len(MIGRATIONS) + 1


def tables() -> dict[str, dict[str, str]]:
    """Every table of a warehouse: its columns as Ibis types."""
    return {
        "meta": META,
        **{name: table.schema for name, table in STREAMS.items()},
        **{name: dict(schema) for name, schema in COMPUTED.items()},
    }


def create(path: Path, connect: Callable[[Path], Any], store_id: str) -> None:
    """A new warehouse, whole or not there at all: made beside its place, then moved into it."""
    unfinished = path.with_suffix(".new")
    for left in (unfinished, Path(f"{unfinished}.wal")):
        left.unlink(missing_ok=True)
    con = connect(unfinished)
    try:
        for name, schema in tables().items():
            duckdb.make_table(con, name, schema)
        put(con, "schema_version", str(version()))
        put(con, "store_id", store_id)
    finally:
        con.disconnect()
    unfinished.chmod(0o600)
    log = Path(f"{path}.wal")
    if log.exists():  # of a file that is gone: DuckDB would play it into the new one
        log.replace(path.with_name(f"{path.stem}.left.wal"))
    unfinished.replace(path)


def get(con: Any, name: str) -> str | None:
    """A fact about the file, or None."""
    row = con.con.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
    return None if row is None else str(row[0])


def put(con: Any, name: str, value: str) -> None:
    """Remember a fact about the file. The caller holds the transaction."""
    con.con.execute("DELETE FROM meta WHERE name = ?", [name])
    con.con.execute("INSERT INTO meta VALUES (?, ?)", [name, value])


def inspect(con: Any, path: Path, store_id: str) -> int:
    """The schema version of an existing file, once it is known to be this store's.

    Raises WarehouseUnusable where the file is something else, GuardStop where it is another store's, ConfigError where
    a newer segsync wrote it.
    """
    found = get(con, "schema_version") if "meta" in con.list_tables() else None
    if found is None or not found.isdecimal():
        raise duckdb.WarehouseUnusable(
            f"{path} is a DuckDB file, but no segsync warehouse: move it away, or name another folder."
        )
    if (other := get(con, "store_id")) != store_id:
        raise GuardStop(
            f"{path} belongs to the store {other}, but the ledger beside it to {store_id}. Nothing was changed.\n"
            "  One of the two was lost or swapped: what audiences hold would be taken for nothing. Put back the file\n"
            "  that belongs here. Where the ledger is lost for good, move the folder away and begin anew: segsync\n"
            "  pull, a push with `adopt = true`; who has left since stays in the audience, and segsync drift tells."
        )
    if int(found) > version():
        raise ConfigError(
            [
                Problem(
                    str(path),
                    f"schema version {found}; this segsync knows {version()}",
                    "it was written by a newer segsync: upgrade this one",
                )
            ],
            where="the warehouse",
        )
    return int(found)


def migrate(path: Path, connect: Callable[[Path], Any], found: int) -> Path:
    """Bring an older file up to date, after a copy of it was made; returns the copy's path.

    The copy comes first and whole; then all steps in one transaction.
    """
    con = connect(path)
    try:
        con.raw_sql("CHECKPOINT")  # the copy must not miss what stands in the write-ahead log
    finally:
        con.disconnect()
    copy = path.with_name(f"{path.stem}.v{found}{path.suffix}")
    unfinished = copy.with_suffix(".new")
    shutil.copyfile(path, unfinished)
    unfinished.chmod(0o600)
    unfinished.replace(copy)
    con = connect(path)
    try:
        con.raw_sql("BEGIN")
        for step in MIGRATIONS[found - 1 :]:
            step(con)
        put(con, "schema_version", str(version()))
        con.raw_sql("COMMIT")
    finally:
        con.disconnect()  # without its COMMIT a transaction leaves nothing
    return copy
