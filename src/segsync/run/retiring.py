"""Parting with an audience whose sync has left the config: left as it is, emptied, or deleted on the platform."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from segsync.config import Config, Sync
from segsync.errors import AudienceMissing, ConfigError, GuardStop, Problem
from segsync.ledger import Ledger, approvals, audiences, batches, refusals
from segsync.ledger.audiences import Known
from segsync.model import Purpose
from segsync.plan.guards import Limits, Stop, remaining
from segsync.plan.make import Asked, Instead
from segsync.run import fold, planning
from segsync.run.letting_go import let_go
from segsync.run.push import Order, Other, Progress, Pushed, push
from segsync.run.target import Target
from segsync.run.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Retired:
    """What became of an audience. `freed`: segsync knows nothing of it any more; `gone`: nor has the platform.

    `plan` waits for a yes; `live` is what hangs on the audience; `left` counts people who could not be taken out.
    """

    known: Known
    freed: bool = False
    gone: bool = False
    pushed: Pushed | None = None
    plan: str | None = None
    live: Sequence[str] = ()
    left: int = 0


def unattended(config: Config, ledger: Ledger) -> list[Known]:
    """The audiences of syncs that are not in the config any more, as long as segsync knows of them."""
    wanted = {(sync.segment, sync.destination) for segment in config.segments.values() for sync in segment.to.values()}
    return [k for k in audiences.every(ledger) if k.platform_id and (k.segment, k.destination) not in wanted]


def find(config: Config, ledger: Ledger, segment: str, destination: str) -> Known:
    """The audience to retire. Raises ConfigError where its sync is in the config, or there is none."""
    pair = f"{segment} → {destination}"
    if segment in config.segments and destination in config.segments[segment].to:
        place = f"segments.{segment}.to.{destination}"
        remedy = f"remove [{place}] from {config.path.name} first, then type this again"
        raise ConfigError([Problem(place, "it is in the config, and the next run would push it", remedy)])
    alone = unattended(config, ledger)
    for known in alone:
        if (known.segment, known.destination) == (segment, destination):
            return known
    there = ", ".join(f"{k.segment} --to {k.destination}" for k in alone) or "none"
    raise ConfigError([Problem(pair, "segsync keeps no such audience", f"unattended: {there}")], where="retire")


def keep(space: Workspace, known: Known) -> Retired:
    """Leave the audience as it is on the platform, and forget it."""
    let_go(space, known)
    return Retired(known, freed=True)


def empty(space: Workspace, known: Known, approve: str | None, progress: Progress | None = None) -> Retired:
    """Take out everybody whom segsync added, once somebody said yes to the plan; then forget the audience."""
    sync = _former(space, known)
    order = Order(dry_run=approve is None, approve=approve)
    command = f"retire {known.segment} --to {known.destination} --empty"
    other = Other(
        ask=lambda space, target: _nobody(space, target, command, looking=order.dry_run),
        begin=_nothing_to_note,
        command=command,
        guard="retire",
    )
    pushed = push(space, sync, None, order, progress, other=other)
    if isinstance(pushed.error, AudienceMissing):
        let_go(space, known)
        return Retired(known, freed=True, gone=True)
    plan = pushed.plan
    waits = plan is not None and bool(plan.stops)
    left = fold.held_count(space.warehouse, known.key)
    if plan is None or waits or pushed.error is not None or left:
        return Retired(known, pushed=pushed, plan=plan.id if plan and waits else None, left=left)
    let_go(space, known)
    return Retired(known, freed=True, pushed=pushed)


def delete(space: Workspace, known: Known, approve: str | None) -> Retired:
    """Delete the audience on the platform, once somebody said yes; then forget it. People stay on the platform.

    Raises ConfigError where the destination cannot delete, GuardStop for a yes to something else.
    """
    sync = _former(space, known)
    writes = space.config.destinations[known.destination].spec.writes
    if writes is None or not writes.deletes:
        way = f"segsync retire {known.segment} --to {known.destination} --empty"
        raise ConfigError([Problem(known.destination, "it cannot delete audiences", way)], where="retire")
    try:
        target = planning.aim(space, sync, dry_run=approve is None)
    except AudienceMissing:
        let_go(space, known)
        return Retired(known, freed=True, gone=True)
    assert target.found is not None, "an audience with an id is found, or missing"
    plan = hashlib.sha256(f"delete|{known.key}|{known.platform_id}".encode()).hexdigest()[:8]
    if approve is None:
        live = target.destination.automations(target.found) if writes.automations else ()
        _show(space, known, plan)
        return Retired(known, plan=plan, live=live)
    command = f"retire {known.segment} --to {known.destination} --delete"
    planning.approve(space, target, approve, guard="delete", see=command)
    granted = approvals.standing(space.ledger, known.key, space.clock.now())
    if remaining([Stop("delete", known.held, "")], granted):
        raise GuardStop(
            f"`{known.name}` holds {known.held:,} now, more than was said yes to. Nothing was deleted. See it: "
            f"segsync {command}"
        )
    target.destination.delete_audience(target.found)
    let_go(space, known)
    return Retired(known, freed=True, gone=True)


def _show(space: Workspace, known: Known, plan: str) -> None:
    batches.open_plan(
        space.ledger,
        plan_id=plan,
        audience=known.key,
        run_id=space.run_id,
        at=space.clock.now(),
        counts={"held": known.held},
        stops={"delete": known.held},
        state="shown",
    )


def _nobody(space: Workspace, target: Target, command: str, *, looking: bool) -> Asked:
    known, guards = target.known, space.config.guards
    return Asked(
        known=known,
        wanted=target.wanted,
        rule=known.rule or "",
        consent="none",
        removes=True,
        limits=Limits(guards.max_removed, guards.max_added, guards.guard_floor, guards.max_new_profiles),
        writes=target.writes,
        refused=refusals.for_good(space.ledger, known.key),
        approved={} if looking else approvals.standing(space.ledger, known.key, space.clock.now()),
        exists=target.found is not None,
        instead=Instead(
            members=_no_members,
            guard="retire",
            why="everybody whom segsync put there is taken out; strangers stay",
            command=command,
            judged=False,
        ),
    )


def _no_members(con: Any) -> Any:
    return con.table("members").select("person").limit(0)


def _nothing_to_note(_space: Workspace, _target: Target) -> None:
    """An emptied audience is forgotten once nobody is left in it."""


def _former(space: Workspace, known: Known) -> Sync:
    """The sync that the audience was of, as far as the ledger knows.

    Raises ConfigError where its destination has left the config, too.
    """
    if known.destination not in space.config.destinations:
        remedy = (
            f"put [destinations.{known.destination}] back, or leave the audience as it is: "
            f"segsync retire {known.segment} --to {known.destination} --keep"
        )
        raise ConfigError([Problem(f"destinations.{known.destination}", "it left the config too", remedy)])
    return Sync(
        segment=known.segment,
        destination=known.destination,
        audience=known.named or known.name,
        description=None,
        purpose=Purpose.TARGET,
        mode="mirror",
        consent="none",
        consent_rule=None,
        adopt=True,
        owned=False,
        leave_after=None,
        verify_every=timedelta(0),
        max_removed=None,
        max_added=None,
        options=None,
    )
