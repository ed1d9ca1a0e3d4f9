"""The way back: a plan that makes an audience hold again what it held before a run pushed to it.

People whom the run added are removed. Those whom it removed are added again, where they may be sent today. Whoever was
changed by a later run, and whoever was there before and after, stays as they are. It is a plan like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from segsync.errors import ConfigError, GuardStop, Problem
from segsync.ledger import audiences, batches, runs
from segsync.ledger.audiences import Known
from segsync.people.first import first_of
from segsync.plan.deliverable import deliverables
from segsync.plan.diff import plain
from segsync.plan.make import Asked, Instead
from segsync.plan.strangers import PREFIX
from segsync.run import planning
from segsync.run.compute import Computed
from segsync.run.push import Order, Other, Progress, Pushed, push
from segsync.run.recover import UNDOABLE
from segsync.run.target import Target
from segsync.run.workspace import Workspace

THERE = ("held", "uncertain", "pending")


@dataclass(slots=True)
class Undone:
    """What the undoing of a run's push to one audience came to, or why it cannot be.

    `later` counts people whom a later run changed again; `not_back` those who were removed and may not be sent today,
    by reason.
    """

    segment: str
    destination: str
    pushed: Pushed | None = None
    problem: str = ""
    later: int = 0
    not_back: Mapping[str, int] = field(default_factory=dict)


def undo(
    space: Workspace,
    computed: Computed,
    run: int,
    *,
    segment: str | None = None,
    destination: str | None = None,
    approve: Sequence[str] = (),
    progress: Progress | None = None,
) -> list[Undone]:
    """Plan the way back from a run's pushes; those that `approve` names are carried out.

    Raises ConfigError for a run that pushed nothing (there), GuardStop where `approve` names no plan that was shown.
    """
    found = []
    for key in batches.pushed_in(space.ledger, run):
        known = audiences.by_key(space.ledger, key)
        if segment in (None, known.segment) and destination in (None, known.destination):
            found.append(known)
    if not found:
        raise ConfigError([_nothing_pushed(space, run, segment, destination)], where="undo")
    mine = {known.key: [i for i in approve if batches.shown_plan(space.ledger, i, known.key)] for known in found}
    if unknown := set(approve) - {id for ids in mine.values() for id in ids}:
        raise GuardStop(
            f"no plan {', '.join(sorted(unknown))} was shown of undoing run {run}. See it: segsync undo {run}"
        )
    return [_undo(space, computed, run, known.key, next(iter(mine[known.key]), None), progress) for known in found]


def _undo(
    space: Workspace, computed: Computed, run: int, key: str, approve: str | None, progress: Progress | None
) -> Undone:
    known = audiences.by_key(space.ledger, key)
    result = Undone(known.segment, known.destination)
    segment = space.config.segments.get(known.segment)
    sync = segment.to.get(known.destination) if segment is not None else None
    if sync is None:
        way = f"segsync retire {known.segment} --to {known.destination}"
        result.problem = f"it left the config; put it back to undo what was pushed, or part with the audience: {way}"
    elif not _remembered(space, run, key):
        result.problem = (
            f"nobody is known whom run {run} changed there: it changed nobody, or is {UNDOABLE.days} days ago"
        )
    else:
        order = Order(dry_run=approve is None, approve=approve)
        other = Other(
            ask=lambda space, target: _asked(space, target, computed, run, result, order),
            begin=lambda space, target: _note(space, target, run),
            command=_command(run, known),
            guard=_guard(run),
        )
        result.pushed = push(space, sync, computed, order, progress, other=other)
    return result


def _guard(run: int) -> str:
    return f"undo:{run}"


def _command(run: int, known: Known) -> str:
    return f"undo {run} {known.segment} --to {known.destination}"


def _asked(space: Workspace, target: Target, computed: Computed, run: int, result: Undone, order: Order) -> Asked:
    asked = planning.ask(space, target, computed)
    seqs = [batch.seq for batch in batches.of_run(space.ledger, run, target.known.key)]
    tries = batches.of_guard(space.ledger, _guard(run), target.known.key)
    with space.warehouse.session() as con:
        changed = _changed(con, target.known.key, seqs, tries)
        result.later = int(changed.filter(changed.later).count().execute())
        result.not_back = _not_back(con, target.known.key, changed, asked)
    why = f"it undoes what run {run} pushed"
    live = target.destination.automations(target.found) if target.writes.automations and target.found else ()
    if live:
        why += f"; who is added again sets off what is live there: {', '.join(live)}"
    return replace(
        asked,
        known=replace(asked.known, undone=None),
        approved={} if order.dry_run else asked.approved,
        present=(),
        renamed=None,
        leave_after=None,
        instead=Instead(
            members=lambda con: _before(con, target.known.key, _changed(con, target.known.key, seqs, tries)),
            guard=_guard(run),
            why=why,
            command=_command(run, target.known),
        ),
    )


def _changed(con: Any, key: str, seqs: Sequence[int], tries: Sequence[int] = ()) -> Any:
    """person, there, later: whom these batches changed, whether they were there before, and whether they have been
    changed again since. `tries`: batches of undoings that were cut off, which do not count.
    """
    numbers = pd.DataFrame({"batch_seq": pd.Series(seqs, dtype="int64")})
    con.create_table("undone_batches", numbers, temp=True, overwrite=True)
    log = con.table("was_held")
    log = log.filter((log.audience == key) & ~log.person.contains("~"))
    mine = log.semi_join(con.table("undone_batches"), "batch_seq")
    first = _first(mine)
    known = pd.DataFrame({"batch_seq": pd.Series([*seqs, *tries], dtype="int64")})
    con.create_table("known_batches", known, temp=True, overwrite=True)
    since = log.anti_join(con.table("known_batches"), "batch_seq").select("person", other_seq="batch_seq")
    again = first.join(since, "person").filter(lambda t: t.other_seq > t.batch_seq).select("person").distinct()
    return first.mutate(later=first.person.isin(again.person)).select("person", "there", "later")


def _first(log: Any) -> Any:
    first = first_of(log, "person", order=[log.batch_seq])
    return first.select("person", "batch_seq", there=first.state.isin(THERE).fill_null(False))


def _before(con: Any, key: str, changed: Any) -> Any:
    """person: who was there before, and who is there now and was not brought by those batches."""
    held = con.table("held")
    now = held.filter((held.audience == key) & (held.state != "removed") & ~held.person.contains("~")).select("person")
    changed = changed.filter(~changed.later)
    return now.anti_join(changed.filter(~changed.there), "person").union(
        changed.filter(changed.there).select("person"), distinct=True
    )


def _not_back(con: Any, key: str, changed: Any, asked: Asked) -> dict[str, int]:
    """Of those who would be added again, how many may not be sent, by reason."""
    held = con.table("held")
    now = held.filter((held.audience == key) & (held.state != "removed"))
    back = changed.filter(changed.there & ~changed.later).select("person").anti_join(now, "person")
    rule = asked.consent_name if asked.consent_rule is not None else None
    found = deliverables(
        con, asked.known.segment, asked.consent, asked.writes, instead=back, rule=rule, suppressed=asked.suppressed
    )
    reasons = {row["reason"]: row["n"] for row in plain(found.left_out.group_by("reason").agg(n=lambda t: t.count()))}
    strangers = int(changed.filter(changed.person.startswith(PREFIX)).count().execute())
    return reasons | ({"others had put them there": strangers} if strangers else {})


def _note(space: Workspace, target: Target, run: int) -> None:
    """From now on the next plan asks first, as long as the rule is the one that the undone push followed."""
    known = target.known
    told = (
        known.pushed_run is not None and known.pushed_run >= run
    )  # else that push never ended, and its rule may be any
    rule = known.rule if told else space.config.segments[known.segment].rule.strip()
    audiences.note(space.ledger, known.key, undone={"run": run, "rule": rule})


def _remembered(space: Workspace, run: int, key: str) -> bool:
    seqs = [batch.seq for batch in batches.of_run(space.ledger, run, key)]
    with space.warehouse.session() as con:
        return bool(_changed(con, key, seqs).count().execute())


def _nothing_pushed(space: Workspace, run: int, segment: str | None, destination: str | None) -> Problem:
    pushing = [
        str(each["id"]) for each in runs.latest(space.ledger, 200) if batches.pushed_in(space.ledger, each["id"])
    ]
    what = " → ".join(filter(None, (segment, destination))) or "anywhere"
    remedy = f"runs that pushed: {', '.join(pushing[:10])}" if pushing else "no run has pushed anything yet"
    return Problem(f"run {run}", f"it pushed nothing to {what}" if what != "anywhere" else "it pushed nothing", remedy)
