"""One process writes at a time, and a dead one is in nobody's way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segsync.errors import StoreBusy
from segsync.ledger import Ledger, lock, runs
from segsync.testing import FakeTime

OTHER = """
import sys
from pathlib import Path
from segsync.clock import system_clock
from segsync.ledger import lock, open_ledger

folder, clock = Path(sys.argv[1]), system_clock()
with lock.held(open_ledger(folder, clock), folder, command="push vip", pid=4711, clock=clock):
    print("mine", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is killed or its input ends."""
    arguments = [sys.executable, "-c", OTHER, str(folder)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        try:
            yield process
        finally:
            process.kill()


def hold(ledger: Ledger, folder: Path, time: FakeTime, *, wait: float = 0.0) -> None:
    with lock.held(ledger, folder, command="run", pid=1, clock=time.clock, wait=wait):
        pass


def test_a_second_process_is_told_who_holds_it(ledger: Ledger, folder: Path, fake_time: FakeTime) -> None:
    with another_process(folder) as other:
        with pytest.raises(StoreBusy, match=r"`segsync push vip` \(process 4711\) has been writing here since 20"):
            hold(ledger, folder, fake_time)
        assert runs.latest(ledger) == []  # what only reads the ledger works meanwhile
        other.kill()
        other.wait()
        hold(ledger, folder, fake_time)  # a killed process leaves no lock behind


def test_waiting_is_done_by_the_clock(ledger: Ledger, folder: Path, fake_time: FakeTime) -> None:
    with (
        lock.held(ledger, folder, command="pull", pid=2, clock=fake_time.clock),
        pytest.raises(StoreBusy, match="segsync pull"),
    ):
        hold(ledger, folder, fake_time, wait=3.0)
    assert fake_time.elapsed == pytest.approx(3.0)


def test_it_is_free_again_after_an_error(ledger: Ledger, folder: Path, fake_time: FakeTime) -> None:
    with pytest.raises(RuntimeError), lock.held(ledger, folder, command="run", pid=1, clock=fake_time.clock):
        raise RuntimeError
    hold(ledger, folder, fake_time)


def test_it_is_free_again_after_a_broken_ledger(ledger: Ledger, folder: Path, fake_time: FakeTime) -> None:
    def breaks() -> None:
        with lock.held(ledger, folder, command="run", pid=1, clock=fake_time.clock), ledger.begin() as connection:
            connection.exec_driver_sql("DROP TABLE locks")

    with pytest.raises(Exception, match="locks"):
        breaks()
    again = lock.FileLock(folder / "lock")
    again.acquire(timeout=0)
    again.release()
