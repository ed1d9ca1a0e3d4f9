"""What every test may ask for: the shared material beside the project, and a clock that never waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from segsync.clock import Clock

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A file or folder of the material that lies beside the project; skips where it is absent."""

    def find(name: str) -> Path:
        path = ROOT.parent / "shared" / name
        if not path.exists():
            pytest.skip(f"needs ../shared/{name}")
        return path

    return find


class FakeTime:
    """A clock for tests: it starts at noon of 1 June 2026, and naps move it on."""

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


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()
