"""Names, types, operators and values of a parsed rule: every problem at once, and a tree with its names in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from segsync.rules.catalogue import (
    FUNCTIONS,
    LATER_CALLS,
    LATER_FUNCTIONS,
    LATER_PREFIXES,
    LATER_TRAITS,
    LIST_PARAMETER,
    NEVER,
    OPERATORS,
    SEGMENTS,
    TEXT_LATER,
    TOTAL_PARAMETER,
    TRAITS,
    Function,
    Kind,
    Parameter,
    Trait,
)
from segsync.rules.problems import Sheet, did_you_mean, later, never
from segsync.rules.syntax import (
    All,
    AnyOf,
    Arithmetic,
    Call,
    Comparison,
    Condition,
    Matches,
    Name,
    Not,
    Op,
    Param,
    Span,
    Text,
    Unreadable,
)
from segsync.rules.values import Values
from segsync.streams import fold

_KNOWN = (*TRAITS, *FUNCTIONS, SEGMENTS, *sorted(LATER_TRAITS | LATER_FUNCTIONS))


@dataclass(slots=True)
class Findings:
    """What a rule uses, gathered on the way."""

    sheet: Sheet
    filled: frozenset[str]
    segments: list[tuple[str, Span]] = field(default_factory=list)
    traits: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)

    @property
    def values(self) -> Values:
        """The check of values, which may be traits."""
        return Values(self.sheet, lambda name: find_trait(name, self, value=True))

    def use(self, trait: Trait, span: Span) -> None:
        """Note a trait, and warn where nothing fills it."""
        self.traits.add(trait.name)
        it_is = "it is missing" if trait.without is None else f"it is {trait.without}"
        self._warn_unfilled(
            trait.name, trait.streams, span, f"{it_is} for everyone, so `!=` and NOT may select everyone"
        )

    def call(self, function: Function, span: Span) -> None:
        """Note a function, and warn where nothing fills it."""
        self.functions.add(function.name)
        self._warn_unfilled(
            function.name, (function.stream,), span, "nothing happened to anybody, so NOT selects everyone"
        )

    def _warn_unfilled(self, name: str, streams: tuple[str, ...], span: Span, so: str) -> None:
        if not self.filled.intersection(streams):
            sources = " or ".join(f"`{stream}`" for stream in streams)
            message = f"no configured source fills `{name}`: {so}"
            self.sheet.warning(span, message, f"add a source with the stream {sources}")


def check(condition: Condition, findings: Findings) -> Condition:
    """The tree with its names in order. It may be used only where the findings' sheet has no problem."""
    match condition:
        case All(span, parts):
            return All(span, tuple(map(partial(check, findings=findings), parts)))
        case AnyOf(span, parts):
            return AnyOf(span, tuple(map(partial(check, findings=findings), parts)))
        case Not(span, part):
            return Not(span, check(part, findings))
        case Matches():
            return _matches(condition, findings)
        case Comparison():
            return _comparison(condition, findings)


# --- clauses -----------------------------------------------------------------------------------------------


def _comparison(clause: Comparison, findings: Findings) -> Condition:
    sheet = findings.sheet
    match clause.left:
        case Call():
            return _legacy(clause, clause.left, findings)
        case Arithmetic(span) as arithmetic:
            if arithmetic.readable:
                later(sheet, span, "arithmetic")
        case Name(span, name) if name == SEGMENTS:
            return _segments(clause, findings)
        case Name(span, name) if name in FUNCTIONS:
            return _function_alone(clause, name, findings)
        case Name() as left:
            trait = find_trait(left, findings)
            if trait is not None and _allowed(clause.op, OPERATORS[trait.kind], trait, clause, findings):
                return replace(clause, values=findings.values.checked(clause.values, clause.op, trait, clause.span))
        case Unreadable():
            pass
        case literal:
            sheet.problem(
                literal.span,
                f"a clause starts with a trait, not with {sheet.cut(literal.span)}",
                _turned(clause, sheet),
            )
    return clause


