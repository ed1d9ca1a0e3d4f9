"""Bulk operations: from CREATED over RUNNING to an end, over polls or time, of the shop as it stood at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random

from segsync.clock import Clock
from segsync_shopify.sandbox.values import Doc, gid, instant

SLOTS = 5  # query operations that run at once, of one app in one shop
ENDED = frozenset({"COMPLETED", "FAILED", "CANCELED", "EXPIRED"})
FIRST_ID = 720_000_000_001


@dataclass(frozen=True, slots=True)
class Result:
    """What an operation gathered: lines of JSON and which of them are roots; or why it failed."""

    lines: tuple[str, ...] = ()
    roots: tuple[bool, ...] = ()  # of each line
    failure: str | None = None  # the code of its error


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation is to end, if not well. `partial`: how many of its lines are there nevertheless."""

    status: str = "COMPLETED"
    error_code: str | None = None
    partial: int = 0
    missing: int = 0  # lines that its file lacks although they are counted


@dataclass(slots=True)
class Operation:
    """One bulk operation. `foreign`: somebody else's with the same app, which must never be cancelled by others."""

    id: str
    query: str
    created: datetime
    gather: Callable[[], Result]
    ending: Ending = field(default_factory=Ending)
    foreign: bool = False
    status: str = "CREATED"
    polls: int = 0
    completed: datetime | None = None
    error_code: str | None = None
    body: str | None = None  # what its link serves
    partial: bool = False
    objects: int = 0
    roots: int = 0
    size: int | None = None
    link_dead: bool = False

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    def doc(self, link: Callable[[Operation], str]) -> Doc:
        """As the API shows it."""
        url = link(self) if self.body else None
        return {
            "__typename": "BulkOperation",
            "id": self.id,
            "status": self.status,
            "type": "QUERY",
            "query": self.query,
            "createdAt": instant(self.created),
            "completedAt": instant(self.completed) if self.completed else None,
            "errorCode": self.error_code,
            "objectCount": str(self.objects),
            "rootObjectCount": str(self.roots),
            "fileSize": None if self.size is None else str(self.size),
            "url": None if self.partial else url,
            "partialDataUrl": url if self.partial else None,
        }


class Operations:
    """All operations of the app in the shop."""

    def __init__(self, clock: Clock) -> None:
        self.all: dict[str, Operation] = {}
        self.polls = 2
        self.seconds = 5.0
        self.endings: list[Ending] = []  # of the next ones
        self.truncations: list[int] = []  # lines that the next ones' files lack
        self.foreign_cancellations: list[str] = []
        self._clock = clock

    def running(self) -> list[Operation]:
        return [one for one in self.all.values() if not one.ended]

    def start(self, query: str, gather: Callable[[], Result], *, foreign: bool = False) -> Operation:
        id = gid("BulkOperation", FIRST_ID + len(self.all))
        made = Operation(id, query, self._clock.now(), gather, foreign=foreign)
        if foreign:
            made.status = "RUNNING"
        else:
            made.ending = self.endings.pop(0) if self.endings else made.ending
            if self.truncations:
                made.ending = replace(made.ending, missing=self.truncations.pop(0))
        self.all[id] = made
        return made

    def work(self) -> None:
        """End what is old enough."""
        now = self._clock.now()
        for one in self.running():
            if not one.foreign and (now - one.created).total_seconds() >= self.seconds:
                self._finish(one)

    def poll(self, one: Operation) -> None:
        """Somebody asked for it: one step on."""
        one.polls += 1
        if one.foreign or one.ended:
            return
        if one.status == "CREATED":
            one.status = "RUNNING"
        if one.polls >= self.polls or one.status == "CANCELING":
            self._finish(one)

    def cancel(self, one: Operation) -> None:
        """It is cancelled at the next look. Of a foreign one it is only noted that somebody tried, and it ends."""
        if one.foreign:
            self.foreign_cancellations.append(one.id)
        one.status, one.foreign = "CANCELING", False

    def finish_foreign(self) -> None:
        for one in self.running():
            if one.foreign:
                one.status, one.completed = "COMPLETED", self._clock.now()

    def _finish(self, one: Operation) -> None:
        result = one.gather()
        one.completed = self._clock.now()
        ending = one.ending
        if one.status == "CANCELING":
            ending = Ending("CANCELED", partial=len(result.lines) // 2 if one.polls > 1 else 0)
        elif result.failure:
            ending = Ending("FAILED", result.failure)
        one.status, one.error_code = ending.status, ending.error_code
        one.partial = ending.status != "COMPLETED"
        kept = len(result.lines) if not one.partial else min(ending.partial, len(result.lines))
        lines = result.lines[:kept]
        one.objects, one.roots = len(lines), sum(result.roots[:kept])
        text = "".join(f"{line}\n" for line in lines)
        one.size = len(text.encode()) if lines else None
        one.body = "".join(f"{line}\n" for line in lines[: max(0, kept - ending.missing)]) if lines else None
        one.gather = Result  # what it was made from is not needed any more


def in_some_order(lines: Iterator[tuple[str, int]], *, shuffled: bool) -> list[tuple[str, bool]]:
    """Lines with their depth, parents first, as lines of which some are roots: as they are, or with children anywhere
    after their parents, which is all that Shopify promises without `groupObjects`. The same each time."""
    if not shuffled:
        return [(line, depth == 0) for line, depth in lines]
    draw = Random(20_260_701)  # noqa: S311  # an order, not a secret
    above: list[float] = []
    placed = []
    for number, (line, depth) in enumerate(lines):
        del above[depth:]
        least = above[-1] if above else 0.0
        above.append(least + (1.0 - least) * draw.random())
        placed.append((above[-1], number, line, depth == 0))
    placed.sort(key=lambda one: one[:2])
    return [(line, root) for _, _, line, root in placed]
