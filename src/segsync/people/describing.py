"""Describe people: compute `identifiers` and `people` from the joined records."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from segsync.people.facts import people
from segsync.people.identifiers import identifiers
from segsync.people.records import customer_records, owner_records, vanished_records
from segsync.people.scratch import Engine, Write, naive, scratch


def describe(con: Engine, write: Write, *, as_of: datetime, undeliverable: Set[str] = frozenset()) -> None:
    """Compute `identifiers` and `people` as they stood at `as_of`, from `identities` and the landed records.

    Whoever did not exist then is in neither. Identifiers that only `undeliverable` sources gave, and Amazon's relay
    addresses, are marked as not deliverable.
    """
    with scratch(con) as keep:
        joined, customers, orders = con.table("identities"), con.table("customers"), con.table("orders")
        records = keep("records", customer_records(joined, customers, as_of=naive(as_of)))
        owners = keep("owners", owner_records(joined, customers, orders, as_of=naive(as_of)))
        gone = keep("vanished", vanished_records(customers))
        names = sorted(joined.select("source").distinct().execute()["source"])
        write("identifiers", identifiers(records, owners, gone, names=names, undeliverable=undeliverable))
        known = con.table("identifiers")
        write("people", people(records, owners, gone, con.table("addresses"), known, names=names))
