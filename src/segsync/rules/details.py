"""JSON that records carry, read once in Python: engines take it apart each in its own way, and some not at all.

Of each key that rules ask for there are three readings: its text, its number and its day, each missing where it cannot
be read so. A number is written as in a rule; it is taken to six decimals, and beyond 10^15 as that. A list or an object
is its JSON text. A day with a time and an offset is the day in the shop's zone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.util
import pyarrow

from segsync.rules.shop import NUMBER, Shop
from segsync.streams import fold

READINGS = {"": "string", "_number": NUMBER, "_day": "date", "_list": "array<string>"}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")  # as a rule writes one
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}.*)?", re.DOTALL)
_MOST = Decimal(10) ** 15  # greater than any number of a rule
_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of JSON, in each way that a rule may read it. `items` are folded, for a list or a single text."""

    text: str | None = None
    number: Decimal | None = None
    day: date | None = None
    items: list[str] | None = None


def read_value(value: Any, zone: ZoneInfo) -> Reading:
    """How rules read a value of JSON. Null and empty text are missing."""
    if value is None or value == "":
        return Reading()
    if isinstance(value, bool):
        text = "true" if value else "false"
        return Reading(text, items=[text])
    if isinstance(value, list):
        items = [fold(item if isinstance(item, str) else _json(item)) for item in value if item is not None]
        return Reading(_json(value), items=items)
    text = value if isinstance(value, str) else _json(value)
    if isinstance(value, dict):
        return Reading(text)
    return Reading(text, _number(text), _day(text, zone), [fold(text)])


def _json(value: Any) -> str:
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"  # without an exponent
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _number(text: str) -> Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None
    return max(-_MOST, min(_MOST, Decimal(text))).quantize(_STEP, ROUND_HALF_UP)


def _day(text: str, zone: ZoneInfo) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at.astimezone(zone) if at.tzinfo else at).date()
    except (ValueError, OverflowError):
        return None


def with_details(shop: Shop, records: Any, column: str, keys: Mapping[str, str]) -> Any:
    """The records with the readings of some keys of their JSON: `<name>`, `<name>_number`, `<name>_day`, `<name>_list`.

    What the rules ask for of each distinct JSON text is put into a table of the connection's own, by that text.
    """
    if not keys:
        return records
    texts = records.filter(records[column].notnull()).select(json=column).distinct()
    found = (batch.column(0).to_pylist() for batch in shop.con.to_pyarrow_batches(texts))
    rows = _taken((text for batch in found for text in batch), keys, shop.as_of.timezone)
    table = shop.con.create_table(ibis.util.gen_name("rules_details"), rows, temp=True)
    names = [f"{name}{suffix}" for name in keys.values() for suffix in READINGS]
    joined = records.left_join(table, records[column] == table.raw_json)
    return joined.select(*[records[name] for name in records.columns], *[table[name] for name in names])


def _taken(texts: Iterable[str], keys: Mapping[str, str], zone: ZoneInfo) -> pyarrow.Table:
    schema = {f"{name}{suffix}": kind for name in keys.values() for suffix, kind in READINGS.items()}
    columns: dict[str, list[Any]] = {"raw_json": [], **{name: [] for name in schema}}
    for text in texts:
        whole = _object(text)
        if not keys.keys() & whole.keys():
            continue
        columns["raw_json"].append(text)
        for key, name in keys.items():
            reading = read_value(whole.get(key), zone)
            columns[name].append(reading.text)
            columns[f"{name}_number"].append(reading.number)
            columns[f"{name}_day"].append(reading.day)
            columns[f"{name}_list"].append(reading.items)
    types = ibis.schema({"raw_json": "string", **schema}).to_pyarrow()
    return pyarrow.table(columns, schema=types)


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
