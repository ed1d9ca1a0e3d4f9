"""Values of traits and parameters, and how they compare with what a rule writes. Missing is None.

A number is a Fraction or an int, text is str, a list is a frozenset of folded texts, an id is `Id`, a date is `When`,
and what a file or survey brought is `Loose`: text that may read as a number or as a date.
"""

from __future__ import annotations

import json
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from reference.nodes import Day, Moment, Name, Number, Offset, Text
from reference.shop import Shop


@dataclass(frozen=True)
class When:
    """A day in the shop's zone, and the instant behind it where there is one."""

    day: date
    instant: datetime | None = None


class Id(str):
    """An id: rules may write it as a number or as text."""


class Loose(str):
    """Text that compares as a number or a date where the rule writes one and it reads as one."""


def loose(value: Any) -> Loose | None:
    """A value of a JSON object as text; null and empty text are missing, as everywhere (streams.md)."""
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return Loose(f"{Decimal(repr(value)):f}")
    return Loose(value if isinstance(value, str) else json.dumps(value))


def fold(text: str) -> str:
    return text.strip().casefold()


def folded(texts: Any) -> frozenset[str]:
    return frozenset(fold(text) for text in texts if text is not None)


def when(shop: Shop, at: datetime | None) -> When | None:
    return None if at is None else When(shop.day(at), at)


def shift(day: date, offset: Offset) -> date:
    """Months clamp to the month's last day (Meaning 3)."""
    months = day.year * 12 + day.month - 1 + offset.months
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1])) + timedelta(days=offset.days)


def instant(shop: Shop, moment: Moment) -> datetime:
    """A skipped time moves forward, a repeated one is the first (Meaning 11)."""
    try:
        return moment.local.replace(tzinfo=shop.zone, fold=0).astimezone(UTC)
    except OverflowError:  # the calendar's last hours
        return moment.local.replace(tzinfo=UTC)


def literal(shop: Shop, node: Any) -> Any:
    """What a literal means in this run: a number, a text, a date, an instant or a flag."""
    match node:
        case Number(value) | Text(value):
            return value
        case Day(day):
            return day
        case Offset():
            return shift(shop.today, node)
        case Moment():
            return instant(shop, node)
        case Name(text) if text.lower() in ("true", "false"):
            return text.lower() == "true"
    raise TypeError(f"no literal: {node!r}")


def is_literal(node: Any) -> bool:
    return isinstance(node, Number | Text | Day | Offset | Moment) or (
        isinstance(node, Name) and node.text.lower() in ("true", "false")
    )


def holds(value: Any, op: str, wanted: list[Any]) -> bool:
    """Is the positive comparison true? Never where something is missing (Meaning 1)."""
    if op == "is null":
        return value is None or value == frozenset()
    if value is None or any(one is None for one in wanted):
        return op == "in" and value is not None and any(holds(value, "=", [one]) for one in wanted)
    match op:
        case "in":
            return any(holds(value, "=", [one]) for one in wanted)
        case "between":
            return holds(value, ">=", wanted[:1]) and holds(value, "<=", wanted[1:])
        case "contains" | "starts" | "ends":
            return _in_text(value, op, wanted[0])
    if isinstance(value, frozenset):  # a list parameter: any element
        return op == "=" and fold(wanted[0]) in value
    pair = _comparable(value, wanted[0])
    if pair is None:
        return False
    left, right = pair
    return {"=": left == right, "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


def _in_text(value: Any, op: str, wanted: str) -> bool:
    """Lists without regard to case, text with it (Meaning 5)."""
    if isinstance(value, frozenset):
        return fold(wanted) in value
    return {"contains": wanted in value, "starts": value.startswith(wanted), "ends": value.endswith(wanted)}[op]


def _comparable(value: Any, wanted: Any) -> tuple[Any, Any] | None:
    """Both sides as one type; None where the value does not read as what is wanted."""
    if isinstance(value, Id):
        return str(value), _id_text(wanted)
    if isinstance(value, Loose) and not isinstance(wanted, str):
        value = reads_as(value, wanted)
        if value is None:
            return None
    elif isinstance(wanted, Loose) and not isinstance(value, str):
        wanted = reads_as(wanted, value)
        if wanted is None:
            return None
    if isinstance(wanted, When):
        wanted = wanted.day
    if isinstance(value, When):
        if isinstance(wanted, datetime):  # to the second (Meaning 11)
            return (None if value.instant is None else value.instant.replace(microsecond=0)), wanted
        value = value.day
    return value, wanted


def _id_text(wanted: Any) -> str:
    return str(wanted) if isinstance(wanted, str) else str(int(wanted))


def reads_as(text: Loose, like: Any) -> Any:
    """Text as a number, or as a day, after what it is compared with; None where it does not read as one."""
    if isinstance(like, date | When):
        return day_of(text)
    return _millionths(Fraction(text)) if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text) else None


def _millionths(number: Fraction) -> Fraction:
    """To six decimals, halves away from zero; beyond 10 to the 15th it is as good as that."""
    size = min(abs(number), Fraction(10**15))
    rounded = Fraction(int(size * 10**6 + Fraction(1, 2)), 10**6)
    return rounded if number > 0 else -rounded


def day_of(text: Loose) -> When | None:
    try:
        return When(date.fromisoformat(text)) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None


def anniversary_in(born: date, year: int) -> date:
    """29 February has its anniversary on the 28th in other years (Meaning 6)."""
    return date(year, born.month, min(born.day, monthrange(year, born.month)[1]))
