"""Shopify's stand-in over HTTP, spoken to by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from segsync.sandbox import serve
from segsync.testing import FakeTime
from segsync_shopify.sandbox import Account, ShopifySandbox, seed

TOKEN = "shpat_test_1234"
RUN = """mutation Run($q: String!, $grouped: Boolean! = false) {
  bulkOperationRunQuery(query: $q, groupObjects: $grouped) {
    bulkOperation { id status createdAt } userErrors { field message code }
  }
}"""
POLL = """query Poll($id: ID!) { bulkOperation(id: $id) {
  id status errorCode createdAt completedAt objectCount rootObjectCount fileSize url partialDataUrl type query
} }"""
CANCEL = """mutation Cancel($id: ID!) {
  bulkOperationCancel(id: $id) { bulkOperation { id status } userErrors { field message } }
}"""


@dataclass
class StandIn:
    """One stand-in being served."""

    sandbox: ShopifySandbox
    time: FakeTime
    url: str
    headers: dict[str, str] = field(default_factory=lambda: {"X-Shopify-Access-Token": TOKEN})

    @property
    def account(self) -> Account:
        return self.sandbox.account

    def seed(self, deed: str, **given: Any) -> Any:
        return getattr(seed, deed)(self.account, **given)

    def post(
        self, body: Any, *, version: str = "2026-07", headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        url = f"{self.url}/admin/api/{version}/graphql.json"
        return requests.post(url, json=body, headers=self.headers if headers is None else headers, timeout=10)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to a query."""
        answer = self.post({"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        told: dict[str, Any] = answer["data"]
        return told

    def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """The first error of an answer."""
        told: dict[str, Any] = self.ask(query, **variables)["errors"][0]
        return told

    def ids(self, root: str, query: str | None = None, **args: Any) -> list[str]:
        """The last part of the ids that a search finds, at most 100."""
        given = "".join(f", {name}: {value}" for name, value in args.items())
        found = self.data(f"query($q: String) {{ {root}(first: 100, query: $q{given}) {{ nodes {{ id }} }} }}", q=query)
        return [one["id"].rpartition("/")[2] for one in found[root]["nodes"]]

    # --- bulk --------------------------------------------------------------------------------------------------------

    def run(self, query: str, **variables: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.data(RUN, q=query, **variables)["bulkOperationRunQuery"]
        return told

    def start(self, query: str, **variables: Any) -> str:
        told = self.run(query, **variables)
        assert told["userErrors"] == []
        return str(told["bulkOperation"]["id"])

    def poll(self, id: str) -> dict[str, Any]:
        told: dict[str, Any] = self.data(POLL, id=id)["bulkOperation"]
        return told

    def finished(self, query: str, **variables: Any) -> dict[str, Any]:
        """An operation once it is through."""
        id = self.start(query, **variables)
        self.time.advance(60)
        return self.poll(id)

    def lines(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """What a bulk operation gathers."""
        return read(self.finished(query, **variables)["url"])


def read(url: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in requests.get(url, timeout=10).content.decode().splitlines()]


@contextmanager
def served(**given: Any) -> Iterator[StandIn]:
    """A fresh stand-in, listening."""
    time = FakeTime()
    sandbox = ShopifySandbox(time.clock, **given)
    with serve({"shopify": sandbox}, clock=time.clock) as server:
        yield StandIn(sandbox, time, f"{server.url}/shopify")
