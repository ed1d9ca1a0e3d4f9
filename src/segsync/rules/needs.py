"""What a set of rules asks of the warehouse: each distinct window over records once, whoever asks it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from segsync.rules.catalogue import FUNCTIONS, TRAITS, Kind, open_trait, trait_key
from segsync.rules.dates import AsOf, day_of
from segsync.rules.names import Own
from segsync.rules.parts import clauses, leaves, personal
from segsync.rules.syntax import (
    Aggregate,
    Anniversary,
    Arithmetic,
    Clause,
    Comparison,
    Condition,
    Day,
    Matches,
    Moment,
    Name,
    Offset,
    Op,
    Param,
    Standing,
    Text,
    Value,
)
from segsync.rules.wanted import AT, COUNT, Place, Total, Window, total_of

CUSTOMERS = "customers"


@dataclass(slots=True)
class Needs:
    """Gathered from rules. `lists` are the list traits of places that are wanted whole, as values.

    `details` are keys of JSON by their stream, each with the column it becomes; `standings` are the columns of
    percentiles and ranks; `own` are the user's traits, each after those that it is made of; `folds` are the texts that
    lists are asked for, by their key, each with the column of its folded form.
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
    folds: dict[Hashable, tuple[Value, str]] = field(default_factory=dict)

    def gather(self, root: Condition, own: Iterable[Own] = ()) -> None:
        """Note everything that the clauses of a rule ask, and the user's traits that it uses."""
        for each in own:
            self.take(each)
        for clause in clauses(root):
            if isinstance(clause, Matches):
                for total in clause.totals:
                    self.window(clause).want(total_of(total))
                    self._values(total.values)
                if not clause.totals:
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
        key = self._window_key(function, asked.params)
        if key not in self.windows:
            self.windows[key] = Window(function, asked.params, f"raw_window{len(self.windows)}")
            for param in asked.params:
                self._param(function, param)
        return self.windows[key]

    def _param(self, function: str, param: Param) -> None:
        self._json(function, param.name.text)
        declared = FUNCTIONS[function].parameter(param.name.text)
        for value in filter(personal, param.values):
            self._values((value,))
            if declared is not None and declared.kind is Kind.LIST:
                self.fold(value)

    def fold(self, value: Value) -> str:
        """The column of the folded form of a person's text, for comparing it with lists."""
        return self.folds.setdefault(self.key(value), (value, f"raw_fold{len(self.folds)}"))[1]

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
            self._values(clause.values)
            for value in filter(personal, clause.values):
                self.fold(value)
            self.places.setdefault(self.place(clause), f"raw_place{len(self.places)}")
        elif name in TRAITS or name in self.own or not isinstance(clause.left, Name) or open_trait(name):
            self._values((clause.left, *clause.values))
            if name in TRAITS and TRAITS[name].kind is Kind.LIST:
                for value in filter(personal, clause.values):
                    self.fold(value)
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

    def place(self, clause: Comparison) -> Place:
        """The place that a clause over `customer_countries` and its siblings asks for."""
        if clause.op in (Op.IS_NULL, Op.IS_NOT_NULL):
            return Place(_text(clause))
        (value,) = clause.values
        return (
            Place(_text(clause), value.value)
            if isinstance(value, Text)
            else Place(_text(clause), None, self.key(value))
        )

    def key(self, value: Value) -> Hashable:
        """What a value is in this run, wherever it is written."""
        match value:
            case Day() | Offset():
                return day_of(value, self.as_of)
            case Moment(at=at):
                return at
            case Name(text=name):
                return Name, name
            case Arithmetic(parts=parts, signs=signs):
                return signs, tuple(map(self.key, parts))
            case Aggregate(how=how, function=function, field=name, params=params):
                return how, name, self._window_key(function, params)
            case Standing(how=how, trait=name):
                return how, name
        return (type(value), value.value) if hasattr(value, "value") else value

    def _window_key(self, function: str, params: Iterable[Param]) -> Hashable:
        return function, frozenset((p.name.text, p.op, tuple(map(self.key, p.values))) for p in params)


def lists_places(name: str) -> bool:
    """Is the trait `customer_countries` or one of its siblings? They are matched by counting, not by a list."""
    return TRAITS[name].kind is Kind.LIST and TRAITS[name].group == "where"


def _text(clause: Clause) -> str:
    assert isinstance(clause.left, Name)
    return clause.left.text
