"""The comparison of a segment with what its audience holds, set-based where it is large.

Its result is the temporary table `changes`: person, kind (`add`, `refresh`, `remove`, `moved`, `kept`), phase, action,
platform_id, identifiers, heir, retiring, forced. Where a platform keys people by profile, somebody whose e-mail changed
is another profile there: the old one is retired under a key of its own, `<person>~<digest>`, and removed like anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import Any

import ibis
import pandas as pd

from segsync.model import Action
from segsync.plan import identifiers as texts
from segsync.plan.deliverable import AGREED, Deliverables
from segsync.plan.leaving import LATELY
from segsync.plan.suppressed import PEOPLE
from segsync.spec import Writes

CHANGES = "changes"
SLICE = 20_000  # leaving people that are looked at in Python at a time
URGENT, ADDS, REMOVES = 0, 1, 2  # phases, in sending order: suppressed people and withdrawn consent first
_COLUMNS = {
    "person": "string",
    "kind": "string",
    "phase": "int64",
    "action": "string",
    "platform_id": "string",
    "identifiers": "string",
    "heir": "string",  # of a moved row: the staying person whose profile it is
    "retiring": "boolean",  # `held` does not know this row yet: it is part of its owner's
    "forced": "boolean",  # a suppressed person leaves: no guard and no mode holds that back
}

_UNWANTED = {"withdrawn": "value", "unwilling": "person"}  # temporary tables, each with its key

Refused = Mapping[tuple[str, str], str]  # (action, person) to the digest of what was refused for good


@dataclass(frozen=True, slots=True)
class Want:
    """What a sync wants of a diff: for which audience, whether to remove, and what the platform can do.

    `damped`: the table `lately` says who stays for now. `forced`: the table `suppressed` says who leaves at all events.
    """

    audience: str
    removes: bool  # mirror, not add-only
    writes: Writes
    damped: bool = False
    forced: bool = False


def diff(con: Any, want: Want, found: Deliverables, refused: Refused) -> dict[str, int]:
    """Make the table `changes`; the number of people by kind, with `refused`, `held`, and those `uncertain` in it.

    Of the removes, `suppressed` are forced, and `withdrawn` are those of people whose consent is gone. `leaving` are
    held yet, because they left the segment lately.
    """
    con.create_table("wanted", found.wanted, temp=True, overwrite=True)
    con.create_table("staying", found.values, temp=True, overwrite=True)
    con.create_table(CHANGES, schema=ibis.schema(_COLUMNS), temp=True, overwrite=True)
    held = con.table("held")
    held = held.filter((held.audience == want.audience) & (held.state != "removed"))
    compared = _compared(con.table("wanted"), held)
    con.create_table("compared", compared, temp=True, overwrite=True)
    compared = con.table("compared")
    kinds = ("add", "refresh", "remove", "moved", "unchanged", "pending", "leaving", "suppressed", "withdrawn")
    counts = dict.fromkeys(kinds, 0) | _tally(compared)
    counts["uncertain"] = int(held.filter(held.state == "uncertain").count().execute())
    counts["held"] = int(held.count().execute())
    counts["refused"] = _add(con, compared, refused)
    _remove(con, held, want, found, refused, counts)
    return counts | {"add": 0, "refresh": 0} | _tally(con.table(CHANGES))


def _compared(wanted: Any, held: Any) -> Any:
    joined = wanted.left_join(held, "person")
    same = held.identifiers == wanted.identifiers
    kind = ibis.cases(
        (held.state.isnull(), "add"),
        (held.state == "pending", "pending"),
        (held.state == "uncertain", "add"),
        (~same, "refresh"),
        else_="unchanged",
    )
    return joined.select(
        person=wanted.person,
        identifiers=wanted.identifiers,
        kind=kind,
        platform_id=same.ifelse(held.platform_id, ibis.null("string")),
        sent=held.identifiers,
        sent_id=held.platform_id,
    )


def _tally(table: Any) -> dict[str, int]:
    return {row["kind"]: row["n"] for row in plain(table.group_by("kind").agg(n=lambda t: t.count()))}


def _add(con: Any, compared: Any, refused: Refused) -> int:
    """Put adds and refreshes into `changes`, but those refused for good as they stand; how many those are."""
    adds = compared.filter(compared.kind.isin(["add", "refresh"]))
    skip = _refused_again(con, adds, refused)
    if skip:
        con.create_table("skipped", _text_frame([(person,) for person in skip], ("person",)), temp=True, overwrite=True)
        adds = adds.anti_join(con.table("skipped"), "person")
    row = adds.select(
        "person",
        "kind",
        phase=ibis.literal(ADDS, type="int64"),
        action=ibis.literal(Action.ADD.value),
        platform_id=adds.platform_id,
        identifiers=adds.identifiers,
        heir=ibis.null("string"),
        retiring=ibis.literal(False),
        forced=ibis.literal(False),
    )
    con.insert(CHANGES, row)
    return len(skip)


def _refused_again(con: Any, adds: Any, refused: Refused) -> list[str]:
    people = [(person,) for of, person in refused if of == Action.ADD]
    if not people:
        return []
    con.create_table("suspects", _text_frame(people, ("person",)), temp=True, overwrite=True)
    return [
        row["person"]
        for row in plain(adds.semi_join(con.table("suspects"), "person").select("person", "identifiers"))
        if texts.digest(row["identifiers"]) == refused[Action.ADD.value, row["person"]]
    ]


def _remove(con: Any, held: Any, want: Want, found: Deliverables, refused: Refused, counts: dict[str, int]) -> None:
    """Put removes and moves into `changes`, but for removes refused for good as they stand.

    An audience that is only added to keeps everybody but suppressed people; what others left behind is noted, should
    it become a mirror.
    """
    retired = [left for change in one_by_one(_changed(con)) if (left := _retired(change, want)) is not None]
    _note_keepers(con, held, retired)
    leavers = held.filter(held.state.isin(["held", "uncertain"])).anti_join(con.table("wanted"), "person")
    if want.forced and not want.removes:
        leavers = leavers.mutate(owner=leavers.person.split("~")[0])
        leavers = leavers.semi_join(con.table(PEOPLE), leavers.owner == con.table(PEOPLE).person)
    gone = _gone(leavers, {left.person for left in retired}) if want.removes or want.forced else ()
    everybody = chain(retired, gone)
    for number in count():
        if not (leaving := list(islice(everybody, SLICE))):
            return
        if not number:
            con.create_table("withdrawn", found.withdrawn, temp=True, overwrite=True)
            con.create_table("unwilling", found.unwilling, temp=True, overwrite=True)
        rows = []
        forced = _suppressed(con, leaving) if want.forced else frozenset()
        lately = _lately(con, leaving, forced) if want.damped and want.removes else frozenset()
        counts["leaving"] += len(lately)
        staying_out = [row for row in leaving if row.person not in lately]
        for change in _judged(con, staying_out, want, forced):
            if refused.get((Action.REMOVE.value, change["person"])) == texts.digest(change["identifiers"]):
                counts["refused"] += 1
                continue
            rows.append(change)
            if change["action"] and change["phase"] == URGENT:
                counts["suppressed" if change["forced"] else "withdrawn"] += 1
        if rows:
            con.insert(CHANGES, pd.DataFrame(rows, columns=list(_COLUMNS)))


def _changed(con: Any) -> Any:
    """Whoever is held by other identifiers than are wanted of them now."""
    compared = con.table("compared")
    changed = compared.filter(compared.sent.notnull() & (compared.sent != compared.identifiers))
    return changed.filter(changed.kind != "pending").select("person", "identifiers", "sent", "sent_id")


def _gone(leavers: Any, retired: Set[str]) -> Iterator[Leaving]:
    """Whoever is held and not wanted; a profile that is given up just now is among the retired already."""
    for row in one_by_one(leavers.select("person", "platform_id", "identifiers")):
        if row["person"] not in retired:
            yield Leaving(**row, retiring=False)


def _note_keepers(con: Any, held: Any, retired: Sequence[Leaving]) -> None:
    """Make the table `keepers`: person, platform_id, of everybody who stays and keeps the profile they have."""
    giving_up = _text_frame([(owner_of(left.person),) for left in retired], ("person",))
    con.create_table("giving_up", giving_up, temp=True, overwrite=True)
    staying = held.semi_join(con.table("wanted"), "person").anti_join(con.table("giving_up"), "person")
    staying = staying.filter(staying.platform_id.notnull()).select("person", "platform_id")
    con.create_table("keepers", staying, temp=True, overwrite=True)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A row of `held`, or part of one, that the audience should not hold any more."""

    person: str
    platform_id: str | None
    identifiers: str | None
    retiring: bool


