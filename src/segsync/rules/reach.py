"""How far back a rule reaches: the earliest day whose orders can change who is a member.

A clause is bounded where the orders from some day on settle whether it is true, whatever came before. Its complement
is bounded by the same day: `NOT (last_order_date >= -30d)` is true exactly where the clause is false, also for people
without orders (a clause is never unknown), so whoever has no order in these thirty days is in it, and older orders
change nothing. `last_order_date < -30d` is another matter: it is false for people without orders, so it asks whether
there is an order of any age before that day, and has no bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR

from segsync.rules.catalogue import FUNCTIONS, TRAITS
from segsync.rules.dates import AsOf, day_of
from segsync.rules.names import Own
from segsync.rules.parts import clauses, compared, leaves
from segsync.rules.read import Rule, needed
from segsync.rules.syntax import (
    COMPLEMENT,
    Aggregate,
    Anniversary,
    Clause,
    Comparison,
    Day,
    Matches,
    Moment,
    Name,
    Number,
    Offset,
    Op,
    Param,
    Standing,
    Value,
)

UNBOUNDED = date.min

_DAY = timedelta(days=1)
_FROM_A_DAY_ON = frozenset({Op.EQ, Op.GE, Op.GT, Op.BETWEEN, Op.IN})
_UP_TO_AN_AGE = frozenset({Op.EQ, Op.LE, Op.LT, Op.BETWEEN, Op.IN})


def reach(rule: Rule, rules: Mapping[str, Rule], as_of: AsOf) -> date | None:
    """The earliest day of orders that a rule asks about, through other segments too.

    None where it asks about no orders at all, `UNBOUNDED` (`date.min`) where it asks about orders of any age.
    """
    asked = needed(rule.name, {**rules, rule.name: rule}).values()
    return _earliest(_reach_of(clause, each.owned, as_of) for each in asked for clause in clauses(each.root))


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _reach_of(clause: Clause, own: Mapping[str, Own], as_of: AsOf) -> date | None:
    if isinstance(clause, Matches):
        assert isinstance(clause.left, Name)
        totals = [_reach_of_value(value, own, as_of) for total in clause.totals for value in total.values]
        return _earliest([_recorded(clause.left.text, clause.params, own, as_of), *totals])
    values = [_reach_of_value(value, own, as_of) for value in clause.values]
    if isinstance(clause.left, Name) and _asks_orders(clause.left.text):
        return _earliest([_compared(clause, clause.left.text, as_of), *values])
    return _earliest([_reach_of_value(clause.left, own, as_of), *values])


def _reach_of_value(value: Value, own: Mapping[str, Own], as_of: AsOf) -> date | None:
    """The earliest day of orders that can change a value: a trait of orders asks for all of them."""
    return _earliest(_reach_of_leaf(leaf, own, as_of) for leaf in leaves(value))


def _reach_of_leaf(leaf: Value, own: Mapping[str, Own], as_of: AsOf) -> date | None:
    match leaf:
        case Aggregate(function=function, params=params):
            return _recorded(function, params, own, as_of)
        case Name(text=name) | Standing(trait=name) | Anniversary(trait=name):
            if name in own:
                return _reach_of_value(own[name].value, own, as_of)
            return UNBOUNDED if _asks_orders(name) else None
    return None


def _asks_orders(name: str) -> bool:
    """Does a trait depend on its person's orders? (`segments` is no trait; what it names is looked at by itself.)

    Who a customer is, their own record says: orders tell e-mail and phone of guests alone, and of guests' orders no
    platform gives a count.
    """
    trait = TRAITS.get(name)
    return trait is not None and "orders" in trait.reads and trait.group != "who"


def _recorded(function: str, params: Sequence[Param], own: Mapping[str, Own], as_of: AsOf) -> date | None:
    """The first day of the orders whose records a function looks at, and of those that it compares them with."""
    return _earliest(
        [_first_recorded(function, params, as_of), *(_reach_of_value(v, own, as_of) for v in compared(params))]
    )


def _first_recorded(function: str, params: Sequence[Param], as_of: AsOf) -> date | None:
    """A refund may be of an order of any age."""
    if "orders" not in FUNCTIONS[function].reads:
        return None
    return _dated(params, as_of) if FUNCTIONS[function].stream in ("orders", "order_lines") else UNBOUNDED


def _dated(params: Sequence[Param], as_of: AsOf) -> date:
    """A function looks at the records that its parameters let pass: `date != 2026-05-30` lets all other days pass."""
    return next((_first_day(p.op, p.values, as_of) for p in params if p.name.text == "date"), UNBOUNDED)


def _compared(clause: Comparison, name: str, as_of: AsOf) -> date:
    """Of all traits of orders only the newest order's day is settled by newer orders alone."""
    op = COMPLEMENT.get(clause.op, clause.op)
    if name == "last_order_date":
        return _first_day(op, clause.values, as_of)
    if name == "days_since_last_order":
        return _oldest(op, clause.values, as_of)
    return UNBOUNDED


def _first_day(op: Op, values: Sequence[Value], as_of: AsOf) -> date:
    """The first day that a comparison of days can be true for."""
    days = [_day(op, value, as_of) for value in values]
    return min(days) if op in _FROM_A_DAY_ON else UNBOUNDED


def _day(op: Op, value: Value, as_of: AsOf) -> date:
    match value:
        case Day() | Offset():
            day = day_of(value, as_of)
            return day + _DAY if op is Op.GT and day < date.max else day
        case Moment(at=at):
            return at.date()
    return UNBOUNDED  # a trait: another day for everybody


def _oldest(op: Op, values: Sequence[Value], as_of: AsOf) -> date:
    """The day that lies the greatest number of days back for which a comparison of such numbers can be true."""
    ages = [_age(op, value) for value in values if isinstance(value, Number)]
    if op not in _UP_TO_AN_AGE or len(ages) < len(values):  # compared with a trait: another age for everybody
        return UNBOUNDED
    try:
        return as_of.day - timedelta(days=max(ages))
    except OverflowError:
        return UNBOUNDED


def _age(op: Op, value: Number) -> int:
    if op is Op.LT:
        return int(value.value.to_integral_value(ROUND_CEILING)) - 1
    return int(value.value.to_integral_value(ROUND_FLOOR))
