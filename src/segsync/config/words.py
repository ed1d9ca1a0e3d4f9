"""Pieces of error texts: keys, values and their kinds as a person writes them in TOML; what they may have meant."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]{1,60}")
_SECRET = re.compile(r"(?i)token|secret|passw|passphrase|api[_-]?key|private[_-]?key|credential|access[_-]?key|^auth")


def suggestion(found: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant; `cutoff` is the least likeness, as of difflib."""
    folded = {word.casefold(): word for word in sorted(known)}
    close = difflib.get_close_matches(found[:100].casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def looks_secret(key: str) -> bool:
    return bool(_SECRET.search(key))


def key(part: str) -> str:
    """A key as it is written: quoted where it must be, and no longer than a line bears."""
    if _BARE.fullmatch(part):
        return part
    return json.dumps(part if len(part) <= 60 else f"{part[:57]}…", ensure_ascii=not part.isprintable())


def dotted(path: Iterable[str | int]) -> str:
    """A key path as it is written: `sources.shopify.shop`, `priority[0].segments`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{key(part)}"
    return text.removeprefix(".")


def toml(value: Any) -> str:
    """A value as it is written in TOML."""
    if isinstance(value, str):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key(str(name))} = {toml(item)}" for name, item in value.items()) + " }"
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(str(value))


def kind(value: Any) -> str:
    """What sort of value it is, without telling the value."""
    kinds: tuple[tuple[Any, str], ...] = (
        (str, "text"),
        (bool, "true or false"),
        (int, "a whole number"),
        ((float, Decimal), "a number"),
        (Mapping, "a table"),
        ((list, tuple), "a list"),
        ((date, time, timedelta), "a date or time"),
    )
    return next((name for types, name in kinds if isinstance(value, types)), "something else")


def shown(value: Any) -> str:
    """A short value itself, else its kind."""
    text = toml(value) if isinstance(value, (str, bool, int, float)) else ""
    return f"`{text}`" if 0 < len(text) <= 42 and text.isprintable() else kind(value)
