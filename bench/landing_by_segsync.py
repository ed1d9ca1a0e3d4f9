"""A bulk read of orders by segsync: fetched, counted, put in order, typed, normalised, landed."""

from __future__ import annotations

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis.backends.duckdb
import ibis.backends.sql.compilers  # noqa: F401 - Ibis imports both at its first connection; here they are "imports"
from pydantic import SecretStr

from bench.measure import report
from segsync.clock import system_clock
from segsync.contract import Kit
from segsync.http import Session
from segsync.testing import MemoryJobs
from segsync.warehouse import Landing, Warehouse
from segsync_shopify import Options, connector


def run(folder: Path, url: str, orders: int) -> None:
    clock = system_clock()
    options = Options(shop="acme", base_url=url)
    kit = Kit("shopify", options, {"access_token": SecretStr("x")}, Session("shopify", clock=clock), clock, folder)
    assert connector.source is not None
    source = connector.source(kit)
    warehouse = Warehouse.open(folder, clock=clock, store_id="bench")
    zone = ZoneInfo("America/New_York")
    place = Landing(timezone=zone, shop_timezone=zone, currency="USD", country="US")
    landed = 0
    for page in source.read("orders", None, MemoryJobs()):
        found = warehouse.land("shopify", page, place=place, run_id=1, pulled_at=clock.now())
        landed += found.counts.get("orders", 0)
    assert landed == orders, landed


if __name__ == "__main__":
    home, address, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    report(lambda: run(home, address, count))
