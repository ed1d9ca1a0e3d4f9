"""Reading what reaches a person: e-mail addresses and phone numbers. Reasons never quote either."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from segsync.warehouse.values import Unreadable, text

# RFC 5321 4.5.3.1: 64 before the @, 254 in all (RFC 3696, erratum 1690).
LOCAL_LIMIT, ADDRESS_LIMIT = 64, 254
_PLAIN_LOCAL = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*")
_NOT_AN_EMAIL = "not an e-mail address"


def email(value: object) -> str | None:
    """An address trimmed, lower-cased and syntax-checked; nothing is asked of the network.

    Domains are checked once each, since a shop's customers share a few: a plain local part then needs no more.
    """
    word = text(value)
    if word is None:
        return None
    address = word.lower()
    local, at, domain = address.rpartition("@")
    if not at or not local:
        raise Unreadable(_NOT_AN_EMAIL)
    if _PLAIN_LOCAL.fullmatch(local) and len(local) <= LOCAL_LIMIT:
        address = f"{local}@{_domain(domain)}"
        if len(address.encode()) <= ADDRESS_LIMIT and address.isascii():
            return address
    return _checked(address)


@lru_cache(maxsize=100_000)
def _domain(domain: str) -> str:
    return _checked(f"a@{domain}").rpartition("@")[2]


def _checked(address: str) -> str:
    try:
        found = validate_email(address, check_deliverability=False, strict=True, test_environment=True).normalized
    except (EmailNotValidError, UnicodeError, ValueError):
        raise Unreadable(_NOT_AN_EMAIL) from None
    return found.lower()


def phone(value: object) -> str | None:
    """A valid number as E.164, of a pair: the number, and the ISO alpha-2 country to read it in without a prefix."""
    written, country = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    word = text(written)
    word = word.lstrip("'").strip() if word else None  # spreadsheets keep a leading + behind an apostrophe
    return _dialled(word, country) if word else None


@lru_cache(maxsize=100_000)
def _dialled(word: str, country: str | None) -> str:
    try:
        number = phonenumbers.parse(word, country)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not word.startswith("+"):
            raise Unreadable("a phone number without a prefix, and no country to read it in") from None
        raise Unreadable("not a phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise Unreadable("not a phone number that is in use anywhere")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
