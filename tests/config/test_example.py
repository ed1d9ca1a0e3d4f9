"""config.example.toml is right, as it stands and with every setting switched on, and leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segsync import plugins, rules
from segsync.config import core, load
from segsync.config.values import Config
from segsync.streams import STREAMS

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"
SWITCHED_OFF = re.compile(r"(?m)^#(?=[a-zA-Z\[])")


@pytest.fixture(autouse=True)
def connectors() -> None:
    """The installed connectors instead of this folder's own."""


@pytest.fixture(params=["as it stands", "all switched on"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    text = EXAMPLE.read_text()
    path = tmp_path / "segsync.toml"
    path.write_text(text if request.param == "as it stands" else SWITCHED_OFF.sub("", text))
    return load(path, environ={})


def test_it_loads(config: Config) -> None:
    assert set(config.sources) - {"till"} == {"files", "shopify"}
    assert set(config.destinations) == {"klaviyo", "upload"}
    assert len(config.segments) >= 5
    assert config.segments["vip"].to["klaviyo"].audience == "VIP customers"


def test_its_rules_are_rules(config: Config) -> None:
    texts = {name: segment.rule for name, segment in config.segments.items()}
    assert list(rules.read(texts, filled=frozenset(STREAMS), traits=config.traits).problems) == []


def test_what_is_switched_off_shows_what_holds_without_it(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "b.toml").write_text(SWITCHED_OFF.sub("", text))
    off, on = load(tmp_path / "a.toml", environ={}), load(tmp_path / "b.toml", environ={})
    assert on.guards.model_copy(update={"max_new_profiles": None}) == off.guards
    assert on.identity == off.identity
    one, other = (config.segments["vip"].to["klaviyo"] for config in (off, on))
    for name in ("audience", "purpose", "mode", "consent", "adopt", "verify_every"):
        assert getattr(one, name) == getattr(other, name)


def test_no_key_is_left_out() -> None:
    written = set(re.findall(r"(?m)^#?\[?([a-z_]+)", EXAMPLE.read_text()))
    parts = (core.Shop, core.Identity, core.Guards, core.Retention, core.Privacy, core.Store)
    models = (*parts, core.SourceKeys, core.TraitKeys, core.SegmentKeys, core.SyncKeys)
    keys = {name for model in models for name in model.model_fields} - {"rates"}
    for connector in ("files", "klaviyo", "shopify"):
        spec = plugins.load(connector).spec
        keys |= set(spec.options.model_fields) | {secret.name for secret in spec.secrets}
        keys |= set(spec.sync_options.model_fields) if spec.sync_options else set()
    assert keys - written - {"streams"} == set()
