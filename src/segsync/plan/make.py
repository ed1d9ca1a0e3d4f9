"""From the diff to a plan, and from a plan to its outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd

from segsync.ledger.audiences import Known
from segsync.model import Action, Audience, Present, Purpose
from segsync.plan import identifiers as texts
from segsync.plan.deliverable import deliverables
from segsync.plan.diff import CHANGES, Refused, Want, diff, owner_of, plain
from segsync.plan.guards import Facts, Limits, SourceState, Stop, judge, remaining
from segsync.plan.leaving import note_lately_left
from segsync.plan.strangers import add_strangers
from segsync.plan.suppressed import NOBODY, PEOPLE, Suppressed
from segsync.plan.value import Cut, Plan, RuleChange
from segsync.spec import ConsentRule, Writes
from segsync.warehouse import Warehouse

OUTGOING = "outgoing"
FRAME = 100_000  # rows that are hashed at a time


@dataclass(frozen=True, slots=True)
class Instead:
    """A plan that follows other people than the segment's members, and always asks: of an undo, or of a retired sync.

    `members` gives their table (person) on a connection; `guard` and `why` are those of its stop; `command` is what
    a person types to approve it, but for the id.
    """

    members: Callable[[Any], Any]
    guard: str
    why: str
    command: str
    judged: bool = True  # do the other guards look at it, too?


@dataclass(frozen=True, slots=True)
class Asked:
    """A sync as the planner sees it, with what is known of its audience and its platform before the diff.

    `consent_rule` is the text of a rule of consent, which `traits` knows by `consent_name`. `today` is the shop's.
    `present` is everybody in the audience, where strangers are to be removed too. `renamed` is the audience's old and
    new name, or `name_kept` why they differ and nothing is done.
    """

    known: Known
    wanted: Audience
    rule: str
    consent: ConsentRule
    removes: bool
    limits: Limits
    writes: Writes
    refused: Refused
    approved: Mapping[str, int]
    sources: Sequence[SourceState] = ()
    exists: bool = False
    foreign: bool = False
    automations: Sequence[str] = ()
    unfilled: Sequence[str] = ()
    reach: date | None = None
    consent_rule: str | None = None
    consent_name: str = ""
    suppressed: Suppressed = NOBODY
    leave_after: timedelta | None = None
    today: date = date.max
    present: Sequence[Present] = ()
    renamed: tuple[str, str] | None = None
    name_kept: str = ""
    instead: Instead | None = None


def make(con: Any, asked: Asked) -> Plan:
    """The plan of one sync, with its rows in the temporary table `outgoing` of this connection.

    Reads what people and segments were computed to, and `held`; writes nothing that lasts.
    """
    known = asked.known
    rule = asked.consent_name if asked.consent_rule is not None else None
    members = _members(con, asked)
    found = deliverables(
        con, known.segment, asked.consent, asked.writes, instead=members, rule=rule, suppressed=asked.suppressed
    )
    if asked.leave_after is not None:
        note_lately_left(con, known.segment, asked.leave_after, asked.today)
    want = Want(
        known.key, asked.removes, asked.writes, damped=asked.leave_after is not None, forced=bool(asked.suppressed)
    )
    counts = diff(con, want, found, asked.refused)
    counts["strangers"] = add_strangers(con, known.key, asked.present, asked.refused)
    cuts = _cut(con, con.table(CHANGES), asked.writes.max_batch)
    left_out = plain(found.left_out.group_by("reason").agg(n=lambda t: t.count()))
    size = int(members.count().execute())
    facts = Facts(
        known=known,
        rule=asked.rule,
        counts=counts,
        members=size,
        people=int(con.table("people").count().execute()),
        sources=asked.sources,
        foreign=asked.foreign,
        automations=asked.automations,
        creates_profiles=asked.writes.creates_profiles,
        unfilled=asked.unfilled,
        reach=asked.reach,
    )
    judged = asked.instead is None or asked.instead.judged
    stops = [*_always(asked.instead, cuts), *(judge(facts, asked.limits) if judged else ())]
    standing = remaining(stops, asked.approved)
    adds = counts["add"] + counts["refresh"]
    return Plan(
        id=_name(con, asked),
        segment=known.segment,
        destination=known.destination,
        audience=asked.wanted.name,
        known=known,
        counts=counts,
        members=size,
        not_deliverable={row["reason"]: row["n"] for row in left_out},
        cuts=cuts,
        estimate=asked.writes.estimate(adds, counts["remove"] + counts["strangers"]),
        new_profiles=counts["add"] if asked.writes.creates_profiles else None,
        stops=standing,
        approved=[stop for stop in stops if stop not in standing],
        rule_change=_rule_change(asked),
        exists=asked.exists,
        purpose=asked.wanted.purpose,
        leave_after=asked.leave_after,
        renamed=asked.renamed,
        name_kept=asked.name_kept,
        approved_by=asked.instead.command if asked.instead else "",
        uncovered=_uncovered(con, asked) if asked.wanted.purpose == Purpose.EXCLUDE else 0,
    )


def _members(con: Any, asked: Asked) -> Any:
    """person: whom the audience should hold, were they all deliverable."""
    if asked.instead is not None:
        return asked.instead.members(con)
    members = con.table("members")
    return members.filter(members.segment == asked.known.segment).select("person")


def _always(instead: Instead | None, cuts: Sequence[Cut]) -> list[Stop]:
    changes = sum(cut.size for cut in cuts)
    return [Stop(instead.guard, changes, instead.why)] if instead is not None and changes else []


def only_forced(con: Any, asked: Asked, plan: Plan) -> Plan:
    """What of a plan that was stopped is sent all the same: the removals of suppressed people, and nothing else.

    `outgoing` and `changes` become those rows. Its id is its own, so that nobody can approve it for the other.
    """
    changes = con.table(CHANGES)
    con.create_table("forced", changes.filter(changes.forced & changes.action.notnull()), temp=True, overwrite=True)
    con.create_table(CHANGES, con.table("forced"), temp=True, overwrite=True)
    cuts = _cut(con, con.table(CHANGES), asked.writes.max_batch)
    gone = plan.counts["suppressed"]
    nothing = {name: 0 for name in plan.counts if name not in ("held", "uncertain")}
    counts = dict(plan.counts) | nothing | {"remove": gone, "suppressed": gone}
    estimate = asked.writes.estimate(0, gone)
    return replace(plan, id=_name(con, asked), counts=counts, cuts=cuts, estimate=estimate, stops=(), uncovered=0)


def stage(warehouse: Warehouse, con: Any, plan: Plan, serial: int) -> None:
    """Write the plan's outbox, and bring `held` to the shape that the plan speaks of. All or nothing.

    Profiles that people left behind get rows of their own; the row of a leaver whose profile belongs to somebody
    who stays becomes that person's. Doing so twice changes nothing.
    """
    rows = con.table(OUTGOING)
    outbox = rows.select(
        plan=ibis.literal(str(serial)),
        audience=ibis.literal(plan.known.key),
        batch=rows.number,
        person=rows.person,
        action=rows.action,
        platform_id=rows.platform_id,
        identifiers=rows.identifiers,
        value=ibis.null("decimal(18, 2)"),
    )
    with warehouse.transaction():
        _reshape(warehouse, con, plan.known.key)
        warehouse.append("outbox", outbox)


def _uncovered(con: Any, asked: Asked) -> int:
    """Of the people who would be removed whole, how many are suppressed or said no to ads."""
    changes, people = con.table(CHANGES), con.table("people")
    removed = changes.filter(changes.kind == "remove")
    owners = removed.select(owner=removed.person.split("~")[0]).distinct()
    opted_out = people.filter(people.ads_consent.notin(["GRANTED", "UNKNOWN"])).select("person")
    if asked.suppressed:
        opted_out = opted_out.union(con.table(PEOPLE), distinct=True)
    gone = owners.anti_join(con.table("wanted"), owners.owner == con.table("wanted").person)
    return int(gone.semi_join(opted_out, gone.owner == opted_out.person).count().execute())


def _cut(con: Any, changes: Any, most: int) -> list[Cut]:
    """Make `outgoing` of `changes`, numbered in batches of at most so many, phase by phase."""
    sent = changes.filter(changes.action.notnull())
    numbered = sent.mutate(place=ibis.row_number().over(group_by=sent.phase, order_by=sent.person))
    sizes = sent.group_by("phase", "action").agg(n=lambda t: t.count()).order_by("phase")
    cuts: list[Cut] = []
    first: dict[int, int] = {}
    for row in plain(sizes):
        phase, total = row["phase"], row["n"]
        first[phase] = len(cuts)
        for start in range(0, total, most):
            cuts.append(Cut(len(cuts), phase, Action(row["action"]), min(most, total - start)))
    offset = ibis.literal(0, type="int64")
    for phase, number in first.items():
        offset = (numbered.phase == phase).ifelse(ibis.literal(number, type="int64"), offset)
    outgoing = numbered.mutate(number=(numbered.place // most).cast("int64") + offset).drop("place")
    con.create_table(OUTGOING, outgoing, temp=True, overwrite=True)
    return cuts


def _name(con: Any, asked: Asked) -> str:
    """Eight hexadecimal digits for the rows (in any order), the audience and the mode."""
    total = 0
    for frame in _frames(con):
        text = frame.fillna("").astype("str")
        joined = text.action + "\x1f" + text.person + "\x1f" + text.platform_id + "\x1f" + text.identifiers
        total += int(pd.util.hash_pandas_object(joined, index=False).to_numpy().sum(dtype="uint64"))
    consent = asked.consent_rule or asked.consent
    named = f"{total}|{asked.known.key}|{asked.wanted.name}|{asked.removes}|{consent}"
    if asked.instead is not None:
        named += f"|{asked.instead.guard}"
    return hashlib.sha256(named.encode()).hexdigest()[:8]


def _frames(con: Any) -> Iterator[pd.DataFrame]:
    """All rows of `outgoing`."""
    for batch in con.table(OUTGOING).to_pyarrow().to_batches(max_chunksize=FRAME):
        yield batch.to_pandas()


def _rule_change(asked: Asked) -> RuleChange | None:
    known = asked.known
    if known.rule is None or known.pushed_at is None or known.rule == asked.rule:
        return None
    return RuleChange(known.rule, asked.rule, known.pushed_at.isoformat(timespec="minutes"))


def _reshape(warehouse: Warehouse, con: Any, audience: str) -> None:
    changes = con.table(CHANGES)
    touched = plain(changes.filter(changes.retiring | (changes.kind == "moved")))
    if not touched:
        return
    named = {row[name] for row in touched for name in ("person", "heir") if row[name]}
    names = pd.DataFrame({"person": sorted(named | {owner_of(p) for p in named})}, dtype="str")
    con.create_table("touched", names, temp=True, overwrite=True)
    held = con.table("held")
    mine = held.filter(held.audience == audience).semi_join(con.table("touched"), "person")
    rows = {row["person"]: row for row in plain(mine)}
    gone: set[str] = set()
    for change in touched:  # first, so that nobody inherits the row of somebody who is about to give it up
        if change["retiring"]:
            _retire(rows, gone, change["person"], change["identifiers"])
    for change in touched:
        if change["kind"] == "moved":
            _move(rows, gone, change["person"], change["heir"])
    if gone:
        warehouse.delete("held", pd.DataFrame({"audience": audience, "person": sorted(gone)}))
    if rows:
        warehouse.upsert("held", pd.DataFrame(list(rows.values()), dtype=object), ["audience", "person"])


def _retire(rows: dict[str, Any], gone: set[str], key: str, left: str) -> None:
    """Give what a person left behind a row of its own; what is left of theirs keeps the other identifiers."""
    person = owner_of(key)
    if person not in rows:
        return
    row = rows[person]
    remaining_text = texts.without(row["identifiers"], texts.values(left))
    rows[key] = row | {"person": key, "identifiers": left}
    if texts.values(remaining_text):
        rows[person] = row | {"identifiers": remaining_text}
    else:
        rows.pop(person)
        gone.add(person)


def _move(rows: dict[str, Any], gone: set[str], leaver: str, heir: str) -> None:
    """A leaver's row becomes the heir's, or goes where the heir's own row says all that it says.

    Otherwise it stays for now: no address that is on the platform may be forgotten.
    """
    row, theirs = rows.get(leaver), rows.get(heir)
    if row is None:
        return
    if theirs is None or theirs["state"] == "removed":
        rows[heir] = row | {"person": heir}
        gone.discard(heir)
    elif texts.values(row["identifiers"]) <= texts.values(theirs["identifiers"]):
        rows[heir] = theirs | {"platform_id": theirs["platform_id"] or row["platform_id"]}
    elif row["platform_id"] is None or row["platform_id"] != theirs["platform_id"]:
        return
    rows.pop(leaver)
    gone.add(leaver)
