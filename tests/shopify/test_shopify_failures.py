"""What has bitten others, one test each: it would have bitten here, and does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from shopify_world import World, ids, rows

from segsync.errors import AuthError, ConfigError, ConnectorBug, Unavailable
from segsync.model import Cursor, Page
from segsync_shopify import windows

ROOTS = ("customers", "orders", "checkouts")


def last(pages: list[Page]) -> Cursor:
    cursor = pages[-1].cursor
    assert cursor is not None
    return cursor


def small(world: World) -> None:
    """Three customers with an order each, from last year."""
    for number in (1, 2, 3):
        at = f"2025-0{number}-01T12:00:00Z"
        world.seed("customer", id=number, email=f"c{number}@example.com", at=at)
        world.seed("order", id=100 + number, customer=number, at=at, lines=[{"quantity": 2}, {"quantity": 1}])


# --- nothing is lost in silence ------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["customers", "orders"])
def test_a_result_with_fewer_lines_than_counted_is_no_success(world: World, root: str) -> None:
    small(world)
    world.seed("truncate_bulk", lines=1, times=10)
    with pytest.raises(Unavailable, match=r"is not whole: \d+ of \d+ records"):
        world.read(root)
    assert not world.jobs.kept, "a result that is not whole is not asked for again"


def test_a_result_that_was_cut_once_is_asked_for_anew(world: World) -> None:
    small(world)
    world.seed("truncate_bulk", lines=1, times=1)
    assert ids(world.read("orders"), "orders") == {"101", "102", "103"}


@pytest.mark.parametrize("status", ["FAILED", "CANCELED", "EXPIRED"])
def test_an_operation_that_ends_without_a_result_is_asked_for_again(world: World, status: str) -> None:
    small(world)
    error = "INTERNAL_SERVER_ERROR" if status == "FAILED" else None
    world.seed("end_bulk", status=status, error_code=error, partial=2, times=2)
    assert ids(world.read("orders"), "orders") == {"101", "102", "103"}


def test_an_operation_that_always_fails_ends_the_read_and_moves_no_cursor(world: World) -> None:
    small(world)
    world.seed("end_bulk", status="FAILED", error_code="INTERNAL_SERVER_ERROR", partial=3, times=50)
    with pytest.raises(Unavailable, match="it was asked for 3 times"):
        world.read("orders")
    assert 3 <= world.sent().count("Run") <= 15, "it is halved a few times, and not for ever"
    assert not world.jobs.kept


def test_partial_data_is_never_read(world: World) -> None:
    small(world)
    world.seed("end_bulk", status="FAILED", error_code="INTERNAL_SERVER_ERROR", partial=3, times=2)
    world.read("orders")
    assert world.sandbox.state()["downloads"] == 1
    assert not any("partialDataUrl" in str(exchange.request.body) for exchange in world.exchanges)


def test_a_window_that_takes_too_long_is_halved_until_it_does_not(world: World) -> None:
    small(world)
    whole = world.read("orders")
    world.seed("end_bulk", status="FAILED", error_code="TIMEOUT", times=4)  # the whole, and its first half
    halved = world.read("orders")
    for stream in ("orders", "order_lines"):
        assert sorted(map(str, rows(halved, stream))) == sorted(map(str, rows(whole, stream)))
    assert [page.cursor for page in halved if page.cursor][-1] == last(whole)


def test_customers_are_halved_by_days(world: World) -> None:
    small(world)
    world.seed("end_bulk", status="FAILED", error_code="TIMEOUT", times=2)
    assert ids(world.read("customers"), "customers") == {"1", "2", "3"}


def test_a_completed_operation_without_a_link_found_nothing(world: World) -> None:
    for root in ROOTS:
        assert [dict(page.frames) for page in world.read(root)] == [{}]
    assert not world.jobs.kept


def test_children_stand_anywhere_behind_their_parents(world: World) -> None:
    world.seed("shop", seed=5, customers=60, day="2026-05-29")
    world.seed("shuffle_bulk", on=False)
    ordered = world.read("orders")
    world.seed("shuffle_bulk", on=True)
    shuffled = world.read("orders")
    for stream in ("orders", "order_lines", "refunds"):
        assert sorted(map(str, rows(ordered, stream))) == sorted(map(str, rows(shuffled, stream)))
    assert {row["order_id"] for row in rows(shuffled, "order_lines")} == ids(shuffled, "orders")


def test_what_changes_while_an_operation_runs_is_read_next_time(world: World) -> None:
    """A cursor beyond the operation's beginning would skip it."""
    small(world)
    world.seed("order", id=200, customer=1, at="2026-06-01T11:59:00Z")
    world.seed("bulk", polls=10_000, seconds=7200)
    sleep = world.time.sleep

    def change_meanwhile(seconds: float) -> None:
        sleep(seconds)
        if world.time.elapsed > 1800:
            world.seed("change_order", id=101, note="changed after it was read")
            world.time.sleep = sleep  # type: ignore[method-assign]

    world.time.sleep = change_meanwhile  # type: ignore[method-assign]
    cursor = last(world.read("orders"))
    world.time.advance(600)
    assert "101" in ids(world.read("orders", cursor), "orders")


