"""The smaller passes, each only where a rule asks for it: addresses, newest shipping address, gaps, checkouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis

from segsync.rules.needs import Needs
from segsync.rules.orders import PLACE_KEYS, seen
from segsync.rules.shop import Shop, two

_SHIPPING = ("country", "region", "city", "postal_code")
_SHOWN = {"customer_countries": "country", "customer_regions": "region", "customer_cities": "city_key"}


def by_addresses(shop: Shop, needs: Needs) -> Any | None:
    """How many addresses of each person name each place that is asked for."""
    if not needs.places:
        return None
    addresses = _addresses(shop)
    columns = {f"{c}_addresses": addresses.count(where=seen(addresses, p)) for p, c in needs.places.items()}
    return addresses.group_by("person").agg(**columns)


def newest_shipping(shop: Shop) -> Any:
    """The newest order's shipping address by person; of orders at one instant the first by source and id."""
    orders = shop.orders()
    known = ibis.or_(*[orders[name].notnull() for name in _SHIPPING])
    orders = orders.filter(known, orders.ordered_at.notnull())
    newest_first = [orders.ordered_at.desc(), orders.source, orders.order_id]
    ranked = orders.mutate(rank=ibis.row_number().over(group_by=orders.person, order_by=newest_first))
    newest = ranked.filter(ranked["rank"] == 0)
    return newest.select(
        "person", raw_shipped=ibis.literal(True), **{f"raw_{name}": newest[name] for name in _SHIPPING}
    )


def median_gap(shop: Shop) -> Any:
    """The median of days between one order and the next, by row number, so that every engine agrees."""
    orders = shop.orders()
    orders = orders.filter(orders.ordered_on.notnull()).select("person", "ordered_on")
    before = orders.ordered_on.lag().over(group_by=orders.person, order_by=orders.ordered_on)
    steps = orders.mutate(before=before)
    steps = steps.filter(steps.before.notnull())
    gaps = steps.select("person", gap=steps.ordered_on.delta(steps.before, unit="day"))
    ranked = gaps.mutate(
        rank=ibis.row_number().over(group_by=gaps.person, order_by=gaps.gap),  # from 0
        size=gaps.count().over(group_by=gaps.person),
    )
    twice = ranked["rank"] * 2 + 2
    middle = ranked.filter(twice >= ranked["size"], twice <= ranked["size"] + 2)  # one row, or two of an even number
    return middle.group_by("person").agg(raw_median_gap=middle.gap.mean().cast("decimal(18, 2)"))


def abandoned_checkouts(shop: Shop) -> Any:
    """The newest checkout not completed by `as_of`. One without a customer belongs to the person with its email."""
    checkouts, identities = shop.con.table("checkouts"), shop.identities()
    completed = two(checkouts.completed_at <= ibis.literal(shop.as_of.utc))
    checkouts = checkouts.filter(shop.happened(checkouts.created_at), ~completed)
    same = [checkouts.source == identities.source, checkouts.customer_id == identities.customer_id]
    named = checkouts.join(identities, same)
    named = named.select(identities.person, checkouts.created_on, checkouts.created_at)
    nameless, emails = checkouts.filter(checkouts.customer_id.isnull()), _emails(shop)
    found = nameless.join(emails, nameless.email == emails.value)
    both = named.union(found.select(emails.person, nameless.created_on, nameless.created_at))
    return both.group_by("person").agg(raw_abandoned_on=both.created_on.max(), raw_abandoned_at=both.created_at.max())


def added(shop: Shop) -> Any:
    """The instant at which a source first knew any customer of the person."""
    customers, identities = shop.con.table("customers"), shop.identities()
    same = [customers.source == identities.source, customers.customer_id == identities.customer_id]
    joined = customers.join(identities, same).select(identities.person, customers.created_at)
    return joined.group_by("person").agg(raw_added_at=joined.created_at.min())


def places(shop: Shop, trait: str) -> Any:
    """The whole list of a list trait of places, by person; for showing, as matching needs no list."""
    column = _SHOWN[trait]
    rows = [table.select("person", place=table[column]) for table in (_addresses(shop), shop.orders())]
    every = rows[0].union(rows[1], distinct=True)
    every = every.filter(every.place.notnull())
    return every.group_by("person").agg(**{f"raw_{trait}": every.place.collect()})


def _addresses(shop: Shop) -> Any:
    addresses, identities = shop.con.table("addresses"), shop.identities()
    same = [addresses.source == identities.source, addresses.customer_id == identities.customer_id]
    joined = addresses.join(identities, same)
    return joined.select(identities.person, *[addresses[c] for c in (*PLACE_KEYS.values(), "country", "region")])


def _emails(shop: Shop) -> Any:
    """One person for each email: the first by key, where people share one."""
    identifiers = shop.con.table("identifiers")
    emails = identifiers.filter(identifiers.kind == "email")
    owners = emails.group_by("value").agg(person=emails.person.min())
    return owners if shop.person is None else owners.filter(owners.person == shop.person)


PASSES: Mapping[str, Callable[[Shop], Any]] = {
    "shipping": newest_shipping,
    "median": median_gap,
    "checkouts": abandoned_checkouts,
    "added": added,
}
