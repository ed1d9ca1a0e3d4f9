"""Days and instants, without an engine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from segsync.rules.dates import AsOf, instant_of, reversed_always, shifted
from segsync.rules.syntax import Day, Moment, Offset, Span

HERE = Span(0, 1)


def offset(days: int = 0, months: int = 0) -> Offset:
    return Offset(HERE, days=days, months=months)


@pytest.mark.parametrize(
    ("day", "by", "there"),
    [
        ("2026-03-31", offset(months=-1), "2026-02-28"),
        ("2024-03-31", offset(months=-1), "2024-02-29"),
        ("2024-02-29", offset(months=-12), "2023-02-28"),
        ("2026-01-31", offset(months=1), "2026-02-28"),
        ("2026-01-15", offset(months=-1), "2025-12-15"),
        ("2026-12-15", offset(months=1), "2027-01-15"),
        ("2026-01-01", offset(days=-1), "2025-12-31"),
        ("2026-01-01", offset(days=28), "2026-01-29"),
        ("0001-01-01", offset(days=-1), "0001-01-01"),
        ("0001-01-01", offset(months=-1), "0001-01-01"),
        ("9999-12-31", offset(days=1), "9999-12-31"),
        ("9999-12-31", offset(months=12), "9999-12-31"),
    ],
)
def test_shifting_a_day(day: str, by: Offset, there: str) -> None:
    assert shifted(date.fromisoformat(day), by) == date.fromisoformat(there)


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("America/New_York", "2026-06-01T03:59:59+00:00", "2026-05-31"),
        ("America/New_York", "2026-06-01T04:00:00+00:00", "2026-06-01"),
        ("Pacific/Auckland", "2026-06-01T12:00:00+00:00", "2026-06-02"),
        ("UTC", "2026-06-01T00:30:00+02:00", "2026-05-31"),
    ],
)
def test_the_runs_day_is_the_shops(zone: str, instant: str, day: str) -> None:
    assert AsOf(datetime.fromisoformat(instant), ZoneInfo(zone)).day == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-03-08T01:59:59", "2026-03-08T06:59:59"),
        ("2026-03-08T02:30:00", "2026-03-08T07:30:00"),
        ("2026-03-08T03:30:00", "2026-03-08T07:30:00"),
        ("2025-11-02T01:30:00", "2025-11-02T05:30:00"),
        ("2025-11-02T02:00:00", "2025-11-02T07:00:00"),
        ("9999-12-31T23:59:59", "9999-12-31T23:59:59"),
    ],
)
def test_a_moment_is_of_the_shops_clock(local: str, utc: str) -> None:
    as_of = AsOf(datetime(2026, 6, 1, tzinfo=UTC), ZoneInfo("America/New_York"))
    assert instant_of(Moment(HERE, datetime.fromisoformat(local)), as_of) == datetime.fromisoformat(utc)


@pytest.mark.parametrize(
    ("low", "high", "always"),
    [
        (offset(days=-7), offset(days=-30), True),
        (offset(days=-30), offset(days=-7), False),
        (offset(days=-7), offset(days=-7), False),
        (offset(months=-1), offset(months=-2), True),
        (offset(months=-1), offset(days=-32), True),
        (offset(months=-1), offset(days=-31), False),
        (offset(days=-27), offset(months=-1), True),
        (offset(days=-28), offset(months=-1), False),
        (offset(days=-364), offset(months=-12), True),
        (offset(days=-366), offset(months=-12), False),
        (Day(HERE, date(2026, 5, 30)), Day(HERE, date(2026, 5, 29)), True),
        (Day(HERE, date(2026, 5, 30)), Day(HERE, date(2026, 5, 30)), False),
        (Moment(HERE, datetime(2026, 5, 30, 16)), Day(HERE, date(2026, 5, 30)), False),
        (Moment(HERE, datetime(2026, 5, 30, 16)), Moment(HERE, datetime(2026, 5, 30, 15)), True),
        (Day(HERE, date(2026, 5, 30)), offset(days=-7), False),
    ],
)
def test_ranges_reversed_on_every_day(low: Day | Offset | Moment, high: Day | Offset | Moment, always: bool) -> None:
    assert reversed_always(low, high) is always
