"""A column that is read as a whole comes out as it does value by value."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segsync.streams import Column, Kind
from segsync.warehouse import times, values
from segsync.warehouse.coded import coded
from segsync.warehouse.plain import plain

NEW_YORK = ZoneInfo("America/New_York")
COLUMNS = {
    Kind.ID: (Column("id", "string", Kind.ID), values.text),
    Kind.TEXT: (Column("text", "string", Kind.TEXT), values.text),
    Kind.MONEY: (Column("money", "decimal(18, 4)", Kind.MONEY), values.money),
    Kind.INTEGER: (Column("integer", "int64", Kind.INTEGER), values.integer),
    Kind.TIME: (Column("time", "timestamp", Kind.TIME), times.time_in(NEW_YORK)),
}
WRITTEN = st.one_of(
    st.text(max_size=12),
    st.text("0123456789.-+, \n", max_size=22),
    st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,6})?\n?", fullmatch=True),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    st.integers(-(2**64), 2**64).map(str),
    st.from_regex(r"[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?Z?\n?", fullmatch=True),
    st.datetimes(datetime(1890, 1, 1), datetime(2210, 1, 1)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z"),
)


def text(*written: str | None) -> pd.Series[str]:
    return pd.Series(written, dtype=pd.StringDtype("pyarrow", na_value=float("nan")))


@pytest.mark.parametrize("kind", COLUMNS)
@given(written=st.lists(st.none() | WRITTEN, max_size=4))
@example(written=["x", None])
@example(written=["-0", "-0.00", "007.5"])
@example(written=["9" * 13 + ".9999", "-" + "9" * 18])
@example(written=["9" * 14 + ".9999", "9" * 15, "1.00005", str(2**63)])
@example(written=["2024-02-29T23:59:59Z", "2023-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2024-04-31T00:00:00Z"])
@example(written=["2024-05-30T24:00:00Z", "1899-12-31T00:00:00Z", "2200-12-31T00:00:00Z"])
@example(written=["2024-05-30T16:00:00Z\n", "5\n", " 5", "5 ", "a\x00b", "\x1cx", "\u00a0x", "x\u2028", ""])
def test_a_plain_column_is_what_its_reader_makes_of_it(kind: Kind, written: list[str | None]) -> None:
    column, reader = COLUMNS[kind]
    for series in (text(*written), *map(text, written)):
        found = plain(column, series)
        if found is not None:
            by_value, wrong = coded(series).read(reader)
            assert not wrong
            assert found.equals(by_value.array(column.type))


@pytest.mark.parametrize(
    ("kind", "written", "landed"),
    [
        (Kind.ID, "5400000000001", "5400000000001"),
        (Kind.TEXT, "Thing 7 (blue)", "Thing 7 (blue)"),
        (Kind.MONEY, "-4.9", Decimal("-4.9000")),
        (Kind.INTEGER, "-12", -12),
        (Kind.TIME, "2026-10-31T23:59:59Z", datetime(2026, 10, 31, 23, 59, 59)),
    ],
)
def test_what_platforms_write_is_plain(kind: Kind, written: str, landed: object) -> None:
    found = plain(COLUMNS[kind][0], text(written, None))
    assert found is not None
    assert found.to_pylist() == [landed, None]


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_is_plain_as_a_whole_or_not_at_all(kind: Kind) -> None:
    assert plain(COLUMNS[kind][0], text("2026", "\u00a02026")) is None


def test_text_that_pandas_keeps_as_objects_is_left_to_the_reader() -> None:
    assert plain(COLUMNS[Kind.ID][0], pd.Series(["1", "2"], dtype=object)) is None
    assert plain(COLUMNS[Kind.MONEY][0], pd.Series([1.5, 2.0])) is None


def test_every_pattern_is_compared() -> None:
    plainly = {kind for kind in Kind if plain(Column("any", "string", kind), text()) is not None}
    assert plainly == set(COLUMNS)
