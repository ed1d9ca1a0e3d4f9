"""Every expression compiles for every engine we name. Compiled is not run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pytest

from segsync.people import accounts, components, facts, identifiers, inheritance, joining, nodes, records
from segsync.streams import COMPUTED, STREAMS

ENGINES = ("duckdb", "postgres", "bigquery", "snowflake", "pyspark", "databricks")
AT = datetime(2026, 6, 1, 12)
AMAZON = frozenset({"amazon"})
NAMES = ("amazon", "shopify")


def landed(name: str) -> ir.Table:
    return ibis.table(STREAMS[name].schema, name=name)


def computed(name: str) -> ir.Table:
    return ibis.table(COMPUTED[name], name=name)


def kept(expr: ir.Table, name: str) -> ir.Table:
    """A table as `expr` would be kept."""
    return ibis.table(expr.schema(), name=name)


CUSTOMERS, ORDERS, ADDRESSES = landed("customers"), landed("orders"), landed("addresses")
IDENTITIES, HELD = computed("identities"), computed("held")

NODES = kept(nodes.nodes(CUSTOMERS, ORDERS), "nodes")
MATCHES = kept(nodes.matches(NODES, CUSTOMERS, ORDERS, AMAZON), "matches")
STARS = kept(components.nearest(MATCHES), "stars")
LINKS = kept(components.links(MATCHES, STARS), "links")
ROOTS = kept(components.first_roots(LINKS), "roots")
JOINED = kept(joining.sized(NODES, STARS), "joined")
PLACED = kept(joining.place(NODES, JOINED, IDENTITIES, max_customers=10), "placed")
CLAIMS = kept(inheritance.claims(PLACED, IDENTITIES), "claims")
KEPT = kept(inheritance.settled(CLAIMS), "kept")
MERGES = kept(inheritance.merges(CLAIMS, KEPT), "merges")
HIGHEST = inheritance.highest_number(IDENTITIES.select("person").union(HELD.select("person")), run_id=7)
FRESH = inheritance.new_keys(PLACED, KEPT, run_id=7, after=HIGHEST)
RECORDS = kept(records.customer_records(IDENTITIES, CUSTOMERS, as_of=AT), "records")
VANISHED = kept(records.vanished_records(CUSTOMERS), "vanished")
OWNERS = kept(records.owner_records(IDENTITIES, CUSTOMERS, ORDERS, as_of=AT), "owners")
IDENTIFIERS = computed("identifiers")

EXPRESSIONS: dict[str, Callable[[], ir.Table]] = {
    "nodes": lambda: nodes.nodes(CUSTOMERS, ORDERS),
    "matches": lambda: nodes.matches(NODES, CUSTOMERS, ORDERS, AMAZON),
    "stars": lambda: components.nearest(MATCHES),
    "links": lambda: components.links(MATCHES, STARS),
    "first roots": lambda: components.first_roots(LINKS),
    "next roots": lambda: components.next_roots(LINKS, ROOTS),
    "changed roots": lambda: components.changed(ROOTS, kept(ROOTS, "later")),
    "sized": lambda: joining.sized(NODES, STARS),
    "oversized": lambda: joining.largest(JOINED, MATCHES, max_customers=10),
    "placed": lambda: joining.place(NODES, JOINED, IDENTITIES, max_customers=10),
    "claims": lambda: inheritance.claims(PLACED, IDENTITIES),
    "settled": lambda: inheritance.settled(CLAIMS),
    "open claims": lambda: inheritance.open_claims(CLAIMS, KEPT),
    "merges": lambda: inheritance.merges(CLAIMS, KEPT),
    "following": lambda: inheritance.held_following(MERGES, HELD),
    "identities": lambda: joining.identities(PLACED, KEPT.rename(person="was").union(FRESH), at=AT),
    "customer records": lambda: records.customer_records(IDENTITIES, CUSTOMERS, as_of=AT),
    "owner records": lambda: records.owner_records(IDENTITIES, CUSTOMERS, ORDERS, as_of=AT),
    "identifiers": lambda: identifiers.identifiers(RECORDS, OWNERS, VANISHED, names=NAMES, undeliverable=AMAZON),
    "people": lambda: facts.people(RECORDS, OWNERS, VANISHED, ADDRESSES, IDENTIFIERS, names=NAMES),
    "gone": lambda: accounts.gone_of(CUSTOMERS, IDENTIFIERS),
    "account": lambda: accounts.nodes_of(IDENTITIES, CUSTOMERS, ORDERS, "p1-1"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_expression_compiles(engine: str, name: str) -> None:
    assert "SELECT" in str(ibis.to_sql(EXPRESSIONS[name](), dialect=engine))


@pytest.mark.parametrize("name", ["identities", "identifiers", "people"])
def test_computed_tables_have_the_declared_columns(name: str) -> None:
    assert dict(EXPRESSIONS[name]().schema()) == dict(ibis.schema(COMPUTED[name]))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_move_of_held_rows_is_one_merge(engine: str) -> None:
    text = joining.statement("move_held.sql", engine)
    assert text.startswith("MERGE INTO ")
    assert "held" in text
    assert ";" not in text
