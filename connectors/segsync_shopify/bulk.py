"""Bulk operations: asked for once, found again after a restart, waited for, and nobody else's ever touched.

Source: Shopify's guide on bulk operations, API 2026-07 (five query operations an app and shop run at a time), and
recorded answers. `currentBulkOperation` and `partialDataUrl` are never used: the one may show somebody else's
operation, the other a part that looks like a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from segsync.clock import Clock
from segsync.errors import ConnectorBug, Unavailable
from segsync.http import NotTaken, Session
from segsync.model import Jobs
from segsync.redact import mask_text
from segsync_shopify.api import Api
from segsync_shopify.windows import parsed

ENDED: Final = frozenset({"COMPLETED", "FAILED", "CANCELED", "EXPIRED"})
BUSY: Final = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
LONGEST_NAP: Final = 60.0  # seconds between two questions


@dataclass(frozen=True, slots=True)
class Operation:
    """A bulk operation as Shopify reports it."""

    id: str
    status: str
    error: str | None
    began: datetime
    objects: int  # lines of the result, children among them
    roots: int
    url: str | None  # None where nothing was found

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class Bulk:
    """The bulk operations of one shop that we started."""

    def __init__(self, api: Api, session: Session, clock: Clock, *, max_wait: timedelta) -> None:
        self._api = api
        self._session = session
        self._clock = clock
        self._max_wait = max_wait.total_seconds()

    def ended(self, name: str, query: Callable[[], str], detail: Mapping[str, Any], jobs: Jobs) -> Operation:
        """The operation of this query, once it has ended, well or not; started unless `jobs` knows it under `name`.

        Raises Unavailable where it takes longer than a pull should wait: it is then gone on with next time.
        """
        naps = self._naps(name)
        operation_id = self._known(name, jobs) or self._started(name, query, detail, jobs, naps)
        while True:
            operation = self._asked(operation_id)
            if operation is None:
                jobs.drop(name)
                raise Unavailable("Shopify knows nothing of the bulk operation that it began; the next pull asks anew")
            if operation.ended:
                return operation
            self._session.pause(next(naps))

    def again(self, operation_id: str) -> Operation | None:
        """The operation as it is now, with a link that was signed just now."""
        return self._asked(operation_id)

    def _known(self, name: str, jobs: Jobs) -> str | None:
        """The id of the operation that was begun under this name; also where nobody heard the answer."""
        job = jobs.get(name)
        return None if job is None else job[0] or self._found(job[1]["query"])

    def _found(self, query: str) -> str | None:
        """The operation of this query, of which there is one at most: it is signed (see `_signed`)."""
        nodes = self._api.query("recent").at("bulkOperations", "nodes")
        return next((str(node["id"]) for node in nodes if node["query"] == query), None)

    def _signed(self, query: str) -> str:
        """The query with a comment that no other has, so that an operation is known to be ours, and which one."""
        return f"# segsync {self._clock.now().isoformat()} {int(self._clock.random() * 2**48):012x}\n{query}"

    def _started(
        self, name: str, wanted: Callable[[], str], detail: Mapping[str, Any], jobs: Jobs, naps: Iterator[float]
    ) -> str:
        query = self._signed(wanted())
        noted = {**detail, "query": query}
        jobs.put(name, "", noted)
        while (operation_id := self._run(query)) is None:
            try:
                self._session.pause(next(naps))
            except Unavailable:
                jobs.drop(name)
                raise Unavailable(
                    f"all bulk operations that the app may run at a time in this shop are taken, for {name} none was "
                    "begun. They were left alone; the next pull tries again"
                ) from None
        jobs.put(name, operation_id, noted)
        return operation_id

    def _run(self, query: str) -> str | None:
        """Start it; its id, or None where all slots are taken. Raises ConnectorBug for a query that is refused."""
        try:
            payload = self._api.query("run", repeatable=False, query=query).at("bulkOperationRunQuery")
        except NotTaken:
            raise
        except Unavailable:  # it may have begun: look before anybody asks for a second one
            found = self._found(query)
            if found is None:
                raise
            return found
        errors = payload["userErrors"]
        if any(error.get("code") in BUSY for error in errors):
            return None
        if errors or not payload["bulkOperation"]:
            words = mask_text("; ".join(str(error.get("message")) for error in errors)) or "no reason given"
            raise ConnectorBug(f"shopify: a bulk query was refused: {words}")
        return str(payload["bulkOperation"]["id"])

    def _asked(self, operation_id: str) -> Operation | None:
        node = self._api.query("poll", id=operation_id).data.get("bulkOperation")
        return None if node is None else _operation(node)

    def _naps(self, name: str) -> Iterator[float]:
        """Seconds to wait before each question: 2, 4, 8 … 60, as long as a pull may wait. Raises Unavailable then."""
        left, nap = self._max_wait, 2.0
        while left > 0:
            yield min(nap, left)
            left -= nap
            nap = min(2 * nap, LONGEST_NAP)
        raise Unavailable(
            f"Shopify is not through with the bulk operation for {name} after {self._max_wait / 60:,.0f} minutes. "
            "Nothing is lost: the next pull goes on with it"
        )


def _operation(node: Mapping[str, Any]) -> Operation:
    return Operation(
        id=str(node["id"]),
        status=str(node["status"]),
        error=node.get("errorCode"),
        began=parsed(node["createdAt"]),
        objects=int(node["objectCount"]),
        roots=int(node["rootObjectCount"]),
        url=node.get("url"),
    )
