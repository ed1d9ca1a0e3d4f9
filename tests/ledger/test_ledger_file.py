"""The file: private, versioned, migrated after a copy, and never mistaken for a damaged one when it is only busy."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from filelock import FileLock

from segsync.errors import StoreBusy
from segsync.ledger import Ledger, LedgerUnusable, instant, open_ledger, runs, schema, stamp, store
from segsync.testing import FakeTime


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_ledger_is_private(ledger: Ledger, folder: Path) -> None:
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.glob(f"{store.FILE}*")} == {0o600}


def test_it_is_durable(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        asked = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert asked == ["wal", 2, 1]  # 2 is FULL


def test_it_is_the_same_store_when_opened_again(ledger: Ledger, folder: Path, fake_time: FakeTime) -> None:
    assert open_ledger(folder, fake_time.clock).store_id == ledger.store_id


def test_a_reader_does_not_make_one(folder: Path, fake_time: FakeTime) -> None:
    with pytest.raises(LedgerUnusable, match="segsync pull"):
        open_ledger(folder, fake_time.clock, new=False)
    assert not folder.exists()


def test_one_whose_making_was_cut_off_is_made(folder: Path, fake_time: FakeTime) -> None:
    folder.mkdir()
    (folder / store.FILE).touch()
    assert open_ledger(folder, fake_time.clock).store_id


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger, fake_time: FakeTime) -> None:
    def fails() -> None:
        with ledger.begin() as connection:
            connection.execute(schema.meta.insert().values(key="half", value="written"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with ledger.begin() as connection:
        assert connection.execute(sa.select(schema.meta).where(schema.meta.c.key == "half")).first() is None


def test_a_newer_one_is_refused(ledger: Ledger, folder: Path, fake_time: FakeTime) -> None:
    with ledger.begin() as connection:
        connection.execute(schema.meta.update().where(schema.meta.c.key == "schema_version").values(value="99"))
    with pytest.raises(LedgerUnusable, match=r"newer segsync.*99.*pip install --upgrade"):
        open_ledger(folder, fake_time.clock)


class TestAnOlderOne:
    """This segsync is made to believe that it is two versions on."""

    @pytest.fixture(autouse=True)
    def later(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        steps = {
            schema.VERSION: lambda con: con.exec_driver_sql("ALTER TABLE runs ADD COLUMN first TEXT"),
            schema.VERSION + 1: lambda con: con.exec_driver_sql("ALTER TABLE runs ADD COLUMN second TEXT"),
        }
        monkeypatch.setattr(store, "MIGRATIONS", steps)
        monkeypatch.setattr(schema, "VERSION", schema.VERSION + 2)

    def columns(self, path: Path) -> set[str]:
        with sqlite3.connect(path) as connection:
            return {row[1] for row in connection.execute("PRAGMA table_info(runs)")}

    def test_every_step_is_taken_after_a_copy(
        self, ledger: Ledger, folder: Path, fake_time: FakeTime, run_id: int
    ) -> None:
        migrated = open_ledger(folder, fake_time.clock)
        copy = folder / f"{store.FILE}.v{schema.VERSION - 2}"
        assert {"first", "second"} <= self.columns(folder / store.FILE)
        assert not {"first", "second"} & self.columns(copy)
        assert mode(copy) == 0o600
        assert [run["id"] for run in runs.latest(migrated)] == [run_id]
        with sqlite3.connect(copy) as connection:  # also what stood in the write-ahead log
            assert connection.execute("SELECT id FROM runs").fetchall() == [(run_id,)]

    def test_only_once(self, folder: Path, fake_time: FakeTime) -> None:
        open_ledger(folder, fake_time.clock).close()
        open_ledger(folder, fake_time.clock).close()
        assert "second" in self.columns(folder / store.FILE)

    def test_a_step_that_fails_leaves_it_as_it_was(
        self, folder: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(_connection: object) -> None:
            raise RuntimeError("half way")

        monkeypatch.setattr(store, "MIGRATIONS", {**store.MIGRATIONS, schema.VERSION - 1: fails})
        with pytest.raises(RuntimeError, match="half way"):
            open_ledger(folder, fake_time.clock)
        assert not {"first", "second"} & self.columns(folder / store.FILE)

    def test_another_process_may_just_have_done_it(
        self, folder: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken = store._meta
        first = True

        def overtaken(connection: sa.Connection) -> dict[str, str]:
            nonlocal first
            found = taken(connection)
            if first:
                first = False
                found["schema_version"] = str(schema.VERSION - 2)  # as it was read before the other was through
            return found

        open_ledger(folder, fake_time.clock).close()
        monkeypatch.setattr(store, "_meta", overtaken)
        open_ledger(folder, fake_time.clock).close()
        assert "second" in self.columns(folder / store.FILE)

    def test_not_while_a_run_is_going(self, folder: Path, fake_time: FakeTime) -> None:
        with FileLock(folder / store.LOCK), pytest.raises(StoreBusy, match="must be migrated"):
            open_ledger(folder, fake_time.clock)
        assert "first" not in self.columns(folder / store.FILE)


@pytest.mark.parametrize("bytes_", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_named(folder: Path, fake_time: FakeTime, bytes_: bytes) -> None:
    folder.mkdir()
    (folder / store.FILE).write_bytes(bytes_)
    with pytest.raises(LedgerUnusable, match="damaged"):
        open_ledger(folder, fake_time.clock)


def test_damage_inside_is_named_when_it_is_met(ledger: Ledger, folder: Path, fake_time: FakeTime) -> None:
    ledger.close()
    path = folder / store.FILE
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))

    def work() -> None:
        opened = open_ledger(folder, fake_time.clock)
        runs.latest(opened)

    with pytest.raises(LedgerUnusable, match="damaged"):
        work()


def test_somebody_elses_file_is_not_touched(folder: Path, fake_time: FakeTime) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / store.FILE) as connection:
        connection.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    connection.close()
    with pytest.raises(LedgerUnusable, match="no ledger of segsync"):
        open_ledger(folder, fake_time.clock)


def test_a_busy_file_is_not_called_damaged(
    ledger: Ledger, folder: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    other = sqlite3.connect(folder / store.FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreBusy, match="another process is writing"):
            open_ledger(folder, fake_time.clock)
    finally:
        other.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path, fake_time: FakeTime) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerUnusable, match="cannot be made"):
        open_ledger(tmp_path / "file" / "state", fake_time.clock)


def test_a_full_disk_is_named(ledger: Ledger, fake_time: FakeTime) -> None:
    with ledger.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    flaws = "x" * 100_000
    with pytest.raises(LedgerUnusable, match="no space is left"):
        runs.start(ledger, command=flaws, pid=1, at=fake_time.instant, as_of=fake_time.instant)


def test_a_broken_statement_is_our_bug_and_stays_one(ledger: Ledger) -> None:
    with pytest.raises(sa.exc.OperationalError), ledger.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")


def test_a_copied_folder_is_the_same_store(ledger: Ledger, folder: Path, tmp_path: Path, fake_time: FakeTime) -> None:
    shutil.copytree(folder, tmp_path / "elsewhere")
    assert open_ledger(tmp_path / "elsewhere", fake_time.clock).store_id == ledger.store_id


def test_stamps_are_utc_and_sort_as_time_does() -> None:
    early = datetime(2026, 3, 1, 23, 59, tzinfo=timezone(timedelta(hours=-5)))
    late = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
    assert stamp(early) == "2026-03-02T04:59:00.000000Z"
    assert stamp(early) < stamp(late)
    assert instant(stamp(early)) == early