def _turned(clause: Comparison, sheet: Sheet) -> str:
    mirrored = {Op.EQ: "=", Op.NE: "!=", Op.GT: "<", Op.GE: "<=", Op.LT: ">", Op.LE: ">="}
    if clause.op in mirrored and isinstance(clause.values[0], Name):
        return f"write {clause.values[0].text} {mirrored[clause.op]} {sheet.cut(clause.left.span)}"
    return "put the trait first"


def _allowed(
    op: Op, allowed: frozenset[Op], asked: Trait | Parameter, clause: Comparison | Param, findings: Findings
) -> bool:
    name, span = f"`{asked.name}`", clause.span
    if op in allowed:
        if asked.kind is Kind.TEXT and op in TEXT_LATER:
            later(findings.sheet, span, f"{op} on text")
            return False
        return True
    if op is Op.NOT_BETWEEN:
        findings.sheet.problem(span, "NOT BETWEEN is no operator", f"write NOT ({asked.name} BETWEEN … AND …)")
        return False
    ops = ", ".join(o for o in Op if o in allowed and not o.startswith("NOT "))
    findings.sheet.problem(span, f"{name} is {asked.kind} and does not take {op}", f"it takes {ops}")
    return False


def _segments(clause: Comparison, findings: Findings) -> Condition:
    sheet = findings.sheet
    if clause.op not in (Op.CONTAINS, Op.NOT_CONTAINS):
        sheet.problem(clause.span, f"`segments` does not take {clause.op}", "write segments CONTAINS 'name'")
        return clause
    match clause.values[0]:
        case Text(span, value):
            findings.segments.append((fold(value), span))
            return replace(clause, values=(Text(span, fold(value)),))
        case Unreadable():
            pass
        case other:
            remedy = f"write '{other.text}'" if isinstance(other, Name) else "write its name in single quotes"
            sheet.problem(other.span, "the name of a segment stands in single quotes", remedy)
    return clause


def _function_alone(clause: Comparison, name: str, findings: Findings) -> Condition:
    """`orders_placed IS NULL` is `NOT MATCHES ()`."""
    if clause.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        findings.call(FUNCTIONS[name], clause.left.span)
        return Matches(clause.span, clause.left, clause.op is Op.IS_NULL, ())
    findings.sheet.problem(
        clause.span, f"`{name}` is a function and does not take {clause.op}", f"write {name} MATCHES (date >= -30d)"
    )
    return clause


def _legacy(clause: Comparison, call: Call, findings: Findings) -> Condition:
    """`products_purchased(id: 1) = true`, Shopify's older spelling of MATCHES."""
    sheet, name = findings.sheet, call.name.text
    if name not in FUNCTIONS:
        _call_problem(call, findings)
        return clause
    truth = clause.values[0].text.lower() if clause.values and isinstance(clause.values[0], Name) else ""
    if clause.op is not Op.EQ or truth not in ("true", "false") or any(not isinstance(a, Param) for a in call.args):
        sheet.problem(clause.span, f"`{name}(…)` is asked with MATCHES", f"write {name} MATCHES (date >= -30d)")
        return clause
    params = tuple(replace(arg, colon=False) for arg in call.args if isinstance(arg, Param))
    matches = Matches(clause.span, call.name, truth == "false", params)
    inner = ", ".join(f"{p.name.text} {p.op} {sheet.cut(p.values[0].span)}" for p in params if p.values)
    verb = "NOT MATCHES" if matches.negated else "MATCHES"
    sheet.warning(clause.span, "this is an older spelling", f"write {name} {verb} ({inner})")
    return _matches(matches, findings)


