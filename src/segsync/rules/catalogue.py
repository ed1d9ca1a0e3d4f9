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
    ANY = "text, a number or a date"  # of JSON: each value is read as what it is compared with


_NULLS = frozenset({Op.IS_NULL, Op.IS_NOT_NULL})
_EQUAL = frozenset({Op.EQ, Op.NE})
_CHOICE = _EQUAL | {Op.IN, Op.NOT_IN}
_ORDER = _CHOICE | {Op.GT, Op.GE, Op.LT, Op.LE, Op.BETWEEN}
_MEMBERSHIP = frozenset({Op.CONTAINS, Op.NOT_CONTAINS})

PARTS_OF_TEXT = _MEMBERSHIP | {Op.STARTS_WITH, Op.NOT_STARTS_WITH, Op.ENDS_WITH, Op.NOT_ENDS_WITH}
OPERATORS: Mapping[Kind, frozenset[Op]] = MappingProxyType(
    {
        Kind.NUMBER: _ORDER | _NULLS,
        Kind.DAY: _ORDER | _NULLS,
        Kind.TEXT: _CHOICE | _NULLS | PARTS_OF_TEXT,
        Kind.ENUM: _CHOICE | _NULLS,
        Kind.FLAG: _EQUAL | _NULLS,
        Kind.LIST: _MEMBERSHIP | _NULLS,
        Kind.ID: _CHOICE | _NULLS,
        Kind.ANY: _ORDER | _NULLS | PARTS_OF_TEXT,
    }
)
# A parameter over a list (`tag`, `discount_code`) is also asked with `=`: does any element equal it?
LIST_PARAMETER = OPERATORS[Kind.LIST] | _CHOICE
TOTAL_PARAMETER = _ORDER
ANNIVERSARY = _CHOICE | _NULLS | {Op.BETWEEN}


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
    """One parameter of a function. A total is asked of everything that passed the others, together.

    `json` says that it stands in the record's `properties`, under that key.
    """

    name: str
    kind: Kind
    meaning: str
    total: bool = False
    json: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function over things that happened. `stream` holds its records and fills it; `reads` is all it depends on.

    `event` is the `name` of its records in `events`. `open` says that any key of `properties` is a parameter.
    """

    name: str
    meaning: str
    stream: str
    reads: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    event: str = ""
    open: bool = False

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name, or None."""
        if self.open and name.startswith(EVENT_KEYS):
            key = json_key(name.removeprefix(EVENT_KEYS))
            return Parameter(name, Kind.ANY, "A property of the event.", json=key)
        return self.parameters.get(name)


def json_key(name: str) -> str:
    """The key of a JSON object that a dotted name means: `a.'b c'` is the key `a.b c`."""
    return name.replace("'", "")  # a quoted part holds no quote


EVENT_KEYS = "properties."
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


def _parameters(
    *rows: tuple[str, Kind, str], totals: tuple[tuple[str, str], ...], json: tuple[tuple[str, Kind, str], ...] = ()
) -> Mapping[str, Parameter]:
    found = [Parameter(*row) for row in rows]
    found += [Parameter(name, kind, meaning, json=name) for name, kind, meaning in json]
    found += [Parameter(name, Kind.NUMBER, meaning, total=True) for name, meaning in totals]
    return MappingProxyType({parameter.name: parameter for parameter in found})


_DAY_OF_EVENT = (
    ("date", Kind.DAY, "Day of the event."),
    ("source", Kind.TEXT, "Name of the source that has the event."),
)
_EVENTS = (("count", "Number of events."),)


def _event(name: str, meaning: str, *json: tuple[str, Kind, str]) -> Function:
    parameters = _parameters(*_DAY_OF_EVENT, json=json, totals=_EVENTS)
    return Function(name, meaning, "events", ("events",), parameters, event=name)


def _mail(name: str, meaning: str) -> Function:
    return _event(f"email.{name}", meaning, ("campaign", Kind.ANY, "The campaign, by its name or id."))


