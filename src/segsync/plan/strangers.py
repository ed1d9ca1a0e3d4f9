"""Who is in an audience that segsync did not put there: removed where the sync says that the audience is its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from segsync.model import Action, Present
from segsync.plan import identifiers as texts
from segsync.plan.diff import CHANGES, REMOVES, Refused, one_by_one

PREFIX = "stranger-"


def stranger_key(platform_id: str) -> str:
    """Under which key a stranger is removed: nobody's of ours, and the same each time."""
    return PREFIX + hashlib.sha256(platform_id.encode()).hexdigest()[:16]


def strangers_among(con: Any, audience: str, present: Sequence[Present]) -> list[Present]:
    """Those whom `held` does not know in this audience, neither by the platform's id nor by any identifier."""
    held = con.table("held")
    rows = held.filter((held.audience == audience) & (held.state != "removed")).select("platform_id", "identifiers")
    known: set[str | None] = set()
    for row in one_by_one(rows):
        known.add(row["platform_id"])
        known |= texts.values(row["identifiers"])
    return [each for each in present if each.platform_id not in known and not known & texts.of(each.identifiers)]


def add_strangers(con: Any, audience: str, present: Sequence[Present], refused: Refused) -> int:
    """Put the removal of strangers into `changes`; how many. Whoever should be in the audience is none."""
    if not present:
        return 0
    wanted = set(con.table("staying").select("value").to_pyarrow()["value"].to_pylist())
    rows = [
        row
        for each in strangers_among(con, audience, present)
        if not wanted & texts.of(each.identifiers)
        for row in _removal(each, refused)
    ]
    if rows:
        con.insert(CHANGES, pd.DataFrame(rows, columns=list(con.table(CHANGES).columns)))
    return len(rows)


def _removal(stranger: Present, refused: Refused) -> Iterator[dict[str, Any]]:
    """The row of `changes`; none where the platform has refused it for good."""
    key, identifiers = stranger_key(stranger.platform_id), texts.dump(stranger.identifiers)
    if refused.get((Action.REMOVE.value, key)) != texts.digest(identifiers):
        yield {
            "person": key,
            "kind": "stranger",
            "phase": REMOVES,
            "action": Action.REMOVE.value,
            "platform_id": stranger.platform_id,
            "identifiers": identifiers,
            "heir": None,
            "retiring": False,
            "forced": False,
        }
