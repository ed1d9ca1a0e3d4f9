# ruff: noqa: S608 - SQL is put together from quoted names and from what Ibis compiled, never from values
"""What only DuckDB is told: opening its file, making tables, and replacing, merging and deleting rows.

Another engine gets a module of its own with these functions; what is computed is Ibis, and the same everywhere.
Each write is one statement on rows that are staged first; the caller holds the transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.backends.duckdb
import ibis.expr.types as ir
import pyarrow as pa

from segsync.errors import SegsyncError

_HOLDER = re.compile(r"\(PID (\d+)\)")
_VERSION = re.compile(r"version number|newer version|can only read", re.IGNORECASE)


class WarehouseUnusable(SegsyncError):
    """The warehouse's file cannot be used as it is; the message says what to do about it."""

    exit_code = 2


class Locked(Exception):
    """Another process has the file open. `pid` is its number, where DuckDB tells it."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(pid)
        self.pid = pid


class Backend(ibis.backends.duckdb.Backend):  # type: ignore[misc]  # Ibis has no types
    """Ibis's own, quicker in what a run asks hundreds of times: which columns a table has, and temporary tables."""

    def create_table(self, name: str, /, obj: Any = None, *, temp: bool = False, **more: Any) -> Any:
        """As Ibis does it; a temporary table of an expression in one go, where Ibis writes an overwritten one twice."""
        if not temp or not isinstance(obj, ir.Table) or more.keys() - {"overwrite"}:
            return super().create_table(name, obj, temp=temp, **more)
        types = obj.schema()
        columns = ", ".join(f"{quoted(c)} {self.compiler.type_mapper.to_string(t)}" for c, t in types.items())
        self._run_pre_execute_hooks(obj)
        select = self.compile(obj)
        temporary = f"temp.{quoted(name)}"
        # It may be computed from the one that it replaces, so that one makes way only when the rows are there.
        self.raw_sql(f"CREATE TEMP TABLE segsync_new ({columns})")
        try:
            self.raw_sql(f"INSERT INTO temp.segsync_new {select}")
            if more.get("overwrite"):
                self.raw_sql(f"DROP TABLE IF EXISTS {temporary}")
            self.raw_sql(f"ALTER TABLE temp.segsync_new RENAME TO {quoted(name)}")
        except duckdb.Error:
            with suppress(duckdb.Error):  # inside a transaction it goes with that
                self.raw_sql("DROP TABLE IF EXISTS temp.segsync_new")
            raise
        return self.table(name)

    def get_schema(self, table_name: str, *, catalog: str | None = None, database: str | None = None) -> Any:
        """As Ibis does it, each type's name read once."""
        place = ".".join(quoted(part) for part in (catalog, database, table_name) if part)
        try:
            rows = self.con.sql(f"DESCRIBE {place}").fetchall()
        except duckdb.CatalogException as error:
            raise ibis.common.exceptions.TableNotFound(table_name) from error
        return ibis.schema({name: _type(type_, nullable == "YES") for name, type_, nullable, *_ in rows})


@cache
def _type(name: str, nullable: bool) -> Any:
    return Backend.compiler.type_mapper.from_string(name, nullable=nullable)


