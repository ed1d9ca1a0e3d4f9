"""Lark's tree made into ours. A value that was badly written becomes Unreadable, and its problem is noted."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from segsync.rules.dates import REACH
from segsync.rules.problems import Sheet
from segsync.rules.syntax import (
    All,
    AnyOf,
    Arithmetic,
    Call,
    Comparison,
    Condition,
    Day,
    Matches,
    Moment,
    Name,
    Not,
    Number,
    Offset,
    Op,
    Param,
    Span,
    Text,
    Unreadable,
    Value,
)

_MOST_WHOLE, _MOST_DECIMALS = 15, 6
_RETIRED = {"7_days_ago": "-7d", "30_days_ago": "-30d", "90_days_ago": "-90d", "12_months_ago": "-12m"}
_SIGNS = {"==": "=", "<>": "!=", "=>": ">=", "=<": "<="}
_Tail = tuple[Op, tuple[Value, ...]]


@v_args(meta=True)
class Builder(Transformer_NonRecursive[Token, Any]):
    """One method a rule of grammar.lark. It does not recurse, so no text is too deep for it."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self._sheet = sheet

    # conditions

    def start(self, _meta: Meta, parts: list[Any]) -> Condition:
        condition: Condition = parts[0]
        return condition

    def value(self, _meta: Meta, parts: list[Any]) -> Value:
        value: Value = parts[0]
        return value

    def any_of(self, meta: Meta, parts: list[Any]) -> AnyOf:
        return AnyOf(_span(meta), tuple(parts))

    def all_of(self, meta: Meta, parts: list[Any]) -> All:
        return All(_span(meta), tuple(parts))

    def negate(self, meta: Meta, parts: list[Any]) -> Not:
        return Not(_span(meta), parts[0])

    def clause(self, meta: Meta, parts: list[Any]) -> Comparison:
        left, (op, values) = parts
        return Comparison(_span(meta), left, op, values)

    def matches(self, meta: Meta, parts: list[Any]) -> Matches:
        return Matches(_span(meta), parts[0], False, parts[1])

    def not_matches(self, meta: Meta, parts: list[Any]) -> Matches:
        return Matches(_span(meta), parts[0], True, parts[1])

    # what follows a trait or a parameter

    def compare(self, _meta: Meta, parts: list[Any]) -> _Tail:
        sign: Token = parts[0]
        if meant := _SIGNS.get(sign):
            at = int(sign.start_pos or 0)
            self._sheet.problem(Span(at, at + len(sign)), f"`{sign}` is no operator", f"write `{meant}`")
        return Op(meant or sign), (parts[1],)

    def between(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.BETWEEN, tuple(parts)

    def not_between(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.NOT_BETWEEN, tuple(parts)

    def is_in(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.IN, parts[0]

    def is_not_in(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.NOT_IN, parts[0]

    def contains(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.CONTAINS, tuple(parts)

    def not_contains(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.NOT_CONTAINS, tuple(parts)

    def starts_with(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.STARTS_WITH, tuple(parts)

    def not_starts_with(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.NOT_STARTS_WITH, tuple(parts)

    def ends_with(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.ENDS_WITH, tuple(parts)

    def not_ends_with(self, _meta: Meta, parts: list[Any]) -> _Tail:
        return Op.NOT_ENDS_WITH, tuple(parts)

    def is_null(self, _meta: Meta, _parts: list[Any]) -> _Tail:
        return Op.IS_NULL, ()

    def is_not_null(self, _meta: Meta, _parts: list[Any]) -> _Tail:
        return Op.IS_NOT_NULL, ()

    # lists

    def values(self, _meta: Meta, parts: list[Any]) -> tuple[Value, ...]:
        return tuple(parts)

    def args(self, _meta: Meta, parts: list[Any]) -> tuple[Value | Param, ...]:
        return tuple(parts)

    def params(self, _meta: Meta, parts: list[Any]) -> tuple[Param, ...]:
        return tuple(parts)

    def param(self, meta: Meta, parts: list[Any]) -> Param:
        op, values = parts[1]
        return Param(_span(meta), _name(parts[0]), op, values)

    def param_colon(self, meta: Meta, parts: list[Any]) -> Param:
        return Param(_span(meta), _name(parts[0]), Op.EQ, (parts[1],), colon=True)

    # values

    def arithmetic(self, meta: Meta, parts: list[Any]) -> Value:
        if len(parts) == 1:
            value: Value = parts[0]
            return value
        values = tuple(part for part in parts if not isinstance(part, Token))
        signs = tuple(str(part) for part in parts if isinstance(part, Token))
        return Arithmetic(_span(meta), values, ("*" if signs[0] in "*/" else "+", *signs))

    def negative(self, meta: Meta, parts: list[Any]) -> Value:
        value: Value = parts[-1]
        if not isinstance(value, Number):
            return Arithmetic(_span(meta), (value,), ("-" if len(parts) % 2 == 0 else "+",))
        return Number(_span(meta), -value.value if len(parts) % 2 == 0 else value.value)

    def name(self, _meta: Meta, parts: list[Any]) -> Name:
        return _name(parts[0])

    def call(self, meta: Meta, parts: list[Any]) -> Call:
        return Call(_span(meta), _name(parts[0]), parts[1])

    def number(self, meta: Meta, parts: list[Any]) -> Value:
        whole, _, decimals = str(parts[0]).partition(".")
        if len(whole) > _MOST_WHOLE or len(decimals) > _MOST_DECIMALS:
            limits = f"{_MOST_WHOLE} digits before the point and {_MOST_DECIMALS} behind it"
            return self._unreadable(meta, "the number is too long", f"at most {limits}")
        return Number(_span(meta), Decimal(str(parts[0])))

    def string(self, meta: Meta, parts: list[Any]) -> Text:
        return Text(_span(meta), re.sub(r"\\(.)", r"\1", parts[0][1:-1]))

    def day(self, meta: Meta, parts: list[Any]) -> Value:
        try:
            return Day(_span(meta), date.fromisoformat(parts[0]))
        except ValueError:
            return self._unreadable(meta, f"there is no day {parts[0]}", "write one that is in the calendar")

    def moment(self, meta: Meta, parts: list[Any]) -> Value:
        try:
            return Moment(_span(meta), datetime.fromisoformat(parts[0]))
        except ValueError:
            return self._unreadable(meta, f"there is no moment {parts[0]}", "write one such as 2026-05-30T16:00:00")

    def offset(self, meta: Meta, parts: list[Any]) -> Value:
        return self._offset(meta, str(parts[0]))

    def dayname(self, meta: Meta, parts: list[Any]) -> Offset:
        return Offset(_span(meta), days=0 if parts[0].lower() == "today" else -1, months=0)

    def retired(self, meta: Meta, parts: list[Any]) -> Value:
        word = parts[0].lower()
        count, unit, _ = word.split("_")
        meant = _RETIRED.get(word)
        if meant is None:
            return self._unreadable(meta, f"`{parts[0]}` is no date", f"write -{count}{unit[0]}")
        self._sheet.warning(_span(meta), f"`{parts[0]}` is a retired spelling", f"write {meant}")
        return self._offset(meta, meant)

    def _offset(self, meta: Meta, text: str) -> Value:
        unit = text[-1].lower()
        per_year = {"d": 366, "w": 53, "m": 12, "y": 1}[unit]
        if len(text) > 8 or abs(int(text[:-1])) > REACH * per_year:
            return self._unreadable(meta, f"`{text[:20]}` reaches too far", f"{REACH} years are the most")
        count = int(text[:-1])
        days = count * {"d": 1, "w": 7}.get(unit, 0)
        return Offset(_span(meta), days=days, months=count * {"m": 1, "y": 12}.get(unit, 0))

    # mistakes that people make

    def bad_day(self, meta: Meta, parts: list[Any]) -> Unreadable:
        text = str(parts[0])
        if "T" in text.upper():
            if re.search(r"(?:[Zz]|[+-]\d\d:?\d\d)$", text):
                return self._unreadable(meta, "a time is written without a zone", "it is the shop's own")
            return self._unreadable(meta, f"`{text}` is no moment", "write one such as 2026-05-30T16:00:00")
        year, month, day = text.split("-")
        remedy = f"write {year}-{month:0>2}-{day:0>2}, or put spaces around `-` to subtract"
        return self._unreadable(meta, f"`{text}` looks like a date and is not written as one", remedy)

    def bad_number(self, meta: Meta, parts: list[Any]) -> Unreadable:
        text = str(parts[0])
        before = self._sheet.text[meta.start_pos - 1 : meta.start_pos]
        if re.fullmatch(r"\d+[dwmyDWMY]", text):
            if before in ("-", "+"):
                message = "an offset may stand only where a value starts"
                return self._unreadable(meta, message, f"write it after an operator: … >= {before}{text}")
            return self._unreadable(meta, f"`{text}` has no sign", f"an offset is written -{text}")
        if re.fullmatch(r"0\d[\d_]*(\.\d+)?", text):
            return self._unreadable(meta, f"`{text}` starts with a zero", f"write {text.lstrip('0') or '0'}")
        if re.fullmatch(r"\.\d+", text):
            return self._unreadable(meta, f"`{text}` has no digit before its point", f"write 0{text}")
        if text.count(".") > 1 or "_" in text:
            return self._unreadable(meta, f"`{text}` is no number", "a number has one point and no separators: 1000.50")
        return self._unreadable(
            meta, f"`{text}` is no number", "write one such as 3 or 0.5; text stands in single quotes"
        )

    def bad_string(self, meta: Meta, _parts: list[Any]) -> Unreadable:
        return self._unreadable(meta, r"only \' and \\ may follow a backslash in text", r"write \\ for a backslash")

    def bad_quotes(self, meta: Meta, parts: list[Any]) -> Unreadable:
        inner = str(parts[0])[1:-1]
        remedy = f"write '{inner}'" if re.fullmatch(r"[^'\\]*", inner) else "write it in single quotes"
        return self._unreadable(meta, "text stands in single quotes", remedy)

    def _unreadable(self, meta: Meta, message: str, remedy: str) -> Unreadable:
        span = _span(meta)
        self._sheet.problem(span, message, remedy)
        return Unreadable(span)


def _span(meta: Meta) -> Span:
    return Span(meta.start_pos, meta.end_pos)


def _name(token: Token) -> Name:
    start = int(token.start_pos or 0)
    return Name(Span(start, start + len(token)), str(token))
