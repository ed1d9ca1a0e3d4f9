"""Reading times and days, and the day and hour an instant has in the shop's zone. Engines' zones are never used.

DuckDB's TIMESTAMP has no zone; every one in the warehouse is UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas

from segsync.warehouse.values import Reader, Unreadable, shown

FIRST_YEAR, LAST_YEAR = 1900, 2200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_OFFSET = r"[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?"
_TIME = re.compile(rf"({_DATE})(?:[Tt ]({_CLOCK}) ?({_OFFSET})?)?")
_HOW = " (write 2026-05-30 or 2026-05-30T16:00:00+02:00)"

Micros = npt.NDArray[np.int64]


def time_in(zone: ZoneInfo) -> Reader:
    """A reader of instants: ISO 8601 text, datetimes and days to naive UTC of whole microseconds.

    What carries no offset is read in `zone`: a time that daylight saving skips moves forward, a repeated one is
    the first. A bare number is refused, since nothing says in what unit it counts.
    """

    def read(value: object) -> datetime | None:
        found = _moment(value)
        if found is None:
            return None
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise Unreadable(f"a year outside {FIRST_YEAR} to {LAST_YEAR}: {shown(value)}")
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone, fold=0)
        return found.astimezone(UTC).replace(tzinfo=None)

    return read


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        return _parsed(value.strip())
    if isinstance(value, pandas.Timestamp):
        return value.to_pydatetime(warn=False)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive: the caller knows the zone
    raise Unreadable(f"a {type(value).__name__} where a time belongs{_HOW}")


def _parsed(text: str) -> datetime | None:
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if not match:
        raise Unreadable(f"not a time: {shown(text)}{_HOW}")
    day, clock, offset = match.groups()
    if offset in ("UTC", "GMT", "z"):
        offset = "Z"
    try:
        return datetime.fromisoformat(f"{day}T{clock}{offset or ''}" if clock else day)
    except ValueError:
        raise Unreadable(f"no such time: {shown(text)}") from None


def day(value: object) -> date | None:
    """A day as it is written; of a time, the day that it names itself, whatever its zone."""
    found = _moment(value)
    if found is None:
        return None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unreadable(f"a year outside {FIRST_YEAR} to {LAST_YEAR}: {shown(value)}")
    return found.date()


def shop_local(instants: Micros, zone: ZoneInfo) -> Micros:
    """UTC microseconds since 1970 as microseconds of the zone's own wall clock.

    A zone's offset is asked once an hour of data. Where it differs between an hour's ends it is asked each time.
    """
    hours, place = np.unique(instants // HOUR, return_inverse=True)
    first = np.array([_offset(int(hour) * HOUR, zone) for hour in hours], dtype=np.int64)
    last = np.array([_offset(int(hour) * HOUR + HOUR - 1, zone) for hour in hours], dtype=np.int64)
    local: Micros = instants + first[place]
    for index in np.flatnonzero((first != last)[place]):
        local[index] = instants[index] + _offset(int(instants[index]), zone)
    return local


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = (EPOCH + timedelta(microseconds=instant)).astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset / timedelta(microseconds=1))
