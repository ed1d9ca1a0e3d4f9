"""Reading countries, regions and currencies, by the ISO lists that pycountry carries."""

from __future__ import annotations

import re
from functools import cache

import pycountry

from segsync.streams import fold
from segsync.warehouse.values import Unreadable, text

# Names and codes that platforms and people write and ISO 3166-1 does not list.
ALIASES = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
    "el": "GR", "xk": "XK", "kosovo": "XK", "russia": "RU", "turkey": "TR", "south korea": "KR", "korea": "KR",
    "czech republic": "CZ", "macedonia": "MK", "swaziland": "SZ", "burma": "MM", "ivory coast": "CI",
    "cape verde": "CV", "macau": "MO", "holland": "NL", "united states of america": "US", "u.s.a.": "US",
    "u.s.": "US", "laos": "LA", "brunei": "BN", "palestine": "PS", "vatican city": "VA", "syria": "SY",
}  # fmt: skip

_REGION = re.compile(r"([A-Z]{2})-([A-Z0-9]{1,3})")


@cache
def _countries() -> dict[str, str]:
    names = dict(ALIASES)
    for country in pycountry.countries:
        for field in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if name := getattr(country, field, None):
                names.setdefault(fold(name), country.alpha_2)
    return names


@cache
def _currencies() -> frozenset[str]:
    return frozenset(currency.alpha_3 for currency in pycountry.currencies)


def country(value: object) -> str | None:
    """ISO 3166-1 alpha-2, from either code or a name."""
    word = text(value)
    if word is None:
        return None
    found = _countries().get(fold(word))
    if found is None:
        raise Unreadable("not a country (write its ISO code, such as US)")
    return found


def region(value: object) -> str | None:
    """A region as `US-NY`: its form and its country are checked, the part after the dash is taken as it is."""
    word = text(value)
    if word is None:
        return None
    match = _REGION.fullmatch(word.upper())
    found = _countries().get(fold(match[1])) if match else None
    if match is None or found is None:
        raise Unreadable("not a region (write it with its country, such as US-NY)")
    return f"{found}-{match[2]}"


def currency(value: object) -> str | None:
    """ISO 4217, upper case."""
    word = text(value)
    if word is None:
        return None
    if word.upper() not in _currencies():
        raise Unreadable("not a currency (write its ISO 4217 code, such as USD)")
    return word.upper()
