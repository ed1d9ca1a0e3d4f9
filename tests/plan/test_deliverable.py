"""Who may be sent, and by what: consent, provenance and usability, on a warehouse of a few people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import pandas as pd
import pytest

from segsync.model import Estimate
from segsync.plan import identifiers as texts
from segsync.plan.deliverable import CONSENT_COUNTRIES, MAY_NOT_LEAVE, NO_CONSENT, NO_IDENTIFIER, deliverables
from segsync.spec import ConsentRule, Writes
from segsync.streams import COMPUTED, STREAMS

BOTH = {"email": 1, "phone": 1}


@dataclass(frozen=True)
class Fact:
    """One identifier of somebody."""

    person: str
    value: str
    consent: str | None = None
    deliverable: bool = True
    rank: int = 1

    @property
    def kind(self) -> str:
        return "email" if "@" in self.value else "phone"


class Shop:
    """The tables that decide who may be sent."""

    def __init__(self, facts: Sequence[Fact], *, members: Sequence[str] | None = None) -> None:
        self.con = ibis.duckdb.connect()
        people = sorted({fact.person for fact in facts} | set(members or ()))
        self.ads: dict[str, str] = {}
        self.countries: dict[str, str | None] = {}
        self.ordered_to: dict[str, str | None] = {}
        self.people = people
        self.vanished: list[dict[str, str]] = []  # customers who are gone, with what they said to ads
        self._fill("identifiers", [{**vars(f), "kind": f.kind, "sources": ["shop"]} for f in facts])
        self._fill("members", [{"segment": "vip", "person": p} for p in (people if members is None else members)])

    def _fill(self, name: str, rows: Sequence[dict[str, Any]]) -> None:
        schema = COMPUTED[name] if name in COMPUTED else STREAMS[name].schema
        frame = pd.DataFrame([{column: row.get(column) for column in schema} for row in rows], columns=list(schema))
        self.con.create_table(name, frame.astype(object), schema=ibis.schema(dict(schema)), overwrite=True)

    def found(self, consent: ConsentRule, uses: dict[str, int] = BOTH, facts: tuple[str, ...] = ()) -> Any:
        self._fill("people", [{"person": p, "ads_consent": self.ads.get(p, "UNKNOWN")} for p in self.people])
        gone = datetime(2026, 5, 1)
        rows = [{"source": "shop", "customer_id": f"gone{n}", **row} for n, row in enumerate(self.vanished)]
        self._fill("customers", [{"deleted_at": gone} | row for row in rows])
        self._fill("identities", [{"source": "shop", "customer_id": p, "person": p} for p in self.people])
        self._fill(
            "addresses",
            [{"source": "shop", "customer_id": p, "address_id": p, "country": c} for p, c in self.countries.items()],
        )
        self._fill(
            "orders",
            [{"source": "shop", "order_id": p, "owner": p, "country": c} for p, c in self.ordered_to.items()],
        )
        writes = Writes(
            max_batch=10,
            identifiers=uses,
            keyed_by="profile",
            consent=consent,
            estimate=lambda _adds, _removes: Estimate(1, 1.0),
            facts=facts,
        )
        return deliverables(self.con, "vip", consent, writes)

    def sent(self, consent: ConsentRule, uses: dict[str, int] = BOTH) -> dict[str, list[str]]:
        """Each deliverable person with what is sent of them."""
        rows = self.found(consent, uses).wanted.to_pyarrow().to_pylist()
        assert all(texts.dump(texts.load(row["identifiers"])) == row["identifiers"] for row in rows), "not canonical"
        return {
            row["person"]: [*texts.load(row["identifiers"]).emails, *texts.load(row["identifiers"]).phones]
            for row in rows
        }

    def left_out(self, consent: ConsentRule, uses: dict[str, int] = BOTH) -> dict[str, str]:
        return {row["person"]: row["reason"] for row in self.found(consent, uses).left_out.to_pyarrow().to_pylist()}

    def withdrawn(self, consent: ConsentRule) -> set[str]:
        return set(self.found(consent).withdrawn.to_pyarrow()["value"].to_pylist())


# --- e-mail and text messages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["SUBSCRIBED", "NOT_SUBSCRIBED", "PENDING", "UNSUBSCRIBED", "INVALID", "REDACTED", None]
)
def test_only_subscribed_addresses_get_mail(status: str | None) -> None:
    shop = Shop([Fact("p1", "a@example.com", status)])
    if status == "SUBSCRIBED":
        assert shop.sent("email") == {"p1": ["a@example.com"]}
        assert (shop.left_out("email"), shop.withdrawn("email")) == ({}, set())
    else:
        assert shop.sent("email") == {}
        assert shop.left_out("email") == {"p1": NO_CONSENT}
        assert shop.withdrawn("email") == {"a@example.com"}


def test_consent_is_the_address_own() -> None:
    """Somebody with a subscribed address and another one is sent by the subscribed one alone."""
    shop = Shop(
        [
            Fact("p1", "best@example.com", "UNSUBSCRIBED", rank=1),
            Fact("p1", "second@example.com", "SUBSCRIBED", rank=2),
            Fact("p1", "third@example.com", None, rank=3),
        ]
    )
    assert shop.sent("email", {"email": 3}) == {"p1": ["second@example.com"]}
    assert shop.withdrawn("email") == {"best@example.com", "third@example.com"}


def test_consent_to_mail_says_nothing_about_text_messages() -> None:
    shop = Shop([Fact("p1", "a@example.com", "SUBSCRIBED"), Fact("p1", "+12025550143", None)])
    assert shop.sent("email") == {"p1": ["a@example.com"]}  # the phone does not go along
    assert shop.sent("sms") == {}
    assert shop.left_out("sms") == {"p1": NO_CONSENT}


def test_text_messages_go_to_subscribed_phones() -> None:
    shop = Shop([Fact("p1", "a@example.com", "UNSUBSCRIBED"), Fact("p1", "+12025550143", "SUBSCRIBED")])
    assert shop.sent("sms") == {"p1": ["+12025550143"]}


def test_a_platform_without_the_channel_gets_nobody() -> None:
    shop = Shop([Fact("p1", "a@example.com", "SUBSCRIBED")])
    assert shop.sent("sms", {"email": 1}) == {}
    assert shop.left_out("sms", {"email": 1}) == {"p1": NO_IDENTIFIER}


def test_without_a_need_for_consent_everything_goes() -> None:
    shop = Shop([Fact("p1", "a@example.com", "UNSUBSCRIBED"), Fact("p1", "+12025550143", None)])
    assert shop.sent("none") == {"p1": ["a@example.com", "+12025550143"]}
    assert shop.withdrawn("none") == set()


# --- advertising ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consent", "country", "ordered_to", "goes"),
    [
        ("GRANTED", None, None, True),
        ("GRANTED", "DE", "FR", True),
        ("UNKNOWN", None, None, True),
        ("UNKNOWN", "US", "CA", True),
        ("UNKNOWN", "DE", None, False),
        ("UNKNOWN", "US", "IT", False),  # any known country
        ("UNKNOWN", None, "GB", False),
        ("UNKNOWN", "CH", None, False),
        ("UNKNOWN", "NO", None, False),
        ("UNKNOWN", "RE", None, False),  # Réunion is in the Union
        ("DENIED", None, None, False),
        ("DENIED", "US", None, False),
        ("REDACTED", "US", None, False),
    ],
)
def test_who_may_be_advertised_to(consent: str, country: str | None, ordered_to: str | None, goes: bool) -> None:
    shop = Shop([Fact("p1", "a@example.com", "UNSUBSCRIBED"), Fact("p2", "b@example.com")])
    shop.ads["p1"] = consent
    shop.countries["p1"], shop.ordered_to["p1"] = country, ordered_to
    shop.countries["p2"] = "US"
    assert shop.sent("ads") == ({"p1": ["a@example.com"]} if goes else {}) | {"p2": ["b@example.com"]}
    assert shop.left_out("ads") == ({} if goes else {"p1": NO_CONSENT})


@pytest.mark.parametrize("country", CONSENT_COUNTRIES)
def test_silence_is_not_consent_there(country: str) -> None:
    shop = Shop([Fact("p1", "a@example.com")])
    shop.ordered_to["p1"] = country
    assert shop.sent("ads") == {}


def test_the_countries_are_those_of_the_law() -> None:
    assert len(set(CONSENT_COUNTRIES)) == 27 + 7 + 3 + 2  # the Union, its parts overseas, the other EEA, the UK and CH
    assert {"GB", "CH", "IS", "LI", "NO", "AX", "GF"} <= set(CONSENT_COUNTRIES)
    assert not {"US", "CA", "AU", "JE", "TR"} & set(CONSENT_COUNTRIES)


def test_a_refusal_holds_for_whoever_shares_the_identifier() -> None:
    """A household's phone, or customers too many to be one person: one record says no."""
    shop = Shop(
        [
            Fact("p1", "a@example.com"),
            Fact("p1", "+12025550143"),
            Fact("p2", "b@example.com"),
            Fact("p2", "+12025550143"),
        ]
    )
    shop.ads["p1"] = "DENIED"
    assert shop.sent("ads") == {"p2": ["b@example.com"]}
    assert shop.withdrawn("ads") == {"a@example.com", "+12025550143"}
    shop.ads["p2"] = "GRANTED"
    assert shop.sent("ads") == {"p2": ["b@example.com"]}


