"""A shop at the stand-in, served over HTTP, with a clock that never waits; and sources that read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from segsync.contract import Kit
from segsync.http import Exchange, Session
from segsync.model import Cursor, Page
from segsync.sandbox import Fault, Logged, serve
from segsync.testing import FakeTime, MemoryJobs
from segsync_shopify import Options, connector
from segsync_shopify.sandbox import ShopifySandbox, seed
from segsync_shopify.source import ShopifySource

TOKEN = "shpat_test_1234"
GRAPHQL = "^/admin/api/.*/graphql.json$"


class World:
    """One shop, and what reading it came to."""

    def __init__(self, **sandbox: Any) -> None:
        self.time = FakeTime()
        self.sandbox = ShopifySandbox(self.time.clock, **sandbox)
        self.server = serve({"shopify": self.sandbox}, clock=self.time.clock)
        self.url = f"{self.server.url}/shopify"
        self.jobs = MemoryJobs()
        self.exchanges: list[Exchange] = []

    def close(self) -> None:
        self.server.close()

    def seed(self, deed: str, **given: Any) -> Any:
        """What happens at Shopify."""
        with self.sandbox.lock:
            return getattr(seed, deed)(self.sandbox.account, **given)

    def source(self, *, secrets: Mapping[str, str] | None = None, **options: Any) -> ShopifySource:
        given = Options.model_validate({"shop": "acme", "base_url": self.url, **options})
        session = Session("shopify", clock=self.time.clock, trace=self.exchanges.append)
        found = {"access_token": TOKEN} if secrets is None else secrets
        hidden = {name: SecretStr(value) for name, value in found.items()}
        return ShopifySource(Kit("shopify", given, hidden, session, self.time.clock, Path()))

    def read(self, root: str, since: Cursor | None = None, **options: Any) -> list[Page]:
        return list(self.source(**options).read(root, since, self.jobs))

    def fault(self, **fault: Any) -> None:
        self.frame.set_faults([Fault(**fault)])

    def mend(self) -> None:
        self.frame.set_faults([])

    @property
    def frame(self) -> Any:
        return self.server.frames["shopify"]

    def requests(self, since: int = 0) -> Sequence[Logged]:
        return list(self.frame.requests())[since:]

    def sent(self) -> list[str]:
        """The names of the GraphQL operations that were sent, in order."""
        return [name for exchange in self.exchanges if (name := operation(exchange))]


def operation(exchange: Exchange) -> str | None:
    """The name of the GraphQL operation that was sent; None for other requests."""
    if not (exchange.request.url or "").endswith("/graphql.json"):
        return None
    body = exchange.request.body
    assert body is not None
    return str(json.loads(body)["query"].split("(")[0].split("{")[0].split()[-1])


def rows(pages: Iterator[Page] | Sequence[Page], stream: str) -> list[dict[str, Any]]:
    """The records of a stream on these pages, missing values as None."""
    found: list[dict[str, Any]] = []
    for page in pages:
        if stream in page.frames:
            frame = page.frames[stream]
            found += frame.astype(object).where(frame.notna(), None).to_dict("records")
    return found


def ids(pages: Sequence[Page], stream: str) -> set[str]:
    """The ids of the records of a stream on these pages."""
    column = {"customers": "customer_id", "orders": "order_id", "checkouts": "checkout_id"}[stream]
    return {row[column] for row in rows(pages, stream)}


__all__ = ["GRAPHQL", "TOKEN", "World", "connector", "ids", "operation", "rows"]
