"""What parses and what does not, and what a rule is found to use."""

from __future__ import annotations

from decimal import Decimal

import pytest

from segsync.rules import levels, read, streams_read
from segsync.rules.parse import parse
from segsync.rules.problems import Sheet
from segsync.rules.syntax import All, AnyOf, Comparison, Condition, Matches, Not, Number, Offset, Op, Text
from segsync.streams import STREAMS

EVERYTHING = frozenset(STREAMS)


def tree(text: str) -> Condition:
    sheet = Sheet("it", text)
    found = parse(sheet)
    assert found is not None, "\n".join(map(str, sheet.problems))
    assert not sheet.problems
    return found


# The whole language parses, also what this version does not compute.
@pytest.mark.parametrize(
    "text",
    [
        "number_of_orders > 2",
        "number_of_orders>2 and amount_spent<=10.50",
        "a = 1 OR b = 2 AND c = 3 or not (d = 4)",
        "NOT number_of_orders > 2",
        "not(a > 1)",
        "(((a > 1)))",
        "(a) > 1",
        "((a + 2) * 3 > 5) AND ((b IS NULL))",
        "a - -5 > 0",
        "a -5 > 0",
        "a > -5",
        "-a < 5",
        "a BETWEEN 1 AND 3 AND b BETWEEN -3d AND today",
        "a IN (1, 2) AND b NOT IN ('x')",
        "a STARTS WITH 'x' OR a NOT ENDS WITH 'y' OR a CONTAINS 'z'",
        "tags NOT CONTAINS 'x'",
        r"name = 'O\'Brien \\ Sons'",
        "f MATCHES () AND g.h NOT MATCHES (p = 1) AND i NOT_MATCHES (q BETWEEN -2w AND yesterday, r IN (1, 2))",
        "f(id: 1) = true",
        "anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +30d",
        "percentile(amount_spent) >= 95",
        "count(orders_placed, date >= -60d) <= 0.5 * count(orders_placed, date BETWEEN -120d AND -61d)",
        "sum(orders_placed.amount, channel = 'web') / number_of_orders > 20.5",
        "android = 1 AND not_yet = 2 AND orders = 3 AND in.x = 4 AND isolated = 5",
        "attributes.'Favourite colour' = 'red' AND metafields.custom.'birth-date' IS NOT NULL",
        "last >= 2026-05-30T16:00:00 AND last < 2026-05-30",
        "-- a comment first\na > 1 -- and one behind AND\n-- the last",
        "a > 1 --",
        "A > 1",
        "d >= -7D",
    ],
)
def test_the_language_parses(text: str) -> None:
    tree(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a >",
        "a > 1 AND",
        "AND a > 1",
        "a > 1 b > 2",
        "a > 1, b > 2",
        "a > (1",
        "a > 1)",
        "(a > 1",
        "a NOT 3",
        "a IS 3",
        "a BETWEEN 1",
        "a > 1,000",
        "a > 05",
        "a > .5",
        "a > 5.",
        "a > 1e5",
        "a > 1.2.3",
        "a > 30d",
        "a > 2025-2-3",
        "a > 2025-02-30",
        "a > 2025-02-28T25:00:00",
        "a > 2025-02-28T10:00:00Z",
        "a -7d > 3",
        "today -7d > a",
        "a > 5--3",
        "a > 5 --3",
        "a > 5-- three",
        'a = "x"',
        "a = “x”",
        "a = 'x",
        "a = 'x\ny'",
        r"a = 'x\n'",
        "a = 'O''Brien'",
        "a == 1",
        "a <> 1",
        "a => 1",
        "a LIKE 'x'",
        "a > 1 && b > 2",
        "a > 1 XOR b > 2",
        "NOT NOT a > 1",
        "a > 1;",
        "a > 14_days_ago",
        "a > -9999999d",
        "a > 1234567890123456",
        "f MATCHES date > 3",
        "f MATCHES (date)",
        "MATCHES (a = 1)",
        "é = 1",
        "",
        "   ",
        "-- nothing but a comment",
    ],
)
def test_what_is_no_rule_has_one_problem_or_more_and_never_raises(text: str) -> None:
    sheet = Sheet("it", text)
    parse(sheet)
    assert sheet.problems
    assert all(str(problem) for problem in sheet.problems)


def test_and_binds_tighter_than_or() -> None:
    found = tree("a = 1 OR b = 2 AND c = 3")
    assert isinstance(found, AnyOf)
    assert [type(part) for part in found.parts] == [Comparison, All]


def test_parentheses_group() -> None:
    found = tree("(a = 1 OR b = 2) AND NOT (c = 3)")
    assert isinstance(found, All)
    assert [type(part) for part in found.parts] == [AnyOf, Not]


def test_the_and_of_between_belongs_to_it() -> None:
    found = tree("a BETWEEN 1 AND 2 AND b = 3")
    assert isinstance(found, All)
    first = found.parts[0]
    assert isinstance(first, Comparison)
    assert first.op is Op.BETWEEN
    assert [value.value for value in first.values if isinstance(value, Number)] == [Decimal(1), Decimal(2)]


