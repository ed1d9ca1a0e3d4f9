"""All rules of a config at once: read, checked, and put in the order in which they need one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from segsync.rules.catalogue import FUNCTIONS, TRAITS
from segsync.rules.check import Findings, check
from segsync.rules.depth import queries
from segsync.rules.parse import parse
from segsync.rules.problems import RuleProblem, Sheet, did_you_mean
from segsync.rules.syntax import Condition, Span

MOST_LEVELS = 32  # of segments that name segments: each is a query within the next (a very deep rule is several)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule without problems: its text, its checked tree, and what it uses."""

    name: str
    text: str
    root: Condition
    segments: tuple[str, ...]  # that it names
    traits: frozenset[str]
    functions: frozenset[str]

    def cut(self, span: Span) -> str:
        """The text of a part of the rule."""
        return self.text[span.start : span.end]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of the texts: the rules that can be computed, and every problem and warning of all of them."""

    rules: dict[str, Rule]
    problems: list[RuleProblem]
    warnings: list[RuleProblem]


def read(texts: Mapping[str, str], *, filled: frozenset[str]) -> Reading:
    """Read every segment's rule. `filled` are the streams that the configured sources fill.

    Never raises: whatever the texts are, what is wrong with them is in `problems`, by segment and place.
    """
    found = {name: Findings(Sheet(name, text), filled) for name, text in texts.items()}
    rules: dict[str, Rule] = {}
    for name, findings in found.items():
        if (root := _root(findings, texts)) is not None:
            rules[name] = _rule(findings, root)
    if not _tell_cycles(found):
        _tell_levels(found, rules)
    problems = {name: sorted(_unique(f.sheet.problems), key=_place) for name, f in found.items()}
    return Reading(
        rules={name: rule for name, rule in rules.items() if not problems[name]},
        problems=[problem for name in texts for problem in problems[name]],
        warnings=[w for f in found.values() for w in sorted(_unique(f.sheet.warnings), key=_place)],
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
        streams.update(stream for trait in each.traits for stream in TRAITS[trait].reads)
        streams.update(stream for function in each.functions for stream in FUNCTIONS[function].reads)
    return frozenset(streams)


def unfilled(rule: Rule, rules: Mapping[str, Rule], filled: frozenset[str]) -> list[str]:
    """The traits and functions a rule asks for, through other segments too, that no `filled` stream fills."""
    empty: set[str] = set()
    for each in needed(rule.name, {**rules, rule.name: rule}).values():
        empty.update(name for name in each.traits if not filled.intersection(TRAITS[name].streams))
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
    return Rule(sheet.segment, sheet.text, root, segments, traits, functions)


def _tell_cycles(found: Mapping[str, Findings]) -> int:
    """One problem a cycle, at the clause by which its first segment enters it; how many there are."""
    told: set[frozenset[str]] = set()
    for name, findings in found.items():
        for path in _paths_back(name, found):
            if frozenset(path) not in told:
                told.add(frozenset(path))
                follows = path[1] if len(path) > 1 else name
                span = next(span for segment, span in findings.segments if segment == follows)
                chain = " → ".join([*path, name])
                findings.sheet.problem(
                    span, f"segments name one another in a circle: {chain}", "break it at one of them"
                )
    return len(told)


def _paths_back(name: str, found: Mapping[str, Findings]) -> list[list[str]]:
    """The shortest way from a segment back to itself by each of the segments it names."""
    paths = []
    for first in dict.fromkeys(segment for segment, _ in found[name].segments):
        if first == name:
            paths.append([name])
            continue
        before: dict[str, str] = {first: name}
        todo = [first]
        for here in todo:  # grows as it goes
            for there, _ in found[here].segments if here in found else ():
                if there not in before and there != name:
                    before[there] = here
                    todo.append(there)
                elif there == name:
                    before.setdefault(name, here)
        if name in before:
            path = [before[name]]
            while path[0] != first:
                path.insert(0, before[path[0]])
            paths.append([name, *path])
    return paths


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
