"""Every trait and function of the language, each declared once: the check, the docs and `segsync traits` read it.

What the language has and this version does not compute stands here by name alone, so that using it is an error that
says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from segsync.rules.syntax import Op
from segsync.streams import ADS_CONSENT, CUSTOMERS, EMAIL_CONSENT, SMS_CONSENT


class Kind(StrEnum):
    """What a value is, in the words of an error."""

    NUMBER = "a number"
    DAY = "a date"
    TEXT = "text"
    ENUM = "one of a list of words"
    FLAG = "true or false"
    LIST = "a list"
    ID = "an id"


_NULLS = frozenset({Op.IS_NULL, Op.IS_NOT_NULL})
_EQUAL = frozenset({Op.EQ, Op.NE})
_CHOICE = _EQUAL | {Op.IN, Op.NOT_IN}
_ORDER = _CHOICE | {Op.GT, Op.GE, Op.LT, Op.LE, Op.BETWEEN}
_MEMBERSHIP = frozenset({Op.CONTAINS, Op.NOT_CONTAINS})

# What the language allows; of it, TEXT_LATER is not computed by this version.
TEXT_LATER = _MEMBERSHIP | {Op.STARTS_WITH, Op.NOT_STARTS_WITH, Op.ENDS_WITH, Op.NOT_ENDS_WITH}
OPERATORS: Mapping[Kind, frozenset[Op]] = MappingProxyType(
    {
        Kind.NUMBER: _ORDER | _NULLS,
        Kind.DAY: _ORDER | _NULLS,
        Kind.TEXT: _CHOICE | _NULLS | TEXT_LATER,
        Kind.ENUM: _CHOICE | _NULLS,
        Kind.FLAG: _EQUAL | _NULLS,
        Kind.LIST: _MEMBERSHIP | _NULLS,
        Kind.ID: _CHOICE | _NULLS,
    }
)
# A parameter over a list (`tag`, `discount_code`) is also asked with `=`: does any element equal it?
LIST_PARAMETER = OPERATORS[Kind.LIST] | _CHOICE
TOTAL_PARAMETER = _ORDER


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait. `streams`: any one of them fills it; `reads`: all that its value depends on, beside `customers`.

    `column` is its Ibis type in the table of traits. `timed` says that its instants are known, so that it may be
    compared with a day and a time. `without` is its value for a person without data: 0, or None for missing.
    """

    name: str
    group: str
    kind: Kind
    column: str
    meaning: str
    streams: tuple[str, ...]
    reads: tuple[str, ...]
    values: tuple[str, ...] = ()
    timed: bool = False
    without: int | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function. A total is asked of everything that passed the others, together."""

    name: str
    kind: Kind
    meaning: str
    total: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function over things that happened. `stream` fills it; `reads` is all that it depends on."""

    name: str
    meaning: str
    stream: str
    reads: tuple[str, ...]
    parameters: Mapping[str, Parameter]


_MONEY = "decimal(18, 2)"
_DAYS = "decimal(18, 2)"  # not float: engines treat a missing float as not-a-number, each in its way
_BUYERS = ("customers", "orders")
_PLACES = ("addresses", "orders")
_ACCOUNT = tuple(sorted(next(c.values for c in CUSTOMERS.columns if c.name == "account_status")))


def _who(name: str, kind: Kind, column: str, meaning: str, *streams: str, values: tuple[str, ...] = ()) -> Trait:
    filled = streams or ("customers",)
    return Trait(name, "who", kind, column, meaning, filled, filled, values, timed=name == "customer_added_date")


def _where(name: str, kind: Kind, meaning: str) -> Trait:
    return Trait(name, "where", kind, "array<string>" if kind is Kind.LIST else "string", meaning, _PLACES, _PLACES)


def _consent(name: str, meaning: str, values: tuple[str, ...]) -> Trait:
    return Trait(name, "consent", Kind.ENUM, "string", meaning, ("customers",), ("customers",), values)


def _count(name: str, column: str, meaning: str, *more: str) -> Trait:
    fills = ("orders", *more)
    return Trait(name, "buying", Kind.NUMBER, column, meaning, fills, fills, without=0)


