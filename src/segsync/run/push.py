"""Making an audience follow its segment: recover, settle, plan, guard, stage, send, settle, fold.

    outbox staged → batches recorded → each batch pushed → its receipt recorded → folded into held → outbox dropped

The warehouse's file is never open while the platform is spoken to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis

from segsync.config import Sync
from segsync.errors import EXIT_DONE, EXIT_REJECTS, AudienceMissing, GuardStop, SegsyncError, gravest
from segsync.ledger import approvals, audiences, batches
from segsync.ledger.batches import Recorded
from segsync.model import Action, AudienceRef, Batch, Member
from segsync.plan.make import Asked, make, only_forced, stage
from segsync.plan.value import Plan
from segsync.run import fold, naming, planning, settling
from segsync.run.compute import Computed
from segsync.run.recover import fold_all, keep_rejects, must_agree, recover
from segsync.run.target import Target
from segsync.run.workspace import Workspace

FOLD_EVERY = 20  # batches

Progress = Callable[[int, int], None]  # members sent, members in all


@dataclass(slots=True)
class Pushed:
    """What a push came to. Without an error the audience follows the plan but for rejects and pending members."""

    sync: Sync
    plan: Plan | None = None
    sent: bool = False
    added: int = 0
    removed: int = 0
    rejected: int = 0
    new_rejects: int = 0
    pending: int = 0
    uncertain: int = 0  # found by recovery: an earlier push ended without knowing of them
    error: SegsyncError | None = None
    max_rejected: float = 0.01
    batch_sizes: list[int] = field(default_factory=list)
    renamed: tuple[str, str] | None = None  # the audience's old name and its new one

    @property
    def exit_code(self) -> int:
        """Of this sync alone: the error's, or 6 where rejects are new or too many."""
        if self.error is not None:
            return self.error.exit_code
        tried = self.added + self.removed + self.rejected
        many = tried > 0 and self.rejected / tried > self.max_rejected
        return EXIT_REJECTS if self.new_rejects or many else EXIT_DONE


@dataclass(frozen=True, slots=True)
class Order:
    """How a push was asked for: only to plan, with an approval, only as one plan says, with a lost audience anew."""

    dry_run: bool = False
    approve: str | None = None
    only_plan: str | None = None
    recreate: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """A plan that is not the segment's own, made and carried out by the same steps.

    `ask` says what to plan; `begin` is called once the plan is staged, before anything is sent.
    """

    ask: Callable[[Workspace, Target], Asked]
    begin: Callable[[Workspace, Target], None]
    command: str  # what takes --approve of it
    guard: str  # the stop that it always has


def push(
    space: Workspace,
    sync: Sync,
    computed: Computed | None,
    order: Order,
    progress: Progress | None = None,
    *,
    other: Other | None = None,
) -> Pushed:
    """Push one sync, or only plan it. What went wrong is on the result, with what had been done by then.

    With `other` not what the segment asks for is planned and sent, but what that says; then nothing need be computed.
    """
    result = Pushed(sync, max_rejected=space.config.guards.max_rejected)
    try:
        _push(space, sync, computed, order, result, progress or _silent, other)
    except AudienceMissing:
        result.error = planning.missing(sync, sent=result.sent)
    except SegsyncError as error:
        result.error = error
    return result


def exit_code(results: Sequence[Pushed]) -> int:
    """The gravest of several pushes."""
    return gravest(result.exit_code for result in results)


def _push(
    space: Workspace,
    sync: Sync,
    computed: Computed | None,
    order: Order,
    result: Pushed,
    progress: Progress,
    other: Other | None,
) -> None:
    if order.recreate and not order.dry_run:
        planning.recreate(space, sync)
    target = planning.aim(space, sync, dry_run=order.dry_run)
    key = target.known.key
    with space.warehouse.session():
        result.uncertain = recover(space.ledger, space.warehouse, key, space.clock) + _recovered(computed, key)
        must_agree(space.ledger, space.warehouse, key)
    if target.found is not None and not order.dry_run:
        _settle(space, target, target.found, result)
        if result.added or result.removed or result.rejected:
            space.warehouse.export_held()
    if order.approve and not order.dry_run:
        guard, see = (other.guard, other.command) if other is not None else (None, "")
        planning.approve(space, target, order.approve, guard=guard, see=see)
    asked = _asked(space, target, computed, other)
    decided = _decide(space, asked, order, result)
    if decided is None:
        return
    (plan, serial), before = decided, result.removed
    try:
        if result.plan is plan and plan.renamed is not None:
            target = naming.rename(space, target, plan.renamed)
            result.renamed = plan.renamed
        if other is not None and result.plan is plan:
            other.begin(space, target)
        if plan.writes:
            audience = _ensure(space, target)
            result.sent = True
            _send(space, target, audience, plan, serial, result, progress)
    finally:
        _close(space, target, serial, result)
    if result.plan is not plan:
        assert result.plan is not None
        raise GuardStop(stopped(result.plan, sent=plan.counts.get("suppressed", 0), gone=result.removed - before))
    if other is None and (plan.writes or target.known.platform_id is not None):
        _note_pushed(space, target, asked, plan)
    if plan.approved:
        approvals.spend(space.ledger, key, space.clock.now())


