"""The result of a bulk operation, laid down in an embedded database: counted first, then taken page by page.

The lines of a result stand in any order but that a child comes after its parent; a table needs no order at all.
Nothing is taken before the file is known to be whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import pandas

from segsync.errors import Unavailable
from segsync.streams import ROOTS
from segsync_shopify.bulk import Operation
from segsync_shopify.columns import COLUMNS

MEMORY: Final = "1GB"
LONGEST_LINE: Final = 32 * 1024 * 1024  # bytes; DuckDB reserves several times as much

# Root records on one page. What a page carries is laid out once, in the roots' order, by a stream's SQL in the folder
# sql/; `n` is the number of the root.
PAGE: Final[Mapping[str, int]] = {"customers": 20_000, "orders": 10_000, "checkouts": 20_000}
GATHERED: Final[Mapping[str, tuple[str, ...]]] = {"customers": ("metafields",)}  # laid out beside a root's streams
_PAGE_OF: Final = "SELECT * EXCLUDE (n) FROM {} WHERE n >= $first AND n < $last"  # DuckDB keeps the order
# An id as the admin shows it: the number in `gid://shopify/Customer/123?model_name=…`.
_NUMBER: Final = "CREATE MACRO number(gid) AS split_part(split_part(gid, '?', 1), '/', -1)"


class NotWhole(Unavailable):
    """A result that is not all of what Shopify says it is."""


class Spool:
    """A folder of its own for one result, within `scratch`; gone when closed."""

    def __init__(self, scratch: Path | None = None) -> None:
        if scratch is not None:
            scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = TemporaryDirectory(prefix="segsync-", dir=scratch)
        self.file = Path(self._folder.name) / "result.jsonl"
        self._con = duckdb.connect(str(Path(self._folder.name) / "spool.duckdb"), config={"memory_limit": MEMORY})
        self._con.execute(_NUMBER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._con.close()
        self._folder.cleanup()

    def load(self, operation: Operation) -> None:
        """Read the downloaded file. Raises NotWhole unless it is whole, to the last record."""
        try:
            self._con.execute(
                f"CREATE TABLE nodes AS SELECT * FROM read_json(?, format = 'newline_delimited', "  # noqa: S608  # ours
                f"columns = {dict(COLUMNS)!r}, maximum_object_size = {LONGEST_LINE})",
                [str(self.file)],
            )
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise NotWhole(f"Shopify's result is no JSON ({type(error).__name__}); nothing of it was landed") from None
        except duckdb.Error as error:
            raise _our_own(error) from None
        lines, roots, orphans, again = self._row(_sql("counts"))
        if lines != operation.objects:
            raise _not_whole(lines, operation.objects, "records")
        if roots != operation.roots:
            raise _not_whole(roots, operation.roots, "records that stand alone")
        if orphans:
            raise NotWhole(f"{orphans:,} records of Shopify's result belong to none in it; nothing of it was landed")
        if again:
            self._execute(_sql("once"))

    def newest(self) -> str | None:
        """The latest `updatedAt` of the root records, as Shopify writes it."""
        found: str | None = self._row("SELECT max(updatedAt) FROM nodes WHERE __parentId IS NULL")[0]
        return found

    def pages(
        self, root: str, *, kept_from: str | None, metafields: Mapping[str, str]
    ) -> Iterator[dict[str, pandas.DataFrame]]:
        """Frames by stream, the longest unchanged records first, without those unchanged since before `kept_from`.

        `metafields`: a column of customers to the `namespace.key` that fills it.
        """
        self._execute(_sql("numbered"), {"kept_from": kept_from})
        for view in ("roots", "children"):
            self._execute(_sql(view))
        for table in (*GATHERED.get(root, ()), *ROOTS[root]):
            self._execute(f"CREATE TEMP TABLE {table} AS {_sql(table)}")
        (count,) = self._row("SELECT count(*) FROM numbered")
        mapped = {name: metafields.get(name) for name in ("birth_date", "gender", "ads_consent")}
        for first in range(0, count, PAGE[root]):
            given = {"first": first, "last": first + PAGE[root], **mapped}
            yield {stream: self._frame(stream, given) for stream in ROOTS[root]}

    def ids(self, page: int) -> Iterator[list[str]]:
        """The numeric ids of the root records, so many at a time."""
        found = self._execute(_sql("ids"))
        while rows := found.fetchmany(page):
            yield [str(row[0]) for row in rows]

    def _frame(self, stream: str, given: Mapping[str, Any]) -> pandas.DataFrame:
        sql = _sql("customers_page") if stream == "customers" else _PAGE_OF.format(stream)
        found = self._execute(sql, {name: value for name, value in given.items() if f"${name}" in sql})
        frame: pandas.DataFrame = found.to_arrow_table().to_pandas()  # a column without a value stays text
        return frame

    def _execute(self, sql: str, given: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self._con.execute(sql, given)
        except duckdb.Error as error:
            raise _our_own(error) from None

    def _row(self, sql: str) -> tuple[Any, ...]:
        found = self._execute(sql).fetchone()
        assert found is not None, "an aggregate has one row"
        return found


def _sql(name: str) -> str:
    return files("segsync_shopify").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def _our_own(error: duckdb.Error) -> Unavailable:
    """The error of a machine that cannot hold what was read; DuckDB's own words may quote it."""
    full = isinstance(error, duckdb.IOException) or "space" in str(error)
    lacks = "there is no room on the disk for" if full else "there is too little memory for"
    return Unavailable(f"{lacks} what was read ({type(error).__name__}); nothing of it was landed")


def _not_whole(found: int, told: int, what: str) -> NotWhole:
    return NotWhole(
        f"Shopify's result is not whole: {found:,} of {told:,} {what}. Nothing of it was landed; "
        "the next pull asks anew"
    )
