"""Which details of old runs the ledger keeps however old they are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from segsync.ledger import Ledger, audiences, batches, erasures, open_ledger, pruning, runs, schema
from segsync.ledger.batches import Recorded
from segsync.model import Action, Flaw, Receipt, Ticket
from segsync.testing import FakeTime


def pushed(
    ledger: Ledger, time: FakeTime, run_id: int, *, state: str = "done", fold: bool = True, ticket: bool = False
) -> int:
    """A plan with one batch and its receipt; the plan's serial."""
    key = audiences.of_sync(ledger, "vip", "klaviyo", name="VIP", run_id=run_id).key
    now = time.instant
    serial = batches.open_plan(
        ledger, plan_id="x", audience=key, run_id=run_id, at=now, counts={}, stops={}, state=state
    )
    batches.record(ledger, [Recorded(0, serial, key, 0, 0, Action.ADD, 1)])
    (batch,) = batches.of_plan(ledger, serial)
    batches.mark_sent(ledger, batch.seq, now)
    waiting = Ticket("t", now, now) if ticket else None
    receipt = Receipt("b", pending=frozenset({"p1-1"} if ticket else ()), ticket=waiting)
    batches.record_receipt(ledger, batch.seq, receipt, now)
    if fold:
        batches.mark_folded(ledger, [batch.seq], now)
    return serial


def left(ledger: Ledger, column: sa.Column[int]) -> list[int]:
    with ledger.begin() as connection:
        return sorted(connection.execute(sa.select(column).distinct()).scalars())


def test_what_is_still_open_stays_however_old(tmp_path: Path, fake_time: FakeTime) -> None:
    ledger = open_ledger(tmp_path, fake_time.clock)
    run_id = runs.start(ledger, command="run", pid=1, at=fake_time.instant, as_of=fake_time.instant)
    closed = pushed(ledger, fake_time, run_id)
    kept = [
        pushed(ledger, fake_time, run_id, state="open"),
        pushed(ledger, fake_time, run_id, fold=False),
        pushed(ledger, fake_time, run_id, ticket=True),
        pushed(ledger, fake_time, run_id),
    ]
    (batch,) = batches.of_plan(ledger, kept[-1])
    with ledger.begin() as connection:
        row = {"kind": "person", "who": "", "origin": "", "asked_at": "", "erased": "{}"}
        connection.execute(schema.erasures.insert().values(row))
        waiting = {"erasure": 1, "destination": "klaviyo", "person": "p1-1", "waits_for": batch.seq, "state": "pending"}
        connection.execute(schema.errands.insert().values(waiting))
    assert pruning.prune_details(ledger, fake_time.instant) == 0, "it is not old yet"
    assert pruning.prune_details(ledger, fake_time.instant + timedelta(days=1)) == 3
    assert left(ledger, schema.plans.c.serial) == kept
    assert closed not in left(ledger, schema.batches.c.plan)
    assert left(ledger, schema.runs.c.id) == [run_id]
    assert [errand.waits_for for errand in erasures.open_errands(ledger)] == [batch.seq]
    ledger.close()


def test_the_newest_read_of_each_root_stays(tmp_path: Path, fake_time: FakeTime) -> None:
    ledger = open_ledger(tmp_path, fake_time.clock)
    flaw = Flaw("customers 1", "phone", "not a phone number")
    for records, error in ((9, None), (5, None), (0, None), (0, "down")):
        run_id = runs.start(ledger, command="pull", pid=1, at=fake_time.instant, as_of=fake_time.instant)
        read = runs.Read("shop", "customers", records, records and 1, error)
        runs.record_read(ledger, run_id, read, [flaw] if records else [], fake_time.instant)
        runs.record_sizes(ledger, run_id, {"shop": {"customers": records}})
    pruning.prune_details(ledger, fake_time.instant + timedelta(days=1))
    assert left(ledger, schema.reads.c.run_id) == [2, 3, 4], "the last, the last good one, the last with records"
    assert (len(runs.flaws_now(ledger)), left(ledger, schema.sizes.c.run_id)) == (1, [4])
    assert runs.last_good_read(ledger, "shop", "customers") is not None
    ledger.close()
