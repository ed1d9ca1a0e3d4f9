"""A world for the stories of docs/operations.md."""

from collections.abc import Iterator

import pytest
from cli_fixtures import clean_environment, world
from cli_world import KEY, KEY_VARIABLE, Saved, World
from stories import SHOP

__all__ = ["clean_environment", "world"]


@pytest.fixture(scope="module")
def beginnings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Saved]]:
    """The state of the stories' shop after a pull (False), and after a push (True); made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        made = World(tmp_path_factory.mktemp("beginnings") / "shop")
        made.shop(SHOP)
        made.type("pull")
        pulled = made.save("pulled")
        made.type("push vip --to klaviyo")
        yield {False: pulled, True: made.save("pushed")}
        made.close()


@pytest.fixture(autouse=True)
def _forget_key(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGSYNC_SECRET__PRIVACY__FORGET_KEY", "5d" * 32)
