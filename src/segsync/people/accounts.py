"""What is known of one person, and why: for `segsync person`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import phonenumbers

from segsync.people.records import vanished_records
from segsync.people.scratch import Engine
from segsync.streams import EMAIL_CONSENT, SMS_CONSENT


@dataclass(frozen=True, slots=True)
class Node:
    """One source's record of the person. `customer_id` is `guest:…` for orders without a customer.

    `joined_by`: `email` or `phone` where that ties it to another record, `id` where it stands alone.
    """

    source: str
    customer_id: str = field(repr=False)
    joined_by: str
    since: datetime
    email: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    email_consent: str | None = None
    email_consent_at: datetime | None = None
    sms_consent: str | None = None
    sms_consent_at: datetime | None = None
    ads_consent: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that has vanished, and whose no still counts for an identifier of the person's."""

    source: str
    customer_id: str = field(repr=False)
    vanished_at: datetime
    email_consent: str | None
    sms_consent: str | None
    ads_consent: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """One identifier: its rank among its kind, who gave it, what consent it carries, and whether it may leave."""

    kind: str
    value: str = field(repr=False)
    rank: int
    sources: tuple[str, ...]
    consent: str | None
    consent_at: datetime | None
    deliverable: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A person: the records that were joined, oldest first, and the identifiers, best first.

    `gone` are vanished records that share an identifier with them and said no to something.
    """

    person: str
    nodes: tuple[Node, ...]
    identifiers: tuple[Known, ...]
    gone: tuple[Gone, ...] = ()


def person_of(con: Engine, text: str) -> tuple[str, ...]:
    """Who is meant by an e-mail, a phone in international form, a person key or `source:customer_id`.

    Nobody is an empty tuple. More than one where an identifier is shared by people who were not joined.
    """
    wanted = text.strip()
    source, _, customer_id = wanted.partition(":")
    identities, identifiers = con.table("identities"), con.table("identifiers")
    by_record = (identities.source == source) & (identities.customer_id == customer_id)
    named = identities.filter((identities.person == wanted) | by_record).select("person")
    reached = identifiers.filter(identifiers.value.isin(_spellings(wanted))).select("person")
    return tuple(named.union(reached, distinct=True).order_by("person").execute()["person"])


def account(con: Engine, person: str) -> Account:
    """What was joined into this person and why, as the last `resolve` and `describe` left it."""
    rows = _records(nodes_of(con.table("identities"), con.table("customers"), con.table("orders"), person))
    facts = con.table("identifiers")
    mine = facts.filter(facts.person == person).order_by("kind", "rank").drop("person")
    known = [Known(**{**row, "sources": tuple(row["sources"])}) for row in _records(mine)]
    gone = tuple(Gone(**row) for row in _records(gone_of(con.table("customers"), mine)))
    return Account(person, tuple(Node(**row) for row in rows), tuple(known), gone)


def gone_of(customers: ir.Table, identifiers: ir.Table) -> ir.Table:
    """The columns of `Gone`, of these identifiers."""
    rows = vanished_records(customers)
    no_mail, no_sms = (
        status.isin(order[: order.index("PENDING")])
        for status, order in (
            (rows.email_subscription_status, EMAIL_CONSENT),
            (rows.sms_subscription_status, SMS_CONSENT),
        )
    )
    no_ads = rows.ads_consent == "DENIED"
    values = identifiers.value
    about = (rows.email.isin(values) & (no_mail | no_ads)) | (rows.phone.isin(values) & (no_sms | no_ads))
    told = rows.filter(about.fill_null(False))
    return told.select(
        "source",
        "customer_id",
        vanished_at=told.deleted_at,
        email_consent=told.email_subscription_status,
        sms_consent=told.sms_subscription_status,
        ads_consent=told.ads_consent,
    ).order_by("source", "customer_id")


def nodes_of(identities: ir.Table, customers: ir.Table, orders: ir.Table, person: str) -> ir.Table:
    """The person's rows of `identities`, each with an e-mail and a phone that its record or its orders gave, and with
    what a record says of consent.
    """
    mine = identities.filter(identities.person == person).drop("person")
    said = {
        "email_consent": customers.email_subscription_status,
        "email_consent_at": customers.email_consent_at,
        "sms_consent": customers.sms_subscription_status,
        "sms_consent_at": customers.sms_consent_at,
        "ads_consent": customers.ads_consent,
    }
    records = customers.select("source", "customer_id", "email", "phone", **said)
    bought = orders.select("source", "email", "phone", customer_id=orders.owner)
    bought = bought.semi_join(mine, ["source", "customer_id"]).anti_join(customers, ["source", "customer_id"])
    owned = bought.group_by("source", "customer_id").agg(email=bought.email.max(), phone=bought.phone.max())
    silent = {name: ibis.null(column.type()) for name, column in said.items()}
    rows = mine.left_join(records.union(owned.mutate(**silent)), ["source", "customer_id"])
    rows = rows.select("source", "customer_id", "joined_by", "since", "email", "phone", *said)
    return rows.order_by("since", "source", "customer_id")


def _spellings(text: str) -> list[str]:
    """The text as landing would have written it, were it an e-mail or a phone."""
    spellings = [text, text.lower()]
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return spellings
    return [*spellings, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)]


def _records(rows: ir.Table) -> list[dict[str, Any]]:
    """The rows as plain Python values, missing ones None."""
    arrow = rows.to_pyarrow()
    found: list[dict[str, Any]] = arrow.to_pylist()
    return found
