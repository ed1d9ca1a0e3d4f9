"""Shopify keeps the contract of a source, in bulk and where its search is asked."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import pytest
from shopify_world import World

from segsync.contract import Source
from segsync.sandbox import Fault
from segsync.testing import SourceContract
from segsync_shopify import spec
from segsync_shopify.spool import PAGE


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small shop has several of them."""
    monkeypatch.setattr("segsync_shopify.spool.PAGE", dict.fromkeys(PAGE, 12))


class TestShopify(SourceContract):
    """A made-up shop of forty customers."""

    spec = spec

    @cached_property
    def world(self) -> World:
        made = World(access_token="shpat_test_1234")
        made.time = self.time
        made.seed("shop", seed=3, customers=40, day="2026-05-29")
        return made

    def teardown_method(self) -> None:
        super().teardown_method()
        self.world.close()

    def source(self) -> Source:
        return self.world.source()

    def interrupted(self, root: str) -> Source:
        self.world.frame.set_faults([Fault(path="^/storage/", truncate=500, honest=True, times=0)])
        return self.world.source()

    def customers(self) -> Collection[str]:
        return {id.rpartition("/")[2] for id in self.world.sandbox.shop.customers}

    def everything(self) -> object:
        held = self.world.sandbox.state()
        return {name: held[name] for name in ("customers", "orders", "checkouts", "foreign_cancellations", "scopes")}

    def refused_source(self) -> Source:
        return self.world.source(secrets={"access_token": "shpat_revoked"})
