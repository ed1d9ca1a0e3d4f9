"""What changes about people between two runs, and the list that comes of it."""

from __future__ import annotations

from cli_world import Buyer, World, buyer, crowd, vips

FIRST = crowd(8, 20)


def day(world: World, *changed: Buyer, vanished: tuple[int, ...] = ()) -> list[Buyer]:
    """The next day's exports: the first day's people, some changed or new, some gone."""
    numbers = {one.number for one in changed} | set(vanished)
    people = [*(one for one in FIRST if one.number not in numbers), *changed]
    world.time.advance(86_400)
    world.shop(people)
    return people


def started(world: World) -> World:
    world.shop(FIRST)
    world.type("run")
    assert world.lists() == {"VIP customers": vips(FIRST)}
    return world


def right_and_then_quiet(world: World, expected: list[str]) -> None:
    world.type("run")
    assert world.lists() == {"VIP customers": expected}
    before = len(world.requests())
    world.type("run")
    assert world.writes(before) == []
    assert "no drift" in world.type("drift vip").out


def test_two_people_turn_out_to_be_one(world: World) -> None:
    """Their second address is taken out: the platform knows two people by the two of them."""
    started(world)
    people = day(world, buyer(2, email="buyer1@example.com"))
    expected = sorted({one.email for one in people if one.vip})
    assert len(expected) == 7
    right_and_then_quiet(world, expected)


def test_one_person_turns_out_to_be_two(world: World) -> None:
    world.shop([*FIRST, buyer(50, email="buyer1@example.com")])
    world.type("run")
    assert world.lists() == {"VIP customers": vips(FIRST)}
    people = day(world, buyer(50, email="apart@example.com"))
    right_and_then_quiet(world, vips(people))


def test_an_address_changes_hands(world: World) -> None:
    """Who had it gets another, and somebody new has it now."""
    started(world)
    people = day(world, buyer(1, email="moved@example.com"), buyer(60, email="buyer1@example.com"))
    right_and_then_quiet(world, vips(people))


def test_consent_is_withdrawn_and_given_again(world: World) -> None:
    started(world)
    people = day(world, buyer(1, subscribed=False), buyer(2, subscribed=False))
    right_and_then_quiet(world, vips(people))
    right_and_then_quiet(world, vips(day(world)))


def test_a_customer_vanishes_from_a_complete_export(world: World) -> None:
    world.configure()
    text = world.config.read_text("utf-8").replace('"exports"', '"exports"\ncomplete = true')
    world.config.write_text(text, "utf-8")
    started(world)
    people = day(world, vanished=(1, 2))
    ran = world.type("pull")
    assert "vanished: 2" in ran.out
    right_and_then_quiet(world, vips(people))


def test_everything_at_once(world: World) -> None:
    started(world)
    people = day(
        world,
        buyer(1, email="moved@example.com"),
        buyer(2, subscribed=False),
        buyer(3, cancelled=1),
        buyer(4, email="buyer5@example.com"),
        buyer(9),
        buyer(10, orders=7),
        *(buyer(number) for number in range(100, 140)),
    )
    right_and_then_quiet(world, sorted(set(vips(people))))
