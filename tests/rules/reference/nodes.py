"""What a rule is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Number:
    value: Fraction


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Day:
    day: date


@dataclass(frozen=True)
class Offset:
    days: int
    months: int


@dataclass(frozen=True)
class Moment:
    """A clock's time in the shop."""

    local: datetime


@dataclass(frozen=True)
class Name:
    text: str


@dataclass(frozen=True)
class Param:
    name: str
    op: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Call:
    name: str
    args: tuple[Any, ...]
    params: tuple[Param, ...]


@dataclass(frozen=True)
class Calculation:
    sign: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Test:
    left: Any
    op: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Happened:
    """`function MATCHES (…)`."""

    function: str
    params: tuple[Param, ...]


@dataclass(frozen=True)
class Not:
    part: Any


@dataclass(frozen=True)
class And:
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Or:
    parts: tuple[Any, ...]
