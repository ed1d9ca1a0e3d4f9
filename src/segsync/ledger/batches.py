"""Plans, the batches they were cut into, and what became of each: the memory that makes a killed push harmless."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from segsync.ledger import schema
from segsync.ledger.store import Ledger, instant, stamp
from segsync.model import Action, Receipt, Reject, Ticket


@dataclass(frozen=True, slots=True)
class Recorded:
    """A batch as the ledger keeps it. `number` is its place in the outbox of `plan`."""

    seq: int
    plan: int
    audience: str
    number: int
    phase: int
    action: Action
    size: int
    sent_at: datetime | None = None


def open_plan(
    ledger: Ledger,
    *,
    plan_id: str,
    audience: str,
    run_id: int,
    at: datetime,
    counts: Mapping[str, Any],
    stops: Mapping[str, int],
    state: str,
) -> int:
    """Keep a plan, `shown` or `open`; its serial."""
    row = {
        "id": plan_id,
        "audience": audience,
        "run_id": run_id,
        "made_at": stamp(at),
        "counts": json.dumps(dict(counts)),
        "stops": json.dumps(dict(stops)),
        "state": state,
    }
    with ledger.begin() as connection:
        key = connection.execute(schema.plans.insert().values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def close_plan(ledger: Ledger, serial: int, state: str) -> None:
    """`done`, or `abandoned` by recovery."""
    with ledger.begin() as connection:
        connection.execute(schema.plans.update().where(schema.plans.c.serial == serial).values(state=state))


def open_plans(ledger: Ledger, audience: str) -> Sequence[int]:
    """Serials of an audience's plans that were opened and never closed, oldest first."""
    table = schema.plans
    query = sa.select(table.c.serial).where(table.c.audience == audience, table.c.state == "open")
    with ledger.begin() as connection:
        return list(connection.execute(query.order_by(table.c.serial)).scalars())


def shown_plan(ledger: Ledger, plan_id: str, audience: str) -> tuple[Mapping[str, int], datetime] | None:
    """The guards, with their numbers, that stopped the plan of this id, and when it was made."""
    table = schema.plans
    query = (
        sa.select(table.c.stops, table.c.made_at)
        .where(table.c.id == plan_id, table.c.audience == audience)
        .order_by(table.c.serial.desc())
    )
    with ledger.begin() as connection:
        row = connection.execute(query).first()
    return None if row is None else (json.loads(row.stops), instant(row.made_at))


def record(ledger: Ledger, batches: Iterable[Recorded]) -> None:
    """Keep a plan's batches, in the order they will be sent. Their `seq` is given here; the one passed is ignored."""
    rows = [
        {
            "plan": b.plan,
            "audience": b.audience,
            "number": b.number,
            "phase": b.phase,
            "action": b.action.value,
            "size": b.size,
        }
        for b in batches
    ]
    if rows:
        with ledger.begin() as connection:
            connection.execute(schema.batches.insert(), rows)


def of_plan(ledger: Ledger, plan: int) -> Sequence[Recorded]:
    """A plan's batches in sending order."""
    query = sa.select(schema.batches).where(schema.batches.c.plan == plan).order_by(schema.batches.c.seq)
    with ledger.begin() as connection:
        return [_recorded(row) for row in connection.execute(query).mappings()]


def pushed_in(ledger: Ledger, run_id: int) -> Sequence[str]:
    """The audiences that a run sent anything to, by their keys."""
    table, plan = schema.batches, schema.plans
    query = sa.select(table.c.audience).join(plan, plan.c.serial == table.c.plan).distinct()
    query = query.where(plan.c.run_id == run_id, table.c.sent_at.is_not(None)).order_by(table.c.audience)
    with ledger.begin() as connection:
        return list(connection.execute(query).scalars())


def of_run(ledger: Ledger, run_id: int, audience: str) -> Sequence[Recorded]:
    """What a run sent to an audience, in order."""
    table, plan = schema.batches, schema.plans
    query = sa.select(table).join(plan, plan.c.serial == table.c.plan).order_by(table.c.seq)
    query = query.where(plan.c.run_id == run_id, table.c.audience == audience, table.c.sent_at.is_not(None))
    with ledger.begin() as connection:
        return [_recorded(row) for row in connection.execute(query).mappings()]


def of_guard(ledger: Ledger, guard: str, audience: str) -> Sequence[int]:
    """The numbers of what was sent to an audience by plans that always ask, and are marked with this guard."""
    table, plan = schema.batches, schema.plans
    query = sa.select(table.c.seq, plan.c.stops).join(plan, plan.c.serial == table.c.plan)
    query = query.where(table.c.audience == audience, plan.c.stops.contains(json.dumps(guard), autoescape=True))
    with ledger.begin() as connection:
        return [row.seq for row in connection.execute(query) if guard in json.loads(row.stops)]


def last_sent_before(ledger: Ledger, at: datetime) -> int:
    """The number of the last batch that was sent before an instant; 0 for none."""
    table = schema.batches
    query = sa.select(sa.func.max(table.c.seq)).where(table.c.sent_at < stamp(at))
    with ledger.begin() as connection:
        return int(connection.execute(query).scalar() or 0)


