"""Through whose eyes the shop is looked at: what a request may see, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from segsync_shopify.sandbox.shop import Shop
from segsync_shopify.sandbox.values import Doc


@dataclass(frozen=True, slots=True)
class View:
    """A shop as one request sees it.

    `orders_from`: orders of before that instant are not seen (no `read_all_orders`). `found_until`: what was changed
    after that instant is not in the search index yet. Both as Shopify writes instants, None for no limit.
    """

    shop: Shop
    now: str
    orders_from: str | None = None
    found_until: str | None = None

    def may_see(self, order: Doc) -> bool:
        return self.orders_from is None or str(order["createdAt"]) >= self.orders_from

    def indexed(self, record: Doc) -> bool:
        return self.found_until is None or str(record["updatedAt"]) <= self.found_until

    def json_value(self, metafield: Doc) -> Any:
        """What a metafield's text means: numbers and JSON as such, the rest as text."""
        numeric = metafield["type"].startswith(("number_", "json", "boolean", "list."))
        return json.loads(metafield["value"]) if numeric else metafield["value"]
