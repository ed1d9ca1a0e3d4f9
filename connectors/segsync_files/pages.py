"""From rows to pages: frames of at most so many root records, orders whole, the cursor on the last page alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from segsync.model import Cursor, Flaw, Page
from segsync.streams import PLACE, ROOTS, STREAMS
from segsync_files import customers as of_customers
from segsync_files import orders as of_orders
from segsync_files.finding import File, Header, body, flaw
from segsync_files.lines import Row
from segsync_files.plain import Mapped, records
from segsync_files.shopify import Kind
from segsync_files.spool import Spool

PAGE: Mapping[str, int] = {"customers": 20_000, "orders": 5_000, "checkouts": 20_000, "events": 20_000}
_PARENT: Mapping[str, str] = {"orders": "order_id", "customers": "customer_id"}
_MOST_FLAWS = 10_000  # on one page

Columns = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Export:
    """A file of the Shopify admin, told by its header."""

    file: File
    kind: Kind
    head: Header


def closed(pages: Iterator[Page], notes: Sequence[Flaw], unmoved: Callable[[], None], after: Cursor) -> Iterator[Page]:
    """The pages, `notes` on the first, and the cursor on the last once `unmoved` has not raised."""
    held = Page({}, flaws=notes)
    for page in pages:
        if held.frames or len(held.flaws) + len(page.flaws) > _MOST_FLAWS:
            yield held
            held = page
        else:
            held = replace(page, flaws=(*held.flaws, *page.flaws))
    unmoved()
    yield replace(held, cursor=after)


def frame(stream: str, columns: Columns) -> pd.DataFrame:
    """The columns as a frame of plain values, missing as None. Of records that share a key the last is kept."""
    made = pd.DataFrame(columns, dtype=object)
    key = list(STREAMS[stream].key)
    again = made.duplicated(key, keep="last")
    return made[~again].reset_index(drop=True) if again.any() else made


# --- exports -------------------------------------------------------------------------------------------------------


def exported(export: Export) -> Iterator[Page]:
    """The pages of one Shopify export."""
    return _customers(export) if export.kind == "customers" else _orders(export)


def exported_ids(export: Export) -> Iterator[Sequence[str]]:
    """The customer ids of a customers export, those of spoilt rows too."""
    rows = body(export.file, export.head)
    width = len(export.head.names)
    while block := list(islice(rows, PAGE["customers"])):
        cells = [[*row.cells[:width], *[""] * (width - len(row.cells))] for row in block]
        yield [id_ for id_ in of_customers.customer_ids(cells, export.head.at) if id_]


def _customers(export: Export) -> Iterator[Page]:
    at, rows = export.head.at, body(export.file, export.head)
    while block := list(islice(rows, PAGE["customers"])):
        flaws = [flaw(export.file, row) for row in block if row.trouble]
        good = [row for row in block if not row.trouble]
        ids = of_customers.customer_ids([row.cells for row in good], at)
        for row, id_ in zip(good, ids, strict=True):
            if id_ is None:
                flaws.append(Flaw(f"{export.file.label}:{row.line}", "Customer ID", of_customers.NO_ID))
        known = [row for row, id_ in zip(good, ids, strict=True) if id_ is not None]
        cells, places = [row.cells for row in known], _places(export, known)
        people = frame("customers", of_customers.customers(cells, at) | {PLACE: places})
        homes = frame("addresses", of_customers.addresses(cells, at) | {PLACE: places})
        somewhere = homes[["country", "city", "postal_code"]].notna().any(axis=1)
        yield Page({"customers": people, "addresses": homes[somewhere].reset_index(drop=True)}, flaws=flaws)


def _orders(export: Export) -> Iterator[Page]:
    listed: list[of_orders.Listed] = []
    flaws: list[Flaw] = []
    for one in of_orders.gather(body(export.file, export.head), export.head.at):
        if isinstance(one, Row):
            flaws.append(flaw(export.file, one))
        else:
            listed.append(one)
        if len(listed) >= PAGE["orders"] or len(flaws) >= _MOST_FLAWS:
            yield _orders_page(export, listed, flaws)
            listed, flaws = [], []
    if listed or flaws:
        yield _orders_page(export, listed, flaws)


def _orders_page(export: Export, listed: Sequence[of_orders.Listed], flaws: Sequence[Flaw]) -> Page:
    """One page; of an order that is listed twice on it, the later listing alone."""
    at = export.head.at
    latest = {of_orders.order_id(one.first.cells, at): one for one in listed}
    whole = list(latest.values())
    lines = [line for one in whole for line in one.lines]
    refunds = of_orders.refunds(whole, at)
    rows = {id_: one.first for id_, one in latest.items()}
    frames = {
        "orders": of_orders.orders(whole, at) | {PLACE: _places(export, [one.first for one in whole])},
        "order_lines": of_orders.order_lines(whole, at) | {PLACE: _places(export, lines)},
        "refunds": refunds | {PLACE: _places(export, [rows[id_] for id_ in refunds["order_id"]])},
    }
    return Page({stream: frame(stream, columns) for stream, columns in frames.items()}, flaws=flaws)


def _places(export: Export, rows: Sequence[Row]) -> list[str]:
    return [f"{export.file.label}:{row.line}" for row in rows]


# --- plain files ---------------------------------------------------------------------------------------------------


def mapped_pages(root: str, group: Mapping[str, tuple[Mapped, Sequence[File]]], scratch: Path | None) -> Iterator[Page]:
    """The pages of a root's plain files: its records with what belongs to them; what lacks its parent is a flaw."""
    nested = [stream for stream in ROOTS[root] if stream != root and stream in group]
    if not nested:
        yield from _alone(root, group)
        return
    with Spool(_PARENT[root], scratch) as spool:
        for stream in nested:
            yield from _laid(spool, stream, *group[stream])
        spool.seal()
        for page in _alone(root, group):
            parents = page.frames[root][_PARENT[root]]
            yield replace(page, frames={**page.frames, **_frames(spool.take(list(parents)))})
        for place in spool.rest():
            yield Page({}, flaws=[Flaw(place, _PARENT[root], f"none of the {root} has it: the row is left out")])


def _alone(root: str, group: Mapping[str, tuple[Mapped, Sequence[File]]]) -> Iterator[Page]:
    if root in group:
        mapped, files = group[root]
        for file in files:
            for found in records(mapped, file, PAGE[root]):
                yield Page({root: frame(root, found.columns)}, flaws=found.flaws)


def _laid(spool: Spool, stream: str, mapped: Mapped, files: Sequence[File]) -> Iterator[Page]:
    for file in files:
        for found in records(mapped, file, PAGE["customers"]):
            spool.lay(stream, found)
            if found.flaws:
                yield Page({}, flaws=found.flaws)


def _frames(streams: Mapping[str, Columns]) -> dict[str, pd.DataFrame]:
    return {stream: frame(stream, columns) for stream, columns in streams.items()}
