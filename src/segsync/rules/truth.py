"""One comparison as an expression that is true or false, never unknown: of a value, or of a parameter of a record."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis

from segsync.rules.catalogue import Kind
from segsync.rules.dates import AsOf, day_of, instant_of
from segsync.rules.shop import number, two
from segsync.rules.syntax import COMPLEMENT, Day, Flag, Moment, Number, Offset, Op, Text, Value
from segsync.streams import fold

_COMPARE: dict[Op, Callable[[Any, Any], Any]] = {
    Op.EQ: operator.eq,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.STARTS_WITH: lambda text, part: text.startswith(part),
    Op.ENDS_WITH: lambda text, part: text.endswith(part),
    Op.CONTAINS: lambda text, part: text.contains(part),
}
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a comparison asks about: its kind, its column, and for a day its instant where that is known.

    What may be of any kind has besides its text the number and the day that the text reads as. What lists are asked
    for has its text `folded`.
    """

    kind: Kind
    value: Any
    at: Any = None
    number: Any = None
    day: Any = None
    folded: Any = None

    def read_as(self, kind: Kind) -> Any:
        """The column to compare with a value of this kind."""
        if self.kind is not Kind.ANY:
            return self.value
        return {Kind.NUMBER: self.number, Kind.DAY: self.day}.get(kind, self.value)


FindSubject = Callable[[Value], Subject]


def truth(subject: Subject, op: Op, values: Sequence[Value], as_of: AsOf, find: FindSubject | None = None) -> Any:
    """`subject op values`, two-valued; `find` gives the subject of a value that is no literal."""
    if op in COMPLEMENT:
        return ~truth(subject, COMPLEMENT[op], values, as_of, find)
    if op is Op.IS_NULL:
        return _missing(subject)
    if subject.kind is Kind.LIST:
        return any_of([two(subject.value.contains(_folded(value, find))) for value in values])
    if op is Op.BETWEEN:
        low, high = values
        return two(_compare(subject, Op.GE, low, as_of, find)) & two(_compare(subject, Op.LE, high, as_of, find))
    if op is Op.IN:
        return _among(subject, values, as_of, find)
    return two(_compare(subject, op, values[0], as_of, find))


def all_of(conditions: Sequence[Any]) -> Any:
    """Their conjunction, as a balanced tree: a chain of thousands must not be deep."""
    return balanced(operator.and_, conditions)


def any_of(conditions: Sequence[Any]) -> Any:
    """Their disjunction, as a balanced tree."""
    return balanced(operator.or_, conditions)


def balanced(join: Callable[[Any, Any], Any], parts: Sequence[Any]) -> Any:
    """The parts joined two by two, so that the whole is as shallow as can be."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return join(balanced(join, parts[:middle]), balanced(join, parts[middle:]))


def _missing(subject: Subject) -> Any:
    null = subject.value.isnull()
    return null | two(subject.value.length() == 0) if subject.kind is Kind.LIST else null


def _folded(value: Value, find: FindSubject | None) -> Any:
    if isinstance(value, Text):
        return fold(value.value)
    assert find is not None
    return find(value).folded


def _among(subject: Subject, values: Sequence[Value], as_of: AsOf, find: FindSubject | None) -> Any:
    words = [value.value for value in values if isinstance(value, Text)]
    rest = [value for value in values if not isinstance(value, Text)]
    parts = [two(subject.value.isin(words))] if words else []
    return any_of(parts + [two(_compare(subject, Op.EQ, value, as_of, find)) for value in rest])


def _compare(subject: Subject, op: Op, value: Value, as_of: AsOf, find: FindSubject | None) -> Any:
    compare = _COMPARE[op]
    match value:
        case Moment():
            return _compare_moment(subject.at, op, value, as_of)
        case Day() | Offset():
            return compare(subject.read_as(Kind.DAY), ibis.literal(day_of(value, as_of)))
        case Number(value=exact):
            return compare(subject.read_as(Kind.NUMBER), number(exact))
        case Text(value=text):
            return compare(subject.value, ibis.literal(text))
        case Flag(value=flag) if subject.kind is Kind.ANY:
            return compare(subject.value, ibis.literal("true" if flag else "false"))
        case Flag(value=flag):
            return subject.value if flag else ~subject.value
    if find is None:
        raise TypeError(f"the check let {type(value).__name__} through")
    other = find(value)
    return compare(subject.read_as(other.kind), other.read_as(subject.kind))


def _compare_moment(at: Any, op: Op, value: Moment, as_of: AsOf) -> Any:
    """Against an instant, to the second: the whole second is that instant."""
    instant = instant_of(value, as_of)
    begins = ibis.literal(instant)
    ends = ibis.literal(instant + _SECOND if instant.year < 9999 else instant)
    match op:
        case Op.EQ:
            return (at >= begins) & (at < ends)
        case Op.GT:
            return at >= ends
        case Op.LE:
            return at < ends
    return _COMPARE[op](at, begins)  # GE and LT have the second's start as their edge
