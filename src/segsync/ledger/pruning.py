"""Keeping the ledger's details for as long as the config says. Runs, totals and what is still open stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from segsync.ledger import schema
from segsync.ledger.store import Ledger, stamp


@dataclass(frozen=True, slots=True)
class Pruned:
    """What retention took of a source's stream in all, and the day before which nothing is kept."""

    records: int
    before: date


def note_pruned(ledger: Ledger, source: str, stream: str, pruned: Pruned) -> None:
    """Keep how much of a stream has been taken in all."""
    row = {"source": source, "stream": stream, "records": pruned.records, "before": pruned.before.isoformat()}
    statement = insert(schema.pruned).values(row)
    with ledger.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["source", "stream"], set_=row))


def pruned(ledger: Ledger) -> Mapping[tuple[str, str], Pruned]:
    """What was taken so far, by source and stream."""
    with ledger.begin() as connection:
        rows = connection.execute(sa.select(schema.pruned)).all()
    return {(row.source, row.stream): Pruned(row.records, date.fromisoformat(row.before)) for row in rows}


def forget_pruned(ledger: Ledger, source: str) -> None:
    """Count what is taken of a source from nothing again."""
    with ledger.begin() as connection:
        connection.execute(schema.pruned.delete().where(schema.pruned.c.source == source))


def prune_details(ledger: Ledger, before: datetime) -> int:
    """Delete the details of runs that began before then; how many rows went.

    Runs and segment sizes stay, as do the newest read of each root, what is not folded or settled, and batches that
    an erasure waits for.
    """
    runs, reads, flaws, sizes = schema.runs, schema.reads, schema.flaws, schema.sizes
    old = sa.select(runs.c.id).where(runs.c.started_at < stamp(before))
    newest = sa.select(sa.func.max(reads.c.run_id)).group_by(reads.c.source, reads.c.root)
    good = newest.where(reads.c.error.is_(None))
    busy = newest.where(sa.or_(reads.c.records > 0, reads.c.flaws > 0))
    kept = sa.union(newest, good, busy).subquery()
    needed = sa.select(kept)
    last = sa.select(sa.func.max(sizes.c.run_id))
    gone = 0
    with ledger.begin() as connection:
        for table in (reads, flaws):
            mine = sa.and_(table.c.run_id.in_(old), table.c.run_id.not_in(needed))
            gone += connection.execute(table.delete().where(mine)).rowcount
        gone += connection.execute(sizes.delete().where(sizes.c.run_id.in_(old), sizes.c.run_id.not_in(last))).rowcount
        rejects, approvals = schema.rejects, schema.approvals
        gone += connection.execute(rejects.delete().where(rejects.c.last_at < stamp(before))).rowcount
        gone += connection.execute(approvals.delete().where(approvals.c.expires_at < stamp(before))).rowcount
        gone += _prune_pushes(connection, old)
    return gone


def _prune_pushes(connection: sa.Connection, old: sa.Select[tuple[int]]) -> int:
    plans, batches, receipts, errands = schema.plans, schema.batches, schema.receipts, schema.errands
    busy = sa.select(batches.c.plan).join(receipts, receipts.c.batch == batches.c.seq)
    busy = busy.where(sa.or_(receipts.c.folded_at.is_(None), receipts.c.ticket.is_not(None)))
    waited = sa.select(batches.c.plan).join(errands, errands.c.waits_for == batches.c.seq)
    mine = sa.and_(plans.c.run_id.in_(old), plans.c.state != "open", plans.c.serial.not_in(sa.union(busy, waited)))
    serials = list(connection.execute(sa.select(plans.c.serial).where(mine)).scalars())
    gone = 0
    for at in range(0, len(serials), 500):
        part = serials[at : at + 500]
        seqs = sa.select(batches.c.seq).where(batches.c.plan.in_(part))
        gone += connection.execute(receipts.delete().where(receipts.c.batch.in_(seqs))).rowcount
        gone += connection.execute(batches.delete().where(batches.c.plan.in_(part))).rowcount
        gone += connection.execute(plans.delete().where(plans.c.serial.in_(part))).rowcount
    return gone
