"""The rows of the warehouse that are somebody's, and taking them out: all in one transaction, and twice like once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import ibis
import pandas as pd

from segsync.model import Identifiers
from segsync.plan import identifiers as texts
from segsync.plan.diff import owner_of, plain
from segsync.redact import mask_email, mask_phone
from segsync.run.privacy.whom import KEPT, Scope, holding, kept_rows, of_pairs, one_of
from segsync.streams import COMPUTED, STREAMS
from segsync.warehouse import Warehouse

ROOTS: Final = ("customers", "orders", "checkouts", "events")  # streams whose rows name somebody by themselves
PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "addresses": ("customers", "customer_id"),
    "order_lines": ("orders", "order_id"),
    "refunds": ("orders", "order_id"),
}
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "held": ("audience", "person"),
    "was_held": ("audience", "person", "batch_seq"),
    "outbox": ("plan", "person"),
}
_LEAVING: Final = "leaving_people"


def theirs(con: Any, scope: Scope) -> dict[str, Any]:
    """The landed rows that are somebody's, by stream. Another's order that names them is theirs as well."""
    found = {name: _root(con.table(name), scope, name) for name in ROOTS}
    for name, (root, link) in PARTS.items():
        found[name] = con.table(name).semi_join(found[root], ["source", link])
    return found


def _root(table: Any, scope: Scope, name: str) -> Any:
    conditions = of_pairs(table, scope.records, "owner" if name == "orders" else "customer_id")
    if name == "orders":
        conditions += of_pairs(table, scope.records, "customer_id")
        conditions += of_pairs(table, scope.orders, "order_id")
    if scope.emails:
        conditions.append(table.email.isin(sorted(scope.emails)))
    if scope.phones:
        alone = table.phone.isin(sorted(scope.phones)) & table.email.isnull()
        # Somebody else's order may bear their phone: it stays, without it.
        conditions.append(alone if name == "customers" else alone & table.customer_id.isnull())
    if scope.sources:
        conditions.append(table.source.isin(sorted(scope.sources)))
    wanted = one_of(conditions)
    return table.filter(ibis.literal(False) if wanted is None else wanted)


def person_tables(con: Any) -> list[str]:
    """Computed tables with a row a person, or more; not those that hold identifiers as they were sent."""
    declared = [name for name, columns in COMPUTED.items() if "person" in columns and name not in KEPT]
    return [name for name in (*declared, "traits") if name in con.list_tables()]


def erase(warehouse: Warehouse, scope: Scope) -> dict[str, int]:
    """Take somebody out of every table; how many rows of each went.

    What a row of somebody else holds of theirs goes from it, the row stays. Whoever shared a profile with them may
    have left the audience with them: they become uncertain, and the next plan adds them anew.
    """
    counts: dict[str, int] = {}
    with warehouse.transaction() as con:
        con.create_table(_LEAVING, _frame(sorted(scope.persons)), temp=True, overwrite=True)
        rows = theirs(con, scope)
        for name, (_, link) in PARTS.items():
            counts[name] = warehouse.delete(name, rows[name].select("source", link).distinct())
        for name in ROOTS:
            counts[name] = warehouse.delete(name, rows[name].select("source", *STREAMS[name].key))
            _without_phones(warehouse, con, name, scope)
        identities = con.table("identities")
        for found in of_pairs(identities, scope.records, "customer_id"):
            counts["identities"] = counts.get("identities", 0) + warehouse.delete("identities", found)
        if scope.sources:
            gone = warehouse.delete("identities", identities.source.isin(sorted(scope.sources)))
            counts["identities"] = counts.get("identities", 0) + gone
        for name in person_tables(con):
            table = con.table(name)
            keys = table.semi_join(con.table(_LEAVING), "person").select("person").distinct()
            counts[name] = counts.get(name, 0) + warehouse.delete(name, keys)
        _mark_sharers(warehouse, con, scope)
        for name in KEPT:
            counts[name] = _erase_kept(warehouse, con, name, scope)
        warehouse.replace_text(shown_for(scope))
        con.drop_table(_LEAVING, force=True)
    return {name: count for name, count in counts.items() if count}


def shown_for(scope: Scope) -> dict[str, str]:
    """What stands in the place of each of their identifiers, wherever a text of somebody else's row names it."""
    return {v: mask_email(v) for v in scope.emails} | {v: mask_phone(v) for v in scope.phones}


