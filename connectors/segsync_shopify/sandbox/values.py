"""Values as Shopify writes them: global ids, instants, amounts of money. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from segsync.sandbox.shop import RATES

Doc = dict[str, Any]  # a record by the names of its fields; names that begin with `_` are the stand-in's own

CENT = Decimal("0.01")
CURRENCY = "USD"  # of the shop
_GID = re.compile(r"gid://shopify/(\w+)/([^?/\s]+)(\?\S*)?")


def gid(kind: str, number: int | str) -> str:
    """A global id; one that is a global id already stays as it is."""
    text = str(number)
    return text if text.startswith("gid://") else f"gid://shopify/{kind}/{text}"


def kind_of(id: str) -> str | None:
    """What a global id is an id of; None for text that is none."""
    match = _GID.fullmatch(id)
    return match[1] if match else None


def number_of(id: str) -> str:
    """The last part of a global id: what `legacyResourceId` says."""
    match = _GID.fullmatch(id)
    return match[2] if match else id


def instant(value: datetime) -> str:
    """To the second, in UTC, with a Z, so that text and time sort alike."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_of(text: str) -> str:
    """An ISO instant that somebody typed, as Shopify would write it. Raises ValueError; without an offset it is UTC."""
    parsed = datetime.fromisoformat(text)
    return instant(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))


def amount(value: Decimal) -> str:
    """A Decimal as Shopify writes money: `24.0`, `24.5`, `24.55`."""
    text = f"{value:.2f}"
    return text[:-1] if text.endswith("0") else text


def in_shop_currency(value: Decimal, currency: str) -> Decimal:
    return (value * RATES.get(currency, Decimal(1))).quantize(CENT)


def money(value: Decimal, currency: str = CURRENCY) -> Doc:
    """A MoneyV2."""
    return {"amount": amount(value), "currencyCode": currency}


def bag(value: Decimal, currency: str) -> Doc:
    """A MoneyBag of an amount in the currency in which it was paid."""
    return {"shopMoney": money(in_shop_currency(value, currency)), "presentmentMoney": money(value, currency)}
