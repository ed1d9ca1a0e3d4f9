"""The seeded shop as Shopify's API shows it: the same people and orders that its export files hold.

An order names its customer where its e-mail is theirs and is one that can be written to, so that who joins the export's
orders by e-mail and who follows the API's ids meet the same people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from segsync.sandbox.shop import Shop as SeededShop
from segsync.sandbox.shop_csv import FIRST_ID, FIRST_NUMBER
from segsync.sandbox.shop_orders import GOODS, Order
from segsync.sandbox.shop_people import Shopper, customer_id
from segsync_shopify.sandbox import records
from segsync_shopify.sandbox.shop import Shop
from segsync_shopify.sandbox.values import Doc, gid, instant

_USABLE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LANGUAGES = {"FR": "fr", "DE": "de"}
_VISITS = (("google", "SEO", None), ("Newsletter", "NEWSLETTER", "spring"), ("direct", None, None))


def fill(shop: Shop, seeded: SeededShop) -> None:
    """Hold this shop's records instead of those held so far."""
    shop.seeded = seeded
    shop.products = dict(records.products())
    shop.put_orders(_order(seeded, rank, order) for rank, order in seeded.orders())
    shop.customers = {one["id"]: one for one in _customers(shop, seeded)}
    shop.checkouts = {one["id"]: one for one in _checkouts(seeded)}


def move_on(shop: Shop, seeded: SeededShop) -> None:
    """Hold the shop as it is a day later: who is gone is gone, and what changed says that it changed on that day."""
    before = shop.snapshot()
    fill(shop, seeded)
    shop.put_orders(_kept(before.orders, shop.orders, seeded.day))
    orders_before, orders_after = before.ordered, shop.ordered
    renewed = {id: one for id, one in shop.customers.items() if orders_before.get(id) != orders_after.get(id)}
    shop.customers = {one["id"]: one for one in _kept(before.customers, shop.customers, seeded.day, set(renewed))}
    shop.checkouts = {one["id"]: one for one in _kept(before.checkouts, shop.checkouts, seeded.day)}


def _kept(old: Mapping[str, Doc], new: Mapping[str, Doc], day: date, renewed: Set[str] = frozenset()) -> Iterator[Doc]:
    """The old record where nothing of it changed; else the new one, changed within the day."""
    for id, one in new.items():
        known = old.get(id)
        if known is not None and id not in renewed and {**one, "updatedAt": known["updatedAt"]} == known:
            yield known
        else:
            yield {**one, "updatedAt": _within(day, one["updatedAt"], int(one["id"].rpartition("/")[2]))}


def _within(day: date, at: str, number: int) -> str:
    """The instant itself if it is of that day (UTC), else one in its middle."""
    start = datetime.combine(day, time(), UTC)
    if instant(start) <= at < instant(start + timedelta(days=1)):
        return at
    return instant(start + timedelta(hours=14, seconds=number % 14_400))


# --- orders --------------------------------------------------------------------------------------------------------


def _order(seeded: SeededShop, rank: int, order: Order) -> Doc:
    of, at = order.shopper, _utc(order.placed, order.offset)
    # A day's records are all of before its end, though a shop in the west has hours left of it then.
    end = datetime.combine(max(seeded.opened, order.placed.date()) + timedelta(days=1), time(), UTC) - timedelta(
        seconds=1
    )
    refunded = min(at + timedelta(hours=5 + rank % 67), end)
    whole = order.refunded == order.total
    back = {"amount": order.refunded, "at": instant(refunded), "lines": range(len(order.lines)) if whole else ()}
    cancelled = _utc(order.cancelled, order.offset) if order.cancelled else None
    latest = max(moment for moment in (at, cancelled, refunded if order.refunded else None) if moment)
    made = records.order(
        FIRST_ID + rank * 17,
        at=instant(at),
        customer=_customer_of(seeded, order),
        currency=of.home.currency,
        status=order.status.upper(),
        lines=[
            {"title": one.title, "sku": one.sku or None, "vendor": one.maker or None, "quantity": one.quantity}
            | {"price": one.price}
            for one in order.lines
        ],
        refunds=[back] if order.refunded else [],
        discount=order.discount,
        shipping=order.shipping,
        tax=order.tax,
        metafields=[{"key": "gift", "type": "boolean", "value": "true"}] if rank % 50 == 7 else [],
        updatedAt=instant(min(latest, end)),
        name=f"#{FIRST_NUMBER + rank}",
        number=FIRST_NUMBER + rank,
        email=order.email or None,
        phone=of.phone or None,
        note=order.note or None,
        test=order.test,
        tags=["test"] if order.test else [],
        cancelledAt=instant(cancelled) if cancelled else None,
        cancelReason="CUSTOMER" if cancelled else None,
        discountCodes=[order.code] if order.code else [],
        sourceName=order.source,
        app={"id": gid("App", order.source), "name": f"App {order.source}"} if order.source.isdigit() else None,
        customerAcceptsMarketing=of.subscribed,
        shippingAddress=_home(of, FIRST_ID + rank * 17, "Address"),
        billingAddress=_home(of, FIRST_ID + rank * 17 + 1, "Address"),
    )
    made["_visits"] = _visits(rank, at) if order.source == "web" and rank % 3 else None
    return made


