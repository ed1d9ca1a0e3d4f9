"""What one shop holds: records by global id, each replaced whole where it changes, so that copies are cheap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from segsync.sandbox.shop import TIMEZONE
from segsync.sandbox.shop import Shop as SeededShop
from segsync_shopify.sandbox.values import Doc


@dataclass(slots=True)
class Shop:
    """Customers, orders, abandoned checkouts and products. Records are never changed in place."""

    name: str
    domain: str
    timezone: str = TIMEZONE
    customers: dict[str, Doc] = field(default_factory=dict)
    orders: dict[str, Doc] = field(default_factory=dict)
    checkouts: dict[str, Doc] = field(default_factory=dict)
    products: dict[str, Doc] = field(default_factory=dict)
    seeded: SeededShop | None = None
    ordered: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a customer's id to those of their orders

    def put_order(self, order: Doc) -> None:
        self.drop_order(order["id"])
        self.orders[order["id"]] = order
        if order["_customer"] is not None:
            self.ordered[order["_customer"]] = (*self.ordered.get(order["_customer"], ()), order["id"])

    def drop_order(self, id: str) -> None:
        gone = self.orders.pop(id, None)
        if gone is not None and gone["_customer"] is not None:
            kept = self.ordered.get(gone["_customer"], ())
            self.ordered[gone["_customer"]] = tuple(one for one in kept if one != id)

    def put_orders(self, orders: Iterable[Doc]) -> None:
        """Replace all orders by these."""
        self.orders = {order["id"]: order for order in orders}
        grouped: dict[str, list[str]] = {}
        for order in self.orders.values():
            if order["_customer"] is not None:
                grouped.setdefault(order["_customer"], []).append(order["id"])
        self.ordered = {customer: tuple(ids) for customer, ids in grouped.items()}

    def orders_of(self, customer: str) -> list[Doc]:
        """A customer's orders, the first placed first."""
        found = [self.orders[id] for id in self.ordered.get(customer, ())]
        return sorted(found, key=lambda order: (order["processedAt"], order["id"]))

    def find(self, id: str) -> Doc | None:
        """Any record by its id."""
        for kept in (self.customers, self.orders, self.checkouts, self.products):
            if id in kept:
                return kept[id]
        return next((p["_variant"] for p in self.products.values() if p["_variant"]["id"] == id), None)

    def snapshot(self) -> Shop:
        """The shop as it stands now, whatever is put into this one later."""
        return replace(
            self,
            customers=dict(self.customers),
            orders=dict(self.orders),
            checkouts=dict(self.checkouts),
            products=dict(self.products),
            ordered=dict(self.ordered),
        )
