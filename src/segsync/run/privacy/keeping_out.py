"""Keeping forgotten people out: their records are dropped between a source's page and the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pyarrow as pa

from segsync.ledger import Ledger, erasures
from segsync.run.privacy.secrecy import Digest, known_key
from segsync.run.privacy.their_rows import PARTS, ROOTS
from segsync.run.workspace import Workspace
from segsync.warehouse.frames import Typed

_NAMED_BY: Final = ("customer_id", "email", "phone")


@dataclass(slots=True)
class KeptOut:
    """A sieve for the pages of one source. `left_out` counts the records that it dropped, not what hung on them."""

    source: str
    ledger: Ledger
    digest: Digest
    known: dict[str, int]  # digest to erasure
    left_out: int = 0
    _seen: dict[tuple[str, str], int | None] = field(default_factory=dict)

    def __call__(self, read: dict[str, Typed]) -> dict[str, Typed]:
        """The page without their records: by customer id, by e-mail, or by phone where there is nothing else.

        A record of somebody else loses a forgotten phone.
        """
        kept = dict(read)
        for name in ROOTS:
            if name in read:
                kept[name] = self._root(name, read[name])
        for name, (root, link) in PARTS.items():
            if name in read and root in read:
                there = set(kept[root].rows[link].to_pylist())
                before = set(read[root].rows[link].to_pylist())
                kept[name] = _without(read[name], [id_ in before - there for id_ in read[name].rows[link].to_pylist()])
        return kept

    def _root(self, name: str, typed: Typed) -> Typed:
        ids, emails, phones = (typed.rows[column].to_pylist() for column in _NAMED_BY)
        drop = []
        for id_, email, phone in zip(ids, emails, phones, strict=True):
            erasure = self._of("customer", f"{self.source}:{id_}" if id_ else None)
            erasure = erasure or self._of("email", email)
            if erasure is None and email is None and (id_ is None or name == "customers"):
                erasure = self._of("phone", phone)
            drop.append(erasure is not None)
            if erasure is not None and name == "customers":
                self._remember(id_, erasure)
        self.left_out += sum(drop)
        left = _without(typed, drop)
        lost = [phone is not None and self._of("phone", phone) is not None for phone in left.rows["phone"].to_pylist()]
        return _without_phones(left, lost)

    def _of(self, kind: str, value: str | None) -> int | None:
        """The erasure that keeps an identifier out, if any."""
        if value is None:
            return None
        if (kind, value) not in self._seen:
            if len(self._seen) > 100_000:
                self._seen.clear()
            self._seen[kind, value] = self.known.get(self.digest(kind, value))
        return self._seen[kind, value]

    def _remember(self, customer_id: str, erasure: int) -> None:
        """Somebody came back as another customer: what that one does later may bear no e-mail."""
        digest = self.digest("customer", f"{self.source}:{customer_id}")
        if digest not in self.known:
            self.known[digest] = erasure
            self._seen.pop(("customer", f"{self.source}:{customer_id}"), None)
            erasures.keep_out(self.ledger, erasure, [(digest, "customer")])


def keeping_out(space: Workspace, source: str) -> KeptOut | None:
    """The sieve of a source; None while nobody was ever forgotten.

    Raises ConfigError where people were, and the key that tells who is missing or another one.
    """
    known = dict(erasures.digests(space.ledger))
    if not known:
        return None
    key = known_key(space.config, space.setting, space.ledger)
    return KeptOut(source, space.ledger, key.digester(), known)


def _without(typed: Typed, drop: Sequence[bool]) -> Typed:
    """A stream's rows without some; what could not be used of those is not told either."""
    if not any(drop):
        return typed
    places = {typed.where(i) for i, gone in enumerate(drop) if gone}
    left = [i for i, gone in enumerate(drop) if not gone]
    flaws = [flaw for flaw in typed.flaws if flaw.place not in places]
    return Typed(typed.rows.take(pa.array(left, pa.int64())), flaws, lambda row: typed.where(left[row]))


def _without_phones(typed: Typed, lost: Sequence[bool]) -> Typed:
    if not any(lost):
        return typed
    phones: list[Any] = [None if gone else p for gone, p in zip(lost, typed.rows["phone"].to_pylist(), strict=True)]
    place = typed.rows.column_names.index("phone")
    column = pa.array(phones, typed.rows.schema.field("phone").type)
    return replace(typed, rows=typed.rows.set_column(place, "phone", column))
