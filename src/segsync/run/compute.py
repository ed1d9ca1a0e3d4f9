"""From landed records to members: join people, describe them, compute segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segsync import people, rules, segments
from segsync.config import Config
from segsync.errors import ConfigError, Problem
from segsync.ledger import audiences, runs
from segsync.people import Joining
from segsync.plan.history import History, histories
from segsync.rules import Reading, Rule, RuleProblem
from segsync.run.privacy import suppressing
from segsync.run.recover import recover_all
from segsync.run.workspace import Workspace
from segsync.segments import Size


@dataclass(frozen=True, slots=True)
class Computed:
    """The people and segments of a run, the rules they were computed by, and what to warn of.

    `unfilled` names, for each segment, the traits its rule asks for that no configured source fills; `recovered`
    counts, for each audience that an earlier run left open, the members who became uncertain. `histories` says of
    each source whose platform counts its orders how many of them have landed. `consents` are the rules of consent, by
    the `consent_name` of their syncs, which `unfilled` knows too.
    """

    joining: Joining
    sizes: Sequence[Size]
    rules: Mapping[str, Rule]
    warnings: Sequence[RuleProblem]
    unfilled: Mapping[str, Sequence[str]]
    recovered: Mapping[str, int] = field(default_factory=dict)
    histories: Mapping[str, History] = field(default_factory=dict)
    consents: Mapping[str, Rule] = field(default_factory=dict)


def compute(space: Workspace, filled: frozenset[str]) -> Computed:
    """Join, describe, and compute every segment of the config.

    Raises ConfigError with every problem of every rule, before anything is computed.
    """
    reading = read_rules(space.config, filled)
    with space.warehouse.session():  # open once for all of it: opening the file takes longer than many a statement
        return _compute(space, reading, filled)


def _compute(space: Workspace, reading: Reading, filled: frozenset[str]) -> Computed:
    recovered = recover_all(space.ledger, space.warehouse, space.clock)
    carry_renames(space)
    shop, undeliverable = space.config.shop, undeliverable_sources(space.config)
    warehouse = space.warehouse
    with warehouse.session() as con:
        with suppressing.carried(space, con):
            joining = people.resolve(
                con,
                warehouse.write,
                run_id=space.run_id,
                at=space.clock.now(),
                max_customers=space.config.identity.max_customers,
                undeliverable=undeliverable,
            )
        people.describe(con, warehouse.write, as_of=space.as_of.instant, undeliverable=undeliverable)
        suppressing.note_named(space, con)
        found = histories(con)
    sizes = segments.compute(
        warehouse,
        reading.rules,
        space.as_of,
        currency=shop.currency,
        rates=shop.rates,
        run_id=space.run_id,
        consents=reading.consents,
    )
    runs.record_segments(space.ledger, space.run_id, [(s.segment, s.members, s.entered, s.left) for s in sizes])
    every = {**reading.rules, **reading.consents}
    unfilled = {name: rules.unfilled(rule, reading.rules, filled) for name, rule in every.items()}
    return Computed(joining, sizes, reading.rules, reading.warnings, unfilled, recovered, found, reading.consents)


def read_rules(config: Config, filled: frozenset[str]) -> Reading:
    """All rules of the config, read and checked. Raises ConfigError with every problem, placed in the file."""
    texts = {name: segment.rule for name, segment in config.segments.items()}
    reading = rules.read(texts, filled=filled, traits=config.traits, consents=config.consents)
    if reading.problems:
        raise ConfigError([_problem(config, problem) for problem in reading.problems], where=config.path.name)
    return reading


def filled_streams(space: Workspace) -> frozenset[str]:
    """The streams that the configured sources fill; needs their secrets."""
    found: frozenset[str] = frozenset()
    for name in space.config.sources:
        with space.source(name) as source:
            found |= source.streams()
    return found


def undeliverable_sources(config: Config) -> frozenset[str]:
    """Sources whose identifiers may never reach a destination."""
    return frozenset(
        name
        for name, section in config.sources.items()
        if section.spec.reads is not None and not section.spec.reads.deliverable
    )


def carry_renames(space: Workspace) -> None:
    """Let a segment that says `renamed_from` inherit that one's members and audiences, once."""
    waiting = {known.segment for known in audiences.every(space.ledger)}
    for name, segment in space.config.segments.items():
        old = segment.renamed_from
        if old and old in waiting and old not in space.config.segments:
            segments.rename(space.warehouse, old, name)
            audiences.rename_segment(space.ledger, old, name)


def _problem(config: Config, problem: RuleProblem) -> Problem:
    path = problem.path
    shown = str(problem).split("\n", 1)
    return Problem(".".join(path), problem.message, "\n".join(shown[1:]), config.line(path))
