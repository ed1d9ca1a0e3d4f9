"""The guards: a table of what looks like an accident, of what does not, and of what a yes covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from segsync.ledger.audiences import Known
from segsync.plan.guards import Facts, Limits, SourceState, Stop, judge, remaining
from segsync.plan.history import History

LIMITS = Limits(max_removed=0.2, max_added=2.0, floor=50, max_new_profiles=None)
NEW = Known("vip.klaviyo.1", "vip", "klaviyo", "VIP")
PUSHED = replace(NEW, platform_id="L1", pushed_at=datetime(2026, 5, 31, tzinfo=UTC))
BASELINE = {"shop": {"customers": 1000, "orders": 200}}
QUIET = {"add": 0, "refresh": 0, "remove": 0, "suppressed": 0, "held": 1000}


def stops(known: Known = PUSHED, *, limits: Limits = LIMITS, **facts: Any) -> dict[str, int]:
    """Which guards object to a plan, each with its number; counts and facts by name."""
    counts = QUIET | {name: facts.pop(name) for name in QUIET if name in facts}
    usual: dict[str, Any] = {
        "rule": "",
        "members": 1000,
        "people": 10_000,
        "sources": (),
        "foreign": False,
        "automations": (),
        "creates_profiles": True,
        "unfilled": (),
        "reach": None,
    }
    found = judge(Facts(known=known, counts=counts, **(usual | facts)), limits)
    assert all(stop.text for stop in found)
    return {stop.guard: stop.number for stop in found}


def source(**state: Any) -> dict[str, Any]:
    return {"add": 1, "sources": (SourceState("shop", **state),)}


BASED = replace(PUSHED, baseline=BASELINE)


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        # how many leave, against what is held
        ({"remove": 200}, {}),
        ({"remove": 201}, {"removed": 201}),
        ({"remove": 1000, "members": 1}, {"removed": 1000}),
        ({"remove": 50, "held": 60}, {}),
        ({"remove": 51, "held": 60}, {"removed": 51}),
        # an empty segment is stopped below the floor as well
        ({"remove": 3, "held": 3, "members": 0}, {"empty": 3}),
        ({"remove": 1000, "members": 0}, {"empty": 1000, "removed": 1000}),
        ({"remove": 0, "members": 0}, {}),
        # how many come
        ({"add": 2000}, {}),
        ({"add": 2001}, {"added": 2001}),
        ({"add": 50, "held": 1}, {}),
        ({"add": 51, "held": 1}, {"added": 51}),
        ({"add": 5000, "held": 0}, {}),  # everybody had left: there is nothing to compare with
        ({"refresh": 1000}, {}),
        # sources
        (source(failed="the connection broke"), {"failed:shop": 1}),
        (source(stale_days=9.7), {"stale:shop": 9}),
        (source(failed="refused", stale_days=9.7), {"failed:shop": 1}),
        (source(sizes={"customers": 1000, "orders": 10_000}), {}),
        # what the rule asks for and nobody fills
        ({"add": 1, "unfilled": ["city", "tags"]}, {"unfilled": 2}),
        # an audience that is not ours
        ({"add": 7, "foreign": True}, {"adopt": 7}),
    ],
)
def test_what_is_stopped(facts: dict[str, Any], found: dict[str, int]) -> None:
    assert stops(**facts) == found


@pytest.mark.parametrize(
    ("customers", "orders", "found"),
    [
        (1000, 200, {}),
        (800, 150, {}),
        (799, 150, {"shrank:shop.customers": 201}),
        (1000, 149, {"shrank:shop.orders": 51}),
        (0, 0, {"shrank:shop.customers": 1000, "shrank:shop.orders": 200}),  # nothing at all is the worst of shrinking
    ],
)
def test_sources_that_shrank(customers: int, orders: int, found: dict[str, int]) -> None:
    assert stops(BASED, **source(sizes={"customers": customers, "orders": orders})) == found


SHORT = History(reported=1204, missing=894, since=date(2026, 4, 2))


@pytest.mark.parametrize(
    ("history", "reach", "found"),
    [
        (SHORT, date.min, {"history:shop": 894}),
        (SHORT, date(2026, 4, 1), {"history:shop": 894}),
        (SHORT, date(2026, 4, 2), {}),
        (SHORT, None, {}),  # the rule asks about no orders
        (replace(SHORT, since=None), date(2026, 5, 31), {"history:shop": 894}),
        (replace(SHORT, missing=12), date.min, {}),  # a hundredth
        (None, date.min, {}),  # the platform counts nothing
    ],
)
def test_orders_that_have_not_landed(history: History | None, reach: date | None, found: dict[str, int]) -> None:
    assert stops(reach=reach, **source(history=history)) == found
    assert stops(NEW, held=0, reach=reach, **source(history=history)) == found


def test_a_short_history_is_told_with_what_to_do() -> None:
    def told(reach: date, history: History = SHORT) -> str:
        facts = Facts(
            known=PUSHED,
            rule="",
            counts=QUIET | {"add": 1},
            members=10,
            people=10_000,
            sources=(SourceState("shop", history=history),),
            foreign=False,
            automations=(),
            creates_profiles=False,
            unfilled=(),
            reach=reach,
        )
        (stop,) = judge(facts, LIMITS)
        return stop.text

    whole = told(date.min)
    assert "shop's orders reach back to 2026-04-02: 310 of the 1,204 that its platform counts have landed" in whole
    assert "the rule asks about all of them" in whole
    assert "segsync check shop" in whole
    assert "segsync pull shop --full" in whole
    assert "the rule asks about those from 2026-03-01 on" in told(date(2026, 3, 1))
    none = told(date.min, History(5, 5, None))
    assert "shop has given no orders: 0 of the 5 that its platform counts have landed" in none


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"add": 5000}, {}),
        ({"add": 5001}, {"first": 5001}),
        ({"add": 50, "people": 50}, {}),
        ({"add": 51, "people": 51}, {"first": 51}),
        ({"add": 900, "held": 100}, {}),  # one that was cut off goes on
        ({"add": 5001, "held": 1}, {"first": 5001}),
        ({"add": 3, "automations": ["Welcome"]}, {"automations": 3}),
        ({"add": 0, "remove": 1, "automations": ["Welcome"]}, {}),
        ({"remove": 300}, {"removed": 300}),
    ],
)
def test_a_first_push(facts: dict[str, Any], found: dict[str, int]) -> None:
    assert stops(NEW, **({"held": 0} | facts if "remove" not in facts else facts)) == found


UNDONE = {"run": 12, "rule": "number_of_orders >= 3"}


@pytest.mark.parametrize(
    ("rule", "facts", "found"),
    [
        (UNDONE["rule"], {"add": 2, "refresh": 3, "remove": 4, "suppressed": 1}, {"undone": 8}),
        ("number_of_orders >= 4", {"add": 2}, {}),
        (UNDONE["rule"], {}, {}),  # nothing would be sent
        (UNDONE["rule"], {"remove": 4, "suppressed": 4}, {}),
    ],
)
def test_what_was_undone(rule: str, facts: dict[str, int], found: dict[str, int]) -> None:
    assert stops(replace(PUSHED, undone=UNDONE), rule=rule, **facts) == found


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"remove": 1000, "suppressed": 1000, "members": 0}, {}),
        ({"remove": 1000, "suppressed": 800}, {}),
        ({"remove": 1000, "suppressed": 799}, {"removed": 201}),
        ({"remove": 10, "suppressed": 9, "members": 0}, {"empty": 1}),
        ({"remove": 5, "suppressed": 5, "unfilled": ["city"], "foreign": True}, {}),
        ({"remove": 5, "suppressed": 4, "unfilled": ["city"]}, {"unfilled": 1}),
    ],
)
def test_removals_of_suppressed_people_are_not_counted(facts: dict[str, Any], found: dict[str, int]) -> None:
    assert stops(**facts) == found


def test_automation_is_no_matter_later_on() -> None:
    assert stops(add=3, automations=["Welcome"]) == {}


@pytest.mark.parametrize(
    ("most", "creates", "found"), [(10, True, {"new_profiles": 11}), (11, True, {}), (0, False, {})]
)
def test_profiles_that_are_billed(most: int, creates: bool, found: dict[str, int]) -> None:
    assert stops(add=11, creates_profiles=creates, limits=replace(LIMITS, max_new_profiles=most)) == found


def test_a_plan_that_sends_nothing_is_never_stopped() -> None:
    awful = {"members": 0, "foreign": True, "unfilled": ["city"], "sources": (SourceState("shop", failed="refused"),)}
    assert stops(**awful) == {}
    assert stops(add=1, **awful) != {}


def test_limits_of_nothing_and_of_all() -> None:
    strict = Limits(max_removed=0, max_added=0, floor=0, max_new_profiles=0)
    assert stops(remove=1, add=1, limits=strict) == {"removed": 1, "added": 1, "new_profiles": 1}
    generous = Limits(max_removed=1, max_added=1e9, floor=0, max_new_profiles=None)
    assert stops(remove=1000, add=10_000, limits=generous) == {}


def test_messages_name_what_was_seen() -> None:
    facts = Facts(
        known=BASED,
        rule="",
        counts=QUIET | {"remove": 492, "held": 502},
        members=10,
        people=10_000,
        sources=(SourceState("shop", sizes={"customers": 310}),),
        foreign=False,
        automations=(),
        creates_profiles=False,
        unfilled=(),
        reach=None,
    )
    told = " / ".join(stop.text for stop in judge(facts, LIMITS))
    assert "shop's customers shrank from 1,000 to 310" in told
    assert "remove 492 of 502 members (98%; the limit is 20%)" in told


@pytest.mark.parametrize(
    ("approved", "left"),
    [
        ({}, ["removed", "empty"]),
        ({"removed": 99}, ["removed", "empty"]),
        ({"removed": 100}, ["empty"]),
        ({"removed": 100, "empty": 1000}, []),
        ({"added": 10**9}, ["removed", "empty"]),
    ],
)
def test_a_yes_covers_the_guards_it_named_up_to_their_numbers(approved: dict[str, int], left: list[str]) -> None:
    found = [Stop("removed", 100, "…"), Stop("empty", 100, "…")]
    assert [stop.guard for stop in remaining(found, approved)] == left
