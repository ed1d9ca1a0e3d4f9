"""Making single records: whole ones from the little that is said of them, so that tests build tiny shops.

Beside what each function names, any field of the type may be given by its GraphQL name; it is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema

from segsync.sandbox.shop_orders import GOODS
from segsync_shopify.sandbox.fields import Sums
from segsync_shopify.sandbox.values import Doc, gid, instant_of, number_of

ZERO = Decimal(0)
FIRST_PRODUCT, FIRST_VARIANT = 7_700_000_000_000, 41_000_000_000_000
DELETED_PRODUCT = "Gift wrap"  # it was sold, and is not in the shop any more
UNPAID = frozenset({"PENDING", "VOIDED", "AUTHORIZED", "EXPIRED"})
_KINDS = ("Home", "Stationery", "Clothing", "Food", "Wellness", "Clothing", "Kitchen", "", "Wellness", "Home")


def product_id(title: str) -> str | None:
    """The id of the product of this title; None for what is no product."""
    place = next((place for place, good in enumerate(GOODS) if good[0] == title), None)
    return None if place is None or title == DELETED_PRODUCT else gid("Product", FIRST_PRODUCT + place)


_OPENED = "2023-01-10T09:00:00Z"


def _variant(place: int, product: str, sku: str, price: Decimal) -> Doc:
    id = gid("ProductVariant", FIRST_VARIANT + place)
    told = {"sku": sku or None, "position": 1, "createdAt": _OPENED, "updatedAt": _OPENED}
    return {"__typename": "ProductVariant", "id": id, "_price": price, "_product": product, **told}


@cache
def products() -> Mapping[str, Doc]:
    """One product for each of the goods but the deleted one, by id."""
    made = {}
    for place, ((title, sku, maker, price), kind) in enumerate(zip(GOODS, _KINDS, strict=True)):
        id = product_id(title)
        if id is None:
            continue
        told: Doc = {"title": title, "vendor": maker, "productType": kind, "createdAt": _OPENED, "updatedAt": _OPENED}
        told["tags"] = [tag for tag, on in (("textile", kind == "Clothing"), ("gift", place % 3 == 0)) if on]
        made[id] = {"__typename": "Product", "id": id, "_variant": _variant(place, id, sku, price), **told}
    return made


def check_fields(schema: GraphQLSchema, type_: str, given: Iterable[str]) -> None:
    """Raises ValueError for a field that the type does not have."""
    known = schema.get_type(type_)
    assert isinstance(known, GraphQLObjectType)
    wrong = sorted(name for name in given if name not in known.fields)
    if wrong:
        raise ValueError(f"{type_} has no field {', '.join(wrong)}")


def customer(
    number: int | str,
    /,
    *,
    at: str,
    email: str | None = None,
    phone: str | None = None,
    consent: str = "NOT_SUBSCRIBED",
    consent_at: str | None = None,
    sms_consent: str = "NOT_SUBSCRIBED",
    sms_consent_at: str | None = None,
    addresses: Sequence[Mapping[str, Any]] | None = None,
    metafields: Sequence[Mapping[str, Any]] = (),
    **fields: Any,
) -> Doc:
    """A customer of this number, changed last `at` an ISO instant. `addresses` hold fields of MailingAddress (a
    `country` code is enough), the first is the default one; `metafields` hold namespace, key, type and value."""
    id = gid("Customer", number)
    when = instant_of(at)
    given = consent in ("SUBSCRIBED", "UNSUBSCRIBED")
    return {
        "__typename": "Customer",
        "id": id,
        "legacyResourceId": number_of(id),
        "createdAt": when,
        "updatedAt": when,
        "firstName": None,
        "lastName": None,
        "note": None,
        "tags": [],
        "verifiedEmail": bool(email),
        "_email": email or "",
        "_phone": phone or "",
        "_consent": consent,
        "_consent_at": instant_of(consent_at) if consent_at else when if given else None,
        "_sms_consent": sms_consent,
        "_sms_consent_at": instant_of(sms_consent_at) if sms_consent_at else None,
        "_addresses": [
            address(int(number_of(id)) * 10 + place, one, "CustomerAddress")
            for place, one in enumerate(addresses or ())
        ],
        "_metafields": [metafield(id, place, when, **one) for place, one in enumerate(metafields)],
        **_with_times(fields),
    }


COUNTRIES = {"US": "United States", "CA": "Canada", "GB": "United Kingdom", "DE": "Germany", "FR": "France"}


def address(number: int, given: Mapping[str, Any], model: str) -> Doc:
    """A mailing address. Ids of a customer's addresses and of an order's differ in their `model_name`."""
    code = given.get("countryCodeV2") or given.get("country")
    known = {**given, "countryCodeV2": code, "country": COUNTRIES.get(str(code), code)}
    return {"__typename": "MailingAddress", "id": f"gid://shopify/MailingAddress/{number}?model_name={model}", **known}


def metafield(owner: str, place: int, at: str, *, namespace: str = "custom", key: str, type: str, value: str) -> Doc:
    number = int(number_of(owner)) * 10 + place
    id = gid("Metafield", number)
    told = {"namespace": namespace, "key": key, "type": type, "value": value, "createdAt": at, "updatedAt": at}
    owner_type = owner.split("/")[3].upper()
    return {"__typename": "Metafield", "id": id, "_owner": owner, "ownerType": owner_type, **told}


def order(
    number: int | str,
    /,
    *,
    at: str,
    customer: int | str | None = None,
    currency: str = "USD",
    status: str | None = "PAID",
    lines: Sequence[Mapping[str, Any]] = ({"title": "Wool Blanket", "price": "129.00"},),
    refunds: Sequence[Mapping[str, Any]] = (),
    discount: Decimal | str = ZERO,
    shipping: Decimal | str = ZERO,
    tax: Decimal | str = ZERO,
    metafields: Sequence[Mapping[str, Any]] = (),
    **fields: Any,
) -> Doc:
    """An order of this number, placed and changed last `at` an ISO instant.

    `lines` hold title, price (of one), quantity, sku, vendor; `product` is an id or None, by default that of the title.
    `refunds` hold `amount`, `at`, and `lines` as places of lines, all of whose quantity came back.
    """
    id = gid("Order", number)
    when = instant_of(at)
    bare = int(number_of(id))
    made = [_order_line(bare * 10 + place, currency, one) for place, one in enumerate(lines)]
    _share(made, Decimal(discount))
    gross = sum((one["_price"] * one["quantity"] for one in made), ZERO)
    total = gross - Decimal(discount) + Decimal(shipping) + Decimal(tax)
    back = [_refund(bare * 10 + place, id, currency, made, {"at": at, **one}) for place, one in enumerate(refunds)]
    refunded = sum((one["_amount"] for one in back), ZERO)
    paid = ZERO if status in UNPAID else total
    return {
        "__typename": "Order",
        "id": id,
        "legacyResourceId": str(bare),
        "name": f"#{bare % 1_000_000}",
        "number": bare % 1_000_000,
        "createdAt": when,
        "processedAt": when,
        "updatedAt": when,
        "cancelledAt": None,
        "closedAt": None,
        "test": False,
        "tags": [],
        "discountCodes": [],
        "displayFinancialStatus": status,
        "_customer": None if customer is None else gid("Customer", customer),
        "_currency": currency,
        "_sums": Sums(gross, Decimal(discount), Decimal(shipping), Decimal(tax), total, refunded, paid),
        "_lines": made,
        "_refunds": back,
        "_metafields": [metafield(id, place, when, **one) for place, one in enumerate(metafields)],
        **_with_times(fields),
    }


def _order_line(number: int, currency: str, given: Mapping[str, Any]) -> Doc:
    line = _line("LineItem", number, currency, {"vendor": None, **given})
    return {"currentQuantity": line["quantity"], "isGiftCard": False, **line}


def _line(kind: str, number: int, currency: str, given: Mapping[str, Any]) -> Doc:
    told = {"title": "Wool Blanket", "price": "0.00", "quantity": 1, "sku": None, "variantTitle": None, **given}
    price, product = Decimal(told.pop("price")), told.pop("product", product_id(told["title"]))
    return {
        "__typename": kind,
        "id": gid(kind, number),
        "_price": price,
        "_currency": currency,
        "_discount": ZERO,
        "_product": product and gid("Product", product),
        **told,
    }


def _share(lines: Sequence[Doc], discount: Decimal) -> None:
    """Spread an order's discount over its lines by what they cost; the last takes what rounding leaves."""
    gross = sum((one["_price"] * one["quantity"] for one in lines), ZERO)
    left = discount
    for one in lines if discount and gross else ():
        part = (discount * one["_price"] * one["quantity"] / gross).quantize(Decimal("0.01"))
        one["_discount"] = left if one is lines[-1] else part
        left -= part


