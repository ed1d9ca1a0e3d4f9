"""What goes from each table, and what of other people's rows stays: on a small warehouse, without a command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
import pytest
import sqlalchemy as sa

from segsync.ledger import erasures, open_ledger, schema, scrubbing
from segsync.model import Identifiers, Page
from segsync.plan import identifiers as texts
from segsync.plan.history import histories
from segsync.run.privacy.keeping_out import KeptOut
from segsync.run.privacy.their_rows import erase
from segsync.run.privacy.whom import Scope
from segsync.testing import FakeTime
from segsync.warehouse import Landing, Warehouse, totals

UTC_ZONE = ZoneInfo("UTC")
PLACE = Landing(timezone=UTC_ZONE, shop_timezone=UTC_ZONE, currency="USD", country="US")
ANN, JOANN, BOB = "ann@example.com", "joann@example.com", "bob@example.com"
PHONE = "+12125550123"


@pytest.fixture
def warehouse(tmp_path: Path, fake_time: FakeTime) -> Warehouse:
    return Warehouse.open(tmp_path, clock=fake_time.clock, store_id="x")


def land(warehouse: Warehouse, sieve: Any = None, **frames: list[dict[str, Any]]) -> dict[str, int]:
    page = Page({name: pd.DataFrame(rows) for name, rows in frames.items()})
    now = datetime(2026, 6, 1, tzinfo=UTC)
    return dict(warehouse.land("shop", page, place=PLACE, run_id=1, pulled_at=now, sieve=sieve).counts)


def column(warehouse: Warehouse, table: str, name: str) -> list[Any]:
    with warehouse.reading() as con:
        return sorted(con.table(table)[name].to_pyarrow().to_pylist(), key=str)


def held(person: str, *emails: str, id_: str | None = None, state: str = "held") -> dict[str, Any]:
    row = {"audience": "a", "person": person, "platform_id": id_, "accepted_at": None, "batch_seq": 1, "was": None}
    return {**row, "identifiers": texts.dump(Identifiers(emails)), "state": state, "value": None}


def test_a_value_inside_a_longer_one_is_somebody_elses(warehouse: Warehouse) -> None:
    attributes = f'{{"note":"{ANN}, {JOANN}; {ANN}.au, x+{ANN}. Ask Ann@Example.com."}}'
    land(warehouse, customers=[{"customer_id": "1", "email": JOANN, "attributes": attributes}])
    warehouse.replace_text({ANN: "a***@example.com", PHONE: "+1***23"})
    (left,) = column(warehouse, "customers", "attributes")
    assert left == f'{{"note":"a***@example.com, {JOANN}; {ANN}.au, x+{ANN}. Ask a***@example.com."}}'
    assert column(warehouse, "customers", "email") == [JOANN]


def test_the_ledger_keeps_longer_values_too(tmp_path: Path, fake_time: FakeTime) -> None:
    ledger = open_ledger(tmp_path, fake_time.clock)
    row = {"command": f"why {ANN} {JOANN} {ANN.upper()}", "pid": 1, "started_at": "", "as_of": ""}
    with ledger.begin() as connection:
        connection.execute(schema.runs.insert().values(row))
        scrubbing.scrub(connection, scrubbing.Traces(values={ANN: "a***@example.com"}))
        told = connection.execute(sa.select(schema.runs.c.command)).scalar()
    assert told == f"why a***@example.com {JOANN} a***@example.com"
    ledger.close()


def test_somebody_elses_order_stays_without_the_phone(warehouse: Warehouse) -> None:
    orders = [
        {"order_id": "1", "customer_id": "7", "email": BOB, "phone": PHONE},
        {"order_id": "2", "customer_id": "7", "phone": PHONE},
        {"order_id": "3", "phone": PHONE},
        {"order_id": "4", "email": ANN},
    ]
    lines = [{"order_id": str(n), "line_id": "1"} for n in (1, 2, 3, 4)]
    land(warehouse, orders=orders, order_lines=lines)
    gone = erase(warehouse, Scope(emails=frozenset({ANN}), phones=frozenset({PHONE})))
    assert gone == {"orders": 2, "order_lines": 2}
    assert column(warehouse, "orders", "order_id") == ["1", "2"]
    assert column(warehouse, "order_lines", "order_id") == ["1", "2"]
    assert column(warehouse, "orders", "phone") == [None, None]
    assert column(warehouse, "orders", "email") == [None, BOB]


def test_other_rows_that_name_them_lose_that_and_stay(warehouse: Warehouse) -> None:
    rows = [held("p1-1", ANN), held("p1-1~x", "old@example.com"), held("p1-2", BOB, ANN), held("p1-3~y", ANN)]
    warehouse.append("held", pd.DataFrame(rows))
    gone = erase(warehouse, Scope(persons=frozenset({"p1-1"}), emails=frozenset({ANN})))
    assert gone == {"held": 3}
    assert column(warehouse, "held", "person") == ["p1-2"]
    assert column(warehouse, "held", "identifiers") == [texts.dump(Identifiers((BOB,)))]


def test_whoever_shares_the_profile_is_added_anew(warehouse: Warehouse) -> None:
    rows = [held("p1-1", ANN, id_="X"), held("p1-2", BOB, id_="X"), held("p1-3", JOANN, id_="Y")]
    warehouse.append("held", pd.DataFrame([*rows, {**held("p1-4", id_="X"), "audience": "b"}]))
    erase(warehouse, Scope(persons=frozenset({"p1-1"}), emails=frozenset({ANN})))
    with warehouse.reading() as con:
        left = con.table("held").select("person", "state").order_by("person").to_pyarrow().to_pylist()
    assert [(row["person"], row["state"]) for row in left] == [
        ("p1-2", "uncertain"),
        ("p1-3", "held"),
        ("p1-4", "held"),
    ]


def test_erasing_twice_is_erasing_once(warehouse: Warehouse) -> None:
    land(warehouse, customers=[{"customer_id": "1", "email": ANN}], addresses=[{"customer_id": "1", "address_id": "1"}])
    scope = Scope(records=frozenset({("shop", "1")}), emails=frozenset({ANN}))
    assert erase(warehouse, scope) == {"customers": 1, "addresses": 1}
    assert erase(warehouse, scope) == {}
    assert Scope.read(scope.plain()) == scope


@pytest.fixture
def sieve(tmp_path: Path, fake_time: FakeTime) -> Any:
    ledger = open_ledger(tmp_path / "ledger", fake_time.clock)
    with ledger.begin() as connection:
        row = {"kind": "person", "who": "", "origin": "", "asked_at": "", "erased": "{}"}
        connection.execute(schema.erasures.insert().values(row))
    erasures.keep_out(
        ledger, 1, [(f"email:{ANN}", "email"), (f"phone:{PHONE}", "phone"), ("customer:shop:1", "customer")]
    )
    yield KeptOut("shop", ledger, lambda kind, value: f"{kind}:{value}", dict(erasures.digests(ledger)))
    ledger.close()


def test_records_are_read_as_landing_does_before_they_are_left_out(warehouse: Warehouse, sieve: KeptOut) -> None:
    counts = land(
        warehouse,
        sieve,
        customers=[
            {"customer_id": "1", "email": BOB},  # the same customer, with another e-mail
            {"customer_id": "2", "email": "  ANN@example.com "},
            {"customer_id": "3", "phone": "(212) 555-0123"},
            {"customer_id": "4", "email": BOB, "phone": "212-555-0123"},
            {"customer_id": "5", "email": JOANN},
        ],
        addresses=[{"customer_id": str(n), "address_id": "1"} for n in range(1, 6)],
    )
    assert (counts["customers"], counts["addresses"], sieve.left_out) == (2, 2, 3)
    assert column(warehouse, "customers", "customer_id") == ["4", "5"]
    assert column(warehouse, "customers", "phone") == [None, None]
    counts = land(
        warehouse,
        sieve,
        orders=[
            {"order_id": "1", "customer_id": "2"},  # by an id that was learned above
            {"order_id": "2", "customer_id": "4", "phone": PHONE},
            {"order_id": "3", "phone": PHONE},
            {"order_id": "4", "email": ANN},
            {"order_id": "5", "customer_id": "1"},
        ],
        order_lines=[{"order_id": str(n), "line_id": "1"} for n in range(1, 6)],
    )
    assert (counts["orders"], counts["order_lines"], sieve.left_out) == (1, 1, 7)
    assert column(warehouse, "orders", "order_id") == ["2"]
    assert len(erasures.digests(sieve.ledger)) == 5


def test_dropped_orders_are_no_gap_in_the_platforms_count(warehouse: Warehouse) -> None:
    """Retention took them: that the platform counts more than has landed must not be laid at its door."""
    orders = [
        {"order_id": str(n), "customer_id": "1", "ordered_at": f"2026-0{1 + n % 5}-01T00:00:00Z"} for n in range(10)
    ]
    land(warehouse, customers=[{"customer_id": "1", "platform_orders": 10}], orders=orders)
    with warehouse.transaction() as con:
        table = con.table("orders")
        old = table.filter(table.ordered_on < ibis.date("2026-05-01"))
        totals.count_pruned_orders(warehouse, con, old)
        assert warehouse.delete("orders", old.select("source", "order_id")) == 8
        assert histories(con)["shop"].missing == 0
        totals.forget_pruned_orders(warehouse, con, "shop")
        assert histories(con)["shop"].short
