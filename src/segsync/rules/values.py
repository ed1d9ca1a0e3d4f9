"""The values of a clause against what is asked: types, enum words, ranges, and traits as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from segsync.rules.catalogue import Kind, Parameter, Trait
from segsync.rules.dates import reversed_always
from segsync.rules.problems import Sheet, did_you_mean, later
from segsync.rules.syntax import (
    Arithmetic,
    Call,
    Day,
    Flag,
    Moment,
    Name,
    Number,
    Offset,
    Op,
    Span,
    Text,
    Unreadable,
    Value,
)

Asked = Trait | Parameter

_EXAMPLE = {
    Kind.NUMBER: "write a number, such as 3 or 99.50",
    Kind.DAY: "write a date, such as 2026-05-30, -30d or today",
    Kind.TEXT: "write text in single quotes: 'x'",
    Kind.ENUM: "write one of its words in single quotes",
    Kind.FLAG: "write true or false",
    Kind.LIST: "write text in single quotes: 'x'",
    Kind.ID: "write an id, such as 632910392 or 'A-1'",
}
_LITERALS: dict[Kind, tuple[type, ...]] = {
    Kind.NUMBER: (Number,),
    Kind.DAY: (Day, Offset, Moment),
    Kind.TEXT: (Text,),
    Kind.ENUM: (Text,),
    Kind.FLAG: (Flag,),
    Kind.LIST: (Text,),
    Kind.ID: (Text, Number),
}
_CALLED: dict[type, str] = {Number: "a number", Text: "text", Day: "a date", Offset: "a date", Moment: "a date"}


@dataclass(frozen=True, slots=True)
class Values:
    """How the values of one rule are checked. `find` resolves a trait's name, or notes why it cannot."""

    sheet: Sheet
    find: Callable[[Name], Trait | None]

    def checked(self, values: tuple[Value, ...], op: Op, asked: Asked, span: Span) -> tuple[Value, ...]:
        """The values, names in order; `span` is the whole clause's."""
        if op in (Op.IN, Op.NOT_IN) and not values:
            self.sheet.problem(span, "IN has no values", "write at least one: IN ('x')")
        checked = tuple([self._one(value, asked) for value in values])
        if op is Op.BETWEEN and _reversed(checked[0], checked[1]):
            low, high = (self.sheet.cut(value.span) for value in checked)
            place = Span(checked[0].span.start, checked[1].span.end)
            self.sheet.problem(place, "the range is reversed", f"write BETWEEN {high} AND {low}")
        return checked

    def _one(self, value: Value, asked: Asked) -> Value:
        match value:
            case Unreadable():
                return value
            case Arithmetic(span) as arithmetic:
                if arithmetic.readable:
                    later(self.sheet, span, "arithmetic")
                return value
            case Call(span, name):
                later(self.sheet, span, f"`{name.text}(…)`")
                return value
            case Name():
                return self._name(value, asked)
        if not isinstance(value, _LITERALS[asked.kind]):
            found = f"not {_CALLED.get(type(value), 'this')}"
            self.sheet.problem(value.span, f"`{asked.name}` is {asked.kind}, {found}", self._remedy(value, asked))
            return Unreadable(value.span)
        return self._literal(value, asked)

    def _remedy(self, value: Value, asked: Asked) -> str:
        if isinstance(value, Text) and asked.kind in (Kind.NUMBER, Kind.DAY) and value.value:
            return f"{_EXAMPLE[asked.kind]}, without quotes"
        if isinstance(value, Number) and asked.kind in (Kind.TEXT, Kind.LIST):
            return f"write '{self.sheet.cut(value.span)}'"
        return _EXAMPLE[asked.kind]

    def _literal(self, value: Value, asked: Asked) -> Value:
        match value:
            case Text(span, text) if asked.kind is Kind.ENUM:
                self._enum(span, text, asked)
            case Moment(span) if isinstance(asked, Trait) and not asked.timed:
                self.sheet.problem(span, f"`{asked.name}` is a day without a time", f"write {value.at:%Y-%m-%d}")
            case Number(span, number) if asked.kind is Kind.ID:
                if number < 0 or number != int(number):
                    self.sheet.problem(span, f"`{asked.name}` is an id", _EXAMPLE[Kind.ID])
                return Text(span, str(int(number)))
        return value

    def _enum(self, span: Span, text: str, asked: Asked) -> None:
        allowed = asked.values if isinstance(asked, Trait) else ()
        if text in allowed:
            return
        near = text.upper() if text.upper() in allowed else did_you_mean(text, [word.lower() for word in allowed])
        near = near.removeprefix("did you mean `").removesuffix("`?").upper()
        remedy = f"did you mean '{near}'?" if near else "it is one of " + ", ".join(f"'{word}'" for word in allowed)
        self.sheet.problem(span, f"`{asked.name}` is never '{text}'", remedy)

    def _name(self, name: Name, asked: Asked) -> Value:
        word = name.text
        if asked.kind is Kind.FLAG and word.lower() in ("true", "false"):
            return Flag(name.span, word.lower() == "true")
        if isinstance(asked, Trait) and word.upper() in asked.values:
            self.sheet.problem(name.span, f"`{word}` stands without quotes", f"write '{word.upper()}'")
            return Unreadable(name.span)
        trait = self.find(name)
        if trait is None:
            return Unreadable(name.span)
        if isinstance(asked, Parameter) or asked.kind is Kind.LIST:
            where = "within MATCHES" if isinstance(asked, Parameter) else "after CONTAINS"
            later(self.sheet, name.span, f"a trait {where}")
        elif trait.kind is not asked.kind:
            message = f"`{asked.name}` is {asked.kind}, and `{trait.name}` is {trait.kind}"
            self.sheet.problem(name.span, message, "compare traits of one type")
        return name


def _reversed(low: Value, high: Value) -> bool:
    match low, high:
        case Number(), Number():
            return low.value > high.value
        case ((Day() | Offset() | Moment()), (Day() | Offset() | Moment())):
            return reversed_always(low, high)
    return False