def _retired(change: Mapping[str, Any], want: Want) -> Leaving | None:
    """What the platform still holds of somebody whose identifiers changed, and nothing of theirs accounts for now."""
    sent, person = change["sent"], change["person"]
    new = texts.values(change["identifiers"])
    by_profile = want.writes.keyed_by == "profile"
    found_by = texts.values(sent) if not by_profile else frozenset(filter(None, [texts.main(sent)]))
    if (by_profile and found_by & new) or not found_by - new:
        return None
    left = texts.without(sent, new)
    return Leaving(retired_key(person, left), change["sent_id"] if by_profile else None, left, retiring=True)


def retired_key(person: str, left: str) -> str:
    """Under which key what a person left behind is kept until it is removed."""
    return f"{person}~{texts.digest(left)[:8]}"


def owner_of(key: str) -> str:
    """The person whose former profile a key names; the person themselves otherwise."""
    return key.partition("~")[0]


def _judged(con: Any, leaving: Sequence[Leaving], want: Want, forced: Set[str]) -> Iterator[dict[str, Any]]:
    """Removes, and moves for those whose profile belongs to somebody who stays: to remove it would remove them.

    A suppressed person's profile is removed even so, where it is another's only by the platform's id.
    """
    shared = _shared_values(con, leaving, want)
    heirs = _heirs_by_id(con, leaving)
    urgent = _withdrawn(con, leaving) | forced
    for row in leaving:
        identifiers, theirs = row.identifiers, shared.get(row.person, {})
        heir = next(iter(theirs.values()), None) or (None if row.person in forced else heirs.get(row.person))
        if heir is not None and want.writes.keyed_by == "identifier":
            identifiers = texts.without(identifiers or "{}", frozenset(theirs))
            heir = None if texts.values(identifiers) else heir
        kind = "moved" if heir else "remove" if want.removes or row.person in forced else "kept"
        yield {
            "person": row.person,
            "kind": kind,
            "phase": URGENT if row.person in urgent else REMOVES,
            "action": Action.REMOVE.value if kind == "remove" else None,
            "platform_id": row.platform_id,
            "identifiers": identifiers,
            "heir": heir,
            "retiring": row.retiring,
            "forced": row.person in forced,
        }