def mark_sent(ledger: Ledger, seq: int, at: datetime) -> None:
    """Note that a batch is about to leave: from now on its fate is unknown until its receipt is here."""
    with ledger.begin() as connection:
        connection.execute(schema.batches.update().where(schema.batches.c.seq == seq).values(sent_at=stamp(at)))


def without_receipt(ledger: Ledger, plan: int) -> Sequence[Recorded]:
    """Batches of a plan that were sent and whose receipt was lost."""
    table, receipt = schema.batches, schema.receipts
    query = (
        sa.select(table)
        .outerjoin(receipt, receipt.c.batch == table.c.seq)
        .where(table.c.plan == plan, table.c.sent_at.is_not(None), receipt.c.batch.is_(None))
        .order_by(table.c.seq)
    )
    with ledger.begin() as connection:
        return [_recorded(row) for row in connection.execute(query).mappings()]


def record_receipt(ledger: Ledger, seq: int, receipt: Receipt, at: datetime) -> None:
    """Keep what became of a batch, in place of an earlier receipt that left members pending."""
    body = {
        "accepted": dict(receipt.accepted),
        "rejects": [[r.person, r.reason, r.code, r.retry] for r in receipt.rejects],
        "pending": sorted(receipt.pending),
    }
    row = {
        "batch": seq,
        "taken_at": stamp(at),
        "accepted": len(receipt.accepted),
        "rejected": len(receipt.rejects),
        "pending": len(receipt.pending),
        "body": json.dumps(body),
        "ticket": ticket_text(receipt.ticket),
        "folded_at": None,
    }
    statement = insert(schema.receipts).values(row)
    earlier = schema.receipts.c
    sums = {"accepted": earlier.accepted + len(receipt.accepted), "rejected": earlier.rejected + len(receipt.rejects)}
    with ledger.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["batch"], set_=row | sums))


def unfolded(ledger: Ledger, audience: str) -> Sequence[tuple[Recorded, Receipt, datetime]]:
    """Receipts of an audience that `held` does not show yet, with when they were taken, oldest batch first."""
    return _receipts(ledger, audience, schema.receipts.c.folded_at.is_(None))


def unsettled(ledger: Ledger, audience: str) -> Sequence[tuple[Recorded, Receipt, datetime]]:
    """Folded receipts of an audience whose ticket the platform has not answered yet."""
    return _receipts(ledger, audience, schema.receipts.c.folded_at.is_not(None), schema.receipts.c.ticket.is_not(None))


def mark_folded(ledger: Ledger, seqs: Sequence[int], at: datetime) -> None:
    """Note that `held` shows these receipts; who was what is needed no longer, but for a ticket's sake."""
    table = schema.receipts
    with ledger.begin() as connection:
        chosen = table.update().where(table.c.batch.in_(seqs))
        connection.execute(chosen.values(folded_at=stamp(at)))
        connection.execute(chosen.where(table.c.ticket.is_(None)).values(body=None))


def _receipts(
    ledger: Ledger, audience: str, *conditions: sa.ColumnElement[bool]
) -> list[tuple[Recorded, Receipt, datetime]]:
    table, receipt = schema.batches, schema.receipts
    query = (
        sa.select(table, receipt.c.body, receipt.c.ticket, receipt.c.taken_at)
        .join(receipt, receipt.c.batch == table.c.seq)
        .where(table.c.audience == audience, *conditions)
        .order_by(table.c.seq)
    )
    with ledger.begin() as connection:
        rows = connection.execute(query).mappings().all()
    return [(_recorded(row), _receipt(row), instant(row["taken_at"])) for row in rows]


def _recorded(row: sa.RowMapping) -> Recorded:
    sent = instant(row["sent_at"]) if row["sent_at"] else None
    return Recorded(
        row["seq"], row["plan"], row["audience"], row["number"], row["phase"], Action(row["action"]), row["size"], sent
    )


def _receipt(row: sa.RowMapping) -> Receipt:
    body = json.loads(row["body"])
    return Receipt(
        batch_id=batch_id(row["seq"]),
        accepted=body["accepted"],
        rejects=tuple(Reject(*fields) for fields in body["rejects"]),
        pending=frozenset(body["pending"]),
        ticket=read_ticket(row["ticket"]),
    )


def batch_id(seq: int) -> str:
    """A batch's id as connectors see it."""
    return f"b{seq}"


def ticket_text(ticket: Ticket | None) -> str | None:
    """A ticket as the ledger keeps it; the inverse of `read_ticket`."""
    if ticket is None:
        return None
    return json.dumps([ticket.id, stamp(ticket.taken_at), stamp(ticket.due_at), dict(ticket.detail)])


def read_ticket(text: str | None) -> Ticket | None:
    """The ticket that a text was written from."""
    if text is None:
        return None
    id_, taken_at, due_at, detail = json.loads(text)
    return Ticket(id_, instant(taken_at), instant(due_at), detail)
