"""What would have to change for a comparison that is false to hold, in a few words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from segsync.rules.syntax import Op

_UP = frozenset({Op.GE, Op.GT})
_DOWN = frozenset({Op.LE, Op.LT})
_AT = frozenset({Op.EQ, Op.BETWEEN, Op.IN})


def change(op: Op, value: Any, targets: Sequence[Any]) -> str:
    """Of a value and what it was compared with: `1 more`, `3 days later`; empty where nothing plain can be said."""
    if op is Op.IS_NULL:
        return "no value"
    if op is Op.IS_NOT_NULL or value is None:
        return "a value"
    if any(target is None for target in targets):
        return ""
    if op is Op.NE and len(targets) == 1:
        return f"any other than {shown(value)}"
    if all(_both(value, target, (int, float, Decimal)) for target in targets):
        numbers = [Decimal(str(target)) for target in targets]
        return _distance(op, Decimal(value), numbers, ("more", "less", ""), whole=isinstance(value, int))
    if all(_both(value, target, date) for target in targets):
        days = [Decimal(target.toordinal()) for target in targets]
        return _distance(op, Decimal(value.toordinal()), days, ("later", "earlier", " day"), whole=True)
    if op is Op.EQ and isinstance(value, str):
        return f"{shown(targets[0])} instead of {shown(value)}"
    return ""


def _both(value: Any, target: Any, kind: Any) -> bool:
    return isinstance(value, kind) and isinstance(target, kind) and not isinstance(value, bool)


def _distance(op: Op, value: Decimal, targets: Sequence[Decimal], words: tuple[str, str, str], *, whole: bool) -> str:
    """`whole`: the value moves by whole steps, so that beyond a number means the next step."""
    if op not in _UP | _DOWN | _AT:
        return ""
    up, down, unit = words
    target = min(targets, key=lambda each: abs(each - value)) if op in _AT else targets[0]
    rises = op in _UP or (op in _AT and target > value)
    beyond = ""
    if whole and op in _UP | _DOWN:
        target = target.to_integral_value(ROUND_FLOOR if op in (Op.GT, Op.LE) else ROUND_CEILING)
        target += {Op.GT: 1, Op.LT: -1}.get(op, 0)
    elif op in (Op.GT, Op.LT):
        beyond = "more than "
    far = abs(target - value)
    return f"{beyond}{shown(far)}{unit}{'s' if unit and far != 1 else ''} {up if rises else down}"


def shown(value: Any) -> str:
    """A value in such a text: numbers without zeros at their end, text in quotes."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return f"'{value}'" if isinstance(value, str) else str(value)
