"""How each trait is made of a person's row: of facts in `people`, and of raw columns that the passes sum up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from segsync.rules.catalogue import TRAITS
from segsync.rules.dates import age_key
from segsync.rules.shop import Shop, two


@dataclass(frozen=True, slots=True)
class Recipe:
    """`raw`: columns of the pass over orders; `extra`: a further pass; `value`: the trait, from a joined row."""

    value: Callable[[Any, Shop], Any]
    raw: tuple[str, ...] = ()
    extra: str = ""
    at: Callable[[Any], Any] | None = None  # its instant, of a row
    at_raw: tuple[str, ...] = ()
    at_extra: str = ""


def _fact(column: str) -> Recipe:
    return Recipe(lambda row, _: row[column])


def _zero(column: str) -> Recipe:
    return Recipe(lambda row, _: row[column].fill_null(0), raw=(column,))


def _shipping(column: str) -> Recipe:
    """Of the newest shipping address as a whole, else of the default address as a whole."""
    return Recipe(
        lambda row, _: ibis.ifelse(row.raw_shipped.notnull(), row[f"raw_{column}"], row[column]), extra="shipping"
    )


def _domain(row: Any, _: Shop) -> Any:
    return row.email.substr(row.email.find("@") + 1)


def _age(row: Any, shop: Shop) -> Any:
    born = row.birth_date
    to_come = born.month().cast("int64") * 100 + born.day().cast("int64") > age_key(shop.as_of.day)
    years = shop.as_of.day.year - born.year().cast("int64") - ibis.ifelse(to_come, 1, 0)
    return ibis.ifelse(two(born <= shop.day), years, ibis.null("int64"))


def _days_since(column: str) -> Recipe:
    return Recipe(lambda row, shop: shop.day.delta(row[column], unit="day"), raw=(column,))


def _mean_value(row: Any, _: Shop) -> Any:
    return row.raw_spent.cast("float64") / row.raw_priced.nullif(0).cast("float64")


def _mean_gap(row: Any, _: Shop) -> Any:
    days = row.raw_last_on.delta(row.raw_first_on, unit="day").cast("float64")
    return days / (row.raw_orders - 1).nullif(0).cast("float64")


def _day(column: str) -> Recipe:
    at = column.replace("_on", "_at")
    return Recipe(lambda row, _: row[column], raw=(column,), at=lambda row: row[at], at_raw=(at,))


RECIPES: Mapping[str, Recipe] = {
    **{name: _fact(name) for name in ("email", "phone", "first_name", "last_name", "gender", "birth_date", "sources")},
    **{name: _fact(name) for name in ("email_subscription_status", "sms_subscription_status", "ads_consent")},
    "customer_email_domain": Recipe(_domain),
    "customer_language": _fact("language"),
    "customer_account_status": _fact("account_status"),
    "customer_tags": _fact("tags_key"),
    "customer_added_date": Recipe(
        lambda row, _: row.customer_added_on, at=lambda row: row.raw_added_at, at_extra="added"
    ),
    "age": Recipe(_age),
    **{name: _shipping(name) for name in ("country", "region", "city", "postal_code")},
    "number_of_orders": _zero("raw_orders"),
    "amount_spent": _zero("raw_spent"),
    "gross_amount_spent": _zero("raw_gross"),
    "amount_refunded": _zero("raw_refunded"),
    "items_bought": _zero("raw_items"),
    "returned_orders": _zero("raw_returned"),
    "average_order_value": Recipe(_mean_value, raw=("raw_spent", "raw_priced")),
    "first_order_date": _day("raw_first_on"),
    "last_order_date": _day("raw_last_on"),
    "days_since_last_order": _days_since("raw_last_on"),
    "days_since_first_order": _days_since("raw_first_on"),
    "average_days_between_orders": Recipe(_mean_gap, raw=("raw_first_on", "raw_last_on", "raw_orders")),
    "median_days_between_orders": Recipe(lambda row, _: row.raw_median_gap, extra="median"),
    "abandoned_checkout_date": Recipe(
        lambda row, _: row.raw_abandoned_on, extra="checkouts", at=lambda row: row.raw_abandoned_at
    ),
}


def value_of(name: str, row: Any, shop: Shop) -> Any:
    """A trait of a joined row, of the type that the catalogue declares."""
    return RECIPES[name].value(row, shop).cast(TRAITS[name].column)
