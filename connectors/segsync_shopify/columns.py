"""The fields of our bulk queries, of all types of nodes together, and how DuckDB reads each. Scalars are text: landing
reads those, and says where one cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MONEY: Final = "STRUCT(shopMoney STRUCT(amount VARCHAR, currencyCode VARCHAR))"
_PLACE: Final = "STRUCT(id VARCHAR, city VARCHAR, provinceCode VARCHAR, countryCodeV2 VARCHAR, zip VARCHAR)"
_CONTACT: Final = "marketingState VARCHAR, marketingUpdatedAt VARCHAR"
_UTM: Final = "STRUCT(source VARCHAR, medium VARCHAR, campaign VARCHAR)"

# fmt: off
_TEXTS: Final = (
    "__parentId", "__typename", "cancelledAt", "city", "completedAt", "countryCodeV2", "createdAt", "currentQuantity",
    "dataSaleOptOut", "displayFinancialStatus", "email", "firstName", "id", "isGiftCard", "key", "lastName", "locale",
    "namespace", "numberOfOrders", "phone", "processedAt", "productSubscriberStatus", "provinceCode", "quantity", "sku",
    "sourceName", "state", "test", "title", "updatedAt", "value", "vendor", "verifiedEmail", "zip",
)
_MONEYS: Final = (
    "currentTotalPriceSet", "discountedTotalSet", "originalTotalSet", "priceAfterAllDiscountsBeforeTaxesSet",
    "totalDiscountsSet", "totalPriceSet", "totalRefundedSet", "totalShippingPriceSet", "totalTaxSet",
)
# fmt: on

COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_TEXTS, "VARCHAR"),
    **dict.fromkeys(_MONEYS, _MONEY),
    **dict.fromkeys(("tags", "discountCodes"), "VARCHAR[]"),
    **dict.fromkeys(("app", "customer", "variant"), "STRUCT(id VARCHAR)"),
    **dict.fromkeys(("defaultAddress", "shippingAddress", "billingAddress"), _PLACE),
    "amountSpent": "STRUCT(amount VARCHAR, currencyCode VARCHAR)",
    "statistics": "STRUCT(predictedSpendTier VARCHAR, rfmGroup VARCHAR)",
    "defaultEmailAddress": f"STRUCT(emailAddress VARCHAR, {_CONTACT})",
    "defaultPhoneNumber": f"STRUCT(phoneNumber VARCHAR, {_CONTACT})",
    "customerJourneySummary": f"STRUCT(lastVisit STRUCT(source VARCHAR, utmParameters {_UTM}))",
    "refunds": f"STRUCT(id VARCHAR, createdAt VARCHAR, processedAt VARCHAR, totalRefundedSet {_MONEY})[]",
    "product": "STRUCT(id VARCHAR, productType VARCHAR, tags VARCHAR[])",
}
