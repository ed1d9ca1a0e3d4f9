"""A push that Klaviyo's stand-in kills at its n-th request: run again, and the list is exactly right. Of many requests
of a kind in a row the first and the last are tried.

Each killed push is a process of its own, killed for good (SIGKILL) before or after the request was applied. Nothing
that the second push and the third need comes from anywhere but the state folder and the platform.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_world import KEY, KEY_VARIABLE, Buyer, Saved, World, buyer, crowd, vips
from warm_segsync import WarmSegsync

from segsync.sandbox import Logged

PUSH = "push vip --to klaviyo"
A_DAY = timedelta(hours=25)
PATIENCE = 120  # seconds for one process on a busy machine

SIX = [*crowd(6, 8), buyer(20, subscribed=False)]
FORTY = crowd(40, 45)
SIX_NEXT_DAY = [
    *(one for one in SIX if one.number not in (1, 2, 3, 6, 7)),
    buyer(1, email="moved1@example.com"),  # a changed address
    buyer(2, subscribed=False),  # withdrew consent
    buyer(3, cancelled=1),  # no VIP any more
    buyer(6),  # became VIPs
    buyer(7),
]


@pytest.fixture(params=[pytest.param("forty", marks=pytest.mark.thorough), "six_next_day"])
def killing(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killing]:
    with _made(PREPARED[request.param], tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def killing_six(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killing]:
    with _made(PREPARED["six"], tmp_path, monkeypatch) as made:
        yield made


@contextmanager
def _made(
    prepare: Callable[[World], tuple[Saved, list[Buyer]]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Killing]:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    world = World(folder / "shop")
    # The processes that are killed run by the machine's clock, and share files with those that do not. It is
    # yesterday until they begin, so that a list which is there already is looked for again.
    world.time.instant = datetime.now(UTC) - A_DAY
    warm = WarmSegsync(world.folder, world.environ, folder / "killed.log")
    try:
        yield Killing(world, warm, *prepare(world))
    finally:
        warm.close()
        world.close()


def _first(people: list[Buyer]) -> Callable[[World], tuple[Saved, list[Buyer]]]:
    def prepared(world: World) -> tuple[Saved, list[Buyer]]:
        world.shop(people)
        _somebody_is_there(world)
        world.type("pull")
        world.time.advance(A_DAY.total_seconds())
        return world.save(), people

    return prepared


def _next_day(world: World) -> tuple[Saved, list[Buyer]]:
    world.shop(SIX)
    _somebody_is_there(world)
    world.type("run")
    assert world.lists()["VIP customers"] == vips(SIX)
    world.time.advance(A_DAY.total_seconds())
    world.shop(SIX_NEXT_DAY)
    world.type("pull")
    return world.save(), SIX_NEXT_DAY


PREPARED = {"six": _first(SIX), "forty": _first(FORTY), "six_next_day": _next_day}


def _somebody_is_there(world: World) -> None:
    """Klaviyo knows some of them already, by their own word, and has a list that is nobody's business."""
    world.seed("mailing_list", name="Newsletter")
    world.seed("profile", email="buyer0@example.com", consent="SUBSCRIBED", lists=("Newsletter",))
    world.seed("profile", email="buyer4@example.com", consent="UNSUBSCRIBED")
    world.seed("profile", email="stranger@example.com", consent="SUBSCRIBED", lists=("Newsletter",))
    world.seed("suppress", who="buyer4@example.com")


class Killing:
    """One world, brought back to the same morning before each death."""

    def __init__(self, world: World, warm: WarmSegsync, morning: Saved, people: list[Buyer]) -> None:
        self.world = world
        self.warm = warm
        self.morning = morning
        self.expected = vips(people)
        self.consents = self._consents()

    def unharmed(self) -> list[Logged]:
        """The requests of a push that nobody kills."""
        self.world.load(self.morning)
        before = len(self.world.requests())
        self.world.type(PUSH)
        return self.world.requests(before)

    def die_at(self, number: int, when: str) -> None:
        self.world.load(self.morning)
        before = len(self.world.requests())
        self.world.fault(kill=self.warm.fork(), at=number, when=when)
        assert self.warm.run(PUSH) == -signal.SIGKILL, self.warm.log.read_text("utf-8")
        assert len(self.world.requests(before)) == number
        self.world.mend()

    def run_again(self, case: str, *, twice: bool = True) -> None:
        """The list is right after the second push, and the third (if `twice`) writes nothing."""
        world = self.world
        world.type(PUSH)
        assert world.lists() == {"Newsletter": NEWSLETTER, "VIP customers": self.expected}, case
        consents = self._consents()
        new = {email: ("NEVER_SUBSCRIBED", None) for email in consents if email not in self.consents}
        assert consents == self.consents | new, case
        if not twice:
            return
        before = len(world.requests())
        third = world.type(PUSH)
        assert world.writes(before) == [], case
        assert "nothing changed, nothing sent" in third.out, case

    def _consents(self) -> dict[str, tuple[str, str | None]]:
        profiles = self.world.sandbox.state()["profiles"].values()
        found = {one["email"]: (one["consent"], one["suppressed"]) for one in profiles}
        assert len(found) == len(profiles), "somebody has two profiles"
        return found


NEWSLETTER = ["buyer0@example.com", "stranger@example.com"]
STEPS = {  # the requests of an unharmed push
    "forty": ["GET /api/lists", "POST /api/lists", "POST jobs", "GET jobs", "GET jobs"],
    "six_next_day": [
        "GET /api/lists",
        "DELETE relationships",  # who withdrew consent goes first
        *["POST /api/profile-import"] * 3,
        "POST relationships",
        "DELETE relationships",
    ],
}


def steps_beside(steps: list[str]) -> Iterator[tuple[str, str, str]]:
    """Each step, with the one before it and the one after it."""
    return zip(["the beginning", *steps], steps, [*steps[1:], "the end"], strict=False)


def test_killed_at_every_request(killing: Killing, request: pytest.FixtureRequest) -> None:
    steps = [_step(one) for one in killing.unharmed()]
    assert steps == STEPS[request.node.callspec.params["killing"]]
    for number, (last, step, following) in enumerate(steps_beside(steps), 1):
        for when in ("before", "after"):
            if when == "after" and (step.startswith("GET") or step == following):
                continue  # for the push and the platform the same as before the following request
            if when == "before" and last == step == following:
                continue  # in the middle of many of a kind; the first and the last of them are tried
            killing.die_at(number, when)
            killing.run_again(f"killed {when} request {number} ({step})", twice=when == "before" and step != following)


def test_a_process_that_did_its_own_imports(killing_six: Killing) -> None:
    """As a user's shell starts it."""
    world = killing_six.world
    world.load(killing_six.morning)
    push = world.start(PUSH, gated=True)
    try:
        world.fault(kill=push.pid, at=9, when="after")
        _, err = push.communicate("go\n", timeout=PATIENCE)
    finally:
        push.kill()
    assert push.returncode == -signal.SIGKILL, err
    killing_six.run_again("killed after request 9")


def _step(one: Logged) -> str:
    """A request without what is different each time."""
    if "relationships" in one.path:
        return f"{one.method} relationships"
    if "bulk-import-jobs" in one.path:
        return f"{one.method} jobs"
    return f"{one.method} /api/lists" if one.path.startswith("/api/lists/") else f"{one.method} {one.path}"
