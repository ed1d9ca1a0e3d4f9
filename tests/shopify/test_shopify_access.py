"""Getting in: tokens stored and granted, and what `check` says of what the app may read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from shopify_world import TOKEN, World

from segsync.errors import AuthError, ConfigError, SegsyncError, Unavailable
from segsync.sandbox import Fault
from segsync_shopify import Options

GRANT = "/admin/oauth/access_token"
APP = {"secrets": {"client_secret": "shh-4711"}, "client_id": "app-1"}


def check(world: World, **options: Any) -> list[str]:
    return list(world.source(**options).check())


# --- credentials ---------------------------------------------------------------------------------------------------


def test_a_stored_token_is_sent_and_never_asked_for(world: World) -> None:
    check(world)
    assert not any(request.path == GRANT for request in world.requests())
    assert {exchange.request.headers["X-Shopify-Access-Token"] for exchange in world.exchanges} == {TOKEN}
    assert not any("Authorization" in exchange.request.headers for exchange in world.exchanges)


def test_a_granted_token_is_asked_for_once_and_renewed_before_it_ends(world: World) -> None:
    source = world.source(**APP)
    source.check()
    source.check()
    grants = [request.path for request in world.requests()].count(GRANT)
    world.time.advance(86_399 - 300 - 30)
    source.check()
    assert [request.path for request in world.requests()].count(GRANT) == grants == 1
    world.time.advance(60)
    source.check()
    assert [request.path for request in world.requests()].count(GRANT) == 2


@pytest.mark.parametrize(
    ("reason", "words"), [("shop_not_permitted", "organisation"), ("app_not_installed", "install it")]
)
def test_a_grant_that_is_refused_says_what_to_do(world: World, reason: str, words: str) -> None:
    world.seed("refuse_grants", reason=reason)
    with pytest.raises(AuthError, match=words):
        check(world, **APP)


def test_a_shop_that_does_not_exist(world: World) -> None:
    world.seed("missing_shop")
    with pytest.raises(AuthError, match=r"the part before \.myshopify\.com"):
        check(world, **APP)
    with pytest.raises(ConfigError, match=r"acme\.myshopify\.com"):
        check(world)


def test_a_wrong_secret_is_never_told() -> None:
    world = World(client_id="app-1", client_secret="right")
    try:
        with pytest.raises(AuthError) as caught:
            check(world, **APP)
        assert "shh-4711" not in str(caught.value)
    finally:
        world.close()


@pytest.mark.parametrize("body", ["", "[]", '{"scope": ""}', '{"access_token": "x", "expires_in": "soon"}'])
def test_a_grant_in_an_odd_form_is_no_token(world: World, body: str) -> None:
    world.frame.set_faults([Fault(path=GRANT, status=200, body=body, times=0)])
    with pytest.raises(Unavailable, match="cannot be read"):
        check(world, **APP)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"secrets": {}}, "segsync secrets set shopify.access_token"),
        ({"secrets": {}, "client_id": "app-1"}, "segsync secrets set shopify.client_secret"),
        ({"secrets": {"client_secret": "shh"}}, "client_id = "),
    ],
)
def test_half_a_credential_is_a_config_error(world: World, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        world.source(**given)


# --- check ---------------------------------------------------------------------------------------------------------


def test_check_of_an_app_that_may_read_everything_says_nothing(world: World) -> None:
    world.seed("customer", email="a@example.com")
    assert check(world) == []


@pytest.mark.parametrize("missing", ["read_customers", "read_orders", "read_products"])
def test_check_names_a_scope_that_is_missing(world: World, missing: str) -> None:
    scopes = {"read_customers", "read_orders", "read_all_orders", "read_products"} - {missing}
    world.seed("scopes", handles=sorted(scopes))
    with pytest.raises(AuthError, match=f"lacks the scope {missing}"):
        check(world)


def test_the_right_to_write_is_one_to_read(world: World) -> None:
    world.seed("scopes", handles=["write_customers", "write_orders", "read_all_orders", "write_products"])
    assert check(world) == []


def test_check_warns_of_a_history_of_sixty_days(world: World) -> None:
    world.seed("scopes", handles=["read_customers", "read_orders", "read_products"])
    (warning,) = check(world)
    assert "last 60 days" in warning
    assert "segsync pull shopify --full" in warning


def test_check_says_that_the_plan_shows_no_people(world: World) -> None:
    world.seed("customer", email="a@example.com")
    world.seed("plan", name="basic")
    with pytest.raises(AuthError, match="Shopify, Advanced and Plus plans only"):
        check(world)


def test_check_warns_where_nobody_shows_an_email(world: World) -> None:
    for number in range(3):
        world.seed("customer", id=number + 1, email=None)
    (warning,) = check(world)
    assert "protected customer data" in warning


def test_check_warns_of_a_version_that_fell_forward(world: World) -> None:
    world.seed("versions", oldest="2026-10", supported=["2026-10", "2027-01"])
    (warning,) = check(world)
    assert "2026-10 instead of 2026-07" in warning


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, AuthError, "does not accept the token"),
        (402, AuthError, "not paid"),
        (403, AuthError, "permission"),
        (404, ConfigError, "acme.myshopify.com"),
        (423, Unavailable, "locked"),
        (430, Unavailable, "an hour"),
    ],
)
def test_a_status_ends_the_check_at_once(world: World, status: int, kind: type[SegsyncError], words: str) -> None:
    world.seed("refuse", status=status, times=0)
    with pytest.raises(kind, match=words):
        check(world)
    assert len(world.requests()) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(world: World, status: int) -> None:
    world.seed("refuse", status=status, times=2)
    assert check(world) == []


def test_internal_errors_pass(world: World) -> None:
    world.seed("fail", code="INTERNAL_SERVER_ERROR", times=2)
    assert check(world) == []


def test_an_empty_bucket_is_waited_for(world: World) -> None:
    world.seed("throttle", available=0, restored=2)
    assert check(world) == []
    assert world.time.naps
    assert all(nap >= 1 for nap in world.time.naps)


def test_an_access_that_only_checkouts_lack_says_how_to_do_without(world: World) -> None:
    world.seed("customer", email="a@example.com")
    world.frame.set_faults([])
    denied = '{"errors": [{"message": "Access denied for abandonedCheckouts field.", "path": ["abandonedCheckouts"], '
    denied += '"extensions": {"code": "ACCESS_DENIED"}}], "data": null}'
    world.frame.set_faults([Fault(path="graphql.json$", at=4, status=200, body=denied)])
    with pytest.raises(AuthError, match=r"checkouts = false in \[sources\.shopify\]"):
        check(world)
    assert check(world, checkouts=False) == []


def test_a_read_that_is_denied_learns_the_field(world: World) -> None:
    """A bulk operation says only that something was denied."""
    world.seed("order", customer=None)
    world.seed("end_bulk", status="FAILED", error_code="ACCESS_DENIED")
    with pytest.raises(AuthError, match="segsync check shopify"):
        world.read("orders")
    world.seed("end_bulk", status="FAILED", error_code="ACCESS_DENIED")
    world.seed("scopes", handles=["read_customers"])
    with pytest.raises(AuthError, match="orders"):
        world.read("orders")


# --- options -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["acme", "ACME", "acme.myshopify.com", "https://acme.myshopify.com/"])
def test_a_shop_may_be_written_in_several_ways(text: str) -> None:
    found = Options(shop=text)
    assert (found.shop, found.url) == ("acme", "https://acme.myshopify.com")


@pytest.mark.parametrize("text", ["", "www.acme.com", "acme/../x", "acme shop", "https://evil.example.com/acme"])
def test_what_is_no_shop_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="myshopify"):
        Options(shop=text)


def test_what_is_no_metafield_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"namespace\.key"):
        Options.model_validate({"shop": "acme", "mapped": {"birth_date": "birth date"}})


def test_metafields_may_fill_columns_and_be_kept_nowhere_else(world: World) -> None:
    given = {"namespace": "facts", "key": "birth_date", "value": "1990-02-03", "type": "date"}
    world.seed("customer", email="a@example.com", metafields=[given])
    (page,) = world.read("customers", metafields=False, mapped={"birth_date": "facts.birth_date"})
    assert list(page.frames["customers"]["birth_date"]) == ["1990-02-03"]
    assert "attributes" not in page.frames["customers"]


def test_without_metafields_none_are_asked_for(world: World) -> None:
    world.read("customers", metafields=False)
    bodies = [str(exchange.request.body) for exchange in world.exchanges]
    assert not any("metafields" in body for body in bodies)
    world.read("customers")
    assert "metafields" in str([str(exchange.request.body) for exchange in world.exchanges])


def test_without_checkouts_they_are_no_stream(world: World) -> None:
    assert "checkouts" in world.source().streams()
    assert "checkouts" not in world.source(checkouts=False).streams()
