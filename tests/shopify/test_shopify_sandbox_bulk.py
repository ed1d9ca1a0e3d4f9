"""Bulk operations of the stand-in: what is refused, how they end, what their files hold, and who may fetch those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from stand_in import CANCEL, POLL, StandIn, read, served

ORDERS = "{ orders { edges { node { __typename id name lineItems { edges { node { __typename id sku } } } } } } }"
CUSTOMERS = "{ customers { edges { node { id } } } }"


@pytest.fixture
def shopify() -> Iterator[StandIn]:
    with served() as found:
        yield found


@pytest.fixture
def stocked(shopify: StandIn) -> StandIn:
    """Four orders of two lines each."""
    lines = [{"title": "Tea", "sku": "T", "price": "9.00"}, {"title": "Mug", "sku": "M", "price": "5.00"}]
    for number in (1, 2, 3, 4):
        shopify.seed("order", id=number, lines=lines, at=f"2026-05-0{number}T00:00:00Z")
    return shopify


# --- refusals ------------------------------------------------------------------------------------------------------

FOUR_DEEP = """{ customers { edges { node { id orders { edges { node { id lineItems { edges { node { id product { id
  variants { edges { node { id } } } } } } } } } } } } } }"""
SIX = """{ customers { edges { node { id addressesV2 { edges { node { id } } } metafields { edges { node { id } } }
  orders { edges { node { id lineItems { edges { node { id } } } metafields { edges { node { id } } } } } } } } } }"""
BY_NODES = (
    "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: 'orders { edges { "
    "node {'. Selecting via 'nodes' is not supported. Invalid connection fields: 'orders'."
)
NO_ID = (
    "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of 'ID' "
    "return type. Connection fields without 'id': orders."
)
IN_LIST = "Queries that contain a connection field within a list field are not currently supported."
NO_CONNECTION = "Bulk queries must contain at least one connection."
ONLY_QUERIES = "Invalid operation type. Only `query` operations are supported."


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("", ["Invalid bulk query: syntax error, unexpected end of file"]),
        ("{ orders {", ["Invalid bulk query: syntax error, unexpected end of file"]),
        (
            'mutation { bulkOperationCancel(id: "gid://shopify/BulkOperation/1") { userErrors { field } } }',
            [ONLY_QUERIES],
        ),
        ("{ shop { name } }", [NO_CONNECTION]),
        ("{ orders { nodes { id } } }", [BY_NODES]),
        (
            '{ node(id: "gid://shopify/Order/1") { id } }',
            ["Bulk queries cannot contain a top level `node` field.", NO_CONNECTION],
        ),
        (FOUR_DEEP, ["Bulk queries cannot contain connections with a nesting depth greater than 2."]),
        (SIX, ["Bulk queries cannot contain more than 5 connections."]),
        ("{ orders { edges { node { name lineItems { edges { node { id } } } } } } }", [NO_ID]),
        ("{ orders { edges { node { me: id lineItems { edges { node { id } } } } } } }", [NO_ID]),
        (
            "{ orders { edges { node { id refunds { id transactions { edges { node { id } } } } } } } }",
            [IN_LIST],
        ),
    ],
)
def test_queries_that_shopify_refuses(shopify: StandIn, query: str, messages: list[str]) -> None:
    told = shopify.run(query)
    assert told["bulkOperation"] is None
    assert told["userErrors"] == [{"field": ["query"], "message": one, "code": "INVALID"} for one in messages]


def test_fields_that_are_none_and_records_that_are_no_nodes_are_refused(shopify: StandIn) -> None:
    (error,) = shopify.run("{ orders { edges { node { nmae } } } }")["userErrors"]
    assert error["message"].startswith("Invalid bulk query: Cannot query field 'nmae'")
    inside = "{ orders { edges { node { id refunds { id refundLineItems { edges { node { id } } } } } } } }"
    messages = [one["message"] for one in shopify.run(inside)["userErrors"]]
    assert messages[0] == IN_LIST
    assert "must return nodes that implement Node: refundLineItems" in messages[1]


def test_the_queries_that_the_connector_may_use_are_taken(shopify: StandIn, shared: Callable[[str], Path]) -> None:
    for name in ("bulk_customers", "bulk_orders", "bulk_orders_2026-07", "bulk_abandoned_checkouts"):
        text = (shared("specs/shopify/queries") / f"{name}.graphql").read_text("utf-8")
        assert shopify.finished(text)["status"] == "COMPLETED"


# --- from the start to the end -------------------------------------------------------------------------------------


def test_an_operation_is_through_after_some_polls(stocked: StandIn) -> None:
    stocked.seed("bulk", polls=3, seconds=1_000)
    id = stocked.start(ORDERS)
    polls = [stocked.poll(id) for _ in range(4)]
    assert [one["status"] for one in polls] == ["RUNNING", "RUNNING", "COMPLETED", "COMPLETED"]
    assert (polls[1]["url"], polls[1]["objectCount"], polls[1]["completedAt"]) == (None, "0", None)
    done = polls[2]
    assert (done["objectCount"], done["rootObjectCount"], done["errorCode"]) == ("12", "4", None)
    body = requests.get(done["url"], timeout=10)
    assert done["fileSize"] == str(len(body.content))
    assert done["query"] == ORDERS
    assert polls[3]["url"] == done["url"]


def test_or_after_some_seconds(stocked: StandIn) -> None:
    stocked.seed("bulk", polls=100)
    id = stocked.start(ORDERS)
    assert stocked.poll(id)["status"] == "RUNNING"
    stocked.time.advance(5)
    assert stocked.poll(id)["status"] == "COMPLETED"


def test_it_gathers_what_was_there_when_it_began(stocked: StandIn) -> None:
    id = stocked.start(ORDERS)
    stocked.seed("order", id=5)
    stocked.seed("change_order", id=1, name="#changed")
    stocked.seed("delete_order", id=2)
    stocked.time.advance(60)
    names = {one.get("name") for one in read(stocked.poll(id)["url"])}
    assert names == {"#1", "#2", "#3", "#4", None}


def test_nothing_found_is_no_file_and_no_failure(shopify: StandIn) -> None:
    done = shopify.finished(CUSTOMERS)
    assert (done["status"], done["url"], done["objectCount"], done["fileSize"]) == ("COMPLETED", None, "0", None)


def test_an_unknown_operation_is_null_and_a_malformed_id_an_error(shopify: StandIn) -> None:
    assert shopify.data(POLL, id="gid://shopify/BulkOperation/9")["bulkOperation"] is None
    assert shopify.error(POLL, id="9")["extensions"]["code"] == "INVALID_VARIABLE"


@pytest.mark.parametrize(
    ("status", "code"),
    [("FAILED", "INTERNAL_SERVER_ERROR"), ("FAILED", "TIMEOUT"), ("CANCELED", None), ("EXPIRED", None)],
)
def test_operations_that_end_badly(stocked: StandIn, status: str, code: str | None) -> None:
    stocked.seed("end_bulk", status=status, error_code=code, partial=5)
    stocked.seed("end_bulk", status=status, error_code=code)
    first, second, third = (stocked.finished(ORDERS) for _ in range(3))
    assert (first["status"], first["errorCode"], first["url"], first["objectCount"]) == (status, code, None, "5")
    assert len(read(first["partialDataUrl"])) == 5
    assert (second["status"], second["partialDataUrl"], second["objectCount"]) == (status, None, "0")
    assert third["status"] == "COMPLETED"


def test_a_denied_field_fails_the_operation(stocked: StandIn) -> None:
    stocked.seed("scopes", handles=["read_orders", "read_all_orders"])
    told = stocked.finished("{ orders { edges { node { id customer { id } } } } }")
    assert (told["status"], told["errorCode"], told["url"]) == ("FAILED", "ACCESS_DENIED", None)
    assert stocked.finished(CUSTOMERS)["errorCode"] == "ACCESS_DENIED"


def test_a_filter_that_is_ignored_finds_all_and_says_nothing(stocked: StandIn) -> None:
    everything = stocked.lines("""{ orders(query: "update_at:>'2026-05-03T12:00:00Z'") { edges { node { id } } } }""")
    right = stocked.lines("""{ orders(query: "updated_at:>'2026-05-03T12:00:00Z'") { edges { node { id } } } }""")
    assert (len(everything), len(right)) == (4, 1)
    failed = stocked.finished("""{ orders(query: "updated_at:>") { edges { node { id } } } }""")
    assert failed["errorCode"] == "INTERNAL_SERVER_ERROR"


def test_cancelling_takes_a_moment_and_then_cannot_be_done_again(stocked: StandIn) -> None:
    stocked.seed("bulk", polls=100, seconds=1_000)
    id = stocked.start(ORDERS)
    stocked.poll(id)
    told = stocked.data(CANCEL, id=id)["bulkOperationCancel"]
    assert (told["bulkOperation"]["status"], told["userErrors"]) == ("CANCELING", [])
    done = stocked.poll(id)
    assert (done["status"], len(read(done["partialDataUrl"]))) == ("CANCELED", 6)
    again = stocked.data(CANCEL, id=id)["bulkOperationCancel"]["userErrors"]
    assert again == [{"field": None, "message": "A bulk operation cannot be canceled when it is canceled"}]
    missing = stocked.data(CANCEL, id="gid://shopify/BulkOperation/9")["bulkOperationCancel"]
    assert missing["userErrors"] == [{"field": ["id"], "message": "Bulk operation does not exist"}]


# --- slots ---------------------------------------------------------------------------------------------------------


def test_five_run_at_once_whoever_started_them(shopify: StandIn) -> None:
    theirs = shopify.seed("foreign_bulk", count=3)
    mine = [shopify.start(CUSTOMERS), shopify.start(CUSTOMERS)]
    told = shopify.run(CUSTOMERS)
    (error,) = told["userErrors"]
    assert (told["bulkOperation"], error["field"], error["code"]) == (None, None, "OPERATION_IN_PROGRESS")
    assert error["message"].endswith(f"is already in progress: {', '.join([*theirs, *mine])}.")
    shopify.time.advance(60)
    assert shopify.run(CUSTOMERS)["userErrors"] == []
    listed = shopify.data(
        '{ bulkOperations(first: 9, query: "status:running operation_type:query") { nodes { id } } }'
    )["bulkOperations"]["nodes"]
    assert [one["id"] for one in listed] == theirs
    shopify.seed("finish_foreign_bulk")
    assert shopify.poll(theirs[0])["status"] == "COMPLETED"


def test_who_cancels_a_strangers_operation_is_seen(shopify: StandIn) -> None:
    (theirs,) = shopify.seed("foreign_bulk")
    shopify.time.advance(3_600)
    assert shopify.poll(theirs)["status"] == "RUNNING"
    shopify.data(CANCEL, id=theirs)
    assert shopify.sandbox.state()["foreign_cancellations"] == [theirs]


def test_the_current_operation_may_be_somebody_elses(shopify: StandIn) -> None:
    mine = shopify.start(CUSTOMERS)
    (theirs,) = shopify.seed("foreign_bulk")
    assert shopify.data("{ currentBulkOperation { id } }")["currentBulkOperation"]["id"] == theirs != mine


def test_the_list_of_operations_ignores_a_filter_that_it_does_not_know(shopify: StandIn) -> None:
    shopify.start(CUSTOMERS)
    answer = shopify.ask('{ bulkOperations(first: 9, query: "type:MUTATION") { nodes { id } } }')
    assert len(answer["data"]["bulkOperations"]["nodes"]) == 1
    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "type"


# --- files ---------------------------------------------------------------------------------------------------------


def order_of(lines: list[dict[str, Any]]) -> list[str]:
    return [one.get("__parentId", one["id"]) for one in lines]


def test_children_come_after_their_parents_and_anywhere(stocked: StandIn) -> None:
    lines = stocked.lines(ORDERS)
    seen: set[str] = set()
    for one in lines:
        assert one.get("__parentId") is None or one["__parentId"] in seen
        seen.add(one["id"])
    assert Counter(order_of(lines)) == Counter({f"gid://shopify/Order/{n}": 3 for n in (1, 2, 3, 4)})
    assert lines != stocked.lines(ORDERS, grouped=True)
    assert lines == stocked.lines(ORDERS)
    assert set(lines[0]) in ({"__typename", "id", "name"}, {"__typename", "id", "sku", "__parentId"})


def test_grouped_or_unshuffled_children_stand_right_behind(stocked: StandIn) -> None:
    grouped = stocked.lines(ORDERS, grouped=True)
    assert order_of(grouped) == [f"gid://shopify/Order/{n}" for n in (1, 2, 3, 4) for _ in range(3)]
    stocked.seed("shuffle_bulk", on=False)
    assert stocked.lines(ORDERS) == grouped


def test_three_levels_and_several_roots(shopify: StandIn) -> None:
    shopify.seed("customer", id=1, addresses=[{"country": "US"}])
    shopify.seed("order", id=2, customer=1)
    query = """{ customers { edges { node { id addressesV2 { edges { node { id } } }
      orders { edges { node { id lineItems { edges { node { id } } } } } } } } }
      orders { edges { node { name } } } }"""
    done = shopify.finished(query, grouped=True)
    assert (done["objectCount"], done["rootObjectCount"]) == ("5", "2")
    assert read(done["url"]) == [
        {"id": "gid://shopify/Customer/1"},
        {
            "id": "gid://shopify/MailingAddress/10?model_name=CustomerAddress",
            "__parentId": "gid://shopify/Customer/1",
        },
        {"id": "gid://shopify/Order/2", "__parentId": "gid://shopify/Customer/1"},
        {"id": "gid://shopify/LineItem/20", "__parentId": "gid://shopify/Order/2"},
        {"name": "#2"},
    ]


def test_pages_are_ignored(stocked: StandIn) -> None:
    query = """{ orders(first: 1) { edges { cursor node { id lineItems(first: 1) { edges { node { id } } } } }
      pageInfo { endCursor } } }"""
    assert len(stocked.lines(query)) == 12


def test_a_file_may_lack_lines_that_were_counted(stocked: StandIn) -> None:
    stocked.seed("truncate_bulk", lines=2)
    done = stocked.finished(ORDERS)
    assert (done["status"], done["objectCount"], len(read(done["url"]))) == ("COMPLETED", "12", 10)
    assert len(stocked.lines(ORDERS)) == 12


def test_links_are_for_nobody_with_a_token_and_for_a_week(stocked: StandIn) -> None:
    url = stocked.finished(ORDERS)["url"]
    assert url.startswith(f"{stocked.url}/storage/bulk-")
    for headers in (stocked.headers, {"Authorization": "Bearer x"}):
        refused = requests.get(url, headers=headers, timeout=10)
        assert (refused.status_code, "<Error>" in refused.text) == (400, True)
    assert stocked.sandbox.state()["leaked_tokens"] == 2
    assert requests.get(url.replace("Signature=", "Signature=x"), timeout=10).status_code == 403
    assert requests.get(url, headers={"Range": "bytes=0-9"}, timeout=10).status_code == 206
    stocked.time.advance(7 * 86_400)
    old = requests.get(url, timeout=10)
    assert (old.status_code, "ExpiredToken" in old.text) == (400, True)


def test_links_can_be_made_old(stocked: StandIn) -> None:
    first = stocked.finished(ORDERS)["url"]
    stocked.seed("expire_links")
    assert requests.get(first, timeout=10).status_code == 400
    assert len(stocked.lines(ORDERS)) == 12