def _refund(number: int, order_id: str, currency: str, lines: Sequence[Doc], given: Mapping[str, Any]) -> Doc:
    id, when = gid("Refund", number), instant_of(given["at"])
    returned = [lines[place] for place in given.get("lines", ())]
    for one in returned:
        one["currentQuantity"] = 0
    return {
        "__typename": "Refund",
        "id": id,
        "legacyResourceId": number_of(id),
        "createdAt": when,
        "updatedAt": when,
        "note": given.get("note"),
        "_order": order_id,
        "_amount": Decimal(given["amount"]),
        "_currency": currency,
        "_lines": [
            {"id": gid("RefundLineItem", f"{number}{place}"), "quantity": one["quantity"], "_line": one}
            for place, one in enumerate(returned)
        ],
    }


def checkout(
    number: int | str,
    /,
    *,
    at: str,
    customer: int | str | None = None,
    currency: str = "USD",
    lines: Sequence[Mapping[str, Any]] = ({"title": "Wool Blanket", "price": "129.00"},),
    completed: str | None = None,
    **fields: Any,
) -> Doc:
    """An abandoned checkout of this number, begun and changed last `at`; `completed` where it was bought in the end."""
    id = gid("AbandonedCheckout", number)
    bare, when = int(number_of(id)), instant_of(at)
    made = [_line("AbandonedCheckoutLineItem", bare * 10 + place, currency, one) for place, one in enumerate(lines)]
    gross = sum((one["_price"] * one["quantity"] for one in made), ZERO)
    return {
        "__typename": "AbandonedCheckout",
        "id": id,
        "name": f"#{bare}",
        "createdAt": when,
        "updatedAt": instant_of(completed) if completed else when,
        "completedAt": instant_of(completed) if completed else None,
        "discountCodes": [],
        "_customer": None if customer is None else gid("Customer", customer),
        "_currency": currency,
        "_sums": Sums(gross, ZERO, ZERO, ZERO, gross, ZERO, ZERO),
        "_lines": made,
        **_with_times(fields),
    }


_TIMES = ("createdAt", "updatedAt", "processedAt", "cancelledAt", "closedAt", "completedAt")


def _with_times(fields: Mapping[str, Any]) -> Doc:
    return {name: instant_of(value) if name in _TIMES and value else value for name, value in fields.items()}
