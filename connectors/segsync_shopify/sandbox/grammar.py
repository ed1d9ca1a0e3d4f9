"""The grammar of Shopify's search: `field:value`, comparators, AND, OR, NOT and `-`, parentheses, quotes.

It never refuses a text. A bare value ends at the next colon, so that an unquoted instant falls apart into a value that
is no instant and a term whose field is its minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) |
        (?P<word>AND|OR|NOT)(?=[\s()]|$) |
        (?P<minus>-)(?=[^\s]) |
        (?P<field>[\w.]+):\s*(?P<operator><=|>=|<|>|)\s*
            (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>[^\s()'":]*)) |
        (?:'(?P<text1>[^']*)'|"(?P<text2>[^"]*)"|(?P<text3>[^\s()'":]+)) |
        (?P<junk>\S)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `field` is empty where any field may hold the text."""

    field: str
    operator: str
    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple[Expression, ...]


Expression = Term | Not | Every | Some


def parse(text: str) -> Expression | None:
    """The expression that a search text says; None for one that says nothing."""
    return _Reader(text).some()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [match for match in _TOKEN.finditer(text) if not match["junk"] and match.lastgroup]
        self._at = 0

    def some(self) -> Expression | None:
        parts = [self._every()]
        while self._word("OR"):
            parts.append(self._every())
        return _joined(Some, parts)

    def _every(self) -> Expression | None:
        parts = []
        while (token := self._peek()) is not None and not token["close"] and token["word"] != "OR":
            if not self._word("AND"):
                parts.append(self._one())
        return _joined(Every, parts)

    def _one(self) -> Expression | None:
        token = self._tokens[self._at]
        self._at += 1
        if token["minus"] or token["word"] == "NOT":
            inner = self._one() if self._peek() is not None else None
            return inner and Not(inner)
        if token["open"]:
            inner = self.some()
            if (closing := self._peek()) is not None and closing["close"]:
                self._at += 1
            return inner
        if token["field"]:
            quoted = token["bare"] is None
            value = next(token[name] for name in ("single", "double", "bare") if token[name] is not None)
            return Term(token["field"], token["operator"], value, quoted)
        texts = [token[name] for name in ("text1", "text2", "text3") if token[name] is not None]
        return Term("", "", texts[0], token["text3"] is None) if texts else None

    def _peek(self) -> re.Match[str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _word(self, word: str) -> bool:
        token = self._peek()
        found = token is not None and token["word"] == word
        self._at += found
        return found


def _joined(kind: Any, parts: list[Expression | None]) -> Expression | None:
    there = tuple(part for part in parts if part is not None)
    return there[0] if len(there) == 1 else kind(there) if there else None


def shown(expression: Expression) -> dict[str, Any]:
    """The expression as `extensions.search[].parsed` shows it."""
    match expression:
        case Term("", _, value, _):
            return {"match_all": value}
        case Term(field, "", value, quoted):
            return {"field": field, "match_phrase" if quoted else "match_all": value}
        case Term(field, operator, value, _):
            names = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
            return {"field": field, "range": {names[operator]: value}}
        case Not(part):
            return {"not": shown(part)}
        case Every(parts):
            return {"and": [shown(part) for part in parts]}
        case Some(parts):
            return {"or": [shown(part) for part in parts]}
