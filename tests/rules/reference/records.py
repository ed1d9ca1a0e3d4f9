"""Functions over things that happened: which records of a person there are, and the parameters of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reference.shop import Checkout, Event, Order, Person, Shop
from reference.values import Id, folded, loose, when

TOTALS = {"count": None, "sum_amount": "amount", "sum_quantity": "quantity"}
EMAIL = ("opened", "clicked", "delivered", "bounced", "marked_as_spam", "unsubscribed")
STOREFRONT = ("product_viewed", "collection_viewed")


@dataclass(frozen=True)
class Record:
    """One thing that happened: when, and its parameters by name."""

    at: datetime
    params: Callable[[str], Any]


def canonical(function: str) -> str:
    """A function under its own name: `shopify_email.opened` is a spelling of `email.opened`."""
    return function.replace("shopify_email.", "email.")


def split(field: str) -> tuple[str, str]:
    """`orders_placed.amount` as function and parameter."""
    for name in FUNCTIONS:
        if canonical(field).startswith(f"{name}."):
            return name, canonical(field)[len(name) + 1 :]
    raise KeyError(field)


def records(shop: Shop, person: Person, function: str) -> list[Record]:
    """Oldest first."""
    return sorted(FUNCTIONS[canonical(function)](shop, person), key=lambda record: record.at)


def _orders(shop: Shop, person: Person) -> list[Record]:
    return [Record(order.at, _order(shop, order).__getitem__) for order in shop.orders(person)]


def _order(shop: Shop, order: Order) -> dict[str, Any]:
    return {
        "date": when(shop, order.at),
        "amount": shop.money(order.net, order.currency),
        "currency": order.currency,
        "source": order.source,
        "channel": order.channel,
        "app_id": None if order.app_id is None else Id(order.app_id),
        "discount_code": folded(order.codes),
        "discounted": bool(order.codes) or (order.discount or 0) > 0,
        "country": order.country,
        "hour": order.at.astimezone(shop.zone).hour,
        "device": order.device,
    }


def _lines(shop: Shop, person: Person) -> list[Record]:
    found = []
    for order in shop.orders(person):
        for line in order.lines:
            params = {
                "id": None if line.product_id is None else Id(line.product_id),
                "sku": line.sku,
                "tag": folded(line.tags),
                "product_type": line.product_type,
                "vendor": line.vendor,
                "date": when(shop, order.at),
                "quantity": line.quantity,
                "amount": shop.money(line.net, order.currency),
                "source": order.source,
            }
            found.append(Record(order.at, params.__getitem__))
    return found


def _checkouts(shop: Shop, person: Person) -> list[Record]:
    def params(checkout: Checkout) -> dict[str, Any]:
        return {
            "date": when(shop, checkout.at),
            "amount": shop.money(checkout.amount, checkout.currency),
            "recovered": shop.recovered(checkout),
            "source": checkout.source,
        }

    return [Record(c.at, params(c).__getitem__) for c in person.checkouts if shop.known(c.at)]


def _refunds(shop: Shop, person: Person) -> list[Record]:
    found = []
    for order in shop.orders(person):
        for refund in order.refunds:
            if shop.known(refund.at):
                amount = shop.money(refund.amount, refund.currency)
                params = {"date": when(shop, refund.at), "amount": amount, "source": order.source}
                found.append(Record(refund.at, params.__getitem__))
    return found


def _events(*names: str) -> Callable[[Shop, Person], list[Record]]:
    """Events of these names, of any name where none is given."""

    def found(shop: Shop, person: Person) -> list[Record]:
        mine = [event for event in person.events if shop.known(event.at) and (not names or event.name in names)]
        return [Record(event.at, lambda name, event=event: _of_event(shop, event, name)) for event in mine]

    return found


def _of_event(shop: Shop, event: Event, name: str) -> Any:
    if name in ("date", "source", "name"):
        return {"date": when(shop, event.at), "source": event.source, "name": event.name}[name]
    key = "campaign" if name == "activity_id" else name.removeprefix("properties.").strip("'")
    value = loose(event.properties.get(key))
    if name == "tag":
        return folded([value])
    return value if value is None or name.startswith("properties.") else Id(value)


FUNCTIONS: dict[str, Callable[[Shop, Person], list[Record]]] = {
    "orders_placed": _orders,
    "products_purchased": _lines,
    "checkouts_abandoned": _checkouts,
    "refunds_received": _refunds,
    **{f"email.{what}": _events(f"email.{what}") for what in EMAIL},
    **{f"storefront.{what}": _events(f"storefront.{what}") for what in STOREFRONT},
    "event": _events(),
}
