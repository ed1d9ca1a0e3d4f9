"""The same windowed segments by hand: one statement a step, nothing read, nothing remembered of who came and went."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from bench.measure import report
from bench.windowed import sql


def run(folder: Path, count: int) -> None:
    with duckdb.connect(folder / "warehouse.duckdb", config={"preserve_insertion_order": False}) as con:
        con.execute(sql(count))


if __name__ == "__main__":
    report(lambda: run(Path(sys.argv[1]), int(sys.argv[2])))
