"""Columns of text that is plainly well-formed, read as a whole. Pure.

Nearly every id, amount and instant of a platform is one, and nearly no two are equal: one at a time they took most of
the time of landing. A pattern here matches only what the kind's reader takes as Arrow's cast does, so that a column
comes out the same whether it is read here or value by value.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas
import pyarrow as pa
import pyarrow.compute as pc

from segsync.streams import Column, Kind
from segsync.warehouse.coded import arrow_type

_PRINTED = "[!-~](?:[ -~]*[!-~])?"  # ASCII without white space at its ends
_DAY = (  # of any year: 29 February is left to the reader
    "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_PATTERNS: Mapping[Kind, str] = {
    Kind.ID: _PRINTED,
    Kind.TEXT: _PRINTED,
    Kind.MONEY: r"-?[0-9]{1,14}(?:\.[0-9]{1,4})?",
    Kind.INTEGER: "-?[0-9]{1,18}",
    Kind.TIME: f"(?:19|20|21)[0-9]{{2}}-{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z",
}


def plain(column: Column, written: pandas.Series) -> pa.Array | None:
    """The column as it lands, or None unless every value that is not missing is plain."""
    pattern = _PATTERNS.get(column.kind)
    if pattern is None or getattr(written.dtype, "storage", None) != "pyarrow":
        return None
    text = pa.array(written)
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    if pc.all(pc.match_substring_regex(text, rf"\A(?:{pattern})\z")).as_py() is False:
        return None
    if column.kind is Kind.TIME:
        text = text.cast(pa.timestamp("us", "UTC"))
    return text.cast(arrow_type(column.type))
