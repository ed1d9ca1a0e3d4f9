"""Worlds to forget people in: a key to forget them by, and a shop that was pulled and pushed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from cli_fixtures import clean_environment, mornings, pulled, pushed, world
from cli_world import KEY, KEY_VARIABLE, SHOP, Ran, Saved, World
from traces_left import FORGET_KEY, JANE


@pytest.fixture(autouse=True)
def forget_key(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where people are forgotten, there is a key to keep them out by."""
    monkeypatch.setenv(*FORGET_KEY)


@pytest.fixture(scope="module")
def afternoon(mornings: dict[str, Saved], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ran, Saved]]:
    """What `forget` printed of Jane, and the state after it; made once. Older versions' copies had been left there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        patch.setenv(*FORGET_KEY)
        made = World(tmp_path_factory.mktemp("afternoon") / "shop")
        made.shop(SHOP)
        made.load(mornings["pushed"])
        for name in ("warehouse.v1.duckdb", "ledger.sqlite.v1", "warehouse.left.wal"):
            shutil.copyfile(made.state / "warehouse.duckdb", made.state / name)
            (made.state / name).chmod(0o600)
        yield made.type(f"forget {JANE}"), made.save("forgotten")
        made.close()


@pytest.fixture
def forgotten(world: World, afternoon: tuple[Ran, Saved]) -> World:
    """A world in which Jane was forgotten."""
    world.shop(SHOP)
    world.load(afternoon[1])
    return world


__all__ = ["afternoon", "clean_environment", "forget_key", "forgotten", "mornings", "pulled", "pushed", "world"]
