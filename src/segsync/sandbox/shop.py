"""A seeded shop of any size, with the dirt of real ones, that moves on from day to day.

The same seed gives the same shop. In it are guests, second accounts under the same e-mail in another case or the same
phone, households that share a phone, e-mails that are none, cancelled, voided, refunded and test orders, four
currencies, offsets of several zones, and names and cells with every sign that CSV readers stumble on. About three
customers in a hundred have three orders and have spent more than 500 US dollars (see `RATES`), and six in ten agreed
to be sent e-mail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from segsync.sandbox import shop_csv
from segsync.sandbox.shop_orders import RATES, Order, order, placed_at
from segsync.sandbox.shop_people import DUPLICATE, DUPLICATE_OF, Shopper, customer_id, shopper

__all__ = ["RATES", "Changes", "Shop", "make_shop"]

CURRENCY = "USD"
TIMEZONE = "America/New_York"
VIP_ORDERS, VIP_SPENT = 3, Decimal(500)
_MOST_ORDERS = 512  # of one shopper: orders are numbered within them


@dataclass(frozen=True, slots=True)
class Later:
    """An order placed after the shop's first day."""

    placed: datetime
    big: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What one day brought, by customer id: to be compared with what segsync makes of it."""

    day: date
    orders: int
    became_vip: tuple[str, ...]
    changed_email: tuple[str, ...]
    vanished: tuple[str, ...]
    withdrew: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as it stands at the end of `day`. `size` customers, and guests besides."""

    seed: int
    size: int
    opened: date  # the day that its history leads up to
    day: date
    later: Mapping[int, tuple[Later, ...]] = field(default_factory=dict)
    emails: Mapping[int, str] = field(default_factory=dict)  # changed since
    old_orders_keep_email: bool = False
    vanished: frozenset[int] = frozenset()
    withdrawn: frozenset[int] = frozenset()
    changes: tuple[Changes, ...] = ()  # of every day since it opened

    def customers(self) -> Iterator[Shopper]:
        """Every customer that the shop still has."""
        return (self.shopper(number) for number in range(self.size) if number not in self.vanished)

    def shopper(self, number: int) -> Shopper:
        """A customer or guest as the shop knows them today."""
        known = shopper(self.seed, number, self.size)
        if number in self.withdrawn:
            known = replace(known, subscribed=False)
        return replace(known, email=self.emails[number]) if number in self.emails else known

    def orders_of(self, number: int) -> Iterator[Order]:
        """A shopper's orders."""
        return (self._order(number, which, placed) for which, placed in self._placed(number))

    def orders(self) -> Iterator[tuple[int, Order]]:
        """Every order with its place in the shop's history (0 is the first), the newest first, as Shopify lists them.

        Memory: some forty bytes an order.
        """
        dated = self._dated()
        for rank in range(len(dated) - 1, -1, -1):
            seconds, rest = divmod(dated[rank], _MOST_ORDERS << 40)
            number, which = divmod(rest, _MOST_ORDERS)
            yield (
                rank,
                self._order(number, which, datetime.combine(date(2000, 1, 1), time()) + timedelta(seconds=seconds)),
            )

    def write_exports(self, folder: Path) -> tuple[Path, Path]:
        """Write `customers_export.csv` and `orders_export.csv` as Shopify does; the folder is made if absent."""
        folder.mkdir(parents=True, exist_ok=True)
        customers, orders = folder / "customers_export.csv", folder / "orders_export.csv"
        shop_csv.write_customers(customers, ((who, *self.totals(who.number)) for who in self.customers()))
        shop_csv.write_orders(orders, self.orders())
        return customers, orders

    def totals(self, number: int) -> tuple[int, Decimal]:
        """How many orders count for a shopper, and what they spent with them in US dollars. Second accounts apart."""
        counted = [one.spent for one in self.orders_of(number) if one.counts]
        return len(counted), sum(counted, Decimal("0.00"))

    def is_vip(self, number: int) -> bool:
        """Three orders and more than 500 US dollars, by this account alone."""
        count, spent = self.totals(number)
        return count >= VIP_ORDERS and spent > VIP_SPENT

    def next_day(self, seed: int | None = None, *, old_orders_keep_email: bool = False) -> Shop:
        """The shop a day on: new orders, some of which make a VIP; of the subscribed VIPs one changes their e-mail,
        one vanishes, one withdraws consent (where there are so many).

        By default the orders of who changed their e-mail are listed under the new one, as when a typing mistake is
        mended; `old_orders_keep_email` leaves them as they were placed.
        """
        day = self.day + timedelta(days=1)
        draw = Random((self.seed if seed is None else seed) * 1_009 + day.toordinal())  # noqa: S311  # not secrets
        changing = self._pick(draw, 3, self.is_vip)
        rising = self._pick(draw, max(2, self.size // 500), self._nearly)
        buying = [draw.randrange(self.size) for _ in range(max(3, self.size // 200))]
        placed: dict[int, tuple[Later, ...]] = defaultdict(tuple, self.later)
        for number in (n for n in (*rising, *buying) if n not in self.vanished):
            moment = datetime.combine(day, time()) + timedelta(seconds=draw.randrange(86_400))
            placed[number] = (*placed[number], Later(moment, number in rising))
        moved, gone, quiet = changing[:1], changing[1:2], changing[2:3]
        emails = {n: f"new.{self.shopper(n).email}" for n in moved}
        told = Changes(
            day,
            sum(map(len, placed.values())) - sum(map(len, self.later.values())),
            *map(_ids, (rising, moved, gone, quiet)),
        )
        return replace(
            self,
            day=day,
            later=placed,
            emails={**self.emails, **emails},
            old_orders_keep_email=old_orders_keep_email,
            vanished=self.vanished | set(gone),
            withdrawn=self.withdrawn | set(quiet),
            changes=(*self.changes, told),
        )

    # --- how ---------------------------------------------------------------------------------------------------------

    def _placed(self, number: int) -> Iterator[tuple[int, datetime]]:
        made = shopper(self.seed, number, self.size).orders
        for which in range(made):
            yield which, placed_at(self.seed, number, which, self.opened)
        for which, one in enumerate(self.later.get(number, ()), made):
            yield which, one.placed

    def _order(self, number: int, which: int, placed: datetime) -> Order:
        first = shopper(self.seed, number, self.size)
        email = first.email if self.old_orders_keep_email else self.emails.get(number, first.email)
        later = self.later.get(number, ())
        big = which >= first.orders and later[which - first.orders].big
        return order(self.seed, first, which, placed, email=email, big=big)

    def _dated(self) -> list[int]:
        """Every order as one number: seconds since 2000, then shopper, then which of theirs; oldest first."""
        start = datetime.combine(date(2000, 1, 1), time())
        return sorted(
            int((placed - start).total_seconds()) * (_MOST_ORDERS << 40) + number * _MOST_ORDERS + which
            for number in range(self.size + self.size // 12)
            for which, placed in self._placed(number)
        )

    def _pick(self, draw: Random, count: int, wanted: Callable[[int], bool]) -> Sequence[int]:
        """So many subscribed customers without a flaw of whom `wanted` is true, found by looking about at random."""
        found: list[int] = []
        for number in draw.sample(range(self.size), self.size):
            if len(found) == count:
                break
            if self._sound(number) and wanted(number):
                found.append(number)
        return found

    def _sound(self, number: int) -> bool:
        """Whether somebody subscribed has an e-mail of their own and one account."""
        known = self.shopper(number)
        twins = {number % DUPLICATE, (number + DUPLICATE_OF) % DUPLICATE}
        reachable = known.subscribed and "example." in known.email.rpartition("@")[2]
        return reachable and DUPLICATE - 1 not in twins and number not in self.vanished and " " not in known.email

    def _nearly(self, number: int) -> bool:
        return self.totals(number)[0] == VIP_ORDERS - 1


def _ids(numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(map(customer_id, numbers))


def make_shop(seed: int, customers: int, *, day: date) -> Shop:
    """A shop with so many customers and two years of history up to `day`."""
    if not 0 < customers < 1 << 30:
        raise ValueError("a shop has between one and a billion customers")
    return Shop(seed, customers, day, day)
