"""A source's frame as a typed table: checked against its stream, every value read once, flaws beside it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import pandas
import pyarrow as pa

from segsync.errors import ConnectorBug
from segsync.model import Flaw
from segsync.streams import LANDED, PHONE_COUNTRY, PLACE, Column, Kind, Table
from segsync.warehouse import contacts, derive, places, times, values
from segsync.warehouse.coded import Coded, arrow_type, coalesced, coded, constant, missing, paired
from segsync.warehouse.plain import plain
from segsync.warehouse.values import Reader


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a source's values were written, for what they leave unsaid."""

    timezone: ZoneInfo  # of times without an offset
    shop_timezone: ZoneInfo  # of days and hours
    currency: str  # of amounts without one
    country: str | None = None  # of phone numbers without a prefix, where the record names no country


@dataclass(frozen=True, slots=True)
class Typed:
    """A stream's rows as they land, one a key, with what could not be used."""

    rows: pa.Table
    flaws: Sequence[Flaw]
    where: Callable[[int], str]  # the place in the source of the n-th of the rows


READERS: Mapping[Kind, Reader] = {
    Kind.ID: values.text,
    Kind.TEXT: values.text,
    Kind.EMAIL: contacts.email,
    Kind.PHONE: contacts.phone,
    Kind.COUNTRY: places.country,
    Kind.REGION: places.region,
    Kind.CURRENCY: places.currency,
    Kind.MONEY: values.money,
    Kind.DAY: times.day,
    Kind.INTEGER: values.integer,
    Kind.FLAG: values.flag,
    Kind.LIST: values.listed,
    Kind.JSON: values.canonical_json,
}


def typed(table: Table, frame: pandas.DataFrame, *, place: Landing, source: str, landed: Mapping[str, object]) -> Typed:
    """Read every value of a frame. A row without its key is left out with a flaw; of equal keys the last row stays.

    Raises ConnectorBug for a column that the stream has not, or has twice.
    """
    _check_columns(table, frame, source)
    reading = _Reading(table, frame, place)
    arrays = {c.name: reading.column(c) for c in table.columns if c.kind is not Kind.DERIVED}
    arrays |= derive.derived(table, reading.coded, arrays, place.shop_timezone, reading.unreadable)
    keep = reading.kept({name: arrays[name] for name in table.key})
    same = {name: pa.repeat(pa.scalar(value, arrow_type(LANDED[name])), len(frame)) for name, value in landed.items()}
    rows = pa.table(
        {"source": pa.repeat(pa.scalar(source), len(frame)), **{c.name: arrays[c.name] for c in table.columns}, **same}
    )
    if len(keep) < len(frame):
        rows = rows.take(pa.array(keep, pa.int64()))
    return Typed(rows, reading.flaws, lambda row: reading.where(keep[row]))


def _check_columns(table: Table, frame: pandas.DataFrame, source: str) -> None:
    known = {c.name for c in table.columns if c.kind is not Kind.DERIVED} | {PLACE, PHONE_COUNTRY}
    unknown = sorted(str(name) for name in frame.columns if name not in known)
    twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if unknown or twice:
        wrong = f"sent {', '.join(unknown)}, which it has not" if unknown else f"sent {', '.join(twice)} twice"
        raise ConnectorBug(f"the source `{source}` broke the schema of `{table.name}`: it {wrong}")


class _Reading:
    """One frame while it is read: its flaws so far, and which values they were."""

    def __init__(self, table: Table, frame: pandas.DataFrame, place: Landing) -> None:
        self.table = table
        self.frame = frame
        self.place = place
        self.flaws: list[Flaw] = []
        self.coded: dict[str, Coded] = {}  # the columns that were read value by value
        self.unreadable: dict[str, Mapping[int, str]] = {}

    @cached_property
    def places(self) -> Coded:
        return self._raw(PLACE)

    @cached_property
    def ids(self) -> Coded:
        return self._raw(self.table.key[-1])

    def _raw(self, name: str) -> Coded:
        return coded(self.frame[name]) if name in self.frame else missing(len(self.frame))

    def column(self, column: Column) -> pa.Array:
        """A column's values, read; missing where they are unreadable."""
        found = plain(column, self.frame[column.name]) if column.name in self.frame else None
        if found is not None:
            self.unreadable[column.name] = {}
            return found
        self.coded[column.name] = self._by_value(column)
        return self.coded[column.name].array(column.type)

    def _by_value(self, column: Column) -> Coded:
        raw = self._raw(column.name)
        if column.kind is Kind.PHONE:
            raw = paired(raw, self._countries())
        found, wrong = raw.read(self._reader(column))
        self.unreadable[column.name] = wrong
        gone = "; the row is left out" if column.name in self.table.key else ""
        self.flaws += [Flaw(self.where(i), column.name, reason + gone) for i, reason in wrong.items()]
        if column.kind is Kind.CURRENCY:
            return self._with_currency(found, wrong)
        return found

    def _reader(self, column: Column) -> Reader:
        if column.kind is Kind.TIME:
            return times.time_in(self.place.timezone)
        if column.kind is Kind.ENUM:
            return values.enum(column.values)
        return READERS[column.kind]

    def _countries(self) -> Coded:
        """For each row the country that a phone number without a prefix is read in."""
        named = [self._raw(name).read(places.country)[0] for name in (PHONE_COUNTRY, "country")]
        return coalesced(*named, constant(self.place.country, len(self.frame)))

    def _with_currency(self, found: Coded, wrong: Mapping[int, str]) -> Coded:
        """A missing currency is the source's own; an unreadable one stays unknown."""
        filled = coalesced(found, constant(self.place.currency, len(self.frame)))
        filled.codes[list(wrong)] = -1
        return filled

    def kept(self, keys: Mapping[str, pa.Array]) -> Sequence[int]:
        """The rows to land: those with a whole key, the last of each key."""
        count = len(self.frame)
        whole = not any(key.null_count for key in keys.values())
        if whole and pa.table(dict(keys)).group_by(list(keys)).aggregate([]).num_rows == count:
            return range(count)  # no key comes twice, as on nearly every page
        last: dict[tuple[object, ...], int] = {}
        for i, key in enumerate(zip(*(column.to_pylist() for column in keys.values()), strict=True)):
            if None not in key:
                last[key] = i
                continue
            self.flaws += [
                Flaw(self.where(i), name, "missing; the row is left out")
                for name, value in zip(self.table.key, key, strict=True)
                if value is None and i not in self.unreadable[name]
            ]
        return sorted(last.values())

    def where(self, index: int) -> str:
        """The row's place for a reader: the source's own, else its id, else its number on the page."""
        if (code := self.places.codes[index]) >= 0:
            return str(self.places.distinct[code])
        if (code := self.ids.codes[index]) >= 0:
            found = str(self.ids.distinct[code]).strip()
            if found and "@" not in found and found.isprintable() and len(found) <= 64:
                return f"{self.table.name} {found}"
        return f"{self.table.name} row {index + 1}"
