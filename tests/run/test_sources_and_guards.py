"""What guards are told of sources: read to their end or not, how long ago, and how much of them is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from segsync.config import Config, load
from segsync.contract import Connector
from segsync.errors import SegsyncError, Unavailable
from segsync.ledger import audiences, runs
from segsync.model import Page
from segsync.people import Joining
from segsync.plan.guards import SourceState
from segsync.rules import read
from segsync.run import planning
from segsync.run.compute import Computed
from segsync.run.pull import Pulled, pull
from segsync.run.workspace import Setting, open_workspace
from segsync.spec import Reads, Spec
from segsync.streams import STREAMS
from segsync.testing import FakeTime

TOML = """
config_version = 1
[shop]
timezone = "UTC"
currency = "USD"
[sources.shop]
connector = "scripted"
[segments.vip]
rule = "number_of_orders >= 1"
[segments.old]
rule = "customer_added_date < 2020-01-01"
"""


class NoOptions(BaseModel):
    pass


class Scripted:
    """A source that gives what the test says, and breaks where it says."""

    def __init__(self) -> None:
        self.customers: list[str] = ["1", "2", "3"]
        self.orders: list[str] = ["a", "b"]
        self.listed: list[str] | None = None
        self.breaks: dict[str, SegsyncError] = {}

    def streams(self) -> frozenset[str]:
        if "streams" in self.breaks:
            raise self.breaks["streams"]
        return frozenset({"customers", "orders"})

    def read(self, root: str, _since: object, _jobs: object) -> Iterator[Page]:
        if root in self.breaks:
            raise self.breaks[root]
        if root == "customers":
            frame = pd.DataFrame(
                {"customer_id": self.customers, "email": [f"c{n}@example.com" for n in self.customers]}
            )
        else:
            frame = pd.DataFrame({"order_id": self.orders, "customer_id": ["1"] * len(self.orders)})
        yield Page({root: frame})

    def ids(self) -> Iterator[Sequence[str]] | None:
        if "ids" in self.breaks:
            raise self.breaks["ids"]
        return None if self.listed is None else iter([self.listed])

    def close(self) -> None: ...


@pytest.fixture
def ids_every() -> timedelta:
    return timedelta(0)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, ids_every: timedelta) -> Scripted:
    scripted = Scripted()
    reads = Reads(lists_ids=True, ids_every=ids_every)
    spec = Spec(name="scripted", summary="For tests", options=NoOptions, reads=reads)
    connector = Connector(spec, source=lambda _kit: scripted)  # type: ignore[arg-type, return-value]
    monkeypatch.setattr("segsync.plugins.available", lambda: {"scripted": None})
    monkeypatch.setattr("segsync.plugins.load", lambda _name: connector)
    return scripted


@pytest.fixture
def config(source: Scripted, tmp_path: Path) -> Config:
    path = tmp_path / "segsync.toml"
    path.write_text(TOML, encoding="utf-8")
    return load(path, environ={})


def pulled(config: Config, time: FakeTime, *, full: bool = False) -> Pulled:
    with open_workspace(config, Setting(time.clock, {}, 1, "pull")) as space:
        (result,) = pull(space, ["shop"], full=full)
    return result


def state(config: Config, time: FakeTime, segment: str = "vip") -> SourceState:
    rules = read({name: each.rule for name, each in config.segments.items()}, filled=frozenset(STREAMS)).rules
    computed = Computed(Joining(0, 0, 0, 0, 0, []), [], rules, [], {})
    with open_workspace(config, Setting(time.clock, {}, 1, "push")) as space:
        (found,) = planning._sources(space, [rules[segment]], computed)
    return found


def test_a_source_that_was_never_read(config: Config, fake_time: FakeTime) -> None:
    found = state(config, fake_time)
    assert found.failed is not None
    assert "segsync pull shop" in found.failed


def test_a_source_that_was_read_well(config: Config, fake_time: FakeTime) -> None:
    pulled(config, fake_time)
    assert state(config, fake_time) == SourceState("shop", sizes={"customers": 3, "orders": 2})
    assert state(config, fake_time, "old").sizes == {"customers": 3}  # a rule that asks nothing of orders


@pytest.mark.parametrize("where", ["streams", "customers", "orders", "ids"])
def test_a_failure_is_known_until_the_next_good_pull(
    config: Config, source: Scripted, fake_time: FakeTime, where: str
) -> None:
    pulled(config, fake_time)
    source.breaks[where] = Unavailable("scripted: the connection broke")
    assert pulled(config, fake_time).exit_code == 4
    assert state(config, fake_time).failed == "scripted: the connection broke"
    source.breaks.clear()
    pulled(config, fake_time)
    assert state(config, fake_time).failed is None


def test_a_pull_that_reads_one_root_day_after_day_is_stale(
    config: Config, source: Scripted, fake_time: FakeTime
) -> None:
    """Orders break each time; that customers were read does not make the source fresh."""
    pulled(config, fake_time)
    source.breaks["orders"] = Unavailable("scripted: the connection broke")
    for _ in range(4):
        fake_time.advance(86400)
        pulled(config, fake_time)
    found = state(config, fake_time)
    assert found.failed is not None
    assert found.stale_days == pytest.approx(4, abs=0.01)


def test_a_pull_that_was_killed_is_not_fresh(
    config: Config, source: Scripted, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled(config, fake_time)
    fake_time.advance(4 * 86400)

    def dies(*_args: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Scripted, "ids", dies)
    with pytest.raises(KeyboardInterrupt):
        pulled(config, fake_time)
    assert state(config, fake_time).stale_days == pytest.approx(4, abs=0.01)


def test_customers_who_have_all_vanished_are_a_size_of_nothing(
    config: Config, source: Scripted, fake_time: FakeTime
) -> None:
    pulled(config, fake_time)
    source.listed = []
    assert pulled(config, fake_time).vanished == 3
    assert state(config, fake_time).sizes == {"customers": 0, "orders": 2}


def test_sizes_are_the_warehouses_own(config: Config, source: Scripted, fake_time: FakeTime) -> None:
    """Also where the pull that changed them was killed before it had noted them."""
    pulled(config, fake_time)
    with open_workspace(config, Setting(fake_time.clock, {}, 1, "pull")) as space:
        space.warehouse.vanish("shop", [["1"]], at=fake_time.instant, run_id=space.run_id)
    assert state(config, fake_time).sizes == {"customers": 1, "orders": 2}
    with open_workspace(config, Setting(fake_time.clock, {}, 1, "status")) as space:
        assert runs.last_sizes(space.ledger)["shop"]["customers"] == 3


def test_recovery_comes_before_people_are_joined(
    config: Config, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merge takes rows of `held` along, which must say by then what the receipts of a dead push say."""
    from segsync.run import compute as computing

    pulled(config, fake_time)
    order: list[str] = []
    resolve = computing.people.resolve

    def recovering(*_args: Any) -> dict[str, int]:
        order.append("recover")
        return {"vip.klaviyo.1": 3}

    def resolving(*args: Any, **more: Any) -> Any:
        order.append("resolve")
        return resolve(*args, **more)

    monkeypatch.setattr(computing, "recover_all", recovering)
    monkeypatch.setattr(computing.people, "resolve", resolving)
    with open_workspace(config, Setting(fake_time.clock, {}, 1, "push")) as space:
        found = computing.compute(space, frozenset(STREAMS))
        assert list(audiences.every(space.ledger)) == []
    assert order == ["recover", "resolve"]
    assert found.recovered == {"vip.klaviyo.1": 3}


