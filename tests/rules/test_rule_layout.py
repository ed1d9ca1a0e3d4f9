"""The canonical form of rules: what it looks like, that it means the same, and that it is its own canonical form."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsync.rules import fmt
from segsync.rules.layout import WIDTH
from segsync.rules.parse import parse, parse_value
from segsync.rules.problems import Sheet

SHORT = {
    "number_of_orders>=3 and amount_spent>500.50": "number_of_orders >= 3 AND amount_spent > 500.50",
    "not( age>3 or email is not null )": "NOT (age > 3 OR email IS NOT NULL)",
    "orders_placed not_matches(date>=-60D,count>2)": "orders_placed NOT MATCHES (date >= -60d, count > 2)",
    "products_purchased( id:1 , tag : 'X' )=TRUE": "products_purchased(id: 1, tag: 'X') = true",
    "country in('US' ,'CA')": "country IN ('US', 'CA')",
    "last_order_date between  -1M and TODAY": "last_order_date BETWEEN -1m AND today",
    "age-1*( age+- -2 )/count( orders_placed )>- 5": "age - 1 * (age + - -2) / count(orders_placed) > -5",
    "amount_spent > 500 and ((number_of_orders>=3))": "amount_spent > 500 AND number_of_orders >= 3",
    "((a = 1 or b = 2) and (c in (3)))": "(a = 1 OR b = 2) AND c IN (3)",
    "not ((a = 1)) and (not b between 1 and 2)": "NOT (a = 1) AND NOT b BETWEEN 1 AND 2",
    "((age)) + (count(f, date > -3d)) > (1)": "((age)) + (count(f, date > -3d)) > (1)",
    "-age<-(age)": "-age < -(age)",
    "orders_placed matches( )": "orders_placed MATCHES ()",
    "city starts  with 'a  AND  b -- c'": "city STARTS WITH 'a  AND  b -- c'",
    "attributes.'A b' = 'x'  -- why ": "attributes.'A b' = 'x'  -- why",
}


@pytest.mark.parametrize("text", SHORT)
def test_short_rules_stand_on_one_line(text: str) -> None:
    assert fmt(text) == SHORT[text]


def test_long_rules_are_broken_before_what_joins_them() -> None:
    text = (
        "number_of_orders >= 3 and amount_spent between 500 and 900 and (customer_countries contains 'US' or "
        "customer_countries contains 'CA' and email_subscription_status = 'SUBSCRIBED') or city = 'x'"
    )
    assert fmt(text) == dedent("""\
        number_of_orders >= 3
          AND amount_spent BETWEEN 500 AND 900
          AND (
            customer_countries CONTAINS 'US'
            OR customer_countries CONTAINS 'CA' AND email_subscription_status = 'SUBSCRIBED'
          )
        OR city = 'x'""")


def test_comments_stay_where_they_are() -> None:
    text = dedent("""\
        -- who comes back
        number_of_orders >= 2          -- came back once
          and last_order_date < -120d -- and then no more
            -- but not
            -- these
        and not (   -- inside
          city = 'x' -- one
          or orders_placed matches (date > -3d, -- recent
             count > 2))
        -- the end
        """)
    assert fmt(text) == dedent("""\
        -- who comes back
        number_of_orders >= 2  -- came back once
        AND last_order_date < -120d  -- and then no more
        -- but not
        -- these
        AND NOT (  -- inside
          city = 'x'  -- one
          OR orders_placed MATCHES (date > -3d,  -- recent
            count > 2)
        )
        -- the end""")


def test_values_of_traits_have_a_form_too() -> None:
    assert (
        fmt("sum( orders_placed.amount,date>-1y )/2", section="traits") == "sum(orders_placed.amount, date > -1y) / 2"
    )


def test_what_cannot_be_read_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="text stands in single quotes"):
        fmt('city = "x"')


def meaning(text: str, section: str = "segments") -> str:
    sheet = Sheet("it", text, section)
    tree = parse(sheet) if section == "segments" else parse_value(sheet)
    assert tree is not None
    assert not sheet.problems
    return re.sub(r"Span\(start=\d+, end=\d+\)", "…", repr(tree)).replace("'TRUE'", "'true'")


CLAUSES = [
    *SHORT,
    "a > 1 AND b BETWEEN 1 AND 2",
    "NOT a = 1",
    "(a = 1 or b = 2 and c = 3)",
    "f MATCHES (a = 1, b in (1))",
]
CORPUS = [line.strip() for line in SHORT if "--" not in line] + [
    "count(orders_placed, date >= -60d) <= 0.5 * count(orders_placed, date BETWEEN -120d AND -61d)",
    "anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +30d",
    "a - -5 > 0 AND a -5 > 0 OR -a < 5",
]


@pytest.mark.parametrize("text", CORPUS)
def test_the_form_means_the_same_and_is_its_own(text: str) -> None:
    done = fmt(text)
    assert meaning(done) == meaning(text)
    assert fmt(done) == done


JOINED = [" AND ", "\nor ", " -- x\nand ", " and -- y\n-- z\n", "\n-- z\nOR "]
PIECES = st.recursive(
    st.sampled_from([clause for clause in CLAUSES if "--" not in clause]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(JOINED), inner).map("".join),
        inner.map(lambda text: f"({text} -- c\n)"),
        inner.map(lambda text: f"not (\n-- c\n{text})"),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=80, deadline=None, derandomize=True)
@given(PIECES)
def test_any_rule_means_the_same_in_its_form_which_is_its_own(text: str) -> None:
    done = fmt(text)
    assert meaning(done) == meaning(text)
    assert fmt(done) == done
    assert done.count("--") == text.count("--")
    assert all(len(line) <= WIDTH + 40 for line in done.split("\n") if "--" not in line)
