"""The user's own traits: read, checked, and put in the order in which they are made of one another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segsync.rules.catalogue import CALLS, FUNCTIONS, LATER_TRAITS, NEVER, SEGMENTS, SPELLINGS, TRAITS, Kind
from segsync.rules.circles import circles
from segsync.rules.columns import column_of
from segsync.rules.names import Findings, Own
from segsync.rules.parse import parse_value
from segsync.rules.parts import nesting
from segsync.rules.problems import Sheet
from segsync.rules.syntax import Aggregate, Arithmetic, Call, Moment, Name, Param, Span, Value
from segsync.rules.values import Values

MOST_LEVELS = 16  # of traits made of traits: each is a query within the next
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_KEYWORDS = "and or not not_matches between is null in contains starts ends with matches true false today yesterday"
_TAKEN = frozenset({*_KEYWORDS.split(), *FUNCTIONS, *SPELLINGS, *CALLS, SEGMENTS, *NEVER, "person"})
_FUNCTION_ROOTS = frozenset(name.partition(".")[0] for name in (*FUNCTIONS, *SPELLINGS) if "." in name)
_OPEN_ROOTS = frozenset({"metafields", "attributes", "properties"})
_PREFIXES = ("in_", "raw_")  # of columns beside the traits'


@dataclass(frozen=True, slots=True)
class OwnTraits:
    """The traits without problems, and the sheets of all."""

    own: dict[str, Own]
    sheets: dict[str, Sheet]

    @property
    def broken(self) -> frozenset[str]:
        return frozenset(self.sheets.keys() - self.own.keys())


def read_own(texts: Mapping[str, str], filled: frozenset[str]) -> OwnTraits:
    """Read every trait of the user's. Never raises: what is wrong with them is in their sheets."""
    sheets = {name: Sheet(name, text, "traits") for name, text in texts.items()}
    trees = {name: parse_value(sheet) for name, sheet in sheets.items()}
    named = {name: [] if tree is None else _named(tree, texts) for name, tree in trees.items()}
    for name, sheet in sheets.items():
        _check_name(name, sheet)
    for chain, span in circles(named):
        message = f"traits are made of one another in a circle: {' → '.join(chain)}"
        sheets[chain[0]].problem(span, message, "break it at one of them")
    own: dict[str, Own] = {}
    for name in _in_order(named):
        tree = trees[name]
        if tree is not None and not sheets[name].problems:
            broken = frozenset(texts.keys() - own.keys())
            found = _checked(name, tree, Findings(sheets[name], filled, own, broken))
            if found is not None and not sheets[name].problems:
                own[name] = found
    return OwnTraits({name: own[name] for name in texts if name in own}, sheets)


def _check_name(name: str, sheet: Sheet) -> None:
    whole = Span(0, 1)
    if name in TRAITS or name in LATER_TRAITS:
        sheet.problem(whole, f"`{name}` is a trait already", "choose another name")
    elif name.lower() in _TAKEN or name.lower() in _OPEN_ROOTS or name.lower() in _FUNCTION_ROOTS - TRAITS.keys():
        sheet.problem(whole, f"`{name}` is a word of the rule language", "choose another name")
    elif not _NAME.fullmatch(name):
        sheet.problem(whole, f"`{name}` is no name for a trait", "write lower-case letters, digits and _")
    elif name.startswith(_PREFIXES):
        sheet.problem(whole, "a trait's name may not start with in_ or raw_", "choose another name")


def _checked(name: str, tree: Value, findings: Findings) -> Own | None:
    sheet = findings.sheet
    value, asked = Values(findings).resolve(tree)
    if asked is None:
        return None
    if asked.yearly:
        sheet.problem(tree.span, f"`{asked.name}` stands for no value", "use it in a rule")
    elif isinstance(value, Moment):
        sheet.problem(tree.span, "a trait of your own is a day without a time", f"write {value.at:%Y-%m-%d}")
    elif asked.kind is Kind.LIST:
        sheet.problem(tree.span, f"`{asked.name}` is a list", "a trait of your own is one value")
    levels = 1 + max((_depth(each) for each in findings.owned.values()), default=0)
    if levels > MOST_LEVELS:
        message = f"traits are made of one another through more than {MOST_LEVELS} levels"
        sheet.problem(tree.span, message, "write the values into one")
    return Own(
        name=name,
        text=sheet.text,
        kind=asked.kind,
        column=column_of(value, asked.kind, findings.own),
        value=value,
        traits=frozenset(findings.traits),
        functions=frozenset(findings.functions),
        own=tuple(findings.owned.values()),
        nesting=nesting(value, findings.own),
        timed=asked.timed,
        values=asked.values,
    )


def _depth(own: Own) -> int:
    depths: dict[str, int] = {}
    for each in (*own.own, own):  # in order: what it is made of comes before it
        depths[each.name] = 1 + max((depths[inner.name] for inner in each.own), default=0)
    return depths[own.name]


def _named(tree: Value, texts: Mapping[str, str]) -> list[tuple[str, Span]]:
    """The traits of the user's that a value names, and where."""
    return [(name.text, name.span) for name in _names(tree) if name.text in texts]


def _names(value: Value) -> Iterator[Name]:
    match value:
        case Name():
            yield value
        case Arithmetic(parts=parts):
            for part in parts:
                yield from _names(part)
        case Call(args=args) | Aggregate(params=args):
            for arg in args:
                for inner in arg.values if isinstance(arg, Param) else (arg,):
                    yield from _names(inner)


def _in_order(named: Mapping[str, list[tuple[str, Span]]]) -> list[str]:
    """The names, each after those that it names; of a circle none."""
    left = {name: {other for other, _ in others} for name, others in named.items()}
    order: list[str] = []
    while ready := [name for name, others in left.items() if not others & left.keys()]:
        order += ready
        left = {name: others for name, others in left.items() if name not in ready}
    return order
