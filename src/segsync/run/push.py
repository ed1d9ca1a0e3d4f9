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
from segsync.plan.make import Asked, make, stage
from segsync.plan.value import Plan
from segsync.run import fold, planning, settling
from segsync.run.compute import Computed
from segsync.run.planning import Target
from segsync.run.recover import fold_all, keep_rejects, must_agree, recover
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


def push(
    space: Workspace,
    sync: Sync,
    computed: Computed,
    order: Order,
    progress: Progress | None = None,
) -> Pushed:
    """Push one sync, or only plan it. What went wrong is on the result, with what had been done by then."""
    result = Pushed(sync, max_rejected=space.config.guards.max_rejected)
    try:
        _push(space, sync, computed, order, result, progress or _silent)
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
    computed: Computed,
    order: Order,
    result: Pushed,
    progress: Progress,
) -> None:
    if order.recreate and not order.dry_run:
        planning.recreate(space, sync)
    target = planning.aim(space, sync, dry_run=order.dry_run)
    key = target.known.key
    result.uncertain = recover(space.ledger, space.warehouse, key, space.clock) + computed.recovered.get(key, 0)
    must_agree(space.ledger, space.warehouse, key)
    if target.found is not None and not order.dry_run:
        _settle(space, target, target.found, result)
        if result.added or result.removed or result.rejected:
            space.warehouse.export_held()
    if order.approve and not order.dry_run:
        planning.approve(space, target, order.approve)
    asked = planning.ask(space, target, computed)
    serial = _decide(space, asked, order, result)
    plan = result.plan
    assert plan is not None
    if serial is None:
        return
    try:
        if plan.writes:
            audience = _ensure(space, target)
            result.sent = True
            _send(space, target, audience, plan, serial, result, progress)
    finally:
        _close(space, target, serial, result)
    if plan.writes or target.known.platform_id is not None:
        _note_pushed(space, target, asked)
    if plan.approved:
        approvals.spend(space.ledger, key, space.clock.now())


def _decide(space: Workspace, asked: Asked, order: Order, result: Pushed) -> int | None:
    """Make the plan, and where it may be pushed stage it at once; its serial then, else None.

    Raises GuardStop where a guard objects, or where the world is not what `only_plan` saw.
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
                f"segsync plan {plan.segment} --to {plan.destination}"
            )
        if order.dry_run:
            return None
        if plan.stops:
            raise GuardStop(stopped(plan))
        serial = _keep(space, plan, numbers, "open")
        stage(space.warehouse, con, plan, serial)
        return serial


def stopped(plan: Plan) -> str:
    """Why a plan was not pushed, and both ways on."""
    reasons = "\n".join(f"  {stop.text}" for stop in plan.stops)
    changed = ""
    if plan.rule_change is not None:
        changed = (
            f"\n  The rule changed since the push of {plan.rule_change.pushed_at}:"
            f"\n    before  {plan.rule_change.before}\n    now     {plan.rule_change.after}"
        )
    name = f"{plan.segment} → {plan.destination}"
    return (
        f"{name} was stopped. Nothing was sent.\n{reasons}{changed}\n"
        f"  If that is wrong, look at what was read: segsync status, and segsync why PERSON {plan.segment}\n"
        f"  If it is right: segsync push {plan.segment} --to {plan.destination} --approve {plan.id}"
    )


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


def _note_pushed(space: Workspace, target: Target, asked: Asked) -> None:
    audiences.note(
        space.ledger,
        target.known.key,
        pushed_at=space.clock.now(),
        pushed_run=space.run_id,
        rule=asked.rule,
        baseline={state.name: dict(state.sizes or {}) for state in asked.sources},
    )


def _silent(_sent: int, _total: int) -> None:
    """No progress is shown."""