def _customer_of(seeded: SeededShop, order: Order) -> str | None:
    first = order.shopper
    if not first.customer_id or first.number in seeded.vanished or not _USABLE.fullmatch(order.email):
        return None
    known = {seeded.shopper(first.number).email.lower()}
    if seeded.old_orders_keep_email:
        known.add(first.email.lower())  # they were theirs, and stay so
    return first.customer_id if order.email.lower() in known else None


def _visits(rank: int, placed: datetime) -> tuple[Doc, Doc]:
    source, tactic, campaign = _VISITS[rank % len(_VISITS)]
    utm = campaign and {
        "source": source.lower(),
        "medium": "email",
        "campaign": campaign,
        "term": None,
        "content": None,
    }
    told = {"__typename": "CustomerVisit", "source": source, "sourceType": tactic, "utmParameters": utm}
    number = FIRST_ID + rank * 17
    first = {
        **told,
        "id": gid("CustomerVisit", number),
        "occurredAt": instant(placed - timedelta(days=rank % 9, hours=1)),
    }
    last = {**told, "id": gid("CustomerVisit", number + 1), "occurredAt": instant(placed - timedelta(minutes=20))}
    return first, last


def _utc(local: datetime, offset: str) -> datetime:
    hours = int(offset[:3])
    return (local - timedelta(hours=hours)).replace(tzinfo=UTC)


def _home(of: Shopper, number: int, model: str) -> Doc:
    home = of.home
    told = {
        "firstName": of.first_name,
        "lastName": of.last_name,
        "address1": f"{of.number % 300 + 1} Example Street",
        "city": home.city,
        "province": home.province_name or None,
        "provinceCode": home.province or None,
        "countryCodeV2": home.country,
        "zip": home.postal_code,
        "phone": of.phone or None,
    }
    return records.address(number, told, model)


# --- customers and checkouts ---------------------------------------------------------------------------------------


def _customers(shop: Shop, seeded: SeededShop) -> Iterator[Doc]:
    withdrew = {id: told.day for told in seeded.changes for id in told.withdrew}
    return (_customer(shop, seeded, of, withdrew.get(of.customer_id)) for of in seeded.customers())


def _customer(shop: Shop, seeded: SeededShop, of: Shopper, withdrew: date | None) -> Doc:
    orders = shop.orders_of(gid("Customer", of.customer_id))
    joined = datetime.combine(seeded.opened - timedelta(days=30 + of.number * 13 % 700), time(15, of.number % 60), UTC)
    created = min([instant(joined), *(one["createdAt"] for one in orders[:1])])
    left = datetime.combine(withdrew, time(16, of.number % 60), UTC) if withdrew else None
    consent = "UNSUBSCRIBED" if left else "SUBSCRIBED" if of.subscribed else "NOT_SUBSCRIBED"
    points = {"key": "loyalty_points", "type": "number_integer", "value": str(of.number % 1_000)}
    made = records.customer(
        of.customer_id,
        at=created,
        email=of.email,
        phone=of.phone,
        consent=consent,
        consent_at=instant(left) if left else None,
        sms_consent="SUBSCRIBED" if of.texts else "NOT_SUBSCRIBED",
        sms_consent_at=created if of.texts else None,
        metafields=[points] if of.number % 10 == 4 else [],
        updatedAt=max([created, *(one["updatedAt"] for one in orders)]),
        firstName=of.first_name,
        lastName=of.last_name,
        locale=_LANGUAGES.get(of.home.country, "en"),
        state="ENABLED" if of.number % 5 == 0 else "DISABLED",
        tags=list(of.tags),
        note="Called twice,\nno answer" if of.number % 70 == 5 else None,
    )
    return {**made, "_addresses": [_home(of, int(of.customer_id), "CustomerAddress")]}


def _checkouts(seeded: SeededShop) -> Iterator[Doc]:
    """Every ninth customer left something in a basket within the last two months; some bought it after all."""
    for number in range(4, seeded.size, 9):
        if number in seeded.vanished:
            continue
        draw = Random(seeded.seed * 10_000_019 + number * 7 + 3)  # noqa: S311  # made-up baskets, not secrets
        began = datetime.combine(seeded.opened, time(), UTC) - timedelta(seconds=draw.randrange(3_600, 60 * 86_400))
        chosen: Any = draw.sample(GOODS, draw.randint(1, 2))
        yield records.checkout(
            35_000_000_000_000 + number,
            at=instant(began),
            customer=customer_id(number),
            completed=instant(began + timedelta(minutes=45)) if number % 4 == 1 else None,
            lines=[{"title": title, "sku": sku or None, "price": price} for title, sku, _, price in chosen],
        )
