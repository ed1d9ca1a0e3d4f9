"""The job by segsync itself, on a landed warehouse: what `segsync run` does between pulling and planning."""

from __future__ import annotations

import sys
from pathlib import Path

import ibis.backends.duckdb
import ibis.backends.sql.compilers  # noqa: F401 - Ibis imports both at its first connection; here they are "imports"

from bench.job import AS_OF, CURRENCY, MAX_CUSTOMERS, RATES, RULES, RUN, ZONE
from bench.measure import report
from bench.shop import STORE
from segsync import people, rules, segments
from segsync.clock import system_clock
from segsync.rules import AsOf
from segsync.streams import STREAMS
from segsync.warehouse import Warehouse


def run(folder: Path) -> None:
    warehouse = Warehouse.open(folder, clock=system_clock(), store_id=STORE)
    reading = rules.read(RULES, filled=frozenset(STREAMS))
    assert not reading.problems, reading.problems
    with warehouse.session() as con:
        people.resolve(con, warehouse.write, run_id=RUN, at=AS_OF, max_customers=MAX_CUSTOMERS)
        people.describe(con, warehouse.write, as_of=AS_OF)
    segments.compute(warehouse, reading.rules, AsOf(AS_OF, ZONE), currency=CURRENCY, rates=RATES, run_id=RUN)


if __name__ == "__main__":
    report(lambda: run(Path(sys.argv[1])))
