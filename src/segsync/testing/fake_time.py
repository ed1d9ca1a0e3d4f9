"""A clock that never waits: naps move it on, and a test can read which naps were taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from segsync.clock import Clock


class FakeTime:
    """It starts at noon of 1 June 2026, UTC; every draw is 0."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 6, 1, 12, tzinfo=UTC)
        self.elapsed = 0.0
        self.naps: list[float] = []

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.elapsed += seconds

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.advance(seconds)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.instant, monotonic=lambda: self.elapsed, sleep=self.sleep, random=lambda: 0.0)
