"""What Shopify answers instead of data, as exceptions and as the error objects that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import FieldNode, get_location

NOT_ADMITTED = "[API] Invalid API key or access token (unrecognized login or wrong password)"
SCOPES_PAGE = "https://shopify.dev/api/usage/access-scopes"


class Complaint(Exception):
    """An entry of `errors` in an answer of status 200; `extra` joins its `extensions`."""

    def __init__(self, message: str, code: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.extensions: dict[str, Any] = {**({"code": code} if code else {}), **extra}

    def shown(self, node: FieldNode | None = None, path: Sequence[str | int] = ()) -> dict[str, Any]:
        """The error object, with where in the query it arose."""
        out: dict[str, Any] = {"message": self.message}
        if node is not None:
            out["locations"] = [place(node)]
        if self.extensions:
            out["extensions"] = dict(self.extensions)
        if path:
            out["path"] = list(path)
        return out


class Unreadable(Exception):
    """The whole query is answered with these errors, and without data."""

    def __init__(self, *errors: Mapping[str, Any]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = list(errors)


def place(node: Any) -> dict[str, int]:
    """Line and column of a part of a query."""
    found = get_location(node.loc.source, node.loc.start)
    return {"line": found.line, "column": found.column}


def denied(field: str, scope: str) -> Complaint:
    """A scope is missing."""
    required = f"`{scope}` access scope."
    return Complaint(
        f"Access denied for {field} field. Required access: {required}",
        "ACCESS_DENIED",
        documentation=SCOPES_PAGE,
        requiredAccess=required,
    )


def internal(request_id: str) -> Complaint:
    return Complaint(
        "Internal error. Looks like something went wrong on our end.\n"
        f"Request ID: {request_id} (include this in support requests).",
        "INTERNAL_SERVER_ERROR",
        requestId=request_id,
    )
