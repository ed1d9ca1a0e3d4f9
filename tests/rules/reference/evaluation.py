"""Is a rule true of a person? Walks the tree, for one person at a time."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from reference.nodes import (
    And,
    Calculation,
    Call,
    Happened,
    Name,
    Not,
    Number,
    Or,
    Param,
    Test,
    Text,
)
from reference.parsing import parse, parse_value
from reference.records import FUNCTIONS, TOTALS, Record, canonical, records, split
from reference.shop import Person, Shop
from reference.traits import known, trait
from reference.values import Loose, When, anniversary_in, day_of, fold, holds, is_literal, literal, reads_as


class Judge:
    """Rules over one shop at its `as_of`; `segments` and `traits` are the texts that rules may name."""

    def __init__(self, shop: Shop, segments: Mapping[str, str] = {}, traits: Mapping[str, str] = {}) -> None:
        self.shop = shop
        self.segments = {fold(name): parse(text) for name, text in segments.items()}
        self.traits = {name: parse_value(text) for name, text in traits.items()}

    def members(self, rule: str) -> set[str]:
        """The keys of the people of whom the rule is true."""
        tree = parse(rule)
        return {key for key, person in self.people.items() if self.true(person, tree)}

    @cached_property
    def people(self) -> dict[str, Person]:
        """Those who exist at the run's instant."""
        return {key: person for key, person in self.shop.people.items() if self.shop.exists(person)}

    # --- conditions ----------------------------------------------------------------------------------------

    def true(self, person: Person, node: Any) -> bool:
        """Two-valued: a negative form is the exact complement of the positive one (Meaning 1)."""
        match node:
            case And(parts):
                return all(self.true(person, part) for part in parts)
            case Or(parts):
                return any(self.true(person, part) for part in parts)
            case Not(part):
                return not self.true(person, part)
            case Happened(function, params):
                return self.happened(person, function, params)
            case Test(Name("segments"), _, (Text(name),)):
                return self.true(person, self.segments[fold(name)])
            case Test(Call(name, _, params), _, (Name(flag),)) if canonical(name) in FUNCTIONS:
                return self.happened(person, name, params) == (flag.lower() == "true")
            case Test(Name(name), "is null", ()) if canonical(name) in FUNCTIONS:
                return not self.happened(person, name, ())
            case Test(Call("anniversary") as call, op, values):
                return self.anniversary(person, call, op, values)
            case Test(left, op, values):
                return holds(self.value(person, left), op, [self.wanted(person, value) for value in values])
        raise TypeError(f"no condition: {node!r}")

    def wanted(self, person: Person, node: Any) -> Any:
        return literal(self.shop, node) if is_literal(node) else self.value(person, node)

    def happened(self, person: Person, function: str, params: tuple[Param, ...]) -> bool:
        """Did anything pass all parameters; or, with totals, do they hold of what passed together?"""
        totals = [param for param in params if param.name in TOTALS]
        passed = self.passed(person, function, [param for param in params if param not in totals])
        if not totals:
            return bool(passed)
        return all(self.param_holds(person, param, _total(passed, param.name)) for param in totals)

    def passed(self, person: Person, function: str, params: Any) -> list[Record]:
        return [
            record
            for record in records(self.shop, person, function)
            if all(self.param_holds(person, param, record.params(param.name)) for param in params)
        ]

    def param_holds(self, person: Person, param: Param, value: Any) -> bool:
        wanted = [self.wanted(person, node) for node in param.values]
        found = holds(value, param.op.removeprefix("not "), wanted)
        return not found if param.op.startswith("not ") else found

    def anniversary(self, person: Person, call: Call, op: str, values: tuple[Any, ...]) -> bool:
        """Does some year's anniversary of the date lie there? (Meaning 6 and 12)"""
        (named,) = call.args or call.params[0].values
        value = self.named(person, named.value)
        born = day_of(value) if isinstance(value, Loose) else value
        if born is None or op == "is null":
            return born is None and op == "is null"
        wanted = [self.wanted(person, node) for node in values]
        years = range(min(day.year for day in wanted), max(day.year for day in wanted) + 1)
        return any(holds(When(anniversary_in(born.day, year)), op, wanted) for year in years)

    # --- values --------------------------------------------------------------------------------------------

    def named(self, person: Person, name: str) -> Any:
        if name in self.traits:
            return self.value(person, self.traits[name])
        return trait(self.shop, person, name)

    def value(self, person: Person, node: Any) -> Any:
        """A value of this person; None where it is missing."""
        match node:
            case Number(value):
                return value
            case Name(name):
                return self.named(person, name)
            case Calculation(sign, left, right):
                return _calculated(sign, self.number(person, left), self.number(person, right))
            case Call("percentile" | "rank" as name, (of,), ()):
                return self.standing(person, name, of)
            case Call("count", (Name(function),), params):
                return len(self.passed(person, function, params))
            case Call(name, (Name(field),), params):
                function, parameter = split(field)
                return _folded_up(name, [r.params(parameter) for r in self.passed(person, function, params)])
        raise TypeError(f"no value: {node!r}")

    def number(self, person: Person, node: Any) -> Any:
        """A part of a calculation."""
        value = self.value(person, node)
        return reads_as(value, Fraction(0)) if isinstance(value, Loose) else value

    def standing(self, person: Person, name: str, of: Any) -> Any:
        """percentile and rank among all people with a value; ties share (Meaning 6)."""
        mine = self.value(person, of)
        if mine is None:
            return None
        all_ = known(self.value(other, of) for other in self.people.values())
        if name == "rank":
            return 1 + sum(value > mine for value in all_)
        smaller = sum(value < mine for value in all_)
        return Fraction(100 * smaller, len(all_) - 1) if len(all_) > 1 else 0


def _total(passed: list[Record], name: str) -> Any:
    """0 where nothing passed; amounts that are not known are left out."""
    of = TOTALS[name]
    return len(passed) if of is None else sum(known(record.params(of) for record in passed))


def _calculated(sign: str, left: Any, right: Any) -> Any:
    if left is None or right is None or (sign == "/" and right == 0):
        return None
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return Fraction(left) / Fraction(right)


def _folded_up(name: str, values: list[Any]) -> Any:
    """The records' values, oldest first, as one."""
    if name in ("first", "last"):
        return (values[0] if name == "first" else values[-1]) if values else None
    kept = known(values)
    if name == "sum":
        return sum(kept, Fraction(0))
    if not kept:
        return None
    if name == "avg":
        return sum(kept, Fraction(0)) / len(kept)
    if isinstance(kept[0], When):
        return (min if name == "min" else max)(kept, key=lambda when: when.instant)
    return min(kept) if name == "min" else max(kept)
