"""Everything a plan must know before the diff: the audience as it is on the platform, sources, approvals, rejects."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from segsync import rules as language
from segsync.config import Sync
from segsync.errors import AudienceMissing, GuardStop
from segsync.ledger import approvals, audiences, batches, instant, refusals, runs
from segsync.ledger.audiences import Known
from segsync.model import Audience, AudienceRef
from segsync.plan.guards import Limits, SourceState
from segsync.plan.make import Asked
from segsync.run.compute import Computed
from segsync.run.recover import recover
from segsync.run.workspace import Workspace
from segsync.spec import Writes
from segsync.wrappers import Wrapped


@dataclass(frozen=True, slots=True)
class Target:
    """A sync with its destination at hand and its audience as the platform has it (None where it has none yet)."""

    sync: Sync
    destination: Wrapped
    writes: Writes
    known: Known
    wanted: Audience
    found: AudienceRef | None


def aim(space: Workspace, sync: Sync, *, dry_run: bool) -> Target:
    """Find the sync's audience; the platform is asked at most once per `verify_every`.

    Raises AudienceMissing, with what to do, where the platform no longer has it.
    """
    destination = space.destination(sync.destination, dry_run=dry_run)
    writes = space.config.destinations[sync.destination].spec.writes
    assert writes is not None, "the config accepts only destinations that can be written to"
    known = audiences.of_sync(space.ledger, sync.segment, sync.destination, name=sync.audience, run_id=space.run_id)
    wanted = _wanted(sync, known)
    return Target(sync, destination, writes, known, wanted, _find(space, destination, sync, known, wanted))


def _wanted(sync: Sync, known: Known) -> Audience:
    options = sync.options.model_dump(exclude_none=True) if sync.options else {}
    return Audience(
        sync.audience,
        id=known.platform_id,
        description=sync.description or "",
        purpose=sync.purpose,
        options=options,
    )


def _find(space: Workspace, destination: Wrapped, sync: Sync, known: Known, wanted: Audience) -> AudienceRef | None:
    now = space.clock.now()
    if known.platform_id and known.verified_within(sync.verify_every, now):
        return AudienceRef(known.platform_id, known.name)
    try:
        found = destination.find_audience(wanted)
    except AudienceMissing as error:
        raise missing(sync) from error
    if found is not None and known.platform_id:
        if found.id != known.platform_id:
            raise GuardStop(
                f"{sync.segment} → {sync.destination} names another audience now ({found.id}) than the one that was "
                f"pushed to ({known.platform_id}). Nothing was sent.\n"
                f"  If that is wrong, mend [segments.{sync.segment}.to.{sync.destination}].\n"
                f"  To leave the old one as it is and fill the other: "
                f"segsync push {sync.segment} --to {sync.destination} --recreate"
            )
        audiences.note(space.ledger, known.key, verified_at=now, name=found.name)
    return found


def missing(sync: Sync, *, sent: bool = False) -> AudienceMissing:
    """What to tell about an audience that the platform has no longer; `sent`: it was found out while pushing."""
    so_far = "It was found out while pushing: profiles may have been made, and nobody was added to it" if sent else ""
    return AudienceMissing(
        f"the audience `{sync.audience}` of {sync.segment} is gone from {sync.destination}. "
        f"{so_far or 'Nothing was sent'}.\n"
        f"  To make it anew and fill it: segsync push {sync.segment} --to {sync.destination} --recreate\n"
        f"  If the segment should not be there any more, remove [segments.{sync.segment}.to.{sync.destination}]."
    )


def recreate(space: Workspace, sync: Sync) -> None:
    """Forget an audience that the platform has lost, or that the sync names no longer; the next plan starts anew.

    Raises GuardStop where the platform still has it, and the sync means it.
    """
    known = audiences.find(space.ledger, sync.segment, sync.destination)
    if known is None or known.platform_id is None:
        return
    with suppress(AudienceMissing):
        found = space.destination(sync.destination).find_audience(_wanted(sync, known))
        if found is not None and found.id == known.platform_id:
            name = f"`{sync.audience}`"
            raise GuardStop(f"{sync.destination} still has the audience {name}: there is nothing to recreate")
    recover(space.ledger, space.warehouse, known.key, space.clock)  # what old receipts say is forgotten with the rest
    with space.warehouse.session() as con:
        held = con.table("held")
        space.warehouse.delete("held", held.audience == known.key)
    audiences.note(
        space.ledger,
        known.key,
        platform_id=None,
        ours=False,
        making=False,
        held=0,
        pushed_at=None,
        baseline=None,
        verified_at=None,
    )


def ask(space: Workspace, target: Target, computed: Computed) -> Asked:
    """What the planner needs, from the ledger and the platform. Holds no file open while it asks the platform."""
    sync, known, writes = target.sync, target.known, target.writes
    first = known.pushed_at is None
    automations: Sequence[str] = ()
    if first and target.found is not None and writes.automations:
        automations = target.destination.automations(target.found)
    guards = space.config.guards
    return Asked(
        known=known,
        wanted=target.wanted,
        rule=space.config.segments[sync.segment].rule.strip(),
        consent=sync.consent,
        removes=sync.mode == "mirror",
        limits=Limits(
            max_removed=guards.max_removed if sync.max_removed is None else sync.max_removed,
            max_added=guards.max_added if sync.max_added is None else sync.max_added,
            floor=guards.guard_floor,
            max_new_profiles=guards.max_new_profiles,
        ),
        writes=writes,
        refused=refusals.for_good(space.ledger, known.key),
        approved=approvals.standing(space.ledger, known.key, space.clock.now()),
        sources=_sources(space, sync.segment, computed),
        exists=target.found is not None,
        foreign=target.found is not None and not (known.ours or known.making or sync.adopt),
        automations=automations,
        unfilled=computed.unfilled[sync.segment],
        reach=language.reach(computed.rules[sync.segment], computed.rules, space.as_of),
    )


def approve(space: Workspace, target: Target, plan_id: str) -> None:
    """Turn a plan that was shown into a standing approval. Raises GuardStop where no such plan can be approved."""
    sync = target.sync
    shown = batches.shown_plan(space.ledger, plan_id, target.known.key)
    if shown is None or space.clock.now() - shown[1] > approvals.LASTS:
        raise GuardStop(
            f"there is no plan {plan_id} of {sync.segment} → {sync.destination} from the last 24 hours to approve. "
            f"See the plan as it is now: segsync plan {sync.segment} --to {sync.destination}"
        )
    approvals.grant(space.ledger, target.known.key, plan_id, shown[0], space.clock.now())


def _sources(space: Workspace, segment: str, computed: Computed) -> list[SourceState]:
    """The state of every source: people are joined from all of them, so every segment depends on each.

    Sizes are what the warehouse holds now, 0 for a stream that it holds nothing of.
    """
    if not space.config.sources:
        return []
    reads, sizes = runs.last_reads(space.ledger), space.warehouse.counts()
    wanted = sorted(language.streams_read(computed.rules[segment], computed.rules) | {"customers"})
    found = []
    for name in space.config.sources:
        whole = reads.get((name, runs.WHOLE))
        failed = f"it was never read to its end (segsync pull {name})" if whole is None else whole.error
        mine = {stream: sizes.get(name, {}).get(stream, 0) for stream in wanted}
        found.append(SourceState(name, failed, _stale_days(space, name), mine, computed.histories.get(name)))
    return found


def _stale_days(space: Workspace, name: str) -> float | None:
    last = runs.last_good_read(space.ledger, name)
    if last is None:
        return None
    age = space.clock.now() - instant(last)
    return age.total_seconds() / 86400 if age > space.config.guards.max_stale else None
