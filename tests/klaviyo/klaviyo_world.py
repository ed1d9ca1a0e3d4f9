"""Klaviyo's stand-in, served over loopback HTTP, and a destination that speaks to it; both share one fake time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from segsync.contract import Kit
from segsync.http import Exchange, Patience, Session
from segsync.model import Action, Audience, AudienceRef, Batch, Identifiers, Member, Receipt
from segsync.sandbox import Frame, Server, serve
from segsync.testing import FakeTime
from segsync_klaviyo import Options
from segsync_klaviyo.destination import KlaviyoLists
from segsync_klaviyo.sandbox import Account, KlaviyoSandbox


@dataclass
class World:
    """One account, one server, and everything that crossed the wire."""

    time: FakeTime = field(default_factory=FakeTime)
    exchanges: list[Exchange] = field(default_factory=list)
    seq: int = 0

    def __post_init__(self) -> None:
        self.sandbox = KlaviyoSandbox(self.time.clock)
        self.server: Server = serve({"klaviyo": self.sandbox}, clock=self.time.clock)

    @property
    def account(self) -> Account:
        return self.sandbox.account

    @property
    def frame(self) -> Frame:
        return self.server.frames["klaviyo"]

    @property
    def base_url(self) -> str:
        return f"{self.server.url}/klaviyo"

    def destination(self, *, key: str = "pk_test_1234", base_url: str | None = None, **options: Any) -> KlaviyoLists:
        clock = self.time.clock
        session = Session("klaviyo", clock=clock, trace=self.exchanges.append, patience=Patience(4, 120))
        given = Options(base_url=base_url or self.base_url, **options)
        return KlaviyoLists(Kit("klaviyo", given, {"api_key": SecretStr(key)}, session, clock, Path()))

    # --- steps -----------------------------------------------------------------------------------------------

    def vip(self, destination: KlaviyoLists) -> AudienceRef:
        return destination.create_audience(Audience("VIP customers"))

    def batch(self, ref: AudienceRef, members: Sequence[Member], action: Action = Action.ADD) -> Batch:
        self.seq += 1
        return Batch(f"b{self.seq}", self.seq, ref, action, members)

    def add(self, destination: KlaviyoLists, ref: AudienceRef, members: Sequence[Member]) -> Receipt:
        return self.settled(destination, self.batch(ref, members))

    def remove(self, destination: KlaviyoLists, ref: AudienceRef, members: Sequence[Member]) -> Receipt:
        return destination.push(self.batch(ref, members, Action.REMOVE))

    def settled(self, destination: KlaviyoLists, batch: Batch) -> Receipt:
        """The whole receipt, once nobody is pending; a ticket travels as JSON, as it does through the ledger."""
        first = destination.push(batch)
        if first.ticket is None:
            return first
        waiting = Batch(
            batch.id, batch.seq, batch.audience, batch.action, [m for m in batch.members if m.person in first.pending]
        )
        assert json.loads(json.dumps(dict(first.ticket.detail))) == first.ticket.detail
        for _ in range(10):
            later = destination.settle(first.ticket, waiting)
            if later is not None:
                return Receipt(
                    batch.id,
                    {**first.accepted, **later.accepted},
                    [*first.rejects, *later.rejects],
                    later.pending,
                    later.ticket,
                )
        raise AssertionError("still pending")

    # --- looking ---------------------------------------------------------------------------------------------

    def members_of(self, ref: AudienceRef) -> list[str]:
        held: list[str] = self.sandbox.state()["lists"][ref.id]["members"]
        return held

    def asked(self, method: str | None = None, path: str = "") -> list[tuple[str, str]]:
        """Method and path of the counted requests that match."""
        log = self.frame.requests()
        return [(r.method, r.path) for r in log if (method is None or r.method == method) and path in r.path]

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """The JSON bodies that were sent to paths that end so."""
        sent = [one.request for one in self.exchanges if one.request.path_url.partition("?")[0].endswith(path)]
        return [json.loads(request.body) for request in sent if request.body]


def person(n: int, *, email: str | None = "", phone: str | None = None, id: str | None = None) -> Member:
    """Person n, by default with an e-mail of their own and no phone."""
    address = f"person{n}@example.com" if email == "" else email
    facts = Identifiers(emails=(address,) if address else (), phones=(phone,) if phone else ())
    return Member(f"p{n}", facts, id)


def people(count: int) -> list[Member]:
    return [person(n) for n in range(count)]


def phone_number(n: int) -> str:
    """A number of the range that is kept for fiction."""
    return f"+1202555{100 + n:04d}"
