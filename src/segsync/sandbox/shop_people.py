"""Who shops in the seeded shop: customers and guests, each made from the seed and a number alone, in no order.

So a shop of any size takes no memory, and the n-th customer of a seed is always the same. Addresses are at
example.com, .net and .org; phones are of ranges kept for fiction, as long as those last (then people have none).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from random import Random

import phonenumbers

# What the numbers stand for: every so-many-th customer has this flaw.
DUPLICATE, DUPLICATE_OF = 50, 7  # the 50th is the 43rd once more
HOUSEHOLD = 40  # two neighbours share a phone
BAD_EMAIL = 90
BAD_EMAILS = ("nobody@", "ann example.com", "ann@@example.com", "n/a", "first last@example.com", "@example.com")
DOMAINS = ("example.com", "example.com", "example.net", "example.org")

# Shown, and as an e-mail has it.
FIRST = (
    ("Ada", "ada"), ("Ben", "ben"), ("Chloé", "chloe"), ("Dmitri", "dmitri"), ("Eve", "eve"), ("Fatima", "fatima"),
    ("Grace", "grace"), ("Henrik", "henrik"), ("Inès", "ines"), ("Jürgen", "juergen"), ("Kemal", "kemal"),
    ("Łucja", "lucja"), ("María José", "mariajose"), ("Noor", "noor"), ("Øyvind", "oyvind"), ("Priya", "priya"),
    ("Наталья", "natalya"), ("美咲", "misaki"), ("سارة", "sara"), ("Zoë", "zoe"),
    ("O. J.", "oj"), ("Ming-Na", "mingna"),
)  # fmt: skip
LAST = (
    ("Abbott", "abbott"), ("Björk", "bjork"), ("Chen", "chen"), ("D’Angelo", "dangelo"), ("Evans, Jr.", "evans"),
    ("Fernández", "fernandez"), ("Großmann", "grossmann"), ("Haddad", "haddad"), ("Ivanova", "ivanova"),
    ("Jones", "jones"), ("Kowalczyk", "kowalczyk"), ("Lévy", "levy"), ("Müller", "mueller"), ("Nguyễn", "nguyen"),
    ("O'Brien", "obrien"), ("Patel", "patel"), ("山田", "yamada"), ("de la Cruz", "delacruz"), ("Smith", "smith"),
    ("Taylor-Reed", "taylorreed"), ('"Bud" Walker', "walker"), ("van den Berg", "vandenberg"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives: what an address and an order say of it."""

    country: str
    province: str
    province_name: str
    city: str
    postal_code: str
    currency: str
    winter: str  # the offset of local time, and in summer
    summer: str


HOMES = (
    Home("US", "NY", "New York", "New York", "10001", "USD", "-0500", "-0400"),
    Home("US", "CA", "California", "Los Angeles", "90012", "USD", "-0800", "-0700"),
    Home("US", "TX", "Texas", "Houston", "77002", "USD", "-0600", "-0500"),
    Home("US", "MA", "Massachusetts", "Boston", "02108", "USD", "-0500", "-0400"),
    Home("CA", "ON", "Ontario", "Toronto", "M5H 2N2", "CAD", "-0500", "-0400"),
    Home("CA", "QC", "Quebec", "Montréal", "H2Y 1C6", "CAD", "-0500", "-0400"),
    Home("GB", "ENG", "England", "London", "EC1A 1BB", "GBP", "+0000", "+0100"),
    Home("DE", "", "", "München", "80331", "EUR", "+0100", "+0200"),
    Home("FR", "", "", "Paris", "01000", "EUR", "+0100", "+0200"),
)
_HOMES = tuple(accumulate((26, 20, 16, 12, 6, 4, 7, 6, 3)))
_ORDERS = tuple(accumulate((28, 41, 16, 6, 4, 2, 1, 1, 1)))  # of customers, from none to eight
_GUEST_ORDERS = (0, 85, 100)
_TASTES, _TASTE = (0.6, 1.0, 3.2), (30, 80, 100)


@dataclass(frozen=True, slots=True)
class Shopper:
    """A customer, or a guest (`customer_id` empty). `orders` is how many they placed before the shop's first day."""

    number: int
    customer_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    home: Home
    subscribed: bool
    texts: bool
    tags: tuple[str, ...]
    orders: int
    taste: float  # what their baskets cost, against the usual


@lru_cache(maxsize=1 << 17)
def shopper(seed: int, number: int, size: int) -> Shopper:
    """The shopper of this number: a customer below `size`, a guest from there on."""
    if number < size and number % DUPLICATE == DUPLICATE - 1:
        return _duplicate(_made(seed, number - DUPLICATE_OF, size), number)
    made = _made(seed, number, size)
    if number < size and number % HOUSEHOLD == 13:
        neighbour = _made(seed, number - 1, size)
        return replace(made, phone=neighbour.phone, home=neighbour.home)
    return made


def weighted(draw: Random, cumulative: Sequence[int]) -> int:
    """One of the places 0, 1, 2 …, as likely as the sums of the weights up to each say."""
    return bisect_right(cumulative, draw.random() * cumulative[-1])


def customer_id(number: int) -> str:
    """The shop's id of a customer."""
    return str(7_200_000_000_000 + number * 37)


def _made(seed: int, number: int, size: int) -> Shopper:
    draw = Random(seed * 10_000_019 + number)  # noqa: S311  # made-up shoppers, not secrets
    guest = number >= size
    (first, first_ascii), (last, last_ascii) = draw.choice(FIRST), draw.choice(LAST)
    home = HOMES[weighted(draw, _HOMES)]
    email = f"{first_ascii}.{last_ascii}{number}@{draw.choice(DOMAINS)}"
    phone = _phone(home.country, number) if draw.random() < 0.55 or number % HOUSEHOLD == 12 else ""
    if phone and draw.random() < 0.06 and number % HOUSEHOLD != 12:
        email = ""
    if number % BAD_EMAIL == 33:
        email = draw.choice(BAD_EMAILS)
    return Shopper(
        number=number,
        customer_id="" if guest else customer_id(number),
        first_name=first,
        last_name=last,
        email=email,
        phone=phone,
        home=home,
        subscribed=not guest and draw.random() < 0.62,
        texts=not guest and draw.random() < 0.2,
        tags=tuple(tag for tag in ("wholesale", "Newsletter", "VIP-2025", "été") if draw.random() < 0.08),
        orders=weighted(draw, _GUEST_ORDERS if guest else _ORDERS),
        taste=_TASTES[weighted(draw, _TASTE)],
    )


def _duplicate(original: Shopper, number: int) -> Shopper:
    """The same person's second account: the same e-mail in another case, or only the same phone and last name."""
    again = replace(original, number=number, customer_id=customer_id(number), orders=min(original.orders, 1), tags=())
    if original.phone and number // DUPLICATE % 2:
        return replace(again, email="", subscribed=False)
    return replace(again, email=original.email.title(), phone="")


def _phone(country: str, number: int) -> str:
    """A number that nobody else has, of a range kept for fiction; empty once those are used up."""
    prefixes = fiction(country)
    digits = 2 if country in ("US", "CA") else 3
    block, last = divmod(number, 10**digits)
    return f"{prefixes[block]}{last:0{digits}}" if block < len(prefixes) else ""


@lru_cache
def fiction(country: str) -> tuple[str, ...]:
    """Beginnings of numbers kept for fiction: 555-01xx in each North American area, and what Ofcom, ARCEP and the
    Bundesnetzagentur name."""
    if country == "GB":
        areas = ("113", "114", "116", "117", "118", "121", "131", "141", "151", "161")
        return ("+442079460", *(f"+44{area}4960" for area in areas))
    if country == "DE":
        return ("+493023125", "+496990009", "+494066969", "+492214710", "+498999998")
    if country == "FR":
        return tuple(f"+3319900{block}" for block in range(10))
    return tuple(f"+1{area}55501" for area in range(201, 990) if _region(f"+1{area}5550100") == country)


def _region(phone: str) -> str | None:
    number = phonenumbers.parse(phone)
    return phonenumbers.region_code_for_number(number) if phonenumbers.is_valid_number(number) else None