def own_kept(con: Any, name: str) -> Any:
    """Rows of `held` and the like of the people who are leaving, and of what they left behind."""
    table = con.table(name)
    owned = table.mutate(owner_=table.person.split("~")[0])
    return owned.semi_join(con.table(_LEAVING), owned.owner_ == con.table(_LEAVING).person).drop("owner_")


def part_of(sent: str | None, scope: Scope) -> Identifiers:
    """What of the identifiers that were sent of somebody else is theirs."""
    found = texts.load(sent)
    emails = tuple(email for email in found.emails if email in scope.emails)
    return Identifiers(emails, tuple(phone for phone in found.phones if phone in scope.phones))


def _without_phones(warehouse: Warehouse, con: Any, name: str, scope: Scope) -> None:
    if scope.phones:
        table = con.table(name)
        rows = table.filter(table.phone.isin(sorted(scope.phones))).mutate(phone=ibis.null("string"))
        if rows.count().execute():
            warehouse.upsert(name, rows, ("source", *STREAMS[name].key))


def _erase_kept(warehouse: Warehouse, con: Any, name: str, scope: Scope) -> int:
    keys = list(KEYS[name])
    gone = warehouse.delete(name, own_kept(con, name).select(*keys).distinct())
    changed: list[dict[str, Any]] = []
    emptied: list[dict[str, Any]] = []
    for row in kept_rows(con, name, (), scope.values):
        left = texts.without(row["identifiers"], scope.values)
        (changed if texts.values(left) else emptied).append({**row, "identifiers": left})
    if changed:
        warehouse.upsert(name, pd.DataFrame(changed), keys)
    if emptied:
        gone += warehouse.delete(name, pd.DataFrame(emptied)[keys])
    return gone


def _mark_sharers(warehouse: Warehouse, con: Any, scope: Scope) -> None:
    """Whoever is held under the same profile, or is found by the identifier that they share, may leave with them."""
    leaving = [] if scope.sources else plain(own_kept(con, "held").filter(lambda t: t.state != "removed"))
    mains = {(row["audience"], main) for row in leaving if (main := texts.main(row["identifiers"])) in scope.shared}
    ids = {(row["audience"], row["platform_id"]) for row in leaving if row["platform_id"]}
    held = con.table("held")
    conditions = [held.platform_id.isin(sorted({id_ for _, id_ in ids}))] if ids else []
    wanted = one_of([*conditions, *holding(held.identifiers, {main for _, main in mains if main})])
    rows = [] if wanted is None else plain(held.filter(wanted & (held.state == "held")))
    sharing = [
        {**row, "state": "uncertain"}
        for row in rows
        if owner_of(row["person"]) not in scope.persons
        and (
            (row["audience"], row["platform_id"]) in ids
            or any((row["audience"], value) in mains for value in texts.values(row["identifiers"]))
        )
    ]
    if sharing:
        warehouse.upsert("held", pd.DataFrame(sharing), KEYS["held"])


def _frame(persons: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"person": persons}, dtype="str")


def leaving_held(con: Any, scope: Scope) -> list[dict[str, Any]]:
    """Rows of `held` that say where they still are: their own, and of somebody else's those that name them."""
    con.create_table(_LEAVING, _frame(sorted(scope.persons)), temp=True, overwrite=True)
    own = plain(own_kept(con, "held").filter(lambda t: t.state != "removed"))
    of_others = [r for r in kept_rows(con, "held", (), scope.values) if owner_of(r["person"]) not in scope.persons]
    return own + [row for row in of_others if row["state"] != "removed"]
