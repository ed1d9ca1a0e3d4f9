"""Who may ask, and for what: tokens, grants, scopes and the shop's plan."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from segsync.clock import Clock
from segsync_shopify.sandbox.complaints import Complaint, denied

GRANTED_FOR = 86_399  # seconds
ORDERS_SEEN = timedelta(days=60)  # without read_all_orders
SCOPES = ("read_customers", "read_orders", "read_all_orders", "read_products")

# What a field needs, by the type of its value.
_NEEDS = {
    "Customer": "read_customers",
    "CustomerConnection": "read_customers",
    "Order": "read_orders",
    "OrderConnection": "read_orders",
    "LineItemConnection": "read_orders",
    "Refund": "read_orders",
    "AbandonedCheckout": "read_orders",
    "AbandonedCheckoutConnection": "read_orders",
    "Product": "read_products",
    "ProductConnection": "read_products",
    "ProductVariant": "read_products",
    "ProductVariantConnection": "read_products",
}
_FIELD_NEEDS = {
    "customersCount": "read_customers",
    "ordersCount": "read_orders",
    "abandonedCheckoutsCount": "read_orders",
    "unsubscribeUrl": "write_customers",
    "marketingUnsubscribeUrl": "write_customers",
}
_NOT_APPROVED = (
    "This app is not approved to access the Customer object. Access to personally identifiable information (PII) like "
    "customer names, addresses, emails, phone numbers, etc. is only available on Shopify, Advanced, and Plus plans. "
    "See https://help.shopify.com/en/manual/intro-to-shopify/pricing-plans/plans-features for more details."
)


class Access:
    """Tokens and what they may do. `access_token=None` takes any that looks like one."""

    def __init__(
        self, clock: Clock, access_token: str | None, client_id: str | None, client_secret: str | None
    ) -> None:
        self.scopes: tuple[str, ...] = SCOPES
        self.plan = "shopify"
        self.grants: list[str] = []
        self.grant_failure: str | None = None
        self._clock = clock
        self._token, self._client_id, self._client_secret = access_token, client_id, client_secret
        self._ends: dict[str, datetime] = {}  # of granted tokens

    def admits(self, token: str) -> bool:
        if token in self._ends:
            return self._clock.now() < self._ends[token]
        return token == self._token if self._token else len(token) > 6 and token.startswith("shpat_")

    def knows(self, client_id: str, client_secret: str) -> bool:
        """Whether an app has this name and secret; one that was not named here may be anybody."""
        named = client_id == self._client_id if self._client_id else bool(client_id)
        return named and (client_secret == self._client_secret if self._client_secret else bool(client_secret))

    def grant(self) -> str:
        """A new token, good for a day."""
        self.grants.append(f"shpat_{hashlib.sha256(f'grant {len(self.grants)}'.encode()).hexdigest()[:32]}")
        self._ends[self.grants[-1]] = self._clock.now() + timedelta(seconds=GRANTED_FOR)
        return self.grants[-1]

    def expire_tokens(self) -> None:
        """Every token that was granted so far."""
        self._ends = dict.fromkeys(self._ends, self._clock.now())

    def may(self, scope: str) -> bool:
        """`write_x` implies `read_x`."""
        return scope in self.scopes or scope.replace("read_", "write_", 1) in self.scopes

    def refusal(self, field: str, type_: str) -> Complaint | None:
        """Why a field may not be read, if it may not."""
        scope = _FIELD_NEEDS.get(field) or _NEEDS.get(type_)
        if scope is not None and not self.may(scope):
            return denied(field, scope)
        if scope == "read_customers" and self.plan in ("basic", "starter"):
            return Complaint(
                _NOT_APPROVED,
                "ACCESS_DENIED",
                documentation="https://shopify.dev/docs/apps/launch/protected-customer-data",
            )
        return None
