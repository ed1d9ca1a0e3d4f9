"""A Shopify orders export as orders, order lines and refunds. Pure.

Money, as found in a real export of 506 orders in several shops' files: `Subtotal` is what the lines cost after
discounts (Subtotal + Discount Amount = sum of Lineitem price x quantity in all 506, 47 of them discounted) and
Total = Subtotal + Shipping + Taxes. So, in the order's currency:

    gross    = Subtotal + Discount Amount (or Subtotal alone where the order's own sums say that it is before discounts)
    refunded = Refunded Amount
    net      = Total - Refunded Amount, shipping and taxes included: what counts as spend, like Shopify's amountSpent

The export does not say
- who the customer is: an order is joined by its e-mail, else by its phone. The phone is `Phone`, else the billing
  phone; the shipping phone may be that of whoever gets a present and is not used;
- when money went back, nor for what: one refund an order, dated when the order was cancelled, else undated, and
  `net_quantity` is known only where nothing or everything was refunded;
- whether it was a test: one paid through Shopify's bogus gateway is.
Line ids are the line's place in its order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from segsync_files.lines import Row
from segsync_files.shopify import Cells, Texts, lists, regions, texts, times, unquoted

# Shopify's own sales channels as `Source` names them; 580111 and 129785 are the app ids of the first two.
CHANNELS: Mapping[str, str] = {
    "web": "online_store",
    "580111": "online_store",
    "pos": "pos",
    "129785": "pos",
    "shopify_draft_order": "draft_order",
    "iphone": "shopify_mobile",
    "android": "shopify_mobile",
}
_FIRST_ROW = ("Id", "Financial Status", "Currency", "Total", "Subtotal")


@dataclass(slots=True)
class Listed:
    """One listing of an order: its first row, and the rows of all its lines, the first among them."""

    first: Row
    lines: list[Row] = field(default_factory=list)


def gather(rows: Iterator[Row], at: Mapping[str, int]) -> Iterator[Listed | Row]:
    """Each order with its lines, in the file's order; a row that belongs to none comes back with its trouble.

    A row that says nothing about its order continues the order right above it, if that has its name.
    """
    tells = [at[name] for name in _FIRST_ROW if name in at]
    name_at, id_at = at["Name"], at.get("Id", at["Name"])
    current: Listed | None = None
    for row in rows:
        if row.trouble:
            yield row
            if not _continues(row, current, name_at):
                yield from _done(current)
                current = None
        elif any(row.cells[i] for i in tells):
            yield from _done(current)
            current = Listed(row, [row])
            if not (row.cells[name_at].strip() or row.cells[id_at].strip()):
                current = None
                yield Row(row.line, row.cells, "an order with neither a Name nor an Id")
        elif current is not None and _continues(row, current, name_at):
            current.lines.append(row)
        else:
            yield Row(row.line, row.cells, "continues an order whose first row is not above it, or could not be read")
    yield from _done(current)


def _continues(row: Row, current: Listed | None, name_at: int) -> bool:
    return current is not None and len(row.cells) > name_at and row.cells[name_at] == current.first.cells[name_at]


def _done(current: Listed | None) -> Iterator[Listed]:
    if current is not None:
        yield current


def order_id(cells: Cells, at: Mapping[str, int]) -> str:
    """The order's id: `Id` where the export has it, else `Name`."""
    id_ = cells[at["Id"]].strip().lstrip("'") if "Id" in at else ""
    return id_ or cells[at["Name"]].strip()


def orders(listed: Sequence[Listed], at: Mapping[str, int]) -> dict[str, list[Any]]:
    """The columns of the `orders` stream."""
    rows = [one.first.cells for one in listed]
    countries = texts(rows, at, "Shipping Country")
    sources = texts(rows, at, "Source")
    money = {name: texts(rows, at, name) for name in ("Subtotal", "Discount Amount", "Shipping", "Taxes", "Total")}
    refunded = texts(rows, at, "Refunded Amount")
    return {
        "order_id": [order_id(row, at) for row in rows],
        "email": texts(rows, at, "Email"),
        "phone": _first(unquoted(texts(rows, at, "Phone")), unquoted(texts(rows, at, "Billing Phone"))),
        "phone_country": _first(texts(rows, at, "Billing Country"), countries),
        "ordered_at": times(texts(rows, at, "Created at")),
        "cancelled_at": times(texts(rows, at, "Cancelled at")),
        "test": ["bogus" in method.lower() if method else False for method in texts(rows, at, "Payment Method")],
        "financial_status": [status and status.upper() for status in texts(rows, at, "Financial Status")],
        "currency": texts(rows, at, "Currency"),
        "gross": [_gross(*amounts) for amounts in zip(*money.values(), strict=True)],
        "discount": money["Discount Amount"],
        "shipping": money["Shipping"],
        "tax": money["Taxes"],
        "refunded": refunded,
        "net": [_less(total, back) for total, back in zip(money["Total"], refunded, strict=True)],
        "discount_codes": lists(texts(rows, at, "Discount Code")),
        "channel": [CHANNELS.get(s, "other" if s.isdigit() else s) if s else None for s in sources],
        "source_name": sources,
        "app_id": [s if s and s.isdigit() else None for s in sources],
        "country": countries,
        "region": regions(countries, texts(rows, at, "Shipping Province")),
        "city": texts(rows, at, "Shipping City"),
        "postal_code": unquoted(texts(rows, at, "Shipping Zip")),
        "items": [_items(one, at) for one in listed],
    }


