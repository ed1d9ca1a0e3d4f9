"""A shop of a few people, made table by table, and what its rules select."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow
import pytest

from segsync import streams
from segsync.rules import AsOf, Reading, read, table

EVERYTHING = frozenset(streams.STREAMS)
ZONE = ZoneInfo("America/New_York")
SCHEMAS: dict[str, dict[str, str]] = {
    **{name: declared.schema for name, declared in streams.STREAMS.items()},
    **{name: dict(columns) for name, columns in streams.COMPUTED.items()},
}


def instant(text: str) -> datetime:
    """A UTC time such as `2026-05-30T16:00`, as the warehouse keeps it."""
    return datetime.fromisoformat(text)


class TinyShop:
    """Rows by table. The run's instant is noon of 1 June 2026 in UTC, 8 in the morning in the shop (New York)."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
        self.as_of = AsOf(datetime(2026, 6, 1, 12, tzinfo=UTC), ZONE)
        self.currency = "USD"
        self.rates = {"EUR": Decimal("1.10")}
        self.traits: dict[str, str] = {}
        self._con: Any = None

    def person(self, key: str, *, source: str = "web", **facts: Any) -> TinyShop:
        """Somebody with one customer of the same id."""
        tags = facts.pop("tags", [])
        details = facts.pop("attributes", None)
        created = facts.pop("created_at", "2025-01-01T12:00")
        if isinstance(facts.get("birth_date"), str):
            facts["birth_date"] = date.fromisoformat(facts["birth_date"])
        self.rows["people"].append(
            {
                "person": key,
                "sources": [source],
                "tags_key": [streams.fold(tag) for tag in tags],
                "customer_added_on": _local(instant(created)).date(),
                "guest": False,
                **facts,
            }
        )
        attributes = json.dumps(details, ensure_ascii=False, sort_keys=True) if details else None
        customer = {"source": source, "customer_id": key, "created_at": instant(created), "attributes": attributes}
        self.rows["customers"].append(customer)
        self.rows["identities"].append({"source": source, "customer_id": key, "person": key, "joined_by": "id"})
        return self

    def order(self, person: str, at: str = "2026-05-01T12:00", net: str | None = "10", **more: Any) -> TinyShop:
        """One order, of `at` in UTC."""
        orders = self.rows["orders"]
        local = _local(instant(at))
        money = None if net is None else Decimal(net)
        codes = more.pop("codes", [])
        lines = more.pop("lines", [])
        row = {
            "source": "web",
            "order_id": f"o{len(orders) + 1}",
            "customer_id": person,
            "owner": person,
            "ordered_at": instant(at),
            "ordered_on": local.date(),
            "ordered_hour": local.hour,
            "live": True,
            "currency": "USD",
            "net": money,
            "gross": money,
            "discount_codes_key": [streams.fold(code) for code in codes],
            "financial_status": "PAID",
            **more,
        }
        for name in ("gross", "discount", "refunded", "net"):
            row[name] = Decimal(row[name]) if isinstance(row.get(name), str) else row.get(name)
        row |= _keys(row)
        orders.append(row)
        for number, line in enumerate(lines):
            self._line(row, number, dict(line))
        return self

    def _line(self, order: dict[str, Any], number: int, line: dict[str, Any]) -> None:
        net = line.pop("net", "5")
        self.rows["order_lines"].append(
            {
                "source": order["source"],
                "order_id": order["order_id"],
                "line_id": str(number),
                "tags_key": [streams.fold(tag) for tag in line.pop("tags", [])],
                "quantity": line.pop("quantity", 1),
                "net": None if net is None else Decimal(net),
                **line,
            }
        )

    def address(self, person: str, **place: Any) -> TinyShop:
        """An address of the person's customer."""
        number = str(len(self.rows["addresses"]))
        row = {"source": "web", "customer_id": person, "address_id": number, **place}
        self.rows["addresses"].append(row | _keys(row))
        return self

    def checkout(self, person: str | None, at: str, *, completed: str | None = None, **more: Any) -> TinyShop:
        """A checkout, begun and perhaps completed at times in UTC."""
        self.rows["checkouts"].append(
            {
                "source": "web",
                "checkout_id": str(len(self.rows["checkouts"])),
                "customer_id": person,
                "created_at": instant(at),
                "created_on": _local(instant(at)).date(),
                "completed_at": None if completed is None else instant(completed),
                "currency": "USD",
                **more,
            }
        )
        return self

    def refund(self, order: str, at: str, amount: str | None, *, currency: str = "USD") -> TinyShop:
        """A refund of an order, given at a time in UTC."""
        day, money = _local(instant(at)).date(), None if amount is None else Decimal(amount)
        number = f"r{len(self.rows['refunds']) + 1}"
        more = {"refunded_at": instant(at), "refunded_on": day, "currency": currency, "amount": money}
        return self.add("refunds", source="web", refund_id=number, order_id=order, **more)

    def event(self, person: str | None, name: str, at: str = "2026-05-20T12:00", **properties: Any) -> TinyShop:
        """Something that happened at a time in UTC; `email_` and `phone_` are the record's own."""
        own = {key: properties.pop(f"{key}_", None) for key in ("email", "phone")}
        text = json.dumps(properties, ensure_ascii=False, sort_keys=True) if properties else None
        more = {"happened_at": instant(at), "happened_on": _local(instant(at)).date(), "properties": text}
        number = f"e{len(self.rows['events']) + 1}"
        return self.add("events", source="web", event_id=number, customer_id=person, name=name, **own, **more)

    def add(self, table: str, /, **row: Any) -> TinyShop:
        """A row as it is."""
        self.rows[table].append(row)
        return self

    @property
    def con(self) -> Any:
        """The warehouse; rows added later are not seen."""
        if self._con is None:
            self._con = ibis.duckdb.connect()
            for name, columns in SCHEMAS.items():
                schema = ibis.schema(columns).to_pyarrow()
                rows = [{column: row.get(column) for column in columns} for row in self.rows[name]]
                self._con.con.register("given", pyarrow.Table.from_pylist(rows, schema=schema))
                self._con.raw_sql(f'CREATE TABLE "{name}" AS SELECT * FROM given')
                self._con.con.unregister("given")
        return self._con

    def table(self, reading: Reading, **more: Any) -> Any:
        return table(self.con, reading.rules, self.as_of, currency=self.currency, rates=self.rates, **more)

    def members(self, rule: str, **others: str) -> set[str]:
        """Who is in a segment of this rule; `others` are segments that it may name."""
        return self.all_members([rule], **others)[rule]

    def value(self, text: str) -> dict[str, Any]:
        """What a trait of the user's own is of everybody who has one."""
        reading = read({"it": "it IS NULL"}, filled=EVERYTHING, traits={"it": text, **self.traits})
        assert not reading.problems, "\n".join(map(str, reading.problems))
        rows = self.table(reading).to_pyarrow().to_pylist()
        return {row["person"]: row["it"] for row in rows if row["it"] is not None}

    def all_members(self, rules: Sequence[str], **others: str) -> dict[str, set[str]]:
        """Who is in a segment of each of these rules, asked in one table."""
        texts = {f"it{number}": rule for number, rule in enumerate(rules)}
        reading = read({**others, **texts}, filled=EVERYTHING, traits=self.traits)
        assert not reading.problems, "\n".join(map(str, reading.problems))
        rows = self.table(reading).to_pyarrow().to_pylist()
        assert all(row[f"in_{name}"] in (True, False) for row in rows for name in texts)
        return {rule: {row["person"] for row in rows if row[f"in_{name}"]} for name, rule in texts.items()}

    def values(self, *traits: str) -> dict[str, dict[str, Any]]:
        """The traits of everybody, by person."""
        rows = self.table(Reading({}, [], []), extra_traits=traits).to_pyarrow().to_pylist()
        return {row["person"]: {trait: row[trait] for trait in traits} for row in rows}


def _keys(row: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_key": row.get(name) and streams.fold(row[name]) for name in ("country", "region", "city")}


def _local(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(ZONE)


@pytest.fixture
def shop() -> TinyShop:
    return TinyShop()


@pytest.fixture(scope="session")
def new_shop() -> type[TinyShop]:
    """For shops that many tests share."""
    return TinyShop


@pytest.fixture(scope="session")
def problems_of() -> Callable[..., list[str]]:
    """The problems of one rule, as the user sees them."""

    def found(rule: str, *, traits: Mapping[str, str] = MappingProxyType({}), **others: str) -> list[str]:
        reading = read({"it": rule, **others}, filled=EVERYTHING, traits=traits)
        return [str(problem) for problem in reading.problems]

    return found
