"""Everything a plan must know before the diff: the audience as it is on the platform, sources, approvals, rejects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from segsync import rules as language
from segsync.config import Sync
from segsync.errors import AudienceMissing, GuardStop
from segsync.ledger import approvals, audiences, batches, instant, pruning, refusals, runs
from segsync.ledger.audiences import Known
from segsync.model import Audience, AudienceRef, Present
from segsync.plan.guards import Limits, SourceState
from segsync.plan.make import Asked
from segsync.rules import Rule
from segsync.run import letting_go, naming, retention
from segsync.run.compute import Computed
from segsync.run.privacy.suppressing import suppressed
from segsync.run.target import Target
from segsync.run.workspace import Workspace
from segsync.wrappers import Wrapped

ALWAYS_ASKED = {"retire", "delete", "undo"}  # first words of the guards of plans that are not a segment's own


def aim(space: Workspace, sync: Sync, *, dry_run: bool) -> Target:
    """Find the sync's audience; the platform is asked at most once per `verify_every`.

    Raises AudienceMissing, with what to do, where the platform no longer has it.
    """
    destination = space.destination(sync.destination, dry_run=dry_run)
    writes = space.config.destinations[sync.destination].spec.writes
    assert writes is not None, "the config accepts only destinations that can be written to"
    known = audiences.of_sync(space.ledger, sync.segment, sync.destination, name=sync.audience, run_id=space.run_id)
    if known.renaming is not None:
        known = naming.settled(space, destination, known, dry_run=dry_run)
    known = naming.note_first(space, known, sync)
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
        found = naming.found_under_new_name(destination, known)
        if found is None:
            raise missing(sync) from error
        return found
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
    letting_go.let_go(space, known)


def ask(space: Workspace, target: Target, computed: Computed) -> Asked:
    """What the planner needs, from the ledger and the platform. Holds no file open while it asks the platform."""
    sync, known, writes = target.sync, target.known, target.writes
    first = known.pushed_at is None
    automations: Sequence[str] = ()
    if first and target.found is not None and writes.automations:
        automations = target.destination.automations(target.found)
    present = strangers_seen(target) if sync.owned else ()
    called = naming.named(sync, known, writes, target.found)
    guards, rules = space.config.guards, _rules(sync, computed)
    reaches = [language.reach(rule, computed.rules, space.as_of) for rule in rules]
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
        sources=_sources(space, rules, computed),
        exists=target.found is not None,
        foreign=target.found is not None and not (known.ours or known.making or sync.adopt),
        automations=automations,
        unfilled=sorted({name for rule in rules for name in computed.unfilled[rule.name]}),
        reach=min((day for day in reaches if day is not None), default=None),
        consent_rule=sync.consent_rule,
        consent_name=sync.consent_name,
        suppressed=suppressed(space.ledger),
        leave_after=sync.leave_after,
        today=space.as_of.day,
        present=present,
        renamed=called.renamed,
        name_kept=called.kept,
    )


def strangers_seen(target: Target) -> Sequence[Present]:
    """Everybody in the audience, where it is there: those of them who are strangers are found by the planner."""
    if target.found is None:
        return ()
    return [each for page in target.destination.read_back(target.found) for each in page]


def _rules(sync: Sync, computed: Computed) -> list[Rule]:
    """The rules that decide who is sent: the segment's own, and that of consent where there is one."""
    own = computed.rules[sync.segment]
    return [own, computed.consents[sync.consent_name]] if sync.consent_rule is not None else [own]


def approve(space: Workspace, target: Target, plan_id: str, *, guard: str | None = None, see: str = "") -> None:
    """Turn a plan that was shown into a standing approval. Raises GuardStop where no such plan can be approved.

    A plan that was not the segment's own has a `guard` of its own among its stops: a yes to it is none to a push, nor
    the other way round. `see`: what shows such a plan, after `segsync`.
    """
    sync = target.sync
    shown = batches.shown_plan(space.ledger, plan_id, target.known.key)
    meant = shown is not None and (guard in shown[0] if guard else not ALWAYS_ASKED & _first_words(shown[0]))
    if shown is None or not meant or space.clock.now() - shown[1] > approvals.LASTS:
        raise GuardStop(
            f"there is no plan {plan_id} of {sync.segment} → {sync.destination} from the last 24 hours to approve. "
            f"See the plan as it is now: segsync {see or f'plan {sync.segment} --to {sync.destination}'}"
        )
    approvals.grant(space.ledger, target.known.key, plan_id, shown[0], space.clock.now())


def _first_words(guards: Iterable[str]) -> set[str]:
    return {guard.partition(":")[0] for guard in guards}


def _sources(space: Workspace, rules: Sequence[Rule], computed: Computed) -> list[SourceState]:
    """The state of every source: people are joined from all of them, so every segment depends on each.

    Sizes are what the warehouse holds now, 0 for a stream that it holds nothing of, and what retention has dropped.
    """
    if not space.config.sources:
        return []
    reads, sizes, pruned = runs.last_reads(space.ledger), space.warehouse.counts(), pruning.pruned(space.ledger)
    wanted = sorted({stream for rule in rules for stream in language.streams_read(rule, computed.rules)})
    found = []
    for name in space.config.sources:
        whole = reads.get((name, runs.WHOLE))
        failed = f"it was never read to its end (segsync pull {name})" if whole is None else whole.error
        dropped = {stream: pruned[name, stream].records for stream in wanted if (name, stream) in pruned}
        mine = {stream: sizes.get(name, {}).get(stream, 0) + dropped.get(stream, 0) for stream in wanted}
        history, kept = computed.histories.get(name), retention.kept_from(space, name)
        found.append(SourceState(name, failed, _stale_days(space, name), mine, history, kept))
    return found


def _stale_days(space: Workspace, name: str) -> float | None:
    last = runs.last_good_read(space.ledger, name)
    if last is None:
        return None
    age = space.clock.now() - instant(last)
    return age.total_seconds() / 86400 if age > space.config.guards.max_stale else None
