"""A shop of the reference, landed into a warehouse page by page as a source would send it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
from reference import Customer, Order, Person, Shop

from segsync import people
from segsync.clock import Clock
from segsync.model import Page
from segsync.rules import AsOf
from segsync.warehouse import Landing, Warehouse

Rows = dict[str, list[dict[str, Any]]]
LANDED_AT = datetime(2027, 1, 1, tzinfo=UTC)  # when the records were pulled: after all of them


def land(shop: Shop, folder: Path, clock: Clock) -> tuple[Warehouse, dict[str, str]]:
    """A warehouse that holds the shop, its people joined and described; and who of the shop each of them is."""
    warehouse = Warehouse.open(folder, clock=clock, store_id="reference")
    place = Landing(timezone=shop.zone, shop_timezone=shop.zone, currency=shop.currency)
    for source, rows in _rows(shop).items():
        frames = {name: pd.DataFrame(some, dtype=object) for name, some in rows.items() if some}
        landed = warehouse.land(source, Page(frames), place=place, run_id=1, pulled_at=LANDED_AT)
        assert not landed.flaws, landed.flaws
        kept = [c.id for p in shop.people.values() for c in p.customers if c.source == source and not c.deleted]
        warehouse.vanish(source, [kept], LANDED_AT, 1)
    with warehouse.session() as con:
        people.resolve(con, warehouse.write, run_id=1, at=LANDED_AT, max_customers=10)
        people.describe(con, warehouse.write, as_of=shop.as_of)
        identities = con.table("identities").to_pyarrow().to_pylist()
    return warehouse, _who(shop, identities)


def as_of(shop: Shop) -> AsOf:
    return AsOf(shop.as_of, shop.zone)


def rates(shop: Shop) -> dict[str, Decimal]:
    return {currency: _decimal(rate) for currency, rate in shop.rates.items()}


def _who(shop: Shop, identities: list[dict[str, Any]]) -> dict[str, str]:
    """Person key in the warehouse → key in the shop; people must have been joined as the shop has them."""
    found: dict[str, str] = {}
    for row in identities:
        (key,) = [key for key, person in shop.people.items() if _is(person, row["source"], row["customer_id"])]
        assert found.setdefault(row["person"], key) == key
    assert len(set(found.values())) == len(found)
    return found


def _is(person: Person, source: str, customer_id: str) -> bool:
    if customer_id.startswith("guest:"):
        return any(o.source == source and o.email == customer_id.removeprefix("guest:") for o in person.orders)
    return any((c.source, c.id) == (source, customer_id) for c in person.customers)


def _rows(shop: Shop) -> Mapping[str, Rows]:
    found: dict[str, Rows] = defaultdict(lambda: defaultdict(list))
    for person in shop.people.values():
        for customer in person.customers:
            _add_customer(found[customer.source], customer)
        for order in person.orders:
            _add_order(found[order.source], order)
        for checkout in person.checkouts:
            row = _plain(checkout, checkout_id=checkout.id, customer_id=checkout.customer, created_at=checkout.at)
            found[checkout.source]["checkouts"].append(row)
        for event in person.events:
            row = _plain(event, event_id=event.id, customer_id=event.customer, happened_at=event.at)
            found[event.source]["events"].append(row)
    return found


def _add_customer(rows: Rows, customer: Customer) -> None:
    rows["customers"].append(_plain(customer, customer_id=customer.id))
    for number, address in enumerate(customer.addresses):
        rows["addresses"].append(_plain(address, customer_id=customer.id, address_id=str(number)))


def _add_order(rows: Rows, order: Order) -> None:
    more = {"order_id": order.id, "customer_id": order.customer, "ordered_at": order.at}
    rows["orders"].append(_plain(order, **more, financial_status=order.status, discount_codes=order.codes))
    for number, line in enumerate(order.lines):
        rows["order_lines"].append(_plain(line, order_id=order.id, line_id=str(number)))
    for number, refund in enumerate(order.refunds):
        row = _plain(refund, order_id=order.id, refund_id=f"{order.id}-{number}", refunded_at=refund.at)
        rows["refunds"].append(row)


OUR_OWN = ("source", "id", "at", "customer", "status", "codes", "lines", "refunds", "addresses", "deleted")


def _plain(record: Any, **named: Any) -> dict[str, Any]:
    """A record as a row of its stream: amounts as decimals, our own names left away."""
    row = {**asdict(record), **named}
    return {
        name: _decimal(value) if isinstance(value, Fraction) else value
        for name, value in row.items()
        if name not in OUR_OWN
    }


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)
