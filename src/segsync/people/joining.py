"""Join customers into people: compute `identities` anew, with person keys that stay.

The order of the writes makes a kill harmless: `held` moves first, `identities` after it, and doing both again ends
the same.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any

import ibis
import ibis.expr.types as ir
import sqlglot

from segsync.people.components import components
from segsync.people.first import first_of
from segsync.people.inheritance import claims, held_following, highest_number, inherit, merges, new_keys
from segsync.people.nodes import matches, nodes
from segsync.people.scratch import Engine, Keep, Write, naive, scratch
from segsync.redact import mask_email, mask_phone


@dataclass(frozen=True, slots=True)
class Oversized:
    """Too many customers on one identifier (masked) to be one person; each was left alone."""

    identifier: str
    customers: int


@dataclass(frozen=True, slots=True)
class Joining:
    """What `resolve` found. `merged`: persons who became another; `split`: persons newly parted from an old one."""

    customers: int
    guests: int
    people: int
    merged: int = 0
    split: int = 0
    oversized: list[Oversized] = field(default_factory=list)


def resolve(
    con: Engine,
    write: Write,
    *,
    run_id: int,
    at: datetime,
    max_customers: int,
    undeliverable: Set[str] = frozenset(),
) -> Joining:
    """Compute `identities` from the landed records, and move `held` rows of merged people to those they became.

    `run_id` must be one that no earlier run had. Nodes known before keep their `since`, new ones get `at`. Customers
    of `undeliverable` sources are joined by e-mail alone. With nothing changed, `identities` comes out the same.
    """
    with scratch(con) as keep:
        customers, orders, before = con.table("customers"), con.table("orders"), con.table("identities")
        everyone = keep("nodes", nodes(customers, orders))
        shared = keep("matches", matches(everyone, customers, orders, undeliverable))
        joined = keep("joined", sized(everyone, components(keep, shared)))
        oversized = _oversized(joined, shared, max_customers)
        placed = keep("placed", place(everyone, joined, before, max_customers=max_customers))
        keys, merged, split = _person_keys(con, keep, placed, before, run_id)
        write("identities", identities(placed, keys, at=naive(at)))
        return Joining(**_counts(placed), merged=merged, split=split, oversized=oversized)


def sized(everyone: ir.Table, found: ir.Table) -> ir.Table:
    """node, component, joined_by, customers (how many the component has; guests are not counted)."""
    flags = everyone.select("node", "customer")
    rows = found.join(flags, "node")
    together = ibis.window(group_by=rows.component)
    return rows.select("node", "component", "joined_by", customers=rows.customer.sum().over(together))


def place(everyone: ir.Table, joined: ir.Table, before: ir.Table, *, max_customers: int) -> ir.Table:
    """node, source, customer_id, customer, component, joined_by, was, since: each node, and who it was before."""
    kept = joined.filter(joined.customers <= max_customers).select("node", "component", "joined_by")
    known = before.select("source", "customer_id", "since", was=before.person)
    rows = everyone.left_join(kept, "node").left_join(known, ["source", "customer_id"])
    return rows.select(
        "node",
        "source",
        "customer_id",
        "customer",
        component=ibis.coalesce(rows.component, rows.node),
        joined_by=ibis.coalesce(rows.joined_by, "id"),
        was=rows.was,
        since=rows.since,
    )


def identities(placed: ir.Table, keys: ir.Table, *, at: datetime) -> ir.Table:
    """The table `identities` of streams.py."""
    rows = placed.join(keys, "component")
    since = ibis.coalesce(rows.since, ibis.literal(at, type="timestamp"))
    return rows.select("source", "customer_id", "person", "joined_by", since=since)


def _person_keys(con: Engine, keep: Keep, placed: ir.Table, before: ir.Table, run_id: int) -> tuple[ir.Table, int, int]:
    """component → person for every component, and how many persons were merged and split."""
    if not before.limit(1).count().execute():
        return new_keys(placed, run_id=run_id), 0, 0
    claimed = keep("claims", claims(placed, before))
    kept = inherit(keep, claimed)
    merged = keep("merges", merges(claimed, kept))
    merged_count = int(merged.count().execute())
    if merged_count:
        keep("following", held_following(merged, con.table("held")))
        for following in ("move_was_held.sql", "move_held.sql"):  # what follows is found by `held`, so it moves last
            con.raw_sql(statement(following, con.dialect))
    split = claimed.anti_join(kept, "component").component.nunique().execute()
    given = before.select("person").union(con.table("held").select("person"))
    after = highest_number(given, run_id=run_id)
    fresh = new_keys(placed, kept, run_id=run_id, after=after)
    return kept.rename(person="was").union(fresh), merged_count, int(split)


def statement(name: str, dialect: Any) -> str:
    """A statement of this package in an engine's dialect, names quoted as Ibis quotes them."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return sqlglot.parse_one(text).sql(dialect=dialect, identify=True)


def largest(joined: ir.Table, shared: ir.Table, *, max_customers: int) -> ir.Table:
    """value, customers: each component that is too large, under the identifier that most of its nodes share."""
    large = joined.filter(joined.customers > max_customers).join(shared, "node")
    counted = large.group_by("component", "customers", "value").agg(nodes=large.count())
    named = first_of(counted, "component", order=[counted.nodes.desc(), counted.value])
    return named.order_by([named.customers.desc(), named.component]).select("value", "customers")


def _oversized(joined: ir.Table, shared: ir.Table, max_customers: int) -> list[Oversized]:
    rows = largest(joined, shared, max_customers=max_customers).execute()
    return [Oversized(_masked(value), int(n)) for value, n in zip(rows["value"], rows["customers"], strict=True)]


def _masked(value: str) -> str:
    return mask_email(value) if "@" in value else mask_phone(value)


def _counts(placed: ir.Table) -> dict[str, int]:
    row = placed.agg(customers=placed.customer.sum(), nodes=placed.count(), people=placed.component.nunique()).execute()
    customers = int(row["customers"].fillna(0).iloc[0])
    return {
        "customers": customers,
        "guests": int(row["nodes"].iloc[0]) - customers,
        "people": int(row["people"].iloc[0]),
    }
