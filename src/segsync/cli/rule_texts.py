"""Rules as texts: check them, and write them as everybody writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segsync.cli.context import Common, common
from segsync.cli.output import emit, say
from segsync.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segsync.config import Config
    from segsync.rules import Reading, RuleProblem

rules_app = typer.Typer(help="Rules as texts: check them, or write them in canonical form.", no_args_is_help=True)

TYPED = "--rule"  # the name of a rule that is in no file; no segment can be called so
Text = Annotated[str | None, typer.Argument(help="A rule; every rule and trait of the config if left out.")]


@rules_app.command("check", epilog='Example: segsync rules check "number_of_orders >= 3 AND amount_spent > 500"')
def check(ctx: typer.Context, text: Text = None) -> None:
    """Read a rule, or all of them, and say what is wrong, where, and what to type."""
    options = common(ctx)
    reading = read(options, text)
    consents = [_place(name) for name in reading.consents]
    names = [*reading.own, *reading.rules, *consents] if text is None else ["the rule"]
    warnings = [warning for warning in reading.warnings if text is None or warning.segment == TYPED]
    if options.json:
        emit({"right": names, "warnings": [placed(warning) for warning in warnings]})
        return
    for warning in warnings:
        say(placed(warning))
    say("the rule is right" if text is not None else f"right: {', '.join(names) or 'there is no rule yet'}")


@rules_app.command("fmt", epilog='Example: segsync rules fmt "amount_spent>500 and number_of_orders>=3"')
def fmt(ctx: typer.Context, text: Text = None) -> None:
    """Print a rule, or all of them, in canonical form. No file is changed."""
    from segsync import rules

    options = common(ctx)
    reading = read(options, text)
    if text is not None:
        written = {"rule": rules.fmt(text)}
    else:
        written = {f"traits.{name}": rules.fmt(own.text, section="traits") for name, own in reading.own.items()}
        written |= {f"segments.{name}": rules.fmt(rule.text) for name, rule in reading.rules.items()}
        written |= {_place(name): rules.fmt(rule.text) for name, rule in reading.consents.items()}
    if options.json:
        emit(written)
    elif text is not None:
        say(written["rule"])
    else:
        for name, each in written.items():
            say(f"[{name}]\n" + "\n".join(f"  {line}" for line in each.splitlines()))


def read(options: Common, text: str | None) -> Reading:
    """The config's rules, and the typed one among them. Raises ConfigError with what is wrong: of the typed one, if
    there is one, else of all."""
    from segsync import rules
    from segsync.streams import STREAMS

    config = _config(options, needed=text is None)
    texts = {name: segment.rule for name, segment in config.segments.items()} if config else {}
    if text is not None:
        texts[TYPED] = text
    traits, consents = (config.traits, config.consents) if config else ({}, {})
    reading = rules.read(texts, filled=frozenset(STREAMS), traits=traits, consents=consents)
    wrong = [problem for problem in reading.problems if text is None or _matters(problem)]
    if wrong:
        raise wrong_rules(wrong, "the rule" if text is not None else "the rules")
    return reading


def _place(consent: str) -> str:
    """Where a rule of consent stands, by its name among the rules."""
    segment, _, destination = consent.rpartition("__")
    return f"segments.{segment}.to.{destination}.consent"


def wrong_rules(problems: Sequence[RuleProblem], where: str) -> ConfigError:
    """The error that tells of these, each with its place and a caret."""
    found = []
    for problem in problems:
        place, text, caret, _ = placed(problem).split("\n")
        remedy = [problem.remedy] if problem.remedy else []
        found.append(Problem(place, problem.message, "\n".join([text, caret, *remedy])))
    return ConfigError(found, where=where)


def placed(problem: RuleProblem) -> str:
    """A problem with its place; of a rule that was typed, without a name."""
    return str(problem).replace(f"[segments.{TYPED}] rule, ", "", 1)


def _matters(problem: RuleProblem) -> bool:
    """To a rule that was typed: its own problems, and those of traits that it may use."""
    return problem.segment == TYPED or problem.section == "traits"


def _config(options: Common, *, needed: bool) -> Config | None:
    """The config; None where there is none and none is needed."""
    try:
        _ = options.found
    except ConfigError:
        if needed or options.config is not None:
            raise
        return None
    return options.load()
