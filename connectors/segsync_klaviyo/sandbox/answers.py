"""JSON:API as Klaviyo writes it: error objects, resources, collections with opaque cursors, sparse fields."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

CONTENT_TYPE = "application/vnd.api+json"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error object of an answer."""

    code: str
    title: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """The request is answered with these errors, and nothing was changed."""

    def __init__(self, status: int, *complaints: Complaint, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {complaints[0].detail}")
        self.status = status
        self.complaints = complaints
        self.headers = dict(headers or {})


def invalid(detail: str, *, pointer: str | None = None, parameter: str | None = None, code: str = "invalid") -> Refused:
    """A 400 with one error."""
    return Refused(400, Complaint(code, "Invalid input.", detail, pointer, parameter))


def not_found(what: str, id: str) -> Refused:
    return Refused(404, Complaint("not_found", "Not found.", f"A {what} with id {id} does not exist."))


def refusal(refused: Refused) -> Response:
    """The answer that carries a Refused."""
    errors = [_error(refused.status, complaint) for complaint in refused.complaints]
    return answer({"errors": errors}, status=refused.status, headers=refused.headers)


def _error(status: int, complaint: Complaint) -> dict[str, Any]:
    source = {"pointer": complaint.pointer, "parameter": complaint.parameter}
    source = {name: value for name, value in source.items() if value is not None} or {"pointer": "/data"}
    return {
        "id": str(uuid.uuid4()),
        "status": status,
        "code": complaint.code,
        "title": complaint.title,
        "detail": complaint.detail,
        "source": source,
        "links": {},
        "meta": dict(complaint.meta),
    }


def answer(document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A document, or with None an empty body, in Klaviyo's content type."""
    body = "" if document is None else json.dumps(document)
    return Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def single(request: Request, resource: Mapping[str, Any]) -> dict[str, Any]:
    """A document of one resource."""
    return {"data": resource, "links": {"self": request.base_url}}


def collection(
    request: Request,
    items: Sequence[T],
    show: Callable[[T], Mapping[str, Any]],
    *,
    default: int,
    most: int,
) -> dict[str, Any]:
    """One page of `items`, with links to its neighbours. Raises Refused for a bad page size or cursor."""
    size = _page_size(request, default, most)
    start = _start(request)
    end = start + size
    links: dict[str, Any] = {"self": request.url, "next": None, "prev": None}
    if end < len(items):
        links["next"] = _link(request, end)
    if start > 0:
        links["prev"] = _link(request, max(0, start - size))
    return {"data": [show(item) for item in items[start:end]], "links": links}


def _page_size(request: Request, default: int, most: int) -> int:
    text = request.args.get("page[size]", str(default))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid(f"Page size must be an integer between 1 and {most}.", parameter="page[size]")
    return int(text)


def _start(request: Request) -> int:
    cursor = request.args.get("page[cursor]")
    if cursor is None:
        return 0
    try:
        # Klaviyo's own Python SDK cuts cursors out of links with the `=` before them.
        kind, _, text = base64.urlsafe_b64decode(cursor.lstrip("=").encode()).decode().partition("::")
        if kind != "next":
            raise ValueError(kind)
        return int(text)
    except (ValueError, binascii.Error) as error:
        raise invalid("Invalid page cursor.", parameter="page[cursor]") from error


def _link(request: Request, start: int) -> str:
    cursor = base64.urlsafe_b64encode(f"next::{start}".encode()).decode()
    others = [(name, value) for name, value in request.args.items(multi=True) if name != "page[cursor]"]
    return f"{request.base_url}?{urlencode([*others, ('page[cursor]', cursor)])}"


_PROFILE = (
    "email",
    "phone_number",
    "external_id",
    "first_name",
    "last_name",
    "organization",
    "locale",
    "title",
    "image",
)
_TIMES = ("created_at", "started_at", "completed_at", "expires_at")
FIELDS: Mapping[str, frozenset[str]] = {
    "profile": frozenset(
        ["id", *_PROFILE, "created", "updated", "last_event_date", "location", "properties", "joined_group_at"]
    ),
    "list": frozenset(["id", "name", "created", "updated", "opt_in_process", "profile_count"]),
    "flow": frozenset(["id", "name", "status", "archived", "created", "updated", "trigger_type"]),
    "import-error": frozenset(["id", "code", "title", "detail", "source", "original_payload"]),
    "profile-bulk-import-job": frozenset(["id", "status", "total_count", "completed_count", "failed_count", *_TIMES]),
}


def sparse(request: Request, kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that `fields[kind]` asks for, else all of them."""
    wanted = request.args.get(f"fields[{kind}]")
    names = wanted.split(",") if wanted is not None else list(attributes)
    return {name: value for name, value in attributes.items() if name in names}


def only_parameters(request: Request, *allowed: str) -> None:
    """Raises Refused where the query holds a parameter, or asks for a field, that the endpoint does not know."""
    for name, value in request.args.items():
        if name not in allowed:
            raise invalid(f"'{name}' is not a valid query parameter of this endpoint.", parameter=name)
        if name.startswith("fields["):
            kind = name[len("fields[") : -1]
            unknown = {field.partition(".")[0] for field in value.split(",")} - FIELDS[kind]
            if unknown:
                raise invalid(f"'{min(unknown)}' is not a valid field of a {kind}.", parameter=name)
