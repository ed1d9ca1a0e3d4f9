"""A read that was cut off anywhere goes on with the operation that it began, and asks for no second one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from shopify_world import GRAPHQL, TOKEN, World, ids, rows

from segsync.errors import Unavailable
from segsync.model import Cursor
from segsync.redact import Trace

EVERY = {"101", "102"}


@pytest.fixture
def world(world: World) -> World:
    for number in (1, 2):
        world.seed("customer", id=number, email=f"c{number}@example.com", at="2026-05-01T00:00:00Z")
        world.seed("order", id=100 + number, customer=number, at=f"2026-05-0{number}T00:00:00Z", lines=[{}])
    return world


def runs(world: World) -> int:
    return world.sent().count("Run")


def test_an_operation_that_outlasts_the_pull_is_gone_on_with(world: World) -> None:
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable, match="next pull goes on with it"):
        world.read("orders", max_wait="30m")
    ((id, detail),) = world.jobs.kept.values()
    assert id.startswith("gid://shopify/BulkOperation/")
    assert detail["since"] == ""
    world.time.advance(7200)
    assert ids(world.read("orders"), "orders") == EVERY
    assert runs(world) == 2  # and one for what changed since the first began
    assert not world.jobs.kept


def test_what_changed_since_is_read_as_well(world: World) -> None:
    """What was begun two days ago is two days old: somebody may have withdrawn consent since."""
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable):
        world.read("customers", max_wait="30m")
    world.time.advance(2 * 86_400)
    world.seed("change_customer", id=1, consent="UNSUBSCRIBED")
    pages = world.read("customers")
    states = [row["email_subscription_status"] for row in rows(pages, "customers") if row["customer_id"] == "1"]
    assert states[-1] == "UNSUBSCRIBED"
    assert len(states) == 2


def test_the_same_window_is_gone_on_with_although_time_went_by(world: World) -> None:
    since = Cursor("acme.myshopify.com 2026-05-01T12:00:00Z")
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable):
        list(world.source(max_wait="30m").read("orders", since, world.jobs))
    world.time.advance(86_400)
    assert ids(world.read("orders", since), "orders") == {"102"}
    assert runs(world) == 2


def test_another_window_is_asked_for_anew(world: World) -> None:
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable):
        world.read("orders", Cursor("acme.myshopify.com 2026-05-01T12:00:00Z"), max_wait="30m")
    world.time.advance(86_400)
    assert ids(world.read("orders"), "orders") == EVERY
    assert runs(world) == 2


def test_other_fields_are_asked_for_anew(world: World) -> None:
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable):
        world.read("customers", max_wait="30m")
    world.time.advance(86_400)
    world.read("customers", metafields=False)
    assert runs(world) == 2


def test_a_beginning_whose_answer_was_lost_is_found(world: World) -> None:
    world.fault(path=GRAPHQL, at=2, drop=True, when="after")
    assert ids(world.read("orders"), "orders") == EVERY
    assert len(world.sandbox.state()["bulk_operations"]) == 1


def test_a_beginning_that_nobody_heard_of_is_found_by_the_next_run(world: World) -> None:
    """Killed between Shopify's beginning it and our noting its id."""
    pages = world.source().read("orders", None, world.jobs)
    world.fault(path=GRAPHQL, at=2, times=0, drop=True, when="after")
    with pytest.raises(Unavailable):
        list(pages)
    assert [id for id, _ in world.jobs.kept.values()] == [""]
    world.mend()
    assert ids(world.read("orders"), "orders") == EVERY
    assert len(world.sandbox.state()["bulk_operations"]) == 2  # and one for what changed since


def test_a_beginning_that_never_was_is_made(world: World) -> None:
    pages = world.source().read("orders", None, world.jobs)
    world.fault(path=GRAPHQL, at=2, times=0, drop=True)
    with pytest.raises(Unavailable):
        list(pages)
    assert world.sandbox.state()["bulk_operations"] == {}
    world.mend()
    assert ids(world.read("orders"), "orders") == EVERY


def test_an_operation_that_shopify_forgot_is_not_waited_for(world: World) -> None:
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable):
        world.read("orders", max_wait="30m")
    ((_, detail),) = world.jobs.kept.values()
    world.jobs.put("orders", "gid://shopify/BulkOperation/999", detail)
    with pytest.raises(Unavailable, match="asks anew"):
        world.read("orders")
    world.seed("bulk", polls=1)
    assert ids(world.read("orders"), "orders") == EVERY


def test_what_jobs_keep_is_json_and_holds_no_secret(world: World) -> None:
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable):
        world.read("orders", max_wait="30m")
    text = json.dumps([detail for _, detail in world.jobs.kept.values()])
    assert TOKEN not in text
    assert "Signature" not in text


def test_a_trace_holds_no_token_no_signature_and_nobody(world: World, tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace.jsonl", world.time.clock, secrets=[SecretStr("shh-4711")], bodies=False)
    source = world.source(secrets={"client_secret": "shh-4711"}, client_id="app-1")
    source._kit.session._trace = lambda exchange: (world.exchanges.append(exchange), trace(exchange))
    source.check()
    for root in ("customers", "orders", "checkouts"):
        list(source.read(root, None, world.jobs))
    trace.close()
    text = (tmp_path / "trace.jsonl").read_text(encoding="utf-8")
    granted = {exchange.request.headers.get("X-Shopify-Access-Token") for exchange in world.exchanges} - {None}
    assert granted
    assert "/storage/" in text
    for secret in ("shh-4711", "shpat_", "Signature=", "c1@example.com", *map(str, granted)):
        assert secret not in text
