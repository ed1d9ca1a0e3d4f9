"""Who is meant by what somebody typed, and everything by which the stores know them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from segsync import people
from segsync.config import Config
from segsync.errors import ConfigError, Problem
from segsync.ledger.suppressions import Kind
from segsync.people.nodes import GUEST
from segsync.plan import identifiers as texts
from segsync.plan.diff import owner_of, plain
from segsync.redact import mask_email, mask_phone
from segsync.warehouse import contacts
from segsync.warehouse.values import Unreadable

KEPT: Final = ("held", "was_held", "outbox")  # tables with identifiers as they were sent, or will be
BY_CUSTOMER: Final = ("customers", "orders", "checkouts", "events")
_PERSON: Final = re.compile(r"p\d+-\d+")


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody as they were named: by an e-mail or a phone as landing writes it, a person key, or a source's record.

    A platform's message may name them by several.
    """

    emails: frozenset[str] = field(default=frozenset(), repr=False)
    phones: frozenset[str] = field(default=frozenset(), repr=False)
    person: str | None = None
    records: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)  # source and customer id
    orders: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)  # source and order id

    @property
    def values(self) -> frozenset[str]:
        return self.emails | self.phones

    @property
    def masked(self) -> str:
        """Enough to recognise them by, and not enough to write to."""
        if self.person is not None:
            return self.person
        names = [*map(mask_email, sorted(self.emails)), *map(mask_phone, sorted(self.phones))]
        names += [f"customer {_masked_id(id_)} of {source}" for source, id_ in sorted(self.records)]
        return names[0] if names else "somebody without a name"

    @property
    def named(self) -> tuple[Kind, str] | None:
        """The kind of what was typed and its value; None for a source's record."""
        for kind, values in (("email", self.emails), ("phone", self.phones)):
            for value in values:
                return kind, value  # type: ignore[return-value]  # the two above
        return ("person", self.person) if self.person else None


def read_who(config: Config, text: str) -> Who:
    """What was typed, read as landing would. Raises ConfigError, which does not repeat it, where it names nobody."""
    word = text.strip()
    source, colon, id_ = word.partition(":")
    if colon and source in config.sources and id_.strip():
        return Who(records=frozenset({(source, id_.strip())}))
    if _PERSON.fullmatch(word):
        return Who(person=word)
    try:
        if "@" in word:
            found = contacts.email(word)
            return Who(emails=frozenset(filter(None, [found])))
        found = contacts.phone((word, config.shop.country))
        if found:
            return Who(phones=frozenset({found}))
    except Unreadable as error:
        reason = str(error)
    else:
        reason = "nothing at all"
    remedy = "give an e-mail, a phone such as +12125550123, a person key or SOURCE:CUSTOMER_ID"
    raise ConfigError([Problem("WHO", f"is no e-mail, phone, person key or record ({reason})", remedy)], where="WHO")


@dataclass(frozen=True, slots=True)
class Scope:
    """All by which the stores know one person. Identifiers that somebody else has as well are not among them."""

    persons: frozenset[str] = field(default=frozenset(), repr=False)
    records: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    emails: frozenset[str] = field(default=frozenset(), repr=False)
    phones: frozenset[str] = field(default=frozenset(), repr=False)
    orders: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    shared: frozenset[str] = field(default=frozenset(), repr=False)  # also somebody else's: theirs stays
    sources: frozenset[str] = frozenset()  # whole sources, where one is to go

    @property
    def values(self) -> frozenset[str]:
        return self.emails | self.phones

    def plain(self) -> dict[str, Any]:
        """As JSON values; the inverse of `read`."""
        return {
            name: sorted(map(list, found)) if name in ("records", "orders") else sorted(found)
            for name in self.__slots__
            for found in [getattr(self, name)]
        }

    @classmethod
    def read(cls, written: Mapping[str, Sequence[Any]]) -> Scope:
        pairs = ("records", "orders")
        return cls(**{n: frozenset(map(tuple, found) if n in pairs else found) for n, found in written.items()})


def scope_of(con: Any, who: Who) -> Scope:
    """Everything by which somebody is known, as the last joining left it.

    Raises ConfigError where several people answer to it: none of them alone was meant.
    """
    persons = _persons(con, who)
    emails, phones, records = set(who.emails), set(who.phones), set(who.records)
    for _ in range(2):  # what a vanished record adds is looked at once more
        records |= _records_of(con, persons, records)
        found = _values_of(con, persons, records, who.orders)
        emails |= {value for value in found if "@" in value}
        phones |= {value for value in found if "@" not in value}
        shared = _others(con, persons, emails | phones)
        emails, phones = emails - shared, phones - shared
        lost = _vanished(con, emails, phones)
        if lost <= records:
            break
        records |= lost
    return Scope(persons, frozenset(records), frozenset(emails), frozenset(phones), who.orders, frozenset(shared))