# --- updates are seen, and only once -------------------------------------------------------------------------------


def test_a_change_of_an_old_record_is_seen(world: World) -> None:
    """Where the id is the cursor it is not."""
    small(world)
    cursors = {root: last(world.read(root)) for root in ("customers", "orders")}
    world.seed("change_order", id=101, note="changed")
    world.seed("change_customer", id=1, firstName="Ann")
    world.time.advance(3600)
    assert ids(world.read("orders", cursors["orders"]), "orders") >= {"101"}
    assert ids(world.read("customers", cursors["customers"]), "customers") >= {"1"}


def test_a_later_read_does_not_read_everything_again(world: World) -> None:
    small(world)
    for root, newest in (("customers", {"3"}), ("orders", {"103"})):
        assert ids(world.read(root, last(world.read(root))), root) == newest


def test_customers_are_found_by_the_day_although_the_search_knows_no_hours(world: World) -> None:
    """A customer who changed earlier on the cursor's day, and whom the index showed too late."""
    small(world)
    world.seed("customer", id=9, email="late@example.com", at="2026-06-01T11:50:00Z")
    cursor = last(world.read("customers"))
    world.seed("customer", id=8, email="early@example.com", at="2026-06-01T00:10:00Z")
    assert "8" in ids(world.read("customers", cursor), "customers")


def test_orders_that_the_index_showed_too_late_are_still_read(world: World) -> None:
    small(world)
    cursor = last(world.read("orders"))
    world.seed("lag", seconds=1800)
    world.seed("change_order", id=101, note="hidden for half an hour")
    world.time.advance(1200)
    world.seed("order", id=300, customer=2, at="2026-06-01T12:00:10Z")
    world.time.advance(1000)
    cursor = last(world.read("orders", cursor))  # 101 is shown by now or is not; 300 is not yet
    world.seed("lag", seconds=0)
    world.time.advance(600)
    assert {"101", "300"} <= ids(world.read("orders", cursor), "orders")


def test_the_newest_minutes_are_left_to_the_next_read(world: World) -> None:
    small(world)
    cursor = last(world.read("orders"))
    world.seed("order", id=300, customer=2)
    assert "300" not in ids(world.read("orders", cursor), "orders")
    world.time.advance(400)
    assert "300" in ids(world.read("orders", cursor), "orders")


def test_a_filter_that_shopify_leaves_out_is_not_run_in_bulk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    small(world)
    cursor = last(world.read("orders"))
    before = world.sent().count("Run")
    monkeypatch.setattr(windows.Window, "filter", lambda *_: "updated:>='2026-01-01T00:00:00Z'")
    with pytest.raises(ConnectorBug, match="would have read everything"):
        world.read("orders", cursor)
    assert world.sent().count("Run") == before


def test_every_filter_is_probed_before_it_is_run(world: World) -> None:
    small(world)
    for root in ROOTS:
        cursor = last([*world.read(root), Page({}, Cursor("acme.myshopify.com 2026-05-01T00:00:00Z"))])
        before = len(world.sent())
        world.read(root, cursor)
        sent = world.sent()[before:]
        assert sent.index(f"Probe{root.title()}") < sent.index("Run")


# --- whose data it is ----------------------------------------------------------------------------------------------


def test_an_alias_of_another_shop_is_refused(world: World) -> None:
    small(world)
    world.seed("domain", name="acme-new.myshopify.com")
    for root in ROOTS:
        with pytest.raises(ConfigError, match='shop = "acme-new"'):
            world.read(root)
    with pytest.raises(ConfigError, match='shop = "acme-new"'):
        world.source().check()
    assert "Run" not in world.sent()


def test_a_section_that_names_another_shop_now_does_not_go_on(world: World) -> None:
    with pytest.raises(ConfigError, match="a section of its own"):
        world.read("orders", Cursor("other.myshopify.com 2026-05-01T00:00:00Z"))


def test_an_id_stands_for_one_record_on_all_pages(world: World) -> None:
    """Joining visits, refunds or addresses to their parents multiplies no parent."""
    world.seed("shop", seed=5, customers=120, day="2026-05-29")
    for root in ROOTS:
        pages = world.read(root)
        assert len(ids(pages, root)) == len(rows(pages, root)) > 0


