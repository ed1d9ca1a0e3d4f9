"""Looking for somebody in every byte of a state folder: raw, and as every table and file says when it is read."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

JANE = "buyer3@example.com"
NAMES = (JANE, "ada3", "buyer3", "7003")  # how the shop and the platform know her
FORGET_KEY = ("SEGSYNC_SECRET__PRIVACY__FORGET_KEY", "6f" * 32)


def traces(folder: Path, *needles: str) -> list[str]:
    """Where any of these stands, in whatever case, plain or hashed. The folder is not changed."""
    wanted = {needle.lower() for needle in needles}
    wanted |= {hashlib.sha256(needle.encode()).hexdigest() for needle in needles}
    return sorted({f"{place}: {needle}" for place, text in _texts(folder) for needle in wanted if needle in text})


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield path.name, path.name.lower()
        yield path.name, path.read_bytes().decode("latin-1").lower()
        if path.suffix == ".parquet":
            yield from ((f"{path.name} read", str(row).lower()) for row in pq.read_table(path).to_pylist())
        elif path.suffix == ".duckdb":
            yield from _tables_of_duckdb(path)
        elif path.suffix == ".sqlite":
            yield from _tables_of_sqlite(path)


def _tables_of_duckdb(path: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect(str(path), read_only=True) as con:
        for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            for row in con.execute(f'SELECT * FROM "{name}"').fetchall():
                yield f"{path.name} {name}", str(row).lower()


def _tables_of_sqlite(path: Path) -> Iterator[tuple[str, str]]:
    con = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in con.execute(f'SELECT * FROM "{name}"').fetchall():
                yield f"{path.name} {name}", str(row).lower()
    finally:
        con.close()
