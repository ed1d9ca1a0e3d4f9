"""The warehouse as the rest of the core sees it: open only for statements, written in whole steps."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pandas
import pyarrow as pa

from segsync.clock import Clock
from segsync.errors import StoreBusy
from segsync.model import Page
from segsync.streams import COMPUTED, STREAMS
from segsync.warehouse import copies, duckdb, forgetting, landing, schema
from segsync.warehouse.landing import Landed, Landing, Sieve

FILE = "warehouse.duckdb"
NAP = 0.1  # seconds between two tries for a file that another process has


class Warehouse:
    """One shop's analytic store in a DuckDB file. Times in it are UTC without saying so.

    `session()` gives the Ibis backend; expressions made from its tables live as long as it does. Threads take turns.
    """

    def __init__(self, folder: Path, *, clock: Clock, store_id: str, memory_limit: str | None, patience: float) -> None:
        self.folder = folder
        self.path = folder / FILE
        self.store_id = store_id
        self.new = False
        self.migrated: Path | None = None  # the copy of the older file, where this call migrated one
        self._clock = clock
        self._memory_limit = memory_limit
        self._patience = patience
        self._turn = threading.RLock()
        self._backend: Any = None
        self._writable = False
        self._in_transaction = False

    @classmethod
    def open(
        cls, folder: Path, *, clock: Clock, store_id: str, memory_limit: str | None = None, patience: float = 5.0
    ) -> Warehouse:
        """The warehouse of a folder, made (0700, its file 0600) where there is none, migrated where it is older.

        Raises GuardStop where the file is another store's, ConfigError where a newer segsync wrote it, StoreBusy
        where another process has it for longer than `patience` seconds, WarehouseUnusable where it is damaged.
        """
        found = cls(folder, clock=clock, store_id=store_id, memory_limit=memory_limit, patience=patience)
        with _private():
            found._prepare()
        return found

    def _prepare(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise duckdb.WarehouseUnusable(f"{self.folder} cannot be made: {error.strerror}") from error
        if not self.path.exists():
            schema.create(self.path, self._connect, self.store_id)
            self.new = True
            return
        with self.reading() as con:
            version = schema.inspect(con, self.path, self.store_id)
        if version < schema.version():
            with duckdb.failures_explained(self.path):
                self.migrated = schema.migrate(self.path, self._connect, version)

    # --- statements --------------------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[Any]:
        """The Ibis backend, the file open while it lasts. Nested uses give the same one.

        Raises StoreBusy, naming the process that has the file, after `patience` seconds.
        """
        with self._opened(read_only=False) as con:
            yield con

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Like `session`, for commands that only read: several processes may do so at once."""
        with self._opened(read_only=True) as con:
            yield con

    @contextmanager
    def _opened(self, *, read_only: bool) -> Iterator[Any]:
        with self._turn, duckdb.failures_explained(self.path):
            if self._backend is not None:
                if not read_only and not self._writable:
                    raise RuntimeError("a writing session was asked for inside a reading one")
                yield self._backend
                return
            with _private():
                self._backend = self._connect(self.path, read_only=read_only)
                self._writable = not read_only
                try:
                    yield self._backend
                finally:
                    con, self._backend = self._backend, None
                    con.disconnect()

    def _connect(self, path: Path, *, read_only: bool = False) -> Any:
        scratch = self.folder / "tmp"
        since = self._clock.monotonic()
        while True:
            try:
                return duckdb.connect(path, scratch, read_only=read_only, memory_limit=self._memory_limit)
            except duckdb.Locked as locked:
                if self._clock.monotonic() - since >= self._patience:
                    holder = f"process {locked.pid}" if locked.pid else "another process"
                    raise StoreBusy(
                        f"{holder} has the warehouse open ({path}); waited {self._patience:g} s for it.\n"
                        "  Try again once that run is over; `segsync status` works meanwhile."
                    ) from None
                self._clock.sleep(NAP)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Everything written inside lands together or not at all. Inside another one it is part of that."""
        with self.session() as con:
            if self._in_transaction:
                yield con
                return
            con.raw_sql("BEGIN")
            self._in_transaction = True
            try:
                yield con
            except BaseException:
                self._in_transaction = False
                duckdb.roll_back(con)
                raise
            self._in_transaction = False
            con.raw_sql("COMMIT")

    # --- computed tables ---------------------------------------------------------------------------------------

    def write(self, name: str, rows: Any) -> None:
        """A table becomes these rows (an Ibis expression or a frame), at once; they may be computed from itself.

        A table that streams.py declares takes exactly its columns; any other is made as the rows are.
        Raises ValueError for columns that do not fit.
        """
        with self.transaction() as con:
            duckdb.replace_table(con, name, _fitted(name, rows))

    def append(self, name: str, rows: Any) -> int:
        """Add rows to a table; how many."""
        with self.transaction() as con:
            return duckdb.add_rows(con, name, _fitted(name, rows))

    def upsert(self, name: str, rows: Any, key: Sequence[str], *, newer: str | None = None) -> int:
        """Add rows, replacing those of the same key; with `newer` only where that column is higher. How many changed.

        Raises ValueError where two of the rows have one key and `newer` does not say which of them counts.
        """
        fitted = _fitted(name, rows)
        with self.transaction() as con, duckdb.staged(con, name, fitted) as stage:
            if newer is not None:
                duckdb.keep_highest(con, stage, key, newer)
            elif duckdb.keys_twice(con, stage, key):
                raise ValueError(f"rows for `{name}` hold one {', '.join(key)} twice")
            return duckdb.merge(con, name, stage, con.table(stage).columns, key, newer)

    def delete(self, name: str, where: Any) -> int:
        """Delete rows; how many. `where` is an Ibis condition over the table (or a function of it that gives one),
        or a table or frame of keys: rows that agree with one of those in all its columns go.
        """
        with self.transaction() as con:
            if isinstance(where, pandas.DataFrame | pa.Table | ibis.expr.types.Table):
                keys = _fitted(name, where, partly=True)
                with duckdb.staged(con, f"{name}_keys", keys) as stage:
                    return duckdb.delete_matching(con, name, stage, con.table(stage).columns)
            return duckdb.delete_where(con, name, where)

    def rows(self, expr: Any, chunk: int = 10_000) -> Iterator[pandas.DataFrame]:
        """The rows of an expression over stored tables, as frames of at most `chunk` rows, as of one instant.

        The file stays open until the last was taken, so nobody may wait for a network in between. What an open
        transaction has written is not seen, so inside one this raises RuntimeError. Raises SegsyncError if the
        stream ends before all rows came.
        """
        if self._in_transaction:
            raise RuntimeError("rows() reads beside an open transaction and would miss what it wrote")
        with self.reading() as con:
            for batch in duckdb.batches(con, expr, chunk):
                yield batch.to_pandas()

    def exists(self, name: str) -> bool:
        """Whether there is such a table (`traits` is made by its first write)."""
        with self.reading() as con:
            return name in con.list_tables()

    # --- landing -----------------------------------------------------------------------------------------------

    def land(
        self,
        source: str,
        page: Page,
        *,
        place: Landing,
        run_id: int,
        pulled_at: datetime,
        sieve: Sieve | None = None,
    ) -> Landed:
        """Type, normalise and write a page: all of it or nothing. Landing it again changes nothing.

        `sieve` is given what was read before anything is written, and only what it gives back is.

        A row replaces the one of its key unless that has a higher `updated_at`; an order's lines and refunds, and a
        customer's addresses, are replaced with it, whole. Raises ConnectorBug where a frame breaks its stream's schema.
        """
        read = landing.read_page(source, page, place, run_id, pulled_at)
        if sieve is not None:
            read = sieve(read)
        with self.transaction() as con:
            self.set_timezone(place.shop_timezone)
            return landing.land(con, read, page.flaws)

    def vanish(self, source: str, ids: Iterable[Sequence[str]], at: datetime, run_id: int) -> int:
        """Give the source's customers that are not among `ids` a `deleted_at`; how many. A listed one loses it.

        Nothing is written unless `ids` ends well; the file is closed while it is read.
        """
        listed = landing.listed_ids(ids)
        with self.transaction() as con:
            return landing.vanish(con, source, listed, at, run_id)

    def counts(self) -> dict[str, dict[str, int]]:
        """Landed rows by source, then stream; customers that have vanished are not counted."""
        found: dict[str, dict[str, int]] = {}
        with self.reading() as con:
            for source, name, rows in duckdb.counts(con, list(STREAMS), {"customers": "deleted_at IS NULL"}):
                found.setdefault(source, {})[name] = rows
        return found

    def set_timezone(self, zone: ZoneInfo) -> bool:
        """Say which zone the shop's days are in; where it was another, land every day anew. Whether that was done."""
        with self.transaction() as con:
            known = schema.get(con, "timezone")
            if known == zone.key:
                return False
            schema.put(con, "timezone", zone.key)
            return known is not None and landing.recompute_days(con, zone) > 0

    # --- leaving nothing behind --------------------------------------------------------------------------------

    def replace_text(self, values: Mapping[str, str]) -> None:
        """Put another text in the place of each value wherever a text of any table holds it, in whatever case."""
        with self.transaction() as con:
            forgetting.replace_text(con, values)

    def compact(self) -> None:
        """Write the file anew, so that no byte of it is left of what was deleted; older versions' copies go too.

        Needs as much free space as the file takes. Raises RuntimeError inside a session, WarehouseUnusable where the
        space is lacking.
        """
        if self._backend is not None:
            raise RuntimeError("the file cannot be written anew while it is open")
        with self._turn, _private(), duckdb.failures_explained(self.path):
            forgetting.compact(self.path, self._connect)
        forgetting.drop_older_files(self.folder, self.path.stem)

    def rewrite_copies(self, table: str, kept: Callable[[pa.Table], pa.Table]) -> None:
        """Let the copies of `held` or `identities` hold only what `kept` leaves of them."""
        with _private():
            forgetting.rewrite_copies(self.folder / "held", table, kept)

    # --- what cannot be rebuilt --------------------------------------------------------------------------------

    def export_held(self, keep: int = 3) -> Path:
        """A Parquet copy of `held` (0600) in the folder `held`, with the identities its person keys come from; the
        newest `keep` stay. Returns its path.
        """
        with self.session() as con:
            return copies.export_held(con, self.folder / "held", self._clock.now(), keep)

    def restore_held(self, path: Path) -> int:
        """`held` and `identities` become what a copy holds; how many rows of `held`.

        Raises WarehouseUnusable where it is no copy.
        """
        with self.transaction() as con:
            identities = copies.identities_of(path)
            if identities.exists():
                self.write("identities", copies.read_copy("identities", identities))
            self.write("held", copies.read_copy("held", path))
            return int(con.table("held").count().execute())


