"""The smaller passes, each only where a rule asks for it: addresses, newest shipping address, gaps, checkouts,
customers' JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ibis

from segsync.rules.details import with_details
from segsync.rules.needs import CUSTOMERS, Needs
from segsync.rules.orders import PLACE_KEYS, seen
from segsync.rules.owners import owned
from segsync.rules.picking import picked
from segsync.rules.shop import Shop, two
from segsync.rules.wanted import Place

_SHIPPING = ("country", "region", "city", "postal_code")
_SHOWN = {"customer_countries": "country", "customer_regions": "region", "customer_cities": "city_key"}


def by_addresses(shop: Shop, needs: Needs) -> Any | None:
    """How many addresses of each person name each place that is asked for."""
    places = {place: column for place, column in needs.places.items() if place.value is None}
    if not places:
        return None
    addresses = _addresses(shop)
    columns = {f"{c}_addresses": addresses.count(where=seen(addresses, p)) for p, c in places.items()}
    return addresses.group_by("person").agg(**columns)


def by_own_places(shop: Shop, needs: Needs, asked: Sequence[Place], rows: Any) -> list[Any]:
    """The same of places that are a text of the person's, folded in `rows`: over addresses, and over orders."""
    folds = {place: needs.folds[place.value][1] for place in asked}
    given = rows.select("person", **{name: rows[name] for name in folds.values()}).rename(raw_beside="person")
    found = []
    for records, suffix in ((_addresses(shop), "addresses"), (shop.orders(), "orders")):
        joined = records.join(given, records.person == given.raw_beside)
        columns = {f"{needs.places[p]}_{suffix}": joined.count(where=seen(joined, p, joined[folds[p]])) for p in asked}
        found.append(joined.group_by("person").agg(**columns))
    return found


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
    """The newest checkout not completed by `as_of`."""
    checkouts = shop.con.table("checkouts")
    completed = two(checkouts.completed_at <= ibis.literal(shop.as_of.utc))
    both = owned(shop, checkouts.filter(shop.happened(checkouts.created_at), ~completed))
    return both.group_by("person").agg(raw_abandoned_on=both.created_on.max(), raw_abandoned_at=both.created_at.max())


def by_details(shop: Shop, needs: Needs) -> Any | None:
    """The metafields and attributes that are asked for. Of joined customers the record updated last that has it counts.

    Records are in the order in which they give people their other facts.
    """
    keys = needs.keys(CUSTOMERS)
    if not keys:
        return None
    joined = _customers(shop)
    newest_first = [joined.updated_at.desc(), joined.created_at.desc(), joined.source, joined.customer_id]
    columns = ["person", "attributes"]
    rows = joined.select(*columns, nth=ibis.row_number().over(group_by=joined.person, order_by=newest_first))
    rows = with_details(shop, rows, "attributes", keys)
    names = [f"{name}{suffix}" for name in keys.values() for suffix in ("", "_number", "_day")]
    has = {name: rows[name.removesuffix("_number").removesuffix("_day")].notnull() for name in names}
    return rows.group_by("person").agg(**{name: picked(rows[name], rows.nth, has[name]) for name in names})


def added(shop: Shop) -> Any:
    """The instant at which a source first knew any customer of the person."""
    joined = _customers(shop)
    return joined.group_by("person").agg(raw_added_at=joined.created_at.min())


def places(shop: Shop, trait: str) -> Any:
    """The whole list of a list trait of places, by person; for showing, as matching needs no list."""
    column = _SHOWN[trait]
    rows = [table.select("person", place=table[column]) for table in (_addresses(shop), shop.orders())]
    every = rows[0].union(rows[1], distinct=True)
    every = every.filter(every.place.notnull())
    return every.group_by("person").agg(**{f"raw_{trait}": every.place.collect()})


def _customers(shop: Shop) -> Any:
    """The customers' records that exist at the run's instant, each with its person."""
    customers, identities = shop.con.table("customers"), shop.identities()
    living = customers.filter(customers.deleted_at.isnull(), shop.happened(customers.created_at))
    same = [living.source == identities.source, living.customer_id == identities.customer_id]
    return living.join(identities, same).select(identities.person, *[living[name] for name in living.columns])


def _addresses(shop: Shop) -> Any:
    """The addresses of the customers that exist, each with its person."""
    addresses, customers = shop.con.table("addresses"), _customers(shop).select("person", "source", "customer_id")
    same = [addresses.source == customers.source, addresses.customer_id == customers.customer_id]
    joined = addresses.join(customers, same)
    return joined.select(customers.person, *[addresses[c] for c in (*PLACE_KEYS.values(), "country", "region")])


PASSES: Mapping[str, Callable[[Shop], Any]] = {
    "shipping": newest_shipping,
    "median": median_gap,
    "checkouts": abandoned_checkouts,
    "added": added,
}