def connect(path: Path, scratch: Path, *, read_only: bool = False, memory_limit: str | None = None) -> Any:
    """An Ibis backend on the file. Extensions are never fetched: the network has one door, and this is not it.

    Raises Locked where another process has it, WarehouseUnusable where the file cannot be used.
    """
    settings: dict[str, Any] = {
        "temp_directory": str(scratch),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if memory_limit:
        settings["memory_limit"] = memory_limit
    try:
        return Backend().connect(path, read_only=read_only, **settings)
    except duckdb.Error as error:
        raise _explained(error, path) from error


def _explained(error: duckdb.Error, path: Path) -> Exception:
    text = str(error)
    if "lock on file" in text:
        holder = _HOLDER.search(text)
        return Locked(int(holder[1]) if holder else None)
    if isinstance(error, duckdb.InvalidInputException | duckdb.ParserException):
        return WarehouseUnusable(
            f"{path} could not be opened: {text.splitlines()[0]}\n  Look at [warehouse] in segsync.toml."
        )
    if "Permission denied" in text or "No such file" in text or "does not exist" in text:
        return WarehouseUnusable(f"{path} cannot be opened: {text.splitlines()[0]}")
    if "No space left" in text or "Disk quota" in text:
        return WarehouseUnusable(
            f"no space is left for {path}: nothing was changed. Free some and run the command again."
        )
    if _VERSION.search(text):
        return WarehouseUnusable(
            f"{path} was written by a newer DuckDB than this one ({duckdb.__version__}): upgrade segsync."
        )
    return WarehouseUnusable(
        f"{path} is damaged, or is not a warehouse: {text.splitlines()[0][:200]}\n"
        "  Nothing was changed. Put back a copy of it; or move it away, bring back what audiences hold from the\n"
        "  copies in the folder `held` beside it, and read the sources anew: segsync state restore, segsync pull"
    )


@contextmanager
def failures_explained(path: Path) -> Iterator[None]:
    """Turn what DuckDB says of a full disk, too little memory or a damaged block into WarehouseUnusable."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise WarehouseUnusable(
            f"the warehouse ran out of memory or of disk for its temporary files: {str(error).splitlines()[0][:200]}\n"
            f"  Nothing was changed. Free space beside {path}, or raise memory_limit under [warehouse]."
        ) from error
    except duckdb.IOException as error:
        raise _explained(error, path) from error


def roll_back(con: Any) -> None:
    """Undo the open transaction, also where DuckDB has already given it up."""
    with suppress(duckdb.Error):
        con.raw_sql("ROLLBACK")


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def make_table(con: Any, name: str, schema: Mapping[str, str]) -> None:
    """An empty table of Ibis types. A TIMESTAMP holds UTC: DuckDB's type without a zone, never the one with."""
    mapper = con.compiler.type_mapper
    columns = ", ".join(f"{quoted(column)} {mapper.to_string(ibis.dtype(type_))}" for column, type_ in schema.items())
    con.raw_sql(f"CREATE TABLE {quoted(name)} ({columns})")


@contextmanager
def staged(con: Any, name: str, rows: Any) -> Iterator[str]:
    """Rows (an Arrow table or an Ibis expression) as a temporary table, dropped at the end. Yields its name."""
    stage = f"staged_{name}"
    con.raw_sql(f"DROP TABLE IF EXISTS temp.{quoted(stage)}")
    with _selected(con, rows) as select:
        con.raw_sql(f"CREATE TEMP TABLE {quoted(stage)} AS {select}")
    yield stage  # after an error the whole transaction goes, and the table with it
    con.raw_sql(f"DROP TABLE temp.{quoted(stage)}")


def replace_table(con: Any, name: str, rows: Any) -> None:
    """The table becomes these rows, in one statement; they may be computed from the table itself."""
    with _selected(con, rows) as select:
        con.raw_sql(f"CREATE OR REPLACE TABLE {quoted(name)} AS {select}")


def add_rows(con: Any, name: str, rows: Any) -> int:
    """Add rows, columns matched by name; how many."""
    with _selected(con, rows) as select:
        return _changed(con, f"INSERT INTO {quoted(name)} BY NAME {select}")


def add_matching(con: Any, name: str, rows: Any, stage: str, columns: Sequence[str]) -> int:
    """Add those rows that agree with a staged one in all `columns`, matched by name; how many."""
    with _selected(con, rows) as select:
        among = f"SELECT t.* FROM ({select}) AS t SEMI JOIN {quoted(stage)} AS s ON {_same(columns)}"
        return _changed(con, f"INSERT INTO {quoted(name)} BY NAME {among}")


def merge(con: Any, name: str, stage: str, columns: Sequence[str], key: Sequence[str], newer: str | None) -> int:
    """One MERGE of a staged table: rows of a known key are replaced (with `newer`: where that column is higher)."""
    condition = ""
    if newer is not None:
        column = quoted(newer)
        condition = f" AND (t.{column} IS NULL OR s.{column} > t.{column})"
    sets = ", ".join(f"{quoted(c)} = s.{quoted(c)}" for c in columns)
    names = ", ".join(quoted(c) for c in columns)
    values = ", ".join(f"s.{quoted(c)}" for c in columns)
    return _changed(
        con,
        f"MERGE INTO {quoted(name)} AS t USING {quoted(stage)} AS s ON {_same(key)} "
        f"WHEN MATCHED{condition} THEN UPDATE SET {sets} WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})",
    )


def delete_matching(con: Any, name: str, stage: str, columns: Sequence[str], *, also: str = "") -> int:
    """Delete the rows that agree with a staged one in all `columns` (and meet `also`, over `t` and `s`); how many."""
    where = f"{_same(columns)}{f' AND {also}' if also else ''}"
    return _changed(con, f"DELETE FROM {quoted(name)} AS t USING {quoted(stage)} AS s WHERE {where}")


def delete_where(con: Any, name: str, condition: Any) -> int:
    """Delete the rows that meet an Ibis condition over `con.table(name)`; how many."""
    table = con.table(name)
    rows = table.mutate(row_=table.rowid()).filter(condition).select("row_")
    return _changed(con, f"DELETE FROM {quoted(name)} WHERE rowid IN ({con.compile(rows)})")


def update_matching(
    con: Any, name: str, stage: str, key: Sequence[str], columns: Sequence[str], where: str = ""
) -> int:
    """Set `columns` to a staged table's, on the rows that agree with it in `key`; how many."""
    sets = ", ".join(f"{quoted(c)} = s.{quoted(c)}" for c in columns)
    also = f" AND {where}" if where else ""
    return _changed(con, f"UPDATE {quoted(name)} AS t SET {sets} FROM {quoted(stage)} AS s WHERE {_same(key)}{also}")


def keys_twice(con: Any, stage: str, key: Sequence[str]) -> bool:
    """Whether two staged rows have one key."""
    names = ", ".join(quoted(c) for c in key)
    sql = f"SELECT 1 FROM {quoted(stage)} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
    return con.raw_sql(sql).fetchone() is not None


def keep_highest(con: Any, stage: str, key: Sequence[str], column: str) -> None:
    """Of staged rows with one key keep the one with the highest value of a column."""
    names = ", ".join(quoted(c) for c in key)
    ranked = f"row_number() OVER (PARTITION BY {names} ORDER BY {quoted(column)} DESC NULLS LAST)"
    con.raw_sql(f"CREATE OR REPLACE TEMP TABLE {quoted(stage)} AS SELECT * FROM {quoted(stage)} QUALIFY {ranked} = 1")


def counts(con: Any, names: Sequence[str], where: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """source, table, rows: how many rows each table has of each source, of those that meet its condition."""
    parts = (
        f"SELECT source, '{name}' AS name, count(*) FROM {quoted(name)} WHERE {where.get(name, 'true')} GROUP BY source"
        for name in names
    )
    found: list[tuple[str, str, int]] = con.raw_sql(" UNION ALL ".join(parts)).fetchall()
    return found


def write_parquet(con: Any, name: str, path: Path) -> None:
    """The table as a Parquet file."""
    con.raw_sql(f"COPY {quoted(name)} TO '{literal(path)}' (FORMAT parquet, COMPRESSION zstd)")


def batches(con: Any, expr: Any, size: int) -> Iterator[pa.RecordBatch]:
    """Rows of an expression, `size` at a time, on a cursor of its own, as of one instant.

    Raises SegsyncError if fewer or more come than were counted first: on a shared connection DuckDB has been seen to
    end such a stream early without a word.
    """
    cursor = con.con.cursor()
    try:
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        select = con.compile(expr)
        counted = _counted(cursor, select)
        seen = 0
        for batch in cursor.execute(select).to_arrow_reader(size):
            seen += batch.num_rows
            yield batch
        if seen != counted:
            raise SegsyncError(
                f"the warehouse gave {seen:,} rows where it had counted {counted:,}: run the command again."
            )
    finally:
        cursor.close()


@contextmanager
def _selected(con: Any, rows: Any) -> Iterator[str]:
    """The SELECT that gives these rows."""
    if isinstance(rows, pa.Table):
        con.con.register("segsync_rows", rows)
        try:
            yield "SELECT * FROM segsync_rows"
        finally:
            con.con.unregister("segsync_rows")
    else:
        for memory in rows.op().find(ibis.expr.operations.InMemoryTable):
            con.con.register(memory.name, memory.data.to_pyarrow(memory.schema))
        yield con.compile(rows)


def _counted(cursor: Any, select: str) -> int:
    return int(cursor.execute(f"SELECT count(*) FROM ({select})").fetchone()[0])


def _same(columns: Sequence[str]) -> str:
    return " AND ".join(f"t.{quoted(c)} = s.{quoted(c)}" for c in columns)


def _changed(con: Any, sql: str) -> int:
    return int(con.raw_sql(sql).fetchone()[0])


def literal(path: Path) -> str:
    """A path inside an SQL string."""
    return str(path).replace("'", "''")
