"""Values from functions: `count(…)` and its siblings, `percentile(…)`, `rank(…)`, and `anniversary(…)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segsync.rules.catalogue import AGGREGATES, ANNIVERSARIES, FUNCTIONS, SPELLINGS, STANDINGS, TRAITS, Function, Kind
from segsync.rules.names import EXAMPLES, Asked, find_trait, listed, spelled, tell_no_function
from segsync.rules.params import checked_params
from segsync.rules.problems import did_you_mean
from segsync.rules.syntax import Aggregate, Anniversary, Call, Name, Param, Span, Standing, Text, Unreadable, Value

if TYPE_CHECKING:
    from segsync.rules.values import Values

Resolved = tuple[Value, Asked | None]

_SUMMED = frozenset({Kind.NUMBER, Kind.ANY})
_ORDERED = _SUMMED | {Kind.DAY}
_TAKES = {"sum": _SUMMED, "avg": _SUMMED, "min": _ORDERED, "max": _ORDERED}


def resolve_call(call: Call, values: Values) -> Resolved:
    """The value that a call stands for, and what it is; None where it has a problem, which is told."""
    name = call.name.text
    if name in AGGREGATES:
        return _aggregate(call, values)
    if name in STANDINGS:
        return _standing(call, values)
    if name == ANNIVERSARIES:
        return _anniversary(call, values)
    tell_no_function(call.name, call.span, values.findings)
    return call, None


def _usage(call: Call, values: Values, message: str, span: Span | None = None) -> Resolved:
    values.sheet.problem(span or call.span, message, f"write {EXAMPLES[call.name.text]}")
    return call, None


# --- of a function's records -------------------------------------------------------------------------------


def _aggregate(call: Call, values: Values) -> Resolved:
    how, sheet = call.name.text, values.sheet
    first, rest = (call.args[0], call.args[1:]) if call.args else (None, ())
    if isinstance(first, Unreadable):
        return call, None
    if not isinstance(first, Name):
        return _usage(call, values, f"`{how}(…)` takes a function first")
    function, field = _of(first, values)
    if function is None:
        return call, None
    values.findings.call(function, first.span)
    params = [arg for arg in rest if isinstance(arg, Param)]
    for arg in rest:
        if not isinstance(arg, Param | Unreadable):
            sheet.problem(arg.span, "behind the function stand parameters", "write one such as date >= -30d")
    records, totals = checked_params(params, function, values)
    for total in totals:
        sheet.problem(total.span, f"`{total.name.text}` belongs to MATCHES alone", "take it out")
    kind = _kind(call, function, field, first.span, values)
    if kind is None:
        return call, None
    aggregate = Aggregate(call.span, how, function.name, field, tuple(records))
    return aggregate, Asked(values.shown(call.span), kind, timed=field == "date")


def _of(name: Name, values: Values) -> tuple[Function | None, str]:
    """The function that a name such as `orders_placed.amount` starts with, and what is behind it."""
    text = name.text
    for known in sorted((*FUNCTIONS, *SPELLINGS), key=len, reverse=True):
        if text == known or text.startswith(f"{known}."):
            start = name.span.start
            function = spelled(Name(Span(start, start + len(known)), known), values.sheet)
            return FUNCTIONS[function.text], text[len(known) + 1 :]
    what = f"`{text}` is a trait, not a function" if text in TRAITS else f"unknown function `{text}`"
    near = "" if text in TRAITS else did_you_mean(text.rpartition(".")[0] or text, tuple(FUNCTIONS))
    values.sheet.problem(name.span, what, near or f"it may be {listed(FUNCTIONS)}")
    return None, ""


def _kind(call: Call, function: Function, field: str, span: Span, values: Values) -> Kind | None:
    """The kind of an aggregate's value; None, and a problem, where it has none."""
    how, name = call.name.text, function.name
    if how == "count":
        if not field:
            return Kind.NUMBER
        values.sheet.problem(span, "`count(…)` counts what happened, whole", f"write count({name})")
        return None
    declared = function.parameter(field)
    fields = [p.name for p in function.parameters.values() if not p.total and p.kind in _TAKES.get(how, {p.kind})]
    if how in ("first", "last"):
        fields = [field for field in fields if function.parameters[field].kind is not Kind.LIST]
    known = listed(f"{name}.{field}" for field in fields)
    if not field:
        values.sheet.problem(span, f"`{how}(…)` needs to know of what", f"it may be {known}")
    elif declared is None or declared.total:
        remedy = did_you_mean(field, fields) or f"it may be {known}"
        values.sheet.problem(span, f"`{name}` has no `{field}` to take", remedy)
    elif declared.kind not in _TAKES.get(how, {declared.kind}) or declared.kind is Kind.LIST:
        values.sheet.problem(span, f"`{how}(…)` does not take {declared.kind}", f"it may be {known}")
    elif how in _TAKES and declared.kind is Kind.ANY:
        return Kind.NUMBER
    else:
        return declared.kind
    return None


# --- of a trait --------------------------------------------------------------------------------------------


def _standing(call: Call, values: Values) -> Resolved:
    how = call.name.text
    trait = call.args[0] if len(call.args) == 1 else None
    if not isinstance(trait, Name):
        remedy = f"write {EXAMPLES[how]}; give a computed value a name under [traits]"
        values.sheet.problem(call.span, f"`{how}(…)` takes one trait", remedy)
        return call, None
    asked = find_trait(trait, values.findings)
    if asked is None:
        return call, None
    if asked.kind not in _ORDERED:
        return _usage(call, values, f"`{asked.name}` is {asked.kind}, which has no order", trait.span)
    return Standing(call.span, how, trait.text), Asked(values.shown(call.span), Kind.NUMBER)


def _anniversary(call: Call, values: Values) -> Resolved:
    name = _named(call)
    if name is None:
        return _usage(call, values, "`anniversary(…)` takes one date")
    asked = find_trait(name, values.findings)
    if asked is None:
        return call, None
    if asked.kind not in (Kind.DAY, Kind.ANY):
        return _usage(call, values, f"`{asked.name}` is {asked.kind}, not a date", name.span)
    return Anniversary(call.span, name.text), Asked(values.shown(call.span), Kind.DAY, yearly=True)


def _named(call: Call) -> Name | None:
    """The trait in `anniversary(x)`, `anniversary('x')` or `anniversary(date: 'x')`."""
    match call.args:
        case (Param(name=Name(text="date"), values=(value,), colon=True),):
            pass
        case (Name() | Text() as value,):
            pass
        case _:
            return None
    if isinstance(value, Text):
        return Name(Span(value.span.start + 1, value.span.end - 1), value.value)
    return value if isinstance(value, Name) else None
