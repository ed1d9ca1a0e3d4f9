"""Connections, a page at a time, with opaque cursors that stay good when records before them vanish."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segsync_shopify.sandbox.complaints import Complaint
from segsync_shopify.sandbox.values import Doc, number_of

MOST = 250  # a page


@dataclass(frozen=True, slots=True)
class Listing:
    """What a connection lists: records in their order, which `value` and then the id give (falling where `falling`);
    without `value` the order is nobody's business."""

    items: Sequence[Doc]
    value: Callable[[Doc], Any] | None = None
    falling: bool = False

    def place(self, doc: Doc) -> tuple[Any, int | str]:
        """What the record is ordered by."""
        return (self.value(doc) if self.value else ""), sortable_id(doc)


def sortable_id(doc: Doc) -> int | str:
    """Ids sort as numbers."""
    number = number_of(str(doc.get("id", "")))
    return int(number) if number.isdigit() else number


def size_of(args: Mapping[str, Any]) -> int:
    """How many nodes a connection was asked for. Raises Complaint where it was not said."""
    first, last = args.get("first"), args.get("last")
    if first is None and last is None:
        raise Complaint("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise Complaint("providing both first and last is not supported", "BAD_REQUEST")
    size = int(first if first is not None else last)  # type: ignore[arg-type]  # one of them is there
    if not 0 <= size <= MOST:
        raise Complaint(f"a page has between 0 and {MOST} records, not {size}", "BAD_REQUEST")
    return size


def page(listing: Listing, args: Mapping[str, Any]) -> Doc:
    """The connection's fields: `edges`, `nodes` and `pageInfo`. Raises Complaint."""
    size = size_of(args)
    items = list(reversed(listing.items)) if args.get("reverse") and listing.value is None else listing.items
    start = _after(items, listing, args["after"]) if args.get("after") else 0
    end = _before(items, listing, args["before"]) if args.get("before") else len(items)
    if args.get("last") is not None:
        start = max(start, end - size)
    else:
        end = min(end, start + size)
    shown = items[start:end]
    edges = [{"cursor": _cursor(listing, doc), "node": doc} for doc in shown]
    info = {
        "hasNextPage": end < len(items),
        "hasPreviousPage": start > 0,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return {"edges": edges, "nodes": list(shown), "pageInfo": info}


def _cursor(listing: Listing, doc: Doc) -> str:
    value, id = listing.place(doc)
    return base64.urlsafe_b64encode(json.dumps({"last_id": id, "last_value": value}).encode()).decode()


def _decoded(cursor: str) -> tuple[Any, Any]:
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return told["last_value"], told["last_id"]
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Complaint("Invalid cursor for current pagination sort.", "BAD_REQUEST") from None


def _after(items: Sequence[Doc], listing: Listing, cursor: str) -> int:
    """The place of the first record after a cursor, even if the record that it names is gone."""
    at = _decoded(cursor)
    for place, doc in enumerate(items):
        found = listing.place(doc)
        if found == at:
            return place + 1
        if listing.value is not None and (found < at if listing.falling else found > at):
            return place
    return len(items)


def _before(items: Sequence[Doc], listing: Listing, cursor: str) -> int:
    at = _decoded(cursor)
    return next((place for place, doc in enumerate(items) if listing.place(doc) == at), len(items))
