"""The parts of rules and of values, and which values differ from person to person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from segsync.rules.names import Own
from segsync.rules.syntax import (
    Aggregate,
    All,
    AnyOf,
    Arithmetic,
    Clause,
    Condition,
    Name,
    Not,
    Param,
    Standing,
    Value,
)

MOST_NESTED = 8  # windows that compare with windows: each is a query within the next


def clauses(root: Condition) -> Iterator[Clause]:
    """The clauses of a rule, from left to right."""
    todo = [root]
    while todo:
        match todo.pop():
            case All(parts=parts) | AnyOf(parts=parts):
                todo.extend(reversed(parts))
            case Not(part=part):
                todo.append(part)
            case clause:
                yield clause


def leaves(value: Value) -> Iterator[Value]:
    """The values that a value is computed of."""
    if isinstance(value, Arithmetic):
        for part in value.parts:
            yield from leaves(part)
    else:
        yield value


def personal(value: Value) -> bool:
    """Does a checked value differ from person to person?"""
    return any(isinstance(leaf, Name | Aggregate | Standing) for leaf in leaves(value))


def compared(params: Iterable[Param]) -> list[Value]:
    """The values of each person that a window compares its records with."""
    return [value for param in params for value in param.values if personal(value)]


def nesting(value: Value, own: Mapping[str, Own]) -> int:
    """How many windows that compare their records with values of the person stand in a value, one within the other."""
    return max((_nesting(leaf, own) for leaf in leaves(value)), default=0)


def _nesting(leaf: Value, own: Mapping[str, Own]) -> int:
    match leaf:
        case Aggregate(params=params):
            return max((1 + nesting(value, own) for value in compared(params)), default=0)
        case Name(text=name) | Standing(trait=name) if name in own:
            return own[name].nesting
    return 0
