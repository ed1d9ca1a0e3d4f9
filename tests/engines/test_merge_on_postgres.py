"""A second run over changed customers: persons merge, what audiences hold follows them, alike on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest
from postgres import PostgresStore

from segsync import people
from segsync.streams import COMPUTED, STREAMS, fold

Rows = Sequence[dict[str, Any]]
CUSTOMERS = {
    "a": {"email": "a@example.com", "phone": "+12127365000", "last_name": "Low"},
    "b": {"email": "b@example.com", "first_name": "Bo"},
    "c": {"phone": "+12127365000", "last_name": "low", "tags_key": ["vip"]},
    "d": {"phone": "+12127365000", "last_name": "High"},
    "e": {"email": "e@example.com"},
}
GUEST = {
    "source": "web", "order_id": "1", "email": "g@example.com", "owner": "guest:g@example.com", "live": True,
    "ordered_at": datetime(2026, 1, 1), "currency": "USD",
}  # fmt: skip


class DuckStore:
    """The same store in DuckDB's memory."""

    def __init__(self) -> None:
        self.con = ibis.duckdb.connect()
        for name, columns in {**{name: table.schema for name, table in STREAMS.items()}, **COMPUTED}.items():
            self.con.create_table(name, schema=ibis.schema(columns))

    def copy(self, name: str, rows: Rows) -> None:
        schema = ibis.schema(self.con.table(name).schema()).to_pyarrow()
        self.con.insert(name, pa.Table.from_pylist(list(rows), schema=schema))

    def write(self, name: str, expr: Any) -> None:
        self.con.create_table(name, expr.cast(COMPUTED[name]), overwrite=True)


@pytest.fixture
def stores(postgres: Any) -> list[Any]:
    return [DuckStore(), PostgresStore(postgres)]


def test_a_merge_moves_what_is_held(stores: list[Any]) -> None:
    firsts, seconds = [], []
    for store in stores:
        fill(store, "orders", [GUEST])
        firsts.append(run(store, 1, CUSTOMERS))
        persons = {row["customer_id"]: row["person"] for row in firsts[-1]["identities"]}
        held = [{"audience": "vip", "person": persons[name], "state": "held", "batch_seq": 1} for name in "abe"]
        held.append({"audience": "all", "person": persons["b"], "state": "held", "batch_seq": 2})
        fill(store, "held", held)
        seconds.append(run(store, 2, {**CUSTOMERS, "b": {**CUSTOMERS["b"], "email": "a@example.com"}}))
    assert firsts[0] == firsts[1]
    assert seconds[0] == seconds[1]
    before, after = (
        {row["customer_id"]: row["person"] for row in found[0]["identities"]} for found in (firsts, seconds)
    )
    assert before["a"] == before["c"] != before["d"]
    assert before["b"] != before["a"]
    assert after["b"] == after["a"]
    assert {row["person"] for row in seconds[0]["held"] if row["audience"] == "all"} == {after["a"]}


def run(store: Any, number: int, customers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Join and describe, as the number-th run; what the computed tables hold then."""
    rows = [
        {"source": "web", "customer_id": id_, **facts, "updated_at": datetime(2026, 1, 1)}
        | {"last_name_key": fold(facts["last_name"]) if "last_name" in facts else None}
        for id_, facts in customers.items()
    ]
    fill(store, "customers", rows)
    at = datetime(2026, 6, number)
    joining = people.resolve(store.con, store.write, run_id=number, at=at, max_customers=10)
    people.describe(store.con, store.write, as_of=at)
    tables = {name: contents(store, name) for name in ("identities", "identifiers", "people", "held")}
    return {"joining": joining, **tables}


def fill(store: Any, name: str, rows: Rows) -> None:
    columns = store.con.table(name).columns
    store.con.truncate_table(name)
    store.copy(name, [{column: row.get(column) for column in columns} for row in rows])


def contents(store: Any, name: str) -> list[dict[str, Any]]:
    return sorted(store.con.table(name).to_pyarrow().to_pylist(), key=repr)
