"""A source's memory of platform jobs, kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MemoryJobs:
    """`contract.Jobs` without a ledger."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def get(self, name: str) -> tuple[str, Mapping[str, Any]] | None:
        return self.kept.get(name)

    def put(self, name: str, id: str, detail: Mapping[str, Any] | None = None) -> None:
        self.kept[name] = (id, dict(detail or {}))

    def drop(self, name: str) -> None:
        self.kept.pop(name, None)
