"""The table `identifiers`: what a platform can match a person on, best first, with consent and where it came from.

Consent belongs to the identifier: the most restrictive word of all customer records that hold it, whosever they are.
Guests give none. A record that has vanished gives none either, but what it withdrew stays withdrawn, until consent
is given anew that is younger than its vanishing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import ibis
import ibis.expr.types as ir

from segsync.people.first import first_of
from segsync.people.nodes import MARKETPLACE, may_leave
from segsync.people.records import seen_in, source_list
from segsync.streams import EMAIL_CONSENT, SMS_CONSENT

GIVEN = "SUBSCRIBED"
# What is stricter than this was withdrawn; this and the rest only say that consent was never given.
_PENDING = (("email", EMAIL_CONSENT.index("PENDING")), ("phone", SMS_CONSENT.index("PENDING")))
_NO_RECORD = 2**31  # the `nth` of what only an order gave: after every record


def identifiers(
    records: ir.Table, owners: ir.Table, vanished: ir.Table, *, names: Sequence[str], undeliverable: Collection[str]
) -> ir.Table:
    """The table `identifiers` of streams.py, from what records.py found. `names`: every source, in order."""
    gifts = given(records, owners)
    rows = _ranked(gifts, names, undeliverable).left_join(consents(records, vanished), ["kind", "value"])
    return rows.select("person", "kind", "value", "rank", "sources", "consent", "consent_at", "deliverable")


def given(records: ir.Table, owners: ir.Table) -> ir.Table:
    """person, source, verified, nth, latest, kind, value: each time somebody's record gives an identifier."""
    verified = ibis.ifelse(records.verified_email, 1, 0).fill_null(0).cast("int64")
    of_records = records.select(
        "person",
        "source",
        "email",
        "phone",
        verified=verified,
        nth=records.nth,
        latest=ibis.null(owners.latest.type()),
    )
    of_owners = owners.select(
        "person",
        "source",
        "email",
        "phone",
        verified=ibis.literal(0, type="int64"),
        nth=ibis.literal(_NO_RECORD, type="int64"),
        latest=owners.latest,
    )
    both = of_records.union(of_owners)
    about = ("person", "source", "nth", "latest")
    emails = both.select(*about, "verified", kind=ibis.literal("email"), value=both.email)
    unsure = ibis.literal(0, type="int64")  # nobody tells whether a phone was verified
    phones = both.select(*about, verified=unsure, kind=ibis.literal("phone"), value=both.phone)
    gifts = emails.union(phones)
    return gifts.filter(gifts.value.notnull())


def _ranked(gifts: ir.Table, names: Sequence[str], undeliverable: Collection[str]) -> ir.Table:
    """One row for each person, kind and value; verified first, then the newest record, records before orders."""
    free = may_leave(gifts, undeliverable) & ~gifts.value.contains(MARKETPLACE)
    rows = gifts.group_by("person", "kind", "value").agg(
        verified=gifts.verified.max(),
        nth=gifts.nth.min(),
        latest=gifts.latest.max(),
        **seen_in(gifts, names),
        deliverable=free.any(),
    )
    best = ibis.window(
        group_by=[rows.person, rows.kind],
        order_by=[rows.verified.desc(), rows.nth, rows.latest.desc(), rows.value],
    )
    return rows.mutate(rank=ibis.row_number().over(best) + 1, sources=source_list(rows, names))


def consents(records: ir.Table, vanished: ir.Table) -> ir.Table:
    """kind, value, consent, consent_at: the most restrictive word about each identifier; the latest of equal ones."""
    words = said(records)
    given = words.filter(words.consent == GIVEN).group_by("kind", "value").agg(given_at=lambda t: t.consent_at.max())
    gone = said(vanished, "deleted_at").left_join(given, ["kind", "value"])
    anew = (gone.given_at > gone.deleted_at).fill_null(False)
    kept = gone.filter((gone.strict < gone.kind.cases(*_PENDING)) & ~anew).select(words.columns)
    words = words.union(kept)
    deciding = first_of(words, "kind", "value", order=[words.strict, words.consent_at.desc()])
    return deciding.select("kind", "value", "consent", "consent_at")


def said(records: ir.Table, *beside: str) -> ir.Table:
    """kind, value, consent, consent_at, strict (0 the most restrictive): what each record says of its identifiers."""
    emails = records.select(
        *beside,
        kind=ibis.literal("email"),
        value=records.email,
        consent=records.email_subscription_status,
        consent_at=records.email_consent_at,
        strict=strictness(records.email_subscription_status, EMAIL_CONSENT),
    )
    phones = records.select(
        *beside,
        kind=ibis.literal("phone"),
        value=records.phone,
        consent=records.sms_subscription_status,
        consent_at=records.sms_consent_at,
        strict=strictness(records.sms_subscription_status, SMS_CONSENT),
    )
    words = emails.union(phones)
    return words.filter(words.value.notnull(), words.strict.notnull())


def strictness(status: ir.StringValue, strictest_first: Sequence[str]) -> ir.IntegerValue:
    """Where the status stands in the order, 0 the most restrictive; null for one that says nothing."""
    first, *rest = ((word, number) for number, word in enumerate(strictest_first))
    return status.cases(first, *rest)
