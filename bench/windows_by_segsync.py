"""Windowed segments by segsync: the rules read, traits, members and moves written."""

from __future__ import annotations

import sys
from pathlib import Path

import ibis.backends.duckdb
import ibis.backends.sql.compilers  # noqa: F401 - Ibis imports both at its first connection; here they are "imports"

from bench.job import AS_OF, CURRENCY, RATES, RUN, ZONE
from bench.measure import report
from bench.shop import STORE
from bench.windowed import rules as texts
from segsync import rules, segments
from segsync.clock import system_clock
from segsync.rules import AsOf
from segsync.streams import STREAMS
from segsync.warehouse import Warehouse


def run(folder: Path, count: int) -> None:
    warehouse = Warehouse.open(folder, clock=system_clock(), store_id=STORE)
    reading = rules.read(texts(count), filled=frozenset(STREAMS))
    assert not reading.problems, reading.problems
    segments.compute(warehouse, reading.rules, AsOf(AS_OF, ZONE), currency=CURRENCY, rates=RATES, run_id=RUN)


if __name__ == "__main__":
    report(lambda: run(Path(sys.argv[1]), int(sys.argv[2])))
