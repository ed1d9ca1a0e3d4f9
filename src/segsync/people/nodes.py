"""Who might be somebody, and what says that two of them are one: expressions over landed records.

A node is one source's record of somebody: a customer who has not vanished, or the owner of orders whom no customers
row names (a guest, or a customer id of which only orders are known). Nodes are numbered, and everything after that
works on numbers.
"""

from __future__ import annotations

from collections.abc import Collection

import ibis
import ibis.expr.types as ir

GUEST = "guest:"  # how landing writes an owner without a customer id; see `orders.owner` in streams.py
MARKETPLACE = "@marketplace.amazon."  # Amazon's relay addresses, in every country; they match nobody and never leave


def nodes(customers: ir.Table, orders: ir.Table) -> ir.Table:
    """node, source, customer_id, customer (1 for a customers row, 0 for an owner of orders)."""
    known = customers.filter(customers.deleted_at.isnull()).select("source", "customer_id")
    owners = (
        orders.filter(orders.owner.notnull())
        .select("source", customer_id=orders.owner)
        .distinct()
        .anti_join(customers, ["source", "customer_id"])
        .anti_join(_vanished_guests(customers), ["source", "customer_id"])
    )
    everyone = known.mutate(customer=_one()).union(owners.mutate(customer=_zero()))
    return everyone.mutate(node=ibis.row_number().over(order_by=[everyone.source, everyone.customer_id]))


def _vanished_guests(customers: ir.Table) -> ir.Table:
    """Owners that orders of vanished customers would make: deleted people are not resurrected by their orders.

    An e-mail or phone that a living customer also has is not among them.
    """
    living = customers.filter(customers.deleted_at.isnull())
    vanished = customers.filter(customers.deleted_at.notnull())
    gone = _values(vanished).anti_join(_values(living), "value")
    return gone.select("source", customer_id=ibis.literal(GUEST) + gone.value).distinct()


def _values(customers: ir.Table) -> ir.Table:
    emails = customers.select("source", value=customers.email)
    both = emails.union(customers.select("source", value=customers.phone))
    return both.filter(both.value.notnull())


def matches(nodes: ir.Table, customers: ir.Table, orders: ir.Table, undeliverable: Collection[str]) -> ir.Table:
    """node, kind, value, hub: nodes that share an identifier with others; the hub is the smallest node that has it.

    `kind` is `email` or `phone`. Nodes that share nothing are not in it.
    """
    known = nodes.filter(nodes.customer == 1).select("node", "source", "customer_id")
    known = known.join(customers, ["source", "customer_id"])
    known = known.select("node", "source", "email", "phone", "last_name_key")
    shared = _emails(nodes, known, orders).union(_phones(known, undeliverable))
    together = ibis.window(group_by=[shared.kind, shared.value, shared.household])
    counted = shared.mutate(hub=shared.node.min().over(together), sharing=shared.node.count().over(together))
    return counted.filter(counted.sharing > 1).select("node", "kind", "value", "hub")


def _emails(nodes: ir.Table, known: ir.Table, orders: ir.Table) -> ir.Table:
    bought = orders.filter(orders.email.notnull()).select("source", "email", customer_id=orders.owner)
    owners = nodes.filter(nodes.customer == 0).join(bought, ["source", "customer_id"])
    emails = known.select("node", "email").union(owners.select("node", "email").distinct())
    emails = emails.filter(emails.email.notnull(), ~emails.email.contains(MARKETPLACE))
    return emails.select("node", kind=ibis.literal("email"), value=emails.email, household=ibis.literal(""))


def _phones(known: ir.Table, undeliverable: Collection[str]) -> ir.Table:
    """Customers whose phones may join them: last names agree, and no two e-mails stand on one phone and name.

    A customer has one phone and one last name, and so brings at most one such group to one e-mail: no chain of
    phones can join two e-mails that nothing else joins.
    """
    phones = known.filter(known.phone.notnull(), known.last_name_key.notnull(), may_leave(known, undeliverable))
    groups = phones.group_by("phone", "last_name_key").agg(one=phones.email.min(), other=phones.email.max())
    alone = groups.filter(groups.one.isnull() | (groups.one == groups.other)).select("phone", "last_name_key")
    agreeing = phones.join(alone, ["phone", "last_name_key"])
    return agreeing.select("node", kind=ibis.literal("phone"), value=agreeing.phone, household=agreeing.last_name_key)


def may_leave(records: ir.Table, undeliverable: Collection[str]) -> ir.BooleanValue:
    """Whether the record's source may give identifiers to destinations."""
    if not undeliverable:
        return ibis.literal(True)
    return ~records.source.isin(sorted(undeliverable))


def _one() -> ir.IntegerScalar:
    return ibis.literal(1, type="int64")


def _zero() -> ir.IntegerScalar:
    return ibis.literal(0, type="int64")
