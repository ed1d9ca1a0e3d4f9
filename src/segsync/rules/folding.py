"""Texts of people folded, so that lists can be asked for them: in Python, as engines disagree about lower-casing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis.util
import pyarrow

from segsync.rules.shop import Shop
from segsync.streams import fold


def folded(shop: Shop, rows: Any, texts: Sequence[Any]) -> Any:
    """A table of its own: each distinct text of these columns (`raw_text`), with its folded form (`raw_key`)."""
    asked = rows.select(**{f"text{number}": text for number, text in enumerate(texts)}).distinct()
    known = {
        text for batch in shop.con.to_pyarrow_batches(asked) for each in batch.columns for text in each.to_pylist()
    }
    ordered = sorted(known - {None})
    keys = pyarrow.array([fold(text) for text in ordered], pyarrow.string())
    table = pyarrow.table({"raw_text": pyarrow.array(ordered, pyarrow.string()), "raw_key": keys})
    return shop.con.create_table(ibis.util.gen_name("rules_folds"), table, temp=True)
