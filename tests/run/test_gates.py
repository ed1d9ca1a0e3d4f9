"""Suppressions, consent by a rule, and damping: who is held back, who leaves at once, and what no guard stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gate_world import DAY, Gates, make_gates, segments

from segsync.errors import ConfigError, GuardStop, Unavailable
from segsync.ledger import approvals, audiences
from segsync.run.push import Order, Pushed
from segsync.testing import FakeTime

NAMES = ("ann", "ben", "cem", "dee")
Make = Callable[..., Gates]


@pytest.fixture
def make(tmp_path: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A shop of four members, pushed once."""

    def made(text: str | None = None, *, floor: int = 50) -> Gates:
        world = make_gates(tmp_path, fake_time, monkeypatch, text or segments(vip='consent = "email"'))
        for name in NAMES:
            world.customer(name, "in", "ok")
        assert [result.error for result in world.run()] == [None]
        guards = world.config.guards.model_copy(update={"guard_floor": floor})
        world.config = replace(world.config, guards=guards)
        return world

    return made


def counts(result: Pushed, *names: str) -> list[int]:
    assert result.plan is not None
    return [result.plan.counts[name] for name in names]


# --- suppressions --------------------------------------------------------------------------------------------


def test_a_suppressed_person_leaves_before_anybody_joins_and_stays_out(make: Make) -> None:
    world = make()
    world.suppress("email", "ben@example.com")
    world.customer("eve", "in")
    before = len(world.sent)
    result = world.push("vip")
    assert world.actions(before) == ["remove", "add"]
    assert world.there("vip") == ["ann", "cem", "dee", "eve"]
    assert counts(result, "remove", "suppressed") == [1, 1]
    assert result.plan is not None
    assert result.plan.not_deliverable == {"suppressed": 1}
    world.unsuppress("email", "ben@example.com")
    world.push("vip")
    assert "ben" in world.there("vip")


@pytest.mark.parametrize("named", ["phone", pytest.param("person", marks=pytest.mark.thorough)])
def test_whatever_of_a_person_is_named(make: Make, named: str) -> None:
    """A phone that this sync would never use; a key."""
    world = make()
    world.customer("ben", "in", phone="+12125550143")
    world.push("vip")
    value = "+12125550143" if named == "phone" else world.person("ben")
    world.suppress(named, value)  # type: ignore[arg-type]  # the two kinds above
    world.push("vip")
    assert world.there("vip") == ["ann", "cem", "dee"]


def test_who_is_held_by_a_suppressed_address_is_suppressed(make: Make) -> None:
    """Their records have another one by now."""
    world = make()
    world.suppress("email", "ben@example.com")
    world.customer("ben", "in", email="benjamin@example.com")
    for _ in range(2):
        world.push("vip")
        assert world.there("vip") == ["ann", "cem", "dee"]
    assert "benjamin@example.com" not in world.added()
    world.unsuppress("email", "ben@example.com")
    world.push("vip")
    assert world.there("vip") == ["ann", "benjamin", "cem", "dee"]


def test_a_changed_address_frees_nobody(make: Make) -> None:
    world = make()
    world.suppress("email", "ben@example.com")
    world.push("vip")
    world.customer("ben", "in", email="benjamin@example.com")
    world.push("vip")
    assert world.there("vip") == ["ann", "cem", "dee"]


def test_a_merge_frees_nobody(make: Make) -> None:
    """Of two who become one the older key stays; the younger was the suppressed one."""
    world = make()
    world.time.advance(DAY)
    world.customer("eve", "in", source="till")
    world.push("vip")
    world.suppress("person", world.person("eve", source="till"))
    world.customer("eve", "in", source="till", email="ann@example.com")
    world.push("vip")
    assert world.person("eve", source="till") == world.person("ann")
    assert world.there("vip") == ["ben", "cem", "dee"]


def test_who_shares_an_address_with_a_suppressed_person_is_not_sent_by_it(make: Make) -> None:
    world = make(segments(vip='consent = "none"'))
    phone = {"email": None, "email_subscription_status": None, "phone": "+12125550143"}
    world.customer("ben", "in", **phone, last_name="One")
    world.push("vip")
    world.suppress("person", world.person("ben"))
    world.customer("eve", "in", **phone, last_name="Two")
    result = world.push("vip")
    assert world.there("vip") == ["ann", "cem", "dee"]
    assert result.plan is not None
    assert result.plan.not_deliverable == {"suppressed": 2}


