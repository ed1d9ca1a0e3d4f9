"""Calling Shopify's GraphQL Admin API: one endpoint, the token renewed where it can be, data only without errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from segsync.contract import Kit
from segsync.errors import Unavailable
from segsync.spec import Limit
from segsync_shopify import answers
from segsync_shopify.auth import Credential
from segsync_shopify.options import Options

VERSION: Final = "2026-07"
# Our queries cost 20 points at most, and the smallest plan restores 100 a second; bulk operations cost none.
CALLS: Final = Limit("GraphQL Admin API", 5, 300)


@cache
def text(name: str) -> str:
    """A query of the folder queries/."""
    return files("segsync_shopify").joinpath("queries", f"{name}.graphql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Answer:
    """The data of a query that was answered without an error; `ignored` are parts of a filter that were left out."""

    data: Mapping[str, Any]
    ignored: list[str]
    version: str  # the API version that answered

    def at(self, *path: str) -> Any:
        """What stands at a path that cannot be null. Raises Unavailable where it is not there."""
        found: Any = self.data
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            raise Unavailable(f"Shopify's answer lacks `{'.'.join(path)}`")
        return found


class Api:
    """One shop's Admin API."""

    def __init__(self, kit: Kit, options: Options, credential: Credential) -> None:
        self._session = kit.session
        self._name = kit.name
        self._domain = options.domain
        self._url = f"{options.url}/admin/api/{VERSION}/graphql.json"
        self._credential = credential

    def query(self, name: str, *, repeatable: bool = True, **variables: Any) -> Answer:
        """Run a query of the folder queries/. Raises as `run` does."""
        return self.run(text(name), variables, repeatable=repeatable)

    def run(self, query: str, variables: Mapping[str, Any], *, repeatable: bool = True) -> Answer:
        """Run a query.

        Raises AuthError, ConfigError or Unavailable for what answers.py tells apart, ConnectorBug for a query that
        Shopify does not understand. `repeatable` is as for `Session.request`.
        """
        response = self._send(query, variables, repeatable)
        if response.status_code == 401 and self._credential.renew():
            response = self._send(query, variables, repeatable)
        if response.status_code != 200:
            raise answers.refused(response, self._name, self._domain)
        document = answers.read(response)
        error = answers.complained(document, self._name)
        if error is not None:
            raise error
        version = response.headers.get("X-Shopify-API-Version", VERSION)
        return Answer(document.get("data") or {}, answers.ignored(document), version)

    def _send(self, query: str, variables: Mapping[str, Any], repeatable: bool) -> Any:
        return self._session.request(
            "POST",
            self._url,
            limits=(CALLS,),
            repeatable=repeatable,
            verify=answers.passing,
            headers={"X-Shopify-Access-Token": self._credential.token().get_secret_value()},
            json={"query": query, "variables": dict(variables)},
        )
