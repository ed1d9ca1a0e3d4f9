# ruff: noqa: S608 - SQL is put together from quoted names; values are bound
"""Leaving nothing behind: what only DuckDB is told so that text, and then the file itself, hold somebody no longer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from segsync.warehouse.duckdb import literal, quoted

UNFINISHED = ".new"


def replace_text(con: Any, values: Mapping[str, str]) -> None:
    """Put another text in the place of each value that stands by itself, in whatever case, in every text there is.

    `ann@example.com` is not replaced in `joann@example.com`. The caller holds the transaction. Lists stay as they are.
    """
    texts = con.con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() "
        "AND data_type = 'VARCHAR' AND NOT internal"
    ).fetchall()
    for table, column in texts if values else ():
        name = quoted(column)
        there = " OR ".join(f"contains(lower({name}), ?)" for _ in values)
        needles = [value.lower() for value in values]
        if not con.con.execute(f"SELECT 1 FROM {quoted(table)} WHERE {there} LIMIT 1", needles).fetchone():
            continue
        for value, shown in values.items():
            changed = f"regexp_replace({name}, ?, ?, 'gi')"
            con.con.execute(
                f"UPDATE {quoted(table)} SET {name} = {changed} WHERE contains(lower({name}), ?)",
                [_alone(value), f"\\1{shown}\\2", value.lower()],
            )


def _alone(value: str) -> str:
    """A pattern for a value that is no part of a longer one: what is before it, and after it, are groups 1 and 2."""
    return rf"(^|[^\pL\pN._%+'-]){re.escape(value)}($|[^\pL\pN.-]|\.$|\.[^\pL\pN])"


def compact(path: Path, connect: Callable[[Path], Any]) -> None:
    """Write the file anew, so that no page of it keeps what was deleted: whole, beside it, then into its place."""
    unfinished = path.with_suffix(UNFINISHED)
    for left in (unfinished, Path(f"{unfinished}.wal")):
        left.unlink(missing_ok=True)
    con = connect(path)
    try:
        con.raw_sql("CHECKPOINT")  # else its log would be played into the new file
        name = quoted(con.con.execute("SELECT current_database()").fetchone()[0])
        con.raw_sql(f"ATTACH '{literal(unfinished)}' AS compacted")
        con.raw_sql(f"COPY FROM DATABASE {name} TO compacted")
        con.raw_sql("CHECKPOINT compacted")
        con.raw_sql("DETACH compacted")
    finally:
        con.disconnect()
    unfinished.chmod(0o600)
    unfinished.replace(path)


def rewrite_copies(folder: Path, table: str, kept: Callable[[pa.Table], pa.Table]) -> None:
    """Let every copy of a table hold only what `kept` leaves of it. One that cannot be read is deleted."""
    for path in sorted(folder.glob(f"{table}-*.parquet")):
        try:
            rows = pq.read_table(path)
        except (OSError, pa.ArrowInvalid):
            path.unlink(missing_ok=True)
            continue
        left = kept(rows)
        if left.equals(rows):
            continue
        unfinished = path.with_suffix(UNFINISHED)
        unfinished.touch(mode=0o600)
        pq.write_table(left, unfinished, compression="zstd")
        unfinished.replace(path)


def drop_older_files(folder: Path, stem: str) -> list[str]:
    """Delete copies of older versions of the file `stem`, and logs that were left; the names of what is gone."""
    gone = []
    for pattern in (f"{stem}.v*", f"{stem}*.left.wal"):
        for path in sorted(folder.glob(pattern)):
            path.unlink(missing_ok=True)
            gone.append(path.name)
    return gone
