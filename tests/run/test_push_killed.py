"""A push that dies at any step, and is run again: the list is exactly right each time, and then quiet.

A dead process does nothing any more: nothing cleans up after it.
"""

from __future__ import annotations

import shutil

import pytest
from push_world import Killed, People, Somebody, World, subscribed, wanted
from variants import with_guards

from segsync.errors import GuardStop
from segsync.ledger import audiences, suppressions

YESTERDAY = {f"p{n}": subscribed(f"a{n}@example.com") for n in range(5)} | {"p5": subscribed("a5@example.com")}
TODAY = {
    "p0": subscribed("a0@example.com"),  # stays
    "p1": subscribed("new1@example.com"),  # changed address
    "p3": Somebody({"a3@example.com": "UNSUBSCRIBED"}),  # withdrew consent
    "p4": subscribed("a5@example.com"),  # took over the address of p5, who left
    "p6": subscribed("a6@example.com"),  # joined
}  # p2 left


def killed_everywhere(world: World, people: People, *, stride: int) -> int:
    """Die at every so many steps of a push of `people`, from the world as it is; the number of steps.

    After each death a whole push must put right what is there, and one more push must be quiet.
    """
    world.becomes(people)
    before = world.save()
    step = 1
    while True:
        world.load(before)
        world.mortal.live_again(at=step)
        try:
            world.push(None)
            return step - 1  # it lived: there are no more steps
        except Killed:
            world.mortal.live_again()
        world.time.advance(600)  # what was taken for later is through by then
        again = world.push(None)
        assert again.error is None, (step, again.error)
        assert world.there == wanted(people), f"after death at step {step}"
        if step // stride % 2:
            writes = len(world.platform.writes)
            assert world.push(None).error is None
            assert world.platform.writes[writes:] == [], f"not quiet after death at step {step}"
        step += stride


def test_killed_at_many_steps_of_a_push(world: World) -> None:
    assert world.push(YESTERDAY).error is None
    assert world.there == wanted(YESTERDAY)
    steps = killed_everywhere(world, TODAY, stride=7 if world.settles else 3)
    assert steps > 15, "the steps are counted no longer"


@pytest.mark.thorough
@pytest.mark.parametrize("world", [True], indirect=True, ids=["tickets"])
def test_killed_at_many_steps_of_a_first_push(world: World) -> None:
    """Several batches, and also while the audience is made: never a second one, never taken for somebody else's."""
    people = {f"p{n}": subscribed(f"a{n}@example.com") for n in range(4)}
    steps = killed_everywhere(world, people, stride=4)
    assert steps > 10, "the steps are counted no longer"


@pytest.mark.parametrize("world", [False], indirect=True)
def test_killed_while_a_stopped_push_takes_out_suppressed_people(world: World) -> None:
    """Guards stop the rest each time, and what is noted of the last good push stays as it was."""
    assert world.push(YESTERDAY).error is None
    with_guards(world, guard_floor=0)
    with world.opened() as space:
        suppressions.add(space.ledger, "email", "a1@example.com", reason=None, at=space.clock.now())
        noted = audiences.every(space.ledger)[0].pushed_run
    world.becomes(
        {p: s for p, s in TODAY.items() if p != "p6"} | {"p1": YESTERDAY["p1"], "p7": subscribed("a7@example.com")}
    )
    before, step = world.save(), 1
    while True:
        world.load(before)
        world.mortal.live_again(at=step)
        try:
            world.push(None)
            break
        except Killed:
            world.mortal.live_again()
        stopped = world.push(None)
        assert isinstance(stopped.error, GuardStop), step
        assert world.there == sorted(e for s in YESTERDAY.values() for e in s.emails if e != "a1@example.com"), step
        with world.opened() as space:
            assert audiences.every(space.ledger)[0].pushed_run == noted
        step += 4
    assert step > 10, "the steps are counted no longer"


@pytest.mark.parametrize("world", [False], indirect=True)
def test_a_copy_of_what_is_held_outlives_the_warehouse(world: World) -> None:
    assert world.push(YESTERDAY).error is None
    copies = sorted((world.folder / "held").glob("held-*.parquet"))
    assert copies
    shutil.rmtree(world.folder / "held")
    assert world.push(YESTERDAY | {"p9": subscribed("a9@example.com")}).error is None
    assert len(sorted((world.folder / "held").glob("held-*.parquet"))) == 1


@pytest.mark.parametrize("world", [False], indirect=True)
def test_an_old_copy_of_the_warehouse_is_noticed(world: World) -> None:
    assert world.push(YESTERDAY).error is None
    old = (world.folder / "warehouse.duckdb").read_bytes()
    grown = YESTERDAY | {"p9": subscribed("a9@example.com")}
    assert world.push(grown).error is None
    (world.folder / "warehouse.duckdb").write_bytes(old)
    writes = len(world.platform.writes)
    stopped = world.push(grown)
    assert isinstance(stopped.error, GuardStop)
    assert "segsync state restore" in str(stopped.error)
    assert world.platform.writes[writes:] == []
