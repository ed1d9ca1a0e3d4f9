"""The same made-up shop by both roads, the API and the export files: the same people, the same members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from segsync.config import load
from segsync.run.compute import filled_streams
from segsync.run.push import Order
from segsync.run.whole import run
from segsync.run.workspace import Setting, Workspace, open_workspace
from segsync.sandbox import serve
from segsync.sandbox.shop import Shop, make_shop
from segsync.testing import FakeTime
from segsync_shopify.sandbox import ShopifySandbox, seed

DAY = date(2026, 5, 28)
AS_OF = datetime(2026, 5, 30, 3, 0, tzinfo=UTC)
CONFIG = """
config_version = 1
[shop]
timezone = "America/New_York"
currency = "USD"
[shop.rates]
EUR = 1.08
GBP = 1.27
CAD = 0.73
{source}
[segments.vip]
rule = "number_of_orders >= 3 AND amount_spent > 500"
[segments.lapsed]
rule = "number_of_orders >= 2 AND last_order_date < -120d"
[segments.abroad]
rule = "customer_countries CONTAINS 'CA' OR customer_countries CONTAINS 'DE'"
[segments.subscribed]
rule = "email_subscription_status = 'SUBSCRIBED'"
[segments.shirts]
rule = "products_purchased MATCHES (sku = 'SH-L-M', date >= -1y)"
[segments.counter]
rule = "orders_placed MATCHES (channel = 'pos', count >= 1)"
[segments.coded]
rule = "orders_placed MATCHES (discount_code = 'WELCOME10')"
[segments.never]
rule = "number_of_orders = 0"
"""


class Road:
    """A workspace of one road."""

    def __init__(self, folder: Path, time: FakeTime, source: str) -> None:
        folder.mkdir()
        path = folder / "segsync.toml"
        path.write_text(CONFIG.format(source=source), encoding="utf-8")
        self.config = load(path, environ={})
        self.time = time

    def computed(self) -> dict[str, Any]:
        """People as the customers that each has, and the e-mails of each segment's members."""
        setting = Setting(self.time.clock, {"SEGSYNC_SECRET__SHOP__ACCESS_TOKEN": "shpat_x"}, 1, "run")
        with open_workspace(self.config, setting, as_of=AS_OF) as space:
            done = run(space, [], Order(), sources=["shop"])
            assert [each.error for each in done.pulled] == [None]
            assert filled_streams(space) >= {"customers", "orders"}
            return {"people": _people(space), **_members(space)}


def _people(space: Workspace) -> set[tuple[str, ...]]:
    with space.warehouse.reading() as con:
        found = con.table("identities").select("person", "customer_id").to_pandas()
    return set(found.groupby("person")["customer_id"].apply(_who))


def _who(ids: Iterable[str]) -> tuple[str, ...]:
    """Somebody as the customers that they are, else as the guest: an export names no customers in its orders."""
    customers = sorted(id for id in ids if not id.startswith("guest:"))
    return tuple(customers or sorted(ids))


def _members(space: Workspace) -> dict[str, set[tuple[str, ...]]]:
    """For each segment, its members as the customers that each has."""
    with space.warehouse.reading() as con:
        identities, members = con.table("identities"), con.table("members")
        found = members.join(identities, "person").select("segment", "person", "customer_id").to_pandas()
    return {
        segment: set(group.groupby("person")["customer_id"].apply(_who)) for segment, group in found.groupby("segment")
    }


@pytest.fixture(params=[pytest.param((7, 300), marks=pytest.mark.thorough), (11, 220)], ids=["300", "220"])
def shop(request: pytest.FixtureRequest) -> Shop:
    number, customers = request.param
    return make_shop(number, customers, day=DAY)


@pytest.fixture
def sandbox(fake_time: FakeTime, shop: Shop) -> Iterator[tuple[ShopifySandbox, str]]:
    made = ShopifySandbox(fake_time.clock)
    seed.shop(made.account, seed=shop.seed, customers=shop.size, day=DAY.isoformat())
    with serve({"shopify": made}, clock=fake_time.clock) as server:
        yield made, f"{server.url}/shopify"


def test_both_roads_lead_to_the_same_people_and_members(
    tmp_path: Path, fake_time: FakeTime, shop: Shop, sandbox: tuple[ShopifySandbox, str]
) -> None:
    stand_in, url = sandbox
    api = f'[sources.shop]\nconnector = "shopify"\nids_every = "0s"\nshop = "acme"\nbase_url = "{url}"\n'
    by_api = Road(tmp_path / "api", fake_time, api)
    by_files = Road(tmp_path / "files", fake_time, '[sources.shop]\nconnector = "files"\nshopify_export = "exports"\n')
    shop.write_exports(tmp_path / "files" / "exports")
    first = by_api.computed()
    assert first == by_files.computed()
    assert min(len(members) for members in first.values()) > 0
    seed.next_day(stand_in.account)
    later = shop.next_day()
    later.write_exports(tmp_path / "files" / "exports")
    fake_time.advance(3600)
    second = by_api.computed()
    assert second == by_files.computed()
    assert second["vip"] != first["vip"]
    assert len(second["people"]) < len(first["people"]) + 3
