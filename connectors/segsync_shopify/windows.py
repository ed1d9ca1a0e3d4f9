"""Which records a read asks for: windows of `updated_at`, what they overlap, and the cursor that comes after. Pure.

Shopify's search runs on an index that lags behind what is written (minutes; more than half an hour was seen for
customers), and it compares customers' `updated_at` by whole days only. So

- orders and checkouts are asked for up to five minutes ago, and again for some time before the cursor;
- customers are asked for from two days before the cursor's day on, which is a day at least in every time zone, and
  those older than a day before the cursor are left out here;
- a first read asks without a filter, so that no record can be missed for a value it lacks;
- a cursor is the newest `updatedAt` that was received, and never later than the operation began: what changed while
  it ran may have been read before it changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from segsync.errors import ConfigError, Problem
from segsync.model import Cursor

LAG: Final = timedelta(minutes=5)
DEEPEST: Final = 4  # halvings: a shop that is too much in 16 parts is not going to be read in 32


@dataclass(frozen=True, slots=True)
class Search:
    """How one root can be searched: by instants, or (`days`) only by whole days of an unknown time zone."""

    days: bool
    overlap: timedelta  # what is asked for again before the cursor
    keep: timedelta | None = None  # and what of it is landed again; None for all of it

    @property
    def smallest(self) -> timedelta:
        """A window of this length is not split any more."""
        return timedelta(days=2) if self.days else timedelta(hours=1)


SEARCHES: Final[Mapping[str, Search]] = {
    "customers": Search(days=True, overlap=timedelta(days=2), keep=timedelta(days=1)),
    "orders": Search(days=False, overlap=timedelta(hours=1)),
    "checkouts": Search(days=False, overlap=timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class Window:
    """From `lower` on, and before `upper`; None is no bound. `depth`: how often a larger one was halved to it."""

    lower: datetime | None = None
    upper: datetime | None = None
    depth: int = 0

    def noted(self) -> dict[str, Any]:
        """As a job remembers it."""
        bounds = {"lower": self.lower, "upper": self.upper}
        return {name: None if at is None else at.isoformat() for name, at in bounds.items()}

    @staticmethod
    def read(noted: Mapping[str, Any]) -> Window:
        """What `noted` wrote."""
        lower, upper = (None if noted[name] is None else parsed(noted[name]) for name in ("lower", "upper"))
        return Window(lower, upper)

    def filter(self, search: Search) -> str | None:
        """The search that finds it; None where it needs none."""
        terms = [
            f"updated_at:{sign}'{_bound(at, search)}'"
            for sign, at in ((">=", self.lower), ("<", self.upper))
            if at is not None
        ]
        return " AND ".join(terms) or None

    def halves(self, search: Search, oldest: datetime, now: datetime) -> tuple[Window, Window] | None:
        """The two windows that make this one; None where it is too small for that. `oldest`: nothing is older."""
        lower, upper = self.lower or oldest, self.upper or now
        if upper - lower < search.smallest or self.depth == DEEPEST:
            return None
        middle = (lower + (upper - lower) / 2).replace(microsecond=0)
        if search.days:
            middle = middle.replace(hour=0, minute=0, second=0)
        return replace(self, upper=middle, depth=self.depth + 1), replace(self, lower=middle, depth=self.depth + 1)


def after(since: datetime | None, search: Search, now: datetime) -> Window:
    """What has changed after a cursor; everything if there is none."""
    if since is None:
        return Window()
    return Window((since - search.overlap).replace(microsecond=0), None if search.days else now - LAG)


def kept_from(since: datetime | None, search: Search) -> datetime | None:
    """Records that are older have been landed before; None: all are to be landed."""
    return None if since is None or search.keep is None else since - search.keep


def asking(query: str, filter: str | None) -> str:
    """A query of the folder queries/ with the filter among its root's arguments, as a bulk operation takes it."""
    return query if filter is None else query.replace("(", f"(query: {json.dumps(filter)}, ", 1)


def one_of(query: str) -> str:
    """The same fields of one record, outside of a bulk operation: every connection asks for one."""
    return re.sub(r"(\w+)(?:\(([^)]*)\))? \{\n\s+edges", r"\1(first: 1, \2) {\n edges", query).replace(", )", ")")


def cursor(domain: str, newest: datetime) -> Cursor:
    """The cursor after this instant: it names the shop, so that another one's is never gone on from."""
    return Cursor(f"{domain} {written(newest)}")


def instant(cursor: Cursor, domain: str, name: str) -> datetime:
    """The instant of a cursor. Raises ConfigError where it is another shop's."""
    theirs, _, text = cursor.value.partition(" ")
    if theirs != domain:
        found = f"this section has read {theirs} so far, and names {domain} now: two shops' data would be mixed"
        raise ConfigError([Problem(f"sources.{name}.shop", found, "give the other shop a section of its own")])
    return parsed(text)


def parsed(text: str) -> datetime:
    """An instant as Shopify writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def written(at: datetime) -> str:
    """An instant as Shopify's search takes it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bound(at: datetime, search: Search) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d") if search.days else written(at)
