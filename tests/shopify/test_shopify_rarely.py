"""What happens rarely at Shopify, or between it and us: lost answers, records that come twice, full disks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from shopify_world import GRAPHQL, World, ids

from segsync.errors import AuthError, SegsyncError, Unavailable
from segsync.model import Cursor
from segsync_shopify.bulk import Operation
from segsync_shopify.spool import Spool

GRANT = "/admin/oauth/access_token"
APP = {"secrets": {"client_secret": "shh-4711"}, "client_id": "app-1"}


def money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}


def order(number: int, **more: Any) -> dict[str, Any]:
    return {"__typename": "Order", "id": f"gid://shopify/Order/{number}", **more}


def line(number: int, of: int, **more: Any) -> dict[str, Any]:
    given = {"quantity": 2, "originalTotalSet": money("10.00")}
    key = {
        "__typename": "LineItem",
        "id": f"gid://shopify/LineItem/{number}",
        "__parentId": f"gid://shopify/Order/{of}",
    }
    return {**key, **given, **more}


def load(spool: Spool, lines: list[dict[str, Any]]) -> None:
    spool.file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    roots = sum("__parentId" not in one for one in lines)
    spool.load(Operation("x", "COMPLETED", None, datetime.now(UTC), len(lines), roots, ""))


def taken(spool: Spool) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for page in spool.pages("orders", kept_from=None, metafields={}):
        for stream, frame in page.items():
            found.setdefault(stream, []).extend(frame.astype(object).where(frame.notna(), None).to_dict("records"))
    return found


# An operation reads by UPDATED_AT in pages: an order that changes while it runs comes a second time, at the end.


def test_an_order_that_came_twice_is_not_worth_the_double() -> None:
    with Spool() as spool:
        old, new = order(1, updatedAt="2026-11-01T00:00:00Z"), order(1, updatedAt="2026-11-02T00:00:00Z")
        load(spool, [old, line(1, 1), new, line(1, 1)])
        last = taken(spool)["orders"][-1]
        assert (last["gross"], last["items"]) == ("10.0000", 2)


def test_an_order_that_came_twice_keeps_the_newer_lines() -> None:
    with Spool() as spool:
        old, new = order(1, updatedAt="2026-11-01T00:00:00Z"), order(1, updatedAt="2026-11-02T00:00:00Z")
        load(spool, [old, line(1, 1, currentQuantity=2), line(2, 1), new, line(1, 1, currentQuantity=0)])
        lines = {one["line_id"]: one["net_quantity"] for one in taken(spool)["order_lines"]}  # landing: last one stays
        assert lines["1"] == "0"


def small(world: World) -> None:
    for number in (1, 2, 3):
        at = f"2025-0{number}-01T12:00:00Z"
        world.seed("customer", id=number, email=f"c{number}@example.com", at=at)
        world.seed("order", id=100 + number, customer=number, at=at, lines=[{}])


def test_a_kill_in_the_first_half_does_not_make_it_the_whole(world: World) -> None:
    small(world)
    since = Cursor("acme.myshopify.com 2025-01-01T00:00:00Z")
    world.seed("order", id=104, customer=1, at="2026-05-30T00:00:00Z", lines=[{}])
    world.seed("end_bulk", status="FAILED", error_code="TIMEOUT", times=2)
    source = world.source()
    real = source._fetched

    def killed(operation: Operation) -> Any:
        if operation.status == "COMPLETED":
            raise KeyboardInterrupt  # the first half's operation is noted, and through
        return real(operation)

    source._fetched = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        list(source.read("orders", since, world.jobs))
    assert ids(world.read("orders", since), "orders") == {"101", "102", "103", "104"}


def test_an_operation_of_another_cursor_is_not_gone_on_with(world: World) -> None:
    """It would bring what changed after the other cursor, and nothing before it."""
    small(world)
    world.seed("bulk", polls=10_000, seconds=7200)
    with pytest.raises(Unavailable):
        world.read("orders", Cursor("acme.myshopify.com 2026-05-01T12:00:00Z"), max_wait="30m")
    world.time.advance(86_400)
    assert ids(world.read("orders", Cursor("acme.myshopify.com 2025-02-01T12:30:00Z")), "orders") == {"102", "103"}


def test_a_cursor_is_never_beyond_the_operations_beginning(world: World) -> None:
    """What changed after the beginning may have been read before it changed."""
    small(world)
    world.seed("order", id=200, customer=1, at="2026-06-01T15:00:00Z")  # as if it had changed while it was read
    cursor = world.read("orders")[-1].cursor
    assert cursor is not None
    assert cursor.value <= "acme.myshopify.com 2026-06-01T12:00:59Z"


def test_a_read_that_ends_well_is_not_as_old_as_what_it_went_on_with(world: World) -> None:
    """A week-old operation is gone on with; the read that then ends well must bring the week as well."""
    small(world)
    since = Cursor("acme.myshopify.com 2026-05-01T00:00:00Z")
    world.seed("bulk", polls=10_000, seconds=3600)
    with pytest.raises(Unavailable):
        list(world.source(max_wait="30m").read("customers", since, world.jobs))
    world.time.advance(2000)  # it is through by now
    world.source()._bulk.again(next(iter(world.jobs.kept.values()))[0])
    world.time.advance(3 * 86_400)
    world.seed("change_customer", id=1, firstName="Opted out since")
    world.time.advance(86_400)
    world.seed("bulk", polls=1, seconds=0)
    assert "1" in ids(world.read("customers", since), "customers")


def test_a_list_of_ids_is_never_an_older_one(world: World) -> None:
    """It would miss customers who have been read since, and they would be taken for vanished."""
    small(world)
    first = world.source().ids()
    assert first is not None
    list(first)
    world.time.advance(120)
    world.seed("customer", id=4, email="new@example.com")
    assert "4" in ids(world.read("customers"), "customers")
    world.fault(path=GRAPHQL, at=2, drop=True)  # the mutation never arrives
    again = world.source().ids()
    assert again is not None
    try:
        listed = {one for page in again for one in page}
    except Unavailable:
        return  # as good: nobody is taken for vanished
    assert "4" in listed


@pytest.mark.parametrize("where", ["load", "pages"])
def test_a_full_disk_is_not_shopifys_fault_and_no_traceback(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    small(world)

    def broken(*_: Any, **__: Any) -> Any:
        raise duckdb.IOException("Could not write file: No space left on device")

    if where == "load":

        class Con:
            def __init__(self, real: Any) -> None:
                self.real = real

            def execute(self, sql: str, *a: Any) -> Any:
                return broken() if "read_json" in sql else self.real.execute(sql, *a)

            def close(self) -> None:
                self.real.close()

        made = Spool.__init__

        def init(self: Spool, *given: Any) -> None:
            made(self, *given)
            self._con = Con(self._con)  # type: ignore[assignment]

        monkeypatch.setattr(Spool, "__init__", init)
    else:
        monkeypatch.setattr(
            "segsync_shopify.spool._PAGE_OF", "SELECT read_blob('/no/such/file'), $first, $last FROM {}"
        )
    with pytest.raises(SegsyncError) as caught:
        world.read("orders")
    assert "Shopify's result" not in str(caught.value)
    assert world.sent().count("Run") == 1, "asking Shopify again does not empty a disk"


@pytest.mark.parametrize(("status", "words"), [(402, "not paid"), (423, "locked"), (430, "hour")])
def test_a_grant_that_a_shops_state_refuses_does_not_blame_the_secret(world: World, status: int, words: str) -> None:
    world.fault(path=GRANT, status=status, body="{}", times=0)
    with pytest.raises(SegsyncError, match=words):
        world.source(**APP).check()


@pytest.mark.parametrize("body", ["{}", '{"data": null}', '{"data": {"shop": null}}'])
def test_an_answer_without_data_is_one_of_our_errors(world: World, body: str) -> None:
    world.fault(path=GRAPHQL, status=200, body=body, times=0)
    with pytest.raises(SegsyncError):
        world.read("orders")


def test_taken_slots_are_named_as_what_they_are(world: World) -> None:
    small(world)
    world.seed("foreign_bulk", count=5)
    with pytest.raises(Unavailable) as caught:
        world.read("orders", max_wait="10m")
    assert "Shopify is not through" not in str(caught.value)  # it has not begun


def test_an_unknown_word_for_ads_consent_is_not_silently_unknown() -> None:
    with Spool() as spool:
        customer = {"__typename": "Customer", "id": "gid://shopify/Customer/7", "updatedAt": "2026-11-01T00:00:00Z"}
        field = {"__typename": "Metafield", "id": "m", "namespace": "f", "key": "ads", "value": "opted out"}
        load(spool, [customer, {**field, "__parentId": customer["id"]}])
        (page,) = spool.pages("customers", kept_from=None, metafields={"ads_consent": "f.ads"})
        assert page["customers"]["ads_consent"].notna().iloc[0]  # landing then says what it cannot read


def test_internal_errors_make_a_window_smaller_as_well(world: World) -> None:
    small(world)
    world.seed("end_bulk", status="FAILED", error_code="INTERNAL_SERVER_ERROR", times=3)
    assert ids(world.read("orders"), "orders") == {"101", "102", "103"}


def test_a_denied_field_is_named(world: World) -> None:
    """Of orders all but the products may be read: the field is told, and not only that something was denied."""
    world.seed("order", customer=None, lines=[{}])
    world.seed("end_bulk", status="FAILED", error_code="ACCESS_DENIED")
    world.seed("scopes", handles=["read_customers", "read_orders"])
    with pytest.raises(AuthError, match="product"):
        world.read("orders")


def test_a_denied_list_of_ids_is_the_users_to_mend(world: World) -> None:
    small(world)
    world.seed("end_bulk", status="FAILED", error_code="ACCESS_DENIED", times=3)
    listed = world.source().ids()
    assert listed is not None
    with pytest.raises(AuthError):
        list(listed)


def test_a_list_that_was_cut_once_is_asked_for_anew(world: World) -> None:
    small(world)
    world.seed("truncate_bulk", lines=1, times=1)
    listed = world.source().ids()
    assert listed is not None
    assert {one for page in listed for one in page} == {"1", "2", "3"}


def test_partial_data_is_no_data_over_http_either(world: World) -> None:
    """An error beside data is an error, over HTTP as well."""
    denied = {"message": "Access denied", "path": ["shop"], "extensions": {"code": "ACCESS_DENIED"}}
    body = json.dumps({"errors": [denied], "data": {"shop": {"myshopifyDomain": "acme.myshopify.com"}}})
    world.fault(path=GRAPHQL, at=1, status=200, body=body)
    with pytest.raises(AuthError):
        world.read("orders")
