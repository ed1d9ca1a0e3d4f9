"""Turning tickets into receipts: the platform is asked until it knows, or until patience is at its end."""

from __future__ import annotations

from dataclasses import dataclass

from segsync.ledger import batches
from segsync.ledger.batches import Recorded
from segsync.model import Action, AudienceRef, Batch, Receipt, Ticket
from segsync.run import fold
from segsync.run.privacy import errands
from segsync.run.recover import fold_all, keep_rejects
from segsync.run.target import Target
from segsync.run.workspace import Workspace

PATIENCE = 900.0  # the age in seconds up to which a ticket is waited for; then members stay pending for the next run
FIRST_NAP, LONGEST_NAP = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class Tally:
    """How many members were added, removed and rejected (some of them newly), and how many are pending yet."""

    added: int = 0
    removed: int = 0
    rejected: int = 0
    new_rejects: int = 0
    pending: int = 0

    @classmethod
    def of(cls, action: Action, receipt: Receipt, new_rejects: int) -> Tally:
        accepted = len(receipt.accepted)
        added, removed = (accepted, 0) if action is Action.ADD else (0, accepted)
        return cls(added, removed, len(receipt.rejects), new_rejects, len(receipt.pending))

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.added + other.added,
            self.removed + other.removed,
            self.rejected + other.rejected,
            self.new_rejects + other.new_rejects,
            self.pending + other.pending,
        )


def settle(space: Workspace, target: Target, audience: AudienceRef) -> Tally:
    """Ask for every open ticket of an audience, and fold what is answered; `pending` counts who is left.

    A ticket is waited for until it is PATIENCE old, also where an earlier run took it; after that, each run asks once.
    """
    if not target.writes.settles:
        return Tally()
    key, tally, nap = target.known.key, Tally(), FIRST_NAP
    while waiting := batches.unsettled(space.ledger, key):
        for batch, receipt, _ in waiting:
            if receipt.ticket is not None and receipt.ticket.due_at <= space.clock.now():
                tally += _ask(space, target, audience, batch, receipt.ticket)
        fold_all(space.ledger, space.warehouse, key, space.clock)
        open_tickets = [r.ticket for _, r, _ in batches.unsettled(space.ledger, key) if r.ticket is not None]
        if not open_tickets:
            break
        now = space.clock.now()
        nap = max(nap, min((ticket.due_at - now).total_seconds() for ticket in open_tickets))
        if nap > max((ticket.taken_at - now).total_seconds() for ticket in open_tickets) + PATIENCE:
            break
        space.clock.sleep(nap)
        nap = min(LONGEST_NAP, nap * 2)
    left = sum(len(receipt.pending) for _, receipt, _ in batches.unsettled(space.ledger, key))
    return Tally(tally.added, tally.removed, tally.rejected, tally.new_rejects, left)


def _ask(space: Workspace, target: Target, audience: AudienceRef, batch: Recorded, ticket: Ticket) -> Tally:
    members = fold.pending_members(space.warehouse, batch)
    asked = {member.person for member in members}
    waiting = errands.waiting_members(space, batch.audience, batch.seq)
    forgotten = [member for member in waiting if member.person not in asked]
    if not members and not forgotten:  # a later batch knows better: there is nobody left to ask for
        batches.record_receipt(space.ledger, batch.seq, Receipt(batches.batch_id(batch.seq)), space.clock.now())
        return Tally()
    call = Batch(batches.batch_id(batch.seq), batch.seq, audience, batch.action, [*members, *forgotten])
    answer = target.destination.settle(ticket, call)
    if answer is None:
        return Tally()
    answer = errands.without_them(answer, forgotten)
    batches.record_receipt(space.ledger, batch.seq, answer, space.clock.now())
    fresh = keep_rejects(space.ledger, batch, answer, members, space.run_id, space.clock)
    return Tally.of(batch.action, answer, fresh)
