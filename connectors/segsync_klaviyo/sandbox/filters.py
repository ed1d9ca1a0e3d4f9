"""Klaviyo's filter grammar, as far as is needed here: `equals` and `any`, joined by commas or `and`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Request

from segsync_klaviyo.sandbox.answers import Refused, invalid

_CALL = re.compile(r"\s*([a-z-]+)\(\s*([A-Za-z_.]+)\s*,")
_STRING = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')\s*')


@dataclass(frozen=True, slots=True)
class Condition:
    """One field that must have one of these values."""

    field: str
    values: tuple[str, ...]


def conditions(request: Request, allowed: Mapping[str, frozenset[str]]) -> list[Condition]:
    """The conditions of the request's `filter`, all of which must hold; none where there is no filter.

    `allowed` maps each field to its operators. Raises Refused for anything else.
    """
    text = request.args.get("filter")
    if text is None:
        return []
    inner = re.fullmatch(r"\s*and\((.*)\)\s*", text, re.DOTALL)
    rest = inner.group(1) if inner else text
    found = []
    while True:
        condition, rest = _condition(rest, allowed)
        found.append(condition)
        if not rest.strip():
            return found
        if not rest.lstrip().startswith(","):
            raise _bad(f"unexpected {rest[:20]!r}")
        rest = rest.lstrip()[1:]


def _condition(text: str, allowed: Mapping[str, frozenset[str]]) -> tuple[Condition, str]:
    head = _CALL.match(text)
    if head is None:
        raise _bad(f"expected an operator at {text[:20]!r}")
    operator, name = head.groups()
    if name not in allowed:
        raise _bad(f"'{name}' is not a filterable field; use one of {', '.join(sorted(allowed))}")
    if operator not in allowed[name]:
        raise _bad(f"'{operator}' is not a valid operator of {name}")
    rest = text[head.end() :].lstrip()
    many = rest.startswith("[")
    if operator == "any" and not many:
        raise _bad("'any' takes a list")
    values, rest = _values(rest[1:]) if many else _value(rest)
    if not rest.startswith(")"):
        raise _bad("a bracket is missing")
    return Condition(name, values), rest[1:]


def _values(text: str) -> tuple[tuple[str, ...], str]:
    found: list[str] = []
    while True:
        value, text = _value(text)
        found += value
        if text.startswith("]"):
            return tuple(found), text[1:].lstrip()
        if not text.startswith(","):
            raise _bad("a comma or ] is missing")
        text = text[1:]


def _value(text: str) -> tuple[tuple[str, ...], str]:
    match = _STRING.match(text)
    if match is None:
        raise _bad(f"expected a quoted string at {text[:20]!r}")
    quoted = match.group(1)
    inner = quoted[1:-1]
    value = json.loads(quoted) if quoted[0] == '"' else inner.replace("\\'", "'")
    return (str(value),), text[match.end() :]


def _bad(what: str) -> Refused:
    return invalid(f"Invalid filter: {what}.", parameter="filter")
