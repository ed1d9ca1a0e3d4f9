"""A configuration that is right, and what comes of it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from config_texts import FULL, GOOD, Read
from pydantic import ValidationError

from segsync.config import find
from segsync.errors import ConfigError
from segsync.model import Purpose


def test_a_small_file_has_its_defaults(read: Read, tmp_path: Path) -> None:
    config = read(GOOD)
    assert (config.home, config.state_dir, config.environment) == (tmp_path, tmp_path / ".segsync", None)
    assert (config.shop.timezone, config.shop.currency, config.shop.country, dict(config.shop.rates)) == (
        "America/New_York",
        "USD",
        None,
        {},
    )
    assert config.identity.max_customers == 10
    guards = config.guards
    assert (
        guards.max_removed,
        guards.max_added,
        guards.guard_floor,
        guards.max_new_profiles,
        guards.max_rejected,
        guards.max_stale,
    ) == (0.2, 2.0, 50, None, 0.01, timedelta(days=3))
    assert config.warehouse.memory_limit is None
    section = config.sources["shopify"]
    assert (section.name, section.connector, section.spec.name, section.timezone, section.currency) == (
        "shopify",
        "shopify",
        "shopify",
        None,
        None,
    )
    assert section.options.model_dump()["shop"] == "acme"
    sync = config.segments["vip"].to["klaviyo"]
    assert (sync.segment, sync.destination, sync.audience, sync.description) == (
        "vip",
        "klaviyo",
        "VIP customers",
        None,
    )
    assert (sync.purpose, sync.mode, sync.consent, sync.adopt, sync.verify_every) == (
        Purpose.TARGET,
        "mirror",
        "email",
        False,
        timedelta(days=1),
    )
    assert (sync.max_removed, sync.max_added) == (None, None)
    assert sync.options is not None
    assert sync.options.model_dump() == {"lookalikes": []}


def test_everything_can_be_said(read: Read) -> None:
    config = read(FULL)
    assert config.shop.rates == {"EUR": Decimal("1.08"), "GBP": Decimal("1.27")}
    assert (config.shop.country, config.guards.max_stale, config.warehouse.memory_limit) == (
        "US",
        timedelta(hours=36),
        "4GB",
    )
    eu = config.sources["shopify_eu"]
    assert (eu.connector, eu.timezone, eu.currency) == ("shopify", "Europe/Berlin", "EUR")
    assert dict(eu.secret_references) == {"access_token": "file:secrets/eu"}
    vip = config.segments["vip"]
    assert vip.rule == "number_of_orders >= 3 -- many\n  AND amount_spent > 500"
    assert vip.renamed_from == "best"
    to = vip.to["klaviyo"]
    assert (to.audience, to.purpose, to.mode, to.consent, to.adopt) == ("A", Purpose.EXCLUDE, "add-only", "none", True)
    assert (to.verify_every, to.max_removed, to.max_added) == (timedelta(hours=12), 0.5, 3.0)
    assert config.segments["plain"].to["klaviyo"].audience == "plain"
    assert to.options is not None
    assert to.options.model_dump() == {"lookalikes": ["US"]}


def test_the_values_are_frozen(read: Read) -> None:
    config = read(GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.segments["vip"].rule = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        config.shop.currency = "EUR"
    with pytest.raises(TypeError):
        config.segments["other"] = config.segments["vip"]  # type: ignore[index]


def test_lines_are_there_for_those_who_ask_later(read: Read) -> None:
    config = read(GOOD, staging='[segments.vip]\n\nrule = "x"\n', environ={"SEGSYNC__SEGMENTS__VIP__LABEL": "V"})
    assert config.line(("shop", "currency")) == 4
    assert config.line(("segments", "vip", "rule")) == 3
    assert config.place(("segments", "vip", "rule")) == "segsync.staging.toml: segments.vip.rule"
    assert config.line(("segments", "vip", "label")) is None
    assert config.place(("segments", "vip", "label")) == "SEGSYNC__SEGMENTS__VIP__LABEL"
    assert config.line(("nothing", "here")) is None


def test_the_environment_goes_over_the_file(read: Read) -> None:
    config = read(
        FULL,
        environ={
            "SEGSYNC__SHOP__TIMEZONE": "Europe/Paris",
            "SEGSYNC__SHOP__RATES__EUR": "1.10",
            "SEGSYNC__SHOP__RATES__JPY": "0.0065",
            "SEGSYNC__GUARDS__GUARD_FLOOR": "5",
            "SEGSYNC__SOURCES__SHOPIFY__SHOP": "12345",
            "SEGSYNC__SOURCES__SHOPIFY__IDS": '["7", "8"]',
            "SEGSYNC__SOURCES__SHOPIFY__TEST_ORDERS": "true",
            "SEGSYNC__SOURCES__SHOPIFY__STREAMS__ORDERS": '{"files": "o.csv", "columns": {"order_id": "Order ID"}}',
            "SEGSYNC__DESTINATIONS__KLAVIYO__ACCOUNT": "1234567890",
            "SEGSYNC__DESTINATIONS__KLAVIYO__BASE_URL": "",
            "SEGSYNC__DESTINATIONS__KLAVIYO__API_KEY": "file:/run/secrets/k",
            "SEGSYNC__SEGMENTS__VIP__TO__KLAVIYO__VERIFY_EVERY": "30m",
            "SEGSYNC__SEGMENTS__NEW__RULE": "number_of_orders = 1",
            "segsync__identity__max_customers": "4",
            "SEGSYNC_SECRET__NOBODY__API_KEY": "hush-hush",
            "SEGSYNC_CONFIG": "elsewhere",
            "PATH": "/bin",
        },
    )
    assert config.shop.timezone == "Europe/Paris"
    assert config.shop.rates == {"EUR": Decimal("1.10"), "GBP": Decimal("1.27"), "JPY": Decimal("0.0065")}
    assert (config.guards.guard_floor, config.identity.max_customers) == (5, 4)
    options = config.sources["shopify"].options.model_dump()
    assert (options["shop"], options["ids"], options["test_orders"]) == ("12345", ["7", "8"], True)
    assert options["streams"]["orders"]["columns"] == {"order_id": "Order ID"}
    assert config.destinations["klaviyo"].options.model_dump() == {
        "account": "1234567890",
        "base_url": "http://127.0.0.1:1",
    }
    assert config.destinations["klaviyo"].secret_references == {"api_key": "file:/run/secrets/k"}
    assert config.segments["vip"].to["klaviyo"].verify_every == timedelta(minutes=30)
    assert config.segments["new"].rule == "number_of_orders = 1"
    assert "hush" not in repr(config)


def test_another_environment_lies_over_the_file(read: Read, tmp_path: Path) -> None:
    config = read(GOOD, staging='[shop]\ncurrency = "EUR"\n[segments.vip.to.klaviyo]\naudience = "Test"\n')
    assert (config.shop.timezone, config.shop.currency) == ("America/New_York", "EUR")
    assert config.segments["vip"].to["klaviyo"].audience == "Test"
    assert (config.state_dir, config.environment) == (tmp_path / ".segsync" / "staging", "staging")


def test_dotted_keys_and_inline_tables_say_the_same(read: Read) -> None:
    text = (
        'config_version=1\nshop = { timezone = "UTC", currency = "usd", country = "us" }\n'
        'sources.shopify.shop = "acme"\ndestinations.klaviyo = {}\n'
        'segments.vip = { rule = "x", to = { klaviyo = { audience = "Ünïcode ✓" } } }\n'
    )
    config = read(text)
    assert (config.shop.currency, config.shop.country) == ("USD", "US")
    assert config.segments["vip"].to["klaviyo"].audience == "Ünïcode ✓"


def test_where_the_file_is_found(tmp_path: Path) -> None:
    for name in ("segsync.toml", "a.toml", "b.toml"):
        (tmp_path / name).touch()
    assert find(None, {}, tmp_path) == tmp_path / "segsync.toml"
    assert find(None, {"SEGSYNC_CONFIG": "a.toml"}, tmp_path) == tmp_path / "a.toml"
    assert find(Path("b.toml"), {"SEGSYNC_CONFIG": "a.toml"}, tmp_path) == tmp_path / "b.toml"
    for explicit, environ in ((Path("no.toml"), {}), (None, {"SEGSYNC_CONFIG": "no.toml"})):
        with pytest.raises(ConfigError, match="segsync init"):
            find(explicit, environ, tmp_path)
    with pytest.raises(ConfigError, match="segsync init"):
        find(None, {}, tmp_path / "empty")
