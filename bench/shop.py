"""A shop's landed tables, drawn with a fixed seed: two sources, duplicates, households, guests, dead orders.

Rows are made as landing would have left them (normalised, typed, with their derived columns) and appended to a new
warehouse; no file is read. Run as a module it also writes the Parquet files that the pandas competitor starts from.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.job import AS_OF, ZONE
from segsync.clock import system_clock
from segsync.streams import EMAIL_CONSENT, STREAMS
from segsync.warehouse import Warehouse

STORE = "bench"
SEED = 20261120
COUNTRIES = np.array(["US", "CA", "GB", "DE", "FR", "AU"])
REGIONS = np.array(["US-NY", "CA-ON", "GB-ENG", "DE-BE", "FR-IDF", "AU-NSW"])
CITIES = np.array(["Springfield", "Riverton", "Lakeside", "Hill Valley", "Northport"])
LAST_NAMES = np.array([f"{a}{b}" for a in ("Ash", "Birch", "Oak", "Elm", "Fir") for b in ("ton", "wood", "ley", "by")])
FIRST_NAMES = np.array(
    ["Ana", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jon", "Kim", "Leo", "Mia", "Ned", "Oda", "Pia"]
)
TAGS = ["wholesale", "newsletter", "loyal", "press", "gift"]
PRODUCT_TAGS = ["organic", "new", "sale", "summer", "winter", "vegan"]
MONEY = pa.decimal128(18, 4)


@dataclass(frozen=True, slots=True)
class Size:
    """How much to draw."""

    people: int
    orders: int


Columns = dict[str, Any]


def write(folder: Path, size: Size) -> dict[str, int]:
    """Make the warehouse of `folder`; rows by table."""
    rng = np.random.default_rng(SEED)
    people = _people(rng, size.people)
    owners = _owners(people)
    orders = _orders(rng, owners, size.orders)
    tables = {
        "customers": _customers(rng, people),
        "addresses": _addresses(rng, people),
        "orders": orders,
        "order_lines": _lines(rng, orders),
        "refunds": _refunds(orders),
    }
    warehouse = Warehouse.open(folder, clock=system_clock(), store_id=STORE)
    for name, columns in tables.items():
        warehouse.append(name, _arrow(name, columns))
    return {name: len(next(iter(columns.values()))) for name, columns in tables.items()}


def export(folder: Path, to: Path) -> None:
    """The landed tables as Parquet, money as doubles, which is what pandas calculates with fastest."""
    warehouse = Warehouse.open(folder, clock=system_clock(), store_id=STORE)
    with warehouse.reading() as con:
        for name in ("customers", "addresses", "orders", "order_lines"):
            money = [c.name for c in STREAMS[name].columns if c.type.startswith("decimal")]
            casts = "".join(f" REPLACE ({', '.join(f'{m}::DOUBLE AS {m}' for m in money)})" if money else "")
            con.raw_sql(f"COPY (SELECT *{casts} FROM {name}) TO '{to / name}.parquet' (FORMAT parquet)")


def _people(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """One row a record of somebody: source, id, e-mail, phone, last name, and whether it is a guest's or vanished."""
    first = int(count * 0.915)
    number = np.arange(first)
    shop = pd.DataFrame({"source": "shopify", "email": _emails(number), "phone": None, "last_name": None})
    shop["last_name"] = LAST_NAMES[rng.integers(0, len(LAST_NAMES), first)]
    phones = _phones(number)
    shop["phone"] = np.where(rng.random(first) < 0.5, phones, None)
    shop.loc[rng.random(first) < 0.03, "email"] = None
    fifth = count // 50
    # Households: neighbours share phone and last name, but have e-mails of their own.
    pairs = np.arange(first - 2 * fifth, first, 2)
    shop.loc[pairs, "phone"] = phones[pairs]
    for column in ("phone", "last_name"):
        shop.loc[pairs + 1, column] = shop.loc[pairs, column].to_numpy()
    by_email = shop.iloc[: int(2.5 * fifth)].assign(source="outlet")
    by_phone = shop.iloc[3 * fifth : 4 * fifth].assign(source="outlet", email=None)
    shop.loc[by_phone.index, "phone"] = by_phone["phone"] = phones[by_phone.index]
    other_name = shop.iloc[4 * fifth : int(4.5 * fifth)].assign(source="outlet", email=None, last_name="Zimmer")
    only_phone = pd.DataFrame({"source": "outlet", "email": None, "phone": _phones(np.arange(first, first + fifth))})
    only_phone = only_phone.assign(last_name="Yardley").loc[np.repeat(np.arange(fifth), 2)]
    crowd = pd.DataFrame({"source": "outlet", "email": ["info@example.org"] * 14, "phone": None, "last_name": "Desk"})
    gone = shop.iloc[[0] * (count // 200)].assign(email=_emails(np.arange(10**6, 10**6 + count // 200)), phone=None)
    guests = pd.DataFrame({"source": "shopify", "email": _emails(np.arange(2 * 10**6, 2 * 10**6 + int(count * 0.11)))})
    guests.iloc[: count // 50, 1] = shop.email.iloc[: count // 50].to_numpy()  # who bought without logging in
    again = gone.email.iloc[:20].to_numpy()  # orders of vanished customers, which make no guest
    guests.iloc[count // 50 : count // 50 + len(again), 1] = again
    by_call = pd.DataFrame({"source": "shopify", "email": None, "phone": _phones(10**6 + np.arange(count // 200))})
    known = pd.concat([shop, by_email, by_phone, other_name, only_phone, crowd])
    parts = [known, gone.assign(vanished=True), guests.assign(guest=True), by_call.assign(guest=True)]
    everyone = pd.concat(parts, ignore_index=True)
    everyone["guest"] = everyone.guest.fillna(False).astype(bool)
    everyone["vanished"] = everyone.vanished.fillna(False).astype(bool)
    everyone = everyone[everyone.email.notna() | everyone.phone.notna() | ~everyone.guest].reset_index(drop=True)
    everyone["id"] = np.where(everyone.guest, None, (7_000_000 + np.arange(len(everyone))).astype(str).astype(object))
    everyone["country"] = rng.choice(len(COUNTRIES), len(everyone), p=[0.6, 0.12, 0.1, 0.08, 0.05, 0.05])
    return everyone.astype(dict.fromkeys(("email", "phone", "last_name"), object)).replace({np.nan: None})


def _emails(number: np.ndarray) -> np.ndarray:
    return np.array([f"person{n}@example.com" for n in number], dtype=object)


def _phones(number: np.ndarray) -> np.ndarray:
    """Numbers of a country code that no country has."""
    return np.array([f"+999{n:09d}" for n in number], dtype=object)


def _customers(rng: np.random.Generator, people: pd.DataFrame) -> Columns:
    rows = people[~people.guest]
    n = len(rows)
    created = _instants(rng, n, 1500, 30)
    consents = np.array([*EMAIL_CONSENT, None], dtype=object)
    status = rng.choice(consents, n, p=[0.01, 0.02, 0.1, 0.05, 0.27, 0.5, 0.05])
    sets = pa.array([None, [], *([tag] for tag in TAGS), ["wholesale", "loyal"], ["gift", "newsletter"]])
    tags = sets.take(pa.array(rng.integers(0, len(sets), n)))
    return {
        "source": rows.source,
        "customer_id": rows.id,
        "email": rows.email,
        "phone": rows.phone,
        "first_name": FIRST_NAMES[rng.integers(0, len(FIRST_NAMES), n)],
        "last_name": rows.last_name,
        "last_name_key": [name and name.casefold() for name in rows.last_name],
        "language": np.where(rng.random(n) < 0.8, "en", None),
        "account_status": "ENABLED",
        "tags": tags,
        "tags_key": tags,
        "email_subscription_status": status,
        "email_consent_at": created,
        "sms_subscription_status": rng.choice(np.array(["SUBSCRIBED", "UNSUBSCRIBED", None], dtype=object), n),
        "sms_consent_at": created,
        "ads_consent": rng.choice(np.array(["DENIED", "UNKNOWN", "GRANTED", None], dtype=object), n),
        "birth_date": np.where(rng.random(n) < 0.2, np.datetime64("1980-06-01"), np.datetime64("NaT")),
        "created_at": created,
        "created_on": _days(created),
        "updated_at": created + rng.integers(0, 30 * 86_400, n).astype("timedelta64[s]"),
        "deleted_at": np.where(rows.vanished, np.datetime64("2026-11-01"), np.datetime64("NaT")),
        "verified_email": rng.random(n) < 0.7,
    }


def _addresses(rng: np.random.Generator, people: pd.DataFrame) -> Columns:
    rows = people[~people.guest]
    first = rows[rng.random(len(rows)) < 0.9].assign(address_id="1", is_default=True)
    second = first[rng.random(len(first)) < 0.1].assign(address_id="2", is_default=False)
    second["country"] = rng.integers(0, len(COUNTRIES), len(second))
    rows = pd.concat([first, second])
    return {
        "source": rows.source,
        "customer_id": rows.id,
        "address_id": rows.address_id,
        "is_default": rows.is_default,
        **_places(rng, rows.country.to_numpy()),
    }


def _places(rng: np.random.Generator, country: np.ndarray) -> Columns:
    city = rng.integers(0, len(CITIES), len(country))
    keys = np.array([[f"{r}-{''.join(c.split())}".casefold() for c in CITIES] for r in REGIONS])
    return {
        "country": COUNTRIES[country],
        "country_key": np.char.lower(COUNTRIES)[country],
        "region": REGIONS[country],
        "region_key": np.char.lower(REGIONS)[country],
        "city": CITIES[city],
        "city_key": keys[country, city],
        "postal_code": (10_000 + city).astype(str),
    }


def _owners(people: pd.DataFrame) -> pd.DataFrame:
    called = np.where(people.email.isna(), people.phone, people.email)
    owner = np.where(people.guest, "guest:" + pd.Series(called).fillna("").astype(object), people.id)
    return people.assign(owner=owner)


def _orders(rng: np.random.Generator, owners: pd.DataFrame, count: int) -> Columns:
    weight = rng.lognormal(0, 1.2, len(owners)) * np.where(owners.guest, 0.3, rng.random(len(owners)) > 0.15)
    chosen = rng.choice(len(owners), count, p=weight / weight.sum())
    rows = owners.iloc[chosen]
    at = _instants(rng, count, 1460, -2)
    status = rng.choice(["PAID", "PENDING", "REFUNDED", "VOIDED", "EXPIRED"], count, p=[0.9, 0.03, 0.05, 0.015, 0.005])
    cancelled, test = rng.random(count) < 0.02, rng.random(count) < 0.005
    gross = rng.lognormal(3.9, 0.7, count).round(2)
    discount = np.where(rng.random(count) < 0.15, (gross * 0.1).round(2), 0.0)
    refunded = np.where(status == "REFUNDED", (gross * 0.5).round(2), 0.0)
    abroad = rng.random(count) < 0.15
    country = np.where(abroad, rng.integers(0, len(COUNTRIES), count), rows.country)
    currency = np.where(rng.random(count) < 0.1, "CAD", np.where(rng.random(count) < 0.005, "GBP", "USD"))
    codes = pa.array([[], ["WELCOME"]]).take(pa.array((discount > 0).astype(int)))
    keys = pa.array([[], ["welcome"]]).take(pa.array((discount > 0).astype(int)))
    return {
        "source": rows.source,
        "order_id": (50_000_000 + np.arange(count)).astype(str),
        "customer_id": rows.id,
        "email": rows.email,
        "phone": np.where(rows.guest, rows.phone, None),
        "owner": rows.owner,
        "ordered_at": at,
        "ordered_on": _days(at),
        "ordered_hour": _local(at).hour.to_numpy().astype("int64"),
        "updated_at": at,
        "cancelled_at": np.where(cancelled, at, np.datetime64("NaT")),
        "test": test,
        "financial_status": status,
        "live": ~(cancelled | test | np.isin(status, ["VOIDED", "EXPIRED"])),
        "currency": np.where(rows.source == "outlet", "EUR", currency),
        "gross": gross,
        "discount": discount,
        "shipping": 4.9,
        "tax": (gross * 0.08).round(2),
        "refunded": refunded,
        "net": gross - discount - refunded,
        "discount_codes": codes,
        "discount_codes_key": keys,
        "channel": "Online Store",
        "source_name": "web",
        "device": np.where(rng.random(count) < 0.6, "mobile", "desktop"),
        "items": rng.integers(1, 6, count),
        **_places(rng, country),
    }


def _lines(rng: np.random.Generator, orders: Columns) -> Columns:
    each = rng.integers(1, 4, len(orders["order_id"]))
    order = np.repeat(np.arange(len(each)), each)
    count, products = len(order), 800
    kinds = rng.integers(0, 8, products)
    sets = [[tag for tag in PRODUCT_TAGS if rng.random() < 0.25] for _ in range(products)]
    product = rng.integers(0, products, count)
    tags = pa.array(sets, type=pa.list_(pa.string())).take(pa.array(product))
    gross = rng.lognormal(3.0, 0.6, count).round(2)
    quantity = rng.integers(1, 4, count)
    return {
        "source": orders["source"].to_numpy()[order],
        "order_id": orders["order_id"][order],
        "line_id": (90_000_000 + np.arange(count)).astype(str),
        "product_id": np.arange(1000, 1000 + products).astype(str)[product],
        "variant_id": np.arange(5000, 5000 + products).astype(str)[product],
        "sku": np.array([f"SKU-{n}" for n in range(products)])[product],
        "title": np.array([f"Product {n}" for n in range(products)])[product],
        "product_type": np.array([f"Kind {n}" for n in kinds])[product],
        "vendor": np.array([f"Vendor {n % 20}" for n in range(products)])[product],
        "tags": tags,
        "tags_key": tags,
        "quantity": quantity,
        "net_quantity": quantity,
        "gross": gross,
        "discount": 0.0,
        "net": gross,
        "gift_card": False,
    }


def _refunds(orders: Columns) -> Columns:
    which = np.flatnonzero(orders["refunded"] > 0)
    at = orders["ordered_at"][which] + np.timedelta64(5, "D")
    return {
        "source": orders["source"].to_numpy()[which],
        "refund_id": (30_000_000 + which).astype(str),
        "order_id": orders["order_id"][which],
        "refunded_at": at,
        "refunded_on": _days(at),
        "currency": orders["currency"][which],
        "amount": orders["refunded"][which],
    }


def _instants(rng: np.random.Generator, count: int, oldest: int, newest: int) -> np.ndarray:
    """Instants (UTC, without a zone) from so many days before AS_OF to so many; a negative number means after it."""
    start = np.datetime64((AS_OF - timedelta(days=oldest)).replace(tzinfo=None), "us")
    return start + (rng.random(count) * (oldest - newest) * 86_400 * 1_000_000).astype("timedelta64[us]")


def _local(at: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(at).tz_localize("UTC").tz_convert(ZONE)


def _days(at: np.ndarray) -> np.ndarray:
    return _local(at).tz_localize(None).to_numpy().astype("datetime64[D]")


def _arrow(name: str, columns: Columns) -> pa.Table:
    """A landed table: every column of the stream, those that were not drawn null."""
    count = len(next(iter(columns.values())))
    drawn = columns | {"pulled_at": np.datetime64(AS_OF.replace(tzinfo=None), "us"), "run_id": 1}
    return pa.table({column: _column(drawn.get(column), count) for column in STREAMS[name].schema})


def _column(values: Any, count: int) -> pa.Array:
    if values is None:
        return pa.nulls(count)
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if np.ndim(values) == 0:
        return pa.array(np.full(count, values))
    return pa.array(np.asarray(values), from_pandas=True)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    print(write(home, Size(int(sys.argv[2]), int(sys.argv[3]))))
    export(home, home)
