"""Joining equals a plain union-find, whatever the records; person keys keep their promises whatever happens."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segsync.errors import SegsyncError
from segsync.people import Joining
from segsync.people import components as searching
from segsync.people.components import components
from segsync.people.scratch import scratch

from .shop import Shop

SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(SLOW, max_examples=2)  # of fifty worlds each

SHOP = Shop()  # one for all examples: making one takes longer than joining one

Pairs = list[tuple[int, Hashable]]


class UnionFind:
    def __init__(self) -> None:
        self.parent: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        while self.parent.setdefault(item, item) != item:
            item = self.parent[item]
        return item

    def join(self, one: Hashable, other: Hashable) -> None:
        self.parent[self.find(one)] = self.find(other)

    def groups(self, items: Iterable[Hashable]) -> set[frozenset[Hashable]]:
        found = defaultdict(set)
        for item in items:
            found[self.find(item)].add(item)
        return {frozenset(group) for group in found.values()}


def set_based(pairs: Pairs) -> set[frozenset[int]]:
    """The components of (node, identifier) pairs, by the code under test."""
    sharing = defaultdict(set)
    for node, identifier in pairs:
        sharing[identifier].add(node)
    rows = [
        {"node": node, "kind": "email", "value": str(identifier), "hub": min(nodes)}
        for identifier, nodes in sharing.items()
        for node in nodes
    ]
    con = SHOP.con
    wanted = ibis.schema({"node": "int64", "kind": "string", "value": "string", "hub": "int64"})
    matches = con.create_table("matches", pa.Table.from_pylist(rows, schema=wanted.to_pyarrow()), overwrite=True)
    with scratch(con) as keep:
        found = components(keep, matches).to_pyarrow().to_pylist()
    groups = defaultdict(set)
    for row in found:
        groups[row["component"]].add(row["node"])
    assert all(component == min(group) for component, group in groups.items())
    return {frozenset(group) for group in groups.values()}


def plain(pairs: Pairs) -> set[frozenset[Hashable]]:
    union = UnionFind()
    for node, identifier in pairs:
        union.join(node, ("identifier", identifier))
    return union.groups({node for node, _ in pairs})


@SLOW
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=60))
def test_components_equal_union_find(pairs: Pairs) -> None:
    assert set_based(pairs) == plain(pairs)


@pytest.mark.parametrize("shape", ["ascending", "descending", "shuffled", "zigzag"])
def test_long_chains_are_one_component(shape: str) -> None:
    names = list(range(1000))
    if shape == "descending":
        names.reverse()
    elif shape == "shuffled":
        random.Random(7).shuffle(names)
    elif shape == "zigzag":
        names = [name for pair in zip(range(500), range(999, 499, -1), strict=True) for name in pair]
    pairs: Pairs = [(name, link) for place, name in enumerate(names) for link in (place, place + 1)]
    assert set_based(pairs) == {frozenset(range(1000))}


def test_a_search_that_does_not_settle_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "MOST_ROUNDS", 3)
    with pytest.raises(SegsyncError, match="did not settle in 3 rounds"):
        set_based([(place, link) for place in range(300) for link in (place, place + 1)])


Records = dict[str, dict[str, Any]]


def small_worlds(chance: random.Random, worlds: int = 50) -> tuple[Records, Records]:
    """Customers and orders by id, of many small worlds that share nothing: joining all at once takes no longer."""
    customers: Records = {}
    orders: Records = {}
    for world in range(worlds):
        emails = [None, *(f"shopper{n}@w{world}.example.com" for n in range(4)), f"w{world}@marketplace.amazon.com"]
        phones = [None, f"+1212{world:03}0001", f"+1212{world:03}0002"]

        def contact(emails: list[str | None] = emails, phones: list[str | None] = phones) -> dict[str, Any]:
            return {"email": chance.choice(emails), "phone": chance.choice(phones)}

        for number in range(chance.randrange(8)):
            named = {"source": chance.choice(["shopify", "file", "amazon"]), "last_name": chance.choice(["Lee", "Kim"])}
            customers[f"{world}-{number}"] = {**named, **contact()}
        for number in range(chance.randrange(5)):
            owner = chance.choice([None, f"{world}-0", f"{world}-u1", f"{world}-u2"])
            orders[f"{world}-{number}"] = {"customer_id": owner, **contact()}
    return customers, orders


def a_day_later(chance: random.Random, before: Records, after: Records) -> Records:
    """Most records as they were, some as in `after`, some gone and some new."""
    kept = {name: facts for name, facts in before.items() if chance.random() < 0.8}
    return {**kept, **{name: facts for name, facts in after.items() if chance.random() < 0.2}}


def fill(customers: Records, orders: Records) -> None:
    for rows in SHOP.records.values():
        rows.clear()
    for name, facts in customers.items():
        SHOP.customer(name, **facts)
    for name, facts in orders.items():
        SHOP.order(name, **facts)


def by_hand() -> set[frozenset[Hashable]]:
    """design.md's rule of joining, in plain Python."""
    union = UnionFind()
    customers = SHOP.records["customers"]
    owners = {(row["source"], row["owner"]) for row in SHOP.records["orders"].values() if row["owner"]}
    emails = [(node, row["email"]) for node, row in customers.items()]
    bought = [((row["source"], row["owner"]), row["email"]) for row in SHOP.records["orders"].values()]
    emails += [(owner, email) for owner, email in bought if owner in owners - set(customers)]
    for node, email in emails:
        if email and "@marketplace.amazon." not in email:
            union.join(node, email)
    households = defaultdict(list)
    for node, row in customers.items():
        if row["phone"] and row["source"] != "amazon":
            households[row["phone"], row["last_name_key"]].append(node)
    for nodes in households.values():
        if len({customers[node]["email"] for node in nodes} - {None}) <= 1:
            for node in nodes:
                union.join(nodes[0], node)
    return union.groups({*customers, *owners})


