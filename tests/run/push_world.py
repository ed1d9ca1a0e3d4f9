"""A small world for pushes: people as the core computed them, a real warehouse and ledger, a platform in memory.

`mortal` counts every step that a process could die before: each transaction that changes one of the stores, each
call to the platform. From the chosen one on, nothing the process does has any effect. (To die after a step is to die
before the next one, and to die before one that only reads is no different.)
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from segsync.config import Config, Section, Segment, Sync, load
from segsync.ledger import Ledger, open_ledger, runs
from segsync.people import Joining
from segsync.rules import AsOf, read
from segsync.run.compute import Computed
from segsync.run.push import Order, Pushed, push
from segsync.run.workspace import Setting, Workspace
from segsync.streams import COMPUTED, STREAMS
from segsync.testing import FakeTime, MemoryDestination, MemoryPlatform, memory_spec
from segsync.warehouse import Warehouse
from segsync.wrappers import wrapped


class Killed(BaseException):
    """The process died here."""


@dataclass(slots=True)
class Mortal:
    """Counts steps, and dies at the chosen one; a dead process reaches nothing any more."""

    at: int | None = None
    steps: int = 0
    dead: bool = False

    def step(self, _name: str = "") -> None:
        self.steps += 1
        if self.dead or self.steps == self.at:
            self.dead = True
            raise Killed

    def live_again(self, at: int | None = None) -> None:
        self.at, self.steps, self.dead = at, 0, False


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person as `people` left them: e-mails best first, each with its consent, and whether the rule takes them."""

    emails: Mapping[str, str | None] = field(default_factory=dict)
    member: bool = True
    phone: str | None = None
    deliverable: bool = True


def subscribed(*emails: str, member: bool = True) -> Somebody:
    return Somebody(dict.fromkeys(emails, "SUBSCRIBED"), member)


People = Mapping[str, Somebody]

TOML = """
config_version = 1
[shop]
timezone = "UTC"
currency = "USD"
[destinations.memory]
[segments.vip]
rule = "number_of_orders >= 3"
[segments.vip.to.memory]
consent = "email"
"""


@dataclass(slots=True)
class World:
    """Push again and again, with the world changing in between."""

    folder: Path
    platform: MemoryPlatform
    mortal: Mortal
    time: FakeTime
    config: Config
    sync: Sync
    settles: bool
    _saves: int = 0

    def push(self, people: People | None, order: Order | None = None, **sync: Any) -> Pushed:
        """One push as its own process would do it, of these people (None: as they were described last)."""
        with self.opened() as space:
            if people is not None:
                self.describe(space.warehouse, people)
            return push(space, replace(self.sync, **sync), self.computed, order or Order())

    @contextmanager
    def opened(self) -> Iterator[Workspace]:
        clock = self.time.clock
        ledger = open_ledger(self.folder, clock)
        try:
            warehouse = Warehouse.open(self.folder, clock=clock, store_id=ledger.store_id)
            run_id = runs.start(ledger, command="push", pid=1, at=clock.now(), as_of=clock.now())
            setting = Setting(clock, {}, 1, "push vip")
            space = Workspace(self.config, setting, ledger, warehouse, run_id, AsOf(clock.now(), ZoneInfo("UTC")))
            spec = memory_spec(max_batch=3, settles=self.settles)
            destination = MemoryDestination(self.platform, clock=clock, spec=spec, before=self.mortal.step)
            for dry_run in (False, True):
                space._destinations["memory", dry_run] = wrapped(destination, spec, dry_run=dry_run, clock=clock)
            yield space
        finally:
            ledger.close()

    @property
    def computed(self) -> Computed:
        texts = {name: segment.rule for name, segment in self.config.segments.items()}
        reading = read(texts, filled=frozenset(STREAMS))
        return Computed(Joining(0, 0, 0, 0, 0, []), [], reading.rules, [], {"vip": ()})

    def becomes(self, people: People) -> None:
        """The world changes, and nobody pushes yet."""
        with self.opened() as space:
            self.describe(space.warehouse, people)

    def describe(self, warehouse: Warehouse, people: People) -> None:
        """What joining and segments would have written of these people."""
        with warehouse.transaction():
            warehouse.write("people", _frame("people", [{"person": p} for p in people]))
            warehouse.write("identifiers", _frame("identifiers", list(_identifiers(people))))
            members = [
                {"segment": "vip", "person": p, "entered_on": None, "run_id": 1} for p, s in people.items() if s.member
            ]
            warehouse.write("members", _frame("members", members))

    def save(self) -> Any:
        """The stores and the platform as they are, for `load`."""
        self._saves += 1
        copy = self.folder.with_name(f"saved{self._saves}")
        if self.folder.exists():
            shutil.copytree(self.folder, copy)
        return copy, deepcopy(self.platform), (self.time.instant, self.time.elapsed)

    def load(self, saved: Any) -> None:
        """Go back to what was saved."""
        folder, platform, (self.time.instant, self.time.elapsed) = saved
        shutil.rmtree(self.folder, ignore_errors=True)
        if folder.exists():
            shutil.copytree(folder, self.folder)
        self.platform = deepcopy(platform)

    @property
    def there(self) -> list[str]:
        """Who is on the platform's list now, once it has applied what it took."""
        if not self.platform.audiences:
            return []
        assert len(self.platform.audiences) == 1, "a second audience was made"
        (audience,) = self.platform.audiences
        return self.platform.holds(audience, self.time.instant + timedelta(hours=1))


