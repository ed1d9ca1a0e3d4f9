"""Which records a read asks for, and the cursor that comes after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segsync.errors import ConfigError
from segsync.model import Cursor
from segsync_shopify.api import text
from segsync_shopify.windows import SEARCHES, Window, after, asking, cursor, instant, kept_from

NOW = datetime(2026, 11, 23, 7, 0, 30, tzinfo=UTC)
SINCE = datetime(2026, 11, 22, 23, 30, 15, tzinfo=UTC)
CUSTOMERS, ORDERS = SEARCHES["customers"], SEARCHES["orders"]


def test_a_first_read_asks_for_everything() -> None:
    for search in SEARCHES.values():
        assert after(None, search, NOW).filter(search) is None


def test_orders_are_asked_for_by_the_second_and_not_up_to_now() -> None:
    found = after(SINCE, ORDERS, NOW).filter(ORDERS)
    assert found == "updated_at:>='2026-11-22T22:30:15Z' AND updated_at:<'2026-11-23T06:55:30Z'"


def test_customers_are_asked_for_by_the_day() -> None:
    assert after(SINCE, CUSTOMERS, NOW).filter(CUSTOMERS) == "updated_at:>='2026-11-20'"


@given(
    since=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "UTC", "Asia/Kathmandu"]),
)
def test_a_customer_of_the_last_day_is_asked_for_in_every_zone(since: datetime, zone: str) -> None:
    asked = after(since, CUSTOMERS, since).filter(CUSTOMERS)
    assert asked is not None
    first = datetime.strptime(asked[len("updated_at:>='") : -1], "%Y-%m-%d").date()
    day_before = (since - timedelta(days=1)).astimezone(ZoneInfo(zone)).date()
    assert first <= day_before
    kept = kept_from(since, CUSTOMERS)
    assert kept is not None
    assert kept.astimezone(ZoneInfo(zone)).date() >= first


def test_every_value_of_a_filter_is_quoted_and_no_bound_is_empty() -> None:
    window = Window(SINCE, NOW)
    for search in SEARCHES.values():
        for term in (window.filter(search) or "").split(" AND "):
            assert term.count("'") == 2
            assert "''" not in term


@pytest.mark.parametrize("root", ["customers", "orders", "checkouts"])
def test_halves_make_the_whole(root: str) -> None:
    search = SEARCHES[root]
    oldest = NOW - timedelta(days=700)
    halves = Window().halves(search, oldest, NOW)
    assert halves is not None
    first, second = halves
    assert first.lower is None
    assert second.upper is None
    assert first.upper == second.lower
    assert first.upper is not None
    assert oldest < first.upper < NOW
    text = first.filter(search) or ""
    assert text.removeprefix("updated_at:<") == (second.filter(search) or "").removeprefix("updated_at:>=")


def test_a_small_window_has_no_halves() -> None:
    assert Window(NOW - timedelta(minutes=30), NOW).halves(ORDERS, NOW, NOW) is None
    assert Window(NOW - timedelta(days=1), None).halves(CUSTOMERS, NOW, NOW) is None


def test_a_cursor_is_read_as_it_was_written() -> None:
    made = cursor("acme.myshopify.com", SINCE)
    assert instant(made, "acme.myshopify.com", "shop") == SINCE


def test_another_shops_cursor_is_not_gone_on_from() -> None:
    with pytest.raises(ConfigError, match="two shops' data would be mixed"):
        instant(Cursor("other.myshopify.com 2026-11-22T23:30:15Z"), "acme.myshopify.com", "shop")


def test_the_filter_stands_among_the_roots_arguments() -> None:
    asked = asking(text("orders"), "updated_at:>='A'")
    assert asked.startswith("{\n  orders(query: \"updated_at:>='A'\", sortKey: UPDATED_AT) {")
    assert asking(text("orders"), None) == text("orders")
