"""A shop that is read through Shopify's API, as typed: what is said when something is missing there."""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_world import KEY, Ran

from segsync.cli import main
from segsync.sandbox import Fault, Server, serve
from segsync.testing import FakeTime
from segsync_klaviyo.sandbox import KlaviyoSandbox
from segsync_shopify.sandbox import ShopifySandbox, seed

CONFIG = """
config_version = 1
[shop]
timezone = "America/New_York"
currency = "USD"
[sources.shopify]
shop = "acme"
base_url = "{url}/shopify"
[destinations.klaviyo]
base_url = "{url}/klaviyo"
[segments.vip]
rule = "number_of_orders >= 3 AND amount_spent > 500"
[segments.vip.to.klaviyo]
[segments.buyers]
rule = "number_of_orders >= 1"
[segments.buyers.to.klaviyo]
[segments.recent]
rule = "orders_placed MATCHES (date >= -30d)"
[segments.recent.to.klaviyo]
"""
SCOPES = ["read_customers", "read_orders", "read_products"]


@dataclass
class Story:
    """A folder, two stand-ins, and `segsync` typed at them."""

    folder: Path
    server: Server
    shopify: ShopifySandbox
    klaviyo: KlaviyoSandbox
    time: FakeTime

    def type(self, command: str, *, expect: int = 0) -> Ran:
        out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
        os.chdir(self.folder)
        try:
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
                main(shlex.split(command), clock=self.time.clock)
        finally:
            os.chdir(before)
        ran = Ran(int(end.value.code or 0), out.getvalue(), err.getvalue())
        assert ran.code == expect, f"segsync {command} ended with {ran.code}\n{ran.text}"
        assert "shpat_4711" not in ran.text
        return ran

    def lists(self) -> dict[str, list[str]]:
        return {one["name"]: one["members"] for one in self.klaviyo.state()["lists"].values()}


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    monkeypatch.setenv("SEGSYNC_SECRET__SHOPIFY__ACCESS_TOKEN", "shpat_4711")
    time = FakeTime()
    shopify, klaviyo = ShopifySandbox(time.clock), KlaviyoSandbox(time.clock, api_key=KEY)
    seed.shop(shopify.account, seed=7, customers=200, day="2026-05-30")
    with serve({"shopify": shopify, "klaviyo": klaviyo}, clock=time.clock) as server:
        (tmp_path / "segsync.toml").write_text(CONFIG.format(url=server.url), encoding="utf-8")
        yield Story(tmp_path, server, shopify, klaviyo, time)


def test_sixty_days_of_orders_are_no_history(story: Story) -> None:
    seed.scopes(story.shopify.account, handles=SCOPES)
    assert "last 60 days of orders only" in story.type("check").out
    story.type("pull")
    stopped = story.type("push buyers --to klaviyo", expect=5)
    assert "orders reach back to 2026-04-0" in stopped.text
    assert "segsync check shopify" in stopped.text
    assert story.lists() == {}
    story.type("push recent --to klaviyo")  # 30 days are there
    assert story.lists()["recent"]
    seed.scopes(story.shopify.account, handles=[*SCOPES, "read_all_orders"])
    assert "60 days" not in story.type("check").out
    story.type("pull")
    story.type("push buyers --to klaviyo", expect=5)  # what changed is not what was missing
    story.type("pull --full")
    story.type("push buyers --to klaviyo")
    assert story.lists()["buyers"]


def test_customers_who_were_deleted_leave_the_audience(story: Story) -> None:
    story.type("run")
    gone = story.lists()["vip"][0]
    id = next(id for id, one in story.shopify.state()["customers"].items() if one["email"] == gone)
    seed.delete_customer(story.shopify.account, id=id)
    story.time.advance(3 * 86_400)
    story.type("run")
    assert gone in story.lists()["vip"]  # it is not time to look yet
    ran = story.type("pull --full")
    assert "customers who have vanished: 1" in ran.out
    story.type("run")
    assert gone not in story.lists()["vip"]


def test_a_week_later_the_deleted_are_looked_for(story: Story) -> None:
    story.type("run")
    gone = story.lists()["vip"][0]
    id = next(id for id, one in story.shopify.state()["customers"].items() if one["email"] == gone)
    seed.delete_customer(story.shopify.account, id=id)
    story.time.advance(7 * 86_400)
    assert "customers who have vanished: 1" in story.type("run").out
    assert gone not in story.lists()["vip"]


def test_a_shop_that_cannot_be_read_moves_nobody(story: Story) -> None:
    story.type("run")
    before = story.lists()
    seed.end_bulk(story.shopify.account, status="FAILED", error_code="INTERNAL_SERVER_ERROR", times=60)
    story.time.advance(86_400)
    ran = story.type("run", expect=4)
    assert "the next pull asks again" in ran.text
    story.shopify.account.bulk.endings.clear()
    assert story.lists() == before
    story.time.advance(3600)
    story.type("run")


def test_a_revoked_token_says_what_to_type(story: Story) -> None:
    story.server.frames["shopify"].set_faults(
        [Fault(path="graphql", status=401, body='{"errors": "[API] no"}', times=0)]
    )
    for command in ("check", "pull", "run"):
        assert "segsync secrets set shopify.access_token" in story.type(command, expect=3).text


def test_what_cannot_be_used_is_named_by_its_record(story: Story) -> None:
    story.type("pull")
    assert "customers 72000000" in story.type("rejects", expect=0).out


def test_a_trace_of_a_whole_run_holds_no_secret(story: Story) -> None:
    story.type("--trace trace.jsonl run")
    text = (story.folder / "trace.jsonl").read_text(encoding="utf-8")
    assert "bulkOperationRunQuery" in text
    for secret in ("shpat_", KEY, "Signature="):
        assert secret not in text
    known = {one["email"] for one in story.shopify.state()["customers"].values() if "@" in (one["email"] or "")}
    assert not [email for email in known if email in text]


def test_without_a_credential_both_ways_are_told(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGSYNC_SECRET__SHOPIFY__ACCESS_TOKEN")
    ran = story.type("check", expect=2)
    assert "segsync secrets set shopify.access_token" in ran.text
    assert "segsync secrets set shopify.client_secret" in ran.text
