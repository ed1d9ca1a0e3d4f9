"""The commands that set things up: init, connectors, traits, secrets."""

from __future__ import annotations

import keyring
import pytest
from cli_world import KEY, World
from keyring.backend import KeyringBackend

from segsync.config import load


def test_init_writes_a_config_that_loads(world: World) -> None:
    world.config.unlink()
    ran = world.type('init --exports "./my exports" --timezone Europe/Berlin --currency eur')
    config = load(world.config, environ={})
    assert (config.shop.timezone, config.shop.currency) == ("Europe/Berlin", "EUR")
    assert config.sources["files"].options.shopify_export == ("./my exports",)
    assert set(config.segments) >= {"vip"}
    assert "segsync secrets set klaviyo.api_key" in ran.out


def test_init_asks(world: World) -> None:
    world.config.unlink()
    ran = world.type("init", answers='\nC:\\exp "orts"\nAmerica/Chicago\n\n')
    assert "Time zone of the shop" in ran.out
    config = load(world.config, environ={})
    assert (config.shop.timezone, config.shop.currency) == ("America/Chicago", "USD")
    assert config.sources["files"].options.shopify_export == ('C:\\exp "orts"',)


def test_init_for_shopifys_api(world: World) -> None:
    world.config.unlink()
    ran = world.type("init --shop Acme.myshopify.com --timezone Europe/Berlin --currency EUR")
    assert load(world.config, environ={}).sources["shopify"].options.shop == "acme"
    assert "segsync secrets set shopify.access_token" in ran.out
    world.config.unlink()
    world.type("init", answers="acme\n\n\n")
    assert load(world.config, environ={}).sources["shopify"].options.shop == "acme"


def test_init_from_both_roads(world: World) -> None:
    world.config.unlink()
    assert "one of them" in world.type("init --shop acme --exports x", expect=2).err
    assert not world.config.exists()


def test_init_never_overwrites(world: World) -> None:
    before = world.config.read_text("utf-8")
    ran = world.type("init --exports x --timezone UTC --currency USD", expect=2)
    assert "it is there already, and was not touched" in ran.err
    assert world.config.read_text("utf-8") == before
    world.type("init --config other.toml --exports x --timezone UTC --currency USD")
    assert (world.folder / "other.toml").exists()


def test_init_with_an_answer_that_cannot_be(world: World) -> None:
    world.config.unlink()
    ran = world.type("init --exports x --timezone Berlin --currency USD", expect=2)
    assert "did you mean `Europe/Berlin`?" in ran.err
    assert not world.config.exists(), "no file is left that does not load"


def test_connectors(world: World) -> None:
    assert world.type("connectors --json").json == ["files", "klaviyo", "shopify"]
    assert "klaviyo" in world.type("connectors").out


@pytest.mark.parametrize("name", ["files", "klaviyo", "shopify"])
def test_a_connectors_page(world: World, name: str) -> None:
    ran = world.type(f"connectors {name}")
    assert ran.out.startswith(f"# {name}\n")
    assert "Last proven against the real platform: never." in ran.out


def test_an_unknown_connector(world: World) -> None:
    ran = world.type("connectors klavio", expect=2)
    assert "there are: files, klaviyo, shopify" in ran.err
    assert "pip install" not in ran.err


def test_traits(world: World) -> None:
    rows = world.type("traits --json").json
    assert {"number_of_orders", "amount_spent", "last_order_date"} <= {row["trait"] for row in rows}
    assert all(row["meaning"] for row in rows)
    assert "number_of_orders" in world.type("traits number_of_orders").out
    assert "segsync traits" in world.type("traits number_of_ordres", expect=2).err


def test_secrets_list_says_where_and_never_what(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = world.type("secrets list --json").json
    assert row == {"secret": "klaviyo.api_key", "where": "env", "place": "SEGSYNC_SECRET__KLAVIYO__API_KEY"}
    monkeypatch.delenv("SEGSYNC_SECRET__KLAVIYO__API_KEY")
    (row,) = world.type("secrets list --json").json
    assert row["where"] == "missing"


def test_secrets_without_a_keyring(world: World) -> None:
    ran = world.type("secrets set klaviyo.api_key", answers=f"{KEY}\n", expect=2)
    assert "there is no keyring on this machine" in ran.err
    assert "SEGSYNC_SECRET__KLAVIYO__API_KEY" in ran.err
    assert "there is no keyring" in world.type("secrets delete klaviyo.api_key", expect=2).err


def test_secrets_set_and_delete(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGSYNC_SECRET__KLAVIYO__API_KEY")
    monkeypatch.setattr("keyring.core._keyring_backend", Remembering())
    world.type("secrets set klaviyo.api_key", answers=f"{KEY}\n")
    assert keyring.get_password("segsync", "klaviyo.api_key") == KEY
    assert world.type("check klaviyo").code == 0
    world.type("secrets delete klaviyo.api_key")
    world.type("check klaviyo", expect=2)


def test_a_secrets_name_that_is_none(world: World) -> None:
    assert "segsync secrets set klaviyo.api_key" in world.type("secrets set api_key", answers="x\n", expect=2).err


def test_a_secret_in_the_config_is_refused_and_not_shown(world: World) -> None:
    world.configure(destination=f'api_key = "{KEY}"')
    ran = world.type("check", expect=2)
    assert "segsync secrets set klaviyo.api_key" in ran.err


def test_a_secret_from_a_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGSYNC_SECRET__KLAVIYO__API_KEY")
    (world.folder / "key").write_text(f"{KEY}\n")
    world.configure(destination='api_key = "file:key"')
    world.type("check klaviyo")
    (row,) = world.type("secrets list --json").json
    assert row["where"] == "file"


class Remembering(KeyringBackend):
    """A keyring in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self._kept[service, username]
