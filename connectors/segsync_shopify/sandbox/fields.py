"""Fields that a record does not keep as they are but that follow from it. A key that it has itself goes first.

`DERIVED[type][field]` takes the record with its view (whose shop is looked at) and the field's arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from segsync_shopify.sandbox.complaints import Complaint
from segsync_shopify.sandbox.values import CURRENCY, Doc, amount, bag, in_shop_currency, money, number_of
from segsync_shopify.sandbox.view import View


class At(NamedTuple):
    """Where a field is read: of which record, in whose view, with which arguments."""

    view: View
    doc: Doc
    args: Mapping[str, Any]


Field = Callable[[At], Any]
ZERO = Decimal(0)


class Sums(NamedTuple):
    """What an order or checkout comes to, in the currency in which it was placed; `gross` is that of its lines."""

    gross: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    refunded: Decimal
    received: Decimal

    @property
    def subtotal(self) -> Decimal:
        return self.gross - self.discount

    @property
    def net(self) -> Decimal:
        return self.total - self.refunded


# --- customers -----------------------------------------------------------------------------------------------------


def _email_address(at: At) -> Doc | None:
    if not at.doc["_email"]:
        return None
    return {
        "emailAddress": at.doc["_email"],
        "marketingState": at.doc["_consent"],
        "marketingOptInLevel": "SINGLE_OPT_IN" if at.doc["_consent"] in ("SUBSCRIBED", "UNSUBSCRIBED") else None,
        "marketingUpdatedAt": at.doc["_consent_at"],
        "openTrackingLevel": "UNKNOWN",
        "validFormat": "@" in at.doc["_email"].strip("@") and " " not in at.doc["_email"],
    }


def _phone_number(at: At) -> Doc | None:
    if not at.doc["_phone"]:
        return None
    given = at.doc["_sms_consent"] in ("SUBSCRIBED", "UNSUBSCRIBED")
    return {
        "phoneNumber": at.doc["_phone"],
        "marketingState": at.doc["_sms_consent"],
        "marketingOptInLevel": "SINGLE_OPT_IN" if given else None,
        "marketingUpdatedAt": at.doc["_sms_consent_at"],
        "marketingCollectedFrom": "SHOPIFY" if given else None,
        "whatsAppMarketingConsent": {"state": "NEVER_SUBSCRIBED"},
    }


def _email_consent(at: At) -> Doc | None:
    found = _email_address(at)
    return found and {**found, "consentUpdatedAt": found["marketingUpdatedAt"]}


def _sms_consent(at: At) -> Doc | None:
    found = _phone_number(at)
    if found is None:
        return None
    told = {"consentUpdatedAt": found["marketingUpdatedAt"], "consentCollectedFrom": found["marketingCollectedFrom"]}
    return {**found, **told, "marketingOptInLevel": found["marketingOptInLevel"] or "UNKNOWN"}


def real_orders(view: View, of: Doc) -> list[Doc]:
    """The orders that name a customer and are no tests."""
    return [one for one in view.shop.orders_of(of["id"]) if not one["test"]]


def _amount_spent(at: At) -> Doc:
    """Shopify's own figure: without cancelled orders, after refunds."""
    paid = (one for one in real_orders(at.view, at.doc) if one["cancelledAt"] is None)
    return money(sum((in_shop_currency(one["_sums"].net, one["_currency"]) for one in paid), ZERO))


def _seen_orders(at: At) -> list[Doc]:
    if at.args.get("query"):
        raise Complaint("the stand-in cannot search one customer's orders", "NOT_IMPLEMENTED")
    return [one for one in at.view.shop.orders_of(at.doc["id"]) if at.view.may_see(one)]


def _last_order(at: At) -> Doc | None:
    return next(reversed(_seen_orders(at)), None)


def _metafields(at: At) -> list[Doc]:
    found = at.doc.get("_metafields", [])
    if at.args.get("namespace") is not None:
        found = [one for one in found if one["namespace"] == at.args["namespace"]]
    if at.args.get("keys"):
        found = [one for one in found if f"{one['namespace']}.{one['key']}" in at.args["keys"]]
    return list(found)


