"""Every expression compiles for the engines that we name. Compiled is not run: only DuckDB runs here."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import pytest

from segsync import streams
from segsync.rules import AsOf, catalogue, read, table

TEXTS = {
    "vip": "number_of_orders >= 3 AND amount_spent > 500.50",
    "where": "customer_countries CONTAINS 'US' AND customer_regions IS NULL AND customer_cities NOT CONTAINS 'x'",
    "who": r"customer_tags CONTAINS 'x' AND customer_email_domain = 'O\'x' AND sources IS NOT NULL AND age > 30",
    "dates": "last_order_date IN (today, 2026-05-30T16:00:00) AND customer_added_date > 2026-01-01T00:00:00",
    "more_dates": "abandoned_checkout_date BETWEEN -1m AND 2026-05-30T16:00:00 AND first_order_date < last_order_date",
    "orders": "orders_placed MATCHES (date >= -60d, amount > 5, hour IN (1, 2), discount_code = 'x', "
    "discounted = true, channel != 'web', app_id IN (1, 'b'), currency IS NULL, sum_amount > 5.5, count >= 2)",
    "lines": "products_purchased MATCHES (tag = 'x', quantity >= 2, sum_quantity > 3, sum_amount > 2, id NOT IN (1))",
    "all_lines": "products_purchased NOT MATCHES (count > 2)",
    "gaps": "median_days_between_orders < 30 AND average_days_between_orders > 3.5 AND returned_orders = 0",
    "checkouts": "checkouts_abandoned MATCHES (date >= -7d, amount > 50, recovered = false, count >= 2)",
    "refunds": "refunds_received MATCHES (date > 2026-05-30T16:00:00, amount >= 5.5) OR refunds_received IS NULL",
    "events": "email.opened MATCHES (campaign = 'x', count >= 5) AND storefront.product_viewed NOT MATCHES (tag = 'y')"
    " AND event MATCHES (name = 'survey', properties.score >= 8.5, properties.'on day' < today, properties.x = true)",
    "text": r"city STARTS WITH 'x%' AND email ENDS WITH '.edu' AND first_name NOT CONTAINS 'O\''"
    " AND email CONTAINS city",
    "json": "metafields.facts.size >= 40 AND attributes.colour IN ('red', 'blue') AND attributes.'Last visit' > -1y "
    "AND attributes.a IS NULL AND attributes.b = city AND attributes.c ENDS WITH 'x'",
    "year": "anniversary('metafields.facts.birth_date') BETWEEN today AND +30d OR anniversary(birth_date) != -1d",
    "values": "count(orders_placed, date >= -60d) <= 0.5 * count(orders_placed, date BETWEEN -120d AND -61d) "
    "AND sum(products_purchased.quantity) > 3 AND avg(orders_placed.amount) < average_order_value + 1 "
    "AND min(refunds_received.date) < max(event.date, name = 'x') AND last(orders_placed.channel) = 'web' "
    "AND first(event.properties.score, name = 'survey') > 3 AND first(orders_placed.date) >= 2026-05-30T16:00:00",
    "arithmetic": "amount_spent / (number_of_orders - 1) * 2 - -items_bought > 0.5 "
    "AND (1 + 2) * age != 3 / amount_spent",
    "standing": "percentile(amount_spent) >= 95 AND rank(last_order_date) <= 10 AND rank(spend_per_item) = 1",
    "owned": "spend_per_item > 3 AND share >= 50 AND newest IN ('web', 'pos') AND colour != 'red'",
    "compared": "orders_placed MATCHES (amount > average_order_value, date BETWEEN first_order_date AND today) "
    "AND products_purchased NOT MATCHES (amount > 0.5 * amount_spent, tag IN ('x', attributes.club), id = newest_id) "
    "AND count(event, properties.score > best + 0, properties.mood STARTS WITH attributes.colour) > percentile(best)",
    "lists": "customer_tags CONTAINS country AND sources NOT CONTAINS newest OR customer_cities CONTAINS attributes.a",
    "others": "segments CONTAINS 'vip' AND NOT (segments CONTAINS 'who' OR segments CONTAINS 'all_lines')",
    "again": "segments NOT CONTAINS 'others' AND items_bought > 2 AND country = 'US'",
}


TRAITS = {
    "share": "percentile(spend_per_item)",
    "spend_per_item": "amount_spent / items_bought",
    "newest": "last(orders_placed.channel, date >= -1y)",
    "colour": "attributes.colour",
    "best": "max(orders_placed.amount, amount < average_order_value, discount_code = city)",
    "newest_id": "last(storefront.product_viewed.id, tag = ads_consent, date > last_order_date)",
}


class Unbound:
    """Tables by name, without an engine."""

    def table(self, name: str) -> Any:
        columns = streams.STREAMS[name].schema if name in streams.STREAMS else dict(streams.COMPUTED[name])
        return ibis.table(columns, name=name)

    def to_pyarrow_batches(self, _rows: Any) -> list[Any]:
        return []

    def create_table(self, name: str, rows: Any, *, temp: bool) -> Any:
        assert temp
        return ibis.table(ibis.Schema.from_pyarrow(rows.schema), name=name)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "bigquery", "snowflake", "databricks", "pyspark"])
def test_every_expression_compiles(dialect: str, shop: Any) -> None:
    reading = read(TEXTS, filled=frozenset(streams.STREAMS), traits=TRAITS)
    assert not reading.problems, "\n".join(map(str, reading.problems))
    every = [trait.name for trait in catalogue()]
    as_of: AsOf = shop.as_of
    rates = {"EUR": Decimal("1.08"), "JPY": Decimal("0.0067")}
    rows = table(Unbound(), reading.rules, as_of, currency="USD", rates=rates, extra_traits=every)
    sql = ibis.to_sql(rows, dialect=dialect)
    assert all(f"in_{name}" in sql for name in TEXTS)


def test_the_corpus_also_runs(shop: Any) -> None:
    shop.person("ann").order("ann", lines=[{"product_id": "1"}])
    reading = read(TEXTS, filled=frozenset(streams.STREAMS), traits=TRAITS)
    every = [trait.name for trait in catalogue()]
    (row,) = shop.table(reading, extra_traits=every).to_pyarrow().to_pylist()
    assert row["in_again"] is False
    assert row["in_vip"] is False
    assert {trait: row[trait] for trait in ("number_of_orders", "items_bought")} == {
        "number_of_orders": 1,
        "items_bought": 1,
    }


def test_windows_with_the_same_records_are_computed_once(shop: Any) -> None:
    texts = {
        "a": "orders_placed MATCHES (date >= -30d, channel = 'web', count > 3)",
        "b": "orders_placed NOT MATCHES (channel = 'web', date >= 2026-05-02)",
        "c": "orders_placed MATCHES (channel = 'web', date >= -30d, sum_amount > 3)",
    }
    reading = read(texts, filled=frozenset(streams.STREAMS))
    rows = table(Unbound(), reading.rules, shop.as_of, currency="USD", rates={})
    sql = ibis.to_sql(rows, dialect="duckdb")
    assert "raw_window0_sum_amount" in sql
    assert "raw_window1" not in sql
    assert sql.count('"orders"') == 1
