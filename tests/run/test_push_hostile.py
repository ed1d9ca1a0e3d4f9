"""Pushes in worlds that mean ill: deaths between two runs, platforms that refuse, people who come back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from push_world import Killed, Somebody, World, make_world, subscribed, wanted
from variants import ByIdentifier, Mute, refusing, spoken_to_by, watching, with_guards, with_writes

from segsync.errors import GuardStop
from segsync.ledger import audiences, open_ledger
from segsync.model import Action, AudienceRef, Batch
from segsync.run.push import Order
from segsync.testing import FakeTime, MemoryDestination
from segsync.testing.memory import Profile

FOUR = {f"p{n}": subscribed(f"a{n}@example.com") for n in range(4)}


@pytest.fixture
def plain(tmp_path: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose platform answers at once."""
    return make_world(tmp_path, fake_time, monkeypatch, settles=False)


@pytest.fixture
def by_identifier(plain: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose platform takes three e-mails of each, none of which knows of the others."""
    spoken_to_by(monkeypatch, ByIdentifier)
    return with_writes(plain, keyed_by="identifier", identifiers={"email": 3})


def without(people: dict[str, Somebody], *gone: str) -> dict[str, Somebody]:
    return {person: s for person, s in people.items() if person not in gone}


def pushed(world: World, people: dict[str, Somebody], **sync: object) -> None:
    result = world.push(people, **sync)
    assert result.error is None, result.error


def quiet(world: World, people: dict[str, Somebody], **sync: object) -> None:
    before = len(world.platform.writes)
    pushed(world, people, **sync)
    assert world.platform.writes[before:] == []


def every_email(people: dict[str, Somebody], most: int = 3) -> list[str]:
    """What an audience of identifiers should hold."""
    return sorted(
        {
            email
            for s in people.values()
            if s.member
            for email in [e for e, consent in s.emails.items() if consent == "SUBSCRIBED"][:most]
        }
    )


# --- members who are refused, and come back ------------------------------------------------------------------


def test_somebody_whose_removal_was_refused_is_added_when_they_come_back(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform had lost them: the removal found nobody. Nothing may claim that they are there still."""
    pushed(plain, FOUR)
    (audience,) = plain.platform.audiences.values()
    audience.profiles.discard(plain.platform.known_by["a1@example.com"])
    spoken_to_by(monkeypatch, refusing(Action.REMOVE, "a1@example.com"))
    left = without(FOUR, "p1")
    assert plain.push(left).rejected == 1
    quiet(plain, left)
    spoken_to_by(monkeypatch, MemoryDestination)
    pushed(plain, FOUR)
    assert plain.there == wanted(FOUR)
    quiet(plain, FOUR)


def test_an_old_refusal_does_not_keep_anybody_in(plain: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed(plain, FOUR)
    spoken_to_by(monkeypatch, refusing(Action.REMOVE, "a1@example.com"))
    assert plain.push(without(FOUR, "p1")).rejected == 1
    spoken_to_by(monkeypatch, MemoryDestination)
    pushed(plain, FOUR)
    pushed(plain, without(FOUR, "p1"))
    assert plain.there == wanted(without(FOUR, "p1"))


def test_a_refused_new_address_does_not_save_the_old_one(world: World) -> None:
    people = {"p0": subscribed("a0@example.com"), "p1": subscribed("a1@example.com")}
    pushed(world, people)
    changed = people | {"p1": subscribed("no address")}
    assert world.push(changed).rejected == 1
    world.push(changed)
    assert world.there == ["a0@example.com"]
    quiet(world, changed)


def test_a_refused_identifier_does_not_save_those_given_up(
    by_identifier: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = by_identifier
    before = {"p0": subscribed("a0@example.com"), "p1": subscribed("old@example.com", "kept@example.com")}
    pushed(world, before)
    after = before | {"p1": subscribed("kept@example.com", "bad@example.com")}

    class Refusing(refusing(Action.ADD, "bad@example.com"), ByIdentifier):  # type: ignore[misc]
        pass

    spoken_to_by(monkeypatch, Refusing)
    world.push(after)
    assert world.there == ["a0@example.com", "kept@example.com"]
    quiet(world, after)


# --- several e-mails a member, each for itself ---------------------------------------------------------------


def test_identifiers_come_and_go_one_by_one(by_identifier: World) -> None:
    world = by_identifier
    for emails in (("a@example.com",), ("a@example.com", "b@example.com"), ("b@example.com", "c@example.com"), ()):
        people = FOUR | {"p9": subscribed(*emails)}
        pushed(world, people)
        assert world.there == every_email(people)
        quiet(world, people)


def test_a_shared_identifier_stays_with_who_stays(by_identifier: World) -> None:
    world = by_identifier
    home = FOUR | {
        "p5": subscribed("family@example.com", "five@example.com"),
        "p6": subscribed("family@example.com", "six@example.com"),
    }
    pushed(world, home)
    assert world.there == every_email(home)
    for gone in ("p5", "p6"):
        left = without(home, gone)
        pushed(world, left)
        assert world.there == every_email(left)
        quiet(world, left)
        home = left


def test_people_who_exchange_identifiers(by_identifier: World) -> None:
    world = by_identifier
    before = FOUR | {"p5": subscribed("x@example.com"), "p6": subscribed("y@example.com", "z@example.com")}
    pushed(world, before)
    after = FOUR | {"p5": subscribed("y@example.com"), "p6": subscribed("x@example.com", "z@example.com")}
    pushed(world, after)
    assert world.there == every_email(after)
    quiet(world, after)
    pushed(world, FOUR)
    assert world.there == every_email(FOUR)


@pytest.mark.thorough
def test_an_exchange_that_dies_and_is_overtaken(by_identifier: World) -> None:
    """They swap, the push dies before anything leaves, and then both go: neither address may be forgotten."""
    world = by_identifier
    before = FOUR | {"p5": subscribed("x@example.com"), "p6": subscribed("y@example.com")}
    pushed(world, before)
    after = FOUR | {"p5": subscribed("y@example.com"), "p6": subscribed("x@example.com")}
    saved = world.save()
    for death in range(1, 40, 5):
        world.load(saved)
        world.mortal.live_again(at=death)
        try:
            world.push(after)
            break
        except Killed:
            pass
        world.mortal.live_again()
        world.time.advance(600)
        pushed(world, FOUR)
        assert world.there == every_email(FOUR), f"after death at step {death}"


def test_an_identifier_given_up_twice(by_identifier: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its removal is refused, it is taken up again, and given up again: nobody is put into a batch twice."""
    world = by_identifier
    pushed(world, {"p0": subscribed("a0@example.com"), "p1": subscribed("x@example.com", "y@example.com")})

    class Refusing(refusing(Action.REMOVE, "x@example.com"), ByIdentifier):  # type: ignore[misc]
        pass

    spoken_to_by(monkeypatch, Refusing)
    without_x = {"p0": subscribed("a0@example.com"), "p1": subscribed("y@example.com")}
    world.push(without_x)
    world.push({"p0": subscribed("a0@example.com"), "p1": subscribed("x@example.com", "y@example.com")})
    spoken_to_by(monkeypatch, ByIdentifier)
    pushed(world, without_x)
    assert world.there == every_email(without_x)


# --- profiles ------------------------------------------------------------------------------------------------


def test_a_changed_address_leaves_although_the_phone_stays(plain: World) -> None:
    """On a platform that knows profiles by their e-mail, the old address is another profile, phone or not."""
    phone = "+12025550143"
    before = {"p0": Somebody({"a0@example.com": None}), "p1": Somebody({"old@example.com": None}, phone=phone)}
    pushed(plain, before, consent="none")
    plain.platform.known_by.pop(phone)  # this platform does not find profiles by phone
    after = before | {"p1": Somebody({"new@example.com": None}, phone=phone)}
    pushed(plain, after, consent="none")
    assert plain.there == ["a0@example.com", "new@example.com"]
    quiet(plain, after, consent="none")


def test_a_leaver_goes_although_a_member_shares_their_phone(plain: World) -> None:
    phone = "+12025550143"
    home = {"p0": Somebody({"a0@example.com": None}, phone=phone), "p1": Somebody({"a1@example.com": None})}
    pushed(plain, home, consent="none")
    plain.platform.known_by.pop(phone)
    home["p1"] = Somebody({"a1@example.com": None}, phone=phone)
    pushed(plain, home, consent="none")
    plain.platform.known_by.pop(phone, None)
    left = {"p1": home["p1"]}
    pushed(plain, left, consent="none")
    assert plain.there == ["a1@example.com"]
    quiet(plain, left, consent="none")


def test_two_who_shared_an_address_both_give_it_up(plain: World) -> None:
    shared = FOUR | {"p5": subscribed("family@example.com"), "p6": subscribed("family@example.com")}
    pushed(plain, shared)
    after = FOUR | {"p5": subscribed("five@example.com"), "p6": subscribed("six@example.com")}
    pushed(plain, after)
    assert plain.there == wanted(after)
    quiet(plain, after)


def test_a_profile_that_changed_its_address_by_itself_is_not_removed(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop's own plug-in had told the platform already; and the platform does not say whose profile it took."""
    pushed(plain, FOUR)
    profile = plain.platform.profiles[plain.platform.known_by.pop("a1@example.com")]
    profile.email = "new@example.com"
    plain.platform.known_by["new@example.com"] = profile.id
    spoken_to_by(monkeypatch, Mute)
    after = FOUR | {"p1": subscribed("new@example.com")}
    pushed(plain, after)
    assert plain.there == wanted(after)
    pushed(plain, without(after, "p1"))
    assert plain.there == wanted(without(after, "p1"))


def test_an_address_whose_consent_was_withdrawn_goes_before_the_new_one_comes(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed(plain, FOUR)
    seen: list[Batch] = []
    spoken_to_by(monkeypatch, watching(seen.append))
    after = FOUR | {"p1": Somebody({"a1@example.com": "UNSUBSCRIBED", "new@example.com": "SUBSCRIBED"})}
    pushed(plain, after)
    assert [batch.action for batch in seen] == [Action.REMOVE, Action.ADD]
    assert plain.there == wanted(after)


def test_add_only_forgets_nobody(plain: World) -> None:
    """What it added and would have removed is known when it becomes a mirror."""
    pushed(plain, FOUR, mode="add-only")
    changed = FOUR | {"p1": subscribed("new@example.com")}
    pushed(plain, changed, mode="add-only")
    assert plain.there == sorted([*wanted(FOUR), "new@example.com"])
    quiet(plain, changed, mode="add-only")
    pushed(plain, changed)
    assert plain.there == wanted(changed)


# --- deaths, and what the world did before the next run ------------------------------------------------------


def test_a_killed_first_push_goes_on_whatever_its_size(plain: World) -> None:
    """What a first push may add was judged when it began; the guard for sudden growth has no say in it."""
    world = with_guards(plain, guard_floor=1)
    crowd = {f"p{n}": subscribed(f"a{n}@example.com") for n in range(12)}
    everybody = crowd | {f"q{n}": subscribed(f"b{n}@example.com", member=False) for n in range(20)}
    nothing = world.save()
    for death in (14, 22, 30):
        world.load(nothing)
        world.mortal.live_again(at=death)
        with pytest.raises(Killed):
            world.push(everybody)
        world.mortal.live_again()
        pushed(world, everybody)
        assert world.there == wanted(crowd)


@pytest.mark.thorough
def test_an_audience_made_anew_owes_nothing_to_old_receipts(plain: World) -> None:
    """The push died with receipts that were not folded; then the audience was deleted."""
    saved = plain.save()
    for death in range(8, 60, 5):
        plain.load(saved)
        plain.mortal.live_again(at=death)
        try:
            plain.push(FOUR)
        except Killed:
            pass
        else:
            break
        plain.mortal.live_again()
        if not plain.platform.audiences:
            continue
        plain.platform.audiences.clear()
        plain.platform.profiles.clear()
        plain.platform.known_by.clear()
        plain.time.advance(2 * 86400)
        result = plain.push(FOUR, Order(recreate=True))
        if result.error is not None:  # it was gone before segsync knew its id: then it is made as at first
            raise AssertionError(result.error)
        assert plain.there == wanted(FOUR), f"after death at step {death}"


@pytest.mark.parametrize("death", [1, 5, *(pytest.param(n, marks=pytest.mark.thorough) for n in (3, 8))])
def test_a_recreation_that_dies(plain: World, death: int) -> None:
    pushed(plain, FOUR)
    plain.platform.audiences.clear()
    plain.mortal.live_again(at=death)
    with pytest.raises(Killed):
        plain.push(FOUR, Order(recreate=True))
    plain.mortal.live_again()
    plain.time.advance(2 * 86400)
    result = plain.push(FOUR, Order(recreate=True))
    assert result.error is None, result.error
    assert plain.there == wanted(FOUR)


def test_a_warehouse_put_back_from_a_backup_is_noticed(plain: World) -> None:
    pushed(plain, without(FOUR, "p3"))
    shutil.copy(plain.folder / "warehouse.duckdb", plain.folder.with_name("backup"))
    pushed(plain, FOUR)
    shutil.copy(plain.folder.with_name("backup"), plain.folder / "warehouse.duckdb")
    before = len(plain.platform.writes)
    result = plain.push(without(FOUR, "p0"))
    assert isinstance(result.error, GuardStop)
    assert "segsync state restore" in str(result.error)
    assert plain.platform.writes[before:] == []


def test_a_leftover_of_another_audience_says_nothing_about_this_one(plain: World) -> None:
    """Two audiences hold one profile twice each; a dead push of one must not open the guard of the other."""
    pushed(plain, FOUR)
    with plain.opened() as space:
        space.warehouse.append(
            "outbox",
            __import__("pandas").DataFrame(
                [
                    {
                        "plan": "77",
                        "audience": "another",
                        "batch": 0,
                        "person": "p1",
                        "action": "remove",
                        "platform_id": None,
                        "identifiers": "{}",
                        "value": None,
                    }
                ]
            ),
        )
    (audience,) = plain.platform.audiences.values()
    after = FOUR | {"p1": subscribed("new@example.com")}
    profile = plain.platform.profiles[plain.platform.known_by["a1@example.com"]]
    plain.platform.known_by["new@example.com"] = profile.id  # one profile, found by both addresses
    pushed(plain, after)
    assert profile.id in audience.profiles


# --- the audience itself -------------------------------------------------------------------------------------


def test_another_list_under_the_same_sync_is_not_taken_for_the_old_one(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wrote another `list_id` into the config: what is held is of the first list."""
    pushed(plain, FOUR)

    class Elsewhere(MemoryDestination):
        def _find(self, wanted: object) -> AudienceRef:
            return AudienceRef("A99", "VIP")

    made = plain.platform.create("VIP, the other")
    plain.platform.audiences["A99"] = plain.platform.audiences.pop(made.id)
    spoken_to_by(monkeypatch, Elsewhere)
    plain.time.advance(2 * 86400)
    before = len(plain.platform.writes)
    result = plain.push(without(FOUR, "p0"))
    assert isinstance(result.error, GuardStop)
    assert "--recreate" in str(result.error)
    assert plain.platform.writes[before:] == []
    again = plain.push(without(FOUR, "p0"), Order(recreate=True), adopt=True)
    assert again.error is None, again.error
    held = plain.platform.holds("A99", plain.time.instant)
    assert held == wanted(without(FOUR, "p0"))


# --- approvals -----------------------------------------------------------------------------------------------


def stopped_world(world: World) -> tuple[World, dict[str, Somebody], str]:
    """Half of eight are about to leave; a plan that says so, and its id."""
    eight = {f"p{n}": subscribed(f"a{n}@example.com") for n in range(8)}
    with_guards(world, guard_floor=1)
    pushed(world, eight | {f"q{n}": subscribed(f"b{n}@example.com", member=False) for n in range(9)})
    half = without(eight, "p0", "p1", "p2", "p3")
    stopped = world.push(half)
    assert isinstance(stopped.error, GuardStop)
    assert stopped.plan is not None
    assert f"--approve {stopped.plan.id}" in str(stopped.error)
    assert world.there == wanted(eight)
    return world, half, stopped.plan.id


def test_an_approval_lets_one_push_through(plain: World) -> None:
    world, half, plan = stopped_world(plain)
    result = world.push(half, Order(approve=plan))
    assert result.error is None, result.error
    assert world.there == wanted(half)
    quarter = without(half, "p4", "p5")
    again = world.push(quarter)  # as many as were approved, and within the day
    assert isinstance(again.error, GuardStop)
    assert world.there == wanted(half)


def test_an_approval_outlives_a_push_that_failed(plain: World) -> None:
    world, half, plan = stopped_world(plain)
    world.mortal.live_again(at=20)
    with pytest.raises(Killed):
        world.push(half, Order(approve=plan))
    world.mortal.live_again()
    pushed(world, half)
    assert world.there == wanted(half)


def test_a_dry_run_approves_nothing(plain: World) -> None:
    world, half, plan = stopped_world(plain)
    world.push(half, Order(approve=plan, dry_run=True))
    assert isinstance(world.push(half).error, GuardStop)


def test_an_approval_is_for_what_was_shown(plain: World) -> None:
    world, half, plan = stopped_world(plain)
    fewer = without(half, "p4")
    result = world.push(fewer, Order(approve=plan))
    assert isinstance(result.error, GuardStop)  # five are more than four and a tenth
    nothing = world.push(half, Order(approve="00000000"))
    assert isinstance(nothing.error, GuardStop)
    assert "no plan 00000000" in str(nothing.error)


def test_an_approval_a_day_late_is_none(plain: World) -> None:
    world, half, plan = stopped_world(plain)
    world.time.advance(86400 + 1)
    assert isinstance(world.push(half, Order(approve=plan)).error, GuardStop)


# --- other people's audiences --------------------------------------------------------------------------------


def adopted(world: World) -> None:
    """An audience of the sync's name, made and filled by hand."""
    ref = world.platform.create(world.sync.audience)
    for n, email in enumerate(("by-hand@example.com", "a1@example.com")):
        world.platform.profiles[f"H{n}"] = Profile(f"H{n}", email, None)
        world.platform.known_by[email] = f"H{n}"
        world.platform.audiences[ref.id].profiles.add(f"H{n}")


def test_an_audience_made_by_hand_is_left_alone_unless_adopted(plain: World) -> None:
    adopted(plain)
    result = plain.push(FOUR)
    assert isinstance(result.error, GuardStop)
    assert "adopt = true" in str(result.error)
    assert plain.there == ["a1@example.com", "by-hand@example.com"]
    pushed(plain, FOUR, adopt=True)
    pushed(plain, without(FOUR, "p0"), adopt=True)
    assert plain.there == sorted([*wanted(without(FOUR, "p0")), "by-hand@example.com"])


def test_live_automation_is_asked_about_once(plain: World) -> None:
    adopted(plain)
    (held,) = plain.platform.audiences.values()
    held.automations.append("Welcome series")
    result = plain.push(FOUR, adopt=True)
    assert isinstance(result.error, GuardStop)
    assert "Welcome series" in str(result.error)
    assert result.plan is not None
    pushed(plain, FOUR, adopt=True) if False else None
    again = plain.push(FOUR, Order(approve=result.plan.id), adopt=True)
    assert again.error is None, again.error
    pushed(plain, FOUR | {"p9": subscribed("a9@example.com")}, adopt=True)


def test_the_ledgers_count_is_what_the_warehouse_shows(world: World) -> None:
    for people in (FOUR, without(FOUR, "p0"), FOUR | {"p1": subscribed("a0@example.com")}, without(FOUR, "p0", "p2")):
        pushed(world, people)
        with world.opened() as space:
            held = space.warehouse.session
            with held() as con:
                rows = con.table("held")
                count = int(rows.filter(rows.state != "removed").count().execute())
            known = audiences.find(space.ledger, "vip", "memory")
            assert known is not None
            assert known.held == count


def test_the_ledger_is_closed_by_itself(plain: World) -> None:
    pushed(plain, FOUR)
    ledger = open_ledger(plain.folder, plain.time.clock)
    try:
        assert [known.held for known in audiences.every(ledger)] == [4]
    finally:
        ledger.close()


__all__ = ["replace"]
