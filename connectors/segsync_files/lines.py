"""Text files as rows that know their line, whatever state the file is in.

One bad line costs one row: an undecodable byte, a quote that is never closed, a NUL or a line without an end is a
Flaw with its physical line number (a line break inside quotes counts, as in an editor), and the rows after it are read.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from segsync.errors import ConfigError, Problem

LINE_LIMIT = 1 << 20  # characters; a longer line is no row of any shop
ROW_LINES = 1_000  # lines that one quoted cell may span before its quote counts as never closed
DELIMITERS = ",;\t|"
_STRAY = re.compile("[\udc80-\udcff]")  # what stands for a byte that does not decode


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it starts on and its cells. `trouble` says why the cells cannot be trusted, if so.

    `ended` is false for a row that the file's end cuts short: its last line has no line break.
    """

    line: int
    cells: Sequence[str]
    trouble: str = ""
    ended: bool = True


class _Runaway(Exception):
    """A row grew beyond every limit."""


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as text with its line ends kept; bytes that do not decode become lone surrogates, to be found later."""
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    return path.open(encoding=name, errors="surrogateescape", newline="")


def rows(stream: TextIO, delimiter: str, encoding: str) -> Iterator[Row]:
    """Every row that is not blank, in order. Raises ConfigError where the text is not in that encoding at all."""
    lines = _Lines(stream, encoding)
    while True:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                row = lines.take(cells)
                if row.trouble or any(cells):
                    yield row
            return
        except (csv.Error, _Runaway) as error:
            yield lines.abandon(error, delimiter)


def lines_of(stream: TextIO, encoding: str) -> Iterator[Row]:
    """Every line that is not blank, each as a row of one cell."""
    lines = _Lines(stream, encoding)
    for text in lines:
        row = lines.take([text])
        if row.trouble or text.strip():
            yield row


class _Lines:
    """Physical lines for a row reader, remembering those of the row being read so that they can be read anew."""

    def __init__(self, stream: TextIO, encoding: str) -> None:
        self._encoding = encoding
        self._source = _physical(stream, encoding)
        self._again: deque[str] = deque()  # lines of an abandoned row, to be read as rows of their own
        self._row: list[str] = []  # the lines handed out since the last finished row
        self._length = 0
        self._start = 1
        self._trouble = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._source)
        self._row.append(line)
        self._length += len(line)
        if len(self._row) > 1 and (len(self._row) > ROW_LINES or self._length > LINE_LIMIT):
            raise _Runaway
        if not line.isascii() or "\0" in line or len(line) >= LINE_LIMIT:
            self._trouble = self._trouble or _trouble(line, self._encoding)
        return line

    def take(self, cells: Sequence[str]) -> Row:
        """The row that these cells are; the next line starts another."""
        row = Row(self._start, cells, self._trouble, self._row[-1][-1] in "\r\n")
        self._start += len(self._row)
        self._row.clear()
        self._length, self._trouble = 0, ""
        return row

    def abandon(self, error: Exception, delimiter: str) -> Row:
        """Give up the row's first line, and hand out its other lines again."""
        first, *rest = self._row
        self._again.extendleft(reversed(rest))
        reason = _trouble(first, self._encoding) or _why(error, len(self._row))
        row = Row(self._start, _rough(first, delimiter), reason, bool(rest) or first[-1] in "\r\n")
        self._start += 1
        self._row.clear()
        self._length, self._trouble = 0, ""
        return row


def _physical(stream: TextIO, encoding: str) -> Iterator[str]:
    """Lines with their ends; of a line beyond the limit, its beginning."""
    try:
        while line := stream.readline(LINE_LIMIT):
            piece = line
            while len(piece) >= LINE_LIMIT and piece[-1] not in "\r\n":
                piece = stream.readline(LINE_LIMIT)
            yield line
    except UnicodeError:
        found = f"is not {encoding.upper()} text"
        raise ConfigError([Problem(stream.name, found, "set the encoding that it was saved in")]) from None


def _rough(line: str, delimiter: str) -> Sequence[str]:
    """What can be made of a broken row's first line: its cells without regard to quotes."""
    return line.rstrip("\r\n").split(delimiter)


def _why(error: Exception, lines: int) -> str:
    text = str(error)
    if "field larger" in text:
        return "a cell of more than 131,072 characters"
    if isinstance(error, _Runaway) or "unexpected end of data" in text:
        return "a quote is opened here and not closed"
    return "a quote inside a quoted cell is not doubled" if lines == 1 else "a quote is opened here and not closed"


def _trouble(line: str, encoding: str) -> str:
    if len(line) >= LINE_LIMIT and line[-1] not in "\r\n":
        return f"a line of more than {LINE_LIMIT:,} characters"
    if "\0" in line:
        return "a NUL byte" + (': the file looks like UTF-16, set encoding = "utf-16"' if _looks_utf16(line) else "")
    if not (stray := _STRAY.findall(line)):
        return ""
    bad = bytes(ord(c) - 0xDC00 for c in stray)
    return f"bytes that are not {encoding.upper()}{looks_like(bad)}"


def looks_like(bad: bytes) -> str:
    """Which encoding these stray bytes speak for, as the end of a sentence; empty where they speak for none."""
    try:
        text = bad.decode("cp1252")
    except UnicodeDecodeError:
        return ""
    letters = sum(c.isalpha() or c in "€‘’“”–—…°" for c in text)
    return ': they look like Windows-1252, set encoding = "cp1252"' if letters * 2 >= len(text) else ""


def _looks_utf16(line: str) -> bool:
    return line.count("\0") * 3 > len(line)


def sniff_utf16(head: bytes) -> bool:
    """Whether a file's first bytes are UTF-16: its byte order mark, or every other byte a NUL."""
    return head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[:64].count(0) * 3 > len(head[:64]) > 0
