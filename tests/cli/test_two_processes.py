"""A second process while a run is going, and after one was killed: real processes on one state folder."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from cli_world import SHOP, World, vips

PATIENCE = 120  # seconds for one process on a busy machine


class Gate:
    """Holds Klaviyo's answers back, and says when somebody waits for one."""

    def __init__(self, world: World) -> None:
        self.somebody_waits = threading.Event()
        self.open = threading.Event()
        self._proper = world.sandbox.app
        world.sandbox.app = self._answer
        world.frame.sandbox = world.sandbox

    def _answer(self, environ, start_response):  # type: ignore[no-untyped-def]
        if not environ["PATH_INFO"].startswith("/__"):
            self.somebody_waits.set()
            assert self.open.wait(PATIENCE)
        return self._proper(environ, start_response)


@contextmanager
def going(world: World, command: str) -> Iterator[tuple[subprocess.Popen[str], Gate]]:
    """A process in the middle of a command: it waits for Klaviyo."""
    gate = Gate(world)
    process = world.start(command)
    try:
        assert gate.somebody_waits.wait(PATIENCE), process.communicate()
        yield process, gate
    finally:
        gate.open.set()
        process.kill()
        process.communicate()


def test_while_a_run_is_going(world: World) -> None:
    world.time.instant = datetime.now(UTC)  # one folder with a process that runs by the machine's clock
    world.shop(SHOP)
    with going(world, "run") as (process, gate):
        status = world.type("status --json").json
        assert status["runs"][0]["command"] == "run"
        assert status["runs"][0]["summary"] == "is going on"
        assert [one["segment"] for one in world.type("segments --json").json] == ["vip"]
        world.type("show vip")
        world.type("rejects")
        for command in ("run", "pull", "push vip", "drift vip"):
            ran = world.type(command, expect=7)
            assert (
                f"`segsync run` (process {process.pid}) has been writing here since {datetime.now(UTC):%Y}" in ran.err
            )
            assert "nothing was changed" in ran.err
        gate.open.set()
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")
        assert "7 added" in out
    assert world.lists() == {"VIP customers": vips(SHOP)}
    world.type("run")


def test_after_a_run_was_killed(world: World) -> None:
    world.time.instant = datetime.now(UTC)
    world.shop(SHOP)
    with going(world, "run") as (process, gate):
        process.kill()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL
        gate.open.set()
    found = world.type("status --json", expect=6).json
    assert found["runs"][0]["summary"] == "was cut off"
    assert any("(segsync run) was cut off" in text for text in found["attention"])
    world.type("run")
    assert world.lists() == {"VIP customers": vips(SHOP)}
    assert json.dumps(world.type("status --json").json["attention"]) == "[]"


def test_ctrl_c_ends_a_run_in_the_books(world: World) -> None:
    world.time.instant = datetime.now(UTC)
    world.shop(SHOP)
    with going(world, "run") as (process, _):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert "Traceback" not in err
    last = world.type("status --json", expect=6).json["runs"][0]
    assert (last["exit"], last["summary"]) == (130, "stopped with Ctrl-C")
    world.type("run")
    assert world.lists() == {"VIP customers": vips(SHOP)}


def test_a_terminal_without_the_letters(world: World) -> None:
    world.time.instant = datetime.now(UTC)
    world.shop(SHOP)
    world.extra["PYTHONIOENCODING"] = "ascii"
    process = world.start("run")
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert "vip ? klaviyo: 7 added" in out


def test_the_sandbox_command(world: World) -> None:
    """The port is told, a shop is written, Klaviyo answers, and Ctrl-C ends it."""
    process = world.start("sandbox --port 0 --shop exports --customers 12 --seed 3")
    try:
        assert process.stdout is not None
        lines = [line for line in iter(process.stdout.readline, "Ctrl-C stops it.\n") if line]
        assert lines[0] == "wrote a shop of 12 customers to exports\n"
        url = re.search(r'base_url = "(http://127.0.0.1:\d+/klaviyo)"', lines[1])
        assert url is not None
        with urllib.request.urlopen(f"{url[1]}/__state") as answer:
            assert json.load(answer)["lists"] == {}
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err
    finally:
        process.kill()
        process.communicate()
    world.type("pull")
