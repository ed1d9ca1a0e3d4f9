"""Why a person is in a segment, or is not: the rule as a tree, with this person's values beside each clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from segsync.rules.catalogue import SEGMENTS, TRAITS
from segsync.rules.compile import Clauses, rows_of, with_segments
from segsync.rules.dates import AsOf
from segsync.rules.needs import COUNT, Needs, clauses, lists_places
from segsync.rules.read import Rule, needed
from segsync.rules.shop import Shop
from segsync.rules.syntax import All, AnyOf, Clause, Comparison, Condition, Matches, Name, Not, Text


@dataclass(frozen=True, slots=True)
class Why:
    """A part of a rule: its text, whether it holds for the person, and what it is made of.

    A clause has `values`: its traits by name (None where missing), or the totals of a MATCHES. A clause over
    `segments` has the rule of that segment as its one part.
    """

    kind: Literal["clause", "all", "any", "not"]
    text: str
    holds: bool
    values: Mapping[str, Any]
    parts: tuple[Why, ...] = ()


def why(
    con: Any,
    rules: Mapping[str, Rule],
    name: str,
    person: str,
    as_of: AsOf,
    *,
    currency: str,
    rates: Mapping[str, Decimal],
) -> Why:
    """Explain one person's place in or out of the segment `name`. Raises KeyError for a person nobody knows."""
    used = needed(name, rules)
    needs = Needs(as_of)
    for rule in used.values():
        needs.gather(rule.root)
        needs.want(rule.traits)
    rows = with_segments(rows_of(Shop(con, as_of, currency, rates, person), needs), used, needs)
    asked = Clauses(rows, needs)
    every = [(rule.name, clause) for rule in used.values() for clause in clauses(rule.root)]
    truths = {f"holds{number}": asked.clause(clause) for number, (_, clause) in enumerate(every)}
    found = rows.mutate(**truths).to_pyarrow().to_pylist()
    if not found:
        raise KeyError(person)
    row = found[0]
    holds = {key: bool(row[column]) for column, key in zip(truths, every, strict=True)}
    return _Told(used, needs, row, holds).rule(name)


@dataclass(frozen=True, slots=True)
class _Told:
    """One person's row, and how the clauses of the rules turned out."""

    rules: Mapping[str, Rule]
    needs: Needs
    row: Mapping[str, Any]
    holds: Mapping[tuple[str, Clause], bool]

    def rule(self, name: str) -> Why:
        return self._part(self.rules[name], self.rules[name].root)

    def _part(self, rule: Rule, root: Condition) -> Why:
        text = rule.cut(root.span)
        match root:
            case Not(part=part):
                inner = self._part(rule, part)
                return Why("not", text, not inner.holds, {}, (inner,))
            case All(parts=parts):
                told = tuple([self._part(rule, part) for part in parts])
                return Why("all", text, all(part.holds for part in told), {}, told)
            case AnyOf(parts=parts):
                told = tuple([self._part(rule, part) for part in parts])
                return Why("any", text, any(part.holds for part in told), {}, told)
            case Comparison() | Matches():
                behind = (self.rule(_segment(root)),) if _segment(root) else ()
                return Why("clause", text, self.holds[rule.name, root], self._values(root), behind)

    def _values(self, clause: Clause) -> dict[str, Any]:
        if isinstance(clause, Matches):
            column = self.needs.window(clause).column
            totals = dict.fromkeys([COUNT, *(total.name.text for total in clause.totals)])
            return {total: self.row[f"{column}_{total}"] for total in totals}
        names = [value.text for value in (clause.left, *clause.values) if isinstance(value, Name)]
        return {name: self._value(name) for name in names if name in TRAITS}

    def _value(self, name: str) -> Any:
        value = self.row[name]
        return sorted(value) if value and lists_places(name) else value


def _segment(clause: Clause) -> str:
    if isinstance(clause, Comparison) and isinstance(clause.left, Name) and clause.left.text == SEGMENTS:
        (text,) = clause.values
        return text.value if isinstance(text, Text) else ""
    return ""
