"""The values of rules on rows of people: traits, totals, arithmetic, and where somebody stands among all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis

from segsync.rules.arithmetic import computed
from segsync.rules.catalogue import FUNCTIONS, TRAITS, Kind, open_trait, trait_key
from segsync.rules.dates import day_of
from segsync.rules.names import Own
from segsync.rules.needs import AT, CUSTOMERS, Needs, Total, leaves
from segsync.rules.records import detail_subject
from segsync.rules.shop import NUMBER, number
from segsync.rules.syntax import Aggregate, Arithmetic, Day, Flag, Name, Number, Offset, Standing, Text, Value
from segsync.rules.truth import Subject


@dataclass(frozen=True, slots=True)
class Computed:
    """The values of rules, on rows that have every column that was needed."""

    rows: Any
    needs: Needs

    def subject(self, value: Value) -> Subject:
        """What a comparison asks about where this value stands."""
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


def with_computed(rows: Any, needs: Needs) -> Any:
    """The rows with the user's own traits, percentiles and ranks, stage upon stage: some are made of others."""
    for stage in _stages(needs):
        values = Computed(rows, needs)
        columns = {}
        for each in stage:
            if isinstance(each, Own):
                columns[each.name] = values.subject(each.value).value.cast(each.column)
            else:
                columns[needs.standing(each)] = standing(each.how, values.trait(each.trait))
        rows = rows.mutate(**columns).view()
    return rows


def standing(how: str, subject: Subject) -> Any:
    """A percentile or a rank among the rows that have a value (rules.md, Meaning 6)."""
    value = subject.value if subject.kind is Kind.DAY else subject.read_as(Kind.NUMBER)
    missing = value.isnull()
    if how == "rank":
        place = ibis.rank().over(group_by=missing, order_by=value.desc()) + 1
        return ibis.ifelse(missing, ibis.null("int64"), place.cast("int64"))
    smaller = ibis.rank().over(group_by=missing, order_by=value)
    others = value.count().over(group_by=missing) - 1
    share = smaller.cast("float64") * 100 / others.nullif(0).cast("float64")
    percentile = share.cast(NUMBER).fill_null(0)
    return ibis.ifelse(missing, ibis.null(NUMBER), percentile)


def instant_column(name: str) -> str:
    """The column of a trait's instant."""
    return f"raw_{name}_at"


def _stages(needs: Needs) -> list[list[Own | Standing]]:
    depth: dict[str, int] = {}
    stages: dict[int, list[Own | Standing]] = {}
    for own in needs.own.values():  # each after those that it is made of
        depth[own.name] = 1 + max((_depth(part, depth) for part in leaves(own.value)), default=0)
        if own.kind is not Kind.ANY:
            stages.setdefault(depth[own.name], []).append(own)
    for each in needs.standings:
        stages.setdefault(_depth(each, depth), []).append(each)
    return [stages[number] for number in sorted(stages)]


def _depth(part: Value, depth: dict[str, int]) -> int:
    match part:
        case Standing(trait=name):
            return 1 + depth.get(name, 0)
        case Name(text=name):
            return depth.get(name, 0)
    return 0
