"""How much of what a platform counts has landed: per customer, per source, and on every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest

from segsync.plan.history import History, by_source, histories
from segsync.streams import STREAMS

ENGINES = ("duckdb", "postgres", "bigquery", "snowflake", "pyspark", "databricks")
Rows = list[dict[str, Any]]


def found(customers: Rows, orders: Sequence[dict[str, Any]] = ()) -> Mapping[str, History]:
    """The histories of landed rows, which are `shop`'s unless they say otherwise."""
    con = ibis.duckdb.connect()
    for name, rows in (("customers", customers), ("orders", orders)):
        schema = ibis.schema(STREAMS[name].schema)
        whole = [{c: {"source": "shop", **row}.get(c) for c in schema.names} for row in rows]
        con.create_table(name, pa.Table.from_pylist(whole, schema=schema.to_pyarrow()))
    return histories(con)


def customer(number: str, counted: int | None, **more: Any) -> dict[str, Any]:
    return {"customer_id": number, "platform_orders": counted, **more}


def orders(number: str | None, *days: int, **more: Any) -> Rows:
    return [{"customer_id": number, "order_id": f"{number}-{d}", "ordered_on": date(2026, 5, d), **more} for d in days]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_expression_compiles(engine: str) -> None:
    tables = [ibis.table(STREAMS[name].schema, name=name) for name in ("customers", "orders")]
    assert "SELECT" in str(ibis.to_sql(by_source(*tables), dialect=engine))


def test_counts_against_what_has_landed() -> None:
    customers = [customer("1", 5), customer("2", 2), customer("3", 4), customer("4", 0)]
    landed = [*orders("1", 20, 21), *orders("2", 11, 22)]
    assert found(customers, landed) == {"shop": History(reported=11, missing=7, since=date(2026, 5, 11))}


def test_one_s_surplus_is_not_another_s_lack() -> None:
    assert found([customer("1", 1), customer("2", 3)], orders("1", 1, 2, 3, 4))["shop"].missing == 3


def test_every_landed_order_counts() -> None:
    landed = [*orders("1", 1, test=True, live=False), *orders("1", 2, cancelled_at=datetime(2026, 5, 3), live=False)]
    assert found([customer("1", 2)], landed)["shop"].missing == 0


def test_the_earliest_day_is_of_any_order() -> None:
    landed = [*orders("1", 20), *orders(None, 3), *orders("vanished", 7), {"customer_id": "1", "order_id": "undated"}]
    assert found([customer("1", 2)], landed)["shop"].since == date(2026, 5, 3)


def test_customers_who_have_vanished_are_not_asked_for_orders() -> None:
    gone = customer("2", 9, deleted_at=datetime(2026, 5, 1))
    assert found([customer("1", 1), gone], orders("1", 1))["shop"] == History(1, 0, date(2026, 5, 1))
    assert found([gone]) == {}


def test_sources_are_apart_and_those_that_say_nothing_are_left_out() -> None:
    customers = [customer("1", 3), customer("1", None, source="files"), customer("1", 1, source="other")]
    customers += [customer("2", None)]
    landed = [*orders("1", 4, source="files"), *orders("1", 5, source="other"), *orders("2", 6)]
    assert found(customers, landed) == {
        "shop": History(3, 3, date(2026, 5, 6)),
        "other": History(1, 0, date(2026, 5, 5)),
    }


def test_nothing_at_all() -> None:
    assert found([]) == {}
    assert found([customer("1", None)], orders("1", 1)) == {}
    assert found([customer("1", 4)]) == {"shop": History(4, 4, None)}


@pytest.mark.parametrize(
    ("reported", "missing", "short"),
    [(10, 2, False), (10, 3, True), (1000, 10, False), (1000, 11, True), (300, 3, False), (299, 3, True)],
)
def test_a_little_may_be_missing(reported: int, missing: int, short: bool) -> None:
    history = History(reported, missing, date(2026, 5, 1))
    assert history.short is short
    assert history.reaches(date.min) is not short


def test_a_short_history_is_enough_for_what_it_reaches() -> None:
    history = History(100, 90, date(2026, 4, 2))
    assert history.landed == 10
    assert [history.reaches(date(2026, 4, day)) for day in (1, 2, 3)] == [False, True, True]
    assert not History(100, 100, None).reaches(date(2026, 4, 2))


def test_an_order_of_long_ago_is_no_history() -> None:
    """Imported, it bears the day on which it was placed in another shop."""
    imported = [{"customer_id": "1", "order_id": "old", "ordered_on": date(2019, 1, 1)}]
    theirs = found([customer("1", 90)], [*imported, *orders("1", *range(3, 31))])["shop"]
    assert theirs.since == date(2026, 5, 3)
    assert not theirs.reaches(date(2025, 1, 1))
    a_few = found([customer("1", 9)], [*imported, *orders("1", 3, 4)])["shop"]
    assert a_few.since == date(2019, 1, 1)