def _matches(clause: Matches, findings: Findings) -> Condition:
    sheet = findings.sheet
    match clause.left:
        case Name(span, name) if name in FUNCTIONS:
            function = FUNCTIONS[name]
            findings.call(function, span)
            params = [_param(param, function, findings) for param in clause.params]
            _once(clause.params, sheet)
            totals = tuple(p for p in params if p is not None and function.parameters[p.name.text].total)
            rest = tuple(p for p in params if p is not None and not function.parameters[p.name.text].total)
            return replace(clause, params=rest, totals=totals)
        case Name(span, name) if name in TRAITS or name == SEGMENTS:
            sheet.problem(
                span, f"`{name}` is a trait; MATCHES asks a function", f"a function is one of {_listed(FUNCTIONS)}"
            )
        case Name() as left:
            find_trait(left, findings)
        case Call() as call:
            _call_problem(call, findings)
        case Unreadable():
            pass
        case other:
            sheet.problem(other.span, "MATCHES asks a function", f"write one of {_listed(FUNCTIONS)} before it")
    return clause


def _param(param: Param, function: Function, findings: Findings) -> Param | None:
    sheet, name = findings.sheet, param.name.text
    declared = function.parameters.get(name)
    if name in NEVER:
        never(sheet, param.name.span, name)
    elif declared is None:
        known = tuple(function.parameters)
        remedy = did_you_mean(name, known) or f"it has {_listed(known)}"
        sheet.problem(param.name.span, f"`{function.name}` has no parameter `{name}`", remedy)
    elif param.colon:
        shown = sheet.cut(param.values[0].span)
        sheet.problem(param.span, "a parameter within MATCHES has an operator", f"write {name} = {shown}")
    else:
        allowed = TOTAL_PARAMETER if declared.total else OPERATORS[declared.kind]
        if declared.kind is Kind.LIST:
            allowed = LIST_PARAMETER
        if _allowed(param.op, allowed, declared, param, findings):
            return replace(param, values=findings.values.checked(param.values, param.op, declared, param.span))
    return None


def _once(params: tuple[Param, ...], sheet: Sheet) -> None:
    seen: set[str] = set()
    for param in params:
        if param.name.text in seen:
            sheet.problem(
                param.span, f"the parameter `{param.name.text}` is given twice", "a range is written BETWEEN … AND …"
            )
        seen.add(param.name.text)


# --- names -------------------------------------------------------------------------------------------------


def find_trait(name: Name, findings: Findings, *, value: bool = False) -> Trait | None:
    """The trait of this name, noted as used; None, and a problem, where there is none that is computed."""
    sheet, text, span = findings.sheet, name.text, name.span
    if trait := TRAITS.get(text):
        findings.use(trait, span)
        return trait
    if text in NEVER:
        never(sheet, span, text)
    elif text in LATER_TRAITS | LATER_FUNCTIONS | LATER_CALLS or text.startswith(LATER_PREFIXES):
        later(sheet, span, f"`{text}`")
    elif text in FUNCTIONS:
        sheet.problem(span, f"`{text}` is a function and stands for no value", f"write {text} MATCHES (…) as a clause")
    elif text == SEGMENTS:
        sheet.problem(span, "`segments` stands for no value", "write segments CONTAINS 'name' as a clause")
    else:
        near = did_you_mean(text, _KNOWN)
        remedy = near or (f"text stands in single quotes: '{text}'" if value else "`segsync traits` lists them")
        sheet.problem(span, f"unknown trait `{text}`", remedy)
    return None


def _call_problem(call: Call, findings: Findings) -> None:
    sheet, text, span = findings.sheet, call.name.text, call.name.span
    if text in NEVER:
        never(sheet, span, text)
    elif text in LATER_CALLS or text in LATER_FUNCTIONS:
        later(sheet, call.span, f"`{text}(…)`")
    elif text in FUNCTIONS:
        sheet.problem(call.span, f"`{text}(…)` stands for no value", f"write {text} MATCHES (…) as a clause")
    else:
        known = (*FUNCTIONS, *sorted(LATER_CALLS | LATER_FUNCTIONS))
        sheet.problem(
            span, f"unknown function `{text}`", did_you_mean(text, known) or f"it may be {_listed(FUNCTIONS)}"
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
