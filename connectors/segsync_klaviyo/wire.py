"""Klaviyo's JSON:API, as pure functions between its documents and segsync's values. Nothing here sends anything."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from segsync.model import AudienceRef, Identifiers, Listed, Present
from segsync.redact import mask_text
from segsync_klaviyo.rows import Row

MAX_ROWS: Final = 10_000
MAX_BYTES: Final = 5_000_000  # of a bulk import's body; Klaviyo says 5 MB and not which kind
MAX_QUERY: Final = 6_000  # characters of one encoded filter
_ROW = re.compile(r"/data/attributes/profiles/data/(\d+)(/.*)?")

# --- out -----------------------------------------------------------------------------------------------------


def encoded(document: Any) -> bytes:
    """JSON as compact UTF-8: what is measured is what is sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def new_list(name: str) -> dict[str, Any]:
    """Single opt-in, said outright: with the account's default people would join only after confirming."""
    return {"data": {"type": "list", "attributes": {"name": name, "opt_in_process": "single_opt_in"}}}


def renamed_list(id: str, name: str) -> dict[str, Any]:
    """The name alone: how people join stays as it is."""
    return {"data": {"type": "list", "id": id, "attributes": {"name": name}}}


def profile(row: Row) -> dict[str, Any]:
    """A profile by its identifiers and nothing else: consent, names and properties stay as they are."""
    given = {"email": row.email, "phone_number": row.phone}
    return {"type": "profile", "attributes": {name: value for name, value in given.items() if value is not None}}


def single_import(row: Row) -> dict[str, Any]:
    return {"data": profile(row)}


def profile_ids(ids: Iterable[str]) -> dict[str, Any]:
    """The body of adding to and of removing from a list."""
    return {"data": [{"type": "profile", "id": id} for id in ids]}


def deletion(kind: str, value: str) -> dict[str, Any]:
    """Delete whoever has this `id`, `email` or `phone_number`: Klaviyo takes one identifier a request."""
    named = {"id": value, "attributes": {}} if kind == "id" else {"attributes": {kind: value}}
    attributes = {"profile": {"data": {"type": "profile", **named}}}
    return {"data": {"type": "data-privacy-deletion-job", "attributes": attributes}}


def bulk_imports(rows: Sequence[Row], list_id: str) -> Iterator[tuple[Sequence[Row], bytes]]:
    """Bodies of bulk imports for these rows in their order, each within MAX_ROWS and MAX_BYTES, with its rows."""
    shell = encoded(_bulk_import([], list_id))
    head, tail = shell.split(b"[]", 1)
    parts: list[bytes] = []
    first, size = 0, len(shell)
    for place, row in enumerate(rows):
        part = encoded(profile(row))
        if parts and (len(parts) == MAX_ROWS or size + len(part) + 1 > MAX_BYTES):
            yield rows[first:place], _joined(head, parts, tail)
            parts, first, size = [], place, len(shell)
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield rows[first:], _joined(head, parts, tail)


def _joined(head: bytes, parts: Sequence[bytes], tail: bytes) -> bytes:
    return head + b"[" + b",".join(parts) + b"]" + tail


def _bulk_import(profiles: Sequence[Mapping[str, Any]], list_id: str) -> dict[str, Any]:
    """`relationships` stands beside `attributes`: inside it would be ignored, and nobody would join the list."""
    return {
        "data": {
            "type": "profile-bulk-import-job",
            "attributes": {"profiles": {"data": list(profiles)}},
            "relationships": {"lists": {"data": [{"type": "list", "id": list_id}]}},
        }
    }


def query(**parameters: str | int) -> str:
    """A query string, percent-encoded throughout (a `+` sent as it is would be read as a space).

    `page_size` is `page[size]`, `fields_profile` is `fields[profile]`.
    """
    names = {name: name.replace("_", "[", 1) + "]" if "_" in name else name for name in parameters}
    return "&".join(f"{quote(names[name], safe='')}={quote(str(value), safe='')}" for name, value in parameters.items())


def segment(text: str) -> str:
    """One segment of a path; an id from a config may hold anything."""
    return quote(text, safe="")


def equals(name: str, value: str) -> str:
    return f"equals({name},{_quoted(value)})"


def lookups(name: str, values: Iterable[str], *, most: int) -> Iterator[tuple[list[str], str]]:
    """Filters `any(name,[…])` over all values, each for at most so many and within MAX_QUERY, with their values."""
    part: list[str] = []
    size = 0
    for value in values:
        length = len(quote(_quoted(value) + ",", safe=""))
        if part and (len(part) == most or size + length > MAX_QUERY - 100):
            yield part, _any(name, part)
            part, size = [], 0
        part.append(value)
        size += length
    if part:
        yield part, _any(name, part)


def _any(name: str, values: Sequence[str]) -> str:
    return f"any({name},[{','.join(map(_quoted, values))}])"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


