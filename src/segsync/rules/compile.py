"""Rules as one table: a row a person, a column a trait, a column a segment. Only expressions; the engine computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from segsync.rules.anniversary import anniversary
from segsync.rules.catalogue import SEGMENTS, TRAITS, Kind
from segsync.rules.computed import Computed
from segsync.rules.dates import AsOf
from segsync.rules.depth import cuts
from segsync.rules.needs import Needs, lists_places
from segsync.rules.read import Rule, levels
from segsync.rules.rows import fenced, rows_of
from segsync.rules.shop import Shop
from segsync.rules.syntax import All, Anniversary, AnyOf, Clause, Comparison, Condition, Matches, Name, Not, Op, Text
from segsync.rules.truth import Subject, all_of, any_of, truth
from segsync.rules.wanted import COUNT, Total, total_of

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
            among = self.rows[self.needs.places[self.needs.place(clause)]] > 0
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
