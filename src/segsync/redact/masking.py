"""E-mails and phones in messages: enough to recognise, not enough to write to."""

from __future__ import annotations

import contextlib
import re
from typing import Final
from urllib.parse import unquote

import phonenumbers

HIDDEN: Final = "***"

# Possessive repeats keep these linear on hostile text. `%40` is an `@` in a URL.
EMAIL = r"(?<![\w.+'%-])(?:[\w.+'-]|%(?!40)[0-9A-Fa-f]{2})++(?:@|%40)[\w-]++(?:\.[\w-]++)++"
PHONE = (
    r"(?<!\w)(?:\+|(?<![\d.-])00)[ ]?\(?\d(?:[ ().\-/]{0,2}\d){6,14}(?![\w-])"
    r"|(?<![\w.-])\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}(?![\w-])"
    r"|(?<![\w.:+-])0[1-9](?:[ .\-/]?\d){7,10}(?![\w:-])"
)
_CONTACTS = re.compile(rf"(?P<email>{EMAIL})|(?P<phone>{PHONE})")


def mask_email(email: str) -> str:
    """`jane@example.com` as `j***@example.com`: enough to recognise, not enough to write to."""
    local, _, domain = email.strip().rpartition("@")
    return f"{local[:1]}{HIDDEN}@{domain}" if local else HIDDEN


def mask_phone(phone: str) -> str:
    """`+12125550123` as `+1***23`: the country prefix, where there is one, and the last two digits."""
    digits = re.sub(r"\D", "", phone)
    prefix = ""
    if phone.lstrip().startswith("+"):
        with contextlib.suppress(phonenumbers.NumberParseException):
            prefix = f"+{phonenumbers.parse(phone).country_code}"
        prefix = prefix or "+"
    return f"{prefix}{HIDDEN}{digits[-2:] if len(digits) >= 7 else ''}"


def mask_text(text: str) -> str:
    """Free text (a platform's words, a log line) with every e-mail and phone in it masked."""

    def masked(match: re.Match[str]) -> str:
        if match.lastgroup == "phone":
            return mask_phone(match[0])
        return mask_email(unquote(match[0]))

    return _CONTACTS.sub(masked, text)
