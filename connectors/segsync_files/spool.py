"""Records that travel with others: laid aside by parent on disk, so that memory does not grow with the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from segsync.streams import PLACE
from segsync_files.plain import MADE_UP, Records


class Spool:
    """Lines and refunds by order, addresses by customer, until their parents' page is made. Gone when closed."""

    def __init__(self, parent: str, scratch: Path | None = None) -> None:
        self._parent = parent  # the column that names a record's parent
        if scratch is not None:
            scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = TemporaryDirectory(prefix="segsync-", dir=scratch)
        self._db = sqlite3.connect(Path(self._folder.name) / "spool.db", check_same_thread=False)
        self._db.executescript("""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE records (stream TEXT, parent TEXT, record TEXT);
            CREATE TABLE wanted (parent TEXT PRIMARY KEY);
            CREATE TABLE served (parent TEXT PRIMARY KEY);
        """)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()
        self._folder.cleanup()

    def lay(self, stream: str, found: Records) -> None:
        """Keep these records."""
        names = list(found.columns)
        parents = [str(value) for value in found.columns[self._parent]]
        rows = (dict(zip(names, row, strict=True)) for row in zip(*found.columns.values(), strict=True))
        self._db.executemany(
            "INSERT INTO records VALUES (?, ?, ?)",
            ((stream, parent, json.dumps(row, default=_text)) for parent, row in zip(parents, rows, strict=True)),
        )

    def seal(self) -> None:
        """Everything is laid; from here on records are taken."""
        self._db.execute("CREATE INDEX by_parent ON records (parent, stream)")

    def take(self, parents: Sequence[Any]) -> dict[str, dict[str, list[Any]]]:
        """The columns of each stream's records under these parents, numbered where they have no id of their own."""
        self._db.execute("DELETE FROM wanted")
        self._db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((str(parent),) for parent in parents))
        self._db.execute("INSERT OR IGNORE INTO served SELECT parent FROM wanted")
        found = self._db.execute(
            "SELECT r.stream, r.parent, r.record FROM records r JOIN wanted w ON r.parent = w.parent ORDER BY r.rowid"
        )
        streams: dict[str, list[dict[str, Any]]] = {}
        counts: dict[tuple[str, str], int] = {}
        for stream, parent, text in found:
            record = json.loads(text)
            counts[stream, parent] = number = counts.get((stream, parent), 0) + 1
            _number(record, stream, parent, number)
            streams.setdefault(stream, []).append(record)
        return {stream: _columns(rows) for stream, rows in streams.items()}

    def rest(self) -> Iterator[str]:
        """The place of each record whose parent nobody asked for, in the order they came."""
        left = self._db.execute(
            "SELECT record FROM records WHERE parent NOT IN (SELECT parent FROM served) ORDER BY rowid"
        )
        for (text,) in left:
            yield json.loads(text)[PLACE]


def _number(record: dict[str, Any], stream: str, parent: str, number: int) -> None:
    key = MADE_UP[stream]
    if record.get(key) is None:
        record[key] = f"{parent}:{number}" if stream == "refunds" else str(number)


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names if name != PLACE} | {
        PLACE: [r[PLACE] for r in rows]
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
