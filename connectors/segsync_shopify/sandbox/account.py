"""Everything that the stand-in holds beside HTTP: the shop, who may ask, running operations, and what was arranged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from segsync.clock import Clock
from segsync_shopify.sandbox.access import ORDERS_SEEN, Access
from segsync_shopify.sandbox.bulk import Operations
from segsync_shopify.sandbox.cost import Bucket
from segsync_shopify.sandbox.shop import Shop
from segsync_shopify.sandbox.values import instant
from segsync_shopify.sandbox.view import View

NEWEST, SUPPORTED, OLDEST = "2026-07", ("2026-01", "2026-04", "2026-07"), "2026-01"
NOT_SUPPORTED = ("2026-10", "unstable")  # yet: they can be asked for all the same


@dataclass(slots=True)
class Versions:
    """The API's versions; what is older or unknown is answered by the oldest."""

    oldest: str = OLDEST
    supported: tuple[str, ...] = SUPPORTED

    def answering(self, asked: str) -> str:
        return asked if asked in self.supported or asked in NOT_SUPPORTED else self.oldest


@dataclass(slots=True)
class Refusing:
    """An answer that was arranged for the next calls of the API: a status with a text, or an entry of `errors`."""

    times: int  # 0: for ever
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Account:
    """One app in one shop. Not thread-safe: the app holds its lock around each request."""

    def __init__(self, clock: Clock, shop: Shop, access: Access) -> None:
        self.clock = clock
        self.shop = shop
        self.access = access
        self.bulk = Operations(clock)
        self.bucket = Bucket(clock)
        self.versions = Versions()
        self.lag = 0.0  # seconds that the search index is behind
        self.shuffled = True
        self.refusing: list[Refusing] = []
        self.missing = False  # there is no such shop
        self.counts: Counter[str] = Counter()  # what happened, by name
        self._made = 0

    def view(self) -> View:
        """The shop as a request of now sees it."""
        now = self.clock.now()
        return View(
            self.shop,
            instant(now),
            None if self.access.may("read_all_orders") else instant(now - ORDERS_SEEN),
            instant(now - timedelta(seconds=self.lag)) if self.lag else None,
        )

    def next_number(self) -> int:
        """For the ids of records that are made without one."""
        self._made += 1
        return 9_000_000_000_000 + self._made

    def state(self) -> dict[str, Any]:
        """What it holds, as JSON values."""
        shop = self.shop
        return {
            "shop": {"name": shop.name, "domain": shop.domain},
            "customers": {
                id: {"email": one["_email"], "orders": len(shop.ordered.get(id, ())), "updatedAt": one["updatedAt"]}
                for id, one in shop.customers.items()
            },
            "orders": {
                id: {"name": one["name"], "customer": one["_customer"], "updatedAt": one["updatedAt"]}
                for id, one in shop.orders.items()
            },
            "checkouts": len(shop.checkouts),
            "bulk_operations": {
                id: {
                    "status": one.status,
                    "foreign": one.foreign,
                    "polls": one.polls,
                    "objects": one.objects,
                    "query": one.query,
                }
                for id, one in self.bulk.all.items()
            },
            "foreign_cancellations": list(self.bulk.foreign_cancellations),
            "scopes": list(self.access.scopes),
            "plan": self.access.plan,
            "grants": len(self.access.grants),
            "leaked_tokens": self.counts["leaked_tokens"],
            "downloads": self.counts["downloads"],
            "throttled": self.counts["throttled"],
        }
