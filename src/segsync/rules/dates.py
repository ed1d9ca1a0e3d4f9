"""Days and moments of a rule against the one instant of a run. Pure: no engine and no clock is asked."""

from __future__ import annotations

from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from segsync.rules.syntax import Day, Moment, Offset

REACH = 1000  # years that an offset may reach from the run's day: well within what every engine's dates hold


@dataclass(frozen=True, slots=True)
class AsOf:
    """The one instant of a run (UTC, with its zone), and the shop's time zone, in which days are days."""

    instant: datetime
    timezone: ZoneInfo

    @property
    def day(self) -> date:
        """The run's day in the shop."""
        return self.instant.astimezone(self.timezone).date()

    @property
    def utc(self) -> datetime:
        """The instant as the warehouse keeps instants: UTC without a zone."""
        return self.instant.astimezone(UTC).replace(tzinfo=None)


def shifted(day: date, offset: Offset) -> date:
    """The day so far from `day`; months and years clamp to the month's last day, the calendar's ends to themselves."""
    count = day.year * 12 + day.month - 1 + offset.months
    year, month = divmod(count, 12)
    if not date.min.year <= year <= date.max.year:
        return date.min if count < 0 or year < date.min.year else date.max
    there = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    try:
        return there + timedelta(days=offset.days)
    except OverflowError:
        return date.min if offset.days < 0 else date.max


def day_of(value: Day | Offset, as_of: AsOf) -> date:
    """The day that a value of a rule means in this run."""
    return value.day if isinstance(value, Day) else shifted(as_of.day, value)


def instant_of(value: Moment, as_of: AsOf) -> datetime:
    """The instant (UTC, without a zone) at which the shop's clock shows this.

    A time that daylight saving skips moves forward, of a repeated one it is the first: what `fold=0` means (PEP 495).
    """
    try:
        return value.at.replace(tzinfo=as_of.timezone, fold=0).astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # within a day of the calendar's ends
        return value.at


def reversed_always(low: Day | Offset | Moment, high: Day | Offset | Moment) -> bool:
    """Is a range from `low` to `high` empty on every day a run may have?"""
    if isinstance(low, Offset) and isinstance(high, Offset):
        if low.months == high.months:
            return low.days > high.days
        if low.days == high.days:
            return low.months > high.months
        return all(shifted(day, low) > shifted(day, high) for day in _sample())
    if isinstance(low, Offset) or isinstance(high, Offset):
        return False
    return _start(low) > _end(high)


def _start(value: Day | Moment) -> datetime:
    return value.at if isinstance(value, Moment) else datetime.combine(value.day, datetime.min.time())


def _end(value: Day | Moment) -> datetime:
    return value.at if isinstance(value, Moment) else datetime.combine(value.day, datetime.max.time())


def _sample() -> list[date]:
    """Every day of four years around a leap day, and of four without: all that months' lengths can do to an offset."""
    first = [date(2026, 1, 1), date(2098, 1, 1)]
    return [start + timedelta(days=n) for start in first for n in range(4 * 365 + 1)]


def age_key(day: date) -> int:
    """Month and day as one number, by which an anniversary has come or not; 29 February comes on the 28th."""
    if (day.month, day.day) == (2, 28) and not isleap(day.year):
        return 229
    return day.month * 100 + day.day