weekly = pytest.mark.parametrize("ids_every", [timedelta(days=7)])


@weekly
def test_vanished_customers_are_looked_for_as_often_as_the_connector_says(
    config: Config, source: Scripted, fake_time: FakeTime
) -> None:
    source.listed = ["1", "2", "3"]
    assert pulled(config, fake_time).vanished == 0  # never looked before: it looks
    source.listed = source.customers = ["1", "2"]
    for _ in range(6):
        fake_time.advance(86_400)
        assert pulled(config, fake_time).vanished == 0
    fake_time.advance(86_400)
    assert pulled(config, fake_time).vanished == 1


@weekly
def test_a_full_pull_looks_for_vanished_customers_at_once(
    config: Config, source: Scripted, fake_time: FakeTime
) -> None:
    source.listed = ["1", "2", "3"]
    pulled(config, fake_time)
    source.listed = source.customers = ["1"]
    assert pulled(config, fake_time).vanished == 0
    assert pulled(config, fake_time, full=True).vanished == 2


@weekly
def test_the_config_says_how_often_vanished_customers_are_looked_for(
    config: Config, source: Scripted, fake_time: FakeTime
) -> None:
    text = config.path.read_text(encoding="utf-8")
    config.path.write_text(text.replace("[segments.vip]", 'ids_every = "1d"\n[segments.vip]'), encoding="utf-8")
    config = load(config.path, environ={})
    source.listed = ["1", "2", "3"]
    pulled(config, fake_time)
    source.listed = source.customers = ["1", "2"]
    fake_time.advance(86_400)
    assert pulled(config, fake_time).vanished == 1


@weekly
def test_a_list_of_ids_that_failed_is_asked_for_again(config: Config, source: Scripted, fake_time: FakeTime) -> None:
    source.breaks["ids"] = Unavailable("scripted: the connection broke")
    assert pulled(config, fake_time).exit_code == 4
    source.breaks.clear()
    source.listed = ["1"]
    assert pulled(config, fake_time).vanished == 2


def test_what_a_killed_run_left_lying_is_gone_with_the_next(config: Config, fake_time: FakeTime) -> None:
    left = config.state_dir / "scratch" / "segsync-x" / "result.jsonl"
    config.state_dir.mkdir(mode=0o700)
    left.parent.mkdir(parents=True)
    left.write_text("people", encoding="utf-8")
    pulled(config, fake_time)
    assert not left.exists()
