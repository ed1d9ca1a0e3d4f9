"""Rows of bad files: each bad line costs one row, and every row knows its line."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from segsync.errors import ConfigError
from segsync_files.lines import LINE_LIMIT, ROW_LINES, Row, open_text, rows


def read(raw: bytes, tmp_path: Path, encoding: str = "utf-8", delimiter: str = ",") -> list[Row]:
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    with open_text(path, encoding) as stream:
        return list(rows(stream, delimiter, encoding))


def good(found: list[Row]) -> list[tuple[int, list[str]]]:
    return [(row.line, list(row.cells)) for row in found if not row.trouble]


def bad(found: list[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.trouble) for row in found if row.trouble]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_numbers_count_breaks_inside_quotes(tmp_path: Path, end: bytes) -> None:
    found = read(end.join([b"a,b", b'1,"two', b'lines"', b"", b"2,x", b""]), tmp_path)
    assert [line for line, _ in good(found)] == [1, 2, 5]
    assert not bad(found)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert good(read(b"\xef\xbb\xbfa,b\n", tmp_path)) == [(1, ["a", "b"])]


def test_undecodable_bytes_cost_their_row_and_name_the_encoding(tmp_path: Path) -> None:
    found = read(b"a,b\n1,ok\n2,Zo\xeb\n3,ok\n", tmp_path)
    assert good(found) == [(1, ["a", "b"]), (2, ["1", "ok"]), (4, ["3", "ok"])]
    assert bad(found) == [(3, 'bytes that are not UTF-8: they look like Windows-1252, set encoding = "cp1252"')]
    assert good(read(b"a,b\n2,Zo\xeb\n", tmp_path, "cp1252"))[1] == (2, ["2", "Zoë"])


def test_bytes_of_no_known_encoding_are_named_without_advice(tmp_path: Path) -> None:
    assert bad(read(b"a\n\x81\x8d\n", tmp_path)) == [(2, "bytes that are not UTF-8")]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    found = read(b'a,b\n1,"open\n2,x\n3,y\n', tmp_path)
    assert good(found) == [(1, ["a", "b"]), (3, ["2", "x"]), (4, ["3", "y"])]
    assert bad(found) == [(2, "a quote is opened here and not closed")]


def test_a_quote_that_is_closed_too_late_costs_one_row(tmp_path: Path) -> None:
    found = read(b'a,b\n1,"open\n2,"x"\n3,y\n', tmp_path)
    assert [line for line, _ in good(found)] == [1, 3, 4]
    assert bad(found) == [(2, "a quote is opened here and not closed")]


def test_a_row_of_too_many_lines_is_given_up(tmp_path: Path) -> None:
    found = read(b'a,b\n1,"open\n' + b"2,x\n" * (ROW_LINES + 50), tmp_path)
    assert len(good(found)) == ROW_LINES + 51
    assert bad(found) == [(2, "a quote is opened here and not closed")]


def test_many_quotes_that_are_never_closed_are_many_rows_not_a_crash(tmp_path: Path) -> None:
    found = read(b"a,b\n" + b'1,"open"x\n' * 5_000 + b"2,x\n", tmp_path)
    assert len(bad(found)) == 5_000
    assert good(found)[-1] == (5_002, ["2", "x"])


def test_a_stray_quote_is_named(tmp_path: Path) -> None:
    assert bad(read(b'a,b\n1,"x"y\n2,z\n', tmp_path)) == [(2, "a quote inside a quoted cell is not doubled")]


def test_a_nul_byte_costs_its_row(tmp_path: Path) -> None:
    found = read(b"a,b\n1,x\x00y\n2,z\n", tmp_path)
    assert bad(found) == [(2, "a NUL byte")]
    assert good(found)[-1] == (3, ["2", "z"])


def test_a_line_without_end_is_skipped_in_pieces(tmp_path: Path) -> None:
    found = read(b"a,b\n1," + b"x" * (3 * LINE_LIMIT) + b"\n2,z\n", tmp_path)
    assert bad(found) == [(2, f"a line of more than {LINE_LIMIT:,} characters")]
    assert good(found)[-1] == (3, ["2", "z"])


def test_a_cell_beyond_all_measure_costs_its_row(tmp_path: Path) -> None:
    found = read(b"a,b\n1," + b"x" * 200_000 + b"\n2,z\n", tmp_path)
    assert bad(found) == [(2, "a cell of more than 131,072 characters")]
    assert good(found)[-1] == (3, ["2", "z"])


def test_the_row_that_the_end_cuts_short_says_so(tmp_path: Path) -> None:
    assert [row.ended for row in read(b"a,b\n1,x\n2,", tmp_path)] == [True, True, False]
    assert [row.ended for row in read(b'a,b\n1,"x', tmp_path)] == [True, False]


def test_utf16_is_read_where_it_is_said(tmp_path: Path) -> None:
    assert good(read("a,b\n1,é\n".encode("utf-16"), tmp_path, "utf-16")) == [(1, ["a", "b"]), (2, ["1", "é"])]


def test_a_file_that_is_not_in_its_encoding_at_all_is_an_error() -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"\xff\xfea\x00,\x00\x00\xd8x"), encoding="utf-16", errors="surrogateescape")
    stream.buffer.name = "a.csv"  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="is not UTF-16 text"):
        list(rows(stream, ",", "utf-16"))