def test_a_refusal_outlives_its_record() -> None:
    """By e-mail and by phone: whoever has them now is not sent by them."""
    shop = Shop([Fact("p1", "a@example.com"), Fact("p2", "+12025550143"), Fact("p2", "b@example.com")])
    shop.vanished = [
        {"email": "a@example.com", "phone": "+12025550143", "ads_consent": "DENIED"},
        {"email": "b@example.com", "ads_consent": "GRANTED"},
    ]
    assert shop.sent("ads") == {"p2": ["b@example.com"]}
    assert shop.left_out("ads") == {"p1": NO_CONSENT}
    assert shop.sent("none").keys() == {"p1", "p2"}


# --- provenance and usability --------------------------------------------------------------------------------


def test_what_may_not_leave_stays() -> None:
    shop = Shop(
        [
            Fact("p1", "a@example.com", "SUBSCRIBED", deliverable=False),
            Fact("p2", "b@example.com", "SUBSCRIBED", deliverable=False),
            Fact("p2", "c@example.com", "SUBSCRIBED", rank=2),
        ]
    )
    for consent in ("email", "none", "ads"):
        assert shop.sent(consent) == {"p2": ["c@example.com"]}  # type: ignore[arg-type]
        assert shop.left_out(consent) == {"p1": MAY_NOT_LEAVE}  # type: ignore[arg-type]


