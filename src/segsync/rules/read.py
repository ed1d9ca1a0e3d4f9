"""All rules of a config at once: read, checked, and put in the order in which they need one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from segsync.rules.catalogue import FUNCTIONS, trait_named
from segsync.rules.check import check
from segsync.rules.circles import circles
from segsync.rules.depth import queries
from segsync.rules.names import Findings, Own
from segsync.rules.own import read_own
from segsync.rules.parse import parse
from segsync.rules.problems import RuleProblem, Sheet, did_you_mean
from segsync.rules.syntax import Condition, Span

_NO_TRAITS: Mapping[str, str] = MappingProxyType({})
MOST_LEVELS = 32  # of segments that name segments: each is a query within the next (a very deep rule is several)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule without problems: its text, its checked tree, and what it uses.

    `traits` and `functions` are those of the catalogue, also of what the user's own traits in `own` are made of;
    each of these stands after those that it is made of.
    """

    name: str
    text: str
    root: Condition
    segments: tuple[str, ...]  # that it names
    traits: frozenset[str]
    functions: frozenset[str]
    own: tuple[Own, ...] = ()

    @property
    def owned(self) -> dict[str, Own]:
        """The user's traits that the rule uses, by name."""
        return {own.name: own for own in self.own}

    def cut(self, span: Span) -> str:
        """The text of a part of the rule."""
        return self.text[span.start : span.end]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of the texts: the rules that can be computed, and every problem and warning of all of them.

    `own` are the user's traits without problems, `consents` the rules of consent.
    """

    rules: dict[str, Rule]
    problems: list[RuleProblem]
    warnings: list[RuleProblem]
    own: dict[str, Own] = field(default_factory=dict)
    consents: dict[str, Rule] = field(default_factory=dict)


def read(
    texts: Mapping[str, str],
    *,
    filled: frozenset[str],
    traits: Mapping[str, str] = _NO_TRAITS,
    consents: Mapping[str, str] = _NO_TRAITS,
) -> Reading:
    """Read every segment's rule, and the user's own traits, by name.

    `filled` are the streams that the configured sources fill; `consents` are rules that say who has given consent,
    named `segment__destination` as no segment can be, so that no rule can ask for them. Never raises: whatever the
    texts are, what is wrong with them is in `problems`, by trait or segment and place.
    """
    own = read_own(traits, filled)
    found = {name: Findings(Sheet(name, text), filled, own.own, own.broken) for name, text in texts.items()}
    for name, text in consents.items():
        found[name] = Findings(Sheet(name, text, "consents"), filled, own.own, own.broken)
    rules: dict[str, Rule] = {}
    for name, findings in found.items():
        if (root := _root(findings, texts)) is not None:
            rules[name] = _rule(findings, root)
    if not _tell_circles(found):
        _tell_levels(found, rules)
    sheets = [*own.sheets.values(), *(findings.sheet for findings in found.values())]
    fine = {name for name, f in found.items() if not f.sheet.problems and not f.names_broken}
    return Reading(
        rules={name: rule for name, rule in rules.items() if name in fine and name in texts},
        problems=[problem for sheet in sheets for problem in sorted(_unique(sheet.problems), key=_place)],
        warnings=[warning for sheet in sheets for warning in sorted(_unique(sheet.warnings), key=_place)],
        own=own.own,
        consents={name: rule for name, rule in rules.items() if name in fine and name in consents},
    )


def levels(rules: Mapping[str, Rule]) -> list[list[str]]:
    """The segments by level: each names only segments of the levels before its own."""
    left = {name: {s for s in rule.segments if s in rules} for name, rule in rules.items()}
    order: list[list[str]] = []
    while left:
        ready = [name for name, needs in left.items() if not needs & left.keys()]
        if not ready:
            raise ValueError(f"a cycle among {', '.join(left)}")  # read() refuses them
        order.append(ready)
        left = {name: needs for name, needs in left.items() if name not in ready}
    return order


def needed(name: str, rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rule and all that it reads through other segments, in the order of `rules`."""
    wanted, todo = {name}, [name]
    while todo:
        fresh = [s for s in rules[todo.pop()].segments if s in rules and s not in wanted]
        wanted.update(fresh)
        todo.extend(fresh)
    return {key: rule for key, rule in rules.items() if key in wanted}


def streams_read(rule: Rule, rules: Mapping[str, Rule]) -> frozenset[str]:
    """The streams that decide who is a member, through other segments too. Everybody comes from `customers`."""
    streams = {"customers"}
    for each in needed(rule.name, {**rules, rule.name: rule}).values():
        streams.update(stream for trait in each.traits for stream in trait_named(trait).reads)
        streams.update(stream for function in each.functions for stream in FUNCTIONS[function].reads)
    return frozenset(streams)


def unfilled(rule: Rule, rules: Mapping[str, Rule], filled: frozenset[str]) -> list[str]:
    """The traits and functions a rule asks for, through other segments too, that no `filled` stream fills."""
    empty: set[str] = set()
    for each in needed(rule.name, {**rules, rule.name: rule}).values():
        empty.update(name for name in each.traits if not filled.intersection(trait_named(name).streams))
        empty.update(name for name in each.functions if not filled.issuperset(FUNCTIONS[name].reads))
    return sorted(empty)


# --- one rule, and rules among one another -----------------------------------------------------------------


def _root(findings: Findings, texts: Mapping[str, str]) -> Condition | None:
    sheet = findings.sheet
    parsed = parse(sheet)
    if parsed is None:
        return None
    root = check(parsed, findings)
    for segment, span in findings.segments:
        if segment not in texts:
            near = did_you_mean(segment, list(texts)).replace("`", "'")
            sheet.problem(span, f"no segment is called '{segment}'", near or f"add [segments.{_name(segment)}]")
    return root


def _name(segment: str) -> str:
    return segment if segment.isidentifier() else "…"


def _rule(findings: Findings, root: Condition) -> Rule:
    segments = tuple(dict.fromkeys(name for name, _ in findings.segments))
    sheet = findings.sheet
    traits, functions = frozenset(findings.traits), frozenset(findings.functions)
    return Rule(sheet.segment, sheet.text, root, segments, traits, functions, tuple(findings.owned.values()))


def _tell_circles(found: Mapping[str, Findings]) -> int:
    """One problem a circle, at the clause by which its first segment enters it; how many there are."""
    every = circles({name: findings.segments for name, findings in found.items()})
    for chain, span in every:
        message = f"segments name one another in a circle: {' → '.join(chain)}"
        found[chain[0]].sheet.problem(span, message, "break it at one of them")
    return len(every)


def _tell_levels(found: Mapping[str, Findings], rules: Mapping[str, Rule]) -> None:
    """Refuse chains of segments too long to compute as one query."""
    own = {name: queries(rules[name].root) if name in rules else 1 for name in found}
    depth = own
    for _ in range(MOST_LEVELS + 1):
        depth = {
            name: own[name] + max((depth.get(segment, 0) for segment, _ in findings.segments), default=0)
            for name, findings in found.items()
        }
    for name, findings in found.items():
        if depth[name] > MOST_LEVELS and findings.segments:
            span = max(findings.segments, key=lambda named: depth.get(named[0], 0))[1]
            message = f"segments name one another through more than {MOST_LEVELS} levels"
            findings.sheet.problem(span, message, "write the conditions into one rule")


def _unique(problems: list[RuleProblem]) -> list[RuleProblem]:
    return list(dict.fromkeys(problems))


def _place(problem: RuleProblem) -> tuple[int, int]:
    return problem.line, problem.column
