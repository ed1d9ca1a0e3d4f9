"""In which order values are computed that are made of other values: each stage needs only those before it."""

from __future__ import annotations

from dataclasses import dataclass, field

from segsync.rules.catalogue import FUNCTIONS, Kind
from segsync.rules.names import Own
from segsync.rules.needs import Needs
from segsync.rules.parts import leaves, personal
from segsync.rules.syntax import Aggregate, Name, Param, Standing, Value
from segsync.rules.wanted import Place, Window


@dataclass(slots=True)
class Stage:
    """What is computed together: values, windows that compare, places that are a person's text, and folded texts."""

    own: list[Own] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    folds: list[tuple[Value, str]] = field(default_factory=list)

    @property
    def joins(self) -> bool:
        """Does it look beyond the people's rows?"""
        return bool(self.windows or self.places or self.folds)

    def of(self, stream: str) -> list[Window]:
        """Its windows over the records of one stream."""
        return [window for window in self.windows if FUNCTIONS[window.function].stream == stream]


def stages(needs: Needs) -> list[Stage]:
    """The stages after the first rows, which have all that is not made of something else."""
    order = _Order(needs)
    found: dict[int, Stage] = {}

    def at(number: int) -> Stage:
        return found.setdefault(number, Stage())

    for own in needs.own.values():
        if own.kind is not Kind.ANY:  # that is as it was brought, and no column
            at(order.own[own.name]).own.append(own)
    for standing in needs.standings:
        at(order.of(standing)).standings.append(standing)
    for window in needs.windows.values():
        if window.compares:
            at(order.of_window(window)).windows.append(window)
    for value, column in needs.folds.values():
        at(order.of_fold(value)).folds.append((value, column))
    for place in needs.places:
        if place.value is not None:
            at(1 + order.of_fold(needs.folds[place.value][0])).places.append(place)
    return [found[number] for number in sorted(found)]


class _Order:
    """The number of the stage that each value is computed in; 0 is the first rows."""

    def __init__(self, needs: Needs) -> None:
        self.needs = needs
        self.own: dict[str, int] = {}
        for own in needs.own.values():  # each after those that it is made of
            self.own[own.name] = 1 + self.of(own.value)

    def of(self, value: Value) -> int:
        return max(map(self._of_leaf, leaves(value)), default=0)

    def of_fold(self, value: Value) -> int:
        return 1 + self.of(value)

    def of_window(self, window: Window) -> int:
        return max(
            (1 + self._of_param(window, param) for param in window.params if any(map(personal, param.values))),
            default=0,
        )

    def _of_param(self, window: Window, param: Param) -> int:
        declared = FUNCTIONS[window.function].parameter(param.name.text)
        folded = declared is not None and declared.kind is Kind.LIST
        return max((self.of_fold if folded else self.of)(value) for value in param.values)

    def _of_leaf(self, leaf: Value) -> int:
        match leaf:
            case Standing(trait=name):
                return 1 + self.own.get(name, 0)
            case Name(text=name):
                return self.own.get(name, 0)
            case Aggregate():
                return self.of_window(self.needs.window(leaf))
        return 0
