"""Identifiers as the outbox and `held` write them: canonical JSON text, so that equal means unchanged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from segsync.model import Identifiers

FIELDS: Mapping[str, str] = {"email": "emails", "phone": "phones"}


FACTS = ("first_name", "last_name", "city", "region", "postal_code", "country")  # that `people` knows

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)  # made once: making one costs more than a text


def dump(identifiers: Identifiers) -> str:
    """The text of what a platform is sent; the inverse of `load`."""
    facts = {name: value for name in FACTS if (value := getattr(identifiers, name)) is not None}
    return _ENCODER.encode({"emails": identifiers.emails, "phones": identifiers.phones, **facts})


def load(text: str | None) -> Identifiers:
    """The identifiers that a text was written from; none of a null."""
    return load_all([text])[0]


def load_all(texts: Sequence[str | None]) -> list[Identifiers]:
    """The identifiers of many texts, which are read as one document: a batch is read in a third of the time."""
    found = json.loads(f"[{','.join(text or '{}' for text in texts)}]", strict=False)  # names may hold controls
    return [_identifiers(**each) for each in found]


def _identifiers(emails: Sequence[str] = (), phones: Sequence[str] = (), **facts: Any) -> Identifiers:
    return Identifiers(tuple(emails), tuple(phones), **facts)


def of(identifiers: Identifiers) -> frozenset[str]:
    """Every e-mail and phone of somebody."""
    return frozenset(identifiers.emails + identifiers.phones)


def values(text: str | None) -> frozenset[str]:
    """Every e-mail and phone in a text."""
    return of(load(text))


def main(text: str | None) -> str | None:
    """What a platform of profiles finds somebody by: the best e-mail, else the best phone."""
    identifiers = load(text)
    return next(iter(identifiers.emails + identifiers.phones), None)


def without(text: str, gone: frozenset[str]) -> str:
    """The same text with some values left out."""
    identifiers = load(text)
    return dump(
        replace(
            identifiers,
            emails=tuple(v for v in identifiers.emails if v not in gone),
            phones=tuple(v for v in identifiers.phones if v not in gone),
        )
    )


def digest(text: str | None) -> str:
    """A short name for what a text says, to tell later whether that changed; not meant to hide it."""
    return hashlib.sha256(dump(load(text)).encode()).hexdigest()[:16]
