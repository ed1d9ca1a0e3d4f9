"""Fixtures: worlds to type commands in, an empty one, one that was pulled, and one that was pushed.

A folder of tests that types commands imports them in its conftest.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
import pytest
from cli_world import KEY, KEY_VARIABLE, SHOP, Saved, World
from keyring.backends import fail


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests but the key, and no keyring."""
    for name in [name for name in os.environ if name.startswith("SEGSYNC")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setattr("keyring.core._keyring_backend", fail.Keyring())
    assert isinstance(keyring.get_keyring(), fail.Keyring)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with _world(tmp_path / "shop") as made:
        yield made


@pytest.fixture(scope="module")
def mornings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Saved]]:
    """The state after a pull, and after a push; made once, copied for each test."""
    with pytest.MonkeyPatch.context() as patch, _world(tmp_path_factory.mktemp("mornings") / "shop") as made:
        patch.setenv(KEY_VARIABLE, KEY)
        made.shop(SHOP)
        made.type("pull")
        pulled = made.save("pulled")
        made.type("push vip --to klaviyo")
        yield {"pulled": pulled, "pushed": made.save("pushed")}


@pytest.fixture
def pulled(world: World, mornings: dict[str, Saved]) -> World:
    world.shop(SHOP)
    world.load(mornings["pulled"])
    return world


@pytest.fixture
def pushed(world: World, mornings: dict[str, Saved]) -> World:
    world.shop(SHOP)
    world.load(mornings["pushed"])
    return world


@contextmanager
def _world(folder: Path) -> Iterator[World]:
    made = World(folder)
    try:
        yield made
    finally:
        made.close()
