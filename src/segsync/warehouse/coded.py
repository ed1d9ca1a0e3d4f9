"""A column as its distinct values and where each stands, so that a value is read once however often it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import ibis
import numpy as np
import numpy.typing as npt
import pandas
import pyarrow as pa

from segsync.warehouse.values import Unreadable

Codes = npt.NDArray[np.int64]


def arrow_type(type_: str) -> pa.DataType:
    """The Arrow type of an Ibis type string."""
    return ibis.dtype(type_).to_pyarrow()


@dataclass(frozen=True, slots=True)
class Coded:
    """`distinct[codes[i]]` is the i-th value; a code of -1 is a missing one."""

    distinct: Sequence[object]
    codes: Codes

    def mapped(self, change: Callable[[object], object]) -> Coded:
        """Every value that is not missing changed."""
        return Coded([None if value is None else change(value) for value in self.distinct], self.codes)

    def array(self, type_: str) -> pa.Array:
        """As Arrow, of an Ibis type."""
        return pa.array(self.distinct, arrow_type(type_)).take(pa.array(self.codes, mask=self.codes < 0))

    def read(self, reader: Callable[[object], object]) -> tuple[Coded, Mapping[int, str]]:
        """The values that a reader makes of these, and by index the reason of each that it refused."""
        answers = [_answer(reader, value) for value in self.distinct]
        reasons = [reason for _, reason in answers]
        refused = np.array([reason is not None for reason in reasons] + [False])  # the last stands for -1
        wrong = {int(i): str(reasons[self.codes[i]]) for i in np.flatnonzero(refused[self.codes])}
        return Coded([value for value, _ in answers], self.codes), wrong


def missing(count: int) -> Coded:
    """A column without any value."""
    return Coded([], np.full(count, -1, dtype=np.int64))


def coded(column: pandas.Series) -> Coded:
    """A frame's column; whatever pandas takes for missing is missing."""
    if column.dtype != object:
        codes, distinct = pandas.factorize(column)
        return Coded(distinct.tolist(), codes.astype(np.int64))
    return _coded_objects(column)


def _coded_objects(column: pandas.Series) -> Coded:
    """Values of any type: 1, 1.0 and True stay apart, and what cannot be hashed stands alone."""
    known: dict[object, int] = {}
    distinct: list[object] = []
    codes = np.full(len(column), -1, dtype=np.int64)
    for i, (value, gone) in enumerate(zip(column.tolist(), column.isna().tolist(), strict=True)):
        if gone and not isinstance(value, Decimal):  # somebody wrote a decimal NaN: it is read, and refused
            continue
        try:
            code = known.setdefault((value.__class__, _hashable(value)), len(distinct))
        except TypeError:
            code = len(distinct)
        if code == len(distinct):
            distinct.append(value)
        codes[i] = code
    return Coded(distinct, codes)


def _hashable(value: object) -> object:
    """The texts of an array, which is how a list of them comes; any other value as it is."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        parts = tuple(value.tolist())
        return parts if set(map(type, parts)) <= {str} else value
    return value


def paired(first: Coded, second: Coded) -> Coded:
    """Both values side by side as a tuple, where the first is not missing."""
    width = len(second.distinct) + 1
    both = np.where(first.codes < 0, -1, first.codes * width + second.codes + 1)
    seen, codes = np.unique(both, return_inverse=True)
    offset = 1 if len(seen) and seen[0] < 0 else 0
    seconds = [None, *second.distinct]
    distinct = [(first.distinct[n // width], seconds[n % width]) for n in seen[offset:].tolist()]
    return Coded(distinct, codes.astype(np.int64) - offset)


def coalesced(*columns: Coded) -> Coded:
    """For each row the first value that is not missing."""
    distinct: list[object] = []
    codes = np.full(len(columns[0].codes), -1, dtype=np.int64)
    for column in columns:
        there = np.array([value is not None for value in column.distinct] + [False])[column.codes]
        codes = np.where((codes < 0) & there, column.codes + len(distinct), codes)
        distinct += column.distinct
    return Coded(distinct, codes)


def constant(value: object, count: int) -> Coded:
    """One value for every row."""
    return Coded([value], np.zeros(count, dtype=np.int64))


def _answer(reader: Callable[[object], object], value: object) -> tuple[object, str | None]:
    if isinstance(value, np.generic):
        value = value.item()
    try:
        return reader(value), None
    except Unreadable as error:
        return None, str(error)
