"""The job that all three competitors do: the ten rules, the instant, and what other currencies are worth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
DAY = date(2026, 11, 20)  # of AS_OF in ZONE
CURRENCY = "USD"
RATES = {"CAD": Decimal("0.72"), "EUR": Decimal("1.08")}  # pounds have none on purpose
MAX_CUSTOMERS = 10
RUN = 1

RULES = {
    "vip": "number_of_orders >= 3 AND amount_spent > 500",
    "lapsed": "last_order_date < -120d AND number_of_orders >= 4",
    "recent": "last_order_date >= -30d",
    "organic": "products_purchased MATCHES (tag = 'organic', date >= -365d, count >= 2)",
    "north_america": "customer_countries CONTAINS 'US' OR customer_countries CONTAINS 'CA'",
    "wholesale": "customer_tags CONTAINS 'wholesale'",
    "subscribed": "email_subscription_status = 'SUBSCRIBED'",
    "quiet": "orders_placed NOT MATCHES (date >= -60d)",
    "middle": "amount_spent BETWEEN 100 AND 300",
    "subscribed_vip": "segments CONTAINS 'vip' AND segments CONTAINS 'subscribed'",
}
