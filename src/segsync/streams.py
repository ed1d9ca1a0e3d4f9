"""The streams and tables: every column that lands or is computed, with its type and how its values are normalised.

Types are Ibis type strings, the same on every engine. Ids are text as the platform writes them, times are UTC,
money is `decimal(18, 4)` beside its ISO 4217 currency, missing is null. A `*_key` column is its neighbour folded
for comparison (see `fold`), because engines disagree about lower-casing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """How landing reads a value; each kind has one reader in `warehouse/frames.py`."""

    ID = "id"  # text, kept as it is but for surrounding white space
    TEXT = "text"
    EMAIL = "email"  # trimmed, lower-cased, syntax-checked
    PHONE = "phone"  # E.164
    COUNTRY = "country"  # ISO 3166-1 alpha-2
    REGION = "region"  # ISO 3166-2, such as US-NY
    CURRENCY = "currency"  # ISO 4217
    MONEY = "money"  # decimal(18, 4)
    TIME = "time"  # an instant, UTC; one without an offset is read in the source's zone
    DAY = "day"  # a date as written
    INTEGER = "integer"
    FLAG = "flag"
    ENUM = "enum"  # upper case
    LIST = "list"  # array of text
    JSON = "json"  # an object, as canonical JSON text
    DERIVED = "derived"  # computed on landing from its neighbours; a source never sends it


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Ibis type, how it is normalised, and for an enum its allowed values."""

    name: str
    type: str
    kind: Kind
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Table:
    """A stream as it lands: its key (after `source`) and its columns, in order."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def schema(self) -> dict[str, str]:
        """Column name to Ibis type, the bookkeeping columns of every landed row included."""
        return {"source": "string", **{c.name: c.type for c in self.columns}, **LANDED}


LANDED: Mapping[str, str] = MappingProxyType({"pulled_at": "timestamp", "run_id": "int64"})

_TYPES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.MONEY: "decimal(18, 4)",
        Kind.TIME: "timestamp",
        Kind.DAY: "date",
        Kind.INTEGER: "int64",
        Kind.FLAG: "boolean",
        Kind.LIST: "array<string>",
    }
)


def _c(kind: Kind, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, _TYPES.get(kind, "string"), kind) for name in names)


def _enum(name: str, *values: str) -> tuple[Column, ...]:
    return (Column(name, "string", Kind.ENUM, frozenset(values)),)


def _derived(name: str, type_: str = "string") -> tuple[Column, ...]:
    return (Column(name, type_, Kind.DERIVED),)


# Most restrictive first: where records disagree about one identifier, the earlier value wins.
EMAIL_CONSENT = ("REDACTED", "INVALID", "UNSUBSCRIBED", "PENDING", "NOT_SUBSCRIBED", "SUBSCRIBED")
SMS_CONSENT = ("REDACTED", "UNSUBSCRIBED", "PENDING", "NOT_SUBSCRIBED", "SUBSCRIBED")
ADS_CONSENT = ("DENIED", "UNKNOWN", "GRANTED")

# fmt: off
CUSTOMERS = Table("customers", ("customer_id",), (
    *_c(Kind.ID, "customer_id"),
    *_c(Kind.EMAIL, "email"),
    *_c(Kind.PHONE, "phone"),
    *_c(Kind.TEXT, "first_name", "last_name", "language"),
    *_derived("last_name_key"),
    *_enum("account_status", "DECLINED", "DISABLED", "ENABLED", "INVITED"),
    *_c(Kind.LIST, "tags"),
    *_derived("tags_key", "array<string>"),
    *_enum("email_subscription_status", *EMAIL_CONSENT),
    *_c(Kind.TIME, "email_consent_at"),
    *_enum("sms_subscription_status", *SMS_CONSENT),
    *_c(Kind.TIME, "sms_consent_at"),
    *_enum("ads_consent", *ADS_CONSENT),
    *_c(Kind.DAY, "birth_date"),
    *_c(Kind.TEXT, "gender"),
    *_c(Kind.TIME, "created_at"),
    *_derived("created_on", "date"),
    *_c(Kind.TIME, "updated_at", "deleted_at"),
    *_c(Kind.FLAG, "verified_email"),
    *_enum("subscriber_status", "ACTIVE", "CANCELLED", "EXPIRED", "FAILED", "NEVER_SUBSCRIBED", "PAUSED"),
    *_c(Kind.INTEGER, "platform_orders"),   # how many orders the platform itself counts for this customer
    *_c(Kind.JSON, "platform_scores", "attributes"),
))

ADDRESSES = Table("addresses", ("customer_id", "address_id"), (
    *_c(Kind.ID, "customer_id", "address_id"),
    *_c(Kind.COUNTRY, "country"),
    *_c(Kind.REGION, "region"),
    *_c(Kind.TEXT, "city", "postal_code"),
    *_c(Kind.FLAG, "is_default"),
    *_derived("country_key"),
    *_derived("region_key"),
    *_derived("city_key"),
))

ORDERS = Table("orders", ("order_id",), (
    *_c(Kind.ID, "order_id", "customer_id"),
    *_c(Kind.EMAIL, "email"),
    *_c(Kind.PHONE, "phone"),
    *_derived("owner"),         # customer_id, else `guest:` + email, else `guest:` + phone, else null
    *_c(Kind.TIME, "ordered_at"),
    *_derived("ordered_on", "date"),
    *_derived("ordered_hour", "int64"),
    *_c(Kind.TIME, "updated_at", "cancelled_at"),
    *_c(Kind.FLAG, "test"),
    *_enum("financial_status", "AUTHORIZED", "EXPIRED", "PAID", "PARTIALLY_PAID", "PARTIALLY_REFUNDED",
           "PENDING", "REFUNDED", "VOIDED"),
    *_derived("live", "boolean"),   # neither cancelled, voided, expired nor a test: what counts for traits
    *_c(Kind.CURRENCY, "currency"),
    *_c(Kind.MONEY, "gross", "discount", "shipping", "tax", "refunded", "net"),
    *_c(Kind.LIST, "discount_codes"),
    *_derived("discount_codes_key", "array<string>"),
    *_c(Kind.TEXT, "channel", "source_name", "app_id"),
    *_c(Kind.COUNTRY, "country"),
    *_c(Kind.REGION, "region"),
    *_c(Kind.TEXT, "city", "postal_code"),
    *_derived("country_key"),
    *_derived("region_key"),
    *_derived("city_key"),
    *_c(Kind.TEXT, "device", "visit_source", "visit_medium", "visit_campaign"),
    *_c(Kind.INTEGER, "items"),
))

ORDER_LINES = Table("order_lines", ("order_id", "line_id"), (
    *_c(Kind.ID, "order_id", "line_id", "product_id", "variant_id"),
    *_c(Kind.TEXT, "sku", "title", "product_type", "vendor"),
    *_c(Kind.LIST, "tags"),
    *_derived("tags_key", "array<string>"),
    *_c(Kind.INTEGER, "quantity", "net_quantity"),
    *_c(Kind.MONEY, "gross", "discount", "net"),
    *_c(Kind.FLAG, "gift_card"),
))

REFUNDS = Table("refunds", ("refund_id",), (
    *_c(Kind.ID, "refund_id", "order_id"),
    *_c(Kind.TIME, "refunded_at"),
    *_derived("refunded_on", "date"),
    *_c(Kind.CURRENCY, "currency"),
    *_c(Kind.MONEY, "amount"),
    *_c(Kind.TEXT, "reason"),
))

CHECKOUTS = Table("checkouts", ("checkout_id",), (
    *_c(Kind.ID, "checkout_id", "customer_id"),
    *_c(Kind.EMAIL, "email"),
    *_c(Kind.PHONE, "phone"),
    *_c(Kind.TIME, "created_at"),
    *_derived("created_on", "date"),
    *_c(Kind.TIME, "completed_at"),
    *_c(Kind.CURRENCY, "currency"),
    *_c(Kind.MONEY, "amount"),
))

EVENTS = Table("events", ("event_id",), (
    *_c(Kind.ID, "event_id", "customer_id"),
    *_c(Kind.EMAIL, "email"),
    *_c(Kind.PHONE, "phone"),
    *_c(Kind.TEXT, "name"),
    *_c(Kind.TIME, "happened_at"),
    *_derived("happened_on", "date"),
    *_c(Kind.JSON, "properties"),
))

# fmt: on

STREAMS: Mapping[str, Table] = MappingProxyType(
    {t.name: t for t in (CUSTOMERS, ADDRESSES, ORDERS, ORDER_LINES, REFUNDS, CHECKOUTS, EVENTS)}
)

# A root is what a source reads; the streams beside it travel on the same pages, whole.
ROOTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "customers": ("customers", "addresses"),
        "orders": ("orders", "order_lines", "refunds"),
        "checkouts": ("checkouts",),
        "events": ("events",),
    }
)

# A frame may carry these beside the stream's columns; they help landing and are never kept.
PLACE = "place"  # where the record was read, such as `orders_export.csv:17`
PHONE_COUNTRY = "phone_country"  # the country in which a phone number without a prefix is meant

# What the core computes. Keys first; `held` and `outbox` hold identifiers as JSON text, as they were or will be sent.
# fmt: off
COMPUTED: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "identities": {             # which person each customer (or guest) is; key: source, customer_id
        "source": "string", "customer_id": "string", "person": "string", "joined_by": "string",
        "since": "timestamp",
    },
    "people": {                 # key: person
        "person": "string", "email": "string", "phone": "string", "first_name": "string", "last_name": "string",
        "language": "string", "account_status": "string", "tags_key": "array<string>",
        "email_subscription_status": "string", "sms_subscription_status": "string", "ads_consent": "string",
        "birth_date": "date", "gender": "string", "customer_added_on": "date", "sources": "array<string>",
        "country": "string", "region": "string", "city": "string", "postal_code": "string",  # the default address
        "guest": "boolean",
    },
    "identifiers": {            # what a platform can match on; key: person, kind, value
        "person": "string", "kind": "string", "value": "string",
        "rank": "int64",            # 1 is the person's best of this kind: verified first, then newest
        "sources": "array<string>",
        "consent": "string",        # of this identifier's own channel, most restrictive of all records that hold it
        "consent_at": "timestamp",
        "deliverable": "boolean",   # came from a source whose identifiers may leave
    },
    "members": {"segment": "string", "person": "string", "entered_on": "date", "run_id": "int64"},
    "moves": {"segment": "string", "person": "string", "run_id": "int64", "entered": "boolean", "on_day": "date"},
    "held": {                   # what receipts say an audience holds; key: audience, person
        "audience": "string", "person": "string", "platform_id": "string", "identifiers": "string",
        "accepted_at": "timestamp", "batch_seq": "int64", "state": "string", "was": "string",
        "value": "decimal(18, 2)",
    },
    "was_held": {               # what `held` said before a batch changed it; key: audience, person, batch_seq
        "audience": "string", "person": "string", "batch_seq": "int64",  # of the batch that changed it
        "state": "string", "identifiers": "string", "platform_id": "string",  # all null: there was no row
    },
    "outbox": {                 # key: plan, person
        "plan": "string", "audience": "string", "batch": "int64", "person": "string", "action": "string",
        "platform_id": "string", "identifiers": "string", "value": "decimal(18, 2)",
    },
})
# fmt: on


def fold(text: str) -> str:
    """Text as list comparisons see it: trimmed and case-folded (rules.md, Meaning 5)."""
    return text.strip().casefold()
