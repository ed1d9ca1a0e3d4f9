"""A parser by recursive descent, straight over the text; only for rules that are well written."""

from __future__ import annotations

import re
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from reference.nodes import (
    And,
    Calculation,
    Call,
    Day,
    Happened,
    Moment,
    Name,
    Not,
    Number,
    Offset,
    Or,
    Param,
    Test,
    Text,
)


class NotARule(ValueError):
    """The text is no rule; says where."""


BLANK = re.compile(r"(?:\s+|(?:(?<=\s)|(?<![\s\S]))--(?=\s|$)[^\n]*)*")
KEYWORDS = {
    *("and", "or", "not", "not_matches", "between", "is", "null", "in"),
    *("contains", "starts", "ends", "with", "matches"),
}
NAME = re.compile(r"[A-Za-z_]\w*(?:\.(?:\w+|'[^'\n]+'))*")
WORD = re.compile(r"[A-Za-z_][\w.]*")
STRING = re.compile(r"'((?:\\['\\]|[^'\\])*)'")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
OFFSET = re.compile(r"([+-]\d+)([dwmy])(?!\w)", re.I)
RETIRED = re.compile(r"(\d+)_(day|month)s?_ago")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
SIGN = re.compile(r"<=|>=|!=|=|<|>")


def parse(text: str) -> Any:
    """The tree of a rule. Raises NotARule."""
    reader = _Reader(text)
    return reader.whole(reader.any_of)


def parse_value(text: str) -> Any:
    """The tree of a value, such as a user's trait. Raises NotARule."""
    reader = _Reader(text)
    return reader.whole(reader.sum)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = BLANK.match(text).end()

    def whole(self, part: Any) -> Any:
        found = part()
        if self.at != len(self.text):
            raise self.wrong()
        return found

    def wrong(self) -> NotARule:
        return NotARule(f"at {self.at}: {self.text[self.at : self.at + 30]!r} in {self.text!r}")

    # --- pieces --------------------------------------------------------------------------------------------

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = BLANK.match(self.text, found.end()).end()
        return found

    def sign(self, char: str) -> bool:
        return self.take(re.compile(re.escape(char))) is not None

    def need(self, char: str) -> None:
        if not self.sign(char):
            raise self.wrong()

    def word(self, *words: str) -> bool:
        """Take these keywords, one after the other, or nothing."""
        before = self.at
        for word in words:
            found = WORD.match(self.text, self.at)
            if not found or found[0].lower() != word:
                self.at = before
                return False
            self.at = BLANK.match(self.text, found.end()).end()
        return True

    def name(self) -> str | None:
        found = NAME.match(self.text, self.at)
        if not found or WORD.match(self.text, self.at)[0].lower() in KEYWORDS:
            return None
        return self.take(NAME)[0]

    # --- conditions ----------------------------------------------------------------------------------------

    def any_of(self) -> Any:
        parts = [self.all_of()]
        while self.word("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def all_of(self) -> Any:
        parts = [self.unit()]
        while self.word("and"):
            parts.append(self.unit())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def unit(self) -> Any:
        if self.word("not"):
            return Not(self.unit())
        before = self.at
        if self.sign("("):
            try:
                found = self.any_of()
                self.need(")")
                return found
            except NotARule:
                self.at = before
        return self.clause()

    def clause(self) -> Any:
        left = self.sum()
        if self.word("matches"):
            return Happened(left.text, self.params())
        if self.word("not", "matches") or self.word("not_matches"):
            return Not(Happened(left.text, self.params()))
        return self.tail(lambda op, values: Test(left, op, values))

    def params(self) -> tuple[Param, ...]:
        self.need("(")
        found = []
        while not self.sign(")"):
            if found:
                self.need(",")
            found.append(self.param())
            if found[-1] is None:
                raise self.wrong()
        return tuple(found)

    def param(self) -> Param | None:
        """A parameter, or None and nothing taken."""
        before = self.at
        name = self.name()
        if name is None:
            return None
        if self.sign(":"):
            return Param(name, "=", (self.sum(),))
        try:
            found = self.tail(lambda op, values: (op, values))
        except NotARule:
            self.at = before
            return None
        if isinstance(found, Not):
            return Param(name, f"not {found.part[0]}", found.part[1])
        return Param(name, *found)

    def tail(self, make: Any) -> Any:
        """What stands behind a clause's left side; `make` is given the positive operator and the values."""
        if found := self.take(SIGN):
            made = make("=" if found[0] == "!=" else found[0], (self.sum(),))
            return Not(made) if found[0] == "!=" else made
        if self.word("is", "null"):
            return make("is null", ())
        if self.word("is", "not", "null"):
            return Not(make("is null", ()))
        if self.word("between"):
            low = self.sum()
            if not self.word("and"):
                raise self.wrong()
            return make("between", (low, self.sum()))
        negated = self.word("not")
        made = self._worded(make)
        return Not(made) if negated else made

    def _worded(self, make: Any) -> Any:
        if self.word("in"):
            self.need("(")
            values = [self.sum()]
            while self.sign(","):
                values.append(self.sum())
            self.need(")")
            return make("in", tuple(values))
        for words in (("contains",), ("starts", "with"), ("ends", "with")):
            if self.word(*words):
                return make(words[0], (self.sum(),))
        raise self.wrong()

    # --- values --------------------------------------------------------------------------------------------

    def sum(self) -> Any:
        left = self.product()
        while found := self.take(re.compile(r"[+-]")):
            left = Calculation(found[0], left, self.product())
        return left

    def product(self) -> Any:
        left = self.factor()
        while found := self.take(re.compile(r"[*/]")):
            left = Calculation(found[0], left, self.factor())
        return left

    def factor(self) -> Any:
        if not OFFSET.match(self.text, self.at) and self.sign("-"):
            return Calculation("-", Number(Fraction(0)), self.factor())
        return self.atom()

    def atom(self) -> Any:
        if found := self.take(MOMENT):
            return Moment(datetime.fromisoformat(found[0]))
        if found := self.take(DAY):
            return Day(date.fromisoformat(found[0]))
        if found := self.take(OFFSET):
            return _offset(int(found[1]), found[2].lower())
        if found := self.take(RETIRED):
            return _offset(-int(found[1]), found[2][0])
        if found := self.take(NUMBER):
            return Number(Fraction(found[0]))
        if found := self.take(STRING):
            return Text(re.sub(r"\\(.)", r"\1", found[1]))
        if self.sign("("):
            inner = self.sum()
            self.need(")")
            return inner
        name = self.name()
        if name is None:
            raise self.wrong()
        if name.lower() in ("today", "yesterday"):
            return Offset(0 if name.lower() == "today" else -1, 0)
        return self.call(name) if self.sign("(") else Name(name)

    def call(self, name: str) -> Call:
        args, params = [], []
        while not self.sign(")"):
            if args or params:
                self.need(",")
            param = self.param()
            if param is None:
                args.append(self.sum())
            else:
                params.append(param)
        return Call(name, tuple(args), tuple(params))


def _offset(count: int, unit: str) -> Offset:
    days = {"d": 1, "w": 7}.get(unit, 0) * count
    return Offset(days, {"m": 1, "y": 12}.get(unit, 0) * count)
