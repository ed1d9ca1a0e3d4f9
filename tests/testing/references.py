"""Suites over memory: destinations and sources that keep the contract, for broken ones to be made from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pandas as pd
from pydantic import BaseModel

from segsync.contract import Destination, Source
from segsync.errors import AuthError, Unavailable
from segsync.model import AudienceRef, Cursor, Identifiers, Jobs, Member, Page
from segsync.spec import Reads, SecretSpec, Spec
from segsync.testing import (
    DestinationContract,
    MemoryDestination,
    MemoryPlatform,
    SourceContract,
    memory_spec,
)


class MemoryContract(DestinationContract):
    """The suite over a MemoryDestination; `kind` is what a broken one replaces."""

    spec = memory_spec(max_batch=20)
    bad_member = Member("bad", Identifiers(emails=("not an address",)))
    kind: ClassVar[type[MemoryDestination]] = MemoryDestination

    @property
    def platform(self) -> MemoryPlatform:
        return self.__dict__.setdefault("_platform", MemoryPlatform(max_batch=20))

    def destination(self) -> Destination:
        return self.kind(self.platform, clock=self.time.clock, spec=self.spec)

    def holds(self, audience: AudienceRef) -> Collection[str]:
        return self.platform.holds(audience.id, self.time.instant)

    def audiences_named(self, name: str) -> int:
        return sum(held.name == name for held in self.platform.audiences.values())

    def stranger_creates(self, name: str) -> bool:
        self.platform.create(name)
        return True

    def makes_live(self, audience: AudienceRef) -> bool:
        self.platform.audiences[audience.id].automations.append("Welcome")
        return True

    def known(self, identifiers: Identifiers) -> bool:
        return self.platform.find(identifiers) is not None


class TicketContract(MemoryContract):
    """The same platform where it takes adds for later."""

    spec = memory_spec(max_batch=20, settles=True)


class Refused(MemoryDestination):
    """One with a credential that was revoked."""

    def check(self) -> Sequence[str]:
        raise AuthError("memory refuses the credential")


class SecretContract(MemoryContract):
    """The same platform where it asks for a credential."""

    spec = replace(MemoryContract.spec, secrets=(SecretSpec("token", "its token"),))

    def refused_destination(self) -> Destination:
        return Refused(self.platform, clock=self.time.clock)


class ShopOptions(BaseModel):
    pass


SHOP: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customers": [
        {"customer_id": str(n), "email": f"shopper{n}@example.com", "updated_at": f"2026-05-0{n}T00:00:00Z"}
        for n in range(1, 6)
    ],
    "orders": [{"order_id": f"o{n}", "customer_id": str(n)} for n in range(1, 5)],
    "order_lines": [
        {"order_id": f"o{n}", "line_id": f"l{n}{line}", "quantity": line} for n in range(1, 5) for line in (1, 2)
    ],
}


class MemorySource:
    """A source over SHOP, two records a page; a cursor is the number of records read."""

    def __init__(self, shop: Mapping[str, Sequence[Mapping[str, Any]]], *, breaks: bool = False) -> None:
        self.shop = shop
        self.breaks = breaks

    def check(self) -> Sequence[str]:
        if not self.shop:
            raise AuthError("the shop refuses the credential")
        return ()

    def streams(self) -> frozenset[str]:
        return frozenset(self.shop)

    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        jobs.put(root, "job-1")
        for start in range(int(since.value) if since else 0, len(self.shop[root]), 2):
            yield self.page(root, start)
            if self.breaks:
                raise Unavailable("the shop stopped answering")
        jobs.drop(root)

    def page(self, root: str, start: int) -> Page:
        rows = self.shop[root][start : start + 2]
        frames = {root: pd.DataFrame(rows)}
        if root == "orders":
            ids = {row["order_id"] for row in rows}
            frames["order_lines"] = pd.DataFrame([line for line in self.shop["order_lines"] if line["order_id"] in ids])
        return Page(frames, Cursor(str(start + len(rows))))

    def ids(self) -> Iterator[Sequence[str]]:
        for row in self.shop["customers"]:
            yield [row["customer_id"]]

    def close(self) -> None:
        pass


class ShopContract(SourceContract):
    """The suite over a MemorySource; `kind` is what a broken one replaces."""

    spec = Spec(
        "shop",
        "A shop in memory",
        ShopOptions,
        secrets=(SecretSpec("token", "its token"),),
        reads=Reads(lists_ids=True),
    )
    kind: ClassVar[type[MemorySource]] = MemorySource

    @property
    def shop(self) -> dict[str, list[dict[str, Any]]]:
        made = {stream: [dict(row) for row in rows] for stream, rows in SHOP.items()}
        return self.__dict__.setdefault("_shop", made)

    def source(self) -> Source:
        return self.kind(self.shop)

    def refused_source(self) -> Source:
        return self.kind({})

    def interrupted(self, root: str) -> Source:
        return self.kind(self.shop, breaks=True)

    def customers(self) -> Collection[str]:
        return [row["customer_id"] for row in self.shop["customers"]]

    def everything(self) -> object:
        return {stream: [dict(row) for row in rows] for stream, rows in self.shop.items()}
