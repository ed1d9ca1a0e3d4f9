"""Reading a shop: one bulk operation a window, landed only when it is known to be whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from segsync.contract import Kit
from segsync.errors import AuthError, ConnectorBug, Unavailable
from segsync.model import Cursor, Jobs, Page
from segsync.streams import ROOTS
from segsync_shopify import windows
from segsync_shopify.api import Api, text
from segsync_shopify.auth import credential
from segsync_shopify.bulk import Bulk, Operation
from segsync_shopify.checking import check, see_domain
from segsync_shopify.options import Options
from segsync_shopify.spool import NotWhole, Spool
from segsync_shopify.windows import SEARCHES, Window

TRIES: Final = 3  # of one window, where Shopify ends its operation without a result
_IDS: Final = "ids"
_METAFIELDS: Final = "        metafields {\n          edges { node { __typename id namespace key value } }\n        }\n"
_FIELDS: Final[Mapping[str, str]] = {"customers": "customers", "orders": "orders", "checkouts": "abandonedCheckouts"}


class _TooLarge(Unavailable):
    """Shopify could not do the whole window in time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One window of one root to read."""

    root: str
    since: Cursor | None
    window: Window
    kept_from: datetime | None


class ShopifySource:
    """A shop through Shopify's GraphQL Admin API."""

    def __init__(self, kit: Kit) -> None:
        self._options = cast(Options, kit.options)
        self._kit = kit
        self._api = Api(kit, self._options, credential(kit, self._options))
        self._bulk = Bulk(self._api, kit.session, kit.clock, max_wait=self._options.max_wait)
        self._domain_seen = False

    def check(self) -> Sequence[str]:
        return check(self._api, self._options, self._kit.name)

    def streams(self) -> frozenset[str]:
        roots = ("customers", "orders", "checkouts") if self._options.checkouts else ("customers", "orders")
        return frozenset(stream for root in roots for stream in ROOTS[root])

    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        search = SEARCHES[root]
        at = None if since is None else windows.instant(since, self._options.domain, self._kit.name)
        self._see_domain()
        window = windows.after(at, search, self._kit.clock.now())
        yield from self._window(Wanted(root, since, window, windows.kept_from(at, search)), jobs)

    def ids(self) -> Iterator[Sequence[str]] | None:
        self._see_domain()
        return self._ids()

    def close(self) -> None:
        self._kit.session.close()

    # --- one window --------------------------------------------------------------------------------------------------

    def _window(self, wanted: Wanted, jobs: Jobs) -> Iterator[Page]:
        """The pages of a window; of its halves, one after the other, where it is too much for Shopify at once."""
        try:
            operation, spool = self._result(wanted, jobs)
        except _TooLarge:
            halves = self._halves(wanted)
            if halves is None:
                raise
            for half in halves:
                yield from self._window(Wanted(wanted.root, wanted.since, half, wanted.kept_from), jobs)
            return
        with spool:
            yield from self._pages(wanted, operation, spool)
        jobs.drop(wanted.root)

    def _pages(self, wanted: Wanted, operation: Operation, spool: Spool) -> Iterator[Page]:
        """A page behind, so that the last one carries the cursor."""
        after = self._after(wanted, operation, spool)
        kept_from = None if wanted.kept_from is None else windows.written(wanted.kept_from)
        held: Page | None = None
        for frames in spool.pages(wanted.root, kept_from=kept_from, metafields=self._options.mapped.named()):
            if held is not None:
                yield held
            if wanted.root == "customers" and not self._options.metafields:
                frames["customers"] = frames["customers"].drop(columns="attributes")
            held = Page(frames)
        yield Page(held.frames if held else {}, after)

    def _after(self, wanted: Wanted, operation: Operation, spool: Spool) -> Cursor | None:
        newest = spool.newest()
        if newest is None:
            return wanted.since
        return windows.cursor(self._options.domain, min(windows.parsed(newest), operation.began))

    def _result(self, wanted: Wanted, jobs: Jobs) -> tuple[Operation, Spool]:
        """A completed operation for the window, with its result on disk."""
        last: Unavailable | None = None
        for attempt in range(1, TRIES + 1):
            query = self._query(wanted, jobs)
            operation = self._bulk.ended(wanted.root, query, {"since": _text(wanted.since)}, jobs)
            try:
                spool = self._fetched(operation)
            except NotWhole as error:
                spool, last = None, error
            if spool is not None:
                return operation, spool
            jobs.drop(wanted.root)
            if operation.error == "ACCESS_DENIED":
                self._explain(wanted.root)
            if operation.error == "TIMEOUT" and attempt > 1:
                raise _TooLarge(_ended_badly(wanted.root, operation))
        raise last or Unavailable(_ended_badly(wanted.root, operation))

    def _query(self, wanted: Wanted, jobs: Jobs) -> str:
        """The bulk query of a window: that of an earlier run's operation, if it was after the same."""
        search = SEARCHES[wanted.root]
        filter = wanted.window.filter(search)
        query = windows.asking(self._text(wanted.root), filter)
        job = jobs.get(wanted.root)
        if job is not None and job[1].get("since") == _text(wanted.since) and _shape(job[1]["query"]) == _shape(query):
            return str(job[1]["query"])
        if filter is not None:
            self._probe(wanted.root, filter)
        return query

    def _probe(self, root: str, filter: str) -> None:
        """See that Shopify understands the filter: what it does not, a bulk operation leaves out in silence."""
        ignored = self._api.query(f"probe_{root}", query=filter).ignored
        if ignored:
            raise ConnectorBug(
                f"shopify: a filter of {root} was not understood ({'; '.join(ignored)}): it would have read everything"
            )

    def _text(self, root: str) -> str:
        query = text(root)
        asked = self._options.metafields or self._options.mapped.named()
        return query if asked else query.replace(_METAFIELDS, "")

    def _fetched(self, operation: Operation) -> Spool | None:
        """The operation's result, counted; None where it has none, or its link has run out. Raises NotWhole."""
        if operation.status != "COMPLETED":
            return None
        spool = Spool()
        try:
            for current in (operation, None):
                found = current or self._bulk.again(operation.id)
                if found is None:
                    break
                if found.url is None:  # nothing was found
                    spool.file.touch()
                if found.url is None or self._kit.session.download(found.url, spool.file).status_code == 200:
                    spool.load(found)
                    return spool
        except BaseException:
            spool.close()
            raise
        spool.close()
        return None

    def _explain(self, root: str) -> None:
        """Ask the same outside of a bulk operation, where Shopify says which field it is. Raises AuthError."""
        self._api.query(f"probe_{root}")
        raise AuthError(
            f"Shopify denied the app of `{self._kit.name}` a part of what {root} hold: `segsync check "
            f"{self._kit.name}` says which scopes it has"
        )

    def _halves(self, wanted: Wanted) -> tuple[Window, Window] | None:
        now = self._kit.clock.now()
        found = self._api.query(f"probe_{wanted.root}").data[_FIELDS[wanted.root]]["nodes"]
        oldest = windows.parsed(found[0]["updatedAt"]) if found else now
        return wanted.window.halves(SEARCHES[wanted.root], oldest, now)

    # --- the whole shop ----------------------------------------------------------------------------------------------

    def _ids(self) -> Iterator[Sequence[str]]:
        jobs = _Forgotten()
        for _ in range(TRIES):
            operation = self._bulk.ended(_IDS, text(_IDS), {}, jobs)
            spool = self._fetched(operation)
            if spool is not None:
                with spool:
                    yield from spool.ids(50_000)
                return
        raise Unavailable(_ended_badly("customers' ids", operation))

    def _see_domain(self) -> None:
        """Once before anything is read. Raises ConfigError where the address leads to another shop."""
        if self._domain_seen:
            return
        see_domain(self._api.query("shop").data["shop"]["myshopifyDomain"], self._options, self._kit.name)
        self._domain_seen = True


class _Forgotten:
    """A memory of jobs that keeps none: a list of ids is always made anew."""

    def get(self, _name: str) -> tuple[str, Mapping[str, Any]] | None:
        return None

    def put(self, name: str, id: str, detail: Mapping[str, Any] | None = None) -> None:
        pass

    def drop(self, name: str) -> None:
        pass


def _ended_badly(what: str, operation: Operation) -> str:
    reason = f" ({operation.error})" if operation.error else ""
    return (
        f"Shopify ended the bulk operation for {what} as {operation.status}{reason}, {TRIES} times. Nothing of it was "
        "landed; the next pull asks again"
    )


def _text(since: Cursor | None) -> str:
    return "" if since is None else since.value


def _shape(query: str) -> str:
    """A query without its filter."""
    return query if "(query: " not in query else query[: query.index("(query: ")] + query[query.index("sortKey") - 1 :]
