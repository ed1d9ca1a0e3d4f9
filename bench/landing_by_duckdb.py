"""The same file read by DuckDB into one table of a database on disk: what reading alone takes."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from bench.measure import report
from segsync_shopify.columns import COLUMNS


def run(folder: Path, file: str) -> None:
    with duckdb.connect(str(folder / "read.duckdb")) as con:
        reading = f"read_json(?, format = 'newline_delimited', columns = {dict(COLUMNS)})"
        con.execute(f"CREATE TABLE nodes AS SELECT * FROM {reading}", [file])


if __name__ == "__main__":
    home, path = Path(sys.argv[1]), sys.argv[2]
    report(lambda: run(home, path))
