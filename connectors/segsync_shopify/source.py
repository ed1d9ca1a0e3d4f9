"""Reading a shop: one bulk operation a window, landed only when it is known to be whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from segsync.contract import Kit
from segsync.errors import AuthError, ConnectorBug, Unavailable
from segsync.model import Cursor, Jobs, Page, PrivacyRequest
from segsync.streams import ROOTS
from segsync_shopify import windows
from segsync_shopify.api import Api, text
from segsync_shopify.auth import credential
from segsync_shopify.bulk import Bulk, Operation
from segsync_shopify.checking import check, see_domain
from segsync_shopify.options import Options
from segsync_shopify.requests import read_request
from segsync_shopify.spool import NotWhole, Spool
from segsync_shopify.windows import SEARCHES, Window

TRIES: Final = 3  # of one window, where Shopify ends its operation without a result
BETWEEN: Final = 15.0  # seconds before the second try, and twice as many before the third
# After how many tries an error says that the window is too large: a time-out twice, an internal error each time.
TOO_LARGE: Final[Mapping[str, int]] = {"TIMEOUT": 2, "INTERNAL_SERVER_ERROR": TRIES}
_IDS: Final = "ids"
_METAFIELDS: Final = "        metafields {\n          edges { node { __typename id namespace key value } }\n        }\n"
_FIELDS: Final[Mapping[str, str]] = {"customers": "customers", "orders": "orders", "checkouts": "abandonedCheckouts"}


class _TooLarge(Unavailable):
    """Shopify could not do the whole window in time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One window of one root to read. `kept_from`: records unchanged since before are not landed again."""

    root: str
    since: Cursor | None
    window: Window
    kept_from: datetime | None = None


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
        self._see_domain()
        begun = self._begun(root, since, jobs)
        if begun is not None:  # what an earlier pull began is as old as that pull: it is gone on from
            for page in self._window(Wanted(root, since, begun), jobs):
                since = page.cursor or since
                yield page
        search, at = SEARCHES[root], self._instant(since)
        window = windows.after(at, search, self._kit.clock.now())
        yield from self._window(Wanted(root, since, window, windows.kept_from(at, search)), jobs)

    def ids(self) -> Iterator[Sequence[str]] | None:
        self._see_domain()
        return self._ids()

    def privacy_request(self, body: bytes, signature: str) -> PrivacyRequest:
        secret = self._kit.secrets.get("client_secret")
        return read_request(body, signature, secret=secret, domain=self._options.domain, name=self._kit.name)

    def close(self) -> None:
        self._kit.session.close()

    # --- one window --------------------------------------------------------------------------------------------------

    def _instant(self, since: Cursor | None) -> datetime | None:
        return None if since is None else windows.instant(since, self._options.domain, self._kit.name)

    def _begun(self, root: str, since: Cursor | None, jobs: Jobs) -> Window | None:
        """The window that an earlier pull began to read after the same cursor, and in the same way."""
        job = jobs.get(root)
        if job is None:
            return None
        if job[1].get("since") == _text(since) and job[1].get("fields") == self._text(root):
            return Window.read(job[1])
        jobs.drop(root)
        return None

    def _window(self, wanted: Wanted, jobs: Jobs) -> Iterator[Page]:
        """The pages of a window; of its halves, one after the other, where it is too much for Shopify at once."""
        detail = {**wanted.window.noted(), "since": _text(wanted.since), "fields": self._text(wanted.root)}
        try:
            operation, spool = self._result(wanted.root, lambda: self._query(wanted), detail, jobs)
        except _TooLarge:
            halves = self._halves(wanted)
            if halves is None:
                raise
            for half in halves:
                yield from self._window(replace(wanted, window=half), jobs)
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

    def _result(
        self, name: str, query: Callable[[], str], detail: Mapping[str, Any], jobs: Jobs
    ) -> tuple[Operation, Spool]:
        """A completed operation, with its result on disk; asked for again where Shopify ends it without one.

        Raises AuthError where a field was denied, Unavailable (_TooLarge where a smaller window may do) at last.
        """
        last: Unavailable | None = None
        for attempt in range(1, TRIES + 1):
            operation = self._bulk.ended(name, query, detail, jobs)
            try:
                spool = self._fetched(operation)
            except NotWhole as error:
                spool, last = None, error
            if spool is not None:
                return operation, spool
            jobs.drop(name)
            if operation.error == "ACCESS_DENIED":
                self._explain(name)
            if attempt == TOO_LARGE.get(operation.error or ""):
                raise _TooLarge(_ended_badly(name, operation, attempt))
            if attempt < TRIES:
                self._kit.session.pause(BETWEEN * attempt)
        raise last or Unavailable(_ended_badly(name, operation, TRIES))

    def _query(self, wanted: Wanted) -> str:
        """The bulk query of a window, its filter probed."""
        filter = wanted.window.filter(SEARCHES[wanted.root])
        if filter is not None:
            self._probe(wanted.root, filter)
        return windows.asking(self._text(wanted.root), filter)

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
        spool = Spool(self._kit.scratch)
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

    def _explain(self, name: str) -> None:
        """Ask the same of one record, outside of a bulk operation: there Shopify says which field it is.

        Raises AuthError.
        """
        self._api.run(windows.one_of(self._text(name)), {})
        raise AuthError(
            f"Shopify denied the app of `{self._kit.name}` a part of what {name} hold: `segsync check "
            f"{self._kit.name}` says which scopes it has"
        )

    def _halves(self, wanted: Wanted) -> tuple[Window, Window] | None:
        """Split between the oldest record there is and now."""
        now = self._kit.clock.now()
        found = self._api.query(f"probe_{wanted.root}").at(_FIELDS[wanted.root], "nodes")
        oldest = min((windows.parsed(at) for one in found for name, at in one.items() if name != "id"), default=now)
        return wanted.window.halves(SEARCHES[wanted.root], oldest, now)

    # --- the whole shop ----------------------------------------------------------------------------------------------

    def _ids(self) -> Iterator[Sequence[str]]:
        _, spool = self._result(_IDS, lambda: text(_IDS), {}, _Forgotten())
        with spool:
            yield from spool.ids(50_000)

    def _see_domain(self) -> None:
        """Once before anything is read. Raises ConfigError where the address leads to another shop."""
        if self._domain_seen:
            return
        see_domain(self._api.query("shop").at("shop", "myshopifyDomain"), self._options, self._kit.name)
        self._domain_seen = True


class _Forgotten:
    """A memory of jobs that ends with the read: a list of ids is always made anew."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def get(self, name: str) -> tuple[str, Mapping[str, Any]] | None:
        return self._kept.get(name)

    def put(self, name: str, id: str, detail: Mapping[str, Any] | None = None) -> None:
        self._kept[name] = (id, detail or {})

    def drop(self, name: str) -> None:
        self._kept.pop(name, None)


def _ended_badly(what: str, operation: Operation, times: int) -> str:
    reason = f"as {operation.status}" + (f" ({operation.error})" if operation.error else "")
    if operation.status == "COMPLETED":
        reason = "with a result that its link no longer leads to"
    return (
        f"Shopify ended the bulk operation for {what} {reason}; it was asked for {times} times. Nothing of it was "
        "landed; the next pull asks again"
    )


def _text(since: Cursor | None) -> str:
    return "" if since is None else since.value
