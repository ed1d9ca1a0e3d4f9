"""Windows: the totals of all functions' records that pass some parameters, in one grouped pass over each stream.

Windows whose records are compared with values of their person come after those values, in a pass of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import ibis

from segsync.rules.catalogue import FUNCTIONS, Kind
from segsync.rules.computed import Computed
from segsync.rules.needs import Needs
from segsync.rules.parts import compared
from segsync.rules.picking import picked
from segsync.rules.records import IDS, RECORDS, TIMES, subject
from segsync.rules.shop import Shop, two
from segsync.rules.syntax import Value
from segsync.rules.truth import FindSubject, Subject, all_of, any_of, truth
from segsync.rules.wanted import AT, Total, Window

Beside = Callable[[Any], FindSubject]  # how values are found on records


def by_records(shop: Shop, needs: Needs, stream: str) -> Any | None:
    """The totals of all windows over one stream, by person."""
    windows = [window for window in needs.of(stream) if not window.compares]
    return _grouped(windows, RECORDS[stream](shop, needs), needs, constants(needs)) if windows else None


def by_compared_records(shop: Shop, needs: Needs, windows: Sequence[Window], rows: Any) -> Any:
    """The totals of windows over one stream that compare, by person; `rows` have what they compare with."""
    records, beside = with_compared(RECORDS[_stream(windows)](shop, needs), rows, windows, needs)
    return _grouped(windows, records, needs, beside)


def with_compared(records: Any, rows: Any, windows: Sequence[Window], needs: Needs) -> tuple[Any, Beside]:
    """The records, each with the values of its person that it is compared with, and how those are found."""
    people = Computed(rows, needs)
    columns: dict[str, Any] = {}
    kinds: dict[Hashable, tuple[str, Kind]] = {}
    for value in [value for window in windows for value in compared(window.params)]:
        name, found = f"raw_beside{len(kinds)}", people.subject(value)
        if needs.key(value) not in kinds:
            kinds[needs.key(value)] = (name, found.kind)
            columns |= {name + suffix: column for suffix, column in _readings(found).items()}
    given = rows.select(raw_beside=rows.person, **columns)
    return records.join(given, records.person == given.raw_beside), lambda table: _finding(table, kinds, needs)


def constants(needs: Needs) -> Beside:
    """How values are found that are the same for everybody, such as `3 + 4`."""
    return lambda _records: Computed(None, needs).subject


def _readings(found: Subject) -> dict[str, Any]:
    readings = {"": found.value, "_number": found.number, "_day": found.day, "_folded": found.folded}
    return {suffix: column for suffix, column in readings.items() if column is not None}


def _finding(table: Any, kinds: Mapping[Hashable, tuple[str, Kind]], needs: Needs) -> FindSubject:
    def find(value: Value) -> Subject:
        if needs.key(value) not in kinds:
            return Computed(None, needs).subject(value)
        name, kind = kinds[needs.key(value)]
        value_, number, day, folded = (
            table[name + suffix] if name + suffix in table.columns else None
            for suffix in ("", "_number", "_day", "_folded")
        )
        return Subject(kind, value_, number=number, day=day, folded=folded)

    return find


def _stream(windows: Sequence[Window]) -> str:
    (stream,) = {FUNCTIONS[window.function].stream for window in windows}
    return stream


def _grouped(windows: Sequence[Window], records: Any, needs: Needs, beside: Beside) -> Any:
    passing = [passes(window, records, needs, beside) for window in windows]
    if all(condition is not None for condition in passing):  # only records that some window asks for are grouped
        records = records.filter(any_of([condition for condition in passing if condition is not None]))
    records = placed(windows, records)
    return records.group_by("person").agg(**totals(windows, records, needs, beside))


def passes(window: Window, records: Any, needs: Needs, beside: Beside) -> Any | None:
    """Which records a window counts; None for all of them."""
    find = beside(records)
    asked = [
        truth(subject(window.function, p.name.text, records, needs), p.op, p.values, needs.as_of, find)
        for p in window.params
    ]
    if event := FUNCTIONS[window.function].event:
        asked.append(two(records.name == event))
    return all_of(asked) if asked else None


def placed(windows: Sequence[Window], records: Any) -> Any:
    """The records numbered by person from the earliest and from the newest, where their first or last is asked for.

    Of records at one instant, the first by source and id comes first both ways.
    """
    asked = {total.how for window in windows for total in window.totals}
    if not asked & {"first", "last"}:
        return records
    stream = _stream(windows)
    at = records[TIMES[stream][1]]
    ids = [records[name] for name in IDS[stream]]
    columns = {}
    if "first" in asked:
        columns["raw_first"] = ibis.row_number().over(group_by=records.person, order_by=[at, *ids])
    if "last" in asked:
        columns["raw_last"] = ibis.row_number().over(group_by=records.person, order_by=[at.desc(), *ids])
    return records.mutate(**columns)


def totals(windows: Sequence[Window], records: Any, needs: Needs, beside: Beside) -> dict[str, Any]:
    """The columns of all windows' totals."""
    columns = {}
    for window in windows:
        condition = passes(window, records, needs, beside)
        for total, column in window.totals.items():
            columns[column] = _total(window, total, records, condition, needs).cast(window.type_of(total))
    return columns


def _total(window: Window, total: Total, records: Any, condition: Any | None, needs: Needs) -> Any:
    if total.how == "count":
        return records.count() if condition is None else records.count(where=condition)
    asked = subject(window.function, total.field, records, needs)
    value = asked.value
    if asked.kind is Kind.ANY and (total.reading or total.how not in ("first", "last")):
        value = asked.day if total.reading == "day" else asked.number
    match total.how:
        case "sum":
            return value.sum(where=condition)
        case "avg":
            known = value.count(where=condition).nullif(0)
            return value.sum(where=condition).cast("float64") / known.cast("float64")
        case "min":
            return value.min(where=condition)
        case "max":
            return value.max(where=condition)
    dated = subject(window.function, AT, records, needs).value.notnull()
    return picked(value, records[f"raw_{total.how}"], dated if condition is None else dated & condition)


def filled(joined: Any, windows: Sequence[Window]) -> dict[str, Any]:
    """The totals as columns of people's rows: counts and sums are 0 over nothing, other values missing."""
    every = [(column, total) for window in windows for total, column in window.totals.items()]
    return {column: joined[column].fill_null(0) if total.zero else joined[column] for column, total in every}
