"""The values of a clause against what is asked: types, enum words, ranges, and values that are computed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segsync.rules.arithmetic import degree
from segsync.rules.calls import resolve_call
from segsync.rules.catalogue import OPERATORS, Kind
from segsync.rules.dates import reversed_always
from segsync.rules.names import Asked, Findings, find_trait
from segsync.rules.parts import MOST_NESTED, nesting
from segsync.rules.problems import Sheet, did_you_mean
from segsync.rules.syntax import (
    Arithmetic,
    Call,
    Comparison,
    Day,
    Flag,
    Moment,
    Name,
    Number,
    Offset,
    Op,
    Param,
    Span,
    Text,
    Unreadable,
    Value,
)

_EXAMPLE = {
    Kind.NUMBER: "write a number, such as 3 or 99.50",
    Kind.DAY: "write a date, such as 2026-05-30, -30d or today",
    Kind.TEXT: "write text in single quotes: 'x'",
    Kind.ENUM: "write one of its words in single quotes",
    Kind.FLAG: "write true or false",
    Kind.LIST: "write text in single quotes: 'x'",
    Kind.ID: "write an id, such as 632910392 or 'A-1'",
    Kind.ANY: "write 'text', a number or a date",
}
_LITERALS: dict[Kind, tuple[type, ...]] = {
    Kind.NUMBER: (Number,),
    Kind.DAY: (Day, Offset, Moment),
    Kind.TEXT: (Text,),
    Kind.ENUM: (Text,),
    Kind.FLAG: (Flag,),
    Kind.LIST: (Text,),
    Kind.ID: (Text, Number),
    Kind.ANY: (Text, Number, Day, Offset, Moment, Flag),
}
_KINDS: dict[type, Kind] = {
    Number: Kind.NUMBER,
    Text: Kind.TEXT,
    Day: Kind.DAY,
    Offset: Kind.DAY,
    Moment: Kind.DAY,
    Flag: Kind.FLAG,
}
MOST_FACTORS = 16  # of one product: more could be greater than an engine's numbers, which would end the run


@dataclass(frozen=True, slots=True)
class Values:
    """How the values of one rule are checked, and what they are."""

    findings: Findings

    @property
    def sheet(self) -> Sheet:
        return self.findings.sheet

    def allowed(self, op: Op, allowed: frozenset[Op], asked: Asked, node: Comparison | Param) -> bool:
        """May this be asked with this operator? If not, it is a problem."""
        if op in allowed:
            return True
        if op is Op.NOT_BETWEEN:
            self.sheet.problem(node.span, "NOT BETWEEN is no operator", f"write NOT ({asked.name} BETWEEN … AND …)")
            return False
        ops = ", ".join(o for o in Op if o in allowed and not o.startswith("NOT "))
        self.sheet.problem(node.span, f"`{asked.name}` is {asked.kind} and does not take {op}", f"it takes {ops}")
        return False

    def resolve(self, value: Value) -> tuple[Value, Asked | None]:
        """A value with its names in order, and what it is; None where it has a problem, which is told."""
        match value:
            case Name():
                return value, find_trait(value, self.findings)
            case Call():
                return resolve_call(value, self)
            case Arithmetic():
                return self._arithmetic(value)
            case Number() | Text() | Day() | Offset() | Moment() | Flag():
                return value, Asked(self.shown(value.span), _KINDS[type(value)])
        return value, None

    def shown(self, span: Span) -> str:
        """A part of the rule as an error names it: on one line, and short."""
        text = " ".join(self.sheet.cut(span).split())
        return text if len(text) <= 40 else f"{text[:39]}…"

    def checked(self, values: tuple[Value, ...], op: Op, asked: Asked, span: Span) -> tuple[Value, ...]:
        """The values, names in order; `span` is the whole clause's."""
        if op in (Op.IN, Op.NOT_IN) and not values:
            self.sheet.problem(span, "IN has no values", "write at least one: IN ('x')")
        found = [self._one(value, asked) for value in values]
        checked = tuple([value for value, _ in found])
        if asked.kind is Kind.ANY:
            self._of_one_kind(checked, [kind for _, kind in found if kind is not None], op, asked, span)
        if op is Op.BETWEEN and _reversed(checked[0], checked[1]):
            low, high = (self.sheet.cut(value.span) for value in checked)
            place = Span(checked[0].span.start, checked[1].span.end)
            self.sheet.problem(place, "the range is reversed", f"write BETWEEN {high} AND {low}")
        return checked

    def _arithmetic(self, value: Arithmetic) -> tuple[Value, Asked | None]:
        resolved = [self.resolve(part) for part in value.parts]
        if any(isinstance(part, Unreadable) for part in value.parts):
            return value, None
        for part, asked in resolved:
            if asked is not None and (asked.yearly or asked.kind not in (Kind.NUMBER, Kind.ANY)):
                kind = "no value" if asked.yearly else str(asked.kind)
                self.sheet.problem(part.span, f"`{asked.name}` is {kind}", "arithmetic is between numbers")
                return value, None
        if degree(value) > MOST_FACTORS:
            self.sheet.problem(value.span, f"more than {MOST_FACTORS} factors are multiplied", "write fewer")
            return value, None
        whole = replace(value, parts=tuple([part for part, _ in resolved]))
        if any(asked is None for _, asked in resolved):
            return whole, None
        return whole, Asked(self.shown(value.span), Kind.NUMBER)

    # --- one value ---------------------------------------------------------------------------------------------

    def _one(self, value: Value, asked: Asked) -> tuple[Value, Kind | None]:
        """The value, and its kind where it is a good one."""
        match value:
            case Unreadable():
                return value, None
            case Name(span, word) if word.lower() in ("true", "false") and asked.kind in (Kind.FLAG, Kind.ANY):
                return Flag(span, word.lower() == "true"), Kind.FLAG
            case Name(span, word) if word.upper() in asked.values:
                self.sheet.problem(span, f"`{word}` stands without quotes", f"write '{word.upper()}'")
                return Unreadable(span), None
            case Name() | Call() | Arithmetic():
                return self._computed(value, asked)
        if not isinstance(value, _LITERALS[asked.kind]):
            found = {Kind.NUMBER: "a number", Kind.TEXT: "text", Kind.DAY: "a date"}.get(_KINDS[type(value)], "this")
            message = f"`{asked.name}` is {asked.kind}, not {found}"
            self.sheet.problem(value.span, message, self._remedy(value, asked))
            return Unreadable(value.span), None
        return self._literal(value, asked), _KINDS[type(value)]

    def _computed(self, value: Value, asked: Asked) -> tuple[Value, Kind | None]:
        found, other = (
            (value, find_trait(value, self.findings, value=True)) if isinstance(value, Name) else self.resolve(value)
        )
        if other is None:
            return Unreadable(value.span), None
        if asked.yearly:
            self.sheet.problem(value.span, f"`{asked.name}` is compared with a date", _EXAMPLE[Kind.DAY])
        elif other.yearly:
            message = f"`{other.name}` stands for no value"
            self.sheet.problem(value.span, message, f"write {other.name} = today as a clause")
        elif not _comparable(asked.kind, other.kind):
            message = f"`{asked.name}` is {asked.kind}, and `{other.name}` is {other.kind}"
            remedy = "compare it with text" if asked.kind is Kind.LIST else "compare values of one type"
            self.sheet.problem(value.span, message, remedy)
        elif asked.record and nesting(found, self.findings.own) >= MOST_NESTED:
            message = f"more than {MOST_NESTED} functions are compared with one another, one within the other"
            self.sheet.problem(value.span, message, "write fewer")
            return Unreadable(value.span), None
        else:
            return found, other.kind
        return found, None

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
            case Moment(span) if not asked.timed:
                self.sheet.problem(span, f"`{asked.name}` is a day without a time", f"write {value.at:%Y-%m-%d}")
            case Number(span, number) if asked.kind is Kind.ID:
                if number < 0 or number != int(number):
                    self.sheet.problem(span, f"`{asked.name}` is an id", _EXAMPLE[Kind.ID])
                return Text(span, str(int(number)))
        return value

    def _enum(self, span: Span, text: str, asked: Asked) -> None:
        allowed = asked.values
        if text in allowed:
            return
        near = text.upper() if text.upper() in allowed else did_you_mean(text, [word.lower() for word in allowed])
        near = near.removeprefix("did you mean `").removesuffix("`?").upper()
        remedy = f"did you mean '{near}'?" if near else "it is one of " + ", ".join(f"'{word}'" for word in allowed)
        self.sheet.problem(span, f"`{asked.name}` is never '{text}'", remedy)

    def _of_one_kind(self, values: tuple[Value, ...], kinds: list[Kind], op: Op, asked: Asked, span: Span) -> None:
        """What may be of any kind is read as what it is compared with, which must take the operator."""
        if not kinds or len(kinds) < len(values):  # nothing to compare with, or its problem is told
            return
        if Kind.ANY in kinds and op not in OPERATORS[Kind.TEXT]:
            other = self.shown(values[kinds.index(Kind.ANY)].span)
            message = f"nothing says whether `{asked.name}` and `{other}` are numbers or dates"
            self.sheet.problem(span, message, f"write {other} + 0 to compare numbers")
        elif len(set(kinds)) > 1 and op not in (Op.IN, Op.NOT_IN):
            message = f"`{asked.name}` is compared with values of different types"
            self.sheet.problem(span, message, "write values of one type")
        elif kind := next((kind for kind in kinds if op not in OPERATORS[kind]), None):
            ops = ", ".join(o for o in Op if o in OPERATORS[kind] and not o.startswith(("NOT ", "IS ")))
            self.sheet.problem(span, f"{op} does not compare with {kind}", f"with {kind} it takes {ops}")


def _comparable(one: Kind, other: Kind) -> bool:
    if one is Kind.LIST:  # asked whether it contains the other
        return other in (Kind.TEXT, Kind.ENUM, Kind.ANY)
    return one is other or (Kind.ANY in (one, other) and not {one, other} & {Kind.LIST, Kind.FLAG})


def _reversed(low: Value, high: Value) -> bool:
    match low, high:
        case Number(), Number():
            return low.value > high.value
        case ((Day() | Offset() | Moment()), (Day() | Offset() | Moment())):
            return reversed_always(low, high)
    return False