def _metafield(at: At) -> Doc | None:
    wanted = (at.args.get("namespace") or "custom", at.args["key"])
    return next((one for one in at.doc.get("_metafields", []) if (one["namespace"], one["key"]) == wanted), None)


def _unless_kept(value: Any) -> Field:
    return lambda _at: value


def _kept(name: str) -> Field:
    return lambda at: at.doc[name]


CUSTOMER: Mapping[str, Field] = {
    "displayName": lambda at: (
        " ".join(filter(None, (at.doc.get("firstName"), at.doc.get("lastName"))))
        or at.doc["_email"]
        or at.doc["_phone"]
        or ""
    ),
    "email": lambda at: at.doc["_email"] or None,
    "phone": lambda at: at.doc["_phone"] or None,
    "defaultEmailAddress": _email_address,
    "defaultPhoneNumber": _phone_number,
    "emailMarketingConsent": _email_consent,
    "smsMarketingConsent": _sms_consent,
    "addresses": lambda at: at.doc["_addresses"][: at.args.get("first") or 250],
    "addressesV2": lambda at: at.doc["_addresses"],
    "defaultAddress": lambda at: at.doc["_addresses"][0] if at.doc["_addresses"] else None,
    "numberOfOrders": lambda at: str(len(real_orders(at.view, at.doc))),
    "amountSpent": _amount_spent,
    "lastOrder": _last_order,
    "orders": _seen_orders,
    "lifetimeDuration": _unless_kept("about 1 year"),
    "locale": _unless_kept("en"),
    "productSubscriberStatus": _unless_kept("NEVER_SUBSCRIBED"),
    "state": _unless_kept("DISABLED"),
    "validEmailAddress": lambda at: bool(at.doc["_email"]),
    "canDelete": lambda at: not at.view.shop.ordered.get(at.doc["id"]),
    "metafields": _metafields,
    "metafield": _metafield,
}

# --- orders, their lines and refunds -------------------------------------------------------------------------------

_ORDER_SUMS: Mapping[str, Callable[[Sums], Decimal]] = {
    "cartDiscountAmountSet": lambda sums: sums.discount,
    "currentCartDiscountAmountSet": lambda sums: sums.discount,
    "currentShippingPriceSet": lambda sums: sums.shipping,
    "currentSubtotalPriceSet": lambda sums: max(ZERO, sums.subtotal - sums.refunded),
    "currentTotalDiscountsSet": lambda sums: sums.discount,
    "currentTotalPriceSet": lambda sums: sums.net,
    "currentTotalTaxSet": lambda sums: sums.tax,
    "netPaymentSet": lambda sums: sums.received - sums.refunded,
    "originalTotalPriceSet": lambda sums: sums.total,
    "subtotalPriceSet": lambda sums: sums.subtotal,
    "totalDiscountsSet": lambda sums: sums.discount,
    "totalOutstandingSet": lambda sums: sums.total - sums.received,
    "totalPriceSet": lambda sums: sums.total,
    "totalReceivedSet": lambda sums: sums.received,
    "totalRefundedSet": lambda sums: sums.refunded,
    "totalShippingPriceSet": lambda sums: sums.shipping,
    "totalTaxSet": lambda sums: sums.tax,
}


def _of_sums(choose: Callable[[Sums], Decimal]) -> Field:
    return lambda at: bag(choose(at.doc["_sums"]), at.doc["_currency"])


def _customer(at: At) -> Doc | None:
    return at.view.shop.customers.get(at.doc["_customer"]) if at.doc["_customer"] else None


def _customer_order_index(view: View, order: Doc) -> int | None:
    ids = [one["id"] for one in view.shop.orders_of(order["_customer"])] if order["_customer"] else []
    return ids.index(order["id"]) if order["id"] in ids else None


