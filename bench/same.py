"""Do all competitors come to the same people, traits and members? Ends with an error that says where they differ.

Each names people in its own way, so a person is compared under the name of their first record.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from bench.job import RULES

FIRST = "SELECT person, min(source || ':' || customer_id) AS key FROM {identities} GROUP BY person"
PEOPLE = """key, email, phone, first_name, last_name, language, account_status, coalesce(tags_key, []) AS tags_key,
    email_subscription_status, sms_subscription_status, ads_consent, birth_date::DATE AS birth_date,
    customer_added_on::DATE AS customer_added_on, sources, country, region, city, postal_code, guest"""
SEGMENTS = ", ".join(f"in_{name}" for name in RULES)
TRAITS = f"""key, number_of_orders::BIGINT AS number_of_orders, round(amount_spent * 100)::BIGINT AS amount_spent,
    first_order_date::DATE AS first_order_date, last_order_date::DATE AS last_order_date,
    email_subscription_status, coalesce(customer_tags, []) AS customer_tags, {SEGMENTS}"""
COMPARED = {
    "members": "key, segment",
    "people": PEOPLE,
    "identifiers": "key, kind, value, rank::BIGINT AS rank, sources, consent, consent_at::TIMESTAMP AS consent_at",
    "traits": TRAITS,
}


def compare(segsync: Path, by_hand: Path, by_pandas: Path) -> dict[str, int]:
    """Members by segment, once all three agree on everything in COMPARED."""
    con = duckdb.connect()
    con.execute(f"ATTACH '{segsync / 'warehouse.duckdb'}' AS segsync (READ_ONLY)")
    con.execute(f"ATTACH '{by_hand / 'warehouse.duckdb'}' AS by_hand (READ_ONLY)")
    for who in ("segsync", "by_hand", "by_pandas"):
        first = FIRST.format(identities=_table(who, "identities", by_pandas))
        con.execute(f"CREATE TEMP TABLE {who}_keys AS {first}")
    for name, columns in COMPARED.items():
        for other in ("by_hand", "by_pandas"):
            one, two = (_select(who, name, columns, by_pandas) for who in ("segsync", other))
            for left, right, what in ((one, two, "only in segsync"), (two, one, f"only {other}")):
                rows = con.execute(f"{left} EXCEPT ALL {right} LIMIT 3").fetchall()
                if rows:
                    raise SystemExit(f"{name} differ, {what}: {rows}")
    counts = con.execute("SELECT segment, count(*) FROM segsync.members GROUP BY 1").fetchall()
    if {segment for segment, _ in counts} != set(RULES):
        raise SystemExit(f"a segment is empty: {counts}")
    return {str(segment): int(count) for segment, count in counts}


def _table(who: str, name: str, parquet: Path) -> str:
    return f"'{parquet / name}.parquet'" if who == "by_pandas" else f"{who}.{name}"


def _select(who: str, name: str, columns: str, parquet: Path) -> str:
    return f"SELECT {columns} FROM {_table(who, name, parquet)} JOIN {who}_keys USING (person)"


if __name__ == "__main__":
    print(compare(*map(Path, sys.argv[1:4])))