def _buying(name: str, kind: Kind, column: str, meaning: str, stream: str = "orders") -> Trait:
    return Trait(name, "buying", kind, column, meaning, (stream,), (stream,), timed=kind is Kind.DAY)


# fmt: off
_TRAITS = (
    _who("email", Kind.TEXT, "string", "The person's best e-mail address, lower case.", *_BUYERS),
    _who("phone", Kind.TEXT, "string", "The person's best phone number, such as '+12125550123'.", *_BUYERS),
    _who("first_name", Kind.TEXT, "string", "First name, as in the customer record updated last."),
    _who("last_name", Kind.TEXT, "string", "Last name, as in the customer record updated last."),
    _who("customer_email_domain", Kind.TEXT, "string", "What stands behind the @ of `email`, lower case.", *_BUYERS),
    _who("customer_language", Kind.TEXT, "string", "Language, as the shop writes it: 'en', 'fr-CA'."),
    _who("customer_added_date", Kind.DAY, "date", "The day on which a source first knew the customer."),
    _who("customer_account_status", Kind.ENUM, "string", "State of the account in the shop.", values=_ACCOUNT),
    _who("customer_tags", Kind.LIST, "array<string>", "Tags of the customer, joined over sources, lower case."),
    _who("sources", Kind.LIST, "array<string>", "Names of the sources that know the person.", *_BUYERS),
    _who("age", Kind.NUMBER, "int64", "Full years since `birth_date`."),
    _who("gender", Kind.TEXT, "string", "Gender, as the source writes it."),
    _who("birth_date", Kind.DAY, "date", "Day of birth."),
    _where("customer_countries", Kind.LIST, "Countries of all addresses and orders: 'US'."),
    _where("customer_regions", Kind.LIST, "Regions of all addresses and orders: 'US-NY'."),
    _where("customer_cities", Kind.LIST, "Cities of all addresses and orders: 'US-NY-NewYorkCity'."),
    _where("country", Kind.TEXT, "Country of the newest shipping address, else of the default address: 'US'."),
    _where("region", Kind.TEXT, "Region of the newest shipping address, else of the default address: 'US-NY'."),
    _where("city", Kind.TEXT, "City of the newest shipping address, else of the default address."),
    _where("postal_code", Kind.TEXT, "Postal code of the newest shipping address, else of the default address."),
    _consent("email_subscription_status", "Consent to marketing by e-mail.", EMAIL_CONSENT),
    _consent("sms_subscription_status", "Consent to marketing by text message.", SMS_CONSENT),
    _consent("ads_consent", "Consent to use on ad platforms.", ADS_CONSENT),
    _count("number_of_orders", "int64", "Orders, without cancelled, voided, expired and test ones."),
    _count("amount_spent", _MONEY, "Money spent, net of refunds, in the shop's currency."),
    _count("gross_amount_spent", _MONEY, "Money spent before refunds, in the shop's currency."),
    _count("amount_refunded", _MONEY, "Money refunded, in the shop's currency."),
    _buying("average_order_value", Kind.NUMBER, _MONEY, "`amount_spent` ÷ orders with a known amount."),
    _buying("first_order_date", Kind.DAY, "date", "Day of the first order."),
    _buying("last_order_date", Kind.DAY, "date", "Day of the newest order."),
    _buying("days_since_last_order", Kind.NUMBER, "int64", "Days from the newest order to the run's day."),
    _buying("days_since_first_order", Kind.NUMBER, "int64", "Days from the first order to the run's day."),
    _count("items_bought", "int64", "Units bought, refunded ones too.", "order_lines"),
    _buying("average_days_between_orders", Kind.NUMBER, _DAYS, "Mean of the days between one order and the next."),
    _buying("median_days_between_orders", Kind.NUMBER, _DAYS, "Median of the days between one order and the next."),
    _count("returned_orders", "int64", "Orders with any refund.", "refunds"),
    _buying("abandoned_checkout_date", Kind.DAY, "date", "Day of the newest checkout not completed.", "checkouts"),
)


def _parameters(*rows: tuple[str, Kind, str], totals: tuple[tuple[str, str], ...]) -> Mapping[str, Parameter]:
    found = [Parameter(*row) for row in rows]
    found += [Parameter(name, Kind.NUMBER, meaning, total=True) for name, meaning in totals]
    return MappingProxyType({parameter.name: parameter for parameter in found})