def test_who_shares_a_profile_with_a_suppressed_person_leaves_with_it(make: Make) -> None:
    """To the platform they are one: it cannot take one of them out and keep the other."""
    world = make(segments(vip='consent = "none"'))
    for name, last in (("ben", "One"), ("eve", "Two")):
        facts = {"email": None, "email_subscription_status": None, "phone": "+12125550143", "last_name": last}
        world.customer(name, "in", **facts)
    world.push("vip")
    world.customer("eve", "in", last_name="Two")
    world.suppress("person", world.person("ben"))
    for _ in range(2):
        world.push("vip")
        assert world.there("vip") == ["ann", "cem", "dee"]


def test_a_suppressed_person_who_vanishes_leaves_first(make: Make) -> None:
    world = make()
    world.suppress("person", world.person("ben"))
    world.vanish("ben")
    world.customer("eve", "in")
    sent = len(world.sent)
    assert counts(world.push("vip"), "suppressed") == [1]
    assert world.actions(sent) == ["remove", "add"]


def test_an_audience_that_is_only_added_to_loses_them_too(make: Make) -> None:
    world = make(segments(vip='consent = "email"\nmode = "add-only"'))
    world.suppress("email", "ben@example.com")
    world.vanish("cem")
    result = world.push("vip")
    assert world.there("vip") == ["ann", "cem", "dee"]
    assert counts(result, "remove", "suppressed") == [1, 1]
    assert not world.push("vip").sent


@pytest.mark.parametrize("why", ["removed", pytest.param("failed", marks=pytest.mark.thorough)])
def test_no_guard_holds_their_removal_back(make: Make, why: str) -> None:
    world = make(floor=0)
    with world.opened() as space:
        before = audiences.find(space.ledger, "vip", "memory")
    world.time.advance(60)
    world.suppress("email", "ben@example.com")
    if why == "removed":
        world.customer("cem")
        world.customer("dee")
    else:
        world.sources["till"].error = Unavailable("the connection broke")
        world.customer("eve", "in")
    sent = len(world.sent)
    result = world.push("vip")
    assert isinstance(result.error, GuardStop)
    assert "1 suppressed person was removed; nothing else was sent." in str(result.error)
    assert (result.sent, result.removed, result.exit_code) == (True, 1, 5)
    assert world.actions(sent) == ["remove"]
    assert world.there("vip") == ["ann", "cem", "dee"]
    with world.opened() as space:
        after = audiences.find(space.ledger, "vip", "memory")
    assert before is not None
    assert after is not None
    assert (after.pushed_at, after.pushed_run, after.baseline) == (before.pushed_at, before.pushed_run, before.baseline)
    assert (before.held, after.held) == (4, 3)
    assert result.plan is not None
    approved = world.push("vip", Order(approve=result.plan.id))
    assert approved.error is None, approved.error
    assert world.there("vip") == (["ann"] if why == "removed" else ["ann", "cem", "dee", "eve"])


def test_what_is_forced_spends_no_approval(make: Make) -> None:
    world = make(floor=0)
    world.customer("cem")
    world.customer("dee")
    shown = world.push("vip").plan
    assert shown is not None
    with world.opened() as space:
        known = audiences.find(space.ledger, "vip", "memory")
        assert known is not None
        approvals.grant(space.ledger, known.key, shown.id, {"removed": 2}, space.clock.now())
    world.suppress("email", "ben@example.com")
    world.customer("ann")  # one more than the yes was for: stopped, but for the suppressed one
    assert "1 suppressed person was removed" in str(world.push("vip").error)
    world.customer("ann", "in")
    assert world.push("vip").error is None
    assert world.there("vip") == ["ann"]


def test_guards_do_not_count_them(make: Make) -> None:
    world = make(floor=0)
    for name in ("ben", "cem", "dee"):
        world.suppress("email", f"{name}@example.com")
    result = world.push("vip")
    assert result.error is None, result.error
    assert world.there("vip") == ["ann"]
    world.suppress("email", "ann@example.com")
    world.customer("ann")  # the segment is empty as well
    for name in ("ben", "cem", "dee"):
        world.customer(name)
    assert world.push("vip").error is None
    assert world.there("vip") == []


def test_a_plan_from_a_file_is_sent_alone(make: Make) -> None:
    world = make()
    shown = world.push("vip", Order(dry_run=True)).plan
    assert shown is not None
    world.suppress("email", "ben@example.com")
    moved = world.push("vip", Order(only_plan=shown.id))
    assert "1 suppressed person is removed by a push without --plan" in str(moved.error)
    assert "ben" in world.there("vip")