def _recovered(computed: Computed | None, key: str) -> int:
    return 0 if computed is None else computed.recovered.get(key, 0)


def _asked(space: Workspace, target: Target, computed: Computed | None, other: Other | None) -> Asked:
    if other is not None:
        return other.ask(space, target)
    assert computed is not None, "what a segment asks for is computed first"
    return planning.ask(space, target, computed)


def _decide(space: Workspace, asked: Asked, order: Order, result: Pushed) -> tuple[Plan, int] | None:
    """Make the plan, and stage at once what of it may be sent, with its serial; None where only a plan is wanted.

    Of a plan that guards stop this is the removal of suppressed people. Raises GuardStop where there is nothing such,
    or where the world is not what `only_plan` saw.
    """
    with space.warehouse.session() as con:
        plan = result.plan = make(con, asked)
        numbers = {stop.guard: stop.number for stop in plan.stops}
        if order.dry_run or plan.stops:
            _keep(space, plan, numbers, "shown")
        if order.only_plan and order.only_plan != plan.id:
            raise GuardStop(
                f"the world moved: the plan of {plan.segment} → {plan.destination} is {plan.id} now, "
                f"not {order.only_plan}. Nothing was sent. Look at it: "
                f"segsync plan {plan.segment} --to {plan.destination}{_waiting(plan)}"
            )
        if order.dry_run:
            return None
        if plan.stops:
            if order.only_plan or not asked.exists or not plan.counts.get("suppressed", 0):
                raise GuardStop(stopped(plan))
            plan = only_forced(con, asked, plan)
        mark = {asked.instead.guard: sum(cut.size for cut in plan.cuts)} if asked.instead is not None else {}
        serial = _keep(space, plan, mark, "open")
        stage(space.warehouse, con, plan, serial)
        return plan, serial


def stopped(plan: Plan, *, sent: int = 0, gone: int = 0) -> str:
    """Why a plan was not pushed, and both ways on. `sent`: suppressed people whose removal was, with how many went."""
    reasons = "\n".join(f"  {stop.text}" for stop in plan.stops)
    changed = ""
    if plan.rule_change is not None:
        changed = (
            f"\n  The rule changed since the push of {plan.rule_change.pushed_at}:"
            f"\n    before  {plan.rule_change.before}\n    now     {plan.rule_change.after}"
        )
    name = f"{plan.segment} → {plan.destination}"
    waits = plan.counts.get("withdrawn", 0)
    withdrawn = (
        f"\n  {waits:,} {_people(waits)} whose consent was withdrawn {_are(waits)} removed with it; "
        "until then nobody without consent is added or refreshed."
        if waits
        else ""
    )
    return (
        f"{name} was stopped. {_forced(sent, gone) or 'Nothing was sent' + _waiting(plan)}.\n"
        f"{reasons}{changed}{withdrawn}\n"
        f"  If that is wrong, look at what was read: segsync status, and segsync why PERSON {plan.segment}\n"
        f"  If it is right: segsync {plan.command} --approve {plan.id}"
    )


def _forced(sent: int, gone: int) -> str:
    if not sent:
        return ""
    if gone >= sent:
        return f"{sent:,} suppressed {_people(sent)} {'was' if sent == 1 else 'were'} removed; nothing else was sent"
    return f"The removal of {sent:,} suppressed {_people(sent)} was sent ({gone:,} gone so far); nothing else was"


def _waiting(plan: Plan) -> str:
    """With `--plan` nothing is sent but the plan itself, also not what nothing holds back."""
    waits = plan.counts.get("suppressed", 0)
    if not waits:
        return ""
    return (
        f".\n  {waits:,} suppressed {_people(waits)} {_are(waits)} removed by a push without --plan, "
        "which no guard holds back"
    )


def _people(count: int) -> str:
    return "person" if count == 1 else "people"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _keep(space: Workspace, plan: Plan, numbers: Mapping[str, int], state: str) -> int:
    return batches.open_plan(
        space.ledger,
        plan_id=plan.id,
        audience=plan.known.key,
        run_id=space.run_id,
        at=space.clock.now(),
        counts=plan.counts,
        stops=numbers,
        state=state,
    )


def _ensure(space: Workspace, target: Target) -> AudienceRef:
    """The audience to push to; made if there is none. The ledger knows of the intent before the platform does."""
    known, ledger = target.known, space.ledger
    found = target.found
    if found is None:
        audiences.note(ledger, known.key, making=True)
        found = target.destination.create_audience(target.wanted)
    if known.platform_id is None:
        audiences.note(
            ledger,
            known.key,
            platform_id=found.id,
            name=found.name,
            ours=True,
            named=target.sync.audience,
            making=False,
            verified_at=space.clock.now(),
        )
    return found


