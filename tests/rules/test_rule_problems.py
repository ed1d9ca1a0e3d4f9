"""The words of errors: whole texts for the form, single lines for the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from segsync.rules import FUNCTIONS, read
from segsync.streams import STREAMS

ProblemsOf = Callable[..., list[str]]


def test_the_form_of_a_problem(problems_of: ProblemsOf) -> None:
    (found,) = problems_of("number_of_orders >= 3 AND amout_spent > 500")
    assert found == dedent("""\
        [segments.it] rule, line 1, column 27
          number_of_orders >= 3 AND amout_spent > 500
                                    ^^^^^^^^^^^
          unknown trait `amout_spent`: did you mean `amount_spent`?""")


def test_lines_and_columns_count_characters_from_one(problems_of: ProblemsOf) -> None:
    (found,) = problems_of("first_name = 'Zoë 🐝'\n  AND\tcity = 3\n")
    assert found == dedent("""\
        [segments.it] rule, line 2, column 14
            AND city = 3
                       ^
          `city` is text, not a number: write '3'""")


def test_all_problems_of_all_rules_at_once(problems_of: ProblemsOf) -> None:
    found = problems_of(
        'email = "x" AND foo > 1 AND country IN () AND age == 05 AND last_order_date > 2025-2-30', other="bar > 1"
    )
    assert [text.splitlines()[-1].strip() for text in found] == [
        "text stands in single quotes: write 'x'",
        "unknown trait `foo`: `segsync traits` lists them",
        "IN has no values: write at least one: IN ('x')",
        "`==` is no operator: write `=`",
        "`05` starts with a zero: write 5",
        "`2025-2-30` looks like a date and is not written as one: "
        "write 2025-02-30, or put spaces around `-` to subtract",
        "unknown trait `bar`: `segsync traits` lists them",
    ]


def test_a_long_line_is_shown_around_its_problem(problems_of: ProblemsOf) -> None:
    many = " AND ".join(["number_of_orders > 1"] * 50)
    (found,) = problems_of(f"{many} AND aeg > 3 AND {many}")
    place, line, carets, _ = found.splitlines()
    assert place.endswith("column 1251")
    assert len(line) < 120
    assert line[carets.index("^") : carets.index("^") + carets.count("^")] == "aeg"


def test_control_characters_never_reach_the_terminal(problems_of: ProblemsOf) -> None:
    (found,) = problems_of("age > 3 \x1b[31m")
    assert "\x1b" not in found
    assert "U+001B" in found


LATER = "is part of the rule language, but not computed by this version yet: take it out for now"
NEVER = "is not supported: segsync has no data for it: take it out"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("emial = 'x'", "unknown trait `emial`: did you mean `email`?"),
        ("Number_Of_Orders > 3", "unknown trait `Number_Of_Orders`: did you mean `number_of_orders`?"),
        ("country = us", "unknown trait `us`: text stands in single quotes: 'us'"),
        (
            "customer_tags = 'x'",
            "`customer_tags` is a list and does not take =: it takes CONTAINS, IS NULL, IS NOT NULL",
        ),
        ("country > 'x'", "`country` is text and does not take >: it takes =, !=, IN, CONTAINS, STARTS WITH, "
         "ENDS WITH, IS NULL, IS NOT NULL"),
        ("ads_consent > 'X'", "`ads_consent` is one of a list of words and does not take >: "
         "it takes =, !=, IN, IS NULL, IS NOT NULL"),
        ("age NOT BETWEEN 1 AND 3", "NOT BETWEEN is no operator: write NOT (age BETWEEN … AND …)"),
        ("ads_consent = 'granted'", "`ads_consent` is never 'granted': did you mean 'GRANTED'?"),
        ("ads_consent = 'YES'", "`ads_consent` is never 'YES': it is one of 'DENIED', 'UNKNOWN', 'GRANTED'"),
        ("ads_consent = GRANTED", "`GRANTED` stands without quotes: write 'GRANTED'"),
        ("amount_spent > '3'", "`amount_spent` is a number, not text: "
         "write a number, such as 3 or 99.50, without quotes"),
        ("last_order_date > 3", "`last_order_date` is a date, not a number: "
         "write a date, such as 2026-05-30, -30d or today"),
        ("birth_date = 2026-05-30T16:00:00", "`birth_date` is a day without a time: write 2026-05-30"),
        ("age > country", "`age` is a number, and `country` is text: compare values of one type"),
        ("last_order_date = 2025-02-30", "there is no day 2025-02-30: write one that is in the calendar"),
        ("last_order_date BETWEEN -7d AND -30d", "the range is reversed: write BETWEEN -30d AND -7d"),
        ("last_order_date BETWEEN today AND -1y", "the range is reversed: write BETWEEN -1y AND today"),
        ("last_order_date BETWEEN -1m AND -32d", "the range is reversed: write BETWEEN -32d AND -1m"),
        ("last_order_date BETWEEN 2026-05-30T12:00:00 AND 2026-05-29",
         "the range is reversed: write BETWEEN 2026-05-29 AND 2026-05-30T12:00:00"),
        ("age BETWEEN 30 AND 20.5", "the range is reversed: write BETWEEN 20.5 AND 30"),
        ("5 < age", "a clause starts with a trait, not with 5: write age > 5"),
        ("today > last_order_date", "a clause starts with a trait, not with today: write last_order_date < today"),
        ("orders_placed > 3", "`orders_placed` is a function and does not take >: "
         "write orders_placed MATCHES (date >= -30d)"),
        ("age MATCHES ()", "`age` is a trait; MATCHES asks a function: "
         "a function is one of " + ", ".join(f"`{name}`" for name in FUNCTIONS)),
        ("orders_placed MATCHES (dat > -3d)", "`orders_placed` has no parameter `dat`: did you mean `date`?"),
        ("orders_placed MATCHES (date > -3d, date < today)",
         "the parameter `date` is given twice: a range is written BETWEEN … AND …"),
        ("products_purchased MATCHES (id: 1)", "a parameter within MATCHES has an operator: write id = 1"),
        ("products_purchased MATCHES (id = 1.5)", "`id` is an id: write an id, such as 632910392 or 'A-1'"),
        ("orders_placed MATCHES (count IS NULL)", "`count` is a number and does not take IS NULL: "
         "it takes =, !=, >, >=, <, <=, BETWEEN, IN"),
        ("orders_placed MATCHES (discounted = 'x')", "`discounted` is true or false, not text: write true or false"),
        ("segments CONTAINS 'nope'", "no segment is called 'nope': add [segments.nope]"),
        ("segments CONTAINS 'vpi'", "no segment is called 'vpi': did you mean 'vip'?"),
        ("segments CONTAINS vip", "the name of a segment stands in single quotes: write 'vip'"),
        ("segments = 'vip'", "`segments` does not take =: write segments CONTAINS 'name'"),
        ("segments IS NULL", "`segments` does not take IS NULL: write segments CONTAINS 'name'"),
        ("companies IS NULL", f"Shopify's filter `companies` {NEVER}"),
        ("orders_placed MATCHES (location_id = 1)", f"Shopify's filter `location_id` {NEVER}"),
        ("customer_within_distance(lat: 1) = true", f"Shopify's filter `customer_within_distance` {NEVER}"),
        ("rfm_group = 'LOYAL'", f"`rfm_group` {LATER}"),
        ("orders_placed MATCHES (amount > country)", "`amount` is a number, and `country` is text: "
         "compare values of one type"),
        ("age > 1,000", "`,` may not stand here: numbers take no thousands separators: write 1000"),
        ("age > 1 --x", "`--` is no comment here: a comment has a space before and behind its `--`"),
        ("age -7d > 1", "an offset may stand only where a value starts: write it after an operator: … >= -7d"),
        ("last_order_date > 7d", "`7d` has no sign: an offset is written -7d"),
        ("last_order_date > 14_days_ago", "`14_days_ago` is no date: write -14d"),
        ("last_order_date > 2026-05-30T16:00:00Z", "a time is written without a zone: it is the shop's own"),
        ("city = 'O''Hare'", r"two texts stand side by side: inside text a quote is written \'"),
        ("city = 'x", "the text is not closed: add a ' at its end"),
        (r"city = 'a\tb'", r"only \' and \\ may follow a backslash in text: write \\ for a backslash"),
        ("(age > 3", "a parenthesis is not closed: add )"),
        ("age > 3)", "this `)` closes nothing: take it out"),
        ("age > 3 AND", "the rule ends too early: expected a clause, such as `number_of_orders >= 3`"),
        ("age", "the rule ends too early: "
         "expected an operator, such as `>=`, `=`, BETWEEN, CONTAINS, MATCHES or IS NULL"),
        ("age > AND city = 'x'", "unexpected `AND`: expected a value, such as 3, 'text', 2026-05-30 or -30d"),
        ("age > 3 city = 'x'", "unexpected `city`: expected AND, OR or the end"),
        ("city LIKE 'x'", "LIKE is no part of the language: write STARTS WITH, ENDS WITH or CONTAINS"),
        ("", "the rule is empty: write one, such as `number_of_orders >= 1`"),
    ],
)  # fmt: skip
def test_what_a_mistake_is_told(rule: str, told: str, problems_of: ProblemsOf) -> None:
    (found,) = problems_of(rule, vip="age > 3")
    assert found.splitlines()[-1] == f"  {told}"


def test_a_circle_of_segments_names_its_members_once(problems_of: ProblemsOf) -> None:
    (found,) = problems_of(
        "age > 3", a="segments CONTAINS 'b'", b="age > 1 AND segments NOT CONTAINS 'c'", c="segments CONTAINS 'a'"
    )
    assert found == dedent("""\
        [segments.a] rule, line 1, column 19
          segments CONTAINS 'b'
                            ^^^
          segments name one another in a circle: a → b → c → a: break it at one of them""")


def test_a_segment_that_names_itself_is_a_circle(problems_of: ProblemsOf) -> None:
    (found,) = problems_of("segments CONTAINS 'it'")
    assert "in a circle: it → it" in found


def test_two_circles_are_two_problems(problems_of: ProblemsOf) -> None:
    found = problems_of("segments CONTAINS 'it' OR segments CONTAINS 'b'", b="segments CONTAINS 'it'")
    assert [text.splitlines()[-1].split(": ")[1] for text in found] == ["it → it", "it → b → it"]


@pytest.mark.parametrize("texts", [{"a": "segments CONTAINS 'b'", "b": "aeg > 3"}])
def test_naming_a_segment_with_problems_is_no_further_problem(texts: dict[str, str], problems_of: ProblemsOf) -> None:
    (found,) = problems_of("age > 3", **texts)
    assert found.startswith("[segments.b]")


# --- golden texts ------------------------------------------------------------------------------------------

GOLDEN = Path(__file__).with_name("mistakes.txt").read_text(encoding="utf-8")
CASES = [block.split("\n") for block in GOLDEN.strip().split("\n\n")[1:]]


@pytest.mark.parametrize("lines", CASES, ids=[" ".join(block[0].split())[:60] for block in CASES])
def test_what_a_mistake_looks_like(lines: list[str]) -> None:
    """Of a file: `trait NAME = …` and `rule …` lines, then all that is told of them."""
    traits = dict(line.removeprefix("trait ").split(" = ", 1) for line in lines if line.startswith("trait "))
    rule = "\n".join(line.removeprefix("rule ") for line in lines if line.startswith("rule "))
    reading = read({"it": rule, "vip": "age > 3"}, filled=frozenset(STREAMS), traits=traits)
    told = [*map(str, reading.problems), *(f"hint {warning}" for warning in reading.warnings)]
    expected = [line for line in lines if not line.startswith(("trait ", "rule "))]
    assert "\n".join(told).split("\n") == expected
