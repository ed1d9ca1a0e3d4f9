"""Shopify's own Python library speaks to the stand-in."""

from __future__ import annotations

import json

from stand_in import TOKEN, served

import shopify


def test_the_official_library_runs_a_query() -> None:
    with served() as stand_in:
        stand_in.seed("customer", id=1, email="a@example.com")
        shopify.ShopifyResource.set_site(f"{stand_in.url}/admin/api/2026-07")
        shopify.ShopifyResource.set_headers({"X-Shopify-Access-Token": TOKEN})
        try:
            query = "query($n: Int!) { customers(first: $n) { nodes { id defaultEmailAddress { emailAddress } } } }"
            told = json.loads(shopify.GraphQL().execute(query, {"n": 5}))
        finally:
            shopify.ShopifyResource.clear_session()
    assert told["data"]["customers"]["nodes"] == [
        {"id": "gid://shopify/Customer/1", "defaultEmailAddress": {"emailAddress": "a@example.com"}}
    ]
