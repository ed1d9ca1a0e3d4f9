"""A real orders export (personal data replaced): every row of it accounted for, counted apart with the csv module."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from segsync.model import Page
from segsync.warehouse.landing import Landing, read_page

ROWS, LISTINGS, ORDERS, LINES, AGAIN = 524, 506, 496, 514, 10


@pytest.fixture
def rows(shared: Callable[[str], Path]) -> list[dict[str, str]]:
    path = shared("data/shopify_export") / "orders_export_scrubbed.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def pulled(shared: Callable[[str], Path], source: Callable[..., Any], read: Callable[..., Any]) -> Any:
    return read(source(shopify_export=str(shared("data/shopify_export"))))


def test_an_independent_count(rows: list[dict[str, str]]) -> None:
    first = [row for row in rows if row["Currency"]]
    listed = Counter(row["Id"] for row in first)
    assert (len(rows), len(first), len(listed)) == (ROWS, LISTINGS, ORDERS)
    assert sum(count - 1 for count in listed.values()) == AGAIN
    # Each order that is listed again has one line, so the superseded listings take ten lines with them.
    assert ROWS - AGAIN == LINES


def test_every_order_and_line_is_read_once(pulled: Any) -> None:
    orders, lines = pulled.frame("orders"), pulled.frame("order_lines")
    assert (len(orders), orders.order_id.nunique()) == (ORDERS, ORDERS)
    assert len(lines) == LINES
    assert set(lines.order_id) == set(orders.order_id)
    assert pulled.frame("refunds").empty
    assert pulled.flaws == []


def test_several_lines_stay_with_their_order(pulled: Any) -> None:
    lines = Counter(pulled.column("order_lines", "order_id"))
    assert Counter(lines.values()) == {1: 479, 2: 16, 3: 1}


def test_money_is_what_the_file_adds_up_to(pulled: Any, rows: list[dict[str, str]]) -> None:
    last = {row["Id"]: row for row in rows if row["Currency"]}
    orders = pulled.frame("orders")
    assert sum(map(Decimal, orders.net)) == sum(Decimal(row["Total"]) for row in last.values())
    lines = pulled.frame("order_lines")
    by_order: dict[str, Decimal] = {}
    for order, gross in zip(lines.order_id, lines.gross, strict=True):
        by_order[order] = by_order.get(order, Decimal(0)) + Decimal(gross)
    assert {o: Decimal(g) for o, g in zip(orders.order_id, orders.gross, strict=True)} == by_order


def test_places_are_the_lines_of_the_file(pulled: Any, shared: Callable[[str], Path]) -> None:
    text = (shared("data/shopify_export") / "orders_export_scrubbed.csv").read_text(encoding="utf-8").splitlines()
    orders = pulled.frame("orders")
    for order, place in zip(orders.order_id, orders.place, strict=True):
        assert order in text[int(place.rpartition(":")[2]) - 1]


def test_statuses_channels_and_ways_to_reach(pulled: Any) -> None:
    orders = pulled.frame("orders")
    assert orders.financial_status.value_counts().to_dict() == {"PENDING": 456, "VOIDED": 39, "PAID": 1}
    assert orders.channel.value_counts().to_dict() == {"other": 483, "draft_order": 13}
    assert orders.cancelled_at.notna().sum() == 39
    assert orders.email.notna().sum() == 4
    assert orders.phone.notna().all()
    assert orders.postal_code.isna().all() or not set(orders.postal_code.dropna()) & {"-"}


def test_what_landing_cannot_use_is_named_with_its_line(pulled: Any) -> None:
    zone = ZoneInfo("America/New_York")
    place = Landing(zone, zone, "USD")
    (page,) = pulled.pages
    assert isinstance(page, Page)
    landed = read_page("files", page, place, 1, datetime(2026, 6, 1, tzinfo=UTC))
    assert {stream: rows.rows.num_rows for stream, rows in landed.items()} == {
        "orders": ORDERS,
        "order_lines": LINES,
        "refunds": 0,
    }
    flaws = [flaw for rows in landed.values() for flaw in rows.flaws]
    assert {flaw.column for flaw in flaws} == {"phone"}  # the digits were shuffled to hide whose they were
    assert all(flaw.place.startswith("orders_export_scrubbed.csv:") for flaw in flaws)
    usable = landed["orders"].rows["phone"].drop_null()
    assert len(flaws) + len(usable) == ORDERS
