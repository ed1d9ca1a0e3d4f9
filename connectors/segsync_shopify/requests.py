"""Shopify's mandatory privacy messages: customers/data_request, customers/redact and shop/redact.

Their shape tells the topic. They are signed as every webhook is: the header X-Shopify-Hmac-Sha256 is the base64 of an
HMAC-SHA256 over the raw body, made with the app's client secret. Source: Shopify's page on privacy law compliance
(read 2026-11). Ids are numbers here, as they land.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from segsync.errors import AuthError, ConfigError, Problem
from segsync.model import PrivacyRequest


def read_request(body: bytes, signature: str, *, secret: SecretStr | None, domain: str, name: str) -> PrivacyRequest:
    """What a message asks for. `domain` is the shop's permanent name, `name` the source's in the config.

    Raises AuthError for a signature that was not made with the secret, ConfigError for a body that is no such message,
    or another shop's.
    """
    _check(body, signature, secret, name)
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("shop_domain"), str):
        raise _wrong("is no privacy message of Shopify's", "give the body of the request, byte by byte as it came")
    if found["shop_domain"].lower() != domain:
        remedy = f"this section's is {domain}: name the source of that shop with --source"
        raise _wrong(f"speaks of another shop, {found['shop_domain'][:80]}", remedy)
    return _request(found)


def _request(found: Mapping[str, Any]) -> PrivacyRequest:
    customer = found.get("customer")
    if customer is None and not {"orders_to_redact", "orders_requested", "data_request"} & set(found):
        return PrivacyRequest("erase_source")
    if not isinstance(customer, dict):
        raise _wrong("names no customer", "give the body of the request, byte by byte as it came")
    access = "data_request" in found or "orders_requested" in found
    orders = found.get("orders_requested" if access else "orders_to_redact") or []
    return PrivacyRequest(
        "access" if access else "erase",
        customer_id=_text(customer.get("id")),
        email=_text(customer.get("email")),
        phone=_text(customer.get("phone")),
        order_ids=tuple(str(one) for one in orders) if isinstance(orders, list) else (),
    )


def _check(body: bytes, signature: str, secret: SecretStr | None, name: str) -> None:
    if secret is None:
        remedy = f"segsync secrets set {name}.client_secret   (of the app that the message was sent to)"
        raise ConfigError(
            [Problem(f"{name}.client_secret", "missing secret: messages are signed with it", remedy)],
            where="the secrets",
        )
    made = hmac.digest(secret.get_secret_value().encode(), body, hashlib.sha256)
    try:
        given = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError):
        given = b""
    if not hmac.compare_digest(made, given):
        raise AuthError(
            "the message's signature was not made with this app's client secret: nothing was done.\n"
            "  Give the body byte by byte as it came, and the header X-Shopify-Hmac-Sha256 that came with it;\n"
            f"  or is {name}.client_secret another app's?"
        )


def _text(value: Any) -> str | None:
    return None if value is None or str(value).strip() == "" else str(value).strip()


def _wrong(found: str, remedy: str) -> ConfigError:
    return ConfigError([Problem("--webhook", found, remedy)], where="the message")
