"""Windowed segments, as many as asked: their rules, and the same written out by hand for DuckDB."""

from __future__ import annotations

from datetime import date, timedelta

from bench.job import DAY, RATES

RATE = " ".join(f"WHEN '{currency}' THEN net * {rate}" for currency, rate in RATES.items())
AMOUNT = f"(CASE currency WHEN 'USD' THEN net {RATE} END)::DECIMAL(18, 2)"


def rules(count: int) -> dict[str, str]:
    """The segments' rules, by name."""
    return {f"w{number}": _rule(number) for number in range(count)}


def _rule(number: int) -> str:
    days, least = 30 + 7 * number, 1 + number % 4
    return (
        f"orders_placed MATCHES (date >= -{days}d, count >= {least})",
        f"products_purchased MATCHES (tag = 'organic', date >= -{days}d, sum_quantity >= {least})",
        f"orders_placed MATCHES (date BETWEEN -{days + 60}d AND -{days}d, sum_amount > {50 * least})",
        f"orders_placed NOT MATCHES (channel = 'online_store', date >= -{days}d)",
        f"products_purchased MATCHES (product_type = 'Kind {number % 8}', date >= -{days}d, count >= {least})",
    )[number % 5]


def sql(count: int) -> str:
    """One statement for all of them: one grouped pass over orders and one over lines."""
    places = range(count)
    orders = [f"{_total(n)} AS w{n}" for n in places if n % 5 in (0, 2, 3)]
    lines = [f"{_total(n)} AS w{n}" for n in places if n % 5 in (1, 4)]
    members = [f"SELECT 'w{n}' AS segment, person FROM totals WHERE {_condition(n)}" for n in places]
    return f"""
        CREATE OR REPLACE TEMP TABLE bought AS
        SELECT i.person, o.source, o.order_id, o.ordered_on, o.channel, {AMOUNT} AS amount
        FROM orders o JOIN identities i ON i.source = o.source AND i.customer_id = o.owner
        WHERE o.live AND (o.ordered_at IS NULL OR o.ordered_at <= TIMESTAMP '2026-11-20 12:00:00');
        CREATE OR REPLACE TEMP TABLE totals AS
        SELECT * FROM (SELECT person FROM people)
        LEFT JOIN (SELECT person, {", ".join(orders) or "1"} FROM bought GROUP BY person) USING (person)
        LEFT JOIN (
            SELECT b.person, {", ".join(lines) or "1"}
            FROM order_lines l JOIN bought b USING (source, order_id) GROUP BY b.person
        ) USING (person);
        CREATE OR REPLACE TABLE members_by_hand AS {" UNION ALL ".join(members)};
    """


def _day(ago: int) -> date:
    return DAY - timedelta(days=ago)


def _total(number: int) -> str:
    days = 30 + 7 * number
    since = f"ordered_on >= DATE '{_day(days)}'"
    return (
        f"count(*) FILTER ({since})",
        f"sum(quantity) FILTER (list_contains(l.tags_key, 'organic') AND {since})",
        f"sum(amount) FILTER (ordered_on BETWEEN DATE '{_day(days + 60)}' AND DATE '{_day(days)}')",
        f"count(*) FILTER (channel = 'online_store' AND {since})",
        f"count(*) FILTER (product_type = 'Kind {number % 8}' AND {since})",
    )[number % 5]


def _condition(number: int) -> str:
    least, total = 1 + number % 4, f"coalesce(w{number}, 0)"
    return (
        f"{total} >= {least}",
        f"{total} >= {least}",
        f"{total} > {50 * least}",
        f"{total} = 0",
        f"{total} >= {least}",
    )[number % 5]
