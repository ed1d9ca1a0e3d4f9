"""The refusal of plans that look like accidents. Pure: facts in, reasons out, each with a number to approve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from segsync.ledger.audiences import Known
from segsync.plan.history import History


@dataclass(frozen=True, slots=True)
class Limits:
    """What a sync lets pass: shares of what is held, and the floor below which shares mean nothing."""

    max_removed: float
    max_added: float
    floor: int
    max_new_profiles: int | None


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source the segment depends on: what was wrong with its last read, its living records by stream, and how far
    back its orders go, where its platform counts them.
    """

    name: str
    failed: str | None = None
    stale_days: float | None = None  # since it was last read to its end, where that is too long
    sizes: Mapping[str, int] | None = None
    history: History | None = None
    kept_from: date | None = None  # older orders were dropped, as the config says; None: none were


@dataclass(frozen=True, slots=True)
class Facts:
    """All that guards may know of a plan."""

    known: Known
    rule: str
    counts: Mapping[str, int]
    members: int
    people: int
    sources: Sequence[SourceState]
    foreign: bool  # the audience exists, and segsync neither made nor adopted it
    automations: Sequence[str]  # live, and set off by joining
    creates_profiles: bool
    unfilled: Sequence[str]  # traits of the rule that no source fills
    reach: date | None  # the earliest day of orders that the rule asks about; None: no orders, date.min: all


@dataclass(frozen=True, slots=True)
class Stop:
    """One reason to stop: the guard's name, the number that it is about, and what it saw."""

    guard: str
    number: int
    text: str


def judge(facts: Facts, limits: Limits) -> list[Stop]:
    """Every guard that objects to a plan which would write. A plan without a write is never stopped.

    Removals of suppressed people are none of the guards' business: they are neither counted nor held back.
    """
    counts = facts.counts
    changes = counts["add"] + counts["refresh"] + removes(counts) + counts.get("strangers", 0)
    if not changes:
        return []
    found = [*_undone(facts, changes), *_sources(facts, limits), *_shares(facts, limits), *_first(facts, limits)]
    if facts.foreign:
        found.append(
            Stop("adopt", counts["add"], "the audience was not made by segsync (adopt = true says that it may be used)")
        )
    if limits.max_new_profiles is not None and facts.creates_profiles and counts["add"] > limits.max_new_profiles:
        text = f"up to {counts['add']:,} new profiles, which the platform may bill (the limit is "
        found.append(Stop("new_profiles", counts["add"], f"{text}{limits.max_new_profiles:,})"))
    if facts.unfilled:
        names = ", ".join(f"`{name}`" for name in facts.unfilled)
        found.append(Stop("unfilled", len(facts.unfilled), f"the rule asks for {names}, which no source fills"))
    return found


def removes(counts: Mapping[str, int]) -> int:
    """How many removals of a plan guards may hold back."""
    return counts["remove"] - counts.get("suppressed", 0)


def remaining(stops: Sequence[Stop], approved: Mapping[str, int]) -> list[Stop]:
    """The stops that no standing approval covers."""
    return [stop for stop in stops if stop.number > approved.get(stop.guard, -1)]


def _undone(facts: Facts, changes: int) -> list[Stop]:
    undone = facts.known.undone
    if not undone or undone["rule"] != facts.rule:
        return []
    run = undone["run"]
    return [Stop("undone", changes, f"run {run}'s push was undone, and the rule is still the one that it followed")]


def _sources(facts: Facts, limits: Limits) -> list[Stop]:
    found = []
    for source in facts.sources:
        if source.failed:
            found.append(Stop(f"failed:{source.name}", 1, f"{source.name} could not be read: {source.failed}"))
        elif source.stale_days is not None:
            days = int(source.stale_days)
            found.append(Stop(f"stale:{source.name}", days, f"{source.name} was last read {days} days ago"))
        before = (facts.known.baseline or {}).get(source.name, {})
        for stream, now in (source.sizes or {}).items():
            was = before.get(stream, 0)
            if was - now > max(limits.max_removed * was, limits.floor):
                text = f"{source.name}'s {stream} shrank from {was:,} to {now:,} since the last push"
                found.append(Stop(f"shrank:{source.name}.{stream}", was - now, text))
        history = source.history
        if facts.reach is not None and history is not None and not history.reaches(facts.reach):
            found.append(Stop(f"history:{source.name}", history.missing, _short(source.name, history, facts.reach)))
        if facts.reach is not None and source.kept_from is not None and facts.reach < source.kept_from:
            found.append(Stop(f"retention:{source.name}", 1, _dropped(source.name, source.kept_from, facts.reach)))
    return found


def _short(name: str, history: History, reach: date) -> str:
    goes = f"{name}'s orders reach back to {history.since}" if history.since else f"{name} has given no orders"
    asked = "all of them" if reach == date.min else f"those from {reach} on"
    return (
        f"{goes}: {history.landed:,} of the {history.reported:,} that its platform counts have landed, "
        f"and the rule asks about {asked}\n"
        f"    Usually a permission to read older orders is missing: segsync check {name} tells. Once it is granted:\n"
        f"    segsync pull {name} --full"
    )


def _dropped(name: str, kept_from: date, reach: date) -> str:
    asked = "orders of any age" if reach == date.min else f"those from {reach} on"
    return (
        f"{name}'s orders from before {kept_from} were dropped, as [retention] says, and the rule asks about {asked}\n"
        f"    Bound the rule, such as orders(date >= {kept_from}), or keep more: keep_records in [sources.{name}],\n"
        f"    then segsync pull {name} --full"
    )


def _shares(facts: Facts, limits: Limits) -> list[Stop]:
    counts, held, leaving = facts.counts, facts.counts["held"], removes(facts.counts)
    found = []
    if held and not facts.members and leaving:
        found.append(Stop("empty", leaving, f"the segment is empty, and its audience holds {held:,}"))
    if held and leaving > max(limits.max_removed * held, limits.floor):
        found.append(
            Stop(
                "removed",
                leaving,
                f"it would remove {leaving:,} of {held:,} members "
                f"({leaving / held:.0%}; the limit is {limits.max_removed:.0%})",
            )
        )
    strangers = facts.counts.get("strangers", 0)
    if strangers > max(limits.max_removed * held, limits.floor):
        text = f"it would remove {strangers:,} people whom others put there (owned = true; segsync put {held:,} there)"
        found.append(Stop("strangers", strangers, text))
    # A first push that was cut off has added a few already: it goes on under the guards of a first push.
    if facts.known.pushed_at is not None and held and counts["add"] > max(limits.max_added * held, limits.floor):
        found.append(
            Stop(
                "added",
                counts["add"],
                f"it would add {counts['add']:,} to {held:,} members "
                f"({counts['add'] / held:.0%}; the limit is {limits.max_added:.0%})",
            )
        )
    return found


def _first(facts: Facts, limits: Limits) -> list[Stop]:
    if facts.known.pushed_at is not None:
        return []
    adds = facts.counts["add"]
    found = []
    if adds > limits.floor and facts.people and adds > facts.people / 2:
        text = f"the first push would add {adds:,}, which is {adds / facts.people:.0%} of all {facts.people:,} people"
        found.append(Stop("first", adds, text))
    if facts.automations and adds:
        names = ", ".join(facts.automations)
        found.append(Stop("automations", adds, f"{adds:,} people joining would set off what is live there: {names}"))
    return found
