"""A Shopify customers export as customers and addresses. Pure.

- `yes` to marketing is SUBSCRIBED; the export writes `no` both for people who never asked and for people who left, so
  `no` is NOT_SUBSCRIBED.
- Exports of older admins have no Customer ID: then the id is made of the e-mail, else of the phone (a digest, so that
  no id shows them), and a changed e-mail is a new customer.
- The phone is the customer's own; the address's phone may be anybody's and is not used.
- `Total Spent` and `Total Orders` are Shopify's own figures and go into `platform_scores`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from segsync.streams import fold
from segsync_files.shopify import EMAIL_CONSENT, Cells, Texts, lists, regions, texts, unquoted

_CONSENT: Mapping[str, str] = {
    "yes": "SUBSCRIBED",
    "no": "NOT_SUBSCRIBED",
    "true": "SUBSCRIBED",
    "false": "NOT_SUBSCRIBED",
}
NO_ID = "neither a Customer ID nor an e-mail nor a phone"


def customer_ids(rows: Sequence[Cells], at: Mapping[str, int]) -> Texts:
    """Each row's customer id; None where nothing tells."""
    ids = unquoted(texts(rows, at, "Customer ID"))
    if all(ids):
        return ids
    emails, phones = texts(rows, at, "Email"), unquoted(texts(rows, at, "Phone"))
    return [id or _made("email", e) or _made("phone", p) for id, e, p in zip(ids, emails, phones, strict=True)]


def _made(kind: str, value: str | None) -> str | None:
    return f"{kind}-{hashlib.sha256(fold(value).encode()).hexdigest()[:24]}" if value else None


def customers(rows: Sequence[Cells], at: Mapping[str, int]) -> dict[str, list[Any]]:
    """The columns of the `customers` stream."""
    return {
        "customer_id": customer_ids(rows, at),
        "email": texts(rows, at, "Email"),
        "phone": unquoted(texts(rows, at, "Phone")),
        "phone_country": _country(rows, at),
        "first_name": texts(rows, at, "First Name"),
        "last_name": texts(rows, at, "Last Name"),
        "tags": lists(texts(rows, at, "Tags")),
        "email_subscription_status": _consent(texts(rows, at, *EMAIL_CONSENT)),
        "sms_subscription_status": _consent(texts(rows, at, "Accepts SMS Marketing")),
        "platform_scores": _scores(texts(rows, at, "Total Orders"), texts(rows, at, "Total Spent")),
    }


def addresses(rows: Sequence[Cells], at: Mapping[str, int]) -> dict[str, list[Any]]:
    """The columns of the `addresses` stream: each row's default address, with nulls where it has none."""
    countries = _country(rows, at)
    return {
        "customer_id": customer_ids(rows, at),
        "address_id": ["default"] * len(rows),
        "country": countries,
        "region": regions(countries, texts(rows, at, "Default Address Province Code", "Province Code")),
        "city": texts(rows, at, "Default Address City", "City"),
        "postal_code": unquoted(texts(rows, at, "Default Address Zip", "Zip")),
        "is_default": [True] * len(rows),
    }


def _country(rows: Sequence[Cells], at: Mapping[str, int]) -> Texts:
    return texts(rows, at, "Default Address Country Code", "Country Code", "Country")


def _consent(values: Texts) -> Texts:
    return [_CONSENT.get(fold(value), value) if value else None for value in values]


def _scores(orders: Texts, spent: Texts) -> Texts:
    return [
        json.dumps({k: v for k, v in (("amount_spent", s), ("number_of_orders", n)) if v}) if n or s else None
        for n, s in zip(orders, spent, strict=True)
    ]
