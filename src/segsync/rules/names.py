"""What a rule's names stand for, and what a rule was found to use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from segsync.rules.catalogue import (
    CALLS,
    FUNCTIONS,
    LATER_TRAITS,
    NEVER,
    OPEN_TRAITS,
    SEGMENTS,
    SPELLINGS,
    TRAITS,
    Function,
    Kind,
    Trait,
    open_trait,
)
from segsync.rules.problems import Sheet, did_you_mean, later, never
from segsync.rules.syntax import Name, Span, Value

KNOWN = (*TRAITS, *FUNCTIONS, SEGMENTS, *sorted(LATER_TRAITS))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a value is asked of: its name as errors show it, its kind, and for an enum its words.

    `timed`: may be compared with a day and a time. `record`: a parameter, asked of single records. `yearly`: an
    anniversary, which is no value.
    """

    name: str
    kind: Kind
    values: tuple[str, ...] = ()
    timed: bool = False
    record: bool = False
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """A trait of the user's own, checked: its value, and all that it uses, through others of them too."""

    name: str
    text: str
    kind: Kind
    column: str
    value: Value
    traits: frozenset[str]
    functions: frozenset[str]
    own: tuple[Own, ...]  # that it is made of, each after those that it is made of itself
    nesting: int = 0  # see `parts.nesting`
    timed: bool = False
    values: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """What a rule or a trait uses, gathered on the way. `own` are the user's traits that it may use.

    `broken` are traits of the user's that have problems themselves: naming one is no further problem.
    """

    sheet: Sheet
    filled: frozenset[str]
    own: Mapping[str, Own] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    segments: list[tuple[str, Span]] = field(default_factory=list)
    traits: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    owned: dict[str, Own] = field(default_factory=dict)
    names_broken: bool = False

    def use(self, trait: Trait, span: Span) -> None:
        """Note a trait, and warn where nothing fills it."""
        self.traits.add(trait.name)
        it_is = "it is missing" if trait.without is None else f"it is {trait.without}"
        self._warn_unfilled(
            trait.name, trait.streams, span, f"{it_is} for everyone, so `!=` and NOT may select everyone"
        )

    def use_own(self, own: Own) -> None:
        """Note a trait of the user's, with what it is made of."""
        self.traits |= own.traits
        self.functions |= own.functions
        self.owned |= {each.name: each for each in (*own.own, own)}

    def call(self, function: Function, span: Span) -> None:
        """Note a function, and warn where nothing fills it."""
        self.functions.add(function.name)
        self._warn_unfilled(
            function.name, (function.stream,), span, "nothing happened to anybody, so NOT selects everyone"
        )

    def _warn_unfilled(self, name: str, streams: tuple[str, ...], span: Span, so: str) -> None:
        if not self.filled.intersection(streams):
            sources = " or ".join(f"`{stream}`" for stream in streams)
            message = f"no configured source fills `{name}`: {so}"
            self.sheet.warning(span, message, f"add a source with the stream {sources}")


def spelled(name: Name, sheet: Sheet) -> Name:
    """A function's name as the catalogue has it, with a hint where another spelling was written."""
    meant = SPELLINGS.get(name.text)
    if meant is None:
        return name
    sheet.warning(name.span, f"`{name.text}` is another spelling", f"write {meant}")
    return replace(name, text=meant)


def find_trait(name: Name, findings: Findings, *, value: bool = False) -> Asked | None:
    """The trait of this name, noted as used; None, and a problem, where there is none that is computed."""
    text, span = name.text, name.span
    if own := findings.own.get(text):
        findings.use_own(own)
        return Asked(text, own.kind, own.values, own.timed)
    if trait := TRAITS.get(text) or open_trait(text):
        findings.use(trait, span)
        return Asked(text, trait.kind, trait.values, trait.timed)
    if text in findings.broken:
        findings.names_broken = True
    else:
        _tell_no_trait(text, span, findings, value=value)
    return None


def _tell_no_trait(text: str, span: Span, findings: Findings, *, value: bool) -> None:
    sheet = findings.sheet
    if text.partition(".")[0] in NEVER:
        never(sheet, span, text.partition(".")[0])
    elif text in LATER_TRAITS:
        later(sheet, span, f"`{text}`")
    elif text in FUNCTIONS or text in SPELLINGS:
        remedy = f"write count({text})" if value or sheet.section == "traits" else f"write {text} MATCHES (…)"
        sheet.problem(span, f"`{text}` is a function and stands for no value", remedy)
    elif text == SEGMENTS:
        sheet.problem(span, "`segments` stands for no value", "write segments CONTAINS 'name' as a clause")
    elif text in CALLS:
        sheet.problem(span, f"`{text}` takes something in parentheses", f"write {EXAMPLES[text]}")
    elif (function := text.rpartition(".")[0]) in FUNCTIONS:
        how = "sum" if text.endswith(("amount", "quantity")) else "last"
        sheet.problem(span, f"`{text}` is of many records of `{function}`", f"write {how}({text})")
    elif f"{text}." in OPEN_TRAITS:
        sheet.problem(span, f"`{text}` needs a name behind it", f"write {text}.name")
    else:
        near = did_you_mean(text, (*KNOWN, *findings.own))
        remedy = near or (f"text stands in single quotes: '{text}'" if value else "`segsync traits` lists them")
        sheet.problem(span, f"unknown trait `{text}`", remedy)


def tell_no_function(name: Name, span: Span, findings: Findings) -> None:
    """Say that nothing can be asked with a name and parentheses."""
    sheet, text = findings.sheet, name.text
    if text in NEVER:
        never(sheet, name.span, text)
    elif text in FUNCTIONS or text in SPELLINGS:
        sheet.problem(span, f"`{text}(…)` stands for no value", f"write {text} MATCHES (…) as a clause")
    elif text in CALLS:
        sheet.problem(span, f"`{text}(…)` is a value; MATCHES asks a function", f"it may be {listed(FUNCTIONS)}")
    else:
        known = (*FUNCTIONS, *CALLS)
        remedy = did_you_mean(text, known) or f"it may be {listed(CALLS)}"
        sheet.problem(name.span, f"unknown function `{text}`", remedy)


EXAMPLES = {
    "count": "count(orders_placed, date >= -60d)",
    **{how: f"{how}(orders_placed.amount)" for how in ("sum", "avg", "min", "max", "first", "last")},
    "percentile": "percentile(amount_spent)",
    "rank": "rank(amount_spent)",
    "anniversary": "anniversary(birth_date) = today",
}


def listed(names: Iterable[str]) -> str:
    """Names in an error: `a`, `b`, `c`."""
    return ", ".join(f"`{name}`" for name in names)
