"""The result of a bulk operation over orders, as Shopify serves it: a line an order, a line each of its lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

START = datetime(2024, 11, 1, tzinfo=UTC)
GOODS = [
    (f"Thing {n}", f"SKU-{n}", f"Maker {n % 40}", f"Type {n % 12}", [f"tag{n % 9}", "organic"]) for n in range(800)
]
CITIES = [("US", "NY", "New York"), ("US", "CA", "Los Angeles"), ("CA", "ON", "Toronto"), ("DE", "", "München")]


def write(path: Path, orders: int, seed: int = 1) -> tuple[int, int]:
    """Write it; how many lines it has, and how many of them are orders. A line stands somewhere behind its order."""
    draw = Random(seed)
    lines = 0
    late: list[str] = []
    with path.open("w", encoding="utf-8") as file:
        for number in range(orders):
            order, children = _order(draw, number)
            file.write(order)
            late += children
            lines += 1 + len(children)
            if len(late) > 5_000:
                draw.shuffle(late)
                file.writelines(late)
                late.clear()
        file.writelines(late)
    return lines, orders


def _order(draw: Random, number: int) -> tuple[str, list[str]]:
    at = START + timedelta(seconds=number * 300 + draw.randrange(300))
    gid = f"gid://shopify/Order/{5_400_000_000_000 + number}"
    children = list(_children(draw, gid, number))
    country, province, city = draw.choice(CITIES)
    place = {"city": city, "provinceCode": province, "countryCodeV2": country, "zip": f"{draw.randrange(99999):05d}"}
    customer = draw.randrange(90_000)
    total = f"{draw.randrange(500, 50_000) / 100:.2f}"
    back = draw.random() < 0.05
    refund = {"id": f"gid://shopify/Refund/{number}", "createdAt": _text(at), "processedAt": _text(at)}
    order = {
        "__typename": "Order",
        "id": gid,
        "processedAt": _text(at),
        "updatedAt": _text(at + timedelta(hours=draw.randrange(200))),
        "cancelledAt": _text(at) if draw.random() < 0.01 else None,
        "test": draw.random() < 0.002,
        "email": f"person{customer}@example.com",
        "phone": f"+1212555{customer % 10_000:04d}" if customer % 3 == 0 else None,
        "displayFinancialStatus": "PARTIALLY_REFUNDED" if back else "PAID",
        "sourceName": draw.choice(["web", "web", "web", "pos", "580111"]),
        "app": {"id": "gid://shopify/App/580111"},
        "customer": {"id": f"gid://shopify/Customer/{customer}"},
        "discountCodes": ["WELCOME10"] if draw.random() < 0.2 else [],
        "currentTotalPriceSet": _money(total),
        "totalDiscountsSet": _money("0.0"),
        "totalShippingPriceSet": _money("4.90"),
        "totalTaxSet": _money("1.20"),
        "totalRefundedSet": _money("3.00" if back else "0.0"),
        "shippingAddress": place,
        "billingAddress": place,
        "customerJourneySummary": {"lastVisit": {"source": "google", "utmParameters": None}},
        "refunds": [{**refund, "totalRefundedSet": _money("3.00")}] if back else [],
    }
    return _line(order), children


def _children(draw: Random, parent: str, number: int) -> Iterator[str]:
    for place in range(draw.choice([1, 1, 2, 2, 3])):
        title, sku, maker, kind, tags = draw.choice(GOODS)
        price = f"{draw.randrange(500, 9_000) / 100:.2f}"
        yield _line(
            {
                "__typename": "LineItem",
                "id": f"gid://shopify/LineItem/{number * 10 + place}",
                "title": title,
                "sku": sku,
                "vendor": maker,
                "quantity": 1,
                "currentQuantity": 1,
                "isGiftCard": False,
                "originalTotalSet": _money(price),
                "discountedTotalSet": _money(price),
                "priceAfterAllDiscountsBeforeTaxesSet": _money(price),
                "variant": {"id": f"gid://shopify/ProductVariant/{number % 800}"},
                "product": {"id": f"gid://shopify/Product/{number % 800}", "productType": kind, "tags": tags},
                "__parentId": parent,
            }
        )


def _money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
