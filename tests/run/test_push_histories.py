"""Histories that nobody thought of: people change, share and exchange addresses, withdraw consent and come back,
while pushes die at any step. Each push that lives ends right, and nobody without consent is ever in an add.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from push_world import Killed, Somebody, World, make_world
from variants import ByIdentifier, spoken_to_by, watching, with_writes

from segsync.model import Action, Batch
from segsync.testing import FakeTime, MemoryDestination

ADDRESSES = [f"{name}@example.com" for name in ("ann", "bob", "cyd", "dan", "eve")]
PEOPLE = ["p1", "p2", "p3", "p4"]
ANCHOR = "anchor@example.com"  # so that the segment is never empty, which a guard would stop
KINDS = {"profiles": 1, "profiles_later": 1, "identifiers": 2}  # and how many addresses of each person they use


@dataclass(frozen=True)
class Day:
    """Who is there, with which addresses (best first) and in the segment or not; which addresses are subscribed; and
    the step at which the first push of the day dies, if it does."""

    people: Mapping[str, tuple[list[str], bool]]
    subscribed: frozenset[str]
    death: int | None

    def described(self) -> dict[str, Somebody]:
        found = {
            person: Somebody({e: "SUBSCRIBED" if e in self.subscribed else "UNSUBSCRIBED" for e in emails}, member)
            for person, (emails, member) in self.people.items()
        }
        return found | {"anchor": Somebody({ANCHOR: "SUBSCRIBED"})}

    def wanted(self, most: int) -> set[str]:
        chosen = [
            [email for email in emails if email in self.subscribed][:most]
            for emails, member in self.people.values()
            if member
        ]
        return {ANCHOR, *(email for emails in chosen for email in emails)}


somebody = st.tuples(
    st.lists(st.sampled_from(ADDRESSES), max_size=2, unique=True), st.sampled_from([True, True, False])
)
days = st.builds(
    Day,
    people=st.dictionaries(st.sampled_from(PEOPLE), somebody, min_size=1),
    subscribed=st.frozensets(st.sampled_from(ADDRESSES), min_size=2),
    death=st.none() | st.integers(1, 60),
)


def live(world: World, history: list[Day], most: int, today: list[Day]) -> None:
    for number, day in enumerate(history):
        today[:] = [day]
        world.mortal.live_again(at=day.death)
        try:
            world.push(day.described())
        except Killed:
            if number % 2 and number < len(history) - 1:
                continue  # nobody runs it again before the world changes
            world.mortal.live_again()
            world.time.advance(600)
            result = world.push(day.described())
            assert result.error is None, result.error
        world.mortal.live_again()
        assert set(world.there) == day.wanted(most), day
    writes = len(world.platform.writes)
    assert world.push(history[-1].described()).error is None
    assert world.platform.writes[writes:] == []


@settings(max_examples=4, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(sorted(KINDS)), history=st.lists(days, min_size=2, max_size=4))
def test_any_history_ends_right(kind: str, history: list[Day]) -> None:
    today: list[Day] = []

    def look(batch: Batch) -> None:
        if batch.action is Action.ADD:
            sent = {email for member in batch.members for email in member.identifiers.emails}
            assert sent <= today[0].wanted(KINDS[kind]), "somebody without consent was about to be added"

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        world = make_world(Path(folder), FakeTime(), patch, settles=kind == "profiles_later")
        if kind == "identifiers":
            with_writes(world, keyed_by="identifier", identifiers={"email": 2})
        spoken_to_by(patch, watching(look, ByIdentifier if kind == "identifiers" else MemoryDestination))
        live(world, history, KINDS[kind], today)
