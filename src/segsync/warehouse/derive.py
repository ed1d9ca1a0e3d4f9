"""The columns that landing computes from their neighbours: folded keys, days in the shop's zone, whose an order is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segsync.streams import Table, fold
from segsync.warehouse.coded import Coded
from segsync.warehouse.times import DAY, HOUR, shop_local

Arrays = Mapping[str, pa.Array]
Columns = Mapping[str, Coded]

# Each day column, and the instant that it is the day of; `hour` columns stand beside theirs.
DAYS: Mapping[str, Mapping[str, str]] = {
    "customers": {"created_on": "created_at"},
    "orders": {"ordered_on": "ordered_at"},
    "refunds": {"refunded_on": "refunded_at"},
    "checkouts": {"created_on": "created_at"},
    "events": {"happened_on": "happened_at"},
}
HOURS: Mapping[str, Mapping[str, str]] = {"orders": {"ordered_hour": "ordered_at"}}

DEAD_STATUSES = ("VOIDED", "EXPIRED")


def derived(
    table: Table, columns: Columns, arrays: Arrays, zone: ZoneInfo, unreadable: Mapping[str, Collection[int]]
) -> dict[str, pa.Array]:
    """Every derived column of a stream. `columns` are those of lists; `unreadable` names the rows whose value of a
    column was written but lost.
    """
    names = {column.name for column in table.columns}
    out: dict[str, pa.Array] = {}
    for of in ("last_name", "country", "region"):
        if f"{of}_key" in names:
            out[f"{of}_key"] = _folded(arrays[of])
    for of in ("tags", "discount_codes"):
        if f"{of}_key" in names:
            out[f"{of}_key"] = columns[of].mapped(_fold_each).array("array<string>")
    if "city_key" in names:
        out["city_key"] = _city_key(arrays)
    for on, at in DAYS.get(table.name, {}).items():
        out[on] = days(arrays[at], zone)
    for hour, at in HOURS.get(table.name, {}).items():
        out[hour] = hours(arrays[at], zone)
    if "owner" in names:
        out["owner"] = _owner(arrays)
        out["live"] = _live(arrays, unreadable.get("cancelled_at", ()))
    return out


def days(instants: pa.Array, zone: ZoneInfo) -> pa.Array:
    """The day of each instant (UTC) in the zone."""
    return _local(instants, zone, lambda local: (local // DAY).astype(np.int32), pa.date32())


def hours(instants: pa.Array, zone: ZoneInfo) -> pa.Array:
    """The hour of the day, 0 to 23, of each instant (UTC) in the zone."""
    return _local(instants, zone, lambda local: local % DAY // HOUR, pa.int64())


def _local(instants: pa.Array, zone: ZoneInfo, part: Callable[..., np.ndarray], type_: pa.DataType) -> pa.Array:
    missing = instants.is_null().to_numpy(zero_copy_only=False)
    micros = instants.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return pa.array(part(shop_local(micros, zone)), type=type_, mask=missing)


def _folded(texts: pa.Array) -> pa.Array:
    coded = texts.dictionary_encode()
    return pa.array([fold(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def _fold_each(texts: object) -> list[str]:
    return list(dict.fromkeys(map(fold, texts))) if isinstance(texts, tuple) else []


def _city_key(arrays: Arrays) -> pa.Array:
    """`us-ny-newyorkcity`; where the region is unknown the country stands for it."""
    where = pc.coalesce(arrays["region"], arrays["country"]).to_pylist()
    cities = arrays["city"].to_pylist()
    return pa.array([_city(a, city) for a, city in zip(where, cities, strict=True)], type=pa.string())


@lru_cache(maxsize=100_000)
def _city(where: str | None, city: str | None) -> str | None:
    return fold(f"{where}-{''.join(city.split())}") if where and city else None


def _owner(orders: Arrays) -> pa.Array:
    """The customer, else the guest that the order's e-mail names, else the one that its phone names."""
    guest = [pc.binary_join_element_wise("guest:", orders[name], "") for name in ("email", "phone")]
    return pc.coalesce(orders["customer_id"], *guest)


def _live(orders: Arrays, cancelled_somehow: Collection[int]) -> pa.Array:
    """False for cancelled, voided, expired and test orders; also where a cancellation's time cannot be read."""
    dead = pc.is_in(orders["financial_status"], value_set=pa.array(DEAD_STATUSES))
    dead = pc.or_(dead, pc.or_(pc.is_valid(orders["cancelled_at"]), pc.fill_null(orders["test"], False)))
    live = pc.invert(dead).to_numpy(zero_copy_only=False).copy()
    live[list(cancelled_somehow)] = False
    return pa.array(live)
