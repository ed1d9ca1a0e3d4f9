"""Every error that Shopify is known to answer with, and who must act on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from segsync.errors import AuthError, ConfigError, ConnectorBug, SegsyncError, Unavailable
from segsync.http import NotTaken
from segsync_shopify import answers


def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    made.headers.update(headers or {})
    return made


def error(message: str, code: str, **more: Any) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code, **more}, "path": ["customers"]}], "data": None}


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, AuthError, "segsync secrets set shop.access_token"),
        (402, AuthError, "its plan is not paid"),
        (403, AuthError, "lacks a permission"),
        (404, ConfigError, "acme.myshopify.com"),
        (301, ConfigError, "permanent name"),
        (423, Unavailable, "locked"),
        (430, Unavailable, "wait an hour"),
        (418, Unavailable, "418"),
    ],
)
def test_a_status_says_who_must_act(status: int, kind: type[SegsyncError], words: str) -> None:
    found = answers.refused(answer(status, {"errors": "words"}), "shop", "acme.myshopify.com")
    assert type(found) is kind
    assert words in str(found)


@pytest.mark.parametrize(
    ("message", "code", "kind", "words"),
    [
        ("Access denied for customers field.", "ACCESS_DENIED", AuthError, "read_customers, read_orders"),
        ("Shop is inactive", "SHOP_INACTIVE", AuthError, "not active"),
        ("Query cost is 1200, which exceeds", "MAX_COST_EXCEEDED", ConnectorBug, "MAX_COST_EXCEEDED"),
        ("Field 'x' doesn't exist on type 'Shop'", "undefinedField", ConnectorBug, "undefinedField"),
        ("Variable $id was provided invalid value", "INVALID_VARIABLE", ConnectorBug, "INVALID_VARIABLE"),
        ("you must provide one of first or last", "BAD_REQUEST", ConnectorBug, "first or last"),
        (
            "This app is not approved to access the Customer object. See …",
            "",
            AuthError,
            "Advanced and Plus plans only",
        ),
        ("This app is not approved to access the Customer object.", "ACCESS_DENIED", AuthError, "custom apps"),
    ],
)
def test_an_error_says_who_must_act(message: str, code: str, kind: type[SegsyncError], words: str) -> None:
    found = answers.complained(error(message, code), "shop")
    assert type(found) is kind
    assert words in str(found)


def test_what_was_required_is_said_and_where() -> None:
    found = answers.complained(
        error("Access denied", "ACCESS_DENIED", requiredAccess="`read_orders` access scope."), "s"
    )
    assert "(at customers)" in str(found)
    assert "(it requires `read_orders` access scope.)" in str(found)


def test_data_beside_errors_is_no_data() -> None:
    assert answers.complained({**error("Access denied", "ACCESS_DENIED"), "data": {"customers": []}}, "s") is not None
    assert answers.complained({"data": {"customers": []}}, "s") is None


def test_errors_that_are_a_text_are_read() -> None:
    assert "no such thing" in str(answers.complained({"errors": "no such thing"}, "shop"))


def test_nobody_is_shown_in_an_error() -> None:
    found = answers.complained(error("customer ann@example.com is broken", "BAD_REQUEST"), "shop")
    assert "ann@example.com" not in str(found)


def throttled(requested: float, available: float, restore: float) -> dict[str, Any]:
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": restore}
    return {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": status}},
    }


@pytest.mark.parametrize(
    ("document", "seconds"),
    [
        (throttled(502, 2, 100), 5.0),
        (throttled(10, 9, 100), 1.0),  # never less than a second
        (throttled(10, 9, 0), 1.0),
        ({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}, 1.0),
    ],
)
def test_throttled_waits_until_the_bucket_holds_enough(document: dict[str, Any], seconds: float) -> None:
    with pytest.raises(NotTaken) as caught:
        answers.passing(answer(200, document))
    assert caught.value.retry_after == seconds


def test_an_internal_error_passes_and_is_not_known_to_have_done_nothing() -> None:
    with pytest.raises(Unavailable) as caught:
        answers.passing(answer(200, error("Internal error. Looks like something went wrong", "INTERNAL_SERVER_ERROR")))
    assert not isinstance(caught.value, NotTaken)


@pytest.mark.parametrize("body", ["<html>Sorry</html>", '{"data": {"sho', "[1]"])
def test_an_answer_that_is_none_passes(body: str) -> None:
    with pytest.raises(Unavailable):
        answers.passing(answer(200, body))


def test_parts_of_a_filter_that_were_left_out_are_told() -> None:
    warning = {"field": "updated", "message": "Invalid search field for this query.", "code": "invalid_field"}
    document = {"data": {}, "extensions": {"search": [{"path": ["orders"], "warnings": [warning]}, {"path": ["x"]}]}}
    assert answers.ignored(document) == ["Invalid search field for this query."]
    assert answers.ignored({"data": {}}) == []
