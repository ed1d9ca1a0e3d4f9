"""The names that random rules use, with values near what random shops hold."""

from __future__ import annotations

from random_shops import PLACES, WORDS

# Segments that rules may name, and traits of the user's own.
SEGMENTS = {
    "buyers": "number_of_orders > 0",
    "known": "email IS NOT NULL OR phone IS NOT NULL",
    "loyal": "segments CONTAINS 'buyers' AND number_of_orders >= 2",
}
TRAITS = {
    "tea_spend": "sum(products_purchased.amount, product_type = 'Tea')",
    "spend_per_order": "amount_spent / number_of_orders",
    "last_web_order": "last(orders_placed.date, source = 'web')",
    "double_tea": "tea_spend * 2",
}
COUNTS = ("number_of_orders", "items_bought", "returned_orders", "age")
DAYS = ("days_since_last_order", "days_since_first_order", "average_days_between_orders", "median_days_between_orders")
MONEY = ("amount_spent", "gross_amount_spent", "amount_refunded", "average_order_value")
INSTANTS = ("customer_added_date", "first_order_date", "last_order_date", "abandoned_checkout_date")
SUMMED = {
    "orders_placed": ("amount", "hour"),
    "products_purchased": ("amount", "quantity"),
    "checkouts_abandoned": ("amount",),
    "refunds_received": ("amount",),
}
TEXTS = {
    **{name: WORDS[name] for name in ("first_name", "gender")},
    "customer_language": WORDS["language"],
    "last_name": ("Same", "same"),
    "email": ("p0@example.com", "p1@example.org"),
    "phone": ("+12127365000",),
    "customer_email_domain": ("example.com", "EXAMPLE.org"),
    **{
        name: tuple(p[n] for p in PLACES if p[n]) for n, name in enumerate(("country", "region", "city", "postal_code"))
    },
}
ENUMS = {
    "customer_account_status": WORDS["account_status"],
    "ads_consent": ("GRANTED", "DENIED", "UNKNOWN"),
    **{name: WORDS[name] for name in ("email_subscription_status", "sms_subscription_status")},
}
LISTS = {
    "customer_tags": ("vip", "ECO friendly", "STRASSE", "eco"),
    "sources": ("web", "POS"),
    "customer_countries": ("US", "ca", "DE"),
    "customer_regions": ("us-ny", "CA-ON"),
    "customer_cities": ("US-NY-NewYorkCity", "us-ca-losangeles", "Toronto"),
}
EMAIL = ("email.opened", "email.clicked", "email.bounced", "shopify_email.opened")
FUNCTIONS = (*SUMMED, *EMAIL, "storefront.product_viewed", "event")
SIGNS = ("=", "!=", ">", ">=", "<", "<=")


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
