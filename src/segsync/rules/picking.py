"""The value of the first of some records, whatever it is: engines disagree whether a missing one may be first."""

from __future__ import annotations

from typing import Any

import ibis

from segsync.rules.shop import two


def picked(value: Any, place: Any, where: Any) -> Any:
    """Of a group: the value of the record with the smallest place among those asked for; missing if it is there."""
    known = where & value.notnull()
    first = two(place.min(where=where) == place.min(where=known))
    return ibis.ifelse(first, value.argmin(place, where=known), ibis.null(value.type()))
