"""What rules may want of the warehouse: records that pass some parameters, totals of them, and places."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from segsync.rules.columns import aggregate_column
from segsync.rules.parts import compared
from segsync.rules.shop import NUMBER
from segsync.rules.syntax import Param

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


def total_of(param: Param) -> Total:
    """The total that a parameter of MATCHES asks for: `sum_amount` is the sum of the amounts."""
    how, _, name = param.name.text.partition("_")
    return Total(how, name)


@dataclass(slots=True)
class Window:
    """Records of one function that pass some parameters, and the totals that are asked of them."""

    function: str
    params: tuple[Param, ...]
    column: str  # its totals are columns whose names begin with it
    totals: dict[Total, str] = field(default_factory=dict)

    @property
    def compares(self) -> bool:
        """Are the records compared with values of their person? Then those are computed before."""
        return bool(compared(self.params))

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
    """Is this place (folded) among a list trait's places? With neither `text` nor `value`: is any?

    `value` is what the place is in the row of a person, by its `Needs.key`.
    """

    trait: str
    text: str | None = None
    value: Hashable = None
