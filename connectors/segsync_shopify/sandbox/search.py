"""Search filters: what a text asks of a record, forgiving as Shopify is, and with its traps.

An unknown field is ignored with a warning, a time that cannot be read without one: the search then finds more, not
less. Customers' `updated_at` matches whole days in the shop's time zone, whatever the hour in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

from segsync_shopify.sandbox.complaints import Complaint, internal
from segsync_shopify.sandbox.fields import At
from segsync_shopify.sandbox.grammar import Every, Expression, Not, Some, Term, parse, shown
from segsync_shopify.sandbox.values import Doc, instant, number_of
from segsync_shopify.sandbox.view import View

Test = Callable[[Doc], bool]


class Matching(Enum):
    """How a field is compared."""

    SECOND = "second"
    WHOLE_DAY = "whole day"
    NUMBER = "number"
    TEXT = "text"
    FLAG = "flag"
    ANY_OF = "any of"
    NONE_OF = "none of"
    NOT_HELD = "not held"  # Shopify knows it, the stand-in does not


@dataclass(frozen=True, slots=True)
class Field:
    """A search field: how it is compared, and what of a record."""

    matching: Matching
    value: Callable[[At], Any] = lambda _at: None


@dataclass(slots=True)
class Search:
    """What became of a search text: a test (None: everything is found), and what Shopify warns of."""

    test: Test | None = None
    parsed: dict[str, Any] | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)


def search(text: str, fields: Mapping[str, Field], view: View, *, strict_times: bool = False) -> Search:
    """Read a search text. Raises Complaint for a bound that is empty (Shopify's own engine fails at it), for a field
    that the stand-in does not hold, and with `strict_times` for a time that cannot be read."""
    expression = parse(text)
    if expression is None:
        return Search()
    found = Search(parsed=shown(expression))
    found.test = _Reading(fields, view, found.warnings, strict_times).test(expression)
    return found


class _Reading:
    def __init__(self, fields: Mapping[str, Field], view: View, warnings: list[dict[str, str]], strict: bool) -> None:
        self._fields, self._view, self._warnings, self._strict = fields, view, warnings, strict

    def test(self, expression: Expression) -> Test | None:
        """None where the whole expression is ignored."""
        match expression:
            case Term():
                return self._term(expression)
            case Not(part):
                inner = self.test(part)
                return None if inner is None else lambda doc: not inner(doc)
            case Every(parts):
                tests = [one for one in map(self.test, parts) if one is not None]
                return (lambda doc: all(one(doc) for one in tests)) if tests else None
            case Some(parts):
                tests = [one for one in map(self.test, parts) if one is not None]
                return (lambda doc: any(one(doc) for one in tests)) if tests else None

    def _term(self, term: Term) -> Test | None:
        if not term.field:
            return _anywhere(term.value)
        known = self._fields.get(term.field)
        if known is None:
            said = "Invalid search field for this query."
            self._warnings.append({"field": term.field, "message": said, "code": "invalid_field"})
            return None
        if known.matching is Matching.NOT_HELD:
            raise Complaint(f"the stand-in cannot search by {term.field}", "NOT_IMPLEMENTED")
        if not term.value:
            raise internal("empty-bound")
        view, value = self._view, known.value
        if term.value == "*" and not term.operator:
            return lambda doc: value(At(view, doc, {})) not in (None, "", [])
        fits = self._fits(known.matching, term)
        return None if fits is None else lambda doc: (held := value(At(view, doc, {}))) is not None and fits(held)

    def _fits(self, matching: Matching, term: Term) -> Callable[[Any], bool] | None:
        if matching in (Matching.SECOND, Matching.WHOLE_DAY):
            return self._in_time(matching, term)
        if matching is Matching.NUMBER:
            return _by_number(term)
        if matching is Matching.FLAG:
            return lambda held: held == (term.value.lower() in ("true", "1", "yes"))
        wanted = {part.strip().lower() for part in term.value.split(",")}
        if matching is Matching.ANY_OF:
            return lambda held: bool(wanted & {one.lower() for one in held})
        if matching is Matching.NONE_OF:
            return lambda held: not wanted & {one.lower() for one in held}
        return _by_text(term)

    def _in_time(self, matching: Matching, term: Term) -> Callable[[Any], bool] | None:
        span = span_of(term.value, self._view.now, ZoneInfo(self._view.shop.timezone))
        if span is None:
            if self._strict:
                raise Complaint(f"Invalid timestamp for query filter `{term.field}`.", "BAD_REQUEST")
            return None
        if matching is Matching.WHOLE_DAY:
            span = _whole_days(span, ZoneInfo(self._view.shop.timezone))
        start, end = map(instant, span)
        match term.operator:
            case "<":
                return lambda held: held < start
            case "<=":
                return lambda held: held < end
            case ">":
                return lambda held: held >= end
            case ">=":
                return lambda held: held >= start
        return lambda held: start <= held < end


_PARTS = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
Span = tuple[datetime, datetime]


def span_of(text: str, now: str, zone: ZoneInfo) -> Span | None:
    """The time that a text means, from its beginning to just after its end; None for one that cannot be read."""
    if text == "now":
        text = now
    try:
        if match := _PARTS.fullmatch(text):
            year, month, day = (int(part) if part else None for part in match.groups())
            start = datetime(year or 1, month or 1, day or 1, tzinfo=zone)
            following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
            if month is None:
                following = start.replace(year=start.year + 1)
            return start, start + timedelta(days=1) if day else following
        moment = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return None
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return moment, moment + timedelta(seconds=1)


def _whole_days(span: Span, zone: ZoneInfo) -> Span:
    start, last = span[0].astimezone(zone), (span[1] - timedelta(seconds=1)).astimezone(zone)
    end = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
    return datetime(start.year, start.month, start.day, tzinfo=zone).astimezone(UTC), end.astimezone(UTC)


def _by_number(term: Term) -> Callable[[Any], bool] | None:
    try:
        wanted = Decimal(number_of(term.value))
    except InvalidOperation:
        return None
    match term.operator:
        case "<":
            return lambda held: Decimal(held) < wanted
        case "<=":
            return lambda held: Decimal(held) <= wanted
        case ">":
            return lambda held: Decimal(held) > wanted
        case ">=":
            return lambda held: Decimal(held) >= wanted
    return lambda held: Decimal(held) == wanted


def _by_text(term: Term) -> Callable[[Any], bool]:
    """The whole text, or where the value is not quoted any word of it; a last `*` leaves the end open."""
    wanted = term.value.lower()

    def fits(held: str) -> bool:
        low = held.lower()
        words = [low] if term.quoted else [low, *re.findall(r"[\w.+]+", low)]
        if wanted.endswith("*"):
            return any(word.startswith(wanted[:-1]) for word in words)
        return wanted in words

    return fits


def _anywhere(text: str) -> Test:
    """Some field of the record holds the text."""
    low = text.lower()
    return lambda doc: any(low in value.lower() for value in doc.values() if isinstance(value, str))
