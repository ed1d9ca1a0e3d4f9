"""What Shopify's admin exports look like, and values as it writes them. Pure.

Read from real exports of 2026 and from the headers that tools for them expect. Quirks hidden here:

- an id, phone or postal code may begin with `'`, which keeps spreadsheets from reading it as a number;
- times are `2026-04-05 19:50:32 +0400`;
- an order with several lines has several rows, of which only the first says anything about the order (orders.py);
- the same order may be listed again further on, and exports of several shops in one file repeat order names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

Kind = Literal["customers", "orders"]
Cells = Sequence[str]
Texts = list[str | None]

ORDERS_NEED = ("Name", "Created at", "Currency", "Total", "Lineitem name", "Lineitem quantity", "Lineitem price")
CUSTOMERS_NEED = ("First Name", "Last Name", "Email")
# The consent column was renamed when consent for text messages got a column of its own.
EMAIL_CONSENT = ("Accepts Email Marketing", "Accepts Marketing")

_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d):?(\d\d)")


def kind_of(header: Sequence[str]) -> Kind | None:
    """Which export has this header, None for any other file."""
    names = set(header)
    if names.issuperset(ORDERS_NEED):
        return "orders"
    if names.issuperset(CUSTOMERS_NEED) and names.intersection(EMAIL_CONSENT):
        return "customers"
    return None


def meant_as(name: str) -> Kind | None:
    """Which export a file calls itself."""
    text = name.lower()
    return (
        "orders" if text.startswith("orders_export") else "customers" if text.startswith("customers_export") else None
    )


def wanted(kind: Kind | None) -> str:
    """What a header must have, as the end of a sentence."""
    orders, customers = ", ".join(ORDERS_NEED), f"{', '.join(CUSTOMERS_NEED)} and {EMAIL_CONSENT[0]}"
    if kind is None:
        return f"an orders export has {orders}; a customers export has {customers}"
    return f"it needs {orders if kind == 'orders' else customers}"


def texts(rows: Sequence[Cells], at: Mapping[str, int], *names: str) -> Texts:
    """One column of the rows, trimmed, empty as None: the first of the names that the file has; else all None."""
    for name in names:
        if (place := at.get(name)) is not None:
            return [row[place].strip() or None for row in rows]
    return [None] * len(rows)


def unquoted(values: Texts) -> Texts:
    """Without the `'` that guards ids, phones and postal codes against spreadsheets; a lone `-` is nothing."""
    bare = [value[1:].strip() if value and value[0] == "'" else value for value in values]
    return [value if value not in ("", "-") else None for value in bare]


def times(values: Texts) -> Texts:
    """Shopify's times as ISO 8601; what is none stays as it is, for landing to name."""
    return [_TIME.sub(r"\1T\2\3:\4", value) if value else None for value in values]


def lists(values: Texts) -> list[list[str]]:
    """Comma lists as lists."""
    return [[part for piece in value.split(",") if (part := piece.strip())] if value else [] for value in values]


def regions(countries: Texts, provinces: Texts) -> Texts:
    """Country and province codes as one: `US` and `NY` are `US-NY`."""
    return [
        (p if "-" in p else f"{c}-{p}") if c and p and p != "-" else None
        for c, p in zip(countries, provinces, strict=True)
    ]