def _view(name: str, what: str) -> Function:
    json = (("id", Kind.ID, f"The {what}."), ("tag", Kind.LIST, f"A tag of the {what}, in any case of letters."))
    return _event(f"storefront.{name}", f"Views of a {what} in the shop.", *json)


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
    Function("checkouts_abandoned", "Checkouts left before they were paid.", "checkouts", ("checkouts",), _parameters(
        ("date", Kind.DAY, "Day on which the checkout began."),
        ("amount", Kind.NUMBER, "The checkout's money, in the shop's currency."),
        ("recovered", Kind.FLAG, "Was it completed after all, by the run's instant?"),
        ("source", Kind.TEXT, "Name of the source that has the checkout."),
        totals=(("count", "Number of checkouts."),),
    )),
    Function("refunds_received", "Refunds of orders that count.", "refunds", ("orders", "refunds"), _parameters(
        ("date", Kind.DAY, "Day of the refund."),
        ("amount", Kind.NUMBER, "The refund's money, in the shop's currency."),
        ("source", Kind.TEXT, "Name of the source that has the refund."),
        totals=(("count", "Number of refunds."),),
    )),
    _mail("opened", "E-mails opened."),
    _mail("clicked", "Clicks on links in e-mails."),
    _mail("delivered", "E-mails delivered."),
    _mail("bounced", "E-mails that bounced."),
    _mail("marked_as_spam", "E-mails marked as spam."),
    _mail("unsubscribed", "Unsubscriptions by e-mail."),
    _view("product_viewed", "product"),
    _view("collection_viewed", "collection"),
    Function("event", "Events of any name.", "events", ("events",), _parameters(
        ("name", Kind.TEXT, "Name of the event, such as 'survey_answered'."),
        *_DAY_OF_EVENT,
        totals=_EVENTS,
    ), open=True),
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

# Values from functions: of a function's records, of a trait among all people, and of a date in the year.
AGGREGATES: Mapping[str, str] = MappingProxyType({
    "count": "How many there are.",
    "sum": "Their sum; 0 where there are none.",
    "avg": "The mean of those known.",
    "min": "The smallest of those known.",
    "max": "The greatest of those known.",
    "first": "That of the earliest.",
    "last": "That of the newest.",
})
STANDINGS: Mapping[str, str] = MappingProxyType({
    "percentile": "100 × people with a smaller value ÷ (people with a value − 1).",
    "rank": "1 for the highest value; ties share the best rank.",
})
ANNIVERSARIES = "anniversary"
CALLS = (*AGGREGATES, *STANDINGS, ANNIVERSARIES)

# Other spellings that are read, with a hint.
_SHOPIFY_MAIL = "shopify_email."
SPELLINGS: Mapping[str, str] = MappingProxyType(
    {_SHOPIFY_MAIL + name.removeprefix("email."): name for name in FUNCTIONS if name.startswith("email.")}
)
PARAMETER_SPELLINGS: Mapping[str, str] = MappingProxyType({"activity_id": "campaign"})

# Traits of which there is one for every key of customers' JSON.
OPEN_TRAITS: Mapping[str, str] = MappingProxyType({
    "metafields.": "A metafield of the customer, by its namespace and key.",
    "attributes.": "Anything that a file or a survey brought, by its name.",
})

# Shopify's filters that segsync has no data for, now or later.
NEVER = frozenset({
    "companies", "store_credit_accounts", "customer_within_distance", "created_by_app_id",
    "product_subscription_status", "location_id",
})

# fmt: on


def open_trait(name: str) -> Trait | None:
    """The trait `metafields.<namespace>.<key>` or `attributes.<name>` of this name; None for any other name."""
    for prefix, meaning in OPEN_TRAITS.items():
        if name.startswith(prefix) and len(name) > len(prefix):
            return Trait(name, "who", Kind.ANY, "string", meaning, ("customers",), ("customers",))
    return None


def trait_named(name: str) -> Trait:
    """A trait of the catalogue, or an open one. Raises KeyError for any other name."""
    return open_trait(name) or TRAITS[name]


def trait_key(name: str) -> str:
    """The key of customers' JSON that an open trait means."""
    return json_key(name.partition(".")[2])


def catalogue() -> Sequence[Trait]:
    """Every trait that this version computes, by group, in the order of the documentation."""
    return _TRAITS
