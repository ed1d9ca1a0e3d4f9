"""The values of rules on rows of people, as columns or made of them: traits, totals, arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import ibis

from segsync.rules.arithmetic import computed
from segsync.rules.catalogue import FUNCTIONS, TRAITS, Kind, open_trait, trait_key
from segsync.rules.dates import day_of
from segsync.rules.needs import CUSTOMERS, Needs
from segsync.rules.records import detail_subject
from segsync.rules.shop import number
from segsync.rules.syntax import Aggregate, Arithmetic, Day, Flag, Name, Number, Offset, Standing, Text, Value
from segsync.rules.truth import Subject
from segsync.rules.wanted import AT, Total


@dataclass(frozen=True, slots=True)
class Computed:
    """The values of rules, on rows that have every column that was needed."""

    rows: Any
    needs: Needs

    def subject(self, value: Value) -> Subject:
        """What a comparison asks about where this value stands."""
        found = self._subject(value)
        _, column = self.needs.folds.get(self.needs.key(value), (value, ""))
        return replace(found, folded=self.rows[column]) if column and column in self.rows.columns else found

    def _subject(self, value: Value) -> Subject:
        match value:
            case Name(text=name):
                return self.trait(name)
            case Aggregate():
                return self._aggregate(value)
            case Standing():
                return Subject(Kind.NUMBER, self.rows[self.needs.standing(value)])
            case Arithmetic():
                return Subject(Kind.NUMBER, computed(value, self._number))
            case Number(value=exact):
                return Subject(Kind.NUMBER, number(exact))
            case Text(value=text):
                return Subject(Kind.TEXT, ibis.literal(text))
            case Flag(value=flag):
                return Subject(Kind.FLAG, ibis.literal(flag))
            case Day() | Offset():
                return Subject(Kind.DAY, ibis.literal(day_of(value, self.needs.as_of)))
        raise TypeError(f"the check let {type(value).__name__} through")

    def trait(self, name: str) -> Subject:
        """What a comparison asks about where a trait stands: the catalogue's, an open one, or the user's own."""
        if own := self.needs.own.get(name):
            meant = self.subject(own.value) if own.kind is Kind.ANY or own.timed else None
            if meant is not None and own.kind is Kind.ANY:
                return meant
            return Subject(own.kind, self.rows[name], None if meant is None else meant.at)
        if open_trait(name) is not None:
            return detail_subject(Kind.ANY, self.rows, self.needs.detail(CUSTOMERS, trait_key(name)))
        at = self.rows[instant_column(name)] if name in self.needs.timed else None
        return Subject(TRAITS[name].kind, self.rows[name], at)

    def _aggregate(self, value: Aggregate) -> Subject:
        window = self.needs.window(value)
        parameter = FUNCTIONS[value.function].parameter(value.field)
        column = self.rows[window.totals[Total(value.how, value.field)]]
        if parameter is None or value.how in ("count", "sum", "avg"):
            return Subject(Kind.NUMBER, column)
        if parameter.kind is Kind.ANY:
            if value.how in ("min", "max"):
                return Subject(Kind.NUMBER, column)
            read_number, day = (
                self.rows[window.totals[Total(value.how, value.field, way)]] for way in ("number", "day")
            )
            return Subject(Kind.ANY, column, number=read_number, day=day)
        at = window.totals.get(Total(value.how, AT)) if value.field == "date" else None
        return Subject(parameter.kind, column, None if at is None else self.rows[at])

    def _number(self, value: Value) -> Any:
        return self.subject(value).read_as(Kind.NUMBER)


def instant_column(name: str) -> str:
    """The column of a trait's instant."""
    return f"raw_{name}_at"
