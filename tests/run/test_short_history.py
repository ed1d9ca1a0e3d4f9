"""A platform that counts more orders than it gives: whom that stops, whom not, and the ways on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from segsync.config import Config, load
from segsync.contract import Connector
from segsync.errors import GuardStop
from segsync.model import Page
from segsync.plan.history import histories
from segsync.run import compute as computing
from segsync.run.push import Order, Pushed
from segsync.run.whole import Done, run, syncs_of
from segsync.run.workspace import Setting, open_workspace
from segsync.spec import Reads, Spec
from segsync.testing import FakeTime, MemoryDestination, MemoryPlatform, memory_spec

TOML = """
config_version = 1
[shop]
timezone = "UTC"
currency = "USD"
[sources.shop]
connector = "scripted"
[destinations.memory]
"""
RULES = {
    "buyers": "number_of_orders >= 1",
    "recent": "orders_placed MATCHES (date >= -7d)",
    "quarter": "orders_placed MATCHES (date >= -90d)",
    "quiet": "orders_placed NOT MATCHES (date >= -7d)",
    "known": "customer_added_date IS NULL",
    "others": "segments NOT CONTAINS 'buyers'",
}


class NoOptions(BaseModel):
    pass


@dataclass
class Shop:
    """A source that gives the orders of the last days alone, and says how many each customer has (None: it does not).

    By `ages`: customer to the age in days of each of their orders.
    """

    ages: dict[str, list[int]]
    today: datetime
    window: int = 60
    counts: bool = True

    def streams(self) -> frozenset[str]:
        return frozenset({"customers", "orders"})

    def read(self, root: str, _since: object, _jobs: object) -> Iterator[Page]:
        rows = self._customers() if root == "customers" else self._orders()
        yield Page({root: pd.DataFrame(rows)})

    def close(self) -> None: ...

    def _customers(self) -> list[dict[str, Any]]:
        counted = {c: len(days) if self.counts else None for c, days in self.ages.items()}
        return [{"customer_id": c, "email": f"{c}@example.com", "platform_orders": n} for c, n in counted.items()]

    def _orders(self) -> list[dict[str, Any]]:
        return [
            {"order_id": f"{c}-{age}", "customer_id": c, "ordered_at": self.today - timedelta(days=age)}
            for c, ages in self.ages.items()
            for age in ages
            if age <= self.window
        ]


AGES = {"ann": [2, 70, 80, 400], "ben": [30, 95], "cem": [50, 300, 301], "dee": [200], "eve": []}


@dataclass
class World:
    """A config of all the rules, each with an audience in memory."""

    config: Config
    shop: Shop
    time: FakeTime
    platform: MemoryPlatform = field(default_factory=MemoryPlatform)

    def run(self, segment: str | None, order: Order | None = None, *, pull: bool = True) -> Done:
        with open_workspace(self.config, Setting(self.time.clock, {}, 1, "run")) as space:
            sources = ["shop"] if pull else []
            return run(space, syncs_of(self.config, segment), order or Order(), sources=sources)

    def push(self, segment: str, order: Order | None = None, *, pull: bool = True) -> Pushed:
        (result,) = self.run(segment, order, pull=pull).pushed
        return result

    def there(self, segment: str) -> set[str]:
        """Who is in the audience of a segment, by first names."""
        (audience,) = (id for id, held in self.platform.audiences.items() if held.name == segment)
        return {email.split("@")[0] for email in self.platform.holds(audience, self.time.instant)}


@pytest.fixture
def world(tmp_path: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> World:
    path = tmp_path / "segsync.toml"
    segments = [f'[segments.{name}]\nrule = "{rule}"\n[segments.{name}.to.memory]\n' for name, rule in RULES.items()]
    made: list[World] = []
    spec = Spec(name="scripted", summary="For tests", options=NoOptions, reads=Reads())
    connectors = {
        "scripted": Connector(spec, source=lambda _kit: made[0].shop),
        "memory": Connector(
            memory_spec(), destination=lambda kit: MemoryDestination(made[0].platform, clock=kit.clock)
        ),
    }
    monkeypatch.setattr("segsync.plugins.available", lambda: dict.fromkeys(connectors))
    monkeypatch.setattr("segsync.plugins.load", connectors.__getitem__)
    path.write_text(TOML + "".join(segments), encoding="utf-8")
    made.append(World(load(path, environ={}), Shop(AGES, fake_time.instant), fake_time))
    return made[0]


STOPPED = {"buyers": "all of them", "quarter": "those from 2026-03-03 on", "others": "all of them"}
PASSED = {
    "recent": {"ann"},
    "quiet": {"ben", "cem", "dee", "eve"},
    "known": {"ann", "ben", "cem", "dee", "eve"},
}


def test_a_rule_that_asks_for_more_than_has_landed_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Any] = []

    def looking(con: Any) -> Any:
        looks.append(con)
        return histories(con)

    monkeypatch.setattr(computing, "histories", looking)
    done = world.run(None)
    assert len(looks) == 1  # for all the syncs together
    assert done.exit_code == 5
    results = {result.sync.segment: result for result in done.pushed}
    assert {name for name, result in results.items() if result.exit_code} == STOPPED.keys()
    for name, asked in STOPPED.items():
        result = results[name]
        assert isinstance(result.error, GuardStop)
        assert not result.sent
        assert result.plan is not None
        assert [(stop.guard, stop.number) for stop in result.plan.stops] == [("history:shop", 7)]
        message = str(result.error)
        assert "shop's orders reach back to 2026-04-12: 3 of the 10 that its platform counts have landed" in message
        assert f"the rule asks about {asked}" in message
        assert "segsync check shop" in message
        assert "segsync pull shop --full" in message
    assert {held.name for held in world.platform.audiences.values()} == PASSED.keys()
    assert {name: world.there(name) for name in PASSED} == PASSED


def test_where_all_has_landed_every_rule_passes(world: World) -> None:
    world.shop.window = 1000
    assert [result.exit_code for result in world.run(None).pushed] == [0] * len(RULES)


def test_where_the_platform_counts_nothing_every_rule_passes(world: World) -> None:
    world.shop.counts = False
    assert [result.exit_code for result in world.run(None).pushed] == [0] * len(RULES)


def test_the_permission_is_granted_and_all_is_read_again(world: World) -> None:
    assert world.push("buyers").exit_code == 5
    assert world.platform.writes == []
    world.shop.window = 1000
    assert world.push("buyers").exit_code == 0
    assert world.there("buyers") == {"ann", "ben", "cem", "dee"}


def test_a_yes_lets_it_pass_once(world: World) -> None:
    stopped = world.push("buyers").plan
    assert stopped is not None
    result = world.push("buyers", Order(approve=stopped.id))
    assert result.exit_code == 0
    assert result.plan is not None
    assert [stop.guard for stop in result.plan.approved] == ["history:shop"]
    assert world.there("buyers") == {"ann", "ben", "cem"}
    world.shop.ages = AGES | {"eve": [1]}
    assert world.push("buyers").exit_code == 5
    assert world.there("buyers") == {"ann", "ben", "cem"}


def test_a_yes_does_not_cover_much_more(world: World) -> None:
    stopped = world.push("buyers").plan
    assert stopped is not None
    world.shop.ages = AGES | {"eve": [90, 100]}
    assert world.push("buyers", Order(approve=stopped.id)).exit_code == 5
    assert world.platform.writes == []