def _fitted(name: str, rows: Any, *, partly: bool = False) -> Any:
    """Rows with a declared table's columns in their order and types. Raises ValueError where they do not fit."""
    declared: Mapping[str, str] | None = COMPUTED.get(name) or (STREAMS[name].schema if name in STREAMS else None)
    columns = list(rows.column_names if isinstance(rows, pa.Table) else rows.columns)
    if declared is not None:
        if (
            isinstance(rows, pandas.DataFrame) and not columns and not len(rows)
        ):  # a frame of no rows at all, such as pandas makes of an empty list
            rows, columns = rows.reindex(columns=list(declared)), list(declared)
        unknown = sorted(set(columns) - set(declared))
        missing = [] if partly else sorted(set(declared) - set(columns))
        if unknown or missing:
            raise ValueError(f"rows for `{name}`: unknown columns {unknown}, missing columns {missing}")
        wanted = {column: type_ for column, type_ in declared.items() if column in columns}
        if not isinstance(rows, pandas.DataFrame | pa.Table):
            return rows.select(*wanted).cast(wanted)
        return _arrow(rows, pa.schema([(c, ibis.dtype(t).to_pyarrow()) for c, t in wanted.items()]))
    return pa.Table.from_pandas(rows, preserve_index=False) if isinstance(rows, pandas.DataFrame) else rows


def _arrow(rows: Any, types: pa.Schema) -> pa.Table:
    if isinstance(rows, pa.Table):
        return rows.select(types.names).cast(types)
    # A column of nothing but missing values may have any type in pandas.
    arrays = [
        pa.nulls(len(rows), field.type)
        if rows[field.name].isna().all()
        else pa.array(rows[field.name], field.type, from_pandas=True)
        for field in types
    ]
    return pa.Table.from_arrays(arrays, schema=types)


@contextmanager
def _private() -> Iterator[None]:
    """Files made inside are the user's alone: DuckDB would make its own readable for everybody."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
