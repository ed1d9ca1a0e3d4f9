"""An erasure that is cut off before any of its steps, and gone on with by whatever is typed next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cli_world import World, buyer
from traces_left import JANE, NAMES, traces

from segsync.ledger import audiences, erasures, scrubbing
from segsync.run.privacy import erasing, erasure_receipts, errands
from segsync.warehouse import Warehouse


class Killed(BaseException):
    """The process died here."""


# What is about to be called, and which of its calls never happens.
HERE = {
    "erase": (erasing, "erase", 2),  # the first is tried, and rolled back
    "compact": (Warehouse, "compact", 1),
    "copies of held": (Warehouse, "rewrite_copies", 1),
    "ledger": (scrubbing, "compact", 1),
    "erased": (erasures, "erased_here", 1),
}
THERE = {
    "after the platform": (errands, "_answered", 1),
    "before it is noted": (erasures, "note", 1),
    "before the receipt": (erasure_receipts, "write", 1),
}


def killing(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int) -> None:
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def mortal(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise Killed
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, mortal)


def die(world: World, step: tuple[Any, str, int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasing, "_bring_up_to_date", lambda space: None)  # it is, and it takes time
        killing(patch, *step)
        with pytest.raises(Killed):
            world.type(f"forget {JANE}")


@pytest.mark.parametrize("step", HERE.values(), ids=HERE)
def test_the_next_pull_goes_on_with_it(pushed: World, step: tuple[Any, str, int]) -> None:
    die(pushed, step)
    assert JANE in pushed.lists()["VIP customers"], "no platform was asked yet"
    pushed.type("pull")
    assert traces(pushed.state, *NAMES) == []
    assert len(list((pushed.state / "held").glob("*.parquet"))) == 2


@pytest.mark.parametrize("step", THERE.values(), ids=THERE)
def test_the_next_push_asks_the_platform_again(pushed: World, step: tuple[Any, str, int]) -> None:
    die(pushed, step)
    assert traces(pushed.state, *NAMES) == []
    pushed.type("push vip --to klaviyo")
    assert JANE not in pushed.lists()["VIP customers"]
    text = pushed.type("forget --receipt 1").out
    assert "complete   20" in text
    assert "take out of the audience: done" in text
    assert (pushed.state / "receipts" / "forget-1.txt").read_text("utf-8") == text


def test_the_only_one_who_is_held(world: World) -> None:
    """The ledger must not take the warehouse for lost, once nobody is held in it any more."""
    world.shop([buyer(3), buyer(4, orders=1)])
    world.type("run")
    assert world.lists()["VIP customers"] == [JANE]
    die(world, (audiences, "note", 1))
    world.type("push vip --to klaviyo")
    assert world.lists()["VIP customers"] == []
