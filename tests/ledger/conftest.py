"""A ledger to write in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segsync.ledger import Ledger, audiences, open_ledger, runs
from segsync.testing import FakeTime


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def ledger(folder: Path, fake_time: FakeTime) -> Iterator[Ledger]:
    opened = open_ledger(folder, fake_time.clock)
    yield opened
    opened.close()


@pytest.fixture
def run_id(ledger: Ledger, fake_time: FakeTime) -> int:
    return runs.start(ledger, command="run", pid=1, at=fake_time.instant, as_of=fake_time.instant)


@pytest.fixture
def audience(ledger: Ledger, run_id: int) -> str:
    return audiences.of_sync(ledger, "vip", "memory", name="VIP", run_id=run_id).key
