"""A row a person with everything that rules need: first what records say, then what is made of that, in stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ibis

from segsync.rules.catalogue import TRAITS, Kind
from segsync.rules.computed import Computed, instant_column
from segsync.rules.folding import folded
from segsync.rules.needs import CUSTOMERS, Needs
from segsync.rules.orders import by_orders
from segsync.rules.passes import PASSES, by_addresses, by_details, by_own_places, places
from segsync.rules.recipes import RECIPES, value_of
from segsync.rules.records import RECORDS
from segsync.rules.shop import NUMBER, Shop
from segsync.rules.stages import Stage, stages
from segsync.rules.truth import Subject
from segsync.rules.windows import by_compared_records, by_records, filled


def rows_of(shop: Shop, needs: Needs) -> Any:
    """A row a person with every trait, instant, window total and place count that is needed."""
    traits = {name: RECIPES[name] for name in TRAITS if name in needs.traits}
    timed = {name: RECIPES[name] for name in sorted(needs.timed)}
    raw = {c for recipe in traits.values() for c in recipe.raw} | {c for r in timed.values() for c in r.at_raw}
    extra = {r.extra for r in traits.values()} | {r.at_extra for r in timed.values()}
    parts = [by_orders(shop, needs, raw), by_addresses(shop, needs), by_details(shop, needs)]
    parts += [by_records(shop, needs, stream) for stream in RECORDS if stream != "orders"]
    parts += [make(shop) for name, make in PASSES.items() if name in extra]
    parts += [places(shop, name) for name in sorted(needs.lists)]
    joined = _joined(shop.people(), [part for part in parts if part is not None])
    columns = {name: value_of(name, joined, shop) for name in traits}
    columns |= {name: joined[f"raw_{name}"] for name in sorted(needs.lists)}
    columns |= {instant_column(name): recipe.at(joined) for name, recipe in timed.items() if recipe.at is not None}
    columns |= filled(joined, [window for window in needs.windows.values() if not window.compares])
    for name in needs.keys(CUSTOMERS).values():
        columns |= {column: joined[column] for column in (name, f"{name}_number", f"{name}_day")}
    for place, column in needs.places.items():
        if place.value is None:
            columns[column] = _named(joined, column)
    rows = fenced(joined.select("person", **columns))
    for number, stage in enumerate(stages(needs)):
        rows = _staged(rows, shop, needs, stage, f"raw_rows{number}")
    return rows


def fenced(rows: Any) -> Any:
    """The same rows as a query of their own: Ibis would write every column out again wherever it is used."""
    return rows.view()


def _staged(rows: Any, shop: Shop, needs: Needs, stage: Stage, name: str) -> Any:
    """The rows with what a stage computes of them."""
    if stage.joins:  # the rows are read more than once: by this name they are computed once
        rows = rows.alias(name)
    windows = [stage.of(stream) for stream in RECORDS]
    parts = [by_compared_records(shop, needs, some, rows) for some in windows if some]
    parts += by_own_places(shop, needs, stage.places, rows) if stage.places else []
    joined = _with_folds(_joined(rows, parts), shop, needs, stage, rows) if stage.folds else _joined(rows, parts)
    values = Computed(joined, needs)
    columns = {own.name: values.subject(own.value).value.cast(own.column) for own in stage.own}
    columns |= {needs.standing(each): standing(each.how, values.trait(each.trait)) for each in stage.standings}
    columns |= filled(joined, stage.windows)
    columns |= {needs.places[place]: _named(joined, needs.places[place]) for place in stage.places}
    columns |= {column: joined[column] for _, column in stage.folds}
    return fenced(joined.select(*[joined[known] for known in rows.columns], **columns))


def _with_folds(joined: Any, shop: Shop, needs: Needs, stage: Stage, rows: Any) -> Any:
    """The rows, joined with more, and with the folded forms of a stage's texts."""
    people = Computed(rows, needs)
    keys = folded(shop, rows, [people.subject(value).value for value, _ in stage.folds])
    for value, column in stage.folds:
        mine = keys.select(**{f"{column}_text": keys.raw_text, column: keys.raw_key})
        joined = joined.left_join(mine, Computed(joined, needs).subject(value).value == mine[f"{column}_text"])
    return joined


def _named(joined: Any, column: str) -> Any:
    """How many orders and addresses name a place."""
    return joined[f"{column}_orders"].fill_null(0) + joined[f"{column}_addresses"].fill_null(0)


def _joined(people: Any, parts: Iterable[Any]) -> Any:
    for number, part in enumerate(parts):
        key = f"raw_person{number}"
        part = part.rename({key: "person"})
        people = people.left_join(part, people.person == part[key])
    return people


def standing(how: str, subject: Subject) -> Any:
    """A percentile or a rank among the rows that have a value (rules.md, Meaning 6)."""
    value = subject.value if subject.kind is Kind.DAY else subject.read_as(Kind.NUMBER)
    missing = value.isnull()
    if how == "rank":
        place = ibis.rank().over(group_by=missing, order_by=value.desc()) + 1
        return ibis.ifelse(missing, ibis.null("int64"), place.cast("int64"))
    smaller = ibis.rank().over(group_by=missing, order_by=value)
    others = value.count().over(group_by=missing) - 1
    share = smaller.cast("float64") * 100 / others.nullif(0).cast("float64")
    percentile = share.cast(NUMBER).fill_null(0)
    return ibis.ifelse(missing, ibis.null(NUMBER), percentile)