# --- in ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error object: Klaviyo's words, and where it points in the body that was sent."""

    code: str
    words: str
    pointer: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row(self) -> int | None:
        """The index of the row of a bulk import that it points at."""
        match = _ROW.match(self.pointer)
        return int(match.group(1)) if match else None

    @property
    def about_phone(self) -> bool:
        return self.pointer.endswith("/phone_number")

    @property
    def about_email(self) -> bool:
        return self.pointer.endswith("/email")

    @property
    def about_list(self) -> bool:
        return "/relationships/lists" in self.pointer

    @property
    def is_conflict(self) -> bool:
        """E-mail and phone belong to two profiles."""
        return self.code.startswith("duplicate")


def complaints(document: Mapping[str, Any]) -> list[Complaint]:
    """The errors of an answer; people in Klaviyo's words are masked."""
    return [_complaint(error) for error in _list(document.get("errors")) if isinstance(error, Mapping)]


def import_errors(document: Mapping[str, Any]) -> list[Complaint]:
    """The errors of a page of import-errors, each with the identifiers of the row that failed."""
    found = []
    for resource in _list(document.get("data")):
        attributes = _dict(_dict(resource).get("attributes"))
        found.append(_complaint(attributes, payload=_dict(attributes.get("original_payload"))))
    return found


def failed_identifiers(complaint: Complaint) -> tuple[str | None, str | None]:
    """E-mail (folded) and phone of the row that an import error is about.

    Klaviyo does not document whether the payload is the profile or its attributes; both are read.
    """
    payload = _dict(complaint.payload.get("data")) or complaint.payload
    attributes = _dict(payload.get("attributes")) or payload
    email, phone = attributes.get("email"), attributes.get("phone_number")
    return (folded(email) if isinstance(email, str) else None), (phone if isinstance(phone, str) else None)


def _complaint(error: Mapping[str, Any], *, payload: Mapping[str, Any] | None = None) -> Complaint:
    title, detail = str(error.get("title") or ""), str(error.get("detail") or "")
    words = detail if title.rstrip(".") in detail else f"{title} {detail}".strip()
    pointer = _dict(error.get("source")).get("pointer")
    return Complaint(
        str(error.get("code") or ""), mask_text(words) or "no reason given", str(pointer or ""), payload or {}
    )


def audience(resource: Mapping[str, Any]) -> AudienceRef:
    """A list. Raises KeyError for what is none."""
    return AudienceRef(str(resource["id"]), str(_dict(resource.get("attributes")).get("name") or ""))


def listed(document: Mapping[str, Any]) -> list[Listed]:
    """The lists of a page that was asked for with its flows: live where a live flow is set off by joining."""
    live = {str(flow.get("id")) for flow in _list(document.get("included")) if live_flows([flow])}
    return [_listed(resource, live) for resource in _list(document.get("data"))]


def _listed(resource: Mapping[str, Any], live: Container[str]) -> Listed:
    found = audience(resource)
    flows = _dict(_dict(resource.get("relationships")).get("flow-triggers")).get("data")
    known = isinstance(flows, list)
    return Listed(found.id, found.name, any(str(_dict(f).get("id")) in live for f in _list(flows)) if known else None)


def present(resource: Mapping[str, Any]) -> Present:
    """A profile, by its id, e-mail and phone. Raises KeyError for what is none."""
    attributes = _dict(resource.get("attributes"))
    email, phone = attributes.get("email"), attributes.get("phone_number")
    identifiers = Identifiers(emails=(folded(email),) if email else (), phones=(str(phone),) if phone else ())
    return Present(str(resource["id"]), identifiers)


@dataclass(frozen=True, slots=True)
class JobState:
    """A bulk import as Klaviyo reports it."""

    id: str
    status: str
    total: int
    completed: int | None
    failed: int

    @property
    def ended(self) -> bool:
        return self.status in ("complete", "cancelled")

    @property
    def adds_up(self) -> bool:
        """Do its counts say that every row was dealt with? Klaviyo may leave `completed_count` out."""
        return self.completed is None or self.completed + self.failed >= self.total


def job(resource: Mapping[str, Any]) -> JobState:
    """Raises KeyError for what is no job."""
    attributes = resource["attributes"]
    completed = attributes.get("completed_count")
    return JobState(
        id=str(resource["id"]),
        status=str(attributes["status"]),
        total=int(attributes.get("total_count") or 0),
        completed=None if completed is None else int(completed),
        failed=int(attributes.get("failed_count") or 0),
    )


def live_flows(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of the flows that would set off messages now."""
    found = []
    for resource in resources:
        attributes = _dict(resource.get("attributes"))
        if attributes.get("status") == "live" and not attributes.get("archived"):
            found.append(str(attributes.get("name") or resource.get("id")))
    return found


def next_link(document: Mapping[str, Any]) -> str | None:
    link = _dict(document.get("links")).get("next")
    return link if isinstance(link, str) and link else None


def folded(email: str) -> str:
    """Klaviyo compares e-mails without regard to case."""
    return email.strip().lower()


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []
