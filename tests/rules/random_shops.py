"""Small random shops, as the reference keeps them: a few people, and days on which comparisons turn.

Amounts are multiples of eight cents in the shop's currency, so that no average of up to eight of them ends on half a
cent: which way that is rounded is nobody's promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reference import Address, Checkout, Customer, Event, Line, Order, Person, Refund, Shop

CENTS = Fraction(1, 100)
RATES = {"EUR": Fraction(11, 10)}
SOURCES = ("web", "pos")
# The shop's zone with an instant at which something about days is odd.
MOMENTS = (
    ("America/New_York", "2026-06-01T12:00:00"),
    ("America/New_York", "2026-06-01T03:00:00"),  # still 31 May there
    ("America/New_York", "2026-03-08T16:00:00"),  # the day of which 02:30 is skipped
    ("America/New_York", "2026-11-01T17:00:00"),  # the day that has 01:30 twice
    ("Pacific/Auckland", "2026-03-31T12:30:00"),  # already 1 April there
    ("UTC", "2024-02-29T23:30:00"),
    ("Europe/Berlin", "2026-03-31T10:00:00"),
)
DAYS_AGO = (0, 0, 1, 1, 2, 6, 7, 8, 29, 30, 31, 59, 60, 61, 90, 91, 120, 365, 366, 400)
CLOCKS = ((0, 0, 0, 0), (1, 30, 0, 0), (2, 30, 0, 0), (7, 0, 0, 400_000), (12, 0, 0, 0), (23, 59, 59, 999_999))
WORDS = {
    "first_name": ("Ann", "Bob", "Zoë", "O'Neil", "50%_\\x"),
    "language": ("en", "fr-CA"),
    "gender": ("female", "x"),
    "account_status": ("ENABLED", "DISABLED"),
    "email_subscription_status": ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SUBSCRIBED"),
    "sms_subscription_status": ("SUBSCRIBED", "PENDING"),
}
TAGS = ("VIP", "Eco friendly", "straße")
CHANNELS = ("web", "amazon", "Web")
CODES = ("SUMMER", "vip10")
TYPES = ("Skincare", "Tea")
PLACES = (
    ("US", "US-NY", "New York City", "10001"),
    ("US", "US-CA", "Los Angeles", "90001"),
    ("CA", "CA-ON", "Toronto", None),
    ("FR", None, None, None),
)
BIRTHS = (date(1990, 6, 1), date(2000, 2, 29), date(1985, 3, 31), date(1970, 11, 1), date(2001, 12, 31))
ATTRIBUTES: dict[str, tuple[Any, ...]] = {
    "colour": ("red", "Red", "dark red", "7"),
    "Favourite tea": ("green", "a 'b' \\c"),
    "points": ("5", "-3.5", "12", "five", 12, "", True),
    "club": ("vip", "Eco Friendly ", "STRASSE", "organic", "SUMMER"),
    "facts.birth_date": ("1990-06-01", "2000-02-29", "1988-13-01", "soon"),
}
EVENTS = ("email.opened", "email.opened", "email.clicked", "storefront.product_viewed", "quiz_done", "email.bounced")
PROPERTIES: dict[str, tuple[Any, ...]] = {
    "campaign": ("spring", "Spring", "77"),
    "id": ("1", "2", 2),
    "tag": ("Organic", "sale"),
    "score": ("3", "10", "high", 4, 2.5, "", None),
}


@st.composite
def shops(draw: st.DrawFn, *, moments: Sequence[tuple[str, str]] = MOMENTS, least: int = 3, most: int = 8) -> Shop:
    """A shop of `least` to `most` people (ten at most: their phones are numbered)."""
    zone, at = draw(st.sampled_from(moments))
    making = _Making(draw, ZoneInfo(zone), datetime.fromisoformat(at).replace(tzinfo=UTC))
    people = {f"p{number}": making.person(number) for number in range(draw(st.integers(least, most)))}
    return Shop(people, making.as_of, making.zone, "USD", RATES)


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """So many values of a strategy, the same ones each time."""
    found: list[Any] = []

    @given(strategy)
    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def busy_shop(*, people: int) -> Shop:
    """A shop in New York on 1 June 2026 with much in it, the same each time."""
    found = drawn(shops(moments=MOMENTS[:1], least=people, most=people), 12)
    return max(found, key=lambda shop: sum(len(p.orders) + len(p.events) for p in shop.people.values()))


class _Making:
    """One shop while it is made; every record has a number of its own, and orders an instant of their own."""

    def __init__(self, draw: st.DrawFn, zone: ZoneInfo, as_of: datetime) -> None:
        self.draw = draw
        self.zone = zone
        self.as_of = as_of
        self.count = 0

    # --- drawing -------------------------------------------------------------------------------------------

    def id(self) -> str:
        self.count += 1
        return str(self.count)

    def chance(self, of: int) -> bool:
        """Once in so many."""
        return self.draw(st.integers(1, of)) == of

    def one(self, values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def maybe(self, values: Any) -> Any:
        return None if self.chance(3) else self.one(values)

    def some(self, values: Any) -> list[Any]:
        return [value for value in values if self.chance(3)]

    def many(self, most: int) -> range:
        return range(self.draw(st.integers(0, most)))

    def instant(self, *, future: bool = True) -> datetime:
        """A clock's time some days ago in the shop's zone, now and then after the run's instant; no two are equal."""
        day = self.as_of.astimezone(self.zone).date() - timedelta(days=self.one(DAYS_AGO))
        hour, minute, second, micro = self.one(CLOCKS)
        self.count += 1
        local = datetime(day.year, day.month, day.day, hour, minute, second, micro, tzinfo=self.zone)
        at = local.astimezone(UTC) - timedelta(microseconds=self.count if micro else 0)
        at += timedelta(microseconds=0 if micro else self.count)
        if not future or not self.chance(8):
            return min(at, self.as_of - timedelta(microseconds=self.count))
        return self.as_of + timedelta(seconds=self.one((1, 86_400)), microseconds=self.count)

    def money(self, currency: str | None) -> Fraction | None:
        """Missing now and then."""
        if self.chance(10):
            return None
        step = 80 if currency == "EUR" else 8
        return CENTS * step * self.one((0, 1, 25, 249, 625, 1250))

    # --- people --------------------------------------------------------------------------------------------

    def person(self, number: int) -> Person:
        email = f"p{number}@example.{'org' if number % 2 else 'com'}"
        if number and self.chance(6):
            return self.guest(email)
        wanted = self.draw(st.sampled_from((1, 1, 2, 3)))
        phone = None if self.chance(2) else f"+1212736500{number}"
        alone = wanted == 1 and self.chance(4)
        customers = [
            self.customer(None if alone else email, phone, first=index == 0, alone=wanted == 1)
            for index in range(wanted)
        ]
        person = Person(customers)
        living = [c for c in customers if not c.deleted and (c.created_at is None or c.created_at <= self.as_of)]
        if living:
            self.history(person, living, None if alone else email)
        return person

    def guest(self, email: str) -> Person:
        """Somebody with orders alone; the first of them counts, or all are still to come."""
        later = self.chance(4)
        at = self.as_of + timedelta(days=1) if later else None
        orders = [self.order("web", None, email, at=at)]
        orders[0].status, orders[0].test, orders[0].cancelled_at = "PAID", False, None
        if not later:
            orders[0].at = min(orders[0].at, self.as_of)
            orders += [self.order("web", None, email) for _ in self.many(2)]
        return Person([], orders)

    def customer(self, email: str | None, phone: str | None, *, first: bool, alone: bool) -> Customer:
        future = self.chance(8) and not alone and not first
        created = self.as_of + timedelta(hours=1) if future else self.instant(future=False)
        created = None if alone and self.chance(6) else created
        facts = {name: self.maybe(words) for name, words in WORDS.items()}
        return Customer(
            source=self.one(SOURCES),
            id=f"c{self.id()}",
            created_at=created,
            updated_at=self.instant(future=False),
            email=email,
            phone=phone if first or self.chance(2) else None,
            last_name="Same",
            ads_consent=self.one(("GRANTED", "DENIED", "UNKNOWN")) if not alone else self.maybe(("GRANTED", "DENIED")),
            birth_date=self.maybe(BIRTHS),
            tags=self.some(TAGS),
            attributes={key: self.one(values) for key, values in ATTRIBUTES.items() if self.chance(2)},
            deleted=self.chance(4) and not first,
            addresses=self.addresses(),
            **facts,
        )

    def addresses(self) -> list[Address]:
        found = [Address(*self.one(PLACES)) for _ in self.many(2)]
        if found and self.chance(2):
            self.one(found).is_default = True
        return found

    # --- what they did -------------------------------------------------------------------------------------

    def history(self, person: Person, customers: list[Customer], email: str | None) -> None:
        for _ in self.many(4):
            customer = self.one(customers)
            known = email is None or not self.chance(4)
            person.orders.append(self.order(customer.source, customer.id if known else None, email))
        for kind, make in ((person.checkouts, self.checkout), (person.events, self.event)):
            for _ in self.many(3):
                customer = self.one(customers)
                known = email is None or not self.chance(4)
                kind.append(make(customer.source, customer.id if known else None, email))

    def order(self, source: str, customer: str | None, email: str | None, at: datetime | None = None) -> Order:
        at = at or self.instant()
        currency = self.one(("USD", "USD", "USD", "EUR", "XAF"))
        net = self.money(currency)
        order = Order(source, f"o{self.id()}", at, customer, email, currency=currency, net=net, gross=net)
        order.codes = self.some(CODES) if self.chance(2) else []
        order.discount = self.one((None, Fraction(0), Fraction(8)))
        order.channel, order.app_id = self.maybe(CHANNELS), self.maybe(("580111", "amazon-us"))
        order.device, order.items = self.maybe(("mobile", "desktop")), self.one((None, 1, 4))
        if self.chance(2):
            order.country, order.region, order.city, order.postal_code = self.one(PLACES)
        order.lines = [self.line(currency) for _ in self.many(3)]
        self.ends(order)
        return order

    def ends(self, order: Order) -> None:
        """What became of an order: it may be dead, pending, or refunded in part."""
        match self.draw(st.integers(0, 15)):
            case 0:
                order.cancelled_at = order.at
            case 1:
                order.status = self.one(("VOIDED", "EXPIRED"))
            case 2:
                order.test = True
            case 3:
                order.status = "PENDING"
        if self.chance(4):
            order.refunds = [self.refund(order) for _ in range(self.one((1, 1, 2)))]
            paid = [r.amount for r in order.refunds if r.at <= self.as_of and r.amount and r.currency == order.currency]
            order.refunded = sum(paid, Fraction(0))
            order.gross = order.net and order.net + order.refunded

    def refund(self, order: Order) -> Refund:
        later = self.as_of + timedelta(days=1) if self.chance(5) else order.at
        return Refund(later, self.money(order.currency), order.currency)

    def line(self, currency: str) -> Line:
        return Line(
            product_id=self.maybe(("1", "2", "abc")),
            sku=self.maybe(("A-1", "a-1")),
            product_type=self.maybe(TYPES),
            vendor=self.maybe(("Acme",)),
            tags=self.some(("Organic", "sale")),
            quantity=self.one((None, 1, 2, 3)),
            net=self.money(currency),
        )

    def checkout(self, source: str, customer: str | None, email: str | None) -> Checkout:
        at = self.instant()
        currency = self.one(("USD", "EUR", "XAF"))
        done = self.one((None, None, at, self.as_of, self.as_of + timedelta(seconds=1)))
        return Checkout(source, f"k{self.id()}", at, customer, email, done, currency, self.money(currency))

    def event(self, source: str, customer: str | None, email: str | None) -> Event:
        properties = {key: self.one(values) for key, values in PROPERTIES.items() if self.chance(2)}
        return Event(source, f"e{self.id()}", self.one(EVENTS), self.instant(), customer, email, properties)
