"""Which files are read, which again, and how the rest is refused. A failed look is never an empty shop."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segsync.errors import ConfigError, Unavailable
from segsync_files import pages

from .conftest import CUSTOMERS, ORDERS
from .test_shopify_customers import ANN, BOB
from .test_shopify_orders import FIRST, NEXT

Put = Callable[..., Path]
Make = Callable[..., Any]


def problem(source: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        source.check()
    with pytest.raises(ConfigError):
        list(source.read("orders", None, None))
    return str(caught.value)


def test_a_folder_holds_exports_and_other_files(put: Put, source: Make, read: Make) -> None:
    put("exports/customers_export.csv", CUSTOMERS, ANN)
    put("exports/orders_export_1.csv", ORDERS, FIRST)
    put("exports/products_export.csv", "Handle,Title", "a,b")
    put("exports/readme.md", "not a CSV")
    people, orders = (read(source(shopify_export="exports"), root) for root in ("customers", "orders"))
    assert people.troubles == [
        ("products_export.csv:1", "no export of orders or customers: the file was left alone"),
    ]
    assert len(people.frame("customers")) == len(orders.frame("orders")) == 1
    assert not orders.flaws


def test_an_export_is_told_by_its_header_whatever_its_name(put: Put, source: Make, read: Make) -> None:
    put("Bestellungen.CSV", ORDERS, FIRST)
    assert read(source(shopify_export="Bestellungen.CSV")).column("orders", "order_id") == ["901"]


def test_semicolons_are_noticed(put: Put, source: Make, read: Make) -> None:
    put("orders_export.csv", ORDERS.replace(",", ";"), FIRST.replace(",", ";"))
    assert read(source(shopify_export="orders_export.csv")).column("orders", "order_id") == ["901"]


def test_files_are_read_in_natural_order_and_the_later_wins(put: Put, source: Make, read: Make) -> None:
    put("e/orders_export_10.csv", ORDERS, FIRST.replace("paid", "refunded"))
    put("e/orders_export_9.csv", ORDERS, FIRST)
    assert read(source(shopify_export="e")).column("orders", "financial_status") == ["PAID", "REFUNDED"]


def test_globs_and_lists(put: Put, source: Make, read: Make) -> None:
    put("a/orders_export.csv", ORDERS, FIRST)
    put("b/orders_export.csv", ORDERS, NEXT)
    both = read(source(shopify_export=["*/orders*.csv", "a/orders_export.csv"]))
    assert both.column("orders", "order_id") == ["901", "902"]
    assert all(place.startswith("/") for place in both.column("orders", "place"))  # two files share the name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere.csv", "there is no file"),
        ("nothing*.csv", "no file matches"),
        ("hollow", "holds no .csv file"),
        ("empty.csv", "is empty"),
        ("loop.csv", "link to a file that is gone"),
        ("wide.csv", 'set encoding = "utf-16"'),
        ("plain.csv", "an orders export has Name"),
        ("pipe.csv", "is no regular file"),
    ],
)
def test_what_is_no_export_is_refused_with_the_way_out(
    put: Put, source: Make, tmp_path: Path, given: str, said: str
) -> None:
    (tmp_path / "hollow").mkdir()
    (tmp_path / "loop.csv").symlink_to(tmp_path / "gone.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    put("empty.csv")
    put("wide.csv", (ORDERS + "\n" + FIRST).encode("utf-16"), end="")
    put("plain.csv", "a,b", "1,2")
    assert said in problem(source(shopify_export=given))


def test_a_link_to_a_file_is_followed(put: Put, source: Make, read: Make, tmp_path: Path) -> None:
    (tmp_path / "latest.csv").symlink_to(put("real.csv", ORDERS, FIRST))
    assert len(read(source(shopify_export="latest.csv")).frame("orders")) == 1


def test_a_header_in_another_encoding_says_which(put: Put, source: Make) -> None:
    put("orders_export.csv", (ORDERS + ",Größe").encode("cp1252"), FIRST + ",x")
    assert 'set encoding = "cp1252"' in problem(source(shopify_export="orders_export.csv"))


def test_nothing_to_read_is_said(source: Make) -> None:
    assert "nothing to read" in problem(source())


def test_a_file_that_may_not_be_read_is_refused(put: Put, source: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    put("orders_export.csv", ORDERS, FIRST)
    monkeypatch.setattr("segsync_files.finding.os.access", lambda *_: False)
    assert "may not be read" in problem(source(shopify_export="orders_export.csv"))


def test_a_disk_that_fails_is_unavailable(put: Put, source: Make, read: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    put("orders_export.csv", ORDERS, FIRST)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("segsync_files.finding.open_text", broken)
    with pytest.raises(Unavailable, match="Input/output error"):
        read(source(shopify_export="orders_export.csv"))


# --- again -------------------------------------------------------------------------------------------------------


def test_unchanged_files_are_not_read_again(put: Put, source: Make, read: Make) -> None:
    put("e/orders_export.csv", ORDERS, FIRST)
    first = read(source(shopify_export="e"))
    assert read(source(shopify_export="e"), since=first.cursor).pages == []


def test_a_changed_file_is_read_whole_and_those_after_it(put: Put, source: Make, read: Make) -> None:
    put("e/orders_export_1.csv", ORDERS, FIRST)
    put("e/orders_export_2.csv", ORDERS, NEXT)
    first = read(source(shopify_export="e"))
    put("e/orders_export_3.csv", ORDERS, NEXT.replace("902", "903"))
    second = read(source(shopify_export="e"), since=first.cursor)
    assert second.column("orders", "order_id") == ["903"]
    put("e/orders_export_1.csv", ORDERS, FIRST, NEXT.replace("pending", "paid"))
    third = read(source(shopify_export="e"), since=second.cursor)
    # What the second file says of order 902 still wins over the first.
    assert third.column("orders", "financial_status") == ["PAID", "PAID", "PENDING", "PENDING"]


def test_a_file_that_went_away_leaves_the_cursor_and_nothing_else(put: Put, source: Make, read: Make) -> None:
    put("e/orders_export_1.csv", ORDERS, FIRST)
    gone = put("e/orders_export_2.csv", ORDERS, NEXT)
    first = read(source(shopify_export="e"))
    gone.unlink()
    second = read(source(shopify_export="e"), since=first.cursor)
    assert [dict(page.frames) for page in second.pages] == [{}]
    assert read(source(shopify_export="e"), since=second.cursor).pages == []


def test_other_options_read_the_same_file_anew(put: Put, source: Make, read: Make) -> None:
    put("e/orders_export.csv", ORDERS, FIRST)
    first = read(source(shopify_export="e"))
    assert read(source(shopify_export="e", encoding="cp1252"), since=first.cursor).pages


def test_a_cursor_of_something_else_is_no_cursor(put: Put, source: Make, read: Make) -> None:
    from segsync.model import Cursor

    put("e/orders_export.csv", ORDERS, FIRST)
    for text in ("", "[]", "{}", "2026-01-01", '{"reader": 1}'):
        assert len(read(source(shopify_export="e"), since=Cursor(text)).frame("orders")) == 1


def test_a_file_written_to_while_it_is_read_gives_no_cursor(put: Put, source: Make, tmp_path: Path) -> None:
    put("orders_export.csv", ORDERS, *(FIRST.replace("901", str(i)) for i in range(pages.PAGE["orders"] + 1)))
    reading = source(shopify_export="orders_export.csv").read("orders", None, None)
    assert next(reading).cursor is None
    with (tmp_path / "orders_export.csv").open("a") as stream:
        stream.write(NEXT + "\n")
    with pytest.raises(Unavailable, match="changed while it was being read"):
        list(reading)


def test_reading_one_root_does_not_mark_the_other_as_read(put: Put, source: Make, read: Make) -> None:
    put("e/customers_export.csv", CUSTOMERS, ANN, BOB)
    put("e/orders_export.csv", ORDERS, FIRST)
    orders = read(source(shopify_export="e"))
    assert len(read(source(shopify_export="e"), "customers", since=orders.cursor).frame("customers")) == 2
