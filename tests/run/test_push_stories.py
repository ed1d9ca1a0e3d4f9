"""Pushes, one after another, while the world changes: the list is right after each, and quiet when nothing changed."""

from __future__ import annotations

import pytest
from push_world import Somebody, World, subscribed, wanted

from segsync.errors import AudienceMissing, GuardStop
from segsync.run.push import Order

SEVEN = {f"p{n}": subscribed(f"a{n}@example.com") for n in range(7)}


def without(people: dict[str, Somebody], *gone: str) -> dict[str, Somebody]:
    return {person: s for person, s in people.items() if person not in gone}


def pushed(world: World, people: dict[str, Somebody], **sync: object) -> None:
    """Push, expect success, and find exactly the wanted people there."""
    result = world.push(people, **sync)
    assert result.error is None, result.error
    assert world.there == wanted(people)


def quiet(world: World, people: dict[str, Somebody]) -> None:
    """Push again and see no write."""
    before = len(world.platform.writes)
    result = world.push(people)
    assert result.error is None, result.error
    assert world.platform.writes[before:] == []
    assert not result.sent


def test_first_push_then_quiet(world: World) -> None:
    pushed(world, SEVEN)
    quiet(world, SEVEN)


def test_leaving_and_joining(world: World) -> None:
    pushed(world, SEVEN)
    after = without(SEVEN, "p0", "p3") | {"p9": subscribed("a9@example.com")}
    pushed(world, after)
    quiet(world, after)


def test_leaving_and_coming_back(world: World) -> None:
    pushed(world, SEVEN)
    pushed(world, without(SEVEN, "p1"))
    pushed(world, SEVEN)
    quiet(world, SEVEN)


def test_a_changed_address_replaces_the_old_profile(world: World) -> None:
    pushed(world, SEVEN)
    after = SEVEN | {"p2": subscribed("new@example.com")}
    pushed(world, after)
    quiet(world, after)
    pushed(world, without(after, "p2"))


def test_an_address_that_changes_back(world: World) -> None:
    pushed(world, SEVEN)
    pushed(world, SEVEN | {"p2": subscribed("new@example.com")})
    pushed(world, SEVEN)
    quiet(world, SEVEN)


def test_two_people_swap_addresses(world: World) -> None:
    pushed(world, SEVEN)
    after = SEVEN | {"p1": subscribed("a2@example.com"), "p2": subscribed("a1@example.com")}
    pushed(world, after)
    quiet(world, after)


def test_a_merge_keeps_the_shared_profile(world: World) -> None:
    twins = SEVEN | {"p8": subscribed("a0@example.com")}
    pushed(world, twins)
    merged = without(twins, "p8")
    pushed(world, merged)
    quiet(world, merged)
    pushed(world, without(merged, "p0"))


def test_a_leaver_whose_address_a_member_took_over(world: World) -> None:
    pushed(world, SEVEN)
    after = without(SEVEN, "p0") | {"p9": subscribed("a0@example.com")}
    pushed(world, after)
    quiet(world, after)
    pushed(world, without(after, "p9"))


def test_withdrawn_consent_removes_first(world: World) -> None:
    pushed(world, SEVEN)
    after = SEVEN | {"p4": Somebody({"a4@example.com": "UNSUBSCRIBED"}), "p9": subscribed("a9@example.com")}
    result = world.push(after)
    assert result.plan is not None
    assert [cut.action.value for cut in result.plan.cuts] == ["remove", "add"]
    assert world.there == wanted(after)


def test_consent_and_origin_are_counted_by_reason(world: World) -> None:
    people = {
        "p1": subscribed("a1@example.com"),
        "p2": Somebody({"a2@example.com": "NOT_SUBSCRIBED"}),
        "p3": Somebody({"a3@example.com": None}),
        "p4": Somebody({}),
        "p5": Somebody({"a5@example.com": "SUBSCRIBED"}, deliverable=False),
    }
    result = world.push(people)
    assert result.plan is not None
    assert result.plan.not_deliverable == {
        "no consent": 2,
        "no usable identifier": 1,
        "known only from a source whose data may not leave": 1,
    }
    assert world.there == ["a1@example.com"]


def test_a_refused_member_is_tried_again_only_when_changed(world: World) -> None:
    people = SEVEN | {"bad": subscribed("no address")}
    first = world.push(people)
    assert (first.rejected, first.exit_code) == (1, 6)
    quiet(world, people)
    mended = SEVEN | {"bad": subscribed("mended@example.com")}
    pushed(world, mended)


def test_add_only_never_removes(world: World) -> None:
    pushed(world, SEVEN, mode="add-only")
    world.push(without(SEVEN, "p0", "p1"), mode="add-only")
    assert world.there == wanted(SEVEN)


def test_a_dry_run_writes_nothing(world: World) -> None:
    result = world.push(SEVEN, Order(dry_run=True))
    assert result.plan is not None
    assert result.plan.counts["add"] == 7
    assert world.platform.writes == []


def test_the_plan_shown_is_the_plan_pushed(world: World) -> None:
    shown = world.push(SEVEN, Order(dry_run=True)).plan
    assert shown is not None
    moved = world.push(without(SEVEN, "p1"), Order(only_plan=shown.id))
    assert isinstance(moved.error, GuardStop)
    assert "the world moved" in str(moved.error)
    assert world.platform.writes == []
    pushed_now = world.push(SEVEN, Order(only_plan=shown.id))
    assert pushed_now.error is None
    assert world.there == wanted(SEVEN)


def test_a_lost_audience_is_never_recreated_in_silence(world: World) -> None:
    pushed(world, SEVEN)
    world.platform.audiences.clear()
    result = world.push(without(SEVEN, "p0"))
    assert isinstance(result.error, AudienceMissing)
    assert "--recreate" in str(result.error)
    assert world.platform.audiences == {}
    again = world.push(without(SEVEN, "p0"), Order(recreate=True))
    assert again.error is None, again.error
    assert world.there == wanted(without(SEVEN, "p0"))


def test_an_empty_segment_makes_no_audience(world: World) -> None:
    result = world.push({"p1": subscribed("a1@example.com", member=False)})
    assert result.error is None
    assert world.platform.writes == []


def test_strangers_stay(world: World) -> None:
    pushed(world, SEVEN)
    (audience,) = world.platform.audiences.values()
    from segsync.testing.memory import Profile

    world.platform.profiles["X"] = Profile("X", "by-hand@example.com", None)
    audience.profiles.add("X")
    world.push(without(SEVEN, "p0"))
    assert "by-hand@example.com" in world.there


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7])
def test_batches_of_every_size(world: World, count: int) -> None:
    people = {f"p{n}": subscribed(f"a{n}@example.com") for n in range(count)}
    pushed(world, people)
    quiet(world, people)
