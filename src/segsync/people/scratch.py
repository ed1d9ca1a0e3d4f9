"""Tables that last for one step: what several statements read is written once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import ibis.expr.types as ir

Engine = Any  # an Ibis SQL backend; Ibis has no public type for one
"""Where records lie and expressions run."""


class Write(Protocol):
    """Puts a computed table's new content in place of the old, whole (`Warehouse.write`)."""

    def __call__(self, name: str, expr: ir.Table, /) -> object: ...


class Keep(Protocol):
    """Runs one statement, keeps its rows for this step under a name, and returns them as a table to read."""

    def __call__(self, name: str, expr: ir.Table, /) -> ir.Table: ...


@contextmanager
def scratch(con: Engine) -> Iterator[Keep]:
    """A `Keep` whose tables are dropped at the end. After a failure they go with the connection, or are overwritten."""
    names: set[str] = set()

    def keep(name: str, expr: ir.Table, /) -> ir.Table:
        called = f"people__{name}"
        con.drop_table(called, force=True)  # `overwrite` would write the rows twice
        names.add(called)
        kept: ir.Table = con.create_table(called, expr, temp=True)
        return kept

    yield keep
    for name in sorted(names):
        con.drop_table(name, force=True)


def naive(at: datetime) -> datetime:
    """The instant as the warehouse keeps it: UTC without a zone. One without a zone is taken as UTC."""
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)
