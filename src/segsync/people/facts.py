"""The table `people`: one row a person, the best of each fact (rules.md, Meaning 9)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from segsync.people.first import first_of
from segsync.people.identifiers import strictness
from segsync.people.records import FACTS, seen_in, source_list
from segsync.streams import ADS_CONSENT, COMPUTED

PLACES = ("country", "region", "city", "postal_code")
OVER_ALL = ("known", "customer_added_on", "ads_consent")  # told of all of a person's records


def people(
    records: ir.Table,
    owners: ir.Table,
    vanished: ir.Table,
    addresses: ir.Table,
    identifiers: ir.Table,
    *,
    names: Sequence[str],
) -> ir.Table:
    """The table `people` of streams.py. A person who only owns orders is a guest: no facts, no consent."""
    rows = beside(
        sources(records, owners, names),
        facts(records),
        best_identifiers(identifiers, "email", consent="email_subscription_status"),
        best_identifiers(identifiers, "phone", consent="sms_subscription_status"),
        default_addresses(records, addresses),
    )
    said_no = denied(vanished, identifiers)
    ads_consent = ibis.ifelse(rows.person.isin(said_no.person), "DENIED", rows.ads_consent.fill_null("UNKNOWN"))
    own = {"guest": rows.known.isnull(), "ads_consent": ads_consent}
    return rows.select(**{name: own[name] if name in own else rows[name] for name in COMPUTED["people"]})


def beside(rows: ir.Table, *parts: ir.Table) -> ir.Table:
    """Each person's row with that of each part beside it, where there is one; joined in one go."""
    for number, part in enumerate(parts):
        rows = rows.left_join(part, "person", rname=f"{{name}}_of_{number}")
    return rows


def sources(records: ir.Table, owners: ir.Table, names: Sequence[str]) -> ir.Table:
    """person, sources: everybody who exists, and which sources know them, in the order of `names`."""
    pairs = records.select("person", "source").union(owners.select("person", "source"))
    rows = (
        pairs.group_by("person").agg(**seen_in(pairs, names)) if len(names) > 1 else pairs.select("person").distinct()
    )
    return rows.select("person", sources=source_list(rows, names))


def facts(records: ir.Table) -> ir.Table:
    """One row for each person with a customer record; a fact that the newest record lacks comes from the next."""
    newest = records.filter(records.nth == 0).select("person", *FACTS)
    older = records.filter(records.nth > 0)
    spare = older.group_by("person").agg(
        **{f"older_{name}": older[name].argmin(older.nth, where=older[name].notnull()) for name in FACTS}
    )
    rows = beside(newest, spare, _over_all_records(records), _tags(records))
    chosen = {name: ibis.coalesce(rows[name], rows[f"older_{name}"]) for name in FACTS}
    return rows.select("person", *OVER_ALL, "tags_key", **chosen)


def _over_all_records(records: ir.Table) -> ir.Table:
    """person, known, customer_added_on (the earliest), ads_consent (the most restrictive)."""
    counted = records.group_by("person").agg(
        known=records.count(),
        customer_added_on=records.created_on.min(),
        strictest=strictness(records.ads_consent, ADS_CONSENT).min(),
    )
    words = ((number, word) for number, word in enumerate(ADS_CONSENT))
    first, *rest = words
    return counted.mutate(ads_consent=counted.strictest.cases(first, *rest)).drop("strictest")


def denied(vanished: ir.Table, identifiers: ir.Table) -> ir.Table:
    """person: who has the e-mail of a record that said no to ads and has vanished: that record would be theirs."""
    gone = vanished.filter(vanished.ads_consent == "DENIED", vanished.email.notnull())
    return (
        identifiers.filter(identifiers.kind == "email")
        .semi_join(gone, identifiers.value == gone.email)
        .select("person")
    )


def _tags(records: ir.Table) -> ir.Table:
    """person, tags_key: the distinct folded tags of all records, in order."""
    tags = records.select("person", tag=records.tags_key.unnest())
    tags = tags.filter(tags.tag.notnull())
    return tags.group_by("person").agg(tags_key=tags.tag.collect(distinct=True).sort())


def best_identifiers(identifiers: ir.Table, kind: str, *, consent: str) -> ir.Table:
    """person, the identifier of rank 1 under its kind's name, and what consent it carries under the given one."""
    best = identifiers.filter(identifiers["rank"] == 1, identifiers.kind == kind)
    return best.select("person", **{kind: best.value, consent: best.consent})


def default_addresses(records: ir.Table, addresses: ir.Table) -> ir.Table:
    """person and PLACES: the default address of the newest record that has one, whole."""
    defaults = addresses.filter(addresses.is_default).select("source", "customer_id", "address_id", *PLACES)
    owners = records.select("person", "source", "customer_id", "nth")
    rows = defaults.join(owners, ["source", "customer_id"])
    return first_of(rows, "person", order=[rows.nth, rows.address_id]).select("person", *PLACES)
