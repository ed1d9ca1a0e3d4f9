"""Of which Ibis type a value of a rule is, where it becomes a column."""

from __future__ import annotations

from collections.abc import Mapping

from segsync.rules.catalogue import FUNCTIONS, TRAITS, Kind
from segsync.rules.names import Own
from segsync.rules.shop import NUMBER
from segsync.rules.syntax import Aggregate, Flag, Name, Standing, Value

MONEY = "decimal(18, 2)"  # to the cent, as in the traits
_OF_KIND = {Kind.NUMBER: NUMBER, Kind.DAY: "date", Kind.FLAG: "boolean"}


def aggregate_column(how: str, function: str, field: str) -> str:
    """The type of `how(function.field)`."""
    if how == "count":
        return "int64"
    parameter = FUNCTIONS[function].parameter(field)
    assert parameter is not None
    if parameter.kind is Kind.ANY:
        return "string" if how in ("first", "last") else NUMBER
    if field == "amount":
        return MONEY
    if parameter.kind is Kind.NUMBER and how != "avg":
        return "int64"  # units of a line, the hour of a day
    return _OF_KIND.get(parameter.kind, "string")


def column_of(value: Value, kind: Kind, own: Mapping[str, Own]) -> str:
    """The type of a value of this kind."""
    match value:
        case Aggregate(how=how, function=function, field=field):
            return aggregate_column(how, function, field)
        case Standing(how="rank"):
            return "int64"
        case Name(text=name) if name in own:
            return own[name].column
        case Name(text=name) if name in TRAITS:
            return TRAITS[name].column
        case Flag():
            return "boolean"
    return _OF_KIND.get(kind, "string")
