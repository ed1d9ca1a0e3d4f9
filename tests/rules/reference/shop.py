"""A shop as plain values: who there is, and what each of them did. Instants are UTC and say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

DEAD = ("VOIDED", "EXPIRED")


@dataclass
class Address:
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    is_default: bool = False


@dataclass
class Customer:
    """One source's record of somebody; a deleted one is known to nobody any more."""

    source: str
    id: str
    created_at: datetime | None = None
    updated_at: datetime | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    account_status: str | None = None
    email_subscription_status: str | None = None
    sms_subscription_status: str | None = None
    ads_consent: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False
    addresses: list[Address] = field(default_factory=list)


@dataclass
class Line:
    product_id: str | None = None
    sku: str | None = None
    product_type: str | None = None
    vendor: str | None = None
    tags: list[str] = field(default_factory=list)
    quantity: int | None = None
    net: Fraction | None = None


@dataclass
class Refund:
    at: datetime
    amount: Fraction | None = None
    currency: str | None = None


@dataclass
class Order:
    """`customer` is the id of the source's customer; an order without one hangs on its e-mail."""

    source: str
    id: str
    at: datetime
    customer: str | None = None
    email: str | None = None
    status: str = "PAID"
    cancelled_at: datetime | None = None
    test: bool = False
    currency: str | None = None
    gross: Fraction | None = None
    discount: Fraction | None = None
    refunded: Fraction | None = None
    net: Fraction | None = None
    codes: list[str] = field(default_factory=list)
    channel: str | None = None
    app_id: str | None = None
    device: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    items: int | None = None
    lines: list[Line] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)


@dataclass
class Checkout:
    source: str
    id: str
    at: datetime
    customer: str | None = None
    email: str | None = None
    completed_at: datetime | None = None
    currency: str | None = None
    amount: Fraction | None = None


@dataclass
class Event:
    source: str
    id: str
    name: str
    at: datetime
    customer: str | None = None
    email: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Person:
    """Everything that belongs to one person. Without customers it is a guest, who has an e-mail from orders alone."""

    customers: list[Customer] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    checkouts: list[Checkout] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


@dataclass
class Shop:
    people: Mapping[str, Person]
    as_of: datetime
    zone: ZoneInfo
    currency: str
    rates: Mapping[str, Fraction]

    @property
    def today(self) -> date:
        return self.day(self.as_of)

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def known(self, at: datetime | None) -> bool:
        """Records dated after `as_of` do not exist for the run (Meaning 7)."""
        return at is None or at <= self.as_of

    def money(self, amount: Fraction | None, currency: str | None) -> Fraction | None:
        """In the shop's currency; missing where the currency has no rate (Meaning 8)."""
        if amount is None or currency is None:
            return None
        if currency == self.currency:
            return amount
        return amount * self.rates[currency] if currency in self.rates else None

    def exists(self, person: Person) -> bool:
        return bool(self.records(person) or [o for o in person.orders if self.known(o.at) and o.customer is None])

    def records(self, person: Person) -> list[Customer]:
        """The person's customers, the one updated last first."""
        found = [customer for customer in person.customers if self.known(customer.created_at) and not customer.deleted]
        return sorted(found, key=lambda customer: customer.updated_at or self.as_of, reverse=True)

    def orders(self, person: Person) -> list[Order]:
        """The orders that exist, oldest first (Meaning 7)."""
        found = [o for o in person.orders if self.known(o.at) and not self.dead(o)]
        return sorted(found, key=lambda order: order.at)

    def recovered(self, checkout: Checkout) -> bool:
        """A completion after `as_of` has not happened yet."""
        return checkout.completed_at is not None and self.known(checkout.completed_at)

    def dead(self, order: Order) -> bool:
        return order.test or order.cancelled_at is not None or order.status in DEAD
