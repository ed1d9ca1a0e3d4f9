"""Names, types, operators and values of a parsed rule: every problem at once, and a tree with its names in order."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from segsync.rules.catalogue import (
    ANNIVERSARY,
    FUNCTIONS,
    OPERATORS,
    PARAMETER_SPELLINGS,
    SEGMENTS,
    SPELLINGS,
    TRAITS,
)
from segsync.rules.names import Findings, find_trait, listed, spelled, tell_no_function
from segsync.rules.params import checked_params
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
    Text,
    Unreadable,
)
from segsync.rules.values import Values
from segsync.streams import fold


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
    match clause.left:
        case Call(name=name) if name.text in FUNCTIONS or name.text in SPELLINGS:
            return _older(clause, clause.left, findings)
        case Name(text=name) if name == SEGMENTS:
            return _segments(clause, findings)
        case Name(text=name) if name in FUNCTIONS or name in SPELLINGS:
            return _function_alone(clause, clause.left, findings)
        case Name() | Arithmetic() | Call():
            return _compared(clause, findings)
        case Unreadable():
            pass
        case literal:
            sheet = findings.sheet
            message = f"a clause starts with a trait, not with {sheet.cut(literal.span)}"
            sheet.problem(literal.span, message, _turned(clause, findings))
    return clause


def _compared(clause: Comparison, findings: Findings) -> Condition:
    values = Values(findings)
    left, asked = values.resolve(clause.left)
    if asked is None:
        return clause
    if not values.allowed(clause.op, ANNIVERSARY if asked.yearly else OPERATORS[asked.kind], asked, clause):
        return clause
    return replace(clause, left=left, values=values.checked(clause.values, clause.op, asked, clause.span))


def _turned(clause: Comparison, findings: Findings) -> str:
    mirrored = {Op.EQ: "=", Op.NE: "!=", Op.GT: "<", Op.GE: "<=", Op.LT: ">", Op.LE: ">="}
    if clause.op in mirrored and isinstance(clause.values[0], Name | Call | Arithmetic):
        left, right = (findings.sheet.cut(value.span) for value in (clause.values[0], clause.left))
        return f"write {left} {mirrored[clause.op]} {right}"
    return "put the trait first"


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


def _function_alone(clause: Comparison, left: Name, findings: Findings) -> Condition:
    """`orders_placed IS NULL` is `NOT MATCHES ()`."""
    if clause.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        name = spelled(left, findings.sheet)
        findings.call(FUNCTIONS[name.text], left.span)
        return Matches(clause.span, name, clause.op is Op.IS_NULL, ())
    message = f"`{left.text}` is a function and does not take {clause.op}"
    findings.sheet.problem(clause.span, message, f"write {left.text} MATCHES (date >= -30d)")
    return clause


def _older(clause: Comparison, call: Call, findings: Findings) -> Condition:
    """`products_purchased(id: 1) = true`, Shopify's older spelling of MATCHES."""
    sheet, name = findings.sheet, call.name.text
    truth = clause.values[0].text.lower() if clause.values and isinstance(clause.values[0], Name) else ""
    if clause.op is not Op.EQ or truth not in ("true", "false") or any(not isinstance(a, Param) for a in call.args):
        sheet.problem(clause.span, f"`{name}(…)` is asked with MATCHES", f"write {name} MATCHES (date >= -30d)")
        return clause
    params = tuple(replace(arg, colon=False) for arg in call.args if isinstance(arg, Param))
    matches = Matches(clause.span, call.name, truth == "false", params)
    inner = ", ".join(_newer(arg, findings) for arg in call.args if isinstance(arg, Param))
    verb = "NOT MATCHES" if matches.negated else "MATCHES"
    newer = f"write {SPELLINGS.get(name, name)} {verb} ({inner})"
    sheet.warning(clause.span, "this is an older spelling", newer)
    canonical = replace(call.name, text=SPELLINGS.get(name, name))  # its hint is part of that one
    return _matches(replace(matches, left=canonical), findings)


def _newer(param: Param, findings: Findings) -> str:
    name = PARAMETER_SPELLINGS.get(param.name.text, param.name.text)
    rest = findings.sheet.text[param.name.span.end : param.span.end]
    return f"{name} = {rest.lstrip().removeprefix(':').strip()}" if param.colon else f"{name}{rest}"


def _matches(clause: Matches, findings: Findings) -> Condition:
    sheet = findings.sheet
    match clause.left:
        case Name(span, text) if text in FUNCTIONS or text in SPELLINGS:
            name = spelled(clause.left, sheet)
            function = FUNCTIONS[name.text]
            findings.call(function, span)
            params, totals = checked_params(clause.params, function, Values(findings))
            return replace(clause, left=name, params=tuple(params), totals=tuple(totals))
        case Name(span, text) if text in TRAITS or text == SEGMENTS or text in findings.own:
            message = f"`{text}` is a trait; MATCHES asks a function"
            sheet.problem(span, message, f"a function is one of {listed(FUNCTIONS)}")
        case Name() as left:
            find_trait(left, findings)
        case Call() as call:
            tell_no_function(call.name, call.span, findings)
        case Unreadable():
            pass
        case other:
            sheet.problem(other.span, "MATCHES asks a function", f"write one of {listed(FUNCTIONS)} before it")
    return clause
