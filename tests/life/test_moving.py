"""The whole state in one file, and on another machine: all of it or nothing."""

from __future__ import annotations

import io
import json
import shutil
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_world import KEY, SHOP, World, vips

from segsync.run import moving

Change = Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes] | None]


@pytest.fixture
def packed(pushed: World) -> Path:
    """The state in a file, and the machine that it came from lost."""
    path = pushed.folder / "state.tar.gz"
    pushed.type("pull")
    ran = pushed.type("state export state.tar.gz")
    assert "wrote state.tar.gz: " in ran.out
    assert "Your customers are in it" in ran.out
    assert "Not in it: segsync.toml, your secrets" in ran.out
    assert "undo each other's work" in ran.out
    return path


def lose(world: World) -> None:
    shutil.move(world.state, world.folder / "lost")


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        found = {entry.name: archive.extractfile(entry) for entry in archive}
        return {name: stream.read() for name, stream in found.items() if stream is not None}


def rewritten(path: Path, change: Change) -> None:
    """The archive with every entry passed through `change`; None leaves it out."""
    out = io.BytesIO()
    with tarfile.open(path) as archive, tarfile.open(fileobj=out, mode="w:gz") as fresh:
        for entry in archive:
            stream = archive.extractfile(entry)
            assert stream is not None
            changed = change(entry, stream.read())
            if changed is not None:
                entry, content = changed
                entry.size = len(content)
                fresh.addfile(entry, io.BytesIO(content))
    path.write_bytes(out.getvalue())


