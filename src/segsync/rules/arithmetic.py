"""Arithmetic between numbers as an expression.

It is done in double precision, as every engine has it, and its value is taken to six decimals: as many as a number in a
rule may have, so that `0.1 + 0.2 = 0.3`. Division by zero, and a missing part, make a value missing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import ibis

from segsync.rules.shop import NUMBER, decimal
from segsync.rules.syntax import Arithmetic, Number, Value
from segsync.rules.truth import balanced

_FLOAT = "float64"
_GREATEST = Decimal(10) ** 18  # beyond it a value is taken as this: well within what NUMBER holds
_ZERO = 9  # decimals: a sum of money that is smaller is the rounding of double precision, and nothing to divide by

Find = Callable[[Value], Any]  # the number that a value is, as an expression


def computed(value: Arithmetic, find: Find) -> Any:
    """The value of the type NUMBER."""
    whole = _number(value, find)
    most, least = _literal(_GREATEST), _literal(-_GREATEST)
    within = ibis.cases((whole > most, most), (whole < least, least), else_=whole)
    return within.cast(NUMBER)


def _number(value: Value, find: Find) -> Any:
    match value:
        case Number(value=number):
            return _literal(number)
        case Arithmetic() if value.multiplies:
            return _product(value, find)
        case Arithmetic():
            return _sum(value, find)
    return find(value).cast(_FLOAT)


def _literal(number: Decimal) -> Any:
    return decimal(number).cast(_FLOAT)


def _sum(value: Arithmetic, find: Find) -> Any:
    parts = list(_terms(value, plus=True))
    known = sum((term.value if plus else -term.value for term, plus in parts if isinstance(term, Number)), Decimal(0))
    terms = [(_number(term, find), plus) for term, plus in parts if not isinstance(term, Number)]
    added = [term for term, plus in terms if plus]
    taken = [term for term, plus in terms if not plus]
    if known or not added:
        added.append(_literal(known))
    whole = balanced(operator.add, added)
    return whole - balanced(operator.add, taken) if taken else whole


def _terms(value: Value, *, plus: bool) -> Iterator[tuple[Value, bool]]:
    """The terms of a sum and of the sums within it: a rule's parentheses need not be the engine's."""
    if isinstance(value, Arithmetic) and not value.multiplies:
        for part, sign in zip(value.parts, value.signs, strict=True):
            yield from _terms(part, plus=(sign == "+") is plus)
    else:
        yield value, plus


def _product(value: Arithmetic, find: Find) -> Any:
    above: list[Any] = []
    below: list[Any] = []
    for factor, upper, divides in _factors(value, upper=True):
        number = _number(factor, find)
        if divides:
            number = (number.round(_ZERO) if isinstance(factor, Arithmetic) else number).nullif(0)
        (above if upper else below).append(number)
    whole = balanced(operator.mul, above or [_literal(Decimal(1))])
    return whole / balanced(operator.mul, below) if below else whole


def _factors(value: Value, *, upper: bool, divides: bool = False) -> Iterator[tuple[Value, bool, bool]]:
    """The factors of a product and of the products within it: does it stand above the line, and does any `/` precede?

    What is divided by may not be zero, even where dividing by the quotient it stands in brings it above the line.
    """
    if isinstance(value, Arithmetic) and value.multiplies:
        for part, sign in zip(value.parts, value.signs, strict=True):
            yield from _factors(part, upper=(sign == "*") is upper, divides=divides or sign == "/")
    else:
        yield value, upper, divides


def degree(value: Value) -> int:
    """Of how many factors the greatest product within a value is, were its parentheses multiplied out."""
    if not isinstance(value, Arithmetic):
        return 0 if isinstance(value, Number) else 1
    degrees = [max(1, degree(part)) for part in value.parts]
    return sum(degrees) if value.multiplies else max(degrees)
