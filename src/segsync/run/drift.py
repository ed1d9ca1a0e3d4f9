"""Reading an audience back, and how it differs from what receipts say it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import ibis
import pandas as pd

from segsync.config import Sync
from segsync.errors import ConfigError, Problem
from segsync.model import AudienceRef, Present
from segsync.plan import identifiers as texts
from segsync.plan.diff import plain
from segsync.run import fold
from segsync.run.planning import aim
from segsync.run.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Drift:
    """`missing`: person keys that are held and were not seen. `strangers`: who was seen and is not held.

    Pending and uncertain members are neither: nobody knows yet whether they should be there.
    """

    sync: Sync
    present: int
    held: int
    open: int  # pending or uncertain
    missing: Sequence[str] = ()
    strangers: Sequence[Present] = field(default=())

    @property
    def none(self) -> bool:
        return not self.missing and not self.strangers

    @property
    def emptied(self) -> bool:
        """Is nobody there of whom somebody should be?"""
        return self.held > 0 and self.present == 0


def drift(space: Workspace, sync: Sync) -> Drift:
    """Compare the audience with `held`, by the platform's ids and by identifiers.

    Raises ConfigError where the destination cannot be read back or the sync was never pushed.
    """
    target = aim(space, sync, dry_run=True)
    place = f"segments.{sync.segment}.to.{sync.destination}"
    if not target.writes.read_back:
        raise ConfigError([Problem(place, f"{sync.destination} cannot be read back, so its drift cannot be seen")])
    if target.found is None or target.known.platform_id is None:
        raise ConfigError([Problem(place, "it was never pushed, so there is nothing to compare", "segsync push")])
    seen = _seen(target.destination.read_back(AudienceRef(target.found.id, target.found.name)))
    with space.warehouse.session() as con:
        held = con.table("held")
        rows = held.filter((held.audience == target.known.key) & (held.state != "removed"))
        members = {m.person: m for m in fold.members(rows)}
        states = {row["person"]: row["state"] for row in plain(rows.select("person", "state"))}
    ids = {m.platform_id for m in members.values() if m.platform_id}
    values = {v for m in members.values() for v in texts.of(m.identifiers)}
    there = {p.platform_id for p in seen} | {v for p in seen for v in texts.of(p.identifiers)}
    missing = [
        person
        for person, member in members.items()
        if states[person] == "held" and member.platform_id not in there and not there & texts.of(member.identifiers)
    ]
    strangers = [p for p in seen if p.platform_id not in ids and not values & texts.of(p.identifiers)]
    unsure = sum(1 for state in states.values() if state != "held")
    return Drift(sync, len(seen), len(members) - unsure, unsure, sorted(missing), strangers)


@dataclass(frozen=True, slots=True)
class Repaired:
    """How many people are uncertain now, and what is live at the audience, set off by joining it again."""

    uncertain: int
    live: Sequence[str] = ()


def repair(space: Workspace, found: Drift) -> Repaired:
    """Note that nobody knows whether the missing are there: the next plan adds those who still belong."""
    if not found.missing:
        return Repaired(0)
    target = aim(space, found.sync, dry_run=True)
    live = target.destination.automations(target.found) if target.writes.automations and target.found else ()
    with space.warehouse.transaction() as con:
        missing = pd.DataFrame({"person": pd.Series(list(found.missing), dtype="str")})
        con.create_table("missing", missing, temp=True, overwrite=True)
        held = con.table("held")
        gone = held.filter((held.audience == target.known.key) & (held.state == "held"))
        gone = gone.semi_join(con.table("missing"), "person").mutate(state=ibis.literal("uncertain"))
        count = space.warehouse.upsert("held", gone, ["audience", "person"])
    space.warehouse.export_held()
    return Repaired(count, live)


def _seen(pages: Iterable[Sequence[Present]]) -> list[Present]:
    found: dict[str, Present] = {}
    for page in pages:
        found |= {present.platform_id: present for present in page}
    return list(found.values())