def _journey(at: At) -> Doc | None:
    """Empty until attribution ran; visits only where the order has some."""
    first, last = at.doc.get("_visits") or (None, None)
    if first is None:
        return {"ready": bool(at.doc.get("_attributed"))}
    days = (datetime.fromisoformat(at.doc["createdAt"]) - datetime.fromisoformat(first["occurredAt"])).days
    index = _customer_order_index(at.view, at.doc)
    visits = {"firstVisit": first, "lastVisit": last, "moments": [first, last]}
    return {"ready": True, "customerOrderIndex": index, "daysToConversion": days, **visits}


ORDER: Mapping[str, Field] = {
    **{name: _of_sums(choose) for name, choose in _ORDER_SUMS.items()},
    "customer": _customer,
    "customerJourneySummary": _journey,
    "currencyCode": _unless_kept(CURRENCY),
    "presentmentCurrencyCode": _kept("_currency"),
    "closed": lambda at: at.doc["closedAt"] is not None,
    "confirmed": _unless_kept(True),
    "displayFulfillmentStatus": lambda at: "UNFULFILLED" if at.doc["cancelledAt"] else "FULFILLED",
    "displayAddress": lambda at: at.doc.get("shippingAddress"),
    "discountCode": lambda at: next(iter(at.doc["discountCodes"]), None),
    "fullyPaid": lambda at: at.doc["_sums"].received >= at.doc["_sums"].total,
    "unpaid": lambda at: at.doc["_sums"].received < at.doc["_sums"].total,
    "lineItems": _kept("_lines"),
    "nonFulfillableLineItems": _unless_kept([]),
    "refunds": lambda at: at.doc["_refunds"][: at.args.get("first") or None],
    "returnStatus": _unless_kept("NO_RETURN"),
    "subtotalLineItemsQuantity": lambda at: sum(line["quantity"] for line in at.doc["_lines"]),
    "currentSubtotalLineItemsQuantity": lambda at: sum(line["currentQuantity"] for line in at.doc["_lines"]),
    "metafields": _metafields,
    "metafield": _metafield,
}


def _gross(line: Doc) -> Decimal:
    price: Decimal = line["_price"]
    return price * int(line["quantity"])


def _discounted(at: At) -> Doc:
    """Without code discounts unless asked for them, as every discount of the stand-in is one of a code."""
    return bag(
        _gross(at.doc) - (at.doc["_discount"] if at.args.get("withCodeDiscounts") else ZERO), at.doc["_currency"]
    )


def _after_codes(at: At) -> Doc:
    return bag(_gross(at.doc) - at.doc["_discount"], at.doc["_currency"])


def _product(at: At) -> Doc | None:
    return at.view.shop.products.get(at.doc["_product"]) if at.doc["_product"] else None


def _variant(at: At) -> Doc | None:
    product = _product(at)
    return product and product["_variant"]


def _unit(at: At) -> Doc:
    return bag(at.doc["_price"], at.doc["_currency"])


def _whole(at: At) -> Doc:
    return bag(_gross(at.doc), at.doc["_currency"])


