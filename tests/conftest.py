"""What every test may ask for: the shared material beside the project, and a clock that never waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from segsync.testing import FakeTime

pytest_plugins = ["pytester", "quick_sql", "skips"]  # `skips` holds the tests that were skipped to tests/skips.toml

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


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()
