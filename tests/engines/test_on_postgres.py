"""PostgreSQL gives the people, traits and members that DuckDB gives, from the same expressions."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from corpus import corpus
from landed import LANDED_AT, as_of, land, rates
from postgres import PostgresStore
from random_rules import rules
from random_shops import busy_shop, drawn
from random_words import SEGMENTS, TRAITS
from reference import Judge, Shop

from segsync import people, segments
from segsync.rules import Reading, catalogue, read, table
from segsync.streams import STREAMS
from segsync.testing import FakeTime
from segsync.warehouse import Warehouse

NOT_YET = "not computed by this version yet"
OWN_TRAITS = "traits" in inspect.signature(read).parameters
RANDOM_RULES = 60
Rows = list[dict[str, Any]]


@dataclass
class Both:
    """One shop on both engines."""

    shop: Shop
    duckdb: Warehouse
    postgres: PostgresStore
    who: Mapping[str, str]

    def rows(self, name: str, *columns: str) -> tuple[Rows, Rows]:
        """A table on DuckDB and on PostgreSQL."""
        with self.duckdb.reading() as con:
            mine, theirs = con.table(name), self.postgres.con.table(name)
            assert theirs.columns == mine.columns
            kept = columns or mine.columns
            return tuple(plain(table.select(*kept).to_pyarrow().to_pylist()) for table in (mine, theirs))


@pytest.fixture(scope="module")
def both(postgres: Any) -> Iterator[Both]:
    shop = busy_shop(people=10)
    with tempfile.TemporaryDirectory() as folder:
        warehouse, who = land(shop, Path(folder), FakeTime().clock)
        store = PostgresStore(postgres)
        with warehouse.reading() as con:
            for name in STREAMS:
                store.copy(name, con.table(name).to_pyarrow().to_pylist())
        people.resolve(store.con, store.write, run_id=1, at=LANDED_AT, max_customers=10)
        people.describe(store.con, store.write, as_of=shop.as_of)
        yield Both(shop, warehouse, store, who)


@pytest.mark.parametrize("name", ["identities", "identifiers", "people"])
def test_people_are_the_same(name: str, both: Both) -> None:
    mine, theirs = both.rows(name)
    assert theirs == mine
    assert len(mine) >= 10


def test_traits_are_the_same(both: Both) -> None:
    every = [trait.name for trait in catalogue()]
    mine, theirs = (
        plain(table_of(con, Reading({}, [], []), both, extra_traits=every).to_pyarrow().to_pylist())
        for con in each_engine(both)
    )
    assert theirs == mine
    assert {trait for row in mine for trait, value in row.items() if value} >= {
        "age",
        "items_bought",
        "customer_cities",
    }


def test_the_corpus_has_the_same_members(both: Both) -> None:
    reading = computed(corpus())
    expected = judged(both, {name: rule.text for name, rule in reading.rules.items()})
    assert members(both, reading) == expected
    assert sum(0 < len(names) < len(both.who) for names in expected.values()) > len(expected) / 3


def test_random_rules_have_the_same_members(both: Both) -> None:
    texts = drawn(rules(both.shop, traits=OWN_TRAITS), RANDOM_RULES)
    reading = computed({**SEGMENTS, **{f"it{number}": text for number, text in enumerate(texts)}})
    assert members(both, reading) == judged(both, {name: rule.text for name, rule in reading.rules.items()})


def each_engine(both: Both) -> Iterator[Any]:
    with both.duckdb.reading() as con:
        yield con
    yield both.postgres.con


def table_of(con: Any, reading: Reading, both: Both, **more: Any) -> Any:
    money = {"currency": both.shop.currency, "rates": rates(both.shop)}
    return table(con, reading.rules, as_of(both.shop), **money, **more)


def members(both: Both, reading: Reading) -> dict[str, set[str]]:
    """Who is in each segment, computed on both engines as runs do, which must agree; by their keys in the shop."""
    for store in (both.duckdb, both.postgres):
        money = {"currency": both.shop.currency, "rates": rates(both.shop)}
        segments.compute(store, reading.rules, as_of(both.shop), **money, run_id=1)
    for name in ("traits", "moves", "members"):
        mine, theirs = both.rows(name)
        assert theirs == mine
    found: dict[str, set[str]] = {name: set() for name in reading.rules}
    for row in mine:
        found[row["segment"]].add(both.who[row["person"]])
    return found


def judged(both: Both, texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Who is in each segment by the plain reading of the language."""
    judge = Judge(both.shop, texts, TRAITS)
    return {name: judge.members(text) for name, text in texts.items()}


def computed(texts: Mapping[str, str]) -> Reading:
    """The rules that this version computes; the others say that it does not yet."""
    left = dict(texts)
    more = {"traits": TRAITS} if OWN_TRAITS else {}
    while (reading := read(left, filled=frozenset(STREAMS), **more)).problems:
        wrong = [str(problem) for problem in reading.problems if NOT_YET not in problem.message]
        assert not wrong, "\n".join(wrong)
        for problem in reading.problems:
            left.pop(problem.segment, None)
    assert len(left) > len(texts) / 3
    return reading


def plain(rows: Rows) -> Rows:
    """Rows in one order, with what engines may write differently written alike: lists, and numbers."""
    return sorted(({name: _plain(value) for name, value in row.items()} for row in rows), key=repr)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value)
    if isinstance(value, float | Decimal):
        return round(float(value), 6)
    return value
