"""Two sources that say who consents to what, an audience for each kind of consent, and a run a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from segsync.config import Config, load
from segsync.contract import Connector
from segsync.errors import SegsyncError
from segsync.ledger import suppressions
from segsync.ledger.suppressions import Kind
from segsync.model import Action, Batch, Page, Receipt
from segsync.run.push import Order, Pushed
from segsync.run.whole import run, syncs_of
from segsync.run.workspace import Setting, Workspace, open_workspace
from segsync.spec import Reads, Spec
from segsync.testing import FakeTime, MemoryDestination, MemoryPlatform, memory_spec

HEAD = """
config_version = 1
[shop]
timezone = "UTC"
currency = "USD"
[sources.shop]
connector = "scripted"
[sources.till]
connector = "scripted"
[destinations.memory]
"""
MEMBERS = "customer_tags CONTAINS 'in'"
DAY = 86400.0


class NoOptions(BaseModel):
    pass


@dataclass
class Source:
    """Customers by id, each with the columns that the test gives; whoever is taken out has vanished."""

    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: SegsyncError | None = None
    told: dict[str, dict[str, Any]] | None = None  # what was read last

    @property
    def news(self) -> bool:
        """Would another pull read anything else?"""
        return self.error is not None or self.told != self.customers

    def streams(self) -> frozenset[str]:
        return frozenset({"customers"})

    def read(self, _root: str, _since: object, _jobs: object) -> Iterator[Page]:
        if self.error is not None:
            raise self.error
        self.told = deepcopy(self.customers)
        rows = [{"customer_id": id_, **facts} for id_, facts in self.customers.items()]
        yield Page({"customers": pd.DataFrame(rows or {"customer_id": []})})

    def ids(self) -> Iterator[Sequence[str]]:
        return iter([list(self.customers)])

    def close(self) -> None: ...


@dataclass
class Gates:
    """A shop's days. `sent` lists every batch that reached the platform, by the name of its audience."""

    config: Config
    time: FakeTime
    sources: Mapping[str, Source]
    platform: MemoryPlatform
    sent: list[tuple[str, Batch]]

    def customer(self, id_: str, *tags: str, source: str = "shop", **facts: Any) -> None:
        """Somebody, or what became of them; an e-mail of their name, subscribed, unless told otherwise."""
        usual = {"email": f"{id_}@example.com", "email_subscription_status": "SUBSCRIBED", "tags": list(tags)}
        self.sources[source].customers[id_] = usual | facts

    def vanish(self, id_: str, *, source: str = "shop") -> None:
        del self.sources[source].customers[id_]

    def run(self, segment: str | None = None, order: Order | None = None) -> list[Pushed]:
        """Pull what has changed, and push or plan."""
        with self.opened() as space:
            sources = [name for name, source in self.sources.items() if source.news]
            done = run(space, syncs_of(self.config, segment), order or Order(), sources=sources)
        return done.pushed

    def push(self, segment: str, order: Order | None = None) -> Pushed:
        (result,) = self.run(segment, order)
        return result

    def opened(self) -> Any:
        return open_workspace(self.config, Setting(self.time.clock, {}, 1, "run"))

    def suppress(self, kind: Kind, value: str) -> None:
        with self.opened() as space:
            suppressions.add(space.ledger, kind, value, reason=None, at=space.clock.now())

    def unsuppress(self, kind: Kind, value: str) -> None:
        with self.opened() as space:
            suppressions.remove(space.ledger, kind, value)

    def person(self, id_: str, *, source: str = "shop") -> str:
        """Somebody's key."""
        with self.opened() as space:
            return key_of(space, source, id_)

    def there(self, segment: str) -> list[str]:
        """Who is in the audience of a segment: an e-mail of example.com by its name, anybody else as they are."""
        return [who.removesuffix("@example.com") for who in self.shown(segment)]

    def shown(self, segment: str) -> list[str]:
        found = [id_ for id_, held in self.platform.audiences.items() if held.name == segment]
        return self.platform.holds(found[0], self.time.instant) if found else []

    def actions(self, since: int = 0) -> list[str]:
        """The actions that were sent, in order."""
        return [batch.action.value for _, batch in self.sent[since:]]

    def added(self, since: int = 0) -> set[str]:
        """Every e-mail and phone that was sent in an add."""
        batches = [batch for _, batch in self.sent[since:] if batch.action is Action.ADD]
        return {v for b in batches for m in b.members for v in (*m.identifiers.emails, *m.identifiers.phones)}


def key_of(space: Workspace, source: str, id_: str) -> str:
    with space.warehouse.reading() as con:
        rows = con.table("identities")
        rows = rows.filter((rows.source == source) & (rows.customer_id == id_))
        (person,) = rows.select("person").to_pyarrow()["person"].to_pylist()
    return str(person)


def segments(**syncs: str) -> str:
    """A segment of whoever is tagged `in` for each name, with the keys of its sync."""
    return "".join(
        f'[segments.{n}]\nrule = "{MEMBERS}"\n[segments.{n}.to.memory]\n{keys}\n' for n, keys in syncs.items()
    )


def make_gates(
    folder: Path,
    time: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    *,
    kind: type[MemoryDestination] = MemoryDestination,
    **writes: Any,
) -> Gates:
    """A shop of these segments in a folder of its own, before a platform of this kind that declares these things."""
    path = folder / "segsync.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    sent: list[tuple[str, Batch]] = []
    platform, sources = MemoryPlatform(), {"shop": Source(), "till": Source()}

    class Recording(kind):  # type: ignore[misc, valid-type]  # any destination
        def _push(self, batch: Batch) -> Receipt:
            sent.append((self.platform.audiences[batch.audience.id].name, batch))
            return super()._push(batch)  # type: ignore[no-any-return]

    memory = memory_spec()
    assert memory.writes is not None
    memory = replace(memory, writes=replace(memory.writes, **writes))
    spec = Spec(name="scripted", summary="For tests", options=NoOptions, reads=Reads(lists_ids=True))
    connectors = {
        "scripted": Connector(spec, source=lambda kit: sources[kit.name]),
        "memory": Connector(memory, destination=lambda kit: Recording(platform, clock=kit.clock)),
    }
    monkeypatch.setattr("segsync.plugins.available", lambda: dict.fromkeys(connectors))
    monkeypatch.setattr("segsync.plugins.load", connectors.__getitem__)
    return Gates(load(path, environ={}), time, sources, platform, sent)
