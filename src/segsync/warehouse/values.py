"""Reading one value: text, ids, numbers, flags, enums, lists and JSON. Each reader is pure.

A reader takes a value that is not missing and returns it typed, or None where it is blank; it raises Unreadable
with a reason that holds nothing of a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn

Reader = Callable[[object], object]

INT64 = 2**63
EXACT_FLOAT = 2**53  # above it a float no longer names one integer
MONEY_LIMIT = Decimal(10) ** 14  # decimal(18, 4) leaves 14 digits before the point
CENT_OF_A_CENT = Decimal("0.0001")
FLOAT_NOISE = Decimal("1e-9")  # what binary fractions add to an amount; more than this is a real further decimal

_AMOUNT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_WORD = re.compile(r"[^\W\d_]+")
_SHOWN = frozenset(
    """jan feb mar apr may jun jul aug sep oct nov dec january february march april june july august september
    october november december am pm t z utc gmt usd eur gbp nan inf infinity null none""".split()  # noqa: SIM905 - words
)
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Unreadable(ValueError):
    """A value that is kept out; `str()` is the reason, fit for a Flaw."""


def shown(value: object) -> str:
    """A bad date or amount as a reason may quote it: at most 40 characters, with letters and long numbers masked.

    A shifted CSV puts e-mails, names and phones where dates belong, so only words of dates and amounts are kept.
    """
    text = "".join(c if c.isprintable() else "?" for c in str(value)[:40])
    text = _WORD.sub(lambda m: m[0] if m[0].casefold() in _SHOWN else "x" * len(m[0]), text)
    if ":" not in text and sum(map(str.isdigit, text)) > 8:
        text = re.sub(r"\d", "0", text)
    return f"`{text}`"


def text(value: object) -> str | None:
    """Text without surrounding white space, None if nothing is left; numbers and days as they are written."""
    if isinstance(value, str):
        out = value.strip()
        if not out.isascii():
            try:
                out.encode()
            except UnicodeEncodeError:
                raise Unreadable("holds half a character (an unpaired surrogate)") from None
        if "\x00" in out:
            raise Unreadable("holds a NUL character")
        return out or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        return _number_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise Unreadable(f"a {type(value).__name__} where text belongs")


def _number_text(value: float | Decimal) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        raise Unreadable("not a finite number where text belongs")
    if value == int(value):
        if isinstance(value, float) and abs(value) > EXACT_FLOAT:
            raise Unreadable("a number too long to be exact: read the column as text")
        return str(int(value))
    return f"{value:f}" if isinstance(value, Decimal) else repr(value)


def money(value: object) -> Decimal | None:
    """An exact amount with at most four decimals and fourteen digits before the point.

    Only a float's own binary noise is rounded away; text and decimals never are.
    """
    if isinstance(value, bool):
        raise Unreadable("not an amount")
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if not _AMOUNT.fullmatch(value):
            raise Unreadable(f"not an amount: {shown(value)}{_thousands(value)}")
        amount = Decimal(value)
    elif isinstance(value, float):
        amount = Decimal(repr(value))
    elif isinstance(value, int | Decimal):
        amount = Decimal(value)
    else:
        raise Unreadable(f"a {type(value).__name__} where an amount belongs")
    if not amount.is_finite():
        raise Unreadable("not a finite amount")
    if abs(amount) >= MONEY_LIMIT:
        raise Unreadable(f"an amount of more than 14 digits: {shown(value)}")
    near = amount.quantize(CENT_OF_A_CENT)
    if near != amount and not (
        isinstance(value, float) and abs(near - amount) <= FLOAT_NOISE * max(Decimal(1), abs(amount))
    ):
        raise Unreadable(f"more than four decimals: {shown(value)}")
    if abs(near) >= MONEY_LIMIT:
        raise Unreadable(f"an amount of more than 14 digits: {shown(value)}")
    return near + 0  # never a negative zero


def _thousands(text: str) -> str:
    return " (write 1234.50: a point, no thousands separators, no currency sign)" if re.search(r"[0-9]", text) else ""


def integer(value: object) -> int | None:
    """A whole number of 64 bits; `3.0` is one, `3.5` is not."""
    if isinstance(value, bool):
        raise Unreadable("not a whole number")
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if not _AMOUNT.fullmatch(value) or len(value) > 40:
            raise Unreadable(f"not a whole number: {shown(value)}")
        value = Decimal(value)
    if not isinstance(value, int | float | Decimal):
        raise Unreadable(f"a {type(value).__name__} where a whole number belongs")
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= INT64 or number != int(number):
        raise Unreadable(f"not a whole number of 64 bits: {shown(value)}")
    return int(number)


def flag(value: object) -> bool | None:
    """yes, true, 1 and no, false, 0, in any case."""
    if isinstance(value, float | Decimal) and value in (0, 1):
        return bool(value)
    word = text(value)
    if word is None:
        return None
    found = _FLAGS.get(word.casefold())
    if found is None:
        raise Unreadable("neither yes nor no (write true or false)")
    return found


def enum(allowed: frozenset[str]) -> Reader:
    """A reader of one of `allowed`, whatever case it was written in."""

    def read(value: object) -> str | None:
        word = text(value)
        if word is None:
            return None
        if word.upper() not in allowed:
            raise Unreadable(f"not one of {', '.join(sorted(allowed))}")
        return word.upper()

    return read


def listed(value: object) -> tuple[str, ...] | None:
    """Texts, each once and in order, from a list or from text with commas between; None where there are none."""
    parts: Iterable[object]
    if isinstance(value, str):
        parts = value.split(",")
    elif isinstance(value, list | tuple | set | frozenset):
        parts = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    elif hasattr(value, "tolist"):  # a numpy array, which is how Parquet gives lists
        parts = value.tolist()
        if not isinstance(parts, list):
            raise Unreadable("not a list")
    else:
        raise Unreadable(f"a {type(value).__name__} where a list belongs")
    words = (text(part) for part in parts if part is not None)
    return tuple(dict.fromkeys(word for word in words if word is not None)) or None


def canonical_json(value: object) -> str | None:
    """A JSON object as canonical text: keys sorted, no spaces, no NaN. Nothing else than an object is taken."""
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            value = json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise Unreadable("not JSON") from None
    if not isinstance(value, dict):
        raise Unreadable("JSON, but not an object")
    try:
        out = json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_json_scalar
        )
    except (TypeError, ValueError, RecursionError):
        raise Unreadable("an object that cannot be written as JSON") from None
    text(out)  # refuses half characters
    return out


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _json_scalar(value: Any) -> object:
    if isinstance(value, Decimal | datetime | date):
        return str(value) if isinstance(value, Decimal) else value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(type(value).__name__)
