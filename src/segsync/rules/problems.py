"""What is wrong with a rule, and where: rendered with its line and a caret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from segsync.rules.syntax import Span

KEYS = {"segments": "rule", "traits": "value", "consents": "consent"}
_WIDEST = 110  # characters of a rule's line that an error shows


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """One problem. Line and column count characters from 1; `source_line` is the whole line that it stands in.

    `segment` is the name of the segment, or of the trait where `section` is "traits", or `segment__destination` where
    it is "consents".
    """

    segment: str
    line: int
    column: int
    length: int
    message: str
    remedy: str
    source_line: str
    section: str = "segments"

    @property
    def key(self) -> str:
        """The config's key that holds the text: `rule` of a segment, `value` of a trait, `consent` of a sync."""
        return KEYS[self.section]

    @property
    def path(self) -> tuple[str, ...]:
        """Where the text stands in the config, key by key."""
        if self.section != "consents":
            return self.section, self.segment, self.key
        segment, _, destination = self.segment.rpartition("__")
        return "segments", segment, "to", destination, self.key

    def __str__(self) -> str:
        shown, column = _window(self.source_line, self.column)
        carets = "^" * max(1, min(self.length, len(shown) - column + 1))
        told = f"{self.message}: {self.remedy}" if self.remedy else self.message
        return "\n".join(
            [
                f"[{'.'.join(self.path[:-1])}] {self.key}, line {self.line}, column {self.column}",
                f"  {shown}",
                f"  {' ' * (column - 1)}{carets}",
                f"  {told}",
            ]
        )


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a line around a column, fit for a terminal, and the column within it."""
    safe = "".join(c if c.isprintable() else " " for c in line)
    if len(safe) <= _WIDEST:
        return safe, column
    start = max(0, min(column - 1 - _WIDEST // 2, len(safe) - _WIDEST))
    head, tail = "…" * (start > 0), "…" * (start + _WIDEST < len(safe))
    return head + safe[start : start + _WIDEST] + tail, column - start + len(head)


@dataclass(slots=True)
class Sheet:
    """A rule's text, or a trait's, with what was found in it so far."""

    segment: str
    text: str
    section: str = "segments"
    problems: list[RuleProblem] = field(default_factory=list)
    warnings: list[RuleProblem] = field(default_factory=list)

    @property
    def what(self) -> str:
        """What the text is called in an error: a rule or a value."""
        return "value" if self.section == "traits" else "rule"

    def problem(self, span: Span, message: str, remedy: str = "") -> None:
        self.problems.append(self._at(span, message, remedy))

    def warning(self, span: Span, message: str, remedy: str = "") -> None:
        self.warnings.append(self._at(span, message, remedy))

    def cut(self, span: Span) -> str:
        """The text of a span, white space and comments as they are."""
        return self.text[span.start : span.end]

    def _at(self, span: Span, message: str, remedy: str) -> RuleProblem:
        begin = self.text.rfind("\n", 0, span.start) + 1
        stop = self.text.find("\n", begin)
        line = self.text[begin:] if stop < 0 else self.text[begin:stop]
        return RuleProblem(
            segment=self.segment,
            line=self.text.count("\n", 0, span.start) + 1,
            column=span.start - begin + 1,
            length=max(1, min(span.end, begin + len(line)) - span.start),
            message=message,
            remedy=remedy,
            source_line=line.rstrip("\r"),
            section=self.section,
        )


def later(sheet: Sheet, span: Span, what: str) -> None:
    """Say that `what` belongs to the language and cannot be used yet."""
    message = f"{what} is part of the rule language, but not computed by this version yet"
    sheet.problem(span, message, "take it out for now")


def never(sheet: Sheet, span: Span, name: str) -> None:
    """Say that Shopify's `name` will not be supported."""
    sheet.problem(span, f"Shopify's filter `{name}` is not supported: segsync has no data for it", "take it out")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`did you mean …?`, or nothing where no known word is near."""
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.65)
    return f"did you mean `{near[0]}`?" if near else ""
