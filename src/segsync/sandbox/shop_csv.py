"""The shop as Shopify's admin would write it out: the columns of its customers and orders files, in their order."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from segsync.sandbox.shop_orders import Bought, Order
from segsync.sandbox.shop_people import Shopper

CUSTOMER_COLUMNS = (
    "Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing", "Default Address Company",
    "Default Address Address1", "Default Address Address2", "Default Address City", "Default Address Province Code",
    "Default Address Country Code", "Default Address Zip", "Default Address Phone", "Phone", "Accepts SMS Marketing",
    "Total Spent", "Total Orders", "Note", "Tax Exempt", "Tags",
)  # fmt: skip

ORDER_COLUMNS = (
    "Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Fulfilled at", "Accepts Marketing",
    "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Discount Code", "Discount Amount", "Shipping Method",
    "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem compare at price", "Lineitem sku",
    "Lineitem requires shipping", "Lineitem taxable", "Lineitem fulfillment status", "Billing Name", "Billing Street",
    "Billing Address1", "Billing Address2", "Billing Company", "Billing City", "Billing Zip", "Billing Province",
    "Billing Country", "Billing Phone", "Shipping Name", "Shipping Street", "Shipping Address1", "Shipping Address2",
    "Shipping Company", "Shipping City", "Shipping Zip", "Shipping Province", "Shipping Country", "Shipping Phone",
    "Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference", "Refunded Amount", "Vendor",
    "Outstanding Balance", "Employee", "Location", "Device ID", "Id", "Tags", "Risk Level", "Source",
    "Lineitem discount", "Tax 1 Name", "Tax 1 Value", "Tax 2 Name", "Tax 2 Value", "Tax 3 Name", "Tax 3 Value",
    "Tax 4 Name", "Tax 4 Value", "Tax 5 Name", "Tax 5 Value", "Phone", "Receipt Number", "Duties",
    "Billing Province Name", "Shipping Province Name", "Payment ID", "Payment Terms Name", "Next Payment Due At",
    "Payment References",
)  # fmt: skip

FIRST_NUMBER = 1_001  # of the orders, as Shopify begins
FIRST_ID = 5_400_000_000_000

Cells = dict[str, object]


def write_customers(path: Path, people: Iterable[tuple[Shopper, int, Decimal]]) -> None:
    """Write customers, each with the number of their orders and what they spent in the shop's currency."""
    _write(path, CUSTOMER_COLUMNS, (_customer(*one) for one in people))


def write_orders(path: Path, orders: Iterable[tuple[int, Order]]) -> None:
    """Write orders, each with its place in the shop's history, from 0."""
    _write(path, ORDER_COLUMNS, (row for rank, order in orders for row in _order(rank, order)))


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Cells]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        blank = dict.fromkeys(columns, "")
        writer.writerows((blank | row).values() for row in rows)


def _customer(of: Shopper, orders: int, spent: Decimal) -> Cells:
    return {
        "Customer ID": f"'{of.customer_id}",
        "First Name": of.first_name,
        "Last Name": of.last_name,
        "Email": of.email,
        "Accepts Email Marketing": "yes" if of.subscribed else "no",
        "Default Address Address1": _street(of),
        "Default Address City": of.home.city,
        "Default Address Province Code": of.home.province,
        "Default Address Country Code": of.home.country,
        "Default Address Zip": f"'{of.home.postal_code}",
        "Default Address Phone": of.phone and f"'{of.phone}",
        "Phone": of.phone and f"'{of.phone}",
        "Accepts SMS Marketing": "yes" if of.texts else "no",
        "Total Spent": spent,
        "Total Orders": orders,
        "Note": "Called twice,\nno answer" if of.number % 70 == 5 else "",
        "Tax Exempt": "no",
        "Tags": ", ".join(of.tags),
    }


def _order(rank: int, order: Order) -> Iterator[Cells]:
    """The rows of an order: the first says everything, the others repeat what Shopify repeats."""
    name, at = f"#{FIRST_NUMBER + rank}", f"{order.placed:%Y-%m-%d %H:%M:%S} {order.offset}"
    for line in order.lines:
        every = {"Name": name, "Created at": at, "Phone": order.shopper.phone} | _line(line, order)
        yield every if line is not order.lines[0] else every | _first(rank, order, at)


def _line(line: Bought, order: Order) -> Cells:
    return {
        "Lineitem quantity": line.quantity,
        "Lineitem name": line.title,
        "Lineitem price": line.price,
        "Lineitem sku": line.sku,
        "Lineitem requires shipping": "true",
        "Lineitem taxable": "true",
        "Lineitem fulfillment status": "pending" if order.cancelled else "fulfilled",
        "Lineitem discount": "0.00",
        "Vendor": line.maker,
    }


def _first(rank: int, order: Order, at: str) -> Cells:
    of = order.shopper
    cancelled = f"{order.cancelled:%Y-%m-%d %H:%M:%S} {order.offset}" if order.cancelled else ""
    payment = "Bogus Gateway (for testing)" if order.test else "Shopify Payments"
    return {
        "Email": order.email,
        "Financial Status": order.status,
        "Paid at": at if order.status not in ("pending", "voided") else "",
        "Fulfillment Status": "unfulfilled" if order.cancelled else "fulfilled",
        "Accepts Marketing": "yes" if of.subscribed else "no",
        "Currency": of.home.currency,
        "Subtotal": f"{order.subtotal:.2f}",
        "Shipping": f"{order.shipping:.2f}",
        "Taxes": f"{order.tax:.2f}",
        "Total": f"{order.total:.2f}",
        "Discount Code": order.code,
        "Discount Amount": f"{order.discount:.2f}",
        "Shipping Method": "Standard" if order.shipping else "Free shipping",
        **_place("Billing", of),
        **_place("Shipping", of),
        "Notes": order.note,
        "Cancelled at": cancelled,
        "Payment Method": payment,
        "Refunded Amount": f"{order.refunded:.2f}",
        "Outstanding Balance": f"{order.total:.2f}" if order.status == "pending" else "0.00",
        "Id": FIRST_ID + rank * 17,
        "Tags": "test" if order.test else "",
        "Risk Level": "Low",
        "Source": order.source,
        "Tax 1 Name": "Sales tax 8%" if order.tax else "",
        "Tax 1 Value": f"{order.tax:.2f}" if order.tax else "",
    }


def _place(kind: str, of: Shopper) -> Cells:
    return {
        f"{kind} Name": f"{of.first_name} {of.last_name}",
        f"{kind} Street": _street(of),
        f"{kind} Address1": _street(of),
        f"{kind} City": of.home.city,
        f"{kind} Zip": f"'{of.home.postal_code}",
        f"{kind} Province": of.home.province,
        f"{kind} Country": of.home.country,
        f"{kind} Phone": of.phone and f"'{of.phone}",
        f"{kind} Province Name": of.home.province_name,
    }


def _street(of: Shopper) -> str:
    tail = "\nFloor 2, rear" if of.number % 30 == 4 else ""
    return f"{of.number % 300 + 1} Example Street{tail}"
