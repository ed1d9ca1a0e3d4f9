"""What shoppers bought: each order made from the seed, the shopper's number and which of their orders it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from segsync.sandbox.shop_people import Shopper, weighted

CENT = Decimal("0.01")
YEARS = 2  # of history before the shop's first day
RATES: Mapping[str, Decimal] = {
    "USD": Decimal(1),
    "CAD": Decimal(Decimal("0.73")),
    "GBP": Decimal(Decimal("1.27")),
    "EUR": Decimal(Decimal("1.08")),
}

# Title, SKU, vendor, price.
GOODS = (
    ("Forest Candle, 200 g", "CAN-200", "Wick & Wax", Decimal("24.00")),
    ('Notebook "A5" – dotted', "NB-A5", "Papier", Decimal("14.50")),
    ("Linen Shirt - M", "SH-L-M", "Loom", Decimal("79.00")),
    ("Thé vert bio", "TEA-G", "Théière", Decimal("18.90")),
    ("Sea Moss\u202fGel", "", "Tide", Decimal("32.00")),
    ("羊毛 Socks", "SOCK-W", "Loom", Decimal("16.00")),
    ("Travel Mug; steel", "MUG-1", "Kettle", Decimal("29.95")),
    ("Gift wrap", "", "", Decimal("4.00")),
    ("Körperöl 100 ml", "OIL-100", "Tide", Decimal("38.00")),
    ("Wool Blanket", "BL-W", "Loom", Decimal("129.00")),
)
SOURCES = ("web", "pos", "shopify_draft_order", "580111", "5690175")
NOTES = ("", "Leave at the door,\nplease", 'Gift: "Happy birthday!"', "línea 1\r\nlínea 2", "=SUM(A1:A9)")
FATES = ("paid", "pending", "voided", "refunded", "part", "gone")
# How likely each is, as sums.
_SOURCES, _NOTES, _FATES = (70, 78, 81, 91, 100), (96, 97, 98, 99, 100), (84, 89, 91, 94, 99, 100)
_LINES, _QUANTITIES = (0, 58, 85, 95, 100), (0, 85, 97, 100)


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of an order."""

    title: str
    sku: str
    maker: str
    price: Decimal
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the shop keeps it, money in its own currency. Times are local, `offset` from UTC as `+hhmm`."""

    shopper: Shopper
    email: str
    placed: datetime
    offset: str
    status: str
    lines: tuple[Bought, ...]
    code: str
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    refunded: Decimal
    cancelled: datetime | None
    test: bool
    source: str
    note: str

    @property
    def subtotal(self) -> Decimal:
        """What the lines cost after discounts."""
        return sum((line.price * line.quantity for line in self.lines), Decimal(0)) - self.discount

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.shipping + self.tax

    @property
    def counts(self) -> bool:
        """Whether it is neither cancelled, voided nor a test."""
        return self.cancelled is None and self.status != "voided" and not self.test

    @property
    def spent(self) -> Decimal:
        """What it adds to the customer's spend, in US dollars."""
        return ((self.total - self.refunded) * RATES[self.shopper.home.currency]).quantize(CENT)


def placed_at(seed: int, number: int, which: int, day: date) -> datetime:
    """When a shopper placed one of their orders: within the years before `day`, more of them lately."""
    draw = _draw(seed, number, which)
    days = int(YEARS * 365 * draw.random() ** 1.5) + 1
    return datetime.combine(day - timedelta(days=days), time()) + timedelta(seconds=draw.randrange(86_400))


def order(seed: int, of: Shopper, which: int, placed: datetime, *, email: str, big: bool = False) -> Order:
    """One of a shopper's orders. A `big` one is paid in full and comes to more than 600 of any currency."""
    draw = _draw(seed, of.number, which + 1_000)
    lines = _lines(draw, of.taste)
    if big:
        lines = (Bought("Wool Blanket", "BL-W", "Loom", Decimal("129.00"), 5), *lines)
    gross = sum((line.price * line.quantity for line in lines), Decimal(0))
    code, share = ("", Decimal(0)) if big or draw.random() > 0.25 else draw.choice(_CODES)
    discount = (gross * share).quantize(CENT)
    shipping = Decimal(0) if gross > 75 else Decimal("4.90")
    tax = ((gross - discount) * Decimal("0.08")).quantize(CENT) if of.home.country == "US" else Decimal(0)
    total = gross - discount + shipping + tax
    status, refunded, cancelled = ("paid", Decimal(0), None) if big else _fate(draw, total, placed)
    source = SOURCES[weighted(draw, _SOURCES)]
    return Order(
        shopper=of,
        email=_written(draw, email, source),
        placed=placed,
        offset=of.home.summer if 3 < placed.month < 11 else of.home.winter,
        status=status,
        lines=lines,
        code=code,
        discount=discount,
        shipping=shipping,
        tax=tax,
        refunded=refunded,
        cancelled=cancelled,
        test=not big and draw.random() < 0.007,
        source=source,
        note=NOTES[weighted(draw, _NOTES)],
    )


_CODES = (("WELCOME10", Decimal("0.10")), ("SUMMER", Decimal("0.20")), ("VIP20", Decimal("0.20")))


def _draw(seed: int, number: int, which: int) -> Random:
    return Random((seed * 10_000_019 + number) * 2_003 + which)  # noqa: S311  # made-up orders, not secrets


def _lines(draw: Random, taste: float) -> tuple[Bought, ...]:
    chosen = draw.sample(GOODS, weighted(draw, _LINES))
    factor = Decimal(str(taste))
    return tuple(
        Bought(title, sku, maker, (price * factor).quantize(CENT), weighted(draw, _QUANTITIES))
        for title, sku, maker, price in chosen
    )


def _fate(draw: Random, total: Decimal, placed: datetime) -> tuple[str, Decimal, datetime | None]:
    """Status, amount refunded, and when it was cancelled."""
    later = placed + timedelta(hours=draw.randrange(1, 72))
    match FATES[weighted(draw, _FATES)]:
        case "voided":
            return "voided", Decimal(0), later
        case "refunded":
            return "refunded", total, None
        case "part":
            return "partially_refunded", (total / 3).quantize(CENT), None
        case "gone":
            return "refunded", total, later
        case plain:
            return plain, Decimal(0), None


def _written(draw: Random, email: str, source: str) -> str:
    """The e-mail as it got into the order: typed anew each time, and seldom asked for at the counter."""
    chance = draw.random()
    if source == "pos" and chance < 0.5:
        return ""
    return email.upper() if chance > 0.95 else email
