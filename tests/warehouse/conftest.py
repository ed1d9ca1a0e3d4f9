"""A warehouse in a folder of its own, and a shop in New York that lands records in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from segsync.model import Page
from segsync.warehouse import Landed, Landing, Warehouse

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def place() -> Landing:
    return Landing(timezone=NEW_YORK, shop_timezone=NEW_YORK, currency="USD", country="US")


@pytest.fixture
def reopen(tmp_path: Path, fake_time: Any) -> Callable[..., Warehouse]:
    def again(**options: Any) -> Warehouse:
        return Warehouse.open(tmp_path / "a" / ".segsync", clock=fake_time.clock, **{"store_id": "store-1", **options})

    return again


@pytest.fixture
def warehouse(reopen: Callable[..., Warehouse]) -> Iterator[Warehouse]:
    return reopen()


@pytest.fixture
def land(warehouse: Warehouse, place: Landing) -> Callable[..., Landed]:
    """Land rows given by stream as lists of dicts."""

    def put(source: str = "shop", run_id: int = 1, place: Landing = place, **streams: list[dict[str, Any]]) -> Landed:
        page = Page({name: pd.DataFrame(rows) for name, rows in streams.items()})
        return warehouse.land(source, page, place=place, run_id=run_id, pulled_at=datetime(2026, 6, 1, 12, tzinfo=UTC))

    return put


@pytest.fixture
def stored(warehouse: Warehouse) -> Callable[..., list[dict[str, Any]]]:
    """Everything in a table, in a fixed order, without the bookkeeping columns."""

    def rows(name: str) -> list[dict[str, Any]]:
        with warehouse.reading() as con:
            found = con.table(name).to_pyarrow().to_pylist()
        kept = [{k: v for k, v in row.items() if k not in ("pulled_at", "run_id")} for row in found]
        return sorted(kept, key=repr)

    return rows
