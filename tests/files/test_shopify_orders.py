"""Orders exports: rows of one order, money, and what stands where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segsync.errors import ConfigError, Unavailable

from .conftest import ORDERS

FIRST = (
    "#1,'901,ann@example.com,paid,USD,90.00,10.00,5.00,8.00,103.00,3.00,2026-04-05 19:50:32 +0400,"
    "Mug,2,20.00,'+1 212 555 0123"
)
MORE = "#1,,,,,,,,,,,2026-04-05 19:50:32 +0400,Rug,1,60.00,"
NEXT = "#2,902,BOB@example.com,pending,EUR,20.00,0.00,0.00,0.00,20.00,0.00,2026-04-06 01:00:00 -0500,Mug,1,20.00,"


@pytest.fixture
def pulled(put: Callable[..., Any], source: Callable[..., Any], read: Callable[..., Any]) -> Callable[..., Any]:
    def pull(*lines: str | bytes, header: str = ORDERS) -> Any:
        put("orders_export.csv", header, *lines)
        return read(source(shopify_export="orders_export.csv"))

    return pull


def test_an_order_is_its_first_row_and_its_lines(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST, MORE, NEXT)
    order = got.frame("orders").iloc[0].to_dict()
    expected = {
        "order_id": "901",
        "email": "ann@example.com",
        "phone": "+1 212 555 0123",
        "ordered_at": "2026-04-05T19:50:32+04:00",
        "financial_status": "PAID",
        "currency": "USD",
        "gross": "100.00",
        "discount": "10.00",
        "refunded": "3.00",
        "net": "100.00",
        "items": 3,
        "test": False,
        "place": "orders_export.csv:2",
    }
    assert expected.items() <= order.items()
    lines = got.frame("order_lines")[["order_id", "line_id", "title", "quantity", "net_quantity", "gross", "place"]]
    assert lines.values.tolist() == [
        ["901", "1", "Mug", "2", None, "40.00", "orders_export.csv:2"],
        ["901", "2", "Rug", "1", None, "60.00", "orders_export.csv:3"],
        ["902", "1", "Mug", "1", "1", "20.00", "orders_export.csv:4"],
    ]
    refund = got.frame("refunds").iloc[0].to_dict()
    assert (refund["refund_id"], refund["order_id"], refund["amount"]) == ("901:refunded", "901", "3.00")
    assert not got.flaws


def test_a_later_listing_of_an_order_wins(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST, MORE, NEXT, FIRST.replace("paid", "refunded"))
    assert got.frame("orders").set_index("order_id").financial_status.to_dict() == {"901": "REFUNDED", "902": "PENDING"}
    assert got.frame("order_lines").order_id.tolist() == ["901", "902"]
    assert not got.flaws


def test_orders_of_two_shops_may_share_a_name(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST, MORE, NEXT.replace("#2", "#1"), MORE)
    assert got.frame("orders").order_id.tolist() == ["901", "902"]
    assert got.frame("order_lines").order_id.tolist() == ["901", "901", "902", "902"]


def test_a_row_that_continues_nothing_is_a_flaw(pulled: Callable[..., Any]) -> None:
    got = pulled(NEXT, MORE, FIRST)
    assert [place for place, _ in got.troubles] == ["orders_export.csv:3"]
    assert "continues an order" in got.troubles[0][1]
    assert len(got.frame("orders")) == 2


def test_lines_of_an_order_that_cannot_be_read_join_no_other(pulled: Callable[..., Any]) -> None:
    got = pulled(NEXT.replace("#2", "#1"), FIRST + ",one,too,many", MORE, NEXT)
    # The spoilt row has the name of the order above it, as a line of it would; so what follows stays with that order.
    assert [place for place, _ in got.troubles] == ["orders_export.csv:3"]
    got = pulled(NEXT, FIRST + ",one,too,many", MORE, NEXT.replace("902", "903"))
    assert [place for place, _ in got.troubles] == ["orders_export.csv:3", "orders_export.csv:4"]
    assert got.frame("order_lines").order_id.tolist() == ["902", "903"]


def test_an_order_without_a_name_or_an_id_is_a_flaw(pulled: Callable[..., Any]) -> None:
    assert pulled(FIRST.replace("#1,'901", ","), NEXT).troubles == [
        ("orders_export.csv:2", "an order with neither a Name nor an Id")
    ]


def test_without_ids_the_name_is_the_id(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST.replace("'901,", ""), MORE.replace("#1,,", "#1,"), header=ORDERS.replace("Id,", ""))
    assert got.column("orders", "order_id") == ["#1"]
    assert got.column("order_lines", "line_id") == ["1", "2"]


def test_a_subtotal_before_discounts_is_recognised(pulled: Callable[..., Any]) -> None:
    before = "#1,901,,paid,USD,100.00,10.00,5.00,0.00,95.00,0.00,2026-04-05 19:50:32 +0400,Mug,5,20.00,"
    inclusive = "#2,902,,paid,USD,90.00,10.00,5.00,10.00,95.00,0.00,2026-04-05 19:50:32 +0400,Mug,5,20.00,"
    assert pulled(before, inclusive).column("orders", "gross") == ["100.00", "100.00"]


def test_what_is_no_amount_is_left_to_landing(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST.replace("103.00", "a lot").replace("20.00,'", "cheap,'"))
    assert got.column("orders", "net") == ["a lot"]
    assert got.column("order_lines", "gross") == ["cheap"]
    assert not got.flaws


def test_a_repeated_header_is_no_order(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST, ORDERS, NEXT)
    assert got.column("orders", "place") == ["orders_export.csv:2", "orders_export.csv:4"]
    assert not got.flaws


def test_ragged_rows_are_named_with_their_line(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST, "#9,9", NEXT, FIRST.replace("901", "903") + ",,")
    assert got.troubles == [("orders_export.csv:3", "2 cells under a header of 16 columns")]
    assert got.column("orders", "order_id") == ["901", "902", "903"]


def test_a_cell_of_several_lines_keeps_later_places_right(pulled: Callable[..., Any]) -> None:
    got = pulled(FIRST.replace("Mug", '"Mug\r\nblue\n"'), NEXT)
    assert got.column("orders", "place") == ["orders_export.csv:2", "orders_export.csv:5"]


def test_refunds_codes_places_and_tests_where_the_export_has_them(pulled: Callable[..., Any]) -> None:
    header = (
        ORDERS + ",Payment Method,Discount Code,Shipping Country,Shipping Province,Shipping Zip,Source,Cancelled at"
    )
    tail = ',Bogus Gateway (for testing),"A, B",US,NY,\'02108,web,2026-04-07 00:00:00 +0000'
    got = pulled(FIRST + tail, NEXT.replace("pending", "refunded") + ",Cash,,BD,,-,5690175,", header=header)
    orders = got.frame("orders")
    assert orders.test.tolist() == [True, False]
    assert orders.discount_codes.tolist() == [["A", "B"], []]
    assert orders.region.tolist() == ["US-NY", None]
    assert orders.postal_code.tolist() == ["02108", None]
    assert orders.channel.tolist() == ["online_store", "other"]
    assert orders.app_id.tolist() == [None, "5690175"]
    assert got.column("refunds", "refunded_at") == ["2026-04-07T00:00:00+00:00"]
    assert got.column("order_lines", "net_quantity") == [None, "0"]


def test_a_guest_is_reached_by_the_billing_phone_never_by_the_shipping_phone(pulled: Callable[..., Any]) -> None:
    header = ORDERS + ",Billing Phone,Shipping Phone"
    got = pulled(NEXT + ",'+4915112345678,+12125550199", NEXT.replace("902", "903") + ",,+12125550199", header=header)
    assert got.column("orders", "phone") == ["+4915112345678", None]


def test_a_file_cut_in_the_middle_of_a_row_is_unavailable(
    put: Callable[..., Any], source: Callable[..., Any], read: Callable[..., Any]
) -> None:
    put("orders_export.csv", "\n".join([ORDERS, FIRST, NEXT[:40]]), end="")
    with pytest.raises(Unavailable, match="ends in the middle of a record"):
        read(source(shopify_export="orders_export.csv"))


def test_pages_hold_whole_orders_and_only_the_last_a_cursor(
    pulled: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segsync_files.pages.PAGE", {"orders": 2, "customers": 2})
    got = pulled(*(row.replace("#1", f"#{i}").replace("901", f"9{i}") for i in range(10, 15) for row in (FIRST, MORE)))
    assert [len(page.frames["orders"]) for page in got.pages] == [2, 2, 1]
    assert [len(page.frames["order_lines"]) for page in got.pages] == [4, 4, 2]
    assert [page.cursor is not None for page in got.pages] == [False, False, True]


def test_a_file_that_is_no_orders_export_says_what_was_expected(
    put: Callable[..., Any], source: Callable[..., Any]
) -> None:
    put("orders_export.csv", "Handle,Title", "a,b")
    with pytest.raises(ConfigError, match="Lineitem quantity"):
        source(shopify_export="orders_export.csv").check()