def manifest(change: Callable[[dict[str, Any]], None]) -> Change:
    def with_it(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        if entry.name != "manifest.json":
            return entry, content
        told = json.loads(content)
        change(told)
        return entry, json.dumps(told).encode()

    return with_it


def test_on_another_machine_nothing_is_sent(pushed: World, packed: Path) -> None:
    lose(pushed)
    ran = pushed.type("state import state.tar.gz")
    assert "put up the state of 2026-06-01 12:00" in ran.out
    assert "  vip → klaviyo: 7 held\n" in ran.out
    assert "segsync secrets list" in ran.out
    before = len(pushed.requests())
    assert "nothing new" in pushed.type("pull").out
    assert "nothing changed, nothing sent" in pushed.type("push vip --to klaviyo").out
    assert pushed.writes(before) == []
    pushed.shop(SHOP[1:])
    pushed.type("run")
    pushed.type("history vip")
    assert (pushed.folder / "lost" / "held").is_dir()
    assert len(list((pushed.state / "held").iterdir())) >= 2
    assert "no drift" in pushed.type("drift vip").out


def test_all_of_it_is_private_and_holds_no_secret(pushed: World, packed: Path) -> None:
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    found = members(packed)
    assert {"manifest.json", "ledger.sqlite", "warehouse.duckdb"} < found.keys()
    assert any(name.startswith("held/") for name in found)
    assert not any(KEY.encode() in content for content in found.values())
    lose(pushed)
    pushed.type("state import state.tar.gz")
    assert stat.S_IMODE(pushed.state.stat().st_mode) == 0o700
    files = [path for path in pushed.state.rglob("*") if path.is_file() and path.name != ".gitignore"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert (pushed.state / ".gitignore").read_text() == "*\n"
    assert not (pushed.state / moving.ARRIVING).exists()


def test_what_is_there_is_not_touched(pushed: World, packed: Path) -> None:
    before = packed.read_bytes()
    assert "it is there already" in pushed.type("state export state.tar.gz", expect=2).err
    assert packed.read_bytes() == before
    ran = pushed.type("state import state.tar.gz", expect=2)
    assert "there is a state already, and nothing was changed" in ran.err
    assert "nothing changed" in pushed.type("push vip --to klaviyo").out


def test_nowhere_to_write_and_nothing_to_read(pushed: World) -> None:
    assert "cannot be written" in pushed.type("state export nowhere/state.tar.gz", expect=2).err
    lose(pushed)
    assert "cannot be read" in pushed.type("state import nothing.tar.gz", expect=2).err
    (pushed.folder / "other.txt").write_text("hello")
    assert "it is damaged" in pushed.type("state import other.txt", expect=2).err
    assert not (pushed.state / "ledger.sqlite").exists()


def drop(name: str) -> Change:
    return lambda entry, content: None if entry.name == name else (entry, content)


def spoil(name: str) -> Change:
    return lambda entry, content: (entry, content[:-1] + b"x" if entry.name == name else content)


def called(name: str, other: str) -> Change:
    def change(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        entry.name = other if entry.name == name else entry.name
        return entry, content

    return change


def listed_as(other: str) -> Change:
    """Both the list and the file say so."""

    def rename(told: dict[str, Any]) -> None:
        told["files"][-1]["name"] = other

    def change(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
        entry.name = other if entry.name.startswith("held/identities") else entry.name
        return manifest(rename)(entry, content)

    return change


def linked(entry: tarfile.TarInfo, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    if entry.name == "warehouse.duckdb":
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        return entry, b""
    return entry, content


DAMAGED: dict[str, tuple[Change, str]] = {
    "a file is missing": (drop("warehouse.duckdb"), "warehouse.duckdb is missing"),
    "the list is missing": (drop("manifest.json"), "it is no state of segsync"),
    "a byte is another": (spoil("ledger.sqlite"), "ledger.sqlite is not as it was written"),
    "the list is none": (manifest(lambda told: told.pop("files")), "its list of files cannot be read"),
    "a file out of the folder": (called("ledger.sqlite", "../ledger.sqlite"), "its list does not name"),
    "a list out of the folder": (listed_as("../../evil"), "names other files than a state has"),
    "a list of the root": (listed_as("/etc/evil"), "names other files than a state has"),
    "a file that is a link": (linked, "its list does not name"),
    "a newer ledger": (manifest(lambda told: told.update(ledger=99)), "a newer segsync"),
    "a newer warehouse": (manifest(lambda told: told.update(warehouse=99)), "a newer segsync"),
    "a newer form": (manifest(lambda told: told.update(format=2, segsync="9.9")), "a newer segsync (9.9) wrote it"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_an_archive_that_is_not_right_changes_nothing(pushed: World, packed: Path, case: str) -> None:
    change, told = DAMAGED[case]
    lose(pushed)
    rewritten(packed, change)
    before = set(pushed.folder.parent.rglob("*"))
    ran = pushed.type("state import state.tar.gz", expect=2)
    assert told in ran.err
    fresh = {path.name for path in pushed.folder.parent.rglob("*")} - {path.name for path in before}
    assert fresh <= {".segsync", ".gitignore", "lock"}


def test_an_archive_that_was_cut_off(pushed: World, packed: Path) -> None:
    lose(pushed)
    packed.write_bytes(packed.read_bytes()[:-2000])
    assert "it is damaged" in pushed.type("state import state.tar.gz", expect=2).err
    assert not (pushed.state / "warehouse.duckdb").exists()


@pytest.mark.parametrize("moves", range(3))
def test_killed_while_putting_up(pushed: World, packed: Path, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    lose(pushed)
    replace, done = Path.replace, []

    def stop(self: Path, target: Path) -> Path:
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(self)
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop)
        pushed.type("state import state.tar.gz", expect=None)
    if (pushed.state / "ledger.sqlite").exists():
        return
    ran = pushed.type("state import state.tar.gz")
    assert "  vip → klaviyo: 7 held\n" in ran.out
    before = len(pushed.requests())
    pushed.type("push vip --to klaviyo")
    assert pushed.writes(before) == []
    assert pushed.lists() == {"VIP customers": vips(SHOP)}


def test_a_push_that_was_cut_off_is_recovered_there(pulled: World) -> None:
    """What an archive holds of a killed push is put in order by the next one."""
    pulled.fault(method="POST", path="relationships/profiles$", drop=True, times=0)
    pulled.type("push vip --to klaviyo", expect=4)
    pulled.mend()
    pulled.type("state export state.tar.gz")
    lose(pulled)
    pulled.type("state import state.tar.gz")
    pulled.type("push vip --to klaviyo")
    assert pulled.lists() == {"VIP customers": vips(SHOP)}


def test_while_another_run_holds_the_store(pushed: World) -> None:
    from filelock import FileLock

    with FileLock(pushed.state / "lock"):
        pushed.type("state export state.tar.gz", expect=7)
        assert not (pushed.folder / "state.tar.gz").exists()


def test_an_environment_moves_by_itself(pushed: World, packed: Path) -> None:
    (pushed.folder / "segsync.staging.toml").write_text("[guards]\nguard_floor = 10\n")
    pushed.type("--env staging state import state.tar.gz")
    assert (pushed.state / "staging" / "ledger.sqlite").exists()
    assert "nothing changed" in pushed.type("--env staging push vip --to klaviyo").out
    assert "nothing changed" in pushed.type("push vip --to klaviyo").out
