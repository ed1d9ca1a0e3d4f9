"""`anniversary(date)`: the days of any year on which a date comes round; 29 February comes on the 28th in others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import ibis

from segsync.rules.dates import AsOf, age_key, day_of
from segsync.rules.shop import two
from segsync.rules.syntax import COMPLEMENT, Day, Offset, Op, Value
from segsync.rules.truth import any_of


def anniversary(born: Any, op: Op, values: Sequence[Value], as_of: AsOf) -> Any:
    """Is an anniversary of the day `born` (a column) on a day, or within a range of days, both ends included?"""
    if op in COMPLEMENT:
        return ~anniversary(born, COMPLEMENT[op], values, as_of)
    if op is Op.IS_NULL:
        return born.isnull()
    days = [day_of(value, as_of) for value in values if isinstance(value, Day | Offset)]
    key = born.month().cast("int64") * 100 + born.day().cast("int64")
    if op is Op.BETWEEN:
        return two(_within(born, key, *days))
    return any_of([two(_within(born, key, day, day)) for day in days])


def _within(born: Any, key: Any, first: date, last: date) -> Any:
    """Days of a year as numbers: month × 100 + day. The 28th of a short February is the 29th too."""
    begins, ends = first.month * 100 + first.day, age_key(last)
    if first > last:
        return ibis.literal(False)
    if first.year == last.year:
        return (key >= begins) & (key <= ends)
    if first.year + 1 == last.year:
        return (key >= begins) | (key <= ends)
    return born.notnull()