_FUNCTIONS = (
    Function("orders_placed", "Orders, as `number_of_orders` counts them.", "orders", ("orders",), _parameters(
        ("date", Kind.DAY, "Day of the order."),
        ("amount", Kind.NUMBER, "The order's money, net of refunds, in the shop's currency."),
        ("currency", Kind.TEXT, "Currency of the order: 'USD'."),
        ("source", Kind.TEXT, "Name of the source that has the order."),
        ("channel", Kind.TEXT, "Sales channel."),
        ("app_id", Kind.ID, "The app that made the order."),
        ("discount_code", Kind.LIST, "A code that was used, in any case of letters."),
        ("discounted", Kind.FLAG, "Was there a discount or a code?"),
        ("country", Kind.TEXT, "Country of the shipping address: 'US'."),
        ("hour", Kind.NUMBER, "Hour of the day in the shop, 0–23."),
        ("device", Kind.TEXT, "Device of the visit."),
        totals=(("count", "Number of orders."), ("sum_amount", "Their money together.")),
    )),
    Function("products_purchased", "Lines of orders.", "order_lines", ("orders", "order_lines"), _parameters(
        ("id", Kind.ID, "The product."),
        ("sku", Kind.TEXT, "Stock keeping unit."),
        ("tag", Kind.LIST, "A tag of the product, in any case of letters."),
        ("product_type", Kind.TEXT, "Type of the product."),
        ("vendor", Kind.TEXT, "Vendor of the product."),
        ("date", Kind.DAY, "Day of the order."),
        ("quantity", Kind.NUMBER, "Units in the line, refunded ones too."),
        ("amount", Kind.NUMBER, "The line's money, net of refunds, in the shop's currency."),
        ("source", Kind.TEXT, "Name of the source that has the order."),
        totals=(("count", "Number of lines."), ("sum_quantity", "Their units together."),
                ("sum_amount", "Their money together.")),
    )),
)

TRAITS: Mapping[str, Trait] = MappingProxyType({trait.name: trait for trait in _TRAITS})
FUNCTIONS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _FUNCTIONS})
SEGMENTS = "segments"

# Part of the language, not computed by this version.
LATER_TRAITS = frozenset({
    "amount_spent_tier", "predicted_orders_90d", "predicted_spend_365d", "predicted_clv",
    "predicted_spend_tier", "alive_probability", "churn_risk", "next_order_date", "rfm_recency",
    "rfm_frequency", "rfm_monetary", "rfm", "rfm_group", "lifecycle_stage", "order_rate_change_60d",
    "discounted_order_share", "discount_share", "price_sensitivity", "channels", "favourite_channel",
    "amazon_order_share", "first_channel", "acquisition_source", "acquisition_medium", "acquisition_campaign",
    "favourite_device", "favourite_product_type", "favourite_vendor", "product_types", "product_tags",
    "favourite_order_hour", "needs", "orders_per_year", "seasonal_share", "emails_opened_30d",
    "emails_clicked_30d", "last_engaged_date", "engagement_level", "cluster",
})
LATER_PREFIXES = ("metafields.", "attributes.")
_MAILS = ("opened", "clicked", "delivered", "bounced", "marked_as_spam", "unsubscribed")
LATER_FUNCTIONS = frozenset(
    ["checkouts_abandoned", "refunds_received", "event", "storefront.product_viewed", "storefront.collection_viewed"]
    + [f"{prefix}.{mail}" for prefix in ("email", "shopify_email") for mail in _MAILS]
)
LATER_CALLS = frozenset({
    "count", "sum", "avg", "min", "max", "first", "last", "percentile", "rank", "anniversary",
})

# Shopify's filters that segsync has no data for, now or later.
NEVER = frozenset({
    "companies", "store_credit_accounts", "customer_within_distance", "created_by_app_id",
    "product_subscription_status", "location_id",
})

# fmt: on


def catalogue() -> Sequence[Trait]:
    """Every trait that this version computes, by group, in the order of the documentation."""
    return _TRAITS
