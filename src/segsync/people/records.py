"""What is known of each person at one instant: customer records, and what owners of orders gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
import ibis.expr.types as ir

# From a person's records, the newest that has one gives each of these.
FACTS = ("first_name", "last_name", "language", "account_status", "birth_date", "gender")

_SAID = (
    *("source", "customer_id", "email", "phone"),
    *("email_subscription_status", "email_consent_at", "sms_subscription_status", "sms_consent_at", "ads_consent"),
)
_KEPT = ("person", *_SAID, *FACTS, "tags_key", "verified_email", "created_on")


def customer_records(identities: ir.Table, customers: ir.Table, *, as_of: datetime) -> ir.Table:
    """The customers rows that existed at `as_of`, each with its person and `nth`: 0 is the person's newest."""
    living = customers.filter(
        customers.deleted_at.isnull(),
        customers.created_at.isnull() | (customers.created_at <= ibis.literal(as_of, type="timestamp")),
    )
    persons = identities.select("source", "customer_id", "person")
    rows = living.join(persons, ["source", "customer_id"])
    newest = ibis.window(
        group_by=rows.person,
        order_by=[rows.updated_at.desc(), rows.created_at.desc(), rows.source, rows.customer_id],
    )
    return rows.select(*_KEPT, nth=ibis.row_number().over(newest))


def vanished_records(customers: ir.Table) -> ir.Table:
    """What customers who have vanished gave and said, each with when they were found to be gone."""
    gone = customers.filter(customers.deleted_at.notnull())
    return gone.select(*_SAID, "deleted_at")


def owner_records(identities: ir.Table, customers: ir.Table, orders: ir.Table, *, as_of: datetime) -> ir.Table:
    """person, source, email, phone, latest: what guests and customer ids without a record gave on orders by `as_of`."""
    owners = identities.anti_join(customers, ["source", "customer_id"]).select("person", "source", owner="customer_id")
    bought = orders.filter(orders.ordered_at <= ibis.literal(as_of, type="timestamp"))
    rows = bought.join(owners, ["source", "owner"])
    return rows.group_by("person", "source", "email", "phone").agg(latest=rows.ordered_at.max())


def seen_in(rows: ir.Table, names: Sequence[str]) -> dict[str, ir.BooleanValue]:
    """Aggregates, one a source: whether the group has a row of it. Engines count flags faster than distinct lists."""
    return {f"source_{number}": (rows.source == name).any() for number, name in enumerate(names)}


def source_list(rows: ir.Table, names: Sequence[str]) -> ir.ArrayValue:
    """The names of the sources whose flag of `seen_in` is set, in the order of `names`."""
    if len(names) < 2:
        return ibis.literal(list(names), type="array<string>")
    flags = [ibis.ifelse(rows[f"source_{number}"], name, None) for number, name in enumerate(names)]
    return ibis.array(flags).filter(lambda name: name.notnull())
