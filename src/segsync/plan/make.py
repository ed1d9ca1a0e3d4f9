"""From the diff to a plan, and from a plan to its outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import pandas as pd

from segsync.ledger.audiences import Known
from segsync.model import Action, Audience
from segsync.plan import identifiers as texts
from segsync.plan.deliverable import deliverables
from segsync.plan.diff import CHANGES, Refused, Want, diff, owner_of, plain
from segsync.plan.guards import Facts, Limits, SourceState, judge, remaining
from segsync.plan.value import Cut, Plan, RuleChange
from segsync.spec import ConsentRule, Writes
from segsync.warehouse import Warehouse

OUTGOING = "outgoing"
FRAME = 100_000  # rows that are hashed at a time


@dataclass(frozen=True, slots=True)
class Asked:
    """A sync as the planner sees it, with what is known of its audience and its platform before the diff."""

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


def make(con: Any, asked: Asked) -> Plan:
    """The plan of one sync, with its rows in the temporary table `outgoing` of this connection.

    Reads `members`, `people`, `identifiers` and `held`; writes nothing that lasts.
    """
    known = asked.known
    found = deliverables(con, known.segment, asked.consent, asked.writes)
    counts = diff(con, Want(known.key, asked.removes, asked.writes), found, asked.refused)
    cuts = _cut(con, asked.writes.max_batch)
    left_out = plain(found.left_out.group_by("reason").agg(n=lambda t: t.count()))
    members = con.table("members")
    size = int(members.filter(members.segment == known.segment).count().execute())
    facts = Facts(
        known=known,
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
    stops = judge(facts, asked.limits)
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
        estimate=asked.writes.estimate(adds, counts["remove"]),
        new_profiles=counts["add"] if asked.writes.creates_profiles else None,
        stops=standing,
        approved=[stop for stop in stops if stop not in standing],
        rule_change=_rule_change(asked),
        exists=asked.exists,
    )


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


def _cut(con: Any, most: int) -> list[Cut]:
    """Make `outgoing` of `changes`, numbered in batches of at most so many, phase by phase."""
    changes = con.table(CHANGES)
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
    named = f"{total}|{asked.known.key}|{asked.wanted.name}|{asked.removes}|{asked.consent}"
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
