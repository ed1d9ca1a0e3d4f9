"""Sources that break the contract, each in one way: the suite must catch every one, for the right reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from driving import broken, collected, failures
from references import MemorySource, ShopContract

from segsync.errors import AuthError, Unavailable
from segsync.model import Cursor, Flaw, Jobs, Page


class TrailsOff(MemorySource):
    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        try:
            yield from super().read(root, since, jobs)
        except Unavailable:
            jobs.drop(root)


class ChecksNothing(MemorySource):
    def check(self) -> Sequence[str]:
        return ()


class WarnsInOneText(MemorySource):
    def check(self) -> Sequence[str]:
        return "only the last 60 days"


class RefusesToCheck(MemorySource):
    def check(self) -> Sequence[str]:
        raise AuthError("the shop refuses every credential")


class WritesOnCheck(MemorySource):
    def check(self) -> Sequence[str]:
        super().check()
        self.shop["customers"].append({"customer_id": "probe"})  # type: ignore[attr-defined]
        return ()


class WritesOnReading(MemorySource):
    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        yield from super().read(root, since, jobs)
        for row in self.shop[root]:
            row["seen"] = True  # type: ignore[index]

    def page(self, root: str, start: int) -> Page:
        page = super().page(root, start)
        return Page(
            {name: frame.drop(columns="seen", errors="ignore") for name, frame in page.frames.items()}, page.cursor
        )


class ForgetsToSayOrderLines(MemorySource):
    def streams(self) -> frozenset[str]:
        return super().streams() - {"order_lines"}


class InventsAStream(MemorySource):
    def streams(self) -> frozenset[str]:
        return super().streams() | {"products"}


class ReadsNoOrders(MemorySource):
    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        if root != "orders":
            yield from super().read(root, since, jobs)


class SkipsTheLastPage(MemorySource):
    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        yield from list(super().read(root, since, jobs))[:-1]


class CarriesCustomersWithOrders(MemorySource):
    def page(self, root: str, start: int) -> Page:
        page = super().page(root, start)
        return replace(page, frames={**page.frames, "customers": pd.DataFrame(self.shop["customers"])})


class SendsPlatformColumns(MemorySource):
    def page(self, root: str, start: int) -> Page:
        return changed(super().page(root, start), graphql_id="gid://1")


class SendsDerivedColumns(MemorySource):
    def page(self, root: str, start: int) -> Page:
        return changed(super().page(root, start), created_on="2026-05-01")


class LosesKeys(MemorySource):
    def page(self, root: str, start: int) -> Page:
        return changed(super().page(root, start), order_id=None)


class SendsLinesLater(MemorySource):
    def page(self, root: str, start: int) -> Page:
        page = super().page(root, start)
        if root == "orders":
            late = self.shop["order_lines"][-1:] if start == 0 else []
            return replace(page, frames={**page.frames, "order_lines": pd.DataFrame([*late])})
        return page


class SplitsAnOrder(MemorySource):
    """Two rows a page, whatever order they belong to."""

    def page(self, root: str, start: int) -> Page:
        page = super().page(root, start)
        if root == "orders":
            lines = self.shop["order_lines"][start // 2 : start // 2 + 1]
            order = {"order_id": "o1", "customer_id": "1"}
            return replace(page, frames={"orders": pd.DataFrame([order]), "order_lines": pd.DataFrame(lines)})
        return page


class ListsFewerIds(MemorySource):
    def ids(self) -> Iterator[Sequence[str]]:
        yield from list(super().ids())[:-1]


class ShowsPeopleInFlaws(MemorySource):
    def page(self, root: str, start: int) -> Page:
        return replace(super().page(root, start), flaws=[Flaw("row 1", "email", "pat@example.com is twice")])


class ChangesItsMind(MemorySource):
    reads = 0

    def page(self, root: str, start: int) -> Page:
        ChangesItsMind.reads += 1
        return changed(super().page(root, start), email=f"shopper{self.reads}@example.com")


class LeavesItsJob(MemorySource):
    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        yield from super().read(root, since, jobs)
        jobs.put(root, "job-1")


class SkipsOnResuming(MemorySource):
    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        yield from super().read(root, Cursor(str(int(since.value) + 1)) if since else None, jobs)


class RewritesOnResuming(MemorySource):
    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        for page in super().read(root, None, jobs):
            yield changed(page, language="de") if since else page


class NumbersItsCursors(MemorySource):
    def page(self, root: str, start: int) -> Page:
        return replace(super().page(root, start), cursor=Cursor(start))  # type: ignore[arg-type]


BROKEN = [
    (WarnsInOneText, "test_check_passes", "check() answered one text"),
    (TrailsOff, "test_a_read_that_breaks_off_raises", "expected SegsyncError"),
    (ChecksNothing, "test_check_refuses_a_bad_credential", "expected AuthError"),
    (RefusesToCheck, "test_check_passes", "refuses every credential"),
    (WritesOnCheck, "test_check_changes_nothing", "check() changed"),
    (WritesOnReading, "test_reading_changes_nothing", "reading changed"),
    (ForgetsToSayOrderLines, "test_streams_says_all_that_is_read", "['order_lines'] is read"),
    (InventsAStream, "test_streams_are_known_and_stay", "unknown streams: ['products']"),
    (ReadsNoOrders, "test_every_root_yields_a_page", "reading orders yields no page"),
    (SkipsTheLastPage, "test_all_customers_are_read", "not those that exist"),
    (CarriesCustomersWithOrders, "test_pages_carry_only_streams_of_their_root", "a page of orders carries"),
    (SendsPlatformColumns, "test_columns_are_known", "no columns ['graphql_id']"),
    (SendsDerivedColumns, "test_columns_are_known", "no columns ['created_on']"),
    (LosesKeys, "test_every_record_has_its_key", "lacks a part of its key"),
    (SendsLinesLater, "test_orders_travel_whole", "1 order_lines travel on a page without their orders"),
    (SplitsAnOrder, "test_a_record_is_never_split_over_pages", "order_lines of one record come on two pages"),
    (ListsFewerIds, "test_ids_lists_every_customer", "does not list the customers"),
    (ShowsPeopleInFlaws, "test_flaws_say_where_and_why_and_show_nobody", "shows an e-mail"),
    (ChangesItsMind, "test_reading_twice_gives_the_same", "a second read of customers differs in 5 of customers"),
    (LeavesItsJob, "test_a_read_that_ended_leaves_no_job", "still remembered: ['customers', 'orders']"),
    (SkipsOnResuming, "test_resuming_at_any_cursor_loses_nothing", "after page 1 of customers, 1 of customers"),
    (RewritesOnResuming, "test_resuming_brings_nothing_that_was_not_there", "were not there before"),
    (NumbersItsCursors, "test_cursors_are_text", "not text"),
]


@pytest.mark.parametrize(("kind", "test", "why"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_source_is_caught(kind: type[MemorySource], test: str, why: str) -> None:
    assert why in broken(ShopContract, kind)[test]


def test_every_test_of_the_source_suite_can_fail() -> None:
    caught = {name for kind, _, _ in BROKEN for name in broken(ShopContract, kind)}

    assert sorted(set(collected(ShopContract)) - caught) == []


def test_the_reference_source_fails_nothing() -> None:
    assert failures(ShopContract) == {}


def changed(page: Page, **values: Any) -> Page:
    """The page with these columns set in the frames of its root."""
    frames: Mapping[str, pd.DataFrame] = {
        name: frame.assign(**values) if name in ("customers", "orders") else frame
        for name, frame in page.frames.items()
    }
    return replace(page, frames=frames)
