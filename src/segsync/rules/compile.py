"""Rules as one table: a row a person, a column a trait, a column a segment. Only expressions; the engine computes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from segsync.rules.anniversary import anniversary
from segsync.rules.catalogue import SEGMENTS, TRAITS, Kind
from segsync.rules.computed import Computed, instant_column, with_computed
from segsync.rules.dates import AsOf
from segsync.rules.depth import cuts
from segsync.rules.needs import COUNT, CUSTOMERS, Needs, Total, lists_places, place_of, total_of
from segsync.rules.orders import by_orders
from segsync.rules.passes import PASSES, by_addresses, by_details, places
from segsync.rules.read import Rule, levels
from segsync.rules.recipes import RECIPES, value_of
from segsync.rules.records import RECORDS
from segsync.rules.shop import Shop
from segsync.rules.syntax import All, Anniversary, AnyOf, Clause, Comparison, Condition, Matches, Name, Not, Op, Text
from segsync.rules.truth import Subject, all_of, any_of, truth
from segsync.rules.windows import by_records

BASE = ("number_of_orders", "amount_spent", "average_order_value", "first_order_date", "last_order_date")


def table(
    con: Any,
    rules: Mapping[str, Rule],
    as_of: AsOf,
    *,
    currency: str,
    rates: Mapping[str, Decimal],
    extra_traits: Sequence[str] = (),
) -> Any:
    """An Ibis table of everybody known by `as_of`: `person`, the traits in use, and `in_<segment>` for each rule.

    `con` gives the landed and computed tables of streams.py by name. Traits are those of the rules, a base set and
    `extra_traits`; list traits of places (`customer_countries`, …) are columns only where `extra_traits` names them.
    `rules` holds every segment that one of them names. Raises KeyError for an unknown trait.
    """
    shop = Shop(con, as_of, currency, rates)
    needs = Needs(as_of)
    for rule in rules.values():
        needs.gather(rule.root, rule.own)
    needs.want((*BASE, *extra_traits))
    traits = [name for name in TRAITS if name in needs.traits | needs.lists]
    traits += [own.name for own in needs.own.values() if own.kind is not Kind.ANY]
    rows = with_segments(rows_of(shop, needs), rules, needs)
    return rows.select("person", *traits, *[f"in_{name}" for name in rules])


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
    columns |= _totals(joined, needs)
    for name in needs.keys(CUSTOMERS).values():
        columns |= {column: joined[column] for column in (name, f"{name}_number", f"{name}_day")}
    for column in needs.places.values():
        columns[column] = joined[f"{column}_orders"].fill_null(0) + joined[f"{column}_addresses"].fill_null(0)
    return with_computed(fenced(joined.select("person", **columns)), needs)


def with_segments(rows: Any, rules: Mapping[str, Rule], needs: Needs) -> Any:
    """The rows with a column `in_<segment>` for each rule, level upon level."""
    parts: dict[int, str] = {}
    for level in levels(rules):
        roots = {f"in_{name}": rules[name].root for name in level}
        for stage in cuts(list(roots.values())):
            columns = {f"raw_part{len(parts) + number}": node for number, node in enumerate(stage)}
            rows = _with_columns(rows, needs, columns, parts)
            parts |= {id(node): column for column, node in columns.items()}
        rows = _with_columns(rows, needs, roots, parts)
    return rows


def _with_columns(rows: Any, needs: Needs, roots: Mapping[str, Condition], parts: Mapping[int, str]) -> Any:
    clauses = Clauses(rows, needs, parts)
    return fenced(rows.mutate(**{column: clauses.holds(root) for column, root in roots.items()}))


def fenced(rows: Any) -> Any:
    """The same rows as a query of their own: Ibis would write every column out again wherever it is used."""
    return rows.view()


@dataclass(frozen=True, slots=True)
class Clauses:
    """The clauses of rules as conditions on rows. `parts`: inner conditions that are columns already, by their id()."""

    rows: Any
    needs: Needs
    parts: Mapping[int, str] = field(default_factory=dict)

    def holds(self, root: Condition, *, negated: bool = False) -> Any:
        """A condition without unknowns. NOT moves inwards, which keeps deep rules shallow."""
        if id(root) in self.parts:
            column = self.rows[self.parts[id(root)]]
            return ~column if negated else column
        match root:
            case Not(part=part):
                return self.holds(part, negated=not negated)
            case All(parts=parts) | AnyOf(parts=parts):
                join = all_of if isinstance(root, All) is not negated else any_of
                return join(list(map(partial(self.holds, negated=negated), parts)))
            case Comparison() | Matches():
                return ~self.clause(root) if negated else self.clause(root)

    def clause(self, clause: Clause) -> Any:
        """One clause, true or false for everybody."""
        if isinstance(clause, Matches):
            return self._matches(clause)
        left, op = clause.left, clause.op
        name = left.text if isinstance(left, Name) else ""
        if name == SEGMENTS:
            (segment,) = clause.values
            assert isinstance(segment, Text)
            member = self.rows[f"in_{segment.value}"]
            return member if op is Op.CONTAINS else ~member
        if name in TRAITS and lists_places(name):
            among = self.rows[self.needs.places[place_of(clause)]] > 0
            return among if op in (Op.CONTAINS, Op.IS_NOT_NULL) else ~among
        if isinstance(left, Anniversary):
            born = self._values.trait(left.trait).read_as(Kind.DAY)
            return anniversary(born, op, clause.values, self.needs.as_of)
        return truth(self._values.subject(left), op, clause.values, self.needs.as_of, self._values.subject)

    @property
    def _values(self) -> Computed:
        return Computed(self.rows, self.needs)

    def total(self, clause: Matches, total: Total) -> Any:
        """A total of what passed a MATCHES; 0 where nothing did."""
        return self.rows[self.needs.window(clause).totals[total]]

    def _matches(self, clause: Matches) -> Any:
        asked = [
            truth(
                Subject(Kind.NUMBER, self.total(clause, total_of(t))),
                t.op,
                t.values,
                self.needs.as_of,
                self._values.subject,
            )
            for t in clause.totals
        ]
        matches = all_of(asked) if asked else self.total(clause, COUNT) > 0
        return ~matches if clause.negated else matches


def _joined(people: Any, parts: Iterable[Any]) -> Any:
    for number, part in enumerate(parts):
        key = f"raw_person{number}"
        part = part.rename({key: "person"})
        people = people.left_join(part, people.person == part[key])
    return people


def _totals(joined: Any, needs: Needs) -> dict[str, Any]:
    """The columns of all windows' totals: counts and sums are 0 over nothing, other values missing."""
    every = [(column, total) for window in needs.windows.values() for total, column in window.totals.items()]
    return {column: joined[column].fill_null(0) if total.zero else joined[column] for column, total in every}
