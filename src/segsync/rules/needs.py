"""What a set of rules asks of the warehouse: each distinct window over records once, whoever asks it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from segsync.rules.catalogue import FUNCTIONS, TRAITS, Kind, open_trait, trait_key
from segsync.rules.columns import aggregate_column
from segsync.rules.dates import AsOf, day_of
from segsync.rules.names import Own
from segsync.rules.shop import NUMBER
from segsync.rules.syntax import (
    Aggregate,
    All,
    Anniversary,
    AnyOf,
    Arithmetic,
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
    Standing,
    Text,
    Value,
)

CUSTOMERS = "customers"
AT = "at"  # beside the day of a record, its instant


@dataclass(frozen=True, slots=True)
class Total:
    """What is asked of the records of a window together: `how` of their `field` (empty for a count).

    `reading`: of JSON that may be anything, as text, or read as "number" or "day".
    """

    how: str
    field: str
    reading: str = ""

    @property
    def zero(self) -> bool:
        """Is it 0 over nothing?"""
        return self.how in ("count", "sum")


COUNT = Total("count", "")


@dataclass(slots=True)
class Window:
    """Records of one function that pass some parameters, and the totals that are asked of them."""

    function: str
    params: tuple[Param, ...]
    column: str  # its totals are columns whose names begin with it
    totals: dict[Total, str] = field(default_factory=dict)

    def want(self, total: Total) -> str:
        """Ask for a total; its column."""
        name = f"{total.how}_{total.field}" if total.field else total.how
        plain = name if name.isidentifier() and not total.reading else f"{total.how}_{len(self.totals)}"
        return self.totals.setdefault(total, f"{self.column}_{plain}")

    def type_of(self, total: Total) -> str:
        """The Ibis type of a total's column."""
        if total.field == AT:
            return "timestamp"
        if total.reading:
            return NUMBER if total.reading == "number" else "date"
        return aggregate_column(total.how, self.function, total.field)


@dataclass(frozen=True, slots=True)
class Place:
    """Is this place (folded), or with None any place, among a list trait's places?"""

    trait: str
    key: str | None


