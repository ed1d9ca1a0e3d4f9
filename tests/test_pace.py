"""The pacer: never more calls than a limit allows, never longer waits than it asks for."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsync.clock import Clock
from segsync.pace import Pacer
from segsync.spec import Limit
from segsync.testing import FakeTime

LISTS = Limit("lists", per_second=3, per_minute=10)
PROFILES = Limit("profiles", per_second=75, per_minute=700)


def call_times(time: FakeTime, pacer: Pacer, limits: tuple[Limit, ...], pauses: list[float]) -> list[float]:
    times = []
    for pause in pauses:
        time.advance(pause)
        pacer.wait(limits)
        times.append(time.elapsed)
    return times


def most_within(times: list[float], window: float) -> int:
    """The most calls in any half-open window of that length."""
    return max((sum(1 for t in times if start <= t < start + window) for start in times), default=0)


def test_a_burst_is_free_up_to_the_limit(fake_time: FakeTime) -> None:
    pacer = Pacer(fake_time.clock)
    assert call_times(fake_time, pacer, (LISTS,), [0.0] * 3) == [0.0, 0.0, 0.0]
    assert fake_time.naps == []


def test_the_next_call_waits_for_the_second_and_for_the_minute(fake_time: FakeTime) -> None:
    pacer = Pacer(fake_time.clock)
    times = call_times(fake_time, pacer, (LISTS,), [0.0] * 11)
    assert times[3] == pytest.approx(1.0)
    assert times[10] == pytest.approx(60.0)


def test_several_limits_hold_at_once(fake_time: FakeTime) -> None:
    pacer = Pacer(fake_time.clock)
    times = call_times(fake_time, pacer, (LISTS, PROFILES), [0.0] * 4)
    assert times[3] == pytest.approx(1.0)
    assert call_times(fake_time, pacer, (PROFILES,), [0.0]) == [pytest.approx(1.0)]  # the other one is free


def test_without_limits_nobody_waits(fake_time: FakeTime) -> None:
    call_times(fake_time, Pacer(fake_time.clock), (), [0.0] * 100)
    assert fake_time.naps == []


def test_what_the_platform_closed_stays_closed(fake_time: FakeTime) -> None:
    pacer = Pacer(fake_time.clock)
    pacer.close([LISTS], 20)
    pacer.close([LISTS], 5)  # the longer of two counts
    assert pacer.closed_for([LISTS, PROFILES]) == pytest.approx(20)
    assert pacer.closed_for([PROFILES]) == 0
    assert call_times(fake_time, pacer, (PROFILES,), [0.0]) == [0.0]
    assert call_times(fake_time, pacer, (LISTS,), [0.0]) == [pytest.approx(20)]
    fake_time.advance(30)
    assert pacer.closed_for([LISTS]) == 0


@settings(max_examples=60, deadline=None)
@given(
    per_second=st.integers(1, 4),
    per_minute=st.integers(1, 12),
    pauses=st.lists(st.sampled_from([0.0, 0.1, 0.4, 1.0, 7.3, 59.9]), max_size=40),
)
def test_no_window_ever_holds_more_than_allowed(per_second: int, per_minute: int, pauses: list[float]) -> None:
    time = FakeTime()
    limit = Limit("any", per_second, per_minute)
    times = call_times(time, Pacer(time.clock), (limit,), pauses)
    slack = 1e-6  # of adding floats
    assert most_within(times, 1.0 - slack) <= per_second
    assert most_within(times, 60.0 - slack) <= per_minute


@settings(max_examples=30, deadline=None)
@given(pauses=st.lists(st.floats(0, 90), min_size=1, max_size=25))
def test_calls_that_come_slowly_enough_never_wait(pauses: list[float]) -> None:
    time = FakeTime()
    call_times(time, Pacer(time.clock), (LISTS,), [pause + 6.1 for pause in pauses])
    assert time.naps == []


def test_only_the_last_minute_is_remembered(fake_time: FakeTime) -> None:
    pacer = Pacer(fake_time.clock)
    call_times(fake_time, pacer, (PROFILES,), [0.1] * 2_000)
    assert len(pacer._calls["profiles"]) <= PROFILES.per_minute


def test_threads_share_one_allowance() -> None:
    """Each thread naps by moving the one clock on, which lets the others through no sooner."""
    turn = threading.Lock()
    now = 0.0
    calls: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        with turn:
            now += seconds

    time = FakeTime()
    pacer = Pacer(Clock(now=lambda: time.instant, monotonic=lambda: now, sleep=sleep, random=lambda: 0.0))

    def work() -> None:
        for _ in range(5):
            pacer.wait([LISTS])
            with turn:
                calls.append(now)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(calls) == 20
    assert len(pacer._calls["lists"]) <= LISTS.per_minute
    assert now >= 60  # 20 calls at ten a minute
