"""Suppressions that last: whom one names today stays suppressed, whatever becomes of their e-mails and keys.

An operator suppresses somebody by an e-mail, a phone or a key. Each computation notes in the ledger which people
those names mean: whoever has the identifier, is held by it somewhere, or shares a profile at a platform with them.
A merge gives a person another key: that one is noted with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from segsync.ledger import Ledger, suppressions
from segsync.plan.diff import owner_of, plain
from segsync.plan.suppressed import Suppressed
from segsync.run.workspace import Workspace

_NAMED, _SEEN = "suppressing_values", "suppressing_people"


def suppressed(ledger: Ledger) -> Suppressed:
    """Who must not be sent, by every name that is known of them."""
    named = suppressions.every(ledger)
    people = {each.value for each in named if each.kind == "person"}
    people |= {person for _, person in suppressions.followed(ledger)}
    return Suppressed(frozenset(people), frozenset(each.value for each in named if each.kind != "person"))


@contextmanager
def carried(space: Workspace, con: Any) -> Iterator[None]:
    """While people are joined inside: who was suppressed by a key is so by those that their records get.

    Both are one step: the ledger is told before the warehouse keeps what was joined.
    """
    seen = _seen(space.ledger)
    if not seen:
        yield
        return
    with space.warehouse.transaction():
        _put(con, _SEEN, ("suppression", "person"), seen)
        identities = con.table("identities")
        records = identities.join(con.table(_SEEN), "person").select("source", "customer_id", "suppression")
        con.create_table("suppressing_records", records, temp=True, overwrite=True)
        yield
        now = con.table("identities").join(con.table("suppressing_records"), ["source", "customer_id"])
        _follow(space.ledger, plain(now.select("suppression", "person").distinct()))


def note_named(space: Workspace, con: Any) -> None:
    """Note whom the suppressions name, as people are known and held now."""
    named = suppressions.every(space.ledger)
    if not named:
        return
    _put(con, _NAMED, ("suppression", "value"), [(s.id, s.value) for s in named if s.kind != "person"])
    values, identifiers, held = con.table(_NAMED), con.table("identifiers"), con.table("held")
    held = held.filter(held.state != "removed").select("audience", "person", "platform_id", "identifiers")
    words = held.select("person", value=held.identifiers.split('"').unnest())
    having = identifiers.join(values, "value").select("suppression", "person")
    sent = words.join(values, "value").select("suppression", "person")
    _follow(space.ledger, plain(having.union(sent, distinct=True)))
    _put(con, _SEEN, ("suppression", "person"), _seen(space.ledger))
    _follow(space.ledger, plain(_sharing(con.table(_SEEN), held)))


def _sharing(seen: Any, held: Any) -> Any:
    """suppression, person: who is held by a profile that is a suppressed person's too."""
    rows = held.filter(held.platform_id.notnull())
    rows = rows.mutate(owner=rows.person.split("~")[0])
    theirs = rows.join(seen, rows.owner == seen.person).select("audience", "platform_id", "suppression")
    return rows.join(theirs, ["audience", "platform_id"]).select("suppression", "person").distinct()


def _seen(ledger: Ledger) -> list[tuple[int, str]]:
    """Every person known to be suppressed, with the suppression that says so."""
    keys = [(each.id, each.value) for each in suppressions.every(ledger) if each.kind == "person"]
    return [*keys, *suppressions.followed(ledger)]


def _follow(ledger: Ledger, rows: Iterable[dict[str, Any]]) -> None:
    known = set(_seen(ledger))
    fresh = {(row["suppression"], owner_of(row["person"])) for row in rows} - known
    suppressions.follow(ledger, sorted(fresh))


def _put(con: Any, name: str, columns: tuple[str, str], rows: Iterable[tuple[int, str]]) -> None:
    frame = pd.DataFrame(list(rows), columns=list(columns)).astype({columns[0]: "int64", columns[1]: "str"})
    con.create_table(name, frame, temp=True, overwrite=True)
