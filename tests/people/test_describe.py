"""What is known of a person: single facts, joined lists, consent by identifier, and as of when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from segsync.streams import ADS_CONSENT, EMAIL_CONSENT, SMS_CONSENT

from .shop import DAY_ONE, Shop, on

ADA, BOB = "ada@example.com", "bob@example.com"
HOME, WORK = "+12125550123", "+12125550124"
RELAY = "a1b2c3@marketplace.amazon.co.uk"
AMAZON = frozenset({"amazon"})


SAID = ("email_subscription_status", "sms_subscription_status")


def described(shop: Shop, *, as_of: datetime = DAY_ONE) -> None:
    shop.resolve(undeliverable=AMAZON)
    shop.describe(as_of=as_of, undeliverable=AMAZON)


def test_single_facts_come_from_the_record_updated_last(shop: Shop) -> None:
    shop.customer("1", email=ADA, first_name="Old", language="en", gender="f", updated_at=on(1))
    shop.customer("2", email=ADA, first_name="New", birth_date=date(1990, 2, 1), updated_at=on(2))
    shop.customer("3", email=ADA, first_name="Never", language="de", account_status="ENABLED", created_at=on(9))
    described(shop)
    facts = shop.facts("1")
    assert (facts["first_name"], facts["birth_date"]) == ("New", date(1990, 2, 1))
    assert (facts["language"], facts["gender"], facts["account_status"]) == ("en", "f", "ENABLED")
    assert (facts["last_name"], facts["guest"]) == (None, False)


def test_records_updated_together_fall_back_to_the_newer_made_then_the_smaller_id(shop: Shop) -> None:
    shop.customer("1", email=ADA, first_name="Older", created_at=on(1))
    shop.customer("2", email=ADA, first_name="Newer", created_at=on(2))
    shop.customer("8", email=BOB, first_name="Eight")
    shop.customer("9", email=BOB, first_name="Nine")
    described(shop)
    assert (shop.facts("1")["first_name"], shop.facts("8")["first_name"]) == ("Newer", "Eight")


def test_the_earliest_day_counts_and_lists_are_joined(shop: Shop) -> None:
    shop.customer("1", email=ADA, tags_key=["vip", "eco"], created_on=date(2026, 1, 2), created_at=on(2))
    shop.customer("2", source="file", email=ADA, tags_key=["eco", "b2b"], created_on=date(2025, 1, 1))
    shop.customer("3", email=BOB, tags_key=[])
    shop.order("o1", source="till", email=ADA)
    described(shop)
    facts = shop.facts("1")
    assert facts["customer_added_on"] == date(2025, 1, 1)
    assert facts["tags_key"] == ["b2b", "eco", "vip"]
    assert facts["sources"] == ["file", "shopify", "till"]
    assert (shop.facts("3")["tags_key"], shop.facts("3")["sources"]) == (None, ["shopify"])


def test_the_default_address_is_taken_whole_from_the_newest_record_that_has_one(shop: Shop) -> None:
    shop.customer("1", email=ADA, updated_at=on(1))
    shop.customer("2", email=ADA, updated_at=on(2))
    shop.customer("3", email=ADA, updated_at=on(3))
    shop.address("1", "a1", country="DE", city="Bonn", postal_code="53111")
    shop.address("2", "a2", country="US", region="US-NY")
    shop.address("3", "a3", country="FR", is_default=False)
    described(shop)
    facts = shop.facts("1")
    assert [facts[name] for name in ("country", "region", "city", "postal_code")] == ["US", "US-NY", None, None]


def test_a_guest_has_identifiers_and_nothing_else(shop: Shop) -> None:
    shop.order("o1", email=ADA, phone=HOME)
    described(shop)
    facts = shop.facts(f"guest:{ADA}")
    assert (facts["email"], facts["phone"], facts["guest"], facts["sources"]) == (ADA, HOME, True, ["shopify"])
    assert (facts["email_subscription_status"], facts["sms_subscription_status"]) == (None, None)
    assert (facts["ads_consent"], facts["customer_added_on"], facts["first_name"]) == ("UNKNOWN", None, None)


def test_guest_orders_give_their_phones_to_the_customer_they_join(shop: Shop) -> None:
    shop.customer("1", email=ADA, phone=HOME)
    shop.order("o1", email=ADA, phone=WORK)
    shop.order("o2", customer_id="1", email=BOB, phone="+12125550125")
    described(shop)
    assert [row["value"] for row in shop.identifiers("1", "phone")] == [HOME, WORK]
    assert [row["value"] for row in shop.identifiers("1", "email")] == [ADA]


@pytest.mark.parametrize(
    ("made", "seen"),
    [(None, True), (on(1), True), (datetime(2026, 1, 10, 12), True), (datetime(2026, 1, 10, 12, 0, 1), False)],
)
def test_what_was_made_later_does_not_exist_yet(shop: Shop, made: datetime | None, seen: bool) -> None:
    shop.customer("1", email=ADA, created_at=made, first_name="Ada")
    shop.order("o1", email=BOB, at=made or on(1))
    described(shop, as_of=datetime(2026, 1, 10, 12, tzinfo=UTC))
    assert [row["email"] for row in shop.rows("people", "email")] == ([ADA, BOB] if seen else [])
    assert len(shop.rows("identifiers", "value")) == (2 if seen else 0)


def test_a_later_record_neither_speaks_nor_consents_yet(shop: Shop) -> None:
    shop.customer("1", email=ADA, created_at=on(1), first_name="Ada", email_subscription_status="SUBSCRIBED")
    shop.customer("2", email=ADA, created_at=on(20), first_name="Later", email_subscription_status="UNSUBSCRIBED")
    described(shop, as_of=datetime(2026, 1, 10, tzinfo=UTC))
    assert (shop.facts("1")["first_name"], shop.facts("1")["email_subscription_status"]) == ("Ada", "SUBSCRIBED")


def test_identifiers_are_ranked_verified_then_newest_then_orders(shop: Shop) -> None:
    emails = [f"{name}@example.com" for name in ("verified", "newest", "older", "unverified", "b-order", "a-order")]
    shop.customer("1", email=emails[3], phone=HOME, last_name="Lee", verified_email=False)
    shop.order("o0", customer_id="77", email=emails[3], at=on(1))
    for number, (email, facts) in enumerate(
        [(emails[2], {"updated_at": on(2)}), (emails[1], {"updated_at": on(3)}), (emails[0], {"verified_email": True})]
    ):
        shop.customer(f"c{number}", email=email, **facts)
        shop.order(f"o{number}x", customer_id="77", email=email)
    shop.order("o8", customer_id="77", email=emails[4], at=on(9))
    shop.order("o9", customer_id="77", email=emails[5], at=on(8))
    described(shop)
    rows = shop.identifiers("1", "email")
    assert [row["value"] for row in rows] == emails
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert shop.facts("1")["email"] == emails[0]


@pytest.mark.parametrize(
    ("said", "consent"),
    [
        (["SUBSCRIBED", "UNSUBSCRIBED"], "UNSUBSCRIBED"),
        (["SUBSCRIBED", None], "SUBSCRIBED"),
        ([None, None], None),
        (["PENDING", "NOT_SUBSCRIBED"], "PENDING"),
        (["SUBSCRIBED", "REDACTED", "INVALID"], "REDACTED"),
    ],
)
def test_the_most_restrictive_source_decides(shop: Shop, said: list[str | None], consent: str | None) -> None:
    for number, status in enumerate(said):
        shop.customer("1", source=f"source{number}", email=ADA, email_subscription_status=status)
    described(shop)
    assert shop.facts("1", source="source0")["email_subscription_status"] == consent


@pytest.mark.parametrize(
    ("kind", "column", "order"),
    [("email", "email_subscription_status", EMAIL_CONSENT), ("phone", "sms_subscription_status", SMS_CONSENT)],
)
def test_every_pair_of_words_follows_the_declared_order(
    shop: Shop, kind: str, column: str, order: tuple[str, ...]
) -> None:
    pairs = [(one, other) for one in order for other in order]
    for number, pair in enumerate(pairs):
        value = f"shopper{number}@example.com" if kind == "email" else f"+1212555{number:04}"
        for source, word in zip(("a", "b"), pair, strict=True):
            shop.customer(str(number), source=source, **{kind: value, column: word})
    described(shop)
    found = [shop.identifiers(str(number), kind, source="a")[0]["consent"] for number in range(len(pairs))]
    assert found == [min(pair, key=order.index) for pair in pairs]


def test_consent_counts_from_whoever_holds_the_email(shop: Shop) -> None:
    for number in range(12):
        status = "UNSUBSCRIBED" if number == 7 else "SUBSCRIBED"
        shop.customer(str(number), email=ADA, email_subscription_status=status)
    described(shop)
    assert len(shop.groups) == 12
    assert {row["consent"] for row in shop.rows("identifiers", "person")} == {"UNSUBSCRIBED"}


def test_phone_consent_is_sms_consent_alone(shop: Shop) -> None:
    shop.customer("1", email=ADA, phone=HOME, email_subscription_status="SUBSCRIBED")
    shop.customer("2", email=BOB, phone=HOME, sms_subscription_status="UNSUBSCRIBED", sms_consent_at=on(3))
    described(shop)
    (phone,) = shop.identifiers("1", "phone")
    assert (phone["consent"], phone["consent_at"]) == ("UNSUBSCRIBED", on(3))
    assert shop.facts("1")["sms_subscription_status"] == "UNSUBSCRIBED"
    assert shop.facts("1")["email_subscription_status"] == "SUBSCRIBED"


def test_consent_is_dated_by_the_record_that_decides(shop: Shop) -> None:
    said: list[tuple[str, datetime | None]] = [
        ("SUBSCRIBED", on(9)),
        ("UNSUBSCRIBED", on(2)),
        ("UNSUBSCRIBED", on(4)),
        ("UNSUBSCRIBED", None),
    ]
    for number, (status, at) in enumerate(said):
        shop.customer(str(number), email=ADA, email_subscription_status=status, email_consent_at=at)
    described(shop)
    (email,) = shop.identifiers("0", "email")
    assert (email["consent"], email["consent_at"]) == ("UNSUBSCRIBED", on(4))


@pytest.mark.parametrize("status", [*EMAIL_CONSENT, None])
def test_what_a_vanished_record_withdrew_stays_withdrawn(shop: Shop, status: str | None) -> None:
    """That it never agreed, or agreed, is forgotten with it: a duplicate that was merged away blocks nobody."""
    shop.customer("1", email=ADA, email_subscription_status="SUBSCRIBED", email_consent_at=on(3))
    shop.customer("2", email=ADA, email_subscription_status=status, email_consent_at=on(4))
    shop.vanish("2")
    described(shop)
    (email,) = shop.identifiers("1", "email")
    stays = status in ("REDACTED", "INVALID", "UNSUBSCRIBED")
    assert (email["consent"], email["consent_at"]) == ((status, on(4)) if stays else ("SUBSCRIBED", on(3)))


def test_a_vanished_record_gives_no_consent(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.customer("2", email=ADA, phone=HOME, **dict.fromkeys(SAID, "SUBSCRIBED"))
    shop.vanish("2")
    described(shop)
    (email,) = shop.identifiers("1", "email")
    assert (email["consent"], shop.identifiers("1", "phone")) == (None, [])


def test_consent_given_after_the_record_vanished_counts(shop: Shop) -> None:
    """It was found to be gone on the first of May."""
    for number, at in enumerate((on(30, 4), on(2, 5), None)):
        email = f"shopper{number}@example.com"
        shop.customer(str(number), email=email, email_subscription_status="SUBSCRIBED", email_consent_at=at)
        shop.customer(f"gone{number}", email=email, email_subscription_status="UNSUBSCRIBED")
        shop.vanish(f"gone{number}")
    described(shop)
    found = [shop.identifiers(str(number), "email")[0]["consent"] for number in range(3)]
    assert found == ["UNSUBSCRIBED", "SUBSCRIBED", "UNSUBSCRIBED"]


def test_a_vanished_record_that_comes_back_speaks_for_itself(shop: Shop) -> None:
    shop.customer("1", email=ADA, email_subscription_status="SUBSCRIBED")
    shop.customer("2", email=ADA, email_subscription_status="UNSUBSCRIBED")
    shop.vanish("2")
    shop.customer("2", deleted_at=None, email_subscription_status="SUBSCRIBED")
    described(shop)
    assert shop.facts("1")["email_subscription_status"] == "SUBSCRIBED"


def test_a_vanished_phone_keeps_its_no(shop: Shop) -> None:
    shop.customer("1", phone=HOME, sms_subscription_status="SUBSCRIBED")
    shop.customer("2", phone=HOME, sms_subscription_status="UNSUBSCRIBED")
    shop.vanish("2")
    described(shop)
    assert shop.facts("1")["sms_subscription_status"] == "UNSUBSCRIBED"


@pytest.mark.parametrize(("said", "ads"), [("DENIED", "DENIED"), ("UNKNOWN", "GRANTED"), ("GRANTED", "GRANTED")])
def test_a_vanished_record_takes_no_denial_of_ads_along(shop: Shop, said: str, ads: str) -> None:
    shop.customer("1", email=ADA, ads_consent="GRANTED")
    shop.customer("2", email=ADA, ads_consent=said)
    shop.customer("3", phone=HOME, ads_consent="GRANTED")
    shop.customer("4", email=BOB, phone=HOME, ads_consent=said)  # a household: their phone is another one's too
    for gone in ("2", "4"):
        shop.vanish(gone)
    described(shop)
    assert (shop.facts("1")["ads_consent"], shop.facts("3")["ads_consent"]) == (ads, "GRANTED")


def test_the_best_emails_consent_is_the_persons(shop: Shop) -> None:
    shop.customer("1", email=ADA, updated_at=on(1), email_subscription_status="UNSUBSCRIBED")
    shop.customer("2", email=BOB, updated_at=on(2), email_subscription_status="SUBSCRIBED")
    shop.order("o1", customer_id="77", email=ADA)
    shop.order("o2", customer_id="77", email=BOB)
    described(shop)
    assert (shop.facts("1")["email"], shop.facts("1")["email_subscription_status"]) == (BOB, "SUBSCRIBED")


@pytest.mark.parametrize("one", [*ADS_CONSENT, None])
@pytest.mark.parametrize("other", [*ADS_CONSENT, None])
def test_ads_consent_is_the_most_restrictive_of_the_records(shop: Shop, one: Any, other: Any) -> None:
    shop.customer("1", email=ADA, ads_consent=one)
    shop.customer("2", email=ADA, ads_consent=other)
    described(shop)
    said = [word for word in (one, other) if word]
    assert shop.facts("1")["ads_consent"] == min(said, key=ADS_CONSENT.index, default="UNKNOWN")


def test_what_only_amazon_gave_is_not_deliverable(shop: Shop) -> None:
    shop.customer("1", email=ADA, phone=HOME)
    shop.customer("a", source="amazon", email=ADA, phone=WORK)
    shop.customer("b", source="amazon", email=BOB)
    shop.customer("2", email=RELAY)
    described(shop)
    deliverable = {row["value"]: row["deliverable"] for row in shop.rows("identifiers", "value")}
    assert deliverable == {ADA: True, HOME: True, WORK: False, BOB: False, RELAY: False}
    (email,) = shop.identifiers("1", "email")
    assert email["sources"] == ["amazon", "shopify"]


def test_describing_twice_gives_the_same(shop: Shop) -> None:
    for number in range(12):
        shop.customer(str(number), email=f"shopper{number % 5}@example.com", first_name=f"N{number}")
        shop.order(f"o{number}", email=f"shopper{number % 8}@example.com", phone=f"+121255501{number:02}")
    described(shop)
    before = shop.rows("people", "person"), shop.rows("identifiers", "person", "kind", "value")
    shop.describe(undeliverable=AMAZON)
    assert (shop.rows("people", "person"), shop.rows("identifiers", "person", "kind", "value")) == before
