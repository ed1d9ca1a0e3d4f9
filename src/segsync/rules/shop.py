"""What expressions stand on: the landed tables, restricted to what exists at `as_of`, and money in one currency.

Every expression here compiles for DuckDB, PostgreSQL, BigQuery, Snowflake and Spark. Ibis values are typed Any: its
own types do not survive `mypy --strict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis

from segsync.rules.dates import AsOf

NUMBER = "decimal(28, 6)"  # what is divided or comes from JSON; a rule's own numbers have six decimals at most
MONEY = "decimal(18, 4)"  # of one record; sums are cast to the traits' decimal(18, 2)


@dataclass(frozen=True, slots=True)
class Shop:
    """The warehouse (an Ibis connection) at one instant. `person` restricts everything to one person."""

    con: Any
    as_of: AsOf
    currency: str
    rates: Mapping[str, Decimal]
    person: str | None = None

    def people(self) -> Any:
        """Everybody who was known by the run's day."""
        people = self._one(self.con.table("people"))
        return people.filter(~two(people.customer_added_on > self.day))

    def identities(self) -> Any:
        """Which person each customer or guest is."""
        return self._one(self.con.table("identities").select("source", "customer_id", "person"))

    def orders(self) -> Any:
        """The orders that exist (rules.md, Meaning 7), each with its person."""
        orders, identities = self.con.table("orders"), self.identities()
        orders = orders.filter(two(orders.live), self.happened(orders.ordered_at))
        same = [orders.source == identities.source, orders.owner == identities.customer_id]
        joined = orders.join(identities, same)
        return joined.select(identities.person, *[orders[name] for name in orders.columns])

    def happened(self, instant: Any) -> Any:
        """Not dated after the run's instant."""
        return ~two(instant > ibis.literal(self.as_of.utc))

    @property
    def day(self) -> Any:
        return ibis.literal(self.as_of.day)

    def money(self, amount: Any, currency: Any) -> Any:
        """An amount in the shop's currency; null where its currency has no rate."""
        cases = [(currency == self.currency, amount)]
        for other, rate in sorted(self.rates.items()):
            if other != self.currency:
                cases.append((currency == other, (amount * decimal(rate)).cast(MONEY)))
        return ibis.cases(*cases, else_=ibis.null(MONEY))

    def _one(self, table: Any) -> Any:
        return table if self.person is None else table.filter(table.person == self.person)


def two(condition: Any) -> Any:
    """A condition that is never unknown: false where it was (rules.md, Meaning 1)."""
    return condition.fill_null(False)


def number(value: Decimal) -> Any:
    """A number of a rule, to compare with: of a type that all amounts and values can be cast to."""
    whole = value == value.to_integral_value()
    return ibis.literal(int(value), type="int64") if whole else ibis.literal(value, type=NUMBER)


def decimal(value: Decimal) -> Any:
    """A number as a factor, such as a rate: exact on every engine, and no wider than it is."""
    if value == value.to_integral_value():
        return ibis.literal(int(value), type="int64")
    plain = value.normalize()
    scale = -int(plain.as_tuple().exponent)
    precision = max(len(plain.as_tuple().digits), scale + 1)
    return ibis.literal(plain, type=f"decimal({precision}, {scale})")
