"""The messages that Shopify sends for a customer, and for a shop that is left: signed, as typed, and what they do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cli_world import KEY, KEY_VARIABLE, Ran, Saved, World
from traces_left import FORGET_KEY, traces

from segsync.sandbox import serve
from segsync_shopify.sandbox import ShopifySandbox, seed

SECRET = "shpss_4711_of_the_app"
ENVIRONMENT = {
    KEY_VARIABLE: KEY,
    FORGET_KEY[0]: FORGET_KEY[1],
    "SEGSYNC_SECRET__SHOPIFY__ACCESS_TOKEN": "shpat_4711",
    "SEGSYNC_SECRET__SHOPIFY__CLIENT_SECRET": SECRET,
}
CONFIG = """
config_version = 1
[shop]
timezone = "America/New_York"
currency = "USD"
[sources.shopify]
shop = "acme"
base_url = "{shopify}/shopify"
[destinations.klaviyo]
base_url = "{klaviyo}/klaviyo"
[segments.vip]
rule = "number_of_orders >= 2"
[segments.vip.to.klaviyo]
audience = "VIP customers"
"""
MESSAGE = {"shop_id": 954889, "shop_domain": "acme.myshopify.com"}


@dataclass
class Shop:
    """A shop at Shopify, pulled and pushed, and one of its customers who is in the list."""

    world: World
    saved: Saved
    jane: dict[str, Any]

    def message(self, body: dict[str, Any], command: str = "forget", *, secret: str = SECRET, expect: int = 0) -> Ran:
        """Type a command with a message, signed with a secret."""
        raw = json.dumps(body).encode()
        (self.world.folder / "message.json").write_bytes(raw)
        signature = base64.b64encode(hmac.digest(secret.encode(), raw, hashlib.sha256)).decode()
        typed = f"{command} --webhook message.json --hmac {shlex.quote(signature)}"
        ran = self.world.type(typed, expect=expect)
        assert SECRET not in ran.text
        return ran

    @property
    def redact(self) -> dict[str, Any]:
        return {**MESSAGE, "customer": self.jane, "orders_to_redact": []}

    @property
    def members(self) -> list[str]:
        return self.world.lists()["VIP customers"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        world = World(tmp_path_factory.mktemp("messages") / "shop")
        shopify = ShopifySandbox(world.time.clock)
        seed.shop(shopify.account, seed=7, customers=40, day="2026-05-30")
        with serve({"shopify": shopify}, clock=world.time.clock) as server:
            text = CONFIG.format(shopify=server.url, klaviyo=world.server.url)
            world.config.write_text(text, encoding="utf-8")
            world.type("run")
            email = world.lists()["VIP customers"][0]
            id_ = next(i for i, one in shopify.state()["customers"].items() if one["email"] == email)
            yield Shop(world, world.save(), {"id": int(id_.rpartition("/")[2]), "email": email, "phone": None})
        world.close()


@pytest.fixture
def shop(made: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made.world.load(made.saved)
    return made


def test_a_customer_is_redacted_once(shop: Shop) -> None:
    email, id_ = shop.jane["email"], str(shop.jane["id"])
    assert traces(shop.world.state, email, id_)
    ran = shop.message(shop.redact)
    assert "a message of shopify's platform" in ran.out
    assert email not in ran.text
    assert email not in shop.members
    assert traces(shop.world.state, email, id_) == []
    before = len(shop.world.requests())
    assert "was forgotten already" in shop.message(shop.redact).out
    assert shop.world.requests(before) == []


def test_known_by_the_id_alone(shop: Shop) -> None:
    """The message may hold neither e-mail nor phone."""
    shop.message({**shop.redact, "customer": {"id": shop.jane["id"], "email": None}})
    assert shop.jane["email"] not in shop.members
    assert traces(shop.world.state, shop.jane["email"]) == []


@pytest.mark.parametrize("flaw", ["secret", "hmac", "body"])
def test_a_bad_signature_does_nothing(shop: Shop, flaw: str) -> None:
    if flaw == "secret":
        ran = shop.message(shop.redact, secret="another", expect=3)
    else:
        shop.message({**MESSAGE, "customer": {"id": 1}, "orders_requested": []}, expect=2)
        signature = "not base64" if flaw == "hmac" else base64.b64encode(b"0" * 32).decode()
        ran = shop.world.type(f"forget --webhook message.json --hmac {shlex.quote(signature)}", expect=3)
    assert "nothing was done" in ran.err
    assert shop.jane["email"] in shop.members
    assert traces(shop.world.state, shop.jane["email"])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({**MESSAGE, "shop_domain": "other.myshopify.com"}, "speaks of another shop, other.myshopify.com"),
        ({"hello": "world"}, "is no privacy message of Shopify's"),
        ({**MESSAGE, "orders_to_redact": [1]}, "names no customer"),
        ({**MESSAGE, "customer": {"id": 1}, "data_request": {"id": 9}}, "segsync person --export --webhook"),
    ],
)
def test_a_message_that_asks_for_something_else(shop: Shop, body: dict[str, Any], told: str) -> None:
    assert told in shop.message(body, expect=2).err


def test_without_the_apps_secret_no_message_is_believed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGSYNC_SECRET__SHOPIFY__CLIENT_SECRET")
    assert "segsync secrets set shopify.client_secret" in shop.message(shop.redact, expect=2).err
    assert "without its signature" in shop.world.type("forget --webhook message.json", expect=2).err
    assert "one person, or one message, is needed" in shop.world.type("forget", expect=2).err


def test_who_asks_what_is_known_is_told(shop: Shop) -> None:
    asked = {**MESSAGE, "orders_requested": [], "customer": shop.jane, "data_request": {"id": 9999}}
    shop.message(asked, "person --export --out known.json")
    told = json.loads((shop.world.folder / "known.json").read_text("utf-8"))
    assert [one["email"] for one in told["customers"]] == [shop.jane["email"]]
    assert "segsync forget --webhook" in shop.message(shop.redact, "person --export", expect=2).err


def test_a_shop_that_was_left_goes_whole(shop: Shop) -> None:
    emails = [*shop.members]
    assert len(emails) > 3
    ran = shop.message(MESSAGE)
    assert "everything of shopify" in ran.out
    assert shop.members == []
    assert traces(shop.world.state, *emails) == []
    assert "nothing of shopify is here" in shop.message(MESSAGE).out
    ran = shop.world.type("pull", expect=2)
    assert "everything of it was erased, as its platform asked (erasure 1)" in ran.out
    assert "segsync pull shopify --full" in ran.out
    assert "customers" in shop.world.type("pull shopify --full").out
    assert traces(shop.world.state, *emails), "nobody was forgotten, and the shop is read again as it was asked"
    shop.world.type("pull")