def one_of(condition_of: Iterable[Any]) -> Any:
    """Any of these conditions; None where there is none."""
    found = list(condition_of)
    return reduce(lambda one, other: one | other, found) if found else None


def of_pairs(table: Any, pairs: Collection[tuple[str, str]], column: str) -> list[Any]:
    """Conditions for rows of these sources and ids."""
    by_source: dict[str, list[str]] = {}
    for source, id_ in sorted(pairs):
        by_source.setdefault(source, []).append(id_)
    return [(table.source == source) & table[column].isin(ids) for source, ids in by_source.items()]


def of_persons(column: Any, persons: Collection[str]) -> Any:
    """Condition for rows of these people, the profiles that they left behind (`person~…`) included."""
    return column.split("~")[0].isin(sorted(persons))


def holding(column: Any, values: Collection[str]) -> list[Any]:
    """Conditions for JSON texts that may hold one of these values; what they really hold must be looked at."""
    return [column.contains(value) for value in sorted(values)]


def _persons(con: Any, who: Who) -> frozenset[str]:
    """Who is meant: by what names them best. Raises ConfigError for several."""
    if who.person is not None:
        return frozenset({who.person})
    named = ([f"{source}:{id_}" for source, id_ in sorted(who.records)], sorted(who.emails), sorted(who.phones))
    for names in named:
        found = {person for name in names for person in people.person_of(con, name)}
        if len(found) > 1:
            remedy = "say which, by a person key: " + ", ".join(sorted(found)[:5])
            raise ConfigError([Problem("WHO", f"{len(found)} people share that", remedy)], where="what was asked for")
        if found:
            return frozenset(found)
    # Whom no source knows any more may still be held.
    return frozenset(owner_of(row["person"]) for row in kept_rows(con, "held", (), who.values))


def _records_of(con: Any, persons: Collection[str], records: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    identities = con.table("identities")
    mine = identities.filter(identities.person.isin(sorted(persons))) if persons else None
    found = {(row["source"], row["customer_id"]) for row in plain(mine)} if mine is not None else set()
    return found | set(records)


def _values_of(
    con: Any, persons: Collection[str], records: Collection[tuple[str, str]], orders: Collection[tuple[str, str]]
) -> set[str]:
    """Every e-mail and phone of their records, orders, checkouts and events, and of what was sent of them."""
    found: set[str] = set()
    for name in BY_CUSTOMER:
        table = con.table(name)
        column = "owner" if name == "orders" else "customer_id"
        conditions = of_pairs(table, records, column)
        if name == "orders":
            conditions += of_pairs(table, orders, "order_id")
        if conditions:
            for row in plain(table.filter(one_of(conditions)).select("email", "phone").distinct()):
                found |= {value for value in row.values() if value}
    if persons:
        known = con.table("identifiers")
        found |= {row["value"] for row in plain(known.filter(known.person.isin(sorted(persons))).select("value"))}
        for name in KEPT:
            found |= {v for row in kept_rows(con, name, persons, ()) for v in texts.values(row["identifiers"])}
    return found


def _others(con: Any, persons: Collection[str], values: Collection[str]) -> set[str]:
    """Which of these values somebody else has, too."""
    known = con.table("identifiers")
    theirs = known.filter(known.value.isin(sorted(values)) & ~known.person.isin(sorted(persons)))
    return {row["value"] for row in plain(theirs.select("value").distinct())} if values else set()


def _vanished(con: Any, emails: Collection[str], phones: Collection[str]) -> set[tuple[str, str]]:
    """Customers who are known to no person, since they vanished from their source, and were this one."""
    customers = con.table("customers")
    lost = customers.anti_join(con.table("identities"), ["source", "customer_id"])
    alone = lost.phone.isin(sorted(phones)) & (lost.email.isnull() | lost.email.isin(sorted(emails)))
    mine = lost.filter(lost.email.isin(sorted(emails)) | alone) if emails or phones else None
    rows = plain(mine.select("source", "customer_id")) if mine is not None else []
    return {(row["source"], row["customer_id"]) for row in rows}


def kept_rows(con: Any, name: str, persons: Collection[str], values: Collection[str]) -> list[dict[str, Any]]:
    """Rows of `held`, `was_held` or the outbox that are of these people, or hold one of these values."""
    table = con.table(name)
    conditions = [of_persons(table.person, persons)] if persons else []
    wanted = one_of([*conditions, *holding(table.identifiers, values)])
    rows = [] if wanted is None else plain(table.filter(wanted))
    return [r for r in rows if owner_of(r["person"]) in persons or texts.values(r["identifiers"]) & frozenset(values)]


def customers_of(scope: Scope) -> frozenset[tuple[str, str]]:
    """Those records that are customers of their source, and no owners of orders that segsync named."""
    return frozenset((source, id_) for source, id_ in scope.records if not id_.startswith(GUEST))


def _masked_id(id_: str) -> str:
    return mask_email(id_) if "@" in id_ else f"…{id_[-3:]}" if len(id_) > 5 else "…"
