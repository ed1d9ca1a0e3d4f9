"""A pull that Shopify's stand-in kills at its n-th request, for many n: run again, and everything has landed once.

Each killed pull is a process of its own, killed for good (SIGKILL) before or after the request was answered. The pull
after it finds nothing but the state folder.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warm_segsync import WarmSegsync

from segsync.cli import main
from segsync.config import load
from segsync.ledger import runs
from segsync.run.workspace import Setting, open_workspace
from segsync.sandbox import Fault, Frame, Logged, serve
from segsync.streams import LANDED, STREAMS
from segsync.testing import FakeTime
from segsync_shopify.sandbox import ShopifySandbox, seed

TOKEN = {"SEGSYNC_SECRET__SHOP__ACCESS_TOKEN": "shpat_4711"}
ROOTS = ("customers", "orders", "checkouts")
CONFIG = """
config_version = 1
[shop]
timezone = "America/New_York"
currency = "USD"
[sources.shop]
connector = "shopify"
shop = "acme"
ids_every = "0s"
base_url = "{url}"
"""
# The requests of an unharmed pull: for each root, and for the ids, an operation is begun, asked about and fetched.
BULK = ["graphql", "graphql", "storage"]
FIRST = ["graphql", *BULK * 4]
LATER = ["graphql", *["graphql", *BULK] * 3, *BULK]  # with a filter, which is probed


@dataclass
class Pulled:
    """A folder, its stand-in, and the morning to which each death goes back."""

    folder: Path
    url: str
    frame: Frame
    sandbox: ShopifySandbox
    time: FakeTime
    warm: WarmSegsync
    morning: Path = field(init=False)
    account: Any = field(init=False)

    def keep_morning(self) -> None:
        self.morning = self.folder.parent / "morning"
        if (self.folder / ".segsync").exists():
            shutil.copytree(self.folder / ".segsync", self.morning)
        self.account = deepcopy(self.sandbox.account.shop)

    def go_back(self) -> None:
        shutil.rmtree(self.folder / ".segsync", ignore_errors=True)
        if self.morning.exists():
            shutil.copytree(self.morning, self.folder / ".segsync")
        self.frame.set_faults([])

    def pull(self) -> list[Logged]:
        """Type `segsync pull`; the requests of it."""
        before, here = len(self.frame.requests()), Path.cwd()
        os.chdir(self.folder)
        try:
            with pytest.raises(SystemExit) as end:
                main(["pull"], clock=self.time.clock)
        finally:
            os.chdir(here)
        assert end.value.code in (0, None)
        return list(self.frame.requests())[before:]

    def die_at(self, number: int, when: str) -> None:
        self.go_back()
        before = len(self.frame.requests())
        self.frame.set_faults([Fault(kill=self.warm.fork(), at=number, when=when)])
        assert self.warm.run("pull") == -signal.SIGKILL, self.warm.log.read_text("utf-8")
        assert len(self.frame.requests()) - before == number
        self.frame.set_faults([])

    def landed(self) -> dict[str, list[str]]:
        """Every landed record but for when and by which run, the cursors, and the jobs that are remembered."""
        config = load(self.folder / "segsync.toml", environ={})
        with open_workspace(config, Setting(self.time.clock, TOKEN, 1, "look")) as space:
            with space.warehouse.reading() as con:
                found = {name: _records(con.table(name)) for name in STREAMS}
            found["cursors"] = [str(runs.cursor(space.ledger, "shop", root)) for root in ROOTS]
            jobs = runs.LedgerJobs(space.ledger, "shop")
            found["jobs"] = [str(jobs.get(root)) for root in (*ROOTS, "ids")]
        return found


def _records(table: Any) -> list[str]:
    """As text; of a deletion that it is one, not when it was noticed."""
    if "deleted_at" in table.columns:
        table = table.mutate(deleted_at=table.deleted_at.notnull())
    return sorted(map(str, table.drop(*LANDED).to_pandas().to_dict("records")))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulled]:
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)
    time = FakeTime()
    time.instant = datetime.now(UTC)  # the processes that are killed run by the machine's clock
    sandbox = ShopifySandbox(time.clock)
    day = (time.instant - timedelta(days=3)).date().isoformat()
    seed.shop(sandbox.account, seed=3, customers=30, day=day)
    seed.bulk(sandbox.account, polls=1, seconds=0)
    folder = tmp_path / "shop"
    folder.mkdir()
    with serve({"shopify": sandbox}, clock=time.clock) as server:
        url = f"{server.url}/shopify"
        (folder / "segsync.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
        environ = {k: v for k, v in os.environ.items() if not k.startswith("SEGSYNC")} | TOKEN
        warm = WarmSegsync(folder, environ, tmp_path / "killed.log")
        try:
            yield Pulled(folder, url, server.frames["shopify"], sandbox, time, warm)
        finally:
            warm.close()


def test_killed_at_requests_of_every_kind_of_the_first_pull(world: Pulled) -> None:
    world.keep_morning()
    _kill_everywhere(world, FIRST, 5, 13, every=4)


@pytest.mark.thorough
def test_killed_at_requests_of_every_kind_of_a_later_pull(world: Pulled) -> None:
    world.pull()
    seed.next_day(world.sandbox.account)
    seed.delete_customer(world.sandbox.account, id=next(iter(world.sandbox.shop.customers)))
    world.keep_morning()
    _kill_everywhere(world, LATER, every=5)


def _kill_everywhere(world: Pulled, steps: list[str], *begun: int, every: int = 1) -> None:
    """Before each request was answered (or every so-many-th: the steps of the three roots are alike), and after those
    that begin an operation (`begun`, from 1): after others it is the same as before the following one."""
    world.go_back()
    assert [_step(one) for one in world.pull()] == steps
    expected = world.landed()
    assert all(expected[stream] for stream in ("customers", "orders", "order_lines", "refunds", "checkouts"))
    assert set(expected["jobs"]) == {"None"}
    for number, step in list(enumerate(steps, 1))[::every]:
        for when in ("before", "after") if number in begun else ("before",):
            world.die_at(number, when)
            world.pull()
            assert world.landed() == expected, f"killed {when} request {number} ({step})"


def _step(one: Logged) -> str:
    return "storage" if one.path.startswith("/storage/") else one.path.rpartition("/")[2].removesuffix(".json")
