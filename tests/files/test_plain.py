"""Plain files mapped to streams: CSV, TSV, Parquet, JSONL, and records that travel together."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from segsync.errors import ConfigError, Unavailable
from segsync_files.options import Options

Put = Callable[..., Path]
Make = Callable[..., Any]

ORDERS = {"order_id": "Order No", "ordered_at": "Date", "net": "Total"}
LINES = {"order_id": "Order No", "sku": "SKU", "quantity": "Qty"}


def problem(source: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        source.check()
    return str(caught.value)


def test_columns_constants_and_values(put: Put, source: Make, read: Make) -> None:
    put("o.csv", "Order No,Date,Total,State", "7,2026-04-05,12.50,done", "8,2026-04-06,,open")
    columns = {**ORDERS, "financial_status": "State"}
    orders = {
        "path": "o.csv",
        "columns": columns,
        "constants": {"currency": "USD", "test": False},
        "values": {"financial_status": {"done": "PAID"}},
    }
    got = read(source(streams={"orders": orders}))
    assert got.frame("orders").to_dict("records") == [
        {
            "order_id": "7", "ordered_at": "2026-04-05", "net": "12.50", "financial_status": "PAID", "place": "o.csv:2",
            "currency": "USD", "test": False,
        },
        {
            "order_id": "8", "ordered_at": "2026-04-06", "net": None, "financial_status": "open", "place": "o.csv:3",
            "currency": "USD", "test": False,
        },
    ]  # fmt: skip


def test_without_columns_the_files_own_names_count(put: Put, source: Make, read: Make) -> None:
    put("c.csv", "customer_id,email,shoe_size", "1,ann@example.com,38")
    got = read(source(streams={"customers": {"path": "c.csv"}}), "customers")
    assert sorted(got.frame("customers").columns) == ["customer_id", "email", "place"]


def test_dates_and_amounts_as_they_are_written_elsewhere(put: Put, source: Make, read: Make) -> None:
    put("o.csv", "Order No;Date;Total", "1;05.04.2026 19:50;1.234,50", "2;31/12/2025;7,-", "3;never;'9,99")
    base = {"path": "o.csv", "columns": ORDERS, "delimiter": ";", "decimal_comma": True}
    got = read(source(streams={"orders": {**base, "day_first": True}}))
    assert got.column("orders", "ordered_at") == ["2026-04-05 19:50", "2025-12-31", "never"]
    assert got.column("orders", "net") == ["1234.50", "7.-", "9.99"]
    got = read(source(streams={"orders": {**base, "date_format": "%d.%m.%Y %H:%M"}}))
    assert got.column("orders", "ordered_at")[0] == "2026-04-05T19:50:00"
    assert got.column("orders", "ordered_at")[2] == "never (not in its date_format)"


def test_values_without_a_column_become_attributes(put: Put, source: Make, read: Make) -> None:
    put("c.csv", "Id,Shoe,Cat", "1,38,", "2,,")
    columns = {"customer_id": "Id", "attributes": {"shoe_size": "Shoe", "cat": "Cat"}}
    got = read(source(streams={"customers": {"path": "c.csv", "columns": columns}}), "customers")
    assert got.column("customers", "attributes") == ['{"shoe_size": "38"}', None]


def test_lines_and_refunds_travel_with_their_orders(put: Put, source: Make, read: Make, monkeypatch: Any) -> None:
    monkeypatch.setattr("segsync_files.pages.PAGE", {"orders": 2, "customers": 2})
    put("o.csv", "Order No,Date,Total", *(f"{i},2026-04-05,5" for i in range(1, 6)))
    put("l.csv", "Order No,SKU,Qty", "5,E,1", "1,A,1", "9,Z,1", "1,B,2", "3,C,1")
    put("r.tsv", "order_id\tamount", "3\t4.00")
    streams = {
        "orders": {"path": "o.csv", "columns": ORDERS},
        "order_lines": {"path": "l.csv", "columns": LINES},
        "refunds": {"path": "r.tsv"},
    }
    got = read(source(streams=streams))
    carried = [
        (page.frames["orders"].order_id.tolist(), page.frames["order_lines"].sku.tolist())
        for page in got.pages
        if "order_lines" in page.frames
    ]
    assert carried == [(["1", "2"], ["A", "B"]), (["3", "4"], ["C"]), (["5"], ["E"])]
    assert got.column("order_lines", "line_id") == ["1", "2", "1", "1"]
    assert got.column("refunds", "refund_id") == ["3:1"]
    assert got.troubles == [("l.csv:4", "none of the orders has it: the row is left out")]


def test_a_changed_file_of_lines_brings_its_orders_again(put: Put, source: Make, read: Make) -> None:
    streams = {
        "orders": {"path": "o.csv", "columns": ORDERS},
        "order_lines": {"path": "l.csv", "columns": LINES},
    }
    put("o.csv", "Order No,Date,Total", "1,2026-04-05,5")
    put("l.csv", "Order No,SKU,Qty", "1,A,1")
    first = read(source(streams=streams))
    assert read(source(streams=streams), since=first.cursor).pages == []
    put("l.csv", "Order No,SKU,Qty", "1,A,1", "1,B,1")
    second = read(source(streams=streams), since=first.cursor)
    assert (len(second.frame("orders")), len(second.frame("order_lines"))) == (1, 2)


def test_lines_without_orders_are_a_mistake(put: Put, source: Make) -> None:
    put("l.csv", "Order No,SKU,Qty", "1,A,1")
    said = problem(source(streams={"order_lines": {"path": "l.csv", "columns": LINES}}))
    assert "there is no file of orders" in said
    assert "sources.files.streams.orders" in said


def test_addresses_in_a_file_of_their_own(put: Put, source: Make, read: Make) -> None:
    put("c.csv", "customer_id,email", "1,a@example.com", "2,b@example.com")
    put("a.csv", "customer_id,country,city", "2,US,Boston", "2,US,Salem")
    got = read(source(streams={"customers": {"path": "c.csv"}, "addresses": {"path": "a.csv"}}), "customers")
    assert got.frame("addresses")[["customer_id", "address_id", "city"]].values.tolist() == [
        ["2", "1", "Boston"],
        ["2", "2", "Salem"],
    ]


def test_parquet_keeps_its_types(source: Make, read: Make, tmp_path: Path) -> None:
    when = datetime(2026, 4, 5, 12, tzinfo=UTC)
    columns = {
        "order_id": [1, 2],
        "ordered_at": [when, None],
        "net": [Decimal("1.50"), None],
        "discount_codes": [["A"], None],
    }
    pq.write_table(pa.table(columns), tmp_path / "o.parquet")
    got = read(source(streams={"orders": {"path": "o.parquet"}})).frame("orders")
    assert got.iloc[0].to_dict() == {
        "order_id": 1, "ordered_at": when, "net": Decimal("1.50"), "discount_codes": ["A"], "place": "o.parquet:1",
    }  # fmt: skip
    assert got.iloc[1].isna().sum() == 3


def test_jsonl_names_the_lines_that_are_none(put: Put, source: Make, read: Make) -> None:
    put(
        "c.jsonl",
        '{"id": 1, "mail": "a@example.com", "tags": ["x"]}',
        "{broken",
        "[1]",
        "",
        '{"id": null}',
        '{"id": 2}',
    )
    columns = {"customer_id": "id", "email": "mail", "tags": "tags"}
    files = source(streams={"customers": {"path": "c.jsonl", "columns": columns}})
    got = read(files, "customers")
    assert got.column("customers", "customer_id") == [1, 2]
    assert got.column("customers", "tags")[0] == ["x"]
    assert [place for place, _ in got.troubles] == ["c.jsonl:2", "c.jsonl:3", "c.jsonl:5"]
    assert [id_ for page in files.ids() for id_ in page] == ["1", "2"]


def test_a_jsonl_file_cut_in_the_middle_is_unavailable(put: Put, source: Make, read: Make) -> None:
    put("c.jsonl", '{"id": 1}\n{"id": 2, "mai', end="")
    with pytest.raises(Unavailable, match="ends in the middle"):
        read(source(streams={"customers": {"path": "c.jsonl", "columns": {"customer_id": "id"}}}), "customers")


def test_spoilt_lines_are_no_vanished_customers(put: Put, source: Make, read: Make) -> None:
    put("c.csv", "email,customer_id", "a@example.com,1", "b@example.com,2,extra", "c@example.com,3")
    files = source(streams={"customers": {"path": "c.csv"}})
    assert len(read(files, "customers").frame("customers")) == 2
    assert sorted(id_ for page in files.ids() for id_ in page) == ["1", "2", "3"]


def test_events_without_ids_are_told_apart_by_what_they_say(put: Put, source: Make, read: Make) -> None:
    put("e.csv", "email,name,happened_at", "a@example.com,viewed,2026-04-05", "a@example.com,viewed,2026-04-06")
    files = source(streams={"events": {"path": "e.csv"}})
    one, two = read(files, "events").column("events", "event_id")
    assert one != two
    put("e.csv", "email,name,happened_at", "", "a@example.com,viewed,2026-04-06")
    assert read(files, "events").column("events", "event_id") == [two]


def test_a_record_without_its_id_is_a_flaw(put: Put, source: Make, read: Make) -> None:
    put("o.csv", "Order No,Date,Total", ",2026-04-05,1", "2,2026-04-05,1")
    got = read(source(streams={"orders": {"path": "o.csv", "columns": ORDERS}}))
    assert [(flaw.place, flaw.column) for flaw in got.flaws] == [("o.csv:2", "order_id")]
    assert got.column("orders", "order_id") == ["2"]


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ({"orders": {"path": "o.csv", "columns": {"order_id": "Order Nr"}}}, "did you mean `Order No`?"),
        ({"orders": {"path": "o.csv", "columns": {"net": "Total"}}}, "`order_id` is not mapped"),
        ({"orders": {"path": "missing.csv", "columns": ORDERS}}, "there is no file"),
        ({"orders": {"path": "o.xlsx", "columns": ORDERS}}, 'format = "csv"'),
        ({"orders": {"path": "twice.csv", "columns": {"order_id": "Id"}}}, "two columns called `Id`"),
        ({"orders": {"path": "fake.parquet"}}, "is not a Parquet file"),
    ],
)
def test_what_does_not_fit_is_said(put: Put, source: Make, streams: Any, said: str) -> None:
    put("o.csv", "Order No,Date,Total", "1,2026-04-05,1")
    put("o.xlsx", "x")
    put("twice.csv", "Id,Id", "1,2")
    put("fake.parquet", "x")
    assert said in problem(source(streams=streams))


def test_all_problems_at_once(put: Put, source: Make) -> None:
    put("o.csv", "Order No,Date,Total", "1,2026-04-05,1")
    broken = {"order_id": "Nr", "net": "Totl"}
    said = problem(source(shopify_export="nowhere", streams={"orders": {"path": "o.csv", "columns": broken}}))
    assert said.startswith("3 problems")


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"streams": {"ordrs": {"path": "o.csv"}}}, ("streams", "ordrs")),
        (
            {"streams": {"orders": {"path": "o.csv", "columns": {"order_nr": "x"}}}},
            ("streams", "orders", "columns", "order_nr"),
        ),
        (
            {"streams": {"orders": {"path": "o.csv", "columns": {"owner": "x"}}}},
            ("streams", "orders", "columns", "owner"),
        ),
        ({"streams": {"orders": {"path": "o.csv", "colums": {}}}}, ("streams", "orders", "colums")),
        (
            {"streams": {"orders": {"path": "o.csv", "values": {"stat": {"a": "b"}}}}},
            ("streams", "orders", "values", "stat"),
        ),
        ({"encoding": "utf-99"}, ("encoding",)),
        ({"streams": {"orders": {"path": "o.csv", "delimiter": ";;"}}}, ("streams", "orders", "delimiter")),
    ],
)
def test_unknown_names_are_refused_where_they_stand(options: dict[str, Any], place: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        Options(**options)
    assert [error["loc"] for error in caught.value.errors()] == [place]


def test_the_spool_leaves_nothing_behind(put: Put, source: Make, tmp_path: Path, monkeypatch: Any) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    put("o.csv", "Order No,Date,Total", *(f"{i},2026-04-05,5" for i in range(20)))
    put("l.csv", "Order No,SKU,Qty", "1,A,1")
    monkeypatch.setattr("segsync_files.pages.PAGE", {"orders": 2, "customers": 2})
    streams = {"orders": {"path": "o.csv", "columns": ORDERS}, "order_lines": {"path": "l.csv", "columns": LINES}}
    reading = source(streams=streams).read("orders", None, None)
    next(reading)
    assert list(folder.iterdir())
    reading.close()
    assert not list(folder.iterdir())


def test_options_have_a_schema_for_editors() -> None:
    text = json.dumps(Options.model_json_schema())
    assert "order_id" in text
    assert "last_name_key" not in text