def order_lines(listed: Sequence[Listed], at: Mapping[str, int]) -> dict[str, list[Any]]:
    """The columns of the `order_lines` stream."""
    rows = [line.cells for one in listed for line in one.lines]
    counts = [len(one.lines) for one in listed]
    quantities, prices = texts(rows, at, "Lineitem quantity"), texts(rows, at, "Lineitem price")
    discounts = texts(rows, at, "Lineitem discount")
    gross = [_times(price, count) for price, count in zip(prices, quantities, strict=True)]
    left = _spread([_left(one, at) for one in listed], counts)
    return {
        "order_id": _spread([order_id(one.first.cells, at) for one in listed], counts),
        "line_id": [str(i) for count in counts for i in range(1, count + 1)],
        "sku": texts(rows, at, "Lineitem sku"),
        "title": texts(rows, at, "Lineitem name"),
        "vendor": texts(rows, at, "Vendor"),
        "quantity": quantities,
        "net_quantity": [
            q if kept else "0" if kept is False else None for q, kept in zip(quantities, left, strict=True)
        ],
        "gross": gross,
        "discount": discounts,
        "net": [_less(amount, off) for amount, off in zip(gross, discounts, strict=True)],
    }


def refunds(listed: Sequence[Listed], at: Mapping[str, int]) -> dict[str, list[Any]]:
    """The columns of the `refunds` stream: one for each order of which money went back."""
    rows = [one.first.cells for one in listed if (_decimal(_cell(one, at, "Refunded Amount")) or 0) > 0]
    ids = [order_id(row, at) for row in rows]
    return {
        "refund_id": [f"{id_}:refunded" for id_ in ids],
        "order_id": ids,
        "refunded_at": times(texts(rows, at, "Cancelled at")),
        "currency": texts(rows, at, "Currency"),
        "amount": texts(rows, at, "Refunded Amount"),
    }


def _first(*choices: Texts) -> Texts:
    return [next((value for value in values if value), None) for values in zip(*choices, strict=True)]


def _cell(one: Listed, at: Mapping[str, int], name: str) -> str | None:
    return one.first.cells[at[name]].strip() or None if name in at else None


def _spread(values: Sequence[Any], counts: Sequence[int]) -> list[Any]:
    return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]


def _left(one: Listed, at: Mapping[str, int]) -> bool | None:
    """Whether the order's lines were kept: all, none (False), or unknown."""
    if (_cell(one, at, "Financial Status") or "").lower() == "refunded":
        return False
    return True if not _decimal(_cell(one, at, "Refunded Amount")) else None


def _items(one: Listed, at: Mapping[str, int]) -> int | None:
    counts = [line.cells[at["Lineitem quantity"]].strip() for line in one.lines]
    return sum(map(int, counts)) if all(c.isascii() and c.isdigit() for c in counts) else None


def _decimal(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _less(amount: str | None, off: str | None) -> str | None:
    """The difference; the text itself where it is no number, for landing to name."""
    whole, part = _decimal(amount), _decimal(off) if off else Decimal(0)
    return amount if whole is None else None if part is None else str(whole - part)


def _times(price: str | None, quantity: str | None) -> str | None:
    each, count = _decimal(price), _decimal(quantity)
    return price if each is None else None if count is None else str(each * count)


def _gross(
    subtotal: str | None, off: str | None, shipping: str | None, tax: str | None, total: str | None
) -> str | None:
    after, less, whole = _decimal(subtotal), _decimal(off) or Decimal(0), _decimal(total)
    if after is None or not less:
        return subtotal
    carriage, taxes = _decimal(shipping) or Decimal(0), _decimal(tax) or Decimal(0)
    adds_up = {after + carriage + taxes, after + carriage}  # taxes stand beside the prices, or are in them
    before = whole not in adds_up and whole in {amount - less for amount in adds_up}
    return subtotal if before else str(after + less)
