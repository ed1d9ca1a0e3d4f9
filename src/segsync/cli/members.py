"""Who is meant: a segment's members as they were computed, or those of a rule that is in no file, computed now."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from segsync.cli.context import Common
from segsync.cli.rule_texts import TYPED, read, wrong_rules
from segsync.config import Config
from segsync.errors import ConfigError, Problem
from segsync.redact import mask_email
from segsync.rules import AsOf, table
from segsync.rules.read import needed

FIGURES = ("number_of_orders", "amount_spent", "last_order_date")


def of_segment(con: Any, segment: str) -> Any:
    """An Ibis table of the members and their figures, with the day on which each entered."""
    members, traits = con.table("members"), con.table("traits")
    mine = members.filter(members.segment == segment)
    return mine.join(traits, "person").select("person", "entered_on", *FIGURES)


def of_rule(options: Common, config: Config, con: Any, text: str) -> Any:
    """The same for a rule, without a day. Raises ConfigError with what is wrong with it."""
    reading = read(options, text)
    if reading.problems:  # a segment that it may name
        raise wrong_rules(reading.problems, "the rules")
    rules = needed(TYPED, reading.rules)
    as_of = AsOf(options.instant(config) or options.clock.now(), ZoneInfo(config.shop.timezone))
    found = table(con, rules, as_of, currency=config.shop.currency, rates=config.shop.rates)
    return found.filter(found[f"in_{TYPED}"]).select("person", *FIGURES)


def came_and_went(con: Any, segment: str, since: date | None, most: int) -> tuple[list[dict[str, Any]], int]:
    """Who entered and left a segment, newest first, their e-mails masked; and how many there are in all.

    Of somebody who is not known any more only the key is left.
    """
    moves, people = con.table("moves"), con.table("people").select("person", "email")
    mine = moves.filter(moves.segment == segment)
    mine = mine if since is None else mine.filter(mine.on_day >= since)
    rows = mine.left_join(people, "person").order_by([mine.run_id.desc(), mine.entered.desc(), mine.person])
    found = rows.select("on_day", "entered", "person", "email", "run_id").limit(most).to_pyarrow().to_pylist()
    shown = [
        {
            "day": row["on_day"],
            "what": "came" if row["entered"] else "went",
            "person": row["person"],
            "email": mask_email(row["email"]) if row["email"] else None,
            "run": row["run_id"],
        }
        for row in found
    ]
    return shown, int(mine.count().execute())


def day_of(text: str) -> date:
    """A day that was typed. Raises ConfigError for other text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        problem = Problem("--since", f"`{text}` is no day", "type one such as 2026-11-01")
        raise ConfigError([problem], where="the command line") from None


def figures_and_sample(con: Any, rows: Any, most: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The members' count and means, and a few of them with their e-mails masked."""
    means: dict[str, Any] = (
        rows.agg(
            members=lambda t: t.count(),
            number_of_orders=lambda t: t.number_of_orders.mean(),
            amount_spent=lambda t: t.amount_spent.cast("float64").mean(),
            last_order_date=lambda t: t.last_order_date.max(),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    people = con.table("people").select("person", "email")
    others = [name for name in rows.columns if name != "person"]
    sample: list[dict[str, Any]] = (
        rows.left_join(people, "person")
        .select("person", "email", *others)
        .order_by("person")
        .limit(most)
        .to_pyarrow()
        .to_pylist()
    )
    for row in sample:
        row["email"] = mask_email(row["email"]) if row["email"] else None
    return means, sample
