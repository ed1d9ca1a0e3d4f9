"""The shapes a rule is made of. Every node knows its span; the reader makes them, the check puts names in order.

A checked tree holds only: All, AnyOf, Not, Comparison (of a value, or of `segments`) and Matches; and as values only
literals, Name (of a trait), Arithmetic, Aggregate, Standing and Anniversary.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Span:
    """Where a node stands: characters of the rule's text from `start` up to, without, `end`."""

    start: int
    end: int


class Op(StrEnum):
    """An operator, as it is typed."""

    EQ = "="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    BETWEEN = "BETWEEN"
    NOT_BETWEEN = "NOT BETWEEN"  # no part of the language: read so that the error can say what to type
    IN = "IN"
    NOT_IN = "NOT IN"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT CONTAINS"
    STARTS_WITH = "STARTS WITH"
    NOT_STARTS_WITH = "NOT STARTS WITH"
    ENDS_WITH = "ENDS WITH"
    NOT_ENDS_WITH = "NOT ENDS WITH"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


# Each negative form is the exact complement of its positive one (rules.md, Meaning 1).
COMPLEMENT = {
    Op.NE: Op.EQ,
    Op.NOT_IN: Op.IN,
    Op.NOT_CONTAINS: Op.CONTAINS,
    Op.NOT_STARTS_WITH: Op.STARTS_WITH,
    Op.NOT_ENDS_WITH: Op.ENDS_WITH,
    Op.IS_NOT_NULL: Op.IS_NULL,
}


# --- values ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    span: Span
    value: Decimal


@dataclass(frozen=True, slots=True)
class Text:
    span: Span
    value: str


@dataclass(frozen=True, slots=True)
class Flag:
    span: Span
    value: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day as written."""

    span: Span
    day: date


@dataclass(frozen=True, slots=True)
class Offset:
    """A day relative to the run's day: so many days and so many months (months clamp to the month's last day)."""

    span: Span
    days: int
    months: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A day with a time, on the clock of the shop."""

    span: Span
    at: datetime


@dataclass(frozen=True, slots=True)
class Name:
    """A name, not resolved by the reader; in a checked tree always a trait."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    span: Span
    name: Name
    args: tuple[Value | Param, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum or a product. Each part has its sign: `+` or `-` in a sum, `*` or `/` in a product."""

    span: Span
    parts: tuple[Value, ...]
    signs: tuple[str, ...]

    @property
    def multiplies(self) -> bool:
        return self.signs[0] == "*"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a value was so badly written that its problem is told already."""

    span: Span


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`count(function, …)`, or `sum avg min max first last (function.field, …)`."""

    span: Span
    how: str
    function: str
    field: str  # empty for a count
    params: tuple[Param, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands among all by a trait: `percentile(trait)` or `rank(trait)`."""

    span: Span
    how: str
    trait: str


@dataclass(frozen=True, slots=True)
class Anniversary:
    """The days of a year on which a date comes round again."""

    span: Span
    trait: str


Value = (
    Number
    | Text
    | Flag
    | Day
    | Offset
    | Moment
    | Name
    | Call
    | Arithmetic
    | Aggregate
    | Standing
    | Anniversary
    | Unreadable
)


# --- conditions --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Param:
    """One `parameter operator value` within MATCHES. `colon`: spelled the older way, `parameter: value`."""

    span: Span
    name: Name
    op: Op
    values: tuple[Value, ...]
    colon: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    span: Span
    left: Value
    op: Op
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """`function [NOT] MATCHES (…)`. A checked one has its totals (count, sum_amount, …) apart from its params."""

    span: Span
    left: Value
    negated: bool
    params: tuple[Param, ...]
    totals: tuple[Param, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    span: Span
    part: Condition


@dataclass(frozen=True, slots=True)
class All:
    span: Span
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    span: Span
    parts: tuple[Condition, ...]


Clause = Comparison | Matches
Condition = Comparison | Matches | Not | All | AnyOf
