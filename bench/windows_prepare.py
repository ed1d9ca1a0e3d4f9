"""A shop drawn, landed, joined and described, for both sides to start from; prints its rows by table."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.job import AS_OF, MAX_CUSTOMERS, RUN
from bench.shop import STORE, Size, write
from segsync import people
from segsync.clock import system_clock
from segsync.warehouse import Warehouse

if __name__ == "__main__":
    home = Path(sys.argv[1])
    drawn = write(home, Size(int(sys.argv[2]), int(sys.argv[3])))
    warehouse = Warehouse.open(home, clock=system_clock(), store_id=STORE)
    with warehouse.session() as con:
        people.resolve(con, warehouse.write, run_id=RUN, at=AS_OF, max_customers=MAX_CUSTOMERS)
        people.describe(con, warehouse.write, as_of=AS_OF)
    print(drawn)
