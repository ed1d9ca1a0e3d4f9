"""Windows: the totals of all functions' records that pass some parameters, in one grouped pass over each stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from segsync.rules.catalogue import FUNCTIONS, Kind
from segsync.rules.needs import AT, Needs, Total, Window
from segsync.rules.picking import picked
from segsync.rules.records import IDS, RECORDS, TIMES, subject
from segsync.rules.shop import Shop, two
from segsync.rules.truth import all_of, any_of, truth


def by_records(shop: Shop, needs: Needs, stream: str) -> Any | None:
    """The totals of all windows over one stream, by person."""
    windows = needs.of(stream)
    if not windows:
        return None
    records = RECORDS[stream](shop, needs)
    passing = [passes(window, records, needs) for window in windows]
    if all(condition is not None for condition in passing):  # only records that some window asks for are grouped
        records = records.filter(any_of([condition for condition in passing if condition is not None]))
    records = placed(windows, records, stream)
    return records.group_by("person").agg(**totals(windows, records, needs))


def passes(window: Window, records: Any, needs: Needs) -> Any | None:
    """Which records a window counts; None for all of them."""
    asked = [
        truth(subject(window.function, p.name.text, records, needs), p.op, p.values, needs.as_of) for p in window.params
    ]
    if event := FUNCTIONS[window.function].event:
        asked.append(two(records.name == event))
    return all_of(asked) if asked else None


def placed(windows: Sequence[Window], records: Any, stream: str) -> Any:
    """The records numbered by person from the earliest and from the newest, where their first or last is asked for.

    Of records at one instant, the first by source and id comes first both ways.
    """
    asked = {total.how for window in windows for total in window.totals}
    at = records[TIMES[stream][1]]
    ids = [records[name] for name in IDS[stream]]
    columns = {}
    if "first" in asked:
        columns["raw_first"] = ibis.row_number().over(group_by=records.person, order_by=[at, *ids])
    if "last" in asked:
        columns["raw_last"] = ibis.row_number().over(group_by=records.person, order_by=[at.desc(), *ids])
    return records.mutate(**columns) if columns else records


def totals(windows: Sequence[Window], records: Any, needs: Needs) -> dict[str, Any]:
    """The columns of all windows' totals."""
    columns = {}
    for window in windows:
        condition = passes(window, records, needs)
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
