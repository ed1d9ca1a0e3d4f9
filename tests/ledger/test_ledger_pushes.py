"""Audiences, plans, batches, receipts, refusals and approvals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from segsync.ledger import Ledger, approvals, audiences, batches, refusals
from segsync.ledger.batches import Recorded
from segsync.ledger.refusals import Refused
from segsync.model import Action, Receipt, Reject, Ticket
from segsync.testing import FakeTime


def opened(ledger: Ledger, audience: str, run_id: int, time: FakeTime, *, id: str = "aa", state: str = "open") -> int:
    return batches.open_plan(
        ledger,
        plan_id=id,
        audience=audience,
        run_id=run_id,
        at=time.instant,
        counts={"add": 3},
        stops={"removed": 70},
        state=state,
    )


def recorded(ledger: Ledger, audience: str, plan: int, count: int) -> list[int]:
    batches.record(ledger, [Recorded(0, plan, audience, n, 1, Action.ADD, 5) for n in range(count)])
    return [batch.seq for batch in batches.of_plan(ledger, plan)]


# --- audiences -----------------------------------------------------------------------------------------------


def test_a_syncs_audience_is_found_again(ledger: Ledger, run_id: int) -> None:
    made = audiences.of_sync(ledger, "vip", "memory", name="VIP", run_id=run_id)
    assert audiences.of_sync(ledger, "vip", "memory", name="Renamed", run_id=run_id + 1) == made
    assert audiences.find(ledger, "vip", "memory") == made
    assert audiences.find(ledger, "vip", "elsewhere") is None
    assert list(audiences.every(ledger)) == [made]


def test_what_is_noted_is_known(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    audiences.note(
        ledger, audience, platform_id="L1", ours=True, verified_at=fake_time.instant, baseline={"shop": {"orders": 3}}
    )
    known = audiences.find(ledger, "vip", "memory")
    assert known is not None
    assert (known.platform_id, known.ours, known.baseline) == ("L1", True, {"shop": {"orders": 3}})
    assert known.verified_within(timedelta(days=1), fake_time.instant + timedelta(hours=23))
    assert not known.verified_within(timedelta(days=1), fake_time.instant + timedelta(hours=24))


def test_a_renamed_segment_takes_its_audiences_along_once(ledger: Ledger, audience: str) -> None:
    assert audiences.rename_segment(ledger, "vip", "best")
    assert not audiences.rename_segment(ledger, "vip", "best")
    found = audiences.find(ledger, "best", "memory")
    assert found is not None
    assert found.key == audience


def test_a_name_that_has_an_audience_keeps_its_own(ledger: Ledger, audience: str, run_id: int) -> None:
    """Somebody renamed a segment, pushed it, and only then wrote `renamed_from`."""
    audiences.of_sync(ledger, "vip", "other", name="VIP", run_id=run_id)
    own = audiences.of_sync(ledger, "best", "memory", name="Best", run_id=run_id)
    assert audiences.rename_segment(ledger, "vip", "best")
    assert audiences.find(ledger, "best", "memory") == own
    assert audiences.find(ledger, "best", "other") is not None
    assert audiences.find(ledger, "vip", "memory") is not None


# --- plans and batches ---------------------------------------------------------------------------------------


def test_open_plans_are_those_not_closed(ledger: Ledger, audience: str, run_id: int, fake_time: FakeTime) -> None:
    first = opened(ledger, audience, run_id, fake_time)
    second = opened(ledger, audience, run_id, fake_time)
    opened(ledger, audience, run_id, fake_time, state="shown")
    assert batches.open_plans(ledger, audience) == [first, second]
    batches.close_plan(ledger, first, "done")
    assert batches.open_plans(ledger, audience) == [second]


def test_a_shown_plan_is_found_by_its_id_and_audience(
    ledger: Ledger, audience: str, run_id: int, fake_time: FakeTime
) -> None:
    opened(ledger, audience, run_id, fake_time, state="shown")
    first = fake_time.instant
    fake_time.advance(100)
    opened(ledger, audience, run_id, fake_time, state="shown")
    found = batches.shown_plan(ledger, "aa", audience)
    assert found == ({"removed": 70}, fake_time.instant)
    assert found is not None
    assert found[1] > first
    assert batches.shown_plan(ledger, "aa", "another") is None
    assert batches.shown_plan(ledger, "bb", audience) is None


def test_batches_are_numbered_upwards_for_good(ledger: Ledger, audience: str, run_id: int, fake_time: FakeTime) -> None:
    first = recorded(ledger, audience, opened(ledger, audience, run_id, fake_time), 3)
    with ledger.begin() as connection:
        connection.exec_driver_sql("DELETE FROM batches")
    second = recorded(ledger, audience, opened(ledger, audience, run_id, fake_time), 2)
    assert first == sorted(first)
    assert min(second) > max(first)  # held rows are ordered by it


def test_a_batch_is_lost_from_its_sending_to_its_receipt(
    ledger: Ledger, audience: str, run_id: int, fake_time: FakeTime
) -> None:
    plan = opened(ledger, audience, run_id, fake_time)
    one, two, _three = recorded(ledger, audience, plan, 3)
    for seq in (one, two):
        batches.mark_sent(ledger, seq, fake_time.instant)
    assert [batch.seq for batch in batches.without_receipt(ledger, plan)] == [one, two]
    batches.record_receipt(ledger, one, Receipt(batches.batch_id(one), {"p1": None}), fake_time.instant)
    assert [batch.seq for batch in batches.without_receipt(ledger, plan)] == [two]


def test_a_receipt_comes_back_as_it_was(ledger: Ledger, audience: str, run_id: int, fake_time: FakeTime) -> None:
    (seq,) = recorded(ledger, audience, opened(ledger, audience, run_id, fake_time), 1)
    ticket = Ticket("T1", fake_time.instant, fake_time.instant + timedelta(seconds=9), {"jobs": ["a", "b"]})
    receipt = Receipt(
        batches.batch_id(seq),
        {"p1": "X1", "p2": None},
        (Reject("p3", "no such domain", "invalid", retry=True),),
        frozenset({"p4"}),
        ticket,
    )
    batches.record_receipt(ledger, seq, receipt, fake_time.instant)
    ((batch, found, taken_at),) = batches.unfolded(ledger, audience)
    assert (batch.seq, found, taken_at) == (seq, receipt, fake_time.instant)


def test_folding_and_settling_one_batch(ledger: Ledger, audience: str, run_id: int, fake_time: FakeTime) -> None:
    (seq,) = recorded(ledger, audience, opened(ledger, audience, run_id, fake_time), 1)
    ticket = Ticket("T1", fake_time.instant, fake_time.instant)
    id = batches.batch_id(seq)
    batches.record_receipt(ledger, seq, Receipt(id, {"p1": None}, (), frozenset({"p2"}), ticket), fake_time.instant)
    assert batches.unsettled(ledger, audience) == []  # not before it is folded
    batches.mark_folded(ledger, [seq], fake_time.instant)
    assert batches.unfolded(ledger, audience) == []
    ((_, waiting, _),) = batches.unsettled(ledger, audience)
    assert waiting.pending == {"p2"}
    batches.record_receipt(ledger, seq, Receipt(id, {"p2": "X2"}), fake_time.instant)
    ((_, answered, _),) = batches.unfolded(ledger, audience)
    assert answered.accepted == {"p2": "X2"}
    batches.mark_folded(ledger, [seq], fake_time.instant)
    assert (batches.unfolded(ledger, audience), batches.unsettled(ledger, audience)) == ([], [])
    with ledger.begin() as connection:
        row = connection.exec_driver_sql("SELECT accepted, pending, body FROM receipts").one()
    assert tuple(row) == (2, 0, None)  # the sums stay; who was what is forgotten


# --- refusals ------------------------------------------------------------------------------------------------


def refused(person: str, reason: str = "bad", action: Action = Action.ADD, *, retry: bool = False) -> Refused:
    return Refused(Reject(person, reason, "code", retry), action, f"digest of {person}")


def test_a_reject_is_new_once(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    def keep(run: int, *rows: Refused) -> int:
        return refusals.record(ledger, audience, run, rows, fake_time.instant)

    assert keep(1, refused("p1"), refused("p2")) == 2
    assert keep(2, refused("p1"), refused("p2", "worse")) == 1
    shown = {row["person"]: (row["reason"], row["first_run"], row["last_run"]) for row in refusals.every(ledger)}
    assert shown == {"p1": ("bad", 1, 2), "p2": ("worse", 1, 2)}


def test_only_what_time_will_not_help_is_for_good(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    rows = [refused("p1"), refused("p2", retry=True), refused("p3", action=Action.REMOVE)]
    refusals.record(ledger, audience, 1, rows, fake_time.instant)
    assert refusals.for_good(ledger, audience) == {
        ("add", "p1"): "digest of p1",
        ("remove", "p3"): "digest of p3",
    }
    assert refusals.for_good(ledger, "another") == {}


def test_an_accepted_member_has_no_refusals_of_either_kind(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    rows = [refused("p1"), refused("p1", action=Action.REMOVE), refused("p2")]
    refusals.record(ledger, audience, 1, rows, fake_time.instant)
    refusals.clear(ledger, audience, ["p1", "p9"])
    assert list(refusals.for_good(ledger, audience)) == [("add", "p2")]


# --- approvals -----------------------------------------------------------------------------------------------


def standing(ledger: Ledger, audience: str, time: FakeTime) -> Mapping[str, int]:
    return approvals.standing(ledger, audience, time.instant)


def test_an_approval_covers_what_was_named_and_a_tenth_over(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    approvals.grant(ledger, audience, "aa", {"removed": 1000, "failed:shop": 1}, fake_time.instant)
    assert standing(ledger, audience, fake_time) == {"removed": 1100, "failed:shop": 1}
    assert approvals.standing(ledger, "another", fake_time.instant) == {}


def test_it_lasts_a_day(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    approvals.grant(ledger, audience, "aa", {"removed": 10}, fake_time.instant)
    fake_time.advance(24 * 3600 - 1)
    assert standing(ledger, audience, fake_time)
    fake_time.advance(1)
    assert not standing(ledger, audience, fake_time)


def test_of_two_the_larger_counts(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    for number in (100, 50):
        approvals.grant(ledger, audience, "aa", {"removed": number}, fake_time.instant)
    approvals.grant(ledger, audience, "bb", {"first": 7}, fake_time.instant)
    assert standing(ledger, audience, fake_time) == {"removed": 110, "first": 7}


def test_it_is_spent_by_a_push(ledger: Ledger, audience: str, fake_time: FakeTime) -> None:
    approvals.grant(ledger, audience, "aa", {"removed": 10}, fake_time.instant)
    approvals.spend(ledger, audience, fake_time.instant)
    assert standing(ledger, audience, fake_time) == {}
    fake_time.advance(1)
    approvals.grant(ledger, audience, "bb", {"removed": 20}, fake_time.instant)
    assert standing(ledger, audience, fake_time) == {"removed": 22}


@pytest.mark.parametrize("number", [1, 9, 10, 11, 99])
def test_numbers_are_never_rounded_up(ledger: Ledger, audience: str, fake_time: FakeTime, number: int) -> None:
    approvals.grant(ledger, audience, "aa", {"removed": number}, fake_time.instant)
    assert number <= standing(ledger, audience, fake_time)["removed"] <= number * 1.1 + 1e-9
