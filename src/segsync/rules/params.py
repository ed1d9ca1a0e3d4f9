"""The parameters of a function, within MATCHES and within a value such as `count(…)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from segsync.rules.catalogue import (
    LIST_PARAMETER,
    NEVER,
    OPERATORS,
    PARAMETER_SPELLINGS,
    TOTAL_PARAMETER,
    Function,
    Kind,
    Parameter,
)
from segsync.rules.names import Asked, listed
from segsync.rules.problems import did_you_mean, never
from segsync.rules.syntax import Param

if TYPE_CHECKING:
    from segsync.rules.values import Values


def checked_params(params: Sequence[Param], function: Function, values: Values) -> tuple[list[Param], list[Param]]:
    """The parameters that records are asked for, and the totals; those with problems are in neither."""
    named = [_spelled(param, function, values) for param in params]
    _once(named, values)
    found = [checked for param in named if (checked := _param(param, function, values)) is not None]
    totals = [param for param in found if _declared(function, param).total]
    return [param for param in found if not _declared(function, param).total], totals


def _declared(function: Function, param: Param) -> Parameter:
    declared = function.parameter(param.name.text)
    assert declared is not None
    return declared


def _spelled(param: Param, function: Function, values: Values) -> Param:
    meant = PARAMETER_SPELLINGS.get(param.name.text, "")
    if meant not in function.parameters or param.name.text in function.parameters:
        return param
    values.sheet.warning(param.name.span, f"`{param.name.text}` is another spelling", f"write {meant}")
    return replace(param, name=replace(param.name, text=meant))


def _param(param: Param, function: Function, values: Values) -> Param | None:
    sheet, name = values.sheet, param.name.text
    declared = function.parameter(name)
    if name in NEVER:
        never(sheet, param.name.span, name)
    elif declared is None:
        known = tuple(function.parameters)
        remedy = did_you_mean(name, known) or f"it has {listed(known)}"
        sheet.problem(param.name.span, f"`{function.name}` has no parameter `{name}`", remedy)
    elif param.colon:
        shown = sheet.cut(param.values[0].span)
        sheet.problem(param.span, "a parameter within MATCHES has an operator", f"write {name} = {shown}")
    else:
        allowed = TOTAL_PARAMETER if declared.total else OPERATORS[declared.kind]
        if declared.kind is Kind.LIST:
            allowed = LIST_PARAMETER
        asked = Asked(name, declared.kind, timed=declared.kind is Kind.DAY, record=not declared.total)
        if values.allowed(param.op, allowed, asked, param):
            return replace(param, values=values.checked(param.values, param.op, asked, param.span))
    return None


def _once(params: Sequence[Param], values: Values) -> None:
    seen: set[str] = set()
    for param in params:
        if param.name.text in seen:
            message = f"the parameter `{param.name.text}` is given twice"
            values.sheet.problem(param.span, message, "a range is written BETWEEN … AND …")
        seen.add(param.name.text)