def _shared_values(con: Any, leaving: Sequence[Leaving], want: Want) -> dict[str, dict[str, str]]:
    """Of leaving people: the values they are found by that somebody who stays is wanted by, each with that person.

    A profile is found by its e-mail, and by its phone only without one; where values stand alone, by each of them.
    """
    if want.writes.keyed_by == "profile":
        pairs = [(row.person, main) for row in leaving if (main := texts.main(row.identifiers))]
    else:
        pairs = [(row.person, value) for row in leaving for value in texts.values(row.identifiers)]
    con.create_table("leaving", _text_frame(pairs, ("leaver", "value")), temp=True, overwrite=True)
    found: dict[str, dict[str, str]] = {}
    for row in plain(con.table("leaving").join(con.table("staying"), "value").order_by("leaver", "person")):
        found.setdefault(row["leaver"], {}).setdefault(row["value"], row["person"])
    return found


def _withdrawn(con: Any, leaving: Sequence[Leaving]) -> frozenset[str]:
    """Leaving people who are held by something that consent was withdrawn for, or who have nothing else left."""
    rows = _held_by(con, leaving)
    by_value, by_person = (rows.semi_join(con.table(name), key) for name, key in _UNWANTED.items())
    return _leavers(by_value.union(by_person))


def _suppressed(con: Any, leaving: Sequence[Leaving]) -> frozenset[str]:
    """Leaving people who are suppressed."""
    pairs = [(row.person, owner_of(row.person)) for row in leaving]
    con.create_table("leaving_owners", _text_frame(pairs, ("leaver", "person")), temp=True, overwrite=True)
    return _leavers(con.table("leaving_owners").semi_join(con.table(PEOPLE), "person"))


def _lately(con: Any, leaving: Sequence[Leaving], forced: Set[str]) -> frozenset[str]:
    """Leaving people who left the segment lately, and who may still be sent by all that they are held by."""
    settled = [row for row in leaving if owner_of(row.person) == row.person and row.person not in forced]
    rows, agreed = _held_by(con, settled), con.table(AGREED)
    may = rows.semi_join(con.table(LATELY), "person").semi_join(agreed, ["person", "value"])
    agreeing: dict[str, set[str]] = {}
    for row in plain(may):
        agreeing.setdefault(row["leaver"], set()).add(row["value"])
    return frozenset(
        row.person
        for row in settled
        if row.person in agreeing and texts.values(row.identifiers) <= agreeing[row.person]
    )


def _held_by(con: Any, leaving: Iterable[Leaving]) -> Any:
    """leaver, person, value: what leaving rows are held by, each with whose it is."""
    held_by = [(row.person, owner_of(row.person), v) for row in leaving for v in texts.values(row.identifiers)]
    con.create_table("leaving", _text_frame(held_by, ("leaver", "person", "value")), temp=True, overwrite=True)
    return con.table("leaving")


def _leavers(rows: Any) -> frozenset[str]:
    return frozenset(rows.select("leaver").to_pyarrow()["leaver"].to_pylist())


def _heirs_by_id(con: Any, leaving: Sequence[Leaving]) -> dict[str, str]:
    """Leaving people whose profile is that of somebody who stays."""
    ids = [(row.person, row.platform_id) for row in leaving if row.platform_id]
    con.create_table("leaving_ids", _text_frame(ids, ("leaver", "platform_id")), temp=True, overwrite=True)
    return {
        row["leaver"]: row["person"]
        for row in plain(con.table("leaving_ids").join(con.table("keepers"), "platform_id").order_by("person"))
    }


def one_by_one(table: Any) -> Iterator[dict[str, Any]]:
    """A table's rows as Python values, few at a time: as Arrow they are small, as Python values they are not.

    All are read first: a stream would not survive other statements on its connection.
    """
    for batch in table.to_pyarrow().to_batches(max_chunksize=SLICE):
        yield from batch.to_pylist()


def plain(table: Any) -> list[dict[str, Any]]:
    """A table's rows as Python values, None where null."""
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def _text_frame(rows: Sequence[tuple[str, ...]], names: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(names), dtype="str")
