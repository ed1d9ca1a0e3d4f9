"""What comes before any plan: bring the books in order after a push that was killed, wherever it was.

Receipts that `held` does not show yet are folded. Members of a batch that was sent and whose receipt was lost
become uncertain. Batches that never left are dropped. Nothing old is ever sent again: the next plan decides anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from segsync.clock import Clock
from segsync.errors import GuardStop
from segsync.ledger import Ledger, audiences, batches, refusals
from segsync.ledger.batches import Recorded
from segsync.model import Member, Receipt
from segsync.plan import identifiers as texts
from segsync.run import fold
from segsync.warehouse import Warehouse

UNDOABLE = timedelta(days=30)  # how long what audiences held before a batch is kept, for `segsync undo`


def recover(ledger: Ledger, warehouse: Warehouse, audience: str, clock: Clock) -> int:
    """Close what an earlier run left open for an audience; how many members are uncertain because of it."""
    with warehouse.session():
        fold_all(ledger, warehouse, audience, clock)
        plans = batches.open_plans(ledger, audience)
        lost = [batch for serial in plans for batch in batches.without_receipt(ledger, serial)]
        for batch in lost:
            fold.mark_uncertain(warehouse, batch)
        if plans:
            drop_outbox(warehouse, audience)
            audiences.note(ledger, audience, held=fold.held_count(warehouse, audience))
        for serial in plans:
            batches.close_plan(ledger, serial, "abandoned")
    return sum(batch.size for batch in lost)


def recover_all(ledger: Ledger, warehouse: Warehouse, clock: Clock) -> dict[str, int]:
    """Recover every audience that an earlier run left open; of each, how many members are uncertain because of it.

    It must come before people are joined: whoever is merged takes rows of `held` along, which must be up to date.
    """
    _prune(ledger, warehouse, clock)
    return {
        known.key: recover(ledger, warehouse, known.key, clock)
        for known in audiences.every(ledger)
        if _left_open(ledger, known.key)
    }


def _prune(ledger: Ledger, warehouse: Warehouse, clock: Clock) -> None:
    """Forget what audiences held before batches that were sent long ago: nobody undoes those any more."""
    last = batches.last_sent_before(ledger, clock.now() - UNDOABLE)
    if not last:
        return
    with warehouse.session() as con:
        old = con.table("was_held").batch_seq <= last
        if con.table("was_held").filter(old).limit(1).count().execute():
            warehouse.delete("was_held", old)


def _left_open(ledger: Ledger, audience: str) -> bool:
    return bool(batches.open_plans(ledger, audience) or batches.unfolded(ledger, audience))


def must_agree(ledger: Ledger, warehouse: Warehouse, audience: str) -> None:
    """Raise GuardStop where the warehouse shows other than the ledger noted last: it is another file, or an old copy.

    To be asked when nothing is left open.
    """
    held, counted = fold.held_count(warehouse, audience), audiences.by_key(ledger, audience).held
    if held != counted:
        raise GuardStop(
            f"{warehouse.path} is not the file that the last push wrote: it shows {held:,} members of an audience "
            f"where the ledger counted {counted:,}. Nothing was sent.\n"
            "  Put the right file back; or move this one away, and bring back what is held from its latest copy: "
            "segsync state restore"
        )


def fold_all(ledger: Ledger, warehouse: Warehouse, audience: str, clock: Clock) -> None:
    """Fold every receipt that is not folded yet, then note in the ledger how many the audience holds."""
    waiting = batches.unfolded(ledger, audience)
    if not waiting:
        return
    with warehouse.session():
        for batch, receipt, taken_at in waiting:
            fold.fold(warehouse, batch, receipt, taken_at)
        audiences.note(ledger, audience, held=fold.held_count(warehouse, audience))
    batches.mark_folded(ledger, [batch.seq for batch, _, _ in waiting], clock.now())


def keep_rejects(
    ledger: Ledger, batch: Recorded, receipt: Receipt, members: Sequence[Member], run_id: int, clock: Clock
) -> int:
    """Remember a receipt's rejects, and forget those of members accepted now; how many rejects are new."""
    refusals.clear(ledger, batch.audience, list(receipt.accepted))
    refused = {reject.person for reject in receipt.rejects}
    sent = {m.person: texts.digest(texts.dump(m.identifiers)) for m in members if m.person in refused}
    rows = [refusals.Refused(reject, batch.action, sent[reject.person]) for reject in receipt.rejects]
    return refusals.record(ledger, batch.audience, run_id, rows, clock.now())


def drop_outbox(warehouse: Warehouse, audience: str) -> None:
    """Forget what was staged for an audience."""
    with warehouse.session() as con:
        outbox = con.table("outbox")
        warehouse.delete("outbox", outbox.audience == audience)
