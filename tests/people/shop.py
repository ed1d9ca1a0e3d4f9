"""A shop in memory: records by the line, joined and described on a plain DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import ibis
import pyarrow as pa

from segsync import people, streams

DAY_ONE = datetime(2026, 6, 1, 12, tzinfo=UTC)
LANDED_AT = datetime(2026, 1, 1)


class Shop:
    """Landed records and what is computed from them. Each `resolve` is a run of its own, a day after the last."""

    def __init__(self) -> None:
        self.con = ibis.duckdb.connect()
        self.records: dict[str, dict[tuple[str, str], dict[str, Any]]] = {
            "customers": {},
            "orders": {},
            "addresses": {},
        }
        for name, schema in streams.COMPUTED.items():
            self._fill(name, schema, [])
        self.run = 0

    def clear(self) -> None:
        """Forget everything, as if it were new; quicker than another one."""
        for rows in self.records.values():
            rows.clear()
        self._fill("identities", streams.COMPUTED["identities"], [])
        self.run = 0

    def customer(self, customer_id: str, *, source: str = "shopify", **facts: Any) -> None:
        """A customers row; again, with what changed."""
        row = self.records["customers"].setdefault(
            (source, customer_id), {"source": source, "customer_id": customer_id}
        )
        row.update(facts)
        if "last_name" in facts:
            row["last_name_key"] = streams.fold(facts["last_name"])

    def vanish(self, customer_id: str, *, source: str = "shopify") -> None:
        self.customer(customer_id, source=source, deleted_at=datetime(2026, 5, 1))

    def address(self, customer_id: str, address_id: str, *, source: str = "shopify", **facts: Any) -> None:
        row = {"source": source, "customer_id": customer_id, "address_id": address_id, "is_default": True, **facts}
        self.records["addresses"][source, address_id] = row

    def order(self, order_id: str, *, source: str = "shopify", at: datetime = LANDED_AT, **facts: Any) -> None:
        email, phone = facts.get("email"), facts.get("phone")
        given = email or phone
        owner = facts.get("customer_id") or (f"guest:{given}" if given else None)
        row = {"source": source, "order_id": order_id, "ordered_at": at, "owner": owner, "live": True, **facts}
        self.records["orders"][source, order_id] = row

    def land(self) -> None:
        for name, rows in self.records.items():
            self._fill(name, streams.STREAMS[name].schema, rows.values())

    def hold(self, *rows: tuple[str, str, str]) -> None:
        """`held` becomes these (audience, person, state)."""
        held = [
            {"audience": audience, "person": person, "state": state, "batch_seq": seq, "platform_id": f"{person}@{seq}"}
            for seq, (audience, person, state) in enumerate(rows)
        ]
        self._fill("held", streams.COMPUTED["held"], held)

    def _fill(self, name: str, schema: Any, rows: Iterable[dict[str, Any]]) -> None:
        wanted = ibis.schema(schema)
        whole = [{column: row.get(column) for column in wanted.names} for row in rows]
        self.con.con.register("landing", pa.Table.from_pylist(whole, schema=wanted.to_pyarrow()))
        self.con.raw_sql(f"CREATE OR REPLACE TABLE {name} AS FROM landing")

    def write(self, name: str, expr: Any) -> None:
        wanted = ibis.schema(streams.COMPUTED[name])
        assert expr.columns == wanted.names
        self.con.create_table(name, expr.cast(wanted), overwrite=True)

    def resolve(self, *, max_customers: int = 10, undeliverable: frozenset[str] = frozenset()) -> people.Joining:
        self.land()
        self.run += 1
        at = DAY_ONE.replace(day=self.run)
        return people.resolve(
            self.con, self.write, run_id=self.run, at=at, max_customers=max_customers, undeliverable=undeliverable
        )

    def describe(self, *, as_of: datetime = DAY_ONE, undeliverable: frozenset[str] = frozenset()) -> None:
        self.land()
        people.describe(self.con, self.write, as_of=as_of, undeliverable=undeliverable)

    def rows(self, name: str, *order: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.con.table(name).order_by(*order).to_pyarrow().to_pylist()
        return found

    @property
    def identities(self) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self.rows("identities", "source", "customer_id")
        assert len({(row["source"], row["customer_id"]) for row in rows}) == len(rows)
        return {(row["source"], row["customer_id"]): row for row in rows}

    def person(self, customer_id: str, *, source: str = "shopify") -> str | None:
        row = self.identities.get((source, customer_id))
        return row["person"] if row else None

    @property
    def groups(self) -> set[frozenset[str]]:
        """Who is one person, by customer_id alone."""
        joined: dict[str, set[str]] = {}
        for (_, customer_id), row in self.identities.items():
            joined.setdefault(row["person"], set()).add(customer_id)
        return {frozenset(group) for group in joined.values()}

    def facts(self, customer_id: str, *, source: str = "shopify") -> dict[str, Any]:
        """The row of `people` of whoever this is."""
        person = self.person(customer_id, source=source)
        (row,) = [row for row in self.rows("people", "person") if row["person"] == person]
        return row

    def identifiers(self, customer_id: str, kind: str, *, source: str = "shopify") -> list[dict[str, Any]]:
        """The rows of `identifiers` of whoever this is, best first."""
        person = self.person(customer_id, source=source)
        return [row for row in self.rows("identifiers", "rank") if (row["person"], row["kind"]) == (person, kind)]


def on(day: int, month: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, day)
