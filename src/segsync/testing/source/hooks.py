"""What a connector supplies to the source suite, and the few steps that its tests are written in."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias, cast

from segsync.contract import ListsIds, Source
from segsync.model import Cursor, Page
from segsync.streams import PHONE_COUNTRY, PLACE, ROOTS, STREAMS
from segsync.testing.jobs import MemoryJobs
from segsync.testing.suite import Suite

#: Stream → the record's key → its values, as text, without what only helps landing.
Records: TypeAlias = dict[str, dict[tuple[str, ...], dict[str, str]]]


class SourceHooks(Suite):
    """The hooks. Each test runs on an instance of its own.

    Every test expects the same small shop, with at least a customer, and for each root that the source reads a page
    at least; several pages of several records make the tests sharper.
    """

    @abstractmethod
    def source(self) -> Source:
        """A new instance, as a new process would make it. All those of one test read the same shop."""

    @abstractmethod
    def interrupted(self, root: str) -> Source:
        """One whose read of `root` breaks off: the platform stops answering for good, the file ends in mid-record."""

    @abstractmethod
    def customers(self) -> Collection[str]:
        """The ids of all customers that exist, from the platform's side; empty where the source has no customers."""

    @abstractmethod
    def everything(self) -> object:
        """All that the platform holds, as a value to be compared: reading must leave it equal."""

    def refused_source(self) -> Source:
        """One whose credential the platform refuses. Needed where the spec names secrets."""
        raise TypeError(f"{type(self).__name__} needs refused_source(): its spec names secrets")

    # --- the steps -------------------------------------------------------------------------------------------

    @classmethod
    def abilities(cls) -> Mapping[str, bool]:
        reads = cls.spec.reads
        if reads is None:
            raise TypeError(f"{cls.__name__}: the spec of `{cls.spec.name}` has no `reads`")
        return {"lists_ids": reads.lists_ids, "secrets": bool(cls.spec.secrets)}

    @cached_property
    def _open(self) -> list[Source]:
        return []

    @cached_property
    def jobs(self) -> MemoryJobs:
        return MemoryJobs()

    def teardown_method(self) -> None:
        for source in self._open:
            source.close()

    def opened(self, source: Source) -> Source:
        self._open.append(source)
        return source

    def open(self) -> Source:
        return self.opened(self.source())

    def roots(self) -> list[str]:
        """The roots that this source reads: those with a stream of its own."""
        streams = self.open().streams()
        return [root for root, carried in ROOTS.items() if streams & set(carried)]

    def pages(self, root: str, since: Cursor | None = None) -> list[Page]:
        """All pages of a read of one root by a new instance."""
        return list(self.open().read(root, since, self.jobs))

    def read_through(self, source: Source, root: str) -> list[Page]:
        return list(source.read(root, None, self.jobs))

    def listed(self, source: Source) -> list[str]:
        pages = cast(ListsIds, source).ids()
        assert pages is not None, "the spec declares `lists_ids`: give the suite a shop whose ids can be listed"
        return [id for ids in pages for id in ids]


def rows(page: Page, stream: str) -> list[dict[Hashable, Any]]:
    """The records of one stream on a page."""
    return page.frames[stream].to_dict("records") if stream in page.frames else []


def records(pages: Iterable[Page]) -> Records:
    """Every record of these pages by its key; of two with one key the later."""
    found: Records = {}
    for page in pages:
        for stream in page.frames:
            kept = found.setdefault(stream, {})
            for row in rows(page, stream):
                kept[key_of(stream, row)] = {
                    str(column): repr(value) for column, value in row.items() if column not in (PLACE, PHONE_COUNTRY)
                }
    return {stream: kept for stream, kept in found.items() if kept}


def key_of(stream: str, row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    """The text of a record's key columns."""
    return tuple(str(row.get(column)) for column in STREAMS[stream].key)


def difference(ours: Records, theirs: Records) -> str:
    """What is in `ours` and not, or not so, in `theirs`: a count a stream; empty where nothing is."""
    counts = {
        stream: sum(theirs.get(stream, {}).get(key) != row for key, row in kept.items())
        for stream, kept in ours.items()
    }
    return ", ".join(f"{count} of {stream}" for stream, count in counts.items() if count)


def same(first: Sequence[Page], second: Sequence[Page]) -> str:
    """How two reads differ; empty where they do not."""
    ours, theirs = records(first), records(second)
    return difference(ours, theirs) or difference(theirs, ours)
