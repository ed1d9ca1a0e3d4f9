"""What a set of rules asks of the warehouse: each distinct window over orders and lines once, whoever asks it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from segsync.rules.catalogue import TRAITS, Kind
from segsync.rules.dates import AsOf, day_of
from segsync.rules.syntax import (
    All,
    AnyOf,
    Clause,
    Comparison,
    Condition,
    Day,
    Matches,
    Moment,
    Name,
    Not,
    Offset,
    Op,
    Param,
    Text,
    Value,
)

COUNT = "count"


@dataclass(slots=True)
class Window:
    """Records of one function that pass some parameters, and the totals that are asked of them."""

    function: str
    params: tuple[Param, ...]
    column: str  # its totals are the columns `<column>_<total>`
    totals: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Place:
    """Is this place (folded), or with None any place, among a list trait's places?"""

    trait: str
    key: str | None


@dataclass(slots=True)
class Needs:
    """Gathered from rules. `lists` are the list traits of places that are wanted whole, as values."""

    as_of: AsOf
    traits: set[str] = field(default_factory=set)
    timed: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    windows: dict[Hashable, Window] = field(default_factory=dict)
    places: dict[Place, str] = field(default_factory=dict)

    def gather(self, root: Condition) -> None:
        """Note everything that the clauses of a rule ask."""
        for clause in clauses(root):
            if isinstance(clause, Matches):
                self.window(clause).totals.update(total.name.text for total in clause.totals)
            else:
                self._compared(clause)

    def window(self, clause: Matches) -> Window:
        """The window of a clause: the same one for every clause with the same records."""
        assert isinstance(clause.left, Name)
        params = frozenset((p.name.text, p.op, tuple(self._key(v) for v in p.values)) for p in clause.params)
        key = (clause.left.text, params)
        if key not in self.windows:
            column = f"raw_window{len(self.windows)}"
            self.windows[key] = Window(clause.left.text, clause.params, column, {COUNT})
        return self.windows[key]

    def of(self, function: str) -> list[Window]:
        """The windows over one function."""
        return [window for window in self.windows.values() if window.function == function]

    def want(self, names: Iterable[str]) -> None:
        """Add traits as columns. Raises KeyError for a name that is no trait."""
        for name in names:
            (self.lists if lists_places(name) else self.traits).add(name)

    def _compared(self, clause: Comparison) -> None:
        assert isinstance(clause.left, Name)
        name = clause.left.text
        if name not in TRAITS:  # segments
            return
        if lists_places(name):
            place = place_of(clause)
            self.places.setdefault(place, f"raw_place{len(self.places)}")
            return
        self.traits.add(name)
        self.traits.update(value.text for value in clause.values if isinstance(value, Name))
        if any(isinstance(value, Moment) for value in clause.values):
            self.timed.add(name)

    def _key(self, value: Value) -> Hashable:
        match value:
            case Day() | Offset():
                return day_of(value, self.as_of)
            case Moment(at=at):
                return at
        return value.value if hasattr(value, "value") else value


def lists_places(name: str) -> bool:
    """Is the trait `customer_countries` or one of its siblings? They are matched by counting, not by a list."""
    return TRAITS[name].kind is Kind.LIST and TRAITS[name].group == "where"


def place_of(clause: Comparison) -> Place:
    """The place that a clause over `customer_countries` and its siblings asks for."""
    assert isinstance(clause.left, Name)
    if clause.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return Place(clause.left.text, None)
    text = clause.values[0]
    assert isinstance(text, Text)
    return Place(clause.left.text, text.value)


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