_LINE: Mapping[str, Field] = {"product": _product, "variant": _variant}
LINE_ITEM: Mapping[str, Field] = {
    **_LINE,
    "name": lambda at: " - ".join(filter(None, (at.doc["title"], at.doc.get("variantTitle")))),
    "originalUnitPriceSet": _unit,
    "originalTotalSet": _whole,
    "discountedTotalSet": _discounted,
    "discountedUnitPriceSet": _unit,
    "discountedUnitPriceAfterAllDiscountsSet": lambda at: bag(
        (_gross(at.doc) - at.doc["_discount"]) / int(at.doc["quantity"] or 1), at.doc["_currency"]
    ),
    "priceAfterAllDiscountsBeforeTaxesSet": _after_codes,
    "refundableQuantity": _kept("currentQuantity"),
    "requiresShipping": _unless_kept(True),
    "restockable": _unless_kept(True),
    "taxable": _unless_kept(True),
}
CHECKOUT_LINE: Mapping[str, Field] = {
    **_LINE,
    "originalUnitPriceSet": _unit,
    "originalTotalPriceSet": _whole,
    "discountedUnitPriceSet": _unit,
    "discountedTotalPriceSet": _whole,
    "discountedTotalPriceWithCodeDiscount": _after_codes,
    "discountedUnitPriceWithCodeDiscount": _unit,
}
REFUND: Mapping[str, Field] = {
    "order": lambda at: at.view.shop.orders[at.doc["_order"]],
    "processedAt": _kept("createdAt"),
    "totalRefundedSet": lambda at: bag(at.doc["_amount"], at.doc["_currency"]),
    "refundLineItems": _kept("_lines"),
}
REFUND_LINE: Mapping[str, Field] = {
    "lineItem": _kept("_line"),
    "restockType": _unless_kept("NO_RESTOCK"),
    "priceSet": lambda at: _unit(at._replace(doc=at.doc["_line"])),
    "subtotalSet": lambda at: bag(at.doc["_line"]["_price"] * at.doc["quantity"], at.doc["_line"]["_currency"]),
}
CHECKOUT: Mapping[str, Field] = {
    "customer": _customer,
    "lineItems": _kept("_lines"),
    "lineItemsQuantity": lambda at: sum(line["quantity"] for line in at.doc["_lines"]),
    "subtotalPriceSet": _of_sums(lambda sums: sums.subtotal),
    "totalPriceSet": _of_sums(lambda sums: sums.total),
    "totalLineItemsPriceSet": _of_sums(lambda sums: sums.gross),
    "totalDiscountSet": _of_sums(lambda sums: sums.discount),
    "totalTaxSet": _of_sums(lambda sums: sums.tax),
    "abandonedCheckoutUrl": lambda at: f"https://{at.view.shop.domain}/checkouts/{number_of(at.doc['id'])}/recover",
}

# --- the rest ------------------------------------------------------------------------------------------------------

ADDRESS: Mapping[str, Field] = {
    "name": lambda at: " ".join(filter(None, (at.doc.get("firstName"), at.doc.get("lastName")))) or None,
    "countryCode": lambda at: at.doc.get("countryCodeV2"),
    "formattedArea": lambda at: ", ".join(filter(None, (at.doc.get("city"), at.doc.get("country")))) or None,
    "formatted": lambda at: [
        part for part in (at.doc.get("address1"), at.doc.get("city"), at.doc.get("zip"), at.doc.get("country")) if part
    ],
}
METAFIELD: Mapping[str, Field] = {
    "owner": lambda at: at.view.shop.find(at.doc["_owner"]),
    "sizeInBytes": lambda at: len(at.doc["value"].encode()),
    "jsonValue": lambda at: at.view.json_value(at.doc),
    "compareDigest": lambda at: number_of(at.doc["id"]),
}
PRODUCT: Mapping[str, Field] = {
    "variants": lambda at: [at.doc["_variant"]],
    "handle": lambda at: "-".join(at.doc["title"].lower().split()),
    "status": _unless_kept("ACTIVE"),
    "metafields": _metafields,
    "metafield": _metafield,
}
VARIANT: Mapping[str, Field] = {
    "product": lambda at: at.view.shop.products[at.doc["_product"]],
    "price": lambda at: amount(at.doc["_price"]),
    "title": _unless_kept("Default Title"),
    "displayName": lambda at: f"{at.view.shop.products[at.doc['_product']]['title']} - Default Title",
    "metafields": _metafields,
    "metafield": _metafield,
}
DERIVED: Mapping[str, Mapping[str, Field]] = {
    "Customer": CUSTOMER,
    "MailingAddress": ADDRESS,
    "Order": ORDER,
    "LineItem": LINE_ITEM,
    "Refund": REFUND,
    "RefundLineItem": REFUND_LINE,
    "AbandonedCheckout": CHECKOUT,
    "AbandonedCheckoutLineItem": CHECKOUT_LINE,
    "Metafield": METAFIELD,
    "Product": PRODUCT,
    "ProductVariant": VARIANT,
}
