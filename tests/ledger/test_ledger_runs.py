"""Runs, reads, cursors, jobs, sizes: what is written is what is found, and the newest of it."""

from __future__ import annotations

from datetime import timedelta

from segsync.ledger import Ledger, runs, stamp
from segsync.ledger.runs import WHOLE, Read
from segsync.model import Cursor, Flaw
from segsync.testing import FakeTime


def begun(ledger: Ledger, time: FakeTime) -> int:
    time.advance(3600)
    return runs.start(ledger, command="pull", pid=1, at=time.instant, as_of=time.instant)


def read(ledger: Ledger, run: int, time: FakeTime, what: Read, *flaws: Flaw) -> None:
    runs.record_read(ledger, run, what, flaws, time.instant)


def test_runs_are_numbered_upwards_and_shown_newest_first(ledger: Ledger, fake_time: FakeTime) -> None:
    first, second = begun(ledger, fake_time), begun(ledger, fake_time)
    runs.end(ledger, first, at=fake_time.instant, exit_code=4, summary="gave up")
    assert second > first
    newest, oldest = runs.latest(ledger)
    assert (newest["id"], newest["ended_at"], newest["exit_code"]) == (second, None, None)
    assert (oldest["exit_code"], oldest["summary"]) == (4, "gave up")


def test_a_source_is_good_only_when_it_was_read_whole(ledger: Ledger, fake_time: FakeTime) -> None:
    run = begun(ledger, fake_time)
    read(ledger, run, fake_time, Read("shop", "customers", 10, 0))
    assert runs.last_good_read(ledger, "shop") is None
    read(ledger, run, fake_time, Read("shop", WHOLE, 0, 0, "the connection broke"))
    assert runs.last_good_read(ledger, "shop") is None
    run = begun(ledger, fake_time)
    read(ledger, run, fake_time, Read("shop", WHOLE, 0, 0))
    assert runs.last_good_read(ledger, "shop") == stamp(fake_time.instant)
    assert runs.last_good_read(ledger, "other") is None


def test_the_newest_read_of_each_root_counts(ledger: Ledger, fake_time: FakeTime) -> None:
    for error in ("refused", None):
        run = begun(ledger, fake_time)
        read(ledger, run, fake_time, Read("shop", "orders", 7, 1, error))
    read(ledger, run, fake_time, Read("market", "orders", 3, 0, "refused"))
    found = runs.last_reads(ledger)
    assert {pair: each.error for pair, each in found.items()} == {
        ("shop", "orders"): None,
        ("market", "orders"): "refused",
    }


def test_only_the_flaws_of_the_last_read_that_found_something_are_kept(ledger: Ledger, fake_time: FakeTime) -> None:
    flaws = [Flaw(f"orders.csv:{n}", "email", "not an e-mail address") for n in range(3)]
    read(ledger, begun(ledger, fake_time), fake_time, Read("shop", "orders", 9, 3), *flaws)
    read(ledger, begun(ledger, fake_time), fake_time, Read("shop", "customers", 9, 1), flaws[0])
    read(ledger, begun(ledger, fake_time), fake_time, Read("shop", "orders", 0, 0))  # nothing new, nothing said
    assert len(runs.flaws_now(ledger)) == 4
    read(ledger, begun(ledger, fake_time), fake_time, Read("shop", "orders", 5, 1), flaws[2])
    assert [row["place"] for row in runs.flaws_now(ledger)] == ["orders.csv:0", "orders.csv:2"]
    with ledger.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM flaws").scalar() == 2


def test_so_many_flaws_are_kept_and_no_more(ledger: Ledger, fake_time: FakeTime, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(runs, "FLAWS_KEPT", 2)
    many = (Flaw(f"orders.csv:{n}", "", "ragged") for n in range(5))
    run = begun(ledger, fake_time)
    runs.record_read(ledger, run, Read("shop", "orders", 0, 5), many, fake_time.instant)
    assert len(runs.flaws_now(ledger)) == 2


def test_cursors_are_replaced_and_forgotten(ledger: Ledger, fake_time: FakeTime) -> None:
    assert runs.cursor(ledger, "shop", "orders") is None
    for value in ("a", "b"):
        runs.write_cursor(ledger, "shop", "orders", Cursor(value), fake_time.instant)
    assert runs.cursor(ledger, "shop", "orders") == Cursor("b")
    assert runs.cursor(ledger, "shop", "customers") is None
    runs.forget_cursors(ledger)
    assert runs.cursor(ledger, "shop", "orders") is None


def test_jobs_belong_to_a_section(ledger: Ledger) -> None:
    jobs, others = runs.LedgerJobs(ledger, "shop"), runs.LedgerJobs(ledger, "other")
    assert jobs.get("bulk") is None
    jobs.put("bulk", "gid://1", {"since": "2026"})
    jobs.put("bulk", "gid://2")
    assert jobs.get("bulk") == ("gid://2", {})
    assert others.get("bulk") is None
    others.drop("bulk")
    jobs.drop("bulk")
    assert jobs.get("bulk") is None


def test_the_newest_sizes_are_whole_runs(ledger: Ledger, fake_time: FakeTime) -> None:
    assert runs.last_sizes(ledger) == {}
    runs.record_sizes(ledger, begun(ledger, fake_time), {"shop": {"customers": 5, "orders": 9}})
    runs.record_sizes(ledger, begun(ledger, fake_time), {"shop": {"customers": 6}})
    assert runs.last_sizes(ledger) == {"shop": {"customers": 6}}


def test_a_segments_history_is_its_own(ledger: Ledger, fake_time: FakeTime) -> None:
    for members in (10, 12):
        runs.record_segments(ledger, begun(ledger, fake_time), [("vip", members, 3, 1), ("all", 99, 0, 0)])
    runs.record_segments(ledger, begun(ledger, fake_time), [])
    found = runs.segment_history(ledger, "vip")
    assert [(row["members"], row["entered"], row["left"]) for row in found] == [(12, 3, 1), (10, 3, 1)]
    assert found[0]["as_of"] == stamp(fake_time.instant - timedelta(hours=1))
    assert len(runs.segment_history(ledger, "vip", most=1)) == 1
