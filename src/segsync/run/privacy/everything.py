"""All that is known of somebody, for them: records as they landed, what was made of them, and where they were sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from segsync.ledger import Ledger, audiences, erasures, refusals, suppressions
from segsync.plan.diff import owner_of, plain
from segsync.run.privacy.secrecy import ForgetKey
from segsync.run.privacy.their_rows import person_tables, theirs
from segsync.run.privacy.whom import KEPT, Scope, Who, customers_of, kept_rows, scope_of

_NESTED: Final = frozenset({"attributes", "platform_scores", "properties", "identifiers"})  # JSON as text
_CALLED: Final = {"people": "described", "members": "segments", "outbox": "about_to_be_sent", "was_held": "held_before"}


def everything(con: Any, ledger: Ledger, who: Who, key: ForgetKey | None) -> dict[str, Any]:
    """Everything known of one person as JSON values; lists are empty where there is nothing.

    Without the forget key nobody can tell whether they were forgotten once. Raises ConfigError for several people.
    """
    scope = scope_of(con, who)
    names = {known.key: known for known in audiences.every(ledger)}
    told: dict[str, Any] = {"person": sorted(scope.persons)}
    told |= {name: _rows(plain(rows)) for name, rows in theirs(con, scope).items()}
    for name in person_tables(con):
        table = con.table(name)
        told[_CALLED.get(name, name)] = _rows(plain(table.filter(table.person.isin(sorted(scope.persons)))))
    for name in KEPT:
        rows = kept_rows(con, name, scope.persons, scope.values)
        told[_CALLED.get(name, name)] = [_audience(row, names) for row in _rows(rows)]
    told["rejects"] = [dict(row) for row in _rejects(ledger, scope)]
    told["suppressions"] = [
        {"by": one.kind, "value": one.value, "reason": one.reason, "since": one.added_at.isoformat()}
        for one in suppressions.every(ledger)
        if one.value in scope.values | scope.persons
    ]
    told["erasures"] = _erasures(ledger, scope, key)
    return told


def nothing(told: Mapping[str, Any]) -> bool:
    """Is nobody known by that?"""
    return not any(found for name, found in told.items() if name != "person")


def _rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as JSON values, without what is null; instants say that they are UTC."""
    return [{name: _shown(name, value) for name, value in row.items() if value is not None} for row in rows]


def _shown(name: str, value: Any) -> Any:
    if name in _NESTED and isinstance(value, str):
        return json.loads(value, strict=False)
    return f"{value.isoformat()}Z" if isinstance(value, datetime) and value.tzinfo is None else value


def _audience(row: Mapping[str, Any], names: Mapping[str, audiences.Known]) -> dict[str, Any]:
    known = names.get(row.get("audience", ""))
    return {"to": f"{known.segment} → {known.destination}", "as": known.name, **row} if known else dict(row)


def _rejects(ledger: Ledger, scope: Scope) -> Iterable[Mapping[str, Any]]:
    found = refusals.every(ledger, most=1_000_000)
    return (row for row in found if owner_of(row["person"]) in scope.persons)


def _erasures(ledger: Ledger, scope: Scope, key: ForgetKey | None) -> list[dict[str, Any]]:
    if key is None:
        return []
    digest, known = key.digester(), erasures.digests(ledger)
    named = [("email", email) for email in scope.emails] + [("phone", phone) for phone in scope.phones]
    named += [("customer", f"{source}:{id_}") for source, id_ in customers_of(scope)]
    mine = {known[made] for kind, value in named if (made := digest(kind, value)) in known}
    return [
        {"erasure": one.id, "asked_at": one.asked_at.isoformat(), "through_since": one.done_at and str(one.done_at)}
        for one in erasures.every(ledger)
        if one.id in mine
    ]
