"""Values that take the place of personal ones in a trace."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from hashlib import blake2b
from urllib.parse import unquote

_AREAS = ("212", "646", "917", "718", "347", "213", "310", "415", "312", "305")  # each holds 10,000 numbers at 555-xxxx


class StandIns:
    """Values of the same shape for personal ones. They count up, so nothing leads back from them."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._counts: Counter[str] = Counter()
        self._given: set[str] = set()

    def email(self, value: str) -> str:
        if value in self._given:
            return value
        return self._give(f"person-{self._number('email', unquote(value).strip().lower()):06d}@example.com")

    def phone(self, value: str) -> str:
        """A valid E.164 number for one; for any other way of writing it, the same way with other digits."""
        if not re.fullmatch(r"\+\d{7,15}", value):
            return self.shaped("phone", value)
        if value in self._given:
            return value
        number = self._number("e164", value)
        return self._give(f"+1{_AREAS[number // 10_000 % len(_AREAS)]}555{number % 10_000:04d}")

    def sha256(self, value: str) -> str:
        return value if value in self._given else self._give(f"{self._number('sha256', value.lower()):064x}")

    def fact(self, name: str, value: str) -> str:
        """A stand-in for a name, a place, a date or an address of a machine."""
        if "@" in value:
            return self.email(value)
        if re.fullmatch(r"[0-9A-Fa-f]{64}", value):
            return self.sha256(value)
        if re.search(r"phone", name):
            return self.phone(value)
        if re.match(r"\d{4}-\d{2}-\d{2}(?!\d)", value):
            day = date(1970, 1, 1) + timedelta(days=self._number("date", value[:10]) % 18_000)
            return f"{day.isoformat()}{value[10:]}"
        if re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", value):
            return f"192.0.2.{self._number('ip', value) % 256}"  # RFC 5737: an address for documentation
        if re.fullmatch(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", value):
            return f"2001:db8::{self._number('ip', value) % 65_536:x}"  # RFC 3849
        return self.shaped("fact", value)

    def shaped(self, kind: str, value: str) -> str:
        """Letters for letters of the same case, digits for digits, the rest as it was."""
        number = self._number(kind, value)
        marks: list[str] = []
        for mark in reversed(value):
            if mark.isdigit():
                number, place = divmod(number, 10)
                marks.append(chr(ord("0") + place))
            elif mark.isalpha():
                number, place = divmod(number, 26)
                marks.append(chr(ord("A" if mark.isupper() else "a") + place))
            else:
                marks.append(mark)
        return "".join(reversed(marks))

    def _give(self, stand_in: str) -> str:
        """Remember it, so that text which is cleaned twice is changed once."""
        self._given.add(stand_in)
        return stand_in

    def _number(self, kind: str, value: str) -> int:
        digest = blake2b(f"{kind}\0{value}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest not in self._numbers:
            self._counts[kind] += 1
            self._numbers[digest] = self._counts[kind]
        return self._numbers[digest]