def as_groups() -> set[frozenset[Hashable]]:
    found = defaultdict(set)
    for node, row in SHOP.identities.items():
        found[row["person"]].add(node)
    return {frozenset(group) for group in found.values()}


@FEW
@given(st.integers(0, 2**32))
def test_joining_equals_the_rule_by_hand(seed: int) -> None:
    SHOP.clear()
    fill(*small_worlds(random.Random(seed)))
    SHOP.resolve(max_customers=100, undeliverable=frozenset({"amazon"}))
    assert as_groups() == by_hand()


@FEW
@given(st.integers(0, 2**32))
def test_phones_never_join_two_emails(seed: int) -> None:
    SHOP.clear()
    customers, _ = small_worlds(random.Random(seed))
    fill(customers, {})
    SHOP.resolve(max_customers=100, undeliverable=frozenset({"amazon"}))
    for group in as_groups():
        assert len({SHOP.records["customers"][node]["email"] for node in group} - {None}) <= 1


@FEW
@given(st.integers(0, 2**32))
def test_person_keys_keep_their_promises(seed: int) -> None:
    SHOP.clear()
    chance = random.Random(seed)
    today = small_worlds(chance)
    for _ in range(3):
        before = SHOP.identities
        fill(*today)
        found = SHOP.resolve(max_customers=4)
        hold_promises(before, SHOP.identities, found)
        later = small_worlds(chance)
        today = a_day_later(chance, today[0], later[0]), a_day_later(chance, today[1], later[1])
    before = SHOP.identities
    SHOP.resolve(max_customers=4)
    assert SHOP.identities == before


Identities = dict[tuple[str, str], dict[str, Any]]


def hold_promises(before: Identities, after: Identities, found: Joining) -> None:
    ages = {row["person"]: row["since"] for row in sorted(before.values(), key=lambda r: r["since"], reverse=True)}
    parts: dict[str, set[str]] = defaultdict(set)
    for node, row in before.items():
        if node in after:
            parts[row["person"]].add(after[node]["person"])
    for person, now in parts.items():
        assert person in now or all(heir in ages for heir in now), "a person lost the key to a new one"
        assert len(now) > 1 or all((ages[heir], heir) <= (ages[person], person) for heir in now), "a younger one won"
    persons = {row["person"] for row in after.values()}
    assert persons & set(ages) <= set(parts), "a vanished person's key was given to somebody"
    assert found.people == len(persons)
    assert found.merged == sum(person not in now for person, now in parts.items())
    assert found.split == len({heir for now in parts.values() for heir in now} - set(ages))
    assert all(after[node]["since"] == row["since"] for node, row in before.items() if node in after)
