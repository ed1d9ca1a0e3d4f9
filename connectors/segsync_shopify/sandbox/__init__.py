"""A stand-in for Shopify's GraphQL Admin API: a shop behind its schema, with bulk operations and all their traps."""

from segsync_shopify.sandbox.account import Account
from segsync_shopify.sandbox.app import ShopifySandbox
from segsync_shopify.sandbox.shop import Shop

__all__ = ["Account", "Shop", "ShopifySandbox"]
