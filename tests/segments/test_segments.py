"""Members and moves, run after run, over a real warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from segsync import segments
from segsync.rules import AsOf, read
from segsync.segments import Size
from segsync.streams import COMPUTED, STREAMS
from segsync.testing import FakeTime
from segsync.warehouse import Warehouse

TEXTS = {
    "annas": "first_name = 'Anna'",
    "others": "NOT segments CONTAINS 'annas'",
    "nobody": "first_name = 'Nobody'",
}


@pytest.fixture
def warehouse(tmp_path: Path, fake_time: FakeTime) -> Warehouse:
    return Warehouse.open(tmp_path / "state", clock=fake_time.clock, store_id="test")


@pytest.fixture
def run(warehouse: Warehouse) -> Callable[..., list[Size]]:
    """Compute the segments of people, given by name, on a day of June."""

    def compute(names: dict[str, str], *, run_id: int, texts: dict[str, str] = TEXTS) -> list[Size]:
        rows = [{"person": person, "first_name": name} for person, name in names.items()]
        warehouse.write("people", pd.DataFrame(rows, columns=list(COMPUTED["people"]), dtype=object))
        as_of = AsOf(datetime(2026, 6, run_id, 12, tzinfo=UTC), ZoneInfo("UTC"))
        rules = read(texts, filled=frozenset(STREAMS)).rules
        return segments.compute(warehouse, rules, as_of, currency="USD", rates={}, run_id=run_id)

    return compute


def rows(warehouse: Warehouse, table: str, *columns: str) -> set[tuple[Any, ...]]:
    with warehouse.reading() as con:
        found = con.table(table).select(*columns).to_pyarrow().to_pylist()
    return {tuple(row.values()) for row in found}


def test_sizes_entries_and_exits(run: Callable[..., list[Size]]) -> None:
    first = run({"p1": "Anna", "p2": "Ben", "p3": "Anna"}, run_id=1)
    assert first == [Size("annas", 2, 2, 0), Size("others", 1, 1, 0), Size("nobody", 0, 0, 0)]
    second = run({"p1": "Anna", "p2": "Anna", "p4": "Cleo"}, run_id=2)
    assert second == [Size("annas", 2, 1, 1), Size("others", 1, 1, 1), Size("nobody", 0, 0, 0)]


def test_who_stays_keeps_the_day_they_entered_on(run: Callable[..., list[Size]], warehouse: Warehouse) -> None:
    run({"p1": "Anna"}, run_id=1)
    run({"p1": "Anna", "p2": "Anna"}, run_id=5)
    assert rows(warehouse, "members", "segment", "person", "entered_on") == {
        ("annas", "p1", date(2026, 6, 1)),
        ("annas", "p2", date(2026, 6, 5)),
    }


def test_who_comes_back_enters_anew(run: Callable[..., list[Size]], warehouse: Warehouse) -> None:
    run({"p1": "Anna"}, run_id=1)
    run({}, run_id=2)
    run({"p1": "Anna"}, run_id=3)
    assert rows(warehouse, "members", "person", "entered_on") == {("p1", date(2026, 6, 3))}
    assert rows(warehouse, "moves", "person", "run_id", "entered") == {
        ("p1", 1, True),
        ("p1", 2, False),
        ("p1", 3, True),
    }


def test_a_renamed_segment_loses_and_gains_nobody(run: Callable[..., list[Size]], warehouse: Warehouse) -> None:
    run({"p1": "Anna"}, run_id=1, texts={"annas": TEXTS["annas"]})
    segments.rename(warehouse, "annas", "anna_club")
    assert run({"p1": "Anna"}, run_id=2, texts={"anna_club": TEXTS["annas"]}) == [Size("anna_club", 1, 0, 0)]
    assert rows(warehouse, "members", "segment", "entered_on") == {("anna_club", date(2026, 6, 1))}


def test_no_segments_is_no_error(run: Callable[..., list[Size]], warehouse: Warehouse) -> None:
    run({"p1": "Anna"}, run_id=1)
    assert run({"p1": "Anna"}, run_id=2, texts={}) == []
    assert rows(warehouse, "members", "person") == set()


def test_a_hundred_segments_are_not_too_many(run: Callable[..., list[Size]]) -> None:
    texts = {f"at_least_{n}": f"number_of_orders >= {n}" for n in range(100)}
    sizes = run({"p1": "Anna"}, run_id=1, texts=texts)
    assert [size.members for size in sizes] == [1, *[0] * 99]
