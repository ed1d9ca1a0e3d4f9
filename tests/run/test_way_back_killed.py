"""Undoing a push, emptying an audience, repairing drift: killed at any step, and done again to the same end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from push_world import Killed, World, make_world, subscribed

from segsync.ledger import audiences
from segsync.run import retiring, undoing
from segsync.testing import FakeTime

BEFORE = {f"p{n}": subscribed(f"p{n}@example.com") for n in range(3)}
AFTER = {f"p{n}": subscribed(f"p{n}@example.com", member=n > 0) for n in range(4)}
WERE = sorted(f"p{n}@example.com" for n in range(3))
STRIDE = 5  # every step was tried once; these few keep the suite fast


@pytest.fixture
def world(tmp_path: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> World:
    return make_world(tmp_path, fake_time, monkeypatch, settles=False)


def look_undo(world: World, run: int) -> str:
    """The id of the plan that waits for a yes."""
    with world.opened() as space:
        (shown,) = undoing.undo(space, world.computed, run)
        assert shown.pushed is not None
        assert shown.pushed.plan is not None
        return shown.pushed.plan.id


def undone(world: World, run: int, yes: str) -> None:
    with world.opened() as space:
        (done,) = undoing.undo(space, world.computed, run, approve=[yes])
        assert done.pushed is not None
        assert done.pushed.error is None, done.pushed.error


def look_empty(world: World, _run: int) -> str:
    with world.opened() as space:
        (known,) = audiences.every(space.ledger)
        return str(retiring.empty(space, known, None).plan)


def emptied(world: World, _run: int, yes: str) -> None:
    with world.opened() as space:
        (known,) = audiences.every(space.ledger)
        if known.platform_id is not None:
            assert retiring.empty(space, known, yes).freed


def wrong_push(world: World) -> int:
    assert world.push(BEFORE).error is None
    assert world.push(AFTER).error is None
    with world.opened() as space:
        return space.run_id - 1


@pytest.mark.parametrize(
    ("look", "act", "there"), [(look_undo, undone, WERE), (look_empty, emptied, [])], ids=["undo", "retire"]
)
def test_killed_at_any_step(
    world: World, look: Callable[..., str], act: Callable[[World, int, str], None], there: list[str]
) -> None:
    """The same command, typed again, comes to the same end."""
    run = wrong_push(world)
    yes = look(world, run)
    saved = world.save()
    world.mortal.live_again()
    act(world, run, yes)
    steps = world.mortal.steps
    assert world.there == there
    assert steps > 10
    for step in range(1, steps + 1, STRIDE):
        world.load(saved)
        world.mortal.live_again(at=step)
        with pytest.raises(Killed):
            act(world, run, yes)
        world.mortal.live_again()
        act(world, run, yes)
        assert world.there == there, f"killed at step {step}"
        with world.opened() as space:
            (known,) = audiences.every(space.ledger)
        if act is undone:
            assert known.undone is not None, f"killed at step {step}"
        else:
            assert (known.platform_id, known.held) == (None, 0), f"killed at step {step}"


def test_what_was_held_is_noted_once_a_batch(world: World) -> None:
    """Folding twice, and an answer that comes later, leave what was there before the batch."""
    run = wrong_push(world)
    with world.opened() as space, space.warehouse.reading() as con:
        rows = con.table("was_held").to_pyarrow().to_pylist()
    keys = [(row["audience"], row["person"], row["batch_seq"]) for row in rows]
    assert len(keys) == len(set(keys))
    removed = {row["person"]: row["state"] for row in rows if row["person"] in ("p0",) and row["state"]}
    assert removed == {"p0": "held"}
    assert run > 1


def test_what_was_held_is_kept_for_a_month(world: World) -> None:
    wrong_push(world)
    world.time.advance(31 * 86_400)
    with world.opened() as space:
        from segsync.run.recover import recover_all

        recover_all(space.ledger, space.warehouse, space.clock)
        with space.warehouse.reading() as con:
            assert con.table("was_held").count().execute() == 0
