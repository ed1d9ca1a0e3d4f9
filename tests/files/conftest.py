"""What the tests of the files connector share: a source or destination of given options, and everything it read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from segsync.contract import Destination, Kit, Source
from segsync.http import Session
from segsync.model import Cursor, Page
from segsync.testing import FakeTime, MemoryJobs
from segsync_files import connector
from segsync_files.options import Options

CUSTOMERS = "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Phone,Tags"
ORDERS = (
    "Name,Id,Email,Financial Status,Currency,Subtotal,Discount Amount,Shipping,Taxes,Total,Refunded Amount,Created at,"
    "Lineitem name,Lineitem quantity,Lineitem price,Phone"
)


def kit(home: Path, options: dict[str, Any], name: str = "files") -> Kit:
    unused: Any = None
    session: Session = unused  # files speak to no network
    return Kit(name, Options(**options), {}, session, FakeTime().clock, home)


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Source]:
    """A source of these options, in a folder of its own."""

    def make(**options: Any) -> Source:
        assert connector.source is not None
        return connector.source(kit(tmp_path, options))

    return make


@pytest.fixture
def destination(tmp_path: Path) -> Callable[..., Destination]:
    def make(folder: str | None = "audiences") -> Destination:
        assert connector.destination is not None
        return connector.destination(kit(tmp_path, {"folder": folder}))

    return make


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of these lines (or bytes) and say where."""

    def write(name: str, *lines: str | bytes, encoding: str = "utf-8", end: str = "\n") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = [line if isinstance(line, bytes) else line.encode(encoding) for line in lines]
        path.write_bytes(b"".join(line + end.encode(encoding) for line in raw))
        return path

    return write


class Read:
    """All pages of a read, put together."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self.pages = list(pages)
        self.flaws = [flaw for page in self.pages for flaw in page.flaws]
        self.cursor: Cursor | None = self.pages[-1].cursor if self.pages else None

    def frame(self, stream: str) -> pd.DataFrame:
        frames = [page.frames[stream] for page in self.pages if stream in page.frames]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def column(self, stream: str, name: str) -> list[Any]:
        frame = self.frame(stream)
        return frame[name].tolist() if name in frame else []

    @property
    def troubles(self) -> list[tuple[str, str]]:
        """Place and reason of every flaw."""
        return [(flaw.place, flaw.reason) for flaw in self.flaws]


@pytest.fixture
def read() -> Callable[..., Read]:
    def through(source: Source, root: str = "orders", since: Cursor | None = None) -> Read:
        return Read(source.read(root, since, MemoryJobs()))

    return through