def wanted(people: People) -> list[str]:
    """Who should be there: of each member the best subscribed e-mail."""
    found = {
        next((e for e, consent in s.emails.items() if consent == "SUBSCRIBED"), None)
        for s in people.values()
        if s.member and s.deliverable
    }
    return sorted(e for e in found if e)


def make_world(folder: Path, time: FakeTime, monkeypatch: pytest.MonkeyPatch, *, settles: bool) -> World:
    """A world of its own in a folder."""
    mortal = Mortal()
    _mortalise(monkeypatch, mortal)
    spec = memory_spec(max_batch=3, settles=settles)
    monkeypatch.setattr("segsync.plugins.available", lambda: {"memory": None})
    monkeypatch.setattr("segsync.plugins.load", lambda _name: _connector(spec))
    path = folder / "segsync.toml"
    path.write_text(TOML, encoding="utf-8")
    config = load(path, environ={})
    platform = MemoryPlatform(max_batch=3)
    return World(folder / "state", platform, mortal, time, config, config.segments["vip"].to["memory"], settles)


def _connector(spec: Any) -> Any:
    from segsync.contract import Connector

    return Connector(spec, destination=lambda kit: None)  # the world opens its own


def _mortalise(monkeypatch: pytest.MonkeyPatch, mortal: Mortal) -> None:
    begin, transaction = Ledger.begin, Warehouse.transaction

    @contextmanager
    def mortal_begin(self: Ledger) -> Iterator[Any]:
        mortal.step()
        with begin(self) as connection:
            sqlite = connection.connection.dbapi_connection
            before = sqlite.total_changes
            yield connection
            if sqlite.total_changes == before:
                mortal.steps -= 1

    @contextmanager
    def mortal_transaction(self: Warehouse) -> Iterator[Any]:
        if not self._in_transaction:
            mortal.step()
        with transaction(self) as con:
            yield con

    monkeypatch.setattr(Ledger, "begin", mortal_begin)
    monkeypatch.setattr(Warehouse, "transaction", mortal_transaction)


def _identifiers(people: People) -> Iterator[dict[str, Any]]:
    for person, somebody in people.items():
        values = [("email", email, consent) for email, consent in somebody.emails.items()]
        values += [("phone", somebody.phone, None)] if somebody.phone else []
        for rank, (kind, value, consent) in enumerate(values, 1):
            yield {
                "person": person,
                "kind": kind,
                "value": value,
                "rank": rank,
                "sources": ["shop"],
                "consent": consent,
                "consent_at": None,
                "deliverable": somebody.deliverable,
            }


def _frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COMPUTED[table]), dtype=object)


__all__ = ["Killed", "Mortal", "Section", "Segment", "Somebody", "World", "make_world", "subscribed", "wanted"]
