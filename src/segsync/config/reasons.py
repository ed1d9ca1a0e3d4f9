"""Pydantic's reasons in our words, without its echo of what was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from segsync.config.words import kind, shown, suggestion

_BELONGS = (
    ("string", "text"),
    ("bool", "true or false"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("decimal", "a number"),
    ("list", "a list"),
    ("tuple", "a list"),
    ("set", "a list"),
    ("frozen_set", "a list"),
    ("dict", "a table"),
    ("mapping", "a table"),
    ("model", "a table"),
    ("datetime", "a date and time"),
    ("date", "a date"),
    ("time", "a time"),
    ("url", "an address such as https://…"),
)
_BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a number, not inf or nan",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}",
    "string_pattern_mismatch": "is not written as it should be",
}


def expected(reasons: Sequence[Mapping[str, Any]], value: Any, *, tell: bool) -> str:
    """One sentence for all that was wrong with one value. The value itself only if `tell`."""
    told = shown(value) if tell else kind(value)
    wanted = dict.fromkeys(text for reason in reasons if (text := _belongs(reason)))
    if wanted:
        return f"expected {' or '.join(wanted)}, found {told}"
    return "; ".join(dict.fromkeys(_other(reason, value, told, tell=tell) for reason in reasons))


def _belongs(reason: Mapping[str, Any]) -> str:
    name = str(reason["type"])
    if name.endswith(("_type", "_parsing", "_from_float", "_attributes_type")):
        return next((text for start, text in _BELONGS if name.startswith(f"{start}_")), "")
    return ""


def _other(reason: Mapping[str, Any], value: Any, told: str, *, tell: bool) -> str:
    name, context = str(reason["type"]), reason.get("ctx", {})
    if name in _BOUNDS:
        return f"{told} {_BOUNDS[name].format(**context)}"
    if name in {"literal_error", "enum"}:
        choices = str(context.get("expected", ""))
        close = suggestion(value, choices.replace("'", "").replace(" or ", ", ").split(", ")) if _is(value) else None
        return f"expected {choices}, found {told}" + (f"; did you mean '{close}'?" if close else "")
    if name == "value_error":
        return f"{told} {_without(str(context.get('error', '')), value, tell=tell)}".strip()
    if name == "union_tag_invalid":
        return f"{told} must say which it is: {context.get('expected_tags', '')}"
    return f"{told}: {_without(str(reason['msg'])[:1].lower() + str(reason['msg'])[1:], value, tell=tell)}"


def _is(value: Any) -> bool:
    return isinstance(value, str)


def _without(text: str, value: Any, *, tell: bool) -> str:
    """A connector's own words, without the value, which they may repeat."""
    if tell:
        return text
    parts = sorted((part for part in _texts(value) if len(part) >= 4), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, parts)), "…", text, flags=re.IGNORECASE) if parts else text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from {value, value.strip()}
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