# --- slots, links, tokens ------------------------------------------------------------------------------------------


def test_others_operations_are_waited_for_and_never_cancelled(world: World) -> None:
    small(world)
    world.seed("foreign_bulk", count=5)
    sleep = world.time.sleep

    def until_they_are_through(seconds: float) -> None:
        sleep(seconds)
        if world.time.elapsed > 120:
            world.seed("finish_foreign_bulk")

    world.time.sleep = until_they_are_through  # type: ignore[method-assign]
    assert ids(world.read("orders"), "orders") == {"101", "102", "103"}
    assert max(world.time.naps) <= 60
    assert world.sandbox.state()["foreign_cancellations"] == []


def test_slots_that_stay_taken_end_the_read_with_words(world: World) -> None:
    small(world)
    world.seed("foreign_bulk", count=5)
    with pytest.raises(Unavailable, match="none was begun"):
        world.read("orders", max_wait="10m")
    assert world.sandbox.state()["foreign_cancellations"] == []
    assert not world.jobs.kept


def test_somebody_elses_newer_operation_is_not_taken_for_ours(world: World) -> None:
    small(world)
    world.seed("bulk", polls=3)
    sleep = world.time.sleep

    def another_begins(seconds: float) -> None:
        sleep(seconds)
        world.seed("foreign_bulk", count=1)

    world.time.sleep = another_begins  # type: ignore[method-assign]
    assert ids(world.read("orders"), "orders") == {"101", "102", "103"}
    assert not any("currentBulkOperation" in str(exchange.request.body) for exchange in world.exchanges)


def test_the_link_gets_no_token(world: World) -> None:
    small(world)
    world.read("orders")
    assert world.sandbox.state()["leaked_tokens"] == 0
    (download,) = [one for one in world.exchanges if "/storage/" in (one.request.url or "")]
    assert "X-Shopify-Access-Token" not in download.request.headers


def test_a_link_that_has_run_out_is_asked_for_again(world: World) -> None:
    small(world)
    world.seed("bulk", polls=10_000, seconds=3600)
    with pytest.raises(Unavailable, match="next pull goes on with it"):
        world.read("orders", max_wait="1m")
    world.time.advance(8 * 86_400)
    world.sandbox.state()
    world.seed("expire_links")
    assert ids(world.read("orders"), "orders") == {"101", "102", "103"}
    assert world.sent().count("Run") == 3, "the old one, once more, and what changed since"


def granted(world: World, **more: Any) -> dict[str, Any]:
    return {"secrets": {"client_secret": "shh"}, "client_id": "app", **more}


def test_a_token_that_ends_in_the_middle_is_renewed(world: World) -> None:
    """A bulk operation may run for longer than a day, a granted token for one."""
    small(world)
    world.seed("bulk", polls=10_000, seconds=1.1 * 86_400)
    options = granted(world, max_wait="10d")
    secrets = options.pop("secrets")
    pages = list(world.source(secrets=secrets, **options).read("orders", None, world.jobs))
    assert ids(pages, "orders") == {"101", "102", "103"}
    assert 2 <= world.sandbox.state()["grants"] <= 3


def test_a_token_that_is_refused_early_is_renewed_once(world: World) -> None:
    small(world)
    source = world.source(secrets={"client_secret": "shh"}, client_id="app")
    source.check()
    world.seed("expire_tokens")
    assert ids(list(source.read("orders", None, world.jobs)), "orders") == {"101", "102", "103"}
    world.seed("refuse", status=401, times=0)
    with pytest.raises(AuthError):
        source.check()


# --- deletions -----------------------------------------------------------------------------------------------------


def test_a_deleted_customer_is_missed_by_updates_and_by_no_list(world: World) -> None:
    small(world)
    cursor = last(world.read("customers"))
    world.seed("delete_customer", id=2)
    world.time.advance(timedelta(days=3).total_seconds())
    assert "2" not in ids(world.read("customers", cursor), "customers")
    listed = world.source().ids()
    assert listed is not None
    assert {id for page in listed for id in page} == {"1", "3"}


def test_a_list_of_ids_that_is_not_whole_deletes_nobody(world: World) -> None:
    small(world)
    world.seed("truncate_bulk", lines=1, times=10)
    listed = world.source().ids()
    assert listed is not None
    with pytest.raises(Unavailable, match="not whole"):
        list(listed)


def test_a_shop_that_lost_all_customers_lists_none(world: World) -> None:
    listed = world.source().ids()
    assert listed is not None
    assert list(listed) == []