@pytest.mark.parametrize(
    ("text", "days", "months"),
    [
        ("-7d", -7, 0),
        ("+4w", 28, 0),
        ("-3m", 0, -3),
        ("-1y", 0, -12),
        ("today", 0, 0),
        ("YESTERDAY", -1, 0),
    ],
)
def test_offsets(text: str, days: int, months: int) -> None:
    found = tree(f"a > {text}")
    assert isinstance(found, Comparison)
    (value,) = found.values
    assert isinstance(value, Offset)
    assert (value.days, value.months) == (days, months)


def test_the_two_escapes_of_text() -> None:
    found = tree(r"a = 'it\'s a \\ here'")
    assert isinstance(found, Comparison)
    (value,) = found.values
    assert isinstance(value, Text)
    assert value.value == r"it's a \ here"


def test_minus_before_a_number_is_part_of_it() -> None:
    found = tree("a > - - -5")
    assert isinstance(found, Comparison)
    assert [value.value for value in found.values if isinstance(value, Number)] == [Decimal(-5)]


@pytest.mark.parametrize(
    ("old", "offset"),
    [("7_days_ago", (-7, 0)), ("30_days_ago", (-30, 0)), ("90_days_ago", (-90, 0)), ("12_months_ago", (0, -12))],
)
def test_retired_dates_parse_with_a_hint(old: str, offset: tuple[int, int]) -> None:
    reading = read({"it": f"last_order_date > {old}"}, filled=EVERYTHING)
    root = reading.rules["it"].root
    assert isinstance(root, Comparison)
    (value,) = root.values
    assert isinstance(value, Offset)
    assert (value.days, value.months) == offset
    assert [warning.remedy for warning in reading.warnings] == ["write -12m" if "m" in old else f"write -{old[:-9]}d"]


@pytest.mark.parametrize(("word", "negated"), [("true", False), ("FALSE", True)])
def test_the_older_spelling_of_matches_parses_with_a_hint(word: str, negated: bool) -> None:
    reading = read({"it": f"products_purchased(id: 1, tag: 'x') = {word}"}, filled=EVERYTHING)
    root = reading.rules["it"].root
    assert isinstance(root, Matches)
    assert root.negated is negated
    assert [param.name.text for param in root.params] == ["id", "tag"]
    verb = "NOT MATCHES" if negated else "MATCHES"
    assert reading.warnings[0].remedy == f"write products_purchased {verb} (id = 1, tag = 'x')"


def test_a_rule_knows_what_it_uses() -> None:
    texts = {
        "vip": "amount_spent > 500",
        "it": "segments CONTAINS 'VIP' AND age > 3 AND products_purchased MATCHES () AND last_order_date > birth_date",
    }
    rules = read(texts, filled=EVERYTHING).rules
    assert rules["it"].segments == ("vip",)
    assert rules["it"].traits == {"age", "last_order_date", "birth_date"}
    assert rules["it"].functions == {"products_purchased"}
    assert streams_read(rules["vip"], rules) == {"customers", "orders"}
    assert streams_read(rules["it"], rules) == {"customers", "orders", "order_lines"}


def test_everybody_comes_from_customers() -> None:
    rules = read({"it": "abandoned_checkout_date > -7d"}, filled=EVERYTHING).rules
    assert streams_read(rules["it"], rules) == {"customers", "checkouts"}


def test_levels_put_a_segment_after_those_it_names() -> None:
    texts = {
        "c": "segments CONTAINS 'b' OR segments CONTAINS 'a'",
        "b": "segments NOT CONTAINS 'a'",
        "a": "age > 3",
        "d": "age > 4",
    }
    assert levels(read(texts, filled=EVERYTHING).rules) == [["a", "d"], ["b"], ["c"]]


def test_rules_with_problems_are_not_among_the_rules() -> None:
    reading = read({"good": "age > 3", "bad": "aeg > 3"}, filled=EVERYTHING)
    assert list(reading.rules) == ["good"]
    assert [problem.segment for problem in reading.problems] == ["bad"]


def test_a_trait_that_nothing_fills_is_a_warning_that_names_the_stream() -> None:
    reading = read({"it": "abandoned_checkout_date IS NULL AND number_of_orders = 0"}, filled=frozenset({"customers"}))
    assert not reading.problems
    first, second = reading.warnings
    assert "`abandoned_checkout_date`: it is missing for everyone" in first.message
    assert first.remedy == "add a source with the stream `checkouts`"
    assert "`number_of_orders`: it is 0 for everyone" in second.message


def test_one_of_several_streams_fills_a_trait() -> None:
    assert not read({"it": "customer_countries IS NULL"}, filled=frozenset({"addresses"})).warnings
    assert not read({"it": "customer_countries IS NULL"}, filled=frozenset({"orders"})).warnings
    assert read({"it": "customer_countries IS NULL"}, filled=frozenset({"customers"})).warnings


def test_a_function_that_nothing_fills_is_a_warning() -> None:
    (warning,) = read({"it": "products_purchased MATCHES ()"}, filled=frozenset({"customers", "orders"})).warnings
    assert warning.remedy == "add a source with the stream `order_lines`"
