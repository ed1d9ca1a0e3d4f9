"""What goes wrong on real machines: every message names the place and the way on, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cli_world import SHOP, Saved, World, buyer, crowd, vips

PUSH = "push vip --to klaviyo"


def quiet(world: World) -> None:
    """A push that has nothing to say to the platform."""
    before = len(world.requests())
    assert "nothing changed, nothing sent" in world.type(PUSH).out
    assert world.writes(before) == []


# --- the state folder -------------------------------------------------------------------------------------------


def test_a_damaged_warehouse_and_the_way_back(pushed: World) -> None:
    warehouse = pushed.state / "warehouse.duckdb"
    warehouse.write_bytes(b"no longer what it was" * 1000)
    ran = pushed.type(PUSH, expect=2)
    assert str(warehouse) in ran.err
    assert "segsync state restore" in ran.err
    assert pushed.requests() == []
    warehouse.rename(warehouse.with_suffix(".damaged"))
    restored(pushed)


def test_a_deleted_warehouse_is_never_a_first_push(pushed: World) -> None:
    (pushed.state / "warehouse.duckdb").unlink()
    for command in ("pull", "run", PUSH, "plan"):
        ran = pushed.type(command, expect=5)
        assert "is gone, and with it what your audiences hold (7 members by the ledger)" in ran.err
        assert "segsync state restore" in ran.err
    assert pushed.requests() == []
    restored(pushed)


def restored(world: World) -> None:
    ran = world.type("state restore")
    assert "vip → klaviyo: 7 held" in ran.out
    assert "29 customers" in world.type("pull").out, "sources are read anew"
    quiet(world)
    assert world.lists() == {"VIP customers": vips(SHOP)}


def test_restore_keeps_what_has_left_since(pushed: World) -> None:
    """Who left while the warehouse was away is removed by the next push."""
    (pushed.state / "warehouse.duckdb").unlink()
    left = [*(one for one in SHOP if one.number != 1), buyer(1, cancelled=1)]
    pushed.shop(left)
    pushed.type("state restore")
    pushed.type("run")
    assert pushed.lists() == {"VIP customers": vips(left)}


def test_restore_where_nothing_is_lost(pushed: World) -> None:
    assert "there is nothing to restore" in pushed.type("state restore", expect=5).err
    quiet(pushed)


def test_restore_without_a_copy(pushed: World) -> None:
    (pushed.state / "warehouse.duckdb").unlink()
    shutil.rmtree(pushed.state / "held")
    ran = pushed.type("state restore", expect=5)
    assert "there is no copy of what audiences hold" in ran.err
    assert not (pushed.state / "warehouse.duckdb").exists()


def test_the_warehouse_of_another_shop(pushed: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other")
    other.time.advance(60)
    try:
        other.shop(SHOP)
        other.type("pull")
        shutil.copy(other.state / "warehouse.duckdb", pushed.state / "warehouse.duckdb")
    finally:
        other.close()
    ran = pushed.type(PUSH, expect=5)
    assert str(pushed.state / "warehouse.duckdb") in ran.err
    assert pushed.requests() == []


def test_a_damaged_ledger(pushed: World) -> None:
    ledger = pushed.state / "ledger.sqlite"
    for extra in pushed.state.glob("ledger.sqlite-*"):
        extra.unlink()
    ledger.write_bytes(b"no longer what it was" * 1000)
    for command in ("status", PUSH):
        ran = pushed.type(command, expect=2)
        assert str(ledger) in ran.err
        assert "Put back a copy" in ran.err
    assert pushed.requests() == []


def test_a_deleted_ledger_is_not_a_first_push(pushed: World) -> None:
    pushed.time.advance(60)
    for file in pushed.state.glob("ledger.sqlite*"):
        file.unlink()
    for command in ("pull", "run", PUSH):
        ran = pushed.type(command, expect=5)
        assert str(pushed.state) in ran.err
        assert "adopt = true" in ran.err
    assert pushed.requests() == []


def test_a_deleted_warehouse_that_held_nobody_is_read_anew(world: World) -> None:
    world.shop(SHOP)
    world.type("pull")
    (world.state / "warehouse.duckdb").unlink()
    assert "29 customers" in world.type("pull").out


@pytest.mark.parametrize("command", ["pull", PUSH, "status", "show vip"])
def test_a_state_folder_that_may_not_be_written(read_only: World, command: str) -> None:
    ran = read_only.type(command, expect=2)
    assert str(read_only.state) in ran.err
    assert read_only.requests() == []


@pytest.fixture
def read_only(mornings: dict[str, Saved]) -> Iterator[World]:
    """A pushed world whose state folder is read-only, for a user who is bound by modes: root is not, and steps down."""
    with TemporaryDirectory() as folder:
        made = World(Path(folder) / "shop")
        try:
            made.shop(SHOP)
            made.load(mornings["pushed"])
            made.type("status")  # everything is imported that only root may read
            for path in (Path(folder), *Path(folder).rglob("*")):
                os.chown(path, NOBODY, NOBODY) if os.geteuid() == 0 else None
                path.chmod(0o500 if path.is_dir() else 0o400)
            with _bound_by_modes():
                yield made
            for path in (Path(folder), *Path(folder).rglob("*")):
                path.chmod(0o700)
        finally:
            made.close()


NOBODY = 65534


@contextmanager
def _bound_by_modes() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_state_folder_that_is_a_file(world: World) -> None:
    world.shop(SHOP)
    world.state.write_text("in the way")
    ran = world.type("pull", expect=2)
    assert str(world.state) in ran.err
    assert "segsync status" in ran.err or "cannot" in ran.err


# --- the config -------------------------------------------------------------------------------------------------


def test_a_config_that_is_a_folder(world: World) -> None:
    world.config.unlink()
    world.config.mkdir()
    ran = world.type("check", expect=2)
    assert "is a folder" in ran.err
    assert f"--config {world.config / 'segsync.toml'}" in ran.err


def test_a_config_that_is_not_utf_8(world: World) -> None:
    text = world.config.read_text("utf-8").replace("VIP customers", "Gäste")
    world.config.write_bytes(text.encode("latin-1"))
    ran = world.type("check", expect=2)
    assert "segsync.toml (line " in ran.err
    assert "is not UTF-8" in ran.err
    assert "save it as UTF-8" in ran.err


def test_no_config_at_all(world: World) -> None:
    world.config.unlink()
    ran = world.type("run", expect=2)
    assert "segsync init" in ran.err


# --- the exports ------------------------------------------------------------------------------------------------


def test_exports_that_vanished_empty_no_audience(pushed: World) -> None:
    pushed.exports.rename(pushed.folder / "elsewhere")
    ran = pushed.type("run", expect=2)
    assert f"there is no file {pushed.exports}" in ran.out
    assert pushed.lists() == {"VIP customers": vips(SHOP)}
    pushed.type(PUSH, expect=None)
    assert pushed.lists() == {"VIP customers": vips(SHOP)}
    (pushed.folder / "elsewhere").rename(pushed.exports)
    pushed.type("run")
    quiet(pushed)


def test_an_empty_export_empties_no_audience(pushed: World) -> None:
    (pushed.exports / "customers_export.csv").write_bytes(b"")
    (pushed.exports / "orders_export.csv").write_bytes(b"")
    ran = pushed.type("run", expect=None)
    assert ran.code in (2, 5)
    assert "is empty, without even a header" in ran.text
    assert pushed.lists() == {"VIP customers": vips(SHOP)}


def test_a_truncated_export_empties_no_audience(world: World) -> None:
    people = crowd(60, 70)
    world.shop(people)
    world.type("run")
    customers = world.exports / "customers_export.csv"
    customers.write_bytes(customers.read_bytes()[:2000])
    world.type("run", expect=None)
    assert world.lists() == {"VIP customers": vips(people)}


def test_an_export_cut_in_the_middle_of_a_line(pushed: World) -> None:
    orders = pushed.exports / "orders_export.csv"
    orders.write_bytes(orders.read_bytes()[:-200])
    ran = pushed.type("run", expect=4)
    assert "orders_export.csv ends in the middle of a record (line 46)" in ran.out
    assert pushed.lists() == {"VIP customers": vips(SHOP)}


# --- the disk and the terminal ----------------------------------------------------------------------------------


def test_paths_with_spaces_quotes_and_letters_of_all_sorts(tmp_path: Path) -> None:
    made = World(tmp_path / "Zoë's 店 & co" / "my shop")
    try:
        made.shop(SHOP)
        made.type("run --trace 'träce file.jsonl'")
        made.type("drift vip")
        assert made.lists() == {"VIP customers": vips(SHOP)}
        assert (made.folder / "träce file.jsonl").exists()
        (made.state / "warehouse.duckdb").unlink()
        restored(made)
    finally:
        made.close()


def test_a_trace_that_cannot_be_written(pulled: World) -> None:
    ran = pulled.type(f"{PUSH} --trace nowhere/t.jsonl", expect=2)
    assert "nowhere" in ran.err
    assert pulled.requests() == []


def test_a_plan_that_cannot_be_written(pulled: World) -> None:
    ran = pulled.type("plan --out nowhere/plan.json", expect=2)
    assert "nowhere/plan.json" in ran.err


def test_files_of_the_state_are_private(pushed: World) -> None:
    pushed.type("status")
    loose = [path.name for path in (pushed.state, *pushed.state.rglob("*")) if path.stat().st_mode & 0o077]
    assert set(loose) <= {".gitignore"}
