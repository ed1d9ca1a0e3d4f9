"""Random rules, made along the grammar, with literals near what random shops hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st
from random_params import OWN_TEXTS, PARAMS, PARTS
from random_shops import ATTRIBUTES, BIRTHS, CHANNELS, CLOCKS
from random_words import COUNTS, DAYS, ENUMS, FUNCTIONS, INSTANTS, LISTS, MONEY, SEGMENTS, SIGNS, SUMMED, TEXTS, quoted
from reference import Shop


@st.composite
def rules(draw: st.DrawFn, shop: Shop, *, traits: bool) -> str:
    """A rule over that shop; `traits`: it may name the user's own."""
    return _Making(draw, shop, traits).condition(3)


class _Making:
    def __init__(self, draw: st.DrawFn, shop: Shop, traits: bool) -> None:
        self.draw = draw
        self.shop = shop
        self.traits = traits

    def one(self, values: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(values))

    def way(self, *ways: Callable[..., str]) -> str:
        return self.one(ways)()

    # --- conditions ----------------------------------------------------------------------------------------

    def condition(self, depth: int) -> str:
        kind = self.draw(st.integers(0, 9)) if depth else 0
        if kind < 6:
            return self.clause()
        if kind == 6:
            return f"NOT ({self.condition(depth - 1)})"
        if kind == 7:
            return f"NOT {self.clause()}"
        word = self.one((" AND ", " OR ", " and "))
        parts = [self.condition(depth - 1) for _ in range(self.one((2, 2, 3)))]
        return word.join(f"({part})" if self.one((True, False)) else part for part in parts)

    def clause(self) -> str:
        return self.way(
            self.number_clause, self.number_clause, self.date_clause, self.date_clause, self.text_clause,
            self.enum_clause, self.list_clause, self.happened, self.happened, self.happened, self.happened,
            self.brought, self.calculated, self.calculated, self.anniversary, self.segment, self.standing,
        )  # fmt: skip

    def number_clause(self) -> str:
        pool = self.one((COUNTS, DAYS, MONEY))
        name = self.one(pool)
        if self.one((False, False, False, True)):
            return f"{name} {self.one(SIGNS)} {self.one(pool)}"
        return f"{name} {self.of_number(self.amount if pool is MONEY else self.count)}"

    def of_number(self, make: Callable[[], str]) -> str:
        """An operator with its values."""
        kind = self.draw(st.integers(0, 6))
        if kind < 4:
            return f"{self.one(SIGNS)} {make()}"
        if kind == 4:
            low, high = sorted((make(), make()), key=float)
            return f"BETWEEN {low} AND {high}"
        return self.way(lambda: f"{self.one(('IN', 'NOT IN', 'not in'))} ({make()}, {make()})", self.null)

    def null(self) -> str:
        return self.one(("IS NULL", "IS NOT NULL"))

    def count(self) -> str:
        return self.one(("0", "1", "1", "2", "3", "2.5", "7", "30", "60"))

    def amount(self) -> str:
        return self.one(("0", "2", "2.2", "10.5", "19.92", "50", "55", "100", "150.01", "1000", "7.125"))

    # --- dates ---------------------------------------------------------------------------------------------

    def date_clause(self) -> str:
        name = self.one((*INSTANTS, *INSTANTS, "birth_date"))
        if self.one((False, False, False, False, True)):
            return f"{name} {self.one(SIGNS)} {self.way(self.date_call, lambda: self.one((*INSTANTS, 'birth_date')))}"
        return f"{name} {self.of_date(moments=name != 'birth_date')}"

    def of_date(self, *, moments: bool = True) -> str:
        kind = self.draw(st.integers(0, 6))
        make = self.moment_or_day if moments else self.day_or_offset
        if kind < 4:
            return f"{self.one(SIGNS)} {make()}"
        if kind == 4:
            return self.range()
        return self.way(lambda: f"{self.one(('IN', 'NOT IN'))} ({make()}, {make()})", self.null)

    def range(self) -> str:
        """Two days, two offsets, or one of each, which may be reversed."""
        kind = self.one(("days", "offsets", "mixed"))
        if kind == "days":
            low, high = sorted((self.day(), self.day()))
        elif kind == "offsets":
            far, near = self.one(("-400d", "-1y", "-90d", "-3m", "-61d")), self.one(("-60d", "-7d", "today", "+1w"))
            low, high = far, near
        else:
            low, high = self.one(((self.day(), self.offset()), (self.offset(), self.day())))
        return f"BETWEEN {low} AND {high}"

    def moment_or_day(self) -> str:
        return self.way(self.day, self.offset, self.offset, self.moment)

    def day_or_offset(self) -> str:
        return self.way(self.day, self.offset)

    def offset(self) -> str:
        return self.one(
            ("today", "yesterday", "-1d", "-2d", "-6d", "-7d", "-1w", "-30d", "-1m", "-60d", "-2m", "-90d", "-120d",
             "-1y", "-12m", "+1d", "-0d", "30_days_ago", "TODAY")
        )  # fmt: skip

    def some_day(self) -> date:
        return self.shop.today - timedelta(days=self.one((0, 1, 2, 7, 30, 60, 365)))

    def day(self) -> str:
        return self.way(lambda: self.some_day().isoformat(), lambda: self.one(BIRTHS).isoformat())

    def moment(self) -> str:
        hour, minute, second, _ = self.one(CLOCKS)
        return datetime.combine(self.some_day(), time(hour, minute, second)).isoformat()

    # --- text, words, lists --------------------------------------------------------------------------------

    def text_clause(self) -> str:
        name = self.one(tuple(TEXTS))
        if self.draw(st.integers(0, 6)) == 0:
            return f"{name} {self.one(PARTS)} {self.one(OWN_TEXTS)}"
        return f"{name} {self.of_text(TEXTS[name])}"

    def of_text(self, values: Sequence[Any]) -> str:
        kind = self.draw(st.integers(0, 5))
        value = str(self.one(values))
        if kind == 0:
            return f"{self.one(('IN', 'NOT IN'))} ({quoted(value)}, 'x', {quoted(str(self.one(values)))})"
        if kind == 1:
            return self.null()
        if kind == 2:
            start = self.draw(st.integers(0, max(0, len(value) - 2)))
            part = value[start : start + self.one((1, 2, 9))]
            word = self.one(("STARTS WITH", "ENDS WITH", "CONTAINS"))
            return f"{self.one(('', 'NOT '))}{word} {quoted(part)}"
        return f"{self.one(('=', '!='))} {quoted(value)}"

    def enum_clause(self) -> str:
        name = self.one(tuple(ENUMS))
        return f"{name} {self.of_words(ENUMS[name])}"

    def of_words(self, values: Sequence[Any]) -> str:
        one = quoted(self.one(values))
        return self.way(
            lambda: f"= {one}", lambda: f"!= {one}", lambda: f"IN ({one})", lambda: f"NOT IN ({one})", self.null
        )

    def list_clause(self) -> str:
        name = self.one(tuple(LISTS))
        if self.draw(st.integers(0, 3)) == 0:
            return f"{name} {self.one(('', 'NOT '))}CONTAINS {self.one((*OWN_TEXTS, 'ads_consent', 'region'))}"
        return f"{name} {self.of_list(LISTS[name])}"

    def of_list(self, values: Sequence[Any]) -> str:
        one = quoted(self.one(values))
        return self.way(lambda: f"CONTAINS {one}", lambda: f"NOT CONTAINS {one}", self.null)

    def segment(self) -> str:
        return f"segments {self.one(('', 'NOT '))}CONTAINS {quoted(self.one((*SEGMENTS, 'BUYERS')))}"

    # --- what a file or a survey brought -------------------------------------------------------------------

    def brought(self) -> str:
        key = self.one(tuple(ATTRIBUTES))
        name = f"metafields.{key}" if "." in key else f"attributes.{_word(key)}"
        return f"{name} {self.of_loose(ATTRIBUTES[key])}"

    def of_loose(self, values: Sequence[Any]) -> str:
        return self.way(
            lambda: self.of_text(values), lambda: self.of_text(values), lambda: self.of_date(moments=False),
            lambda: self.of_number(lambda: self.one(("5", "12", "-3.5", "3", "10", "4.5"))),
        )  # fmt: skip

    def anniversary(self) -> str:
        name = self.one(("birth_date", "metafields.facts.birth_date"))
        call = f"anniversary({self.one(('', '', 'date: '))}'{name}')"
        starts, ends = ("-30d", "yesterday", "today"), ("today", "+30d", "+2m")
        return self.way(
            lambda: f"{call} BETWEEN {self.one(starts)} AND {self.one(ends)}",
            lambda: f"{call} {self.one(('=', '!='))} {self.offset()}",
            lambda: f"{call} = {self.some_day().isoformat()}",
            lambda: f"{call} IN ({self.offset()}, {self.some_day().isoformat()})",
            lambda: f"{call} {self.null()}",
        )

    # --- functions -----------------------------------------------------------------------------------------

    def happened(self) -> str:
        name = self.one((*SUMMED, *FUNCTIONS))
        if self.draw(st.integers(0, 12)) == 0:
            return f"{name} {self.null()}"
        if name == "products_purchased" and self.draw(st.integers(0, 5)) == 0:
            return f"products_purchased({self.one(('id: 1', chr(116) + 'ag: ' + quoted('organic')))}) = {self.flag()}"
        params = self.params(name) + (self.totals(name) if self.one((True, False)) else [])
        return f"{name} {self.one(('MATCHES', 'NOT MATCHES', 'NOT_MATCHES', 'matches'))} ({', '.join(params)})"

    def totals(self, name: str) -> list[str]:
        found = [f"count {self.of_total(('0', '1', '1', '2', '3'))}"]
        if name in ("orders_placed", "products_purchased"):
            found.append(f"sum_amount {self.of_total(('0', '2', '19.92', '50.5', '100'))}")
        if name == "products_purchased":
            found.append(f"sum_quantity {self.of_total(('0', '1', '3', '5'))}")
        return self.several(found, 2)

    def of_total(self, values: Sequence[str]) -> str:
        low, high = sorted((self.one(values), self.one(values)), key=float)
        return self.one((f"{self.one(SIGNS)} {low}", f">= {low}", f"BETWEEN {low} AND {high}", f"IN ({low}, {high})"))

    def several(self, all_: list[str], most: int) -> list[str]:
        order = self.draw(st.permutations(range(len(all_))))
        return [all_[index] for index in order[: self.draw(st.integers(0, most))]]

    def params(self, name: str) -> list[str]:
        """Some parameters of a function, each at most once."""
        makes = PARAMS[name if name in PARAMS else "email"]
        names = self.several(list(makes), 3)
        return [f"{self.spelled(name, param)} {makes[param](self)}" for param in names]

    def spelled(self, function: str, param: str) -> str:
        return "activity_id" if param == "campaign" and function.startswith("shopify") else param

    def flag(self) -> str:
        return self.one(("true", "false"))

    # --- values from functions -----------------------------------------------------------------------------

    def calculated(self) -> str:
        return self.way(self.count_clause, self.sum_clause, self.date_of, self.text_of, self.arithmetic, self.ratio)

    def count_of(self) -> str:
        name = self.one(FUNCTIONS)
        return f"count({', '.join([name, *self.params(name)])})"

    def sum_of(self, words: Sequence[str] = ("sum", "sum", "avg", "min", "max")) -> str:
        name = self.one(tuple(SUMMED))
        field = f"{name}.{self.one(SUMMED[name])}"
        return f"{self.one(words)}({', '.join([field, *self.params(name)])})"

    def count_clause(self) -> str:
        return f"{self.count_of()} {self.of_number(self.count)}"

    def sum_clause(self) -> str:
        return f"{self.sum_of()} {self.of_number(self.uneven)}"

    def uneven(self) -> str:
        """A number that no average of amounts or hours is: how those are rounded is nobody's promise."""
        return self.one(("0.003", "1.377", "2.003", "19.917", "50.003", "100.003"))

    def date_of(self) -> str:
        if self.traits and self.one((True, False, False)):
            return f"last_web_order {self.of_date(moments=False)}"
        return f"{self.date_call()} {self.of_date(moments=False)}"

    def date_call(self) -> str:
        name = self.one(FUNCTIONS)
        return f"{self.one(('first', 'last', 'min', 'max'))}({', '.join([f'{name}.date', *self.params(name)])})"

    def text_of(self) -> str:
        field, values = self.one((("channel", CHANNELS), ("source", ("web", "pos")), ("device", ("mobile",))))
        call = f"{self.one(('first', 'last'))}(orders_placed.{field}{self.one(('', ', date >= -60d'))})"
        return f"{call} {self.of_text(values)}"

    def arithmetic(self) -> str:
        left = self.sum(2)
        if not any(char.isalpha() for char in left):  # a clause without a trait is refused
            left = f"age + {left}"
        return f"{left} {self.one(('>', '<', '>=', '<='))} {self.one((self.uneven(), '-' + self.uneven()))}"

    def sum(self, depth: int) -> str:
        kind = self.draw(st.integers(0, 5)) if depth else 0
        if kind < 2:
            own = ("tea_spend", "spend_per_order", "double_tea") if self.traits else ()
            return self.way(
                lambda: self.one((*COUNTS, *MONEY, *own)), lambda: self.sum_of(("sum", "max")), self.count_of,
                lambda: self.one(("2", "0.5", "0", "10")),
            )  # fmt: skip
        left, right = self.sum(depth - 1), self.sum(depth - 1)
        joined = f"{left} {self.one(('+', '-', '*', '/'))} {right}"
        return f"({joined})" if kind < 4 else joined

    def ratio(self) -> str:
        """Counts against counts, whose quotients are exact enough to be equal."""
        times = self.one(("0.5 * ", "2 * ", ""))
        return f"{self.count_of()} {self.one(SIGNS)} {times}{self.count_of()}"

    def standing(self) -> str:
        own = ("tea_spend", "spend_per_order") if self.traits else ()
        name = self.one(("amount_spent", "number_of_orders", "average_order_value", "items_bought", "age", *own))
        if self.one((True, False)):
            return f"rank({name}) {self.of_number(lambda: self.one(('1', '2', '3', '4')))}"
        return f"percentile({name}) {self.of_number(lambda: self.one(('0', '25', '50', '80', '95', '100')))}"


def _word(key: str) -> str:
    return key if key.isidentifier() else f"'{key}'"
