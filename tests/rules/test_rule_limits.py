"""No text ends in a traceback, however long, deep or strange; and what is within the limits is computed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsync.rules import read
from segsync.streams import STREAMS

EVERYTHING = frozenset(STREAMS)
WORDS = [
    "number_of_orders", "email", "customer_tags", "last_order_date", "segments", "orders_placed", "date", "count",
    "tag",
    "AND", "OR", "NOT", "BETWEEN", "IN", "IS", "NULL", "CONTAINS", "MATCHES", "STARTS", "WITH", "NOT_MATCHES",
    "(", ")", ",", ":", "=", "!=", ">", "<=", "<>", "+", "-", "*", "/", "--", "'x'", '"x"', "'", "3", "05", "0.5",
    "-7d",
    "+4w", "today", "2026-05-30", "2026-02-30", "2026-05-30T16:00:00", "7_days_ago", "2025-2-3", "true", "\n", "é",
    "\\",
    "percentile", "products_purchased", "count", "sum", "orders_placed.amount", "last", "anniversary",
    "birth_date", "event", "properties.x", "attributes.'x y'", "email.opened", "shopify_email.clicked", "own", "ENDS",
    "count(orders_placed, amount >", "orders_placed MATCHES (amount >", "average_order_value", "amount", "amount_spent",
    "customer_tags CONTAINS", "country", "first_order_date", "products_purchased MATCHES (tag =", "attributes.a",
    "-99999999999999d", "99999999999999999999", "metafields.a.'b c'", ".", "\x00",
]  # fmt: skip


def told(text: str) -> list[str]:
    reading = read({"it": text}, filled=EVERYTHING, traits={"own": text})
    every = (*reading.problems, *reading.warnings)
    return [str(problem) for problem in every if problem.section == "segments"]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_words_are_a_rule_or_have_problems(text: str) -> None:
    told(text)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_any_characters_are_a_rule_or_have_problems(text: str) -> None:
    told(text)


def test_more_than_16_kib_is_refused_before_parsing() -> None:
    clause = "age > 3 AND "
    text = clause * (16 * 1024 // len(clause)) + "age > 3"
    assert "the rule is 16,387 bytes long; 16,384 is the most" in told(text)[0]


def test_length_is_counted_in_bytes() -> None:
    assert "bytes long" in told(f"city = '{'é' * 9000}'")[0]


def test_sixty_five_open_parentheses_are_refused_and_the_place_is_the_last_one() -> None:
    (found,) = told("(" * 65 + "age > 3" + ")" * 65)
    assert "column 65" in found
    assert "more than 64 parentheses are open" in found


def test_parentheses_in_text_and_comments_do_not_count() -> None:
    assert not told(f"city = '{'(' * 70}' -- {'(' * 70}")


def test_sixty_four_levels_are_computed(shop: Any) -> None:
    shop.person("ann", birth_date="1990-01-01").person("bob")
    deep = "age > 3"
    for _ in range(32):
        deep = f"NOT (city = 'x' AND ({deep} OR number_of_orders > 5))"
    shop.person("cid", birth_date="2020-01-01")
    assert shop.members(deep) == {"ann", "bob", "cid"}


def test_sixty_four_levels_of_and_within_or_are_computed(shop: Any) -> None:
    shop.person("ann")
    deep = "(age > 3 OR number_of_orders = 0 AND " * 64 + "city IS NULL" + ")" * 64
    negated = "NOT (age > 3 OR number_of_orders = 0 AND " * 64 + "city IS NULL" + ")" * 64
    assert shop.all_members([deep, negated, f"age > 3 OR {deep[1:-1]}"]) == {
        deep: {"ann"},
        negated: {"ann"},
        f"age > 3 OR {deep[1:-1]}": {"ann"},
    }


def test_deep_rules_leave_room_on_the_stack(shop: Any) -> None:
    shop.person("ann")
    deep = "(age > 3 OR number_of_orders = 0 AND " * 64 + "city IS NULL" + ")" * 64

    def below(frames: int) -> set[str]:
        return below(frames - 1) if frames else shop.members(deep)

    assert below(400) == {"ann"}


def test_a_long_chain_is_computed(shop: Any) -> None:
    shop.person("ann", birth_date="1990-01-01").person("bob")
    assert shop.members(" OR ".join(["age > 3"] * 1400)) == {"ann"}


@pytest.mark.parametrize(
    "text", ["age > 1" + "+1" * 8000, "age > " + "- " * 8000 + "1", "age IN (" + "1," * 8000 + "1)"]
)
def test_long_values_do_not_recurse(text: str) -> None:
    read({"it": text}, filled=EVERYTHING)


def test_sixty_levels_of_arithmetic_are_computed(shop: Any) -> None:
    shop.person("ann", birth_date="1990-01-01")
    deep = "(1 + " * 60 + "age" + ")" * 60
    mixed = "(1 + age * " * 12 + "number_of_orders" + ")" * 12
    assert shop.members(f"{deep} = 96 AND {mixed} = 37") == set()
    assert shop.members(f"{deep} = 96") == {"ann"}
    assert shop.members(f"-{deep.replace('+', '-')} < 0 AND {mixed} > 0") == {"ann"}


def test_a_long_sum_is_computed(shop: Any) -> None:
    shop.person("ann", birth_date="2024-01-01")
    assert shop.members("age" + " + age" * 1500 + " = 3002") == {"ann"}


def test_more_than_sixteen_factors_are_refused() -> None:
    text = "age * (age + 1 / age) " + "* age" * 13
    assert not read({"it": f"{text} > 1"}, filled=EVERYTHING).problems
    (problem,) = read({"it": f"{text} * (1 + age * age) > 1"}, filled=EVERYTHING).problems
    assert problem.message == "more than 16 factors are multiplied"


def test_sixteen_levels_of_traits_are_computed_and_more_are_refused(shop: Any) -> None:
    shop.person("ann", birth_date="1990-01-01")
    chain = {"t0": "age"} | {f"t{n}": f"t{n - 1} + rank(t{n - 1})" for n in range(1, 16)}
    shop.traits = chain
    assert shop.members("t15 = 51") == {"ann"}
    (problem,) = read({"it": "t16 > 1"}, filled=EVERYTHING, traits={**chain, "t16": "t15"}).problems
    assert str(problem).startswith("[traits.t16] value, line 1, column 1")
    assert problem.message == "traits are made of one another through more than 16 levels"


def nested(times: int, value: str = "average_order_value") -> str:
    return "count(orders_placed, amount > " * times + value + ")" * times


def test_eight_functions_compared_with_one_another_are_computed_and_more_are_refused(shop: Any) -> None:
    shop.person("ann").order("ann", net="10").order("ann", net="40")
    assert shop.members(f"{nested(8)} = 2") == {"ann"}
    (problem,) = read({"it": f"{nested(9)} = 2"}, filled=EVERYTHING).problems
    assert problem.message == "more than 8 functions are compared with one another, one within the other"
    assert read({"it": f"{nested(62)} = 2"}, filled=EVERYTHING).problems


def test_functions_compared_through_traits_count_too(shop: Any) -> None:
    shop.person("ann").order("ann", net="10").order("ann", net="40")
    shop.traits = {"t0": nested(4), "t1": nested(3, "t0 + rank(t0)"), "t2": "t1"}
    assert shop.members("orders_placed MATCHES (amount > t2, count = 2)") == {"ann"}
    (problem,) = read({"it": f"{nested(2, 't2')} > 1"}, filled=EVERYTHING, traits=shop.traits).problems
    assert problem.message == "more than 8 functions are compared with one another, one within the other"


def test_the_most_levels_of_everything_at_once_are_computed(shop: Any) -> None:
    """Sixteen traits with ranks, eight functions one within the other, texts folded, and segments above them."""
    shop.person("ann", tags=["web"], birth_date="1990-01-01").order("ann", net="10", channel="web", codes=["web"])
    chain = {"t0": nested(3)} | {f"t{n}": f"t{n - 1} + rank(t{n - 1})" for n in range(1, 12)}
    chain |= {"t12": nested(3, "t11"), "t13": "last(orders_placed.channel, discount_code = t14)"}
    chain |= {"t14": "last(orders_placed.channel, amount > t12)"}
    shop.traits = chain
    others = {f"s{n}": f"segments CONTAINS 's{n + 1}'" for n in range(30)} | {"s30": "customer_tags CONTAINS t13"}
    assert shop.members("segments CONTAINS 's0'", **others) == {"ann"}


def test_a_long_list_of_compared_values_is_computed(shop: Any) -> None:
    shop.person("ann").order("ann", net="10")
    values = ", ".join(f"amount_spent - {number}" for number in range(100))
    assert shop.members(f"orders_placed MATCHES (amount IN ({values}))") == {"ann"}


def test_many_windows_that_compare_are_computed(shop: Any) -> None:
    shop.person("ann").order("ann", net="10")
    clauses = [f"orders_placed MATCHES (amount >= average_order_value - {number})" for number in range(60)]
    assert shop.members(" AND ".join(clauses)) == {"ann"}


def test_thirty_two_levels_of_segments_are_computed_and_more_are_refused(shop: Any) -> None:
    chain = {f"s{n}": f"segments CONTAINS 's{n + 1}'" for n in range(30)} | {"s30": "number_of_orders = 0"}
    shop.person("ann")
    assert shop.members("segments CONTAINS 's0'", **chain) == {"ann"}
    longer = chain | {"s30": "segments CONTAINS 's31'", "s31": "segments CONTAINS 's32'", "s32": "age > 3"}
    problems = read(longer, filled=EVERYTHING).problems
    assert [problem.segment for problem in problems] == ["s0"]
    assert problems[0].message == "segments name one another through more than 32 levels"
