"""What each list of Shopify's can be searched by and sorted by: the fields that its own schema documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from segsync_shopify.sandbox.fields import DERIVED, At
from segsync_shopify.sandbox.paging import sortable_id
from segsync_shopify.sandbox.search import Field, Matching
from segsync_shopify.sandbox.values import number_of


@dataclass(frozen=True, slots=True)
class Searchable:
    """One list: where its records are, its search fields and its sort keys."""

    fields: Mapping[str, Field]
    sorts: Mapping[str, Callable[[At], Any]]


def _of(matching: Matching, name: str) -> Field:
    return Field(matching, lambda at: at.doc.get(name))


def _follows(matching: Matching, type_: str, name: str, *deeper: str) -> Field:
    def value(at: At) -> Any:
        found = DERIVED[type_][name](at)
        for one in deeper:
            found = found and found.get(one)
        return found

    return Field(matching, value)


def _not_held(*names: str) -> dict[str, Field]:
    return {name: Field(Matching.NOT_HELD) for name in names}


def _kept(name: str) -> Callable[[At], Any]:
    return lambda at: at.doc.get(name) or ""


_ID = Field(Matching.NUMBER, lambda at: number_of(at.doc["id"]))


def _by_id(at: At) -> Any:
    return sortable_id(at.doc)


def _last_name(at: At) -> str:
    return f"{at.doc.get('lastName') or ''}, {at.doc.get('firstName') or ''}".lower()


def _country(at: At) -> str | None:
    first = at.doc["_addresses"][0] if at.doc["_addresses"] else {}
    return " ".join(filter(None, (first.get("countryCodeV2"), first.get("country")))) or None


CUSTOMERS = Searchable(
    fields={
        "id": _ID,
        "updated_at": _of(Matching.WHOLE_DAY, "updatedAt"),
        "customer_date": _of(Matching.SECOND, "createdAt"),
        "email": _of(Matching.TEXT, "_email"),
        "phone": _of(Matching.TEXT, "_phone"),
        "first_name": _of(Matching.TEXT, "firstName"),
        "last_name": _of(Matching.TEXT, "lastName"),
        "tag": _of(Matching.ANY_OF, "tags"),
        "tag_not": _of(Matching.NONE_OF, "tags"),
        "country": Field(Matching.TEXT, _country),
        "accepts_marketing": Field(Matching.FLAG, lambda at: at.doc["_consent"] == "SUBSCRIBED"),
        "orders_count": _follows(Matching.NUMBER, "Customer", "numberOfOrders"),
        "total_spent": _follows(Matching.NUMBER, "Customer", "amountSpent", "amount"),
        **_not_held("last_abandoned_order_date", "order_date", "state"),
    },
    sorts={
        "ID": _by_id,
        "RELEVANCE": _by_id,
        "CREATED_AT": _kept("createdAt"),
        "UPDATED_AT": _kept("updatedAt"),
        "NAME": _last_name,
        "LOCATION": lambda at: _country(at) or "",
    },
)
CUSTOMERS_COUNT = Searchable(
    fields={
        "id": _ID,
        "created_at": _of(Matching.SECOND, "createdAt"),
        "updated_at": _of(Matching.WHOLE_DAY, "updatedAt"),
    },
    sorts={},
)
ORDERS = Searchable(
    fields={
        "id": _ID,
        "created_at": _of(Matching.SECOND, "createdAt"),
        "processed_at": _of(Matching.SECOND, "processedAt"),
        "updated_at": _of(Matching.SECOND, "updatedAt"),
        "customer_id": Field(Matching.NUMBER, lambda at: at.doc["_customer"] and number_of(at.doc["_customer"])),
        "email": _of(Matching.TEXT, "email"),
        "name": _of(Matching.TEXT, "name"),
        "test": _of(Matching.FLAG, "test"),
        "tag": _of(Matching.ANY_OF, "tags"),
        "tag_not": _of(Matching.NONE_OF, "tags"),
        "source_name": _of(Matching.TEXT, "sourceName"),
        "discount_code": _of(Matching.ANY_OF, "discountCodes"),
        "financial_status": _of(Matching.TEXT, "displayFinancialStatus"),
        "status": Field(
            Matching.TEXT,
            lambda at: "any " + ("cancelled" if at.doc["cancelledAt"] else "closed" if at.doc["closedAt"] else "open"),
        ),
        "current_total_price": _follows(Matching.NUMBER, "Order", "currentTotalPriceSet", "shopMoney", "amount"),
        "sku": Field(Matching.ANY_OF, lambda at: [line["sku"] for line in at.doc["_lines"] if line["sku"]]),
        **_not_held(
            "cart_token", "channel", "channel_id", "chargeback_status", "checkout_token", "confirmation_number",
            "credit_card_last4", "delivery_method", "fraud_protection_level", "fulfillment_location_id",
            "fulfillment_status", "gateway", "location_id", "payment_id", "payment_provider_id", "po_number",
            "reference_location_id", "return_status", "risk_level", "sales_channel", "source_identifier",
            "subtotal_line_items_quantity", "total_weight",
        ),
    },
    sorts={
        "ID": _by_id,
        "RELEVANCE": _by_id,
        "ORDER_NUMBER": _kept("number"),
        "CREATED_AT": _kept("createdAt"),
        "PROCESSED_AT": _kept("processedAt"),
        "UPDATED_AT": _kept("updatedAt"),
        "TOTAL_PRICE": lambda at: float(at.doc["_sums"].total),
        "CURRENT_TOTAL_PRICE": lambda at: float(at.doc["_sums"].net),
        "FINANCIAL_STATUS": _kept("displayFinancialStatus"),
    },
)  # fmt: skip
CHECKOUTS = Searchable(
    fields={
        "id": _ID,
        "created_at": _of(Matching.SECOND, "createdAt"),
        "updated_at": _of(Matching.SECOND, "updatedAt"),
        "status": Field(Matching.TEXT, lambda at: "closed" if at.doc["completedAt"] else "open"),
        "recovery_state": Field(Matching.TEXT, lambda at: "recovered" if at.doc["completedAt"] else "not_recovered"),
        **_not_held("email_state"),
    },
    sorts={
        "ID": _by_id,
        "CHECKOUT_ID": _by_id,
        "RELEVANCE": _by_id,
        "CREATED_AT": _kept("createdAt"),
        "TOTAL_PRICE": lambda at: float(at.doc["_sums"].total),
    },
)
PRODUCTS = Searchable(
    fields={
        "id": _ID,
        "title": _of(Matching.TEXT, "title"),
        "vendor": _of(Matching.TEXT, "vendor"),
        "product_type": _of(Matching.TEXT, "productType"),
        "tag": _of(Matching.ANY_OF, "tags"),
        "created_at": _of(Matching.SECOND, "createdAt"),
        "updated_at": _of(Matching.SECOND, "updatedAt"),
    },
    sorts={
        "ID": _by_id,
        "RELEVANCE": _by_id,
        "TITLE": _kept("title"),
        "VENDOR": _kept("vendor"),
        "PRODUCT_TYPE": _kept("productType"),
        "CREATED_AT": _kept("createdAt"),
        "UPDATED_AT": _kept("updatedAt"),
    },
)
OPERATIONS = Searchable(
    fields={
        "id": _ID,
        "created_at": _of(Matching.SECOND, "createdAt"),
        "operation_type": _of(Matching.TEXT, "type"),
        "status": _of(Matching.TEXT, "status"),
    },
    sorts={"CREATED_AT": _kept("createdAt"), "COMPLETED_AT": _kept("completedAt")},
)
