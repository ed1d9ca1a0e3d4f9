"""Which members a sync may send, and by which identifiers: suppressions, consent, provenance and usability decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import ibis

from segsync.plan.identifiers import FACTS, FIELDS
from segsync.plan.suppressed import NOBODY, PEOPLE, WITHHELD, Suppressed, note_suppressed
from segsync.spec import ConsentRule, Writes

# Where a person must have agreed before an advertising platform may be told of them: the EEA, the UK, Switzerland.
_EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
_EU_OVERSEAS = "AX GF GP MF MQ RE YT"  # parts of it that ISO 3166-1 gives codes of their own (TFEU, article 355)
CONSENT_COUNTRIES = tuple(f"{_EU} {_EU_OVERSEAS} IS LI NO GB CH".split())

NO_IDENTIFIER = "no usable identifier"
MAY_NOT_LEAVE = "known only from a source whose data may not leave"
NO_CONSENT = "no consent"
SUPPRESSED = "suppressed"
AGREED = "agreed"

_CHANNEL = {"email": "email", "sms": "phone"}


@dataclass(frozen=True, slots=True)
class Deliverables:
    """Ibis tables. `wanted`: person, identifiers (JSON text), one row a deliverable member.

    `values`: person, value, one row an identifier of theirs. `left_out`: person, reason. `withdrawn`: value, of
    every identifier of the needed kinds, a member's or not, that may be sent but for want of consent or for a
    suppression; `unwilling`: person, of everybody, a member or not, all of whose identifiers are such.
    """

    wanted: Any
    values: Any
    left_out: Any
    withdrawn: Any
    unwilling: Any


def deliverables(
    con: Any,
    segment: str,
    consent: ConsentRule,
    writes: Writes,
    *,
    instead: Any | None = None,
    rule: str | None = None,
    suppressed: Suppressed = NOBODY,
) -> Deliverables:
    """The members of `segment` who may be sent, under a sync's `consent`, with what their platform can use of each.

    `instead`: people (a table: person) in place of the segment's members.
    Identifiers that consent does not cover are not sent along: under "email" only subscribed e-mails go. `rule` names
    a rule of consent that people must satisfy beside it. Makes the temporary table `agreed`: person, kind, value,
    rank, of everybody's identifiers that may be sent; and those of `note_suppressed` where anybody is suppressed.
    """
    uses = writes.identifiers
    kinds = [kind for kind in uses if kind == _CHANNEL.get(consent, kind)]
    members = con.table("members")
    members = members.filter(members.segment == segment).select("person") if instead is None else instead
    known = con.table("identifiers")
    known = known.filter(known.kind.isin(kinds))
    sendable = known.filter(known.deliverable)
    consented = _agreed(con, sendable, consent)
    if rule is not None:
        consented = consented.semi_join(con.table("traits").filter(lambda t: t[f"in_{rule}"]), "person")
    free = consented
    if suppressed:
        note_suppressed(con, suppressed)
        free = consented.anti_join(con.table(WITHHELD), "value")
    con.create_table(AGREED, free.select("person", "kind", "value", "rank"), temp=True, overwrite=True)
    agreed = con.table(AGREED)
    ranked = agreed.mutate(
        place=ibis.row_number().over(group_by=[agreed.person, agreed.kind], order_by=[agreed.rank, agreed.value])
    )
    most = reduce(lambda found, kind: (ranked.kind == kind).ifelse(uses[kind], found), kinds, ibis.literal(0))
    values = ranked.filter(ranked.place < most).semi_join(members, "person")
    reasons = [
        (members.person.notin(known.person), NO_IDENTIFIER),
        (members.person.notin(sendable.person), MAY_NOT_LEAVE),
    ]
    if suppressed:
        reasons.insert(0, (members.person.isin(con.table(PEOPLE).person), SUPPRESSED))
        reasons.append((members.person.isin(consented.person), SUPPRESSED))  # what they have is such a person's too
    reason = ibis.cases(*reasons, else_=NO_CONSENT)
    return Deliverables(
        wanted=_wanted(con, values, {kind: uses[kind] for kind in kinds}, writes.facts),
        values=values.select("person", "value"),
        left_out=members.mutate(reason=reason).anti_join(values, "person"),
        withdrawn=sendable.select("value").distinct().anti_join(agreed, "value"),
        unwilling=sendable.select("person").distinct().anti_join(agreed, "person"),
    )


def _agreed(con: Any, identifiers: Any, consent: ConsentRule) -> Any:
    if consent in _CHANNEL:
        return identifiers.filter(identifiers.consent == "SUBSCRIBED")
    if consent == "ads":
        refusing = con.table("people").filter(lambda p: p.ads_consent.notin(["GRANTED", "UNKNOWN"]))
        denied = identifiers.semi_join(refusing, "person").select("kind", "value").union(_denied_for_good(con))
        return identifiers.semi_join(_may_see_ads(con), "person").anti_join(denied, ["kind", "value"])
    return identifiers


def _denied_for_good(con: Any) -> Any:
    """kind, value: what records gave that said no to ads and have vanished since."""
    customers = con.table("customers")
    gone = customers.filter(customers.deleted_at.notnull(), customers.ads_consent == "DENIED")
    emails = gone.select(kind=ibis.literal("email"), value=gone.email)
    both = emails.union(gone.select(kind=ibis.literal("phone"), value=gone.phone))
    return both.filter(both.value.notnull())


def _may_see_ads(con: Any) -> Any:
    """People who agreed, or of whom nothing is known and whose known countries ask for nothing."""
    people, identities = con.table("people"), con.table("identities")
    addresses, orders = con.table("addresses"), con.table("orders")
    places = addresses.select("source", "customer_id", "country").union(
        orders.select("source", "country", customer_id=orders.owner)
    )
    protected = identities.join(
        places.filter(places.country.isin(CONSENT_COUNTRIES)), ["source", "customer_id"]
    ).select("person")
    free = people.filter((people.ads_consent == "UNKNOWN") & people.person.notin(protected.person))
    return people.filter(people.ads_consent == "GRANTED").select("person").union(free.select("person"))


def _wanted(con: Any, values: Any, uses: Mapping[str, int], facts: Sequence[str]) -> Any:
    """person, identifiers: {"emails":["…"],"phones":["…"],"city":"…"}: the same text for the same identifiers."""
    texts = values.group_by("person").agg(identifiers=_lists(values, uses))
    if not facts:
        return texts.mutate(identifiers=texts.identifiers + "}")
    known = texts.left_join(con.table("people").select("person", *facts), "person")
    ends = [
        (ibis.literal(f',"{name}":"') + _escaped(known[name]) + '"').fill_null("") for name in FACTS if name in facts
    ]
    return known.select("person", identifiers=reduce(lambda text, end: text + end, ends, known.identifiers) + "}")


def _lists(values: Any, uses: Mapping[str, int]) -> Any:
    """The arrays of identifiers, the object still open. Normalised values need no escapes.

    Written as one conditional maximum a place, because not every engine keeps an order inside an aggregate.
    """
    parts: list[Any] = []
    for kind, field in FIELDS.items():
        text = ibis.literal("")
        for place in range(uses.get(kind, 0)):
            one = values.value.max(where=(values.kind == kind) & (values.place == place))
            text = text + (ibis.literal(',"' if place else '"') + one + '"').fill_null("")
        parts.append(ibis.literal(f'"{field}":[') + text + "]")
    return ibis.literal("{") + reduce(lambda left, right: left + "," + right, parts)


def _escaped(text: Any) -> Any:
    """Free text inside a JSON string: the two characters that would end it."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
