"""Bringing what became of batches into `held`. Everything here may be done twice with the same result.

A row of `held` gives way only to a higher batch, or to the settled answer of the same one; a removal leaves a
tombstone without identifiers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import pandas as pd

from segsync.ledger.batches import Recorded
from segsync.model import Action, Member, Receipt
from segsync.plan import identifiers as texts
from segsync.warehouse import Warehouse

_KEY = ["audience", "person"]
_NONE = ibis.null("string")


def fold(warehouse: Warehouse, batch: Recorded, receipt: Receipt, taken_at: datetime) -> None:
    """Show a receipt in `held`: accepted adds are held, accepted removes are gone, tickets leave members pending."""
    with warehouse.session() as con:
        con.create_table("outcomes", _outcomes(receipt), temp=True, overwrite=True)
        rows = _beside(con, batch, con.table("outcomes"))
        pending, accepted = rows.outcome == "pending", rows.outcome == "accepted"
        removing = batch.action is Action.REMOVE
        answered = rows.old_state.notnull() if removing else rows.old_state == "pending"
        rows = rows.filter(pending | accepted | answered)
        # Whoever could not be removed may be there or not: they are added when they come back.
        back = ibis.literal("uncertain") if removing else _after_a_refused_add(rows)
        state = ibis.cases((pending, "pending"), (accepted, "removed" if removing else "held"), else_=back)
        identifiers = rows.old_identifiers if removing else rows.identifiers
        rows = rows.mutate(
            state=state,
            was=pending.ifelse(ibis.coalesce(rows.old_was, rows.old_state), _NONE),
            identifiers=(state == "removed").ifelse(_NONE, identifiers),
            accepted_at=ibis.literal(taken_at.replace(tzinfo=None), type="timestamp"),
        )
        _replace(warehouse, con, batch, rows)


def mark_uncertain(warehouse: Warehouse, batch: Recorded) -> None:
    """Nobody knows what became of this batch: its members may be in the audience, by the identifiers that were sent."""
    with warehouse.session() as con:
        outcomes = _sent(con, batch).select("person", told_id=_NONE)
        rows = _beside(con, batch, outcomes).mutate(state=ibis.literal("uncertain"), was=_NONE)
        _replace(warehouse, con, batch, rows)


def pending_members(warehouse: Warehouse, batch: Recorded) -> list[Member]:
    """The members of a batch whom the platform has not answered for yet, as they were sent."""
    with warehouse.session() as con:
        held = con.table("held")
        return members(
            held.filter((held.audience == batch.audience) & (held.batch_seq == batch.seq) & (held.state == "pending"))
        )


def members(table: Any) -> list[Member]:
    """Rows of `held` or of the outbox as a connector sees them, by person."""
    rows = table.select("person", "identifiers", "platform_id").order_by("person").to_pyarrow()
    people, sent, ids = (column.to_pylist() for column in rows.columns)
    return [Member(*row) for row in zip(people, texts.load_all(sent), ids, strict=True)]


def held_count(warehouse: Warehouse, audience: str) -> int:
    """How many people `held` shows in an audience, pending and uncertain ones included."""
    with warehouse.session() as con:
        held = con.table("held")
        return int(held.filter((held.audience == audience) & (held.state != "removed")).count().execute())


def _replace(warehouse: Warehouse, con: Any, batch: Recorded, rows: Any) -> None:
    """Put rows into `held`, and what they replace into `was_held`: for each batch only what was there before it."""
    con.create_table("folding", rows, temp=True, overwrite=True)
    rows, known = con.table("folding"), con.table("was_held")
    noted = known.filter((known.audience == batch.audience) & (known.batch_seq == batch.seq))
    before = rows.anti_join(noted, "person").select(
        "audience",
        "person",
        "batch_seq",
        state="old_state",
        identifiers="old_identifiers",
        platform_id="before_id",
    )
    with warehouse.transaction():
        warehouse.append("was_held", before)
        warehouse.upsert("held", rows.select(list(con.table("held").columns)), _KEY)


def _outcomes(receipt: Receipt) -> pd.DataFrame:
    """person, outcome, told_id (the platform's id, where it told one): a row a member."""
    rows: list[tuple[str, str, str | None]] = [(p, "accepted", told) for p, told in receipt.accepted.items()]
    rows += [(person, "pending", None) for person in receipt.pending]
    rows += [(reject.person, "rejected", None) for reject in receipt.rejects]
    return pd.DataFrame(rows, columns=["person", "outcome", "told_id"], dtype="str")


def _beside(con: Any, batch: Recorded, outcomes: Any) -> Any:
    """Rows for `held`, but for `state` and `was`, of those outcomes that `held` does not know better already.

    What was sent comes from the outbox, or for a ticket settled by a later run from the pending row itself.
    `old_state`, `old_was` and `old_identifiers` are what `held` shows now.
    """
    sent = _sent(con, batch).select("person", sent_id="platform_id", sent_identifiers="identifiers", sent_value="value")
    held = con.table("held")
    old = held.filter(held.audience == batch.audience).select(
        "person",
        "accepted_at",
        old_id="platform_id",
        old_identifiers="identifiers",
        old_seq="batch_seq",
        old_state="state",
        old_was="was",
        old_value="value",
    )
    rows = outcomes.left_join(sent, "person").drop("person_right").left_join(old, "person").drop("person_right")
    settles = (rows.old_seq == batch.seq) & (rows.old_state == "pending")
    rows = rows.filter(rows.old_seq.isnull() | (rows.old_seq < batch.seq) | settles)
    identifiers = ibis.coalesce(rows.sent_identifiers, rows.old_identifiers)
    known_id = (identifiers == rows.old_identifiers).ifelse(rows.old_id, _NONE)
    return rows.mutate(
        audience=ibis.literal(batch.audience),
        before_id=rows.old_id,
        identifiers=identifiers,
        platform_id=ibis.coalesce(rows.told_id, rows.sent_id, known_id),
        batch_seq=ibis.literal(batch.seq, type="int64"),
        value=ibis.coalesce(rows.sent_value, rows.old_value),
    )


def _after_a_refused_add(rows: Any) -> Any:
    """Whoever was in the audience before may be in it with either identifiers; anybody else is not."""
    return rows.old_was.isin(["held", "uncertain"]).ifelse("uncertain", "removed")


def _sent(con: Any, batch: Recorded) -> Any:
    outbox = con.table("outbox")
    return outbox.filter((outbox.plan == str(batch.plan)) & (outbox.batch == batch.number))