def _send(
    space: Workspace,
    target: Target,
    audience: AudienceRef,
    plan: Plan,
    serial: int,
    result: Pushed,
    progress: Progress,
) -> None:
    key, total, sent = target.known.key, sum(cut.size for cut in plan.cuts), 0
    batches.record(
        space.ledger,
        [Recorded(0, serial, key, cut.number, cut.phase, cut.action, cut.size) for cut in plan.cuts],
    )
    recorded = batches.of_plan(space.ledger, serial)
    for phase in sorted({batch.phase for batch in recorded}):
        for number, batch in enumerate(b for b in recorded if b.phase == phase):
            _send_one(space, target, audience, batch, result)
            sent += batch.size
            progress(sent, total)
            if number % FOLD_EVERY == FOLD_EVERY - 1:
                fold_all(space.ledger, space.warehouse, key, space.clock)
        fold_all(space.ledger, space.warehouse, key, space.clock)
        _settle(space, target, audience, result)


def _send_one(space: Workspace, target: Target, audience: AudienceRef, batch: Recorded, result: Pushed) -> None:
    members = _members(space, batch)
    if not members:
        return
    call = Batch(batches.batch_id(batch.seq), batch.seq, audience, batch.action, members)
    batches.mark_sent(space.ledger, batch.seq, space.clock.now())
    receipt = target.destination.push(call)
    batches.record_receipt(space.ledger, batch.seq, receipt, space.clock.now())
    result.batch_sizes.append(len(members))
    fresh = keep_rejects(space.ledger, batch, receipt, members, space.run_id, space.clock)
    _count(result, settling.Tally.of(batch.action, receipt, fresh))


def _settle(space: Workspace, target: Target, audience: AudienceRef, result: Pushed) -> None:
    settled = settling.settle(space, target, audience)
    _count(result, settled)
    result.pending = settled.pending


def _count(result: Pushed, tally: settling.Tally) -> None:
    result.added += tally.added
    result.removed += tally.removed
    result.rejected += tally.rejected
    result.new_rejects += tally.new_rejects


def _members(space: Workspace, batch: Recorded) -> list[Member]:
    """A batch's members from the outbox; of removes, those that `_removable` leaves."""
    with space.warehouse.session() as con:
        outbox, held = con.table("outbox"), con.table("held")
        plan = outbox.filter(outbox.plan == str(batch.plan))
        rows = plan.filter(plan.batch == batch.number)
        if batch.action is Action.REMOVE:
            mine = held.filter((held.audience == batch.audience) & (held.state != "removed"))
            rows = _removable(rows, mine, mine.semi_join(plan.filter(plan.action == Action.ADD.value), "person"))
        return fold.members(rows)


def _removable(rows: Any, held: Any, added: Any) -> Any:
    """Removes without those whose profile turned out to be that of somebody whom this plan has added.

    While a person's new profile is pending, their former one stays too: both may be one. Where the platform did not
    say which profile the new one is, the former is named by its identifiers alone: its id may be the new one's.
    """
    rows = rows.anti_join(added.filter(added.platform_id.notnull()), "platform_id")
    rows = rows.mutate(owner=rows.person.split("~")[0])
    owners = held.select(owner="person", owners_id="platform_id", owners_state="state")
    rows = rows.left_join(owners, "owner")
    rows = rows.filter(rows.owners_state.isnull() | (rows.owners_state != "pending"))
    unsure = (rows.owner != rows.person) & rows.owners_state.notnull() & rows.owners_id.isnull()
    return rows.mutate(platform_id=unsure.ifelse(ibis.null("string"), rows.platform_id))


def _close(space: Workspace, target: Target, serial: int, result: Pushed) -> None:
    """Fold what is known; what was sent without an answer becomes uncertain; then the plan is through."""
    failed = bool(batches.without_receipt(space.ledger, serial))
    recover(space.ledger, space.warehouse, target.known.key, space.clock)
    batches.close_plan(space.ledger, serial, "abandoned" if failed else "done")
    if result.batch_sizes:
        space.warehouse.export_held()


def _note_pushed(space: Workspace, target: Target, asked: Asked, plan: Plan) -> None:
    undone = target.known.undone
    stands = undone is not None and not plan.writes and undone["rule"] == asked.rule  # else it was approved, or changed
    audiences.note(
        space.ledger,
        target.known.key,
        undone=dict(undone) if undone is not None and stands else None,
        pushed_at=space.clock.now(),
        pushed_run=space.run_id,
        rule=asked.rule,
        baseline={state.name: dict(state.sizes or {}) for state in asked.sources},
    )


def _silent(_sent: int, _total: int) -> None:
    """No progress is shown."""
