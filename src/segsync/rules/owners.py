"""Whose a record is that names its customer or carries an e-mail or a phone: checkouts and events."""

from __future__ import annotations

from typing import Any

from segsync.rules.shop import Shop


def owned(shop: Shop, records: Any) -> Any:
    """The records with their person. One without a customer belongs to the person with its e-mail, else its phone."""
    identities = shop.identities()
    same = [records.source == identities.source, records.customer_id == identities.customer_id]
    nameless = records.filter(records.customer_id.isnull())
    silent = nameless.filter(nameless.email.isnull())
    emails, phones = _holders(shop, "email"), _holders(shop, "phone")
    parts = [
        _of(records.join(identities, same), records, identities),
        _of(nameless.join(emails, nameless.email == emails.value), nameless, emails),
        _of(silent.join(phones, silent.phone == phones.value), silent, phones),
    ]
    return parts[0].union(*parts[1:])


def _of(joined: Any, records: Any, holders: Any) -> Any:
    return joined.select(holders.person, *[records[name] for name in records.columns])


def _holders(shop: Shop, kind: str) -> Any:
    """One person for each e-mail or phone: the first by key, where people share one."""
    identifiers = shop.con.table("identifiers")
    of_kind = identifiers.filter(identifiers.kind == kind)
    holders = of_kind.group_by("value").agg(person=of_kind.person.min())
    return holders if shop.person is None else holders.filter(holders.person == shop.person)
