"""The job by hand in DuckDB SQL, on a warehouse's own file: `by_hand.sql`, statement by statement."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from bench.measure import report


def run(folder: Path) -> None:
    con = duckdb.connect(folder / "warehouse.duckdb", config={"preserve_insertion_order": False})
    con.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    con.close()


if __name__ == "__main__":
    report(lambda: run(Path(sys.argv[1])))
