"""Shopify as a source, through its GraphQL Admin API: spec, and the connector itself.

Follows Shopify's reference of the Admin API 2026-07 (read 2026-11). How records become streams stands in the folder
sql/; what is asked for in queries/; quirks of searching in windows.py, of bulk operations in bulk.py.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from segsync.contract import Connector
from segsync.spec import Reads, SecretSpec, Spec
from segsync_shopify.api import CALLS, VERSION
from segsync_shopify.options import Options
from segsync_shopify.source import ShopifySource

if TYPE_CHECKING:
    from segsync.clock import Clock
    from segsync.contract import Sandbox

__all__ = ["Options", "connector", "spec"]

spec = Spec(
    name="shopify",
    summary="Customers, orders with lines and refunds, and abandoned checkouts through Shopify's GraphQL Admin API",
    options=Options,
    secrets=(
        SecretSpec(
            "client_secret",
            "The client secret of an app from the Dev Dashboard, installed in the shop; it goes with client_id.",
            required=False,
        ),
        SecretSpec(
            "access_token",
            "The Admin API access token (shpat_…) of an app that was made in the shop's admin, in place of the two.",
            required=False,
        ),
    ),
    reads=Reads(lists_ids=True, ids_every=timedelta(days=7), privacy_requests=True),
    limits=(CALLS,),
    api_version=VERSION,
    api_ends=date(2027, 7, 1),
    last_proven_live=None,
    notes=(
        "The app needs the scopes read_customers, read_orders and read_products, and read_all_orders for orders older "
        "than 60 days.",
        "What counts as spend is what an order comes to after edits and returns, shipping and taxes included, in the "
        "shop's currency (currentTotalPriceSet).",
        "Each pull reads again what changed shortly before the last one (orders an hour, customers a day): Shopify's "
        "search lags behind.",
        "Customers who were deleted or merged away are found once a week (ids_every) and by `segsync pull --full`. An "
        "order that was deleted stays.",
        "Visits (visit_source and the like) are filled in by Shopify some time after the order.",
        "Shopify's messages customers/redact, shop/redact and customers/data_request are taken by `segsync forget "
        "--webhook FILE` and `segsync person --export --webhook FILE`; they are checked with client_secret.",
        "A pull takes one of the five bulk operations that an app may run in a shop at a time, and waits while all are "
        "taken; it never cancels one.",
    ),
)


def _sandbox(clock: Clock) -> Sandbox:
    from segsync_shopify.sandbox import ShopifySandbox

    made = ShopifySandbox(clock)
    made.account.bulk.polls = 1  # nobody who tries segsync wants to wait for a stand-in
    return made


connector = Connector(spec, source=ShopifySource, sandbox=_sandbox)