@dataclass(slots=True)
class Needs:
    """Gathered from rules. `lists` are the list traits of places that are wanted whole, as values.

    `details` are keys of JSON by their stream, each with the column it becomes; `standings` are the columns of
    percentiles and ranks; `own` are the user's traits, each after those that it is made of.
    """

    as_of: AsOf
    traits: set[str] = field(default_factory=set)
    timed: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    windows: dict[Hashable, Window] = field(default_factory=dict)
    places: dict[Place, str] = field(default_factory=dict)
    details: dict[tuple[str, str], str] = field(default_factory=dict)
    standings: dict[Standing, str] = field(default_factory=dict)
    own: dict[str, Own] = field(default_factory=dict)

    def gather(self, root: Condition, own: Iterable[Own] = ()) -> None:
        """Note everything that the clauses of a rule ask, and the user's traits that it uses."""
        for each in own:
            self.take(each)
        for clause in clauses(root):
            if isinstance(clause, Matches):
                for total in clause.totals:
                    self.window(clause).want(total_of(total))
                    self._values(total.values)
                self.window(clause).want(COUNT)
            else:
                self._compared(clause)

    def take(self, own: Own) -> None:
        """Note a trait of the user's, with those that it is made of."""
        for each in (*own.own, own):
            if each.name not in self.own:
                self.own[each.name] = each
                self._values((each.value,))

    def window(self, asked: Matches | Aggregate) -> Window:
        """The window of a clause or a value: the same one for every one with the same records."""
        function = asked.function if isinstance(asked, Aggregate) else _text(asked)
        params = frozenset((p.name.text, p.op, tuple(self._key(v) for v in p.values)) for p in asked.params)
        key = (function, params)
        if key not in self.windows:
            self.windows[key] = Window(function, asked.params, f"raw_window{len(self.windows)}")
            for param in asked.params:
                self._json(function, param.name.text)
        return self.windows[key]

    def _total(self, value: Aggregate) -> None:
        window = self.window(value)
        window.want(Total(value.how, value.field))
        parameter = FUNCTIONS[value.function].parameter(value.field)
        if parameter is not None and parameter.kind is Kind.ANY and value.how in ("first", "last"):
            for reading in ("number", "day"):
                window.want(Total(value.how, value.field, reading))

    def standing(self, value: Standing) -> str:
        """The column of a percentile or a rank."""
        known = next((s for s in self.standings if (s.how, s.trait) == (value.how, value.trait)), value)
        return self.standings.setdefault(known, f"raw_standing{len(self.standings)}")

    def of(self, stream: str) -> list[Window]:
        """The windows over the records of one stream."""
        return [window for window in self.windows.values() if FUNCTIONS[window.function].stream == stream]

    def detail(self, stream: str, key: str) -> str:
        """The column of a key of the JSON that records of a stream carry."""
        return self.details.setdefault((stream, key), f"raw_detail{len(self.details)}")

    def keys(self, stream: str) -> dict[str, str]:
        """The keys of a stream's JSON, each with its column."""
        return {key: column for (of, key), column in self.details.items() if of == stream}

    def want(self, names: Iterable[str]) -> None:
        """Add traits as columns. Raises KeyError for a name that is no trait."""
        for name in names:
            if name in self.own:
                continue
            if open_trait(name) is not None:
                self.detail(CUSTOMERS, trait_key(name))
            else:
                (self.lists if lists_places(name) else self.traits).add(name)

    def _compared(self, clause: Comparison) -> None:
        name = clause.left.text if isinstance(clause.left, Name) else ""
        if name in TRAITS and lists_places(name):
            self.places.setdefault(place_of(clause), f"raw_place{len(self.places)}")
        elif name in TRAITS or name in self.own or not isinstance(clause.left, Name) or open_trait(name):
            self._values((clause.left, *clause.values))
            if any(isinstance(value, Moment) for value in clause.values):
                self._instant(clause.left)

    def _instant(self, value: Value) -> None:
        """Note that a date is compared with a moment."""
        match value:
            case Name(text=name) if name in self.own:
                self._instant(self.own[name].value)
            case Name(text=name):
                self.timed.add(name)
            case Aggregate(how=how):
                self.window(value).want(Total(how, AT))

    def _values(self, values: Sequence[Value]) -> None:
        for value in values:
            for part in leaves(value):
                match part:
                    case Name(text=name):
                        self.want((name,))
                    case Anniversary(trait=name):
                        self.want((name,))
                    case Standing(trait=name):
                        self.want((name,))
                        self.standing(part)
                    case Aggregate(function=function, field=name):
                        self._total(part)
                        self._json(function, name)

    def _json(self, function: str, name: str) -> None:
        parameter = FUNCTIONS[function].parameter(name)
        if parameter is not None and parameter.json:
            self.detail(FUNCTIONS[function].stream, parameter.json)

    def _key(self, value: Value) -> Hashable:
        match value:
            case Day() | Offset():
                return day_of(value, self.as_of)
            case Moment(at=at):
                return at
        return (type(value), value.value) if hasattr(value, "value") else value


def total_of(param: Param) -> Total:
    """The total that a parameter of MATCHES asks for: `sum_amount` is the sum of the amounts."""
    how, _, name = param.name.text.partition("_")
    return Total(how, name)


def leaves(value: Value) -> Iterator[Value]:
    """The values that a value is computed of."""
    if isinstance(value, Arithmetic):
        for part in value.parts:
            yield from leaves(part)
    else:
        yield value


def lists_places(name: str) -> bool:
    """Is the trait `customer_countries` or one of its siblings? They are matched by counting, not by a list."""
    return TRAITS[name].kind is Kind.LIST and TRAITS[name].group == "where"


def place_of(clause: Comparison) -> Place:
    """The place that a clause over `customer_countries` and its siblings asks for."""
    if clause.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return Place(_text(clause), None)
    text = clause.values[0]
    assert isinstance(text, Text)
    return Place(_text(clause), text.value)


def _text(clause: Clause) -> str:
    assert isinstance(clause.left, Name)
    return clause.left.text


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
