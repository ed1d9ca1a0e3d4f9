"""What lies on the disk between runs: nobody else may read it, nothing half-written stays, no name leads elsewhere."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from cli_world import SHOP, VIP, World, vips

PUSH = "push vip --to klaviyo"
UPLOAD = """
[segments.vip.to.upload]
audience = "{audience}"
consent = "none"
"""


def upload(world: World, audience: str) -> Path:
    """A second destination, of files; its folder."""
    section = '[destinations.upload]\nconnector = "files"\nfolder = "audiences"'
    world.configure(VIP + UPLOAD.format(audience=audience), destination=section)
    return world.folder / "audiences"


# --- nobody else may read it ------------------------------------------------------------------------------------


def test_everything_below_the_state_folder_is_the_users_alone(pushed: World) -> None:
    made = [pushed.state, *pushed.state.rglob("*")]
    assert {"ledger.sqlite", "warehouse.duckdb", "held"} <= {path.name for path in made}
    open_to_others = [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077 and path.name != ".gitignore"]
    assert open_to_others == []


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (".", "pull"),
        ("warehouse.duckdb", PUSH),
        ("ledger.sqlite", "plan"),
        ("held", "run"),
        (".", "status"),
        ("warehouse.duckdb", "segments"),
        ("ledger.sqlite", "history vip"),
    ],
)
def test_a_state_that_others_can_read_is_refused(pushed: World, name: str, command: str) -> None:
    opened = pushed.state / name
    opened.chmod(opened.stat().st_mode | 0o044)
    before = len(pushed.requests())
    ran = pushed.type(command, expect=2)
    assert str(opened.resolve()) in ran.err.replace(str(pushed.state), str(pushed.state.resolve()))
    assert f"chmod -R go-rwx '{pushed.state}'" in ran.err
    assert len(pushed.requests()) == before
    subprocess.run(["chmod", "-R", "go-rwx", str(pushed.state)], check=True)  # what the message says to type
    pushed.type(command)


def test_git_leaves_the_state_alone(pushed: World) -> None:
    assert (pushed.state / ".gitignore").read_text() == "*\n"


# --- nothing half-written stays ---------------------------------------------------------------------------------


def test_what_a_killed_run_left_is_gone_with_the_next(pushed: World) -> None:
    left = [
        pushed.state / "scratch" / "segsync-x" / "page.jsonl",
        pushed.state / "tmp" / "duckdb_temp_storage-0.tmp",
        pushed.state / "warehouse.new",
        pushed.state / "warehouse.new.wal",
        pushed.state / "ledger.sqlite.v1.new",
        pushed.state / "held" / "held-20260101T000000.new",
    ]
    for path in left:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text("buyer1@example.com")
        path.chmod(0o600)
    pushed.type(PUSH)
    assert [path for path in left if path.exists()] == []
    assert list((pushed.state / "held").glob("*.parquet")), "what is whole stays"


def test_a_half_written_audience_is_gone_with_the_next_push(pushed: World) -> None:
    folder = upload(pushed, "VIP customers")
    pushed.type("push vip --to upload")
    left = folder / ".segsync-abc.csv"
    left.write_text("buyer1@example.com")
    pushed.type("push vip --to upload")
    assert [path.name for path in folder.iterdir()] == ["VIP customers.csv"]


# --- no name leads elsewhere ------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["../../escaped", "/tmp/escaped", "..", "a/../../b", "x\\\\..\\\\y"])
def test_no_audience_is_written_outside_its_folder(pushed: World, audience: str) -> None:
    folder = upload(pushed, audience)
    before = {path for path in pushed.folder.parent.rglob("*") if not path.is_relative_to(pushed.state)}
    pushed.type("push vip --to upload")
    after = {path for path in pushed.folder.parent.rglob("*") if not path.is_relative_to(pushed.state)}
    assert all(path == folder or path.parent == folder for path in after - before)
    (written,) = folder.iterdir()
    assert written.read_text().count("@example.com") == len(vips(SHOP)) + 1, "everybody, subscribed or not"


@pytest.mark.parametrize("name", ["../other", "a/b", "..", "UP"])
def test_no_environment_is_kept_outside_the_state_folder(pushed: World, name: str) -> None:
    ran = pushed.type(f"status --env '{name}'", expect=2)
    assert "such as: --env staging" in ran.err
    assert not (pushed.state.parent / "other").exists()
