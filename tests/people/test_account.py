"""Finding a person, and showing what was joined and why."""

from __future__ import annotations

import pytest

from segsync.people import account, person_of

from .shop import DAY_ONE, Shop, on

ADA, BOB = "ada@example.com", "bob@example.com"
HOME = "+12125550123"


@pytest.fixture
def known(shop: Shop) -> Shop:
    shop.customer("1", email=ADA, phone=HOME, email_subscription_status="SUBSCRIBED", email_consent_at=on(3))
    shop.customer("2", email=BOB, phone=HOME)
    shop.order("o1", email=ADA)
    shop.resolve()
    shop.describe()
    return shop


@pytest.mark.parametrize(
    ("number", "text"),
    enumerate([ADA, f"  {ADA.upper()} ", "shopify:1", f"shopify:guest:{ADA}", "p1-1"]),
)
def test_finds_a_person_by_any_name(known: Shop, number: int, text: str) -> None:
    assert person_of(known.con, text) == ("p1-1",)


@pytest.mark.parametrize("text", [HOME, "+1 (212) 555-0123"], ids=["plain", "as typed"])
def test_a_shared_phone_names_everybody_who_has_it(known: Shop, text: str) -> None:
    assert person_of(known.con, text) == ("p1-1", "p1-2")


@pytest.mark.parametrize("text", ["", "nobody", "shopify:99", "file:1", "p9-9", ":"])
def test_nobody_is_nobody(known: Shop, text: str) -> None:
    assert person_of(known.con, text) == ()


def test_shows_what_was_joined_and_why(known: Shop) -> None:
    found = account(known.con, "p1-1")
    since = DAY_ONE.replace(tzinfo=None)
    assert [(n.source, n.customer_id, n.joined_by, n.since, n.email, n.phone) for n in found.nodes] == [
        ("shopify", "1", "email", since, ADA, HOME),
        ("shopify", f"guest:{ADA}", "email", since, ADA, None),
    ]
    email, phone = found.identifiers
    assert (email.kind, email.value, email.rank, email.sources) == ("email", ADA, 1, ("shopify",))
    assert (email.consent, email.consent_at, email.deliverable) == ("SUBSCRIBED", on(3), True)
    assert (phone.kind, phone.value, phone.consent) == ("phone", HOME, None)


def test_a_stranger_has_an_empty_account(known: Shop) -> None:
    assert account(known.con, "p9-9").nodes == account(known.con, "p9-9").identifiers == ()


def test_no_identifier_shows_in_a_repr(known: Shop) -> None:
    shown = repr(account(known.con, "p1-1"))
    assert "example.com" not in shown
    assert "555" not in shown


def test_each_record_says_what_it_says_of_consent(shop: Shop) -> None:
    shop.customer("1", email=ADA, email_subscription_status="SUBSCRIBED", email_consent_at=on(3), ads_consent="GRANTED")
    shop.customer("2", source="file", email=ADA, email_subscription_status="PENDING", sms_subscription_status="PENDING")
    shop.customer("3", email=ADA, email_subscription_status="UNSUBSCRIBED")
    shop.customer("4", email=ADA, email_subscription_status="SUBSCRIBED")
    shop.customer("5", email=BOB, email_subscription_status="UNSUBSCRIBED", ads_consent="DENIED")
    for gone in ("3", "4", "5"):
        shop.vanish(gone)
    shop.resolve()
    shop.describe()
    found = account(shop.con, "p1-1")
    said = {
        n.customer_id: (n.email_consent, n.email_consent_at, n.sms_consent, n.sms_consent_at, n.ads_consent)
        for n in found.nodes
    }
    assert said == {
        "1": ("SUBSCRIBED", on(3), None, None, "GRANTED"),
        "2": ("PENDING", None, "PENDING", None, None),
    }
    (gone,) = found.gone
    assert (gone.customer_id, gone.email_consent, gone.vanished_at) == ("3", "UNSUBSCRIBED", on(1, 5))
    assert "'3'" not in repr(found)