def test_a_plan_from_a_file_that_guards_stop_sends_nothing(make: Make) -> None:
    world = make(floor=0)
    world.suppress("email", "ben@example.com")
    world.customer("cem")
    world.customer("dee")
    shown = world.push("vip", Order(dry_run=True)).plan
    assert shown is not None
    stopped = world.push("vip", Order(only_plan=shown.id))
    assert "was stopped. Nothing was sent.\n  1 suppressed person is removed by a push without --plan" in str(
        stopped.error
    )
    assert world.there("vip") == list(NAMES)


# --- consent -------------------------------------------------------------------------------------------------


def test_nobody_without_consent_is_added_while_a_plan_waits(make: Make) -> None:
    world = make(floor=0)
    world.customer("cem")
    world.customer("dee")
    world.customer("eve", "in")
    stopped = world.push("vip")
    assert stopped.plan is not None
    assert isinstance(stopped.error, GuardStop)
    world.customer("eve", "in", email_subscription_status="UNSUBSCRIBED")
    world.customer("ann", "in", email_subscription_status="UNSUBSCRIBED")
    waiting = world.push("vip")
    assert "1 person whose consent was withdrawn is removed with it" in str(waiting.error)
    assert waiting.plan is not None
    sent = len(world.sent)
    assert world.push("vip", Order(approve=waiting.plan.id)).error is None
    assert world.there("vip") == ["ben"]
    assert world.actions(sent) == ["remove", "remove"]
    assert "eve@example.com" not in world.added()


def test_who_withdraws_and_changes_address_at_once_leaves_first(make: Make) -> None:
    world = make()
    world.customer("ben", "in", email="benjamin@example.com", email_subscription_status="UNSUBSCRIBED")
    world.customer("eve", "in")
    sent = len(world.sent)
    world.push("vip")
    assert world.actions(sent) == ["remove", "add"]


RULED = segments(vip="""consent = "customer_tags CONTAINS 'ok' AND segments CONTAINS 'known'\"""")
KNOWN = '[segments.known]\nrule = "email IS NOT NULL"\n'


def test_consent_by_a_rule(make: Make) -> None:
    world = make(RULED + KNOWN)
    world.customer("eve", "in")
    world.customer("ben", "in")
    world.customer("fay", "in", "ok")
    sent = len(world.sent)
    result = world.push("vip")
    assert world.actions(sent) == ["remove", "add"]  # withdrawn consent goes first
    assert world.there("vip") == ["ann", "cem", "dee", "fay"]
    assert result.plan is not None
    assert result.plan.not_deliverable == {"no consent": 2}
    with world.opened() as space, space.warehouse.reading() as con:
        assert set(con.table("members").segment.execute()) == {"vip", "known"}


def test_a_wrong_rule_of_consent_is_told_where_it_stands(make: Make) -> None:
    with pytest.raises(ConfigError) as error:
        make(RULED.replace("customer_tags CONTAINS 'ok'", "customer_tagz CONTAINS 'ok'") + KNOWN)
    (problem,) = error.value.problems
    assert problem.place == "segments.vip.to.memory.consent"
    assert problem.line is not None
    assert "[segments.vip.to.memory] consent, line 1, column 1\n" not in problem.remedy
    assert "^^^^^^^^^^^^^" in problem.remedy
    assert "did you mean `customer_tags`?" in problem.remedy


def test_a_rule_of_consent_that_no_source_can_fill(make: Make) -> None:
    world = make()
    sync = replace(world.config.segments["vip"].to["memory"], consent="none", consent_rule="number_of_orders >= 0")
    vip = replace(world.config.segments["vip"], to={"memory": sync})
    world.config = replace(world.config, segments={"vip": vip})
    world.customer("eve", "in")
    result = world.push("vip")
    assert result.plan is not None
    assert [stop.guard for stop in result.plan.stops] == ["unfilled"]


def test_a_record_that_vanished_does_not_take_its_no_along(make: Make) -> None:
    world = make()
    world.customer("ben2", source="till", email="ben@example.com", email_subscription_status="UNSUBSCRIBED")
    world.push("vip")
    assert world.there("vip") == ["ann", "cem", "dee"]
    world.vanish("ben2", source="till")
    world.push("vip")
    assert world.there("vip") == ["ann", "cem", "dee"]


# --- damping -------------------------------------------------------------------------------------------------

DAMPED = segments(vip='consent = "email"\nleave_after = "3d"')


def leave(world: Gates, name: str) -> None:
    world.customer(name, "ok")