def test_the_first_reason_is_the_one_told() -> None:
    shop = Shop(
        [
            Fact("p2", "b@example.com", "UNSUBSCRIBED", deliverable=False),
            Fact("p3", "c@example.com", "UNSUBSCRIBED"),
            Fact("p4", "+12025550143", "SUBSCRIBED"),
        ],
        members=["p1", "p2", "p3", "p4"],
    )
    assert shop.left_out("email") == {
        "p1": NO_IDENTIFIER,
        "p2": MAY_NOT_LEAVE,
        "p3": NO_CONSENT,
        "p4": NO_IDENTIFIER,
    }


def test_only_members_are_sent_and_anybody_may_have_withdrawn() -> None:
    shop = Shop(
        [Fact("p1", "a@example.com", "SUBSCRIBED"), Fact("p2", "b@example.com", "UNSUBSCRIBED")], members=["p1"]
    )
    assert shop.sent("email") == {"p1": ["a@example.com"]}
    assert shop.left_out("email") == {}
    assert shop.withdrawn("email") == {"b@example.com"}


def test_the_best_identifiers_go_as_many_as_the_platform_uses() -> None:
    facts = [Fact("p1", f"{name}@example.com", "SUBSCRIBED", rank=rank) for rank, name in enumerate("cab", 1)]
    facts += [Fact("p1", f"+1202555014{n}", None, rank=n) for n in (1, 2)]
    shop = Shop(facts)
    assert shop.sent("none", {"email": 1}) == {"p1": ["c@example.com"]}
    assert shop.sent("none", {"email": 2, "phone": 1}) == {"p1": ["c@example.com", "a@example.com", "+12025550141"]}
    assert shop.sent("none", {"email": 9, "phone": 9}) == {
        "p1": [*("c@example.com", "a@example.com", "b@example.com"), "+12025550141", "+12025550142"]
    }


def test_ties_in_rank_are_broken_the_same_way_each_time() -> None:
    for order in ((0, 1), (1, 0)):
        facts = [Fact("p1", "a@example.com", "SUBSCRIBED"), Fact("p1", "b@example.com", "SUBSCRIBED")]
        assert Shop([facts[n] for n in order]).sent("email", {"email": 1}) == {"p1": ["a@example.com"]}


def test_addresses_of_every_alphabet_are_one_text() -> None:
    odd = "o'brien!#$%&*+/=?^_`{|}~-@exämple.com"
    shop = Shop([Fact("p1", odd, "SUBSCRIBED"), Fact("p2", "δοκιμή@example.com", "SUBSCRIBED")])
    assert shop.sent("email") == {"p1": [odd], "p2": ["δοκιμή@example.com"]}