def test_who_left_lately_stays_for_as_long_as_asked(make: Make) -> None:
    world = make(DAMPED)
    leave(world, "ben")
    for days in (2, 1):
        result = world.push("vip")
        assert counts(result, "leaving", "remove", "unchanged") == [1, 0, 3]
        assert not result.sent
        world.time.advance(days * DAY)
    result = world.push("vip")
    assert counts(result, "leaving", "remove") == [0, 1]
    assert world.there("vip") == ["ann", "cem", "dee"]


def test_coming_back_and_leaving_again_counts_from_the_last_time(make: Make) -> None:
    world = make(DAMPED)
    leave(world, "ben")
    world.push("vip")
    world.time.advance(2 * DAY)
    world.customer("ben", "in")
    assert counts(world.push("vip"), "unchanged", "leaving") == [4, 0]
    world.time.advance(2 * DAY)
    leave(world, "ben")
    assert counts(world.push("vip"), "leaving") == [1]
    assert "ben" in world.there("vip")


def test_damping_spares_nobody_who_must_go(make: Make) -> None:
    world = make(DAMPED)
    world.customer("eve", "in")
    world.push("vip")
    for name in (*NAMES, "eve"):
        leave(world, name)
    world.customer("ann", "in")
    assert counts(world.push("vip"), "leaving") == [4]
    world.suppress("email", "ben@example.com")
    world.customer("cem", "ok", email_subscription_status="UNSUBSCRIBED")
    world.customer("dee", "ok", email="another@example.com")  # by whose consent the old one stays is anybody's guess
    world.vanish("eve")
    result = world.push("vip")
    assert counts(result, "leaving", "remove", "suppressed", "withdrawn") == [0, 4, 1, 1]
    assert world.there("vip") == ["ann"]


def test_nobody_stays_by_half_of_what_they_are_held_by(make: Make) -> None:
    world = make(segments(vip='consent = "none"\nleave_after = "3d"'))
    world.customer("ben", "in", phone="+12125550143")
    world.customer("cem", "in", phone="+12125550144")
    world.push("vip")
    world.customer("ben", phone="+12125550145")
    world.customer("cem", phone="+12125550144")
    assert counts(world.push("vip"), "leaving", "remove") == [1, 1]
    assert world.there("vip") == ["ann", "cem", "dee"]


def test_nobody_stays_without_a_record_of_leaving(make: Make) -> None:
    world = make(DAMPED)
    leave(world, "ben")
    with world.opened() as space:
        moves = space.warehouse
        with moves.session() as con:
            moves.write("members", con.table("members").filter(lambda m: m.person != "p1-2"))
    world.push("vip")
    assert world.there("vip") == ["ann", "cem", "dee"]


def test_guards_look_at_who_is_removed(make: Make) -> None:
    world = make(DAMPED, floor=0)
    for name in NAMES:
        leave(world, name)
    assert world.push("vip").error is None
    world.time.advance(3 * DAY)
    result = world.push("vip")
    assert result.plan is not None
    assert [stop.guard for stop in result.plan.stops] == ["empty", "removed"]


# --- purpose -------------------------------------------------------------------------------------------------


def test_an_audience_to_exclude_tells_who_may_see_ads_again(make: Make) -> None:
    world = make(segments(vip='consent = "ads"\npurpose = "exclude"\nleave_after = "3d"'))
    leave(world, "dee")
    held = world.push("vip")
    assert counts(held, "leaving") == [1]
    assert "dee" in world.there("vip")  # damping takes nobody out
    world.customer("ann", "in", ads_consent="DENIED")
    world.suppress("email", "ben@example.com")
    result = world.push("vip")
    assert result.plan is not None
    assert result.plan.uncovered == 2
    assert result.plan.as_json()["purpose"] == "exclude"
    assert result.plan.as_json()["opted_out_and_uncovered"] == 2
    assert world.there("vip") == ["cem", "dee"]


# --- a push that was undone ----------------------------------------------------------------------------------


def test_what_was_undone_asks_until_somebody_says_yes(make: Make) -> None:
    world = make()

    def undone() -> object:
        with world.opened() as space:
            known = audiences.find(space.ledger, "vip", "memory")
            assert known is not None
            return known.undone

    with world.opened() as space:
        known = audiences.find(space.ledger, "vip", "memory")
        assert known is not None
        audiences.note(space.ledger, known.key, undone={"run": 1, "rule": known.rule})
    assert world.push("vip").error is None  # nothing to send
    assert undone() is not None
    world.customer("eve", "in")
    result = world.push("vip")
    assert "run 1's push was undone, and the rule is still the one that it followed" in str(result.error)
    assert result.plan is not None
    assert [stop.guard for stop in result.plan.stops] == ["undone"]
    assert world.push("vip", Order(approve=result.plan.id)).error is None
    assert undone() is None
