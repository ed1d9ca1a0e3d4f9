"""Pages into the warehouse: keys, versions, whole orders, flaws, and what is derived on the way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from segsync.errors import ConnectorBug
from segsync.model import Flaw, Page
from segsync.warehouse import Landing

ORDER = {
    "order_id": "1",
    "customer_id": "c1",
    "email": "Ann@Example.com",
    "ordered_at": "2026-03-01 02:00:00 +0000",
    "updated_at": "2026-03-02T00:00:00Z",
    "net": "10.00",
}


def one(rows):
    assert len(rows) == 1
    return rows[0]


def test_an_order_lands_typed_with_its_derived_columns(land, stored) -> None:
    came = land(
        orders=[
            ORDER
            | {
                "financial_status": "paid", "discount_codes": "SPRING, Vip", "country": "United States",
                "region": "us-ny", "city": "New York  City", "phone": "'212-736-5000", "items": "2", "place": "o.csv:2",
            }
        ]
    )  # fmt: skip
    row = one(stored("orders"))
    assert came.counts == {"orders": 1}
    assert came.flaws == ()
    assert row["email"] == "ann@example.com"
    assert row["phone"] == "+12127365000"
    assert row["net"] == Decimal("10.0000")
    assert row["currency"] == "USD"
    assert row["ordered_at"] == datetime(2026, 3, 1, 2)
    assert (row["ordered_on"], row["ordered_hour"]) == (date(2026, 2, 28), 21)
    assert row["discount_codes"] == ["SPRING", "Vip"]
    assert row["discount_codes_key"] == ["spring", "vip"]
    assert (row["country_key"], row["region_key"], row["city_key"]) == ("us", "us-ny", "us-ny-newyorkcity")
    assert (row["owner"], row["live"], row["items"], row["channel"]) == ("c1", True, 2, None)


def test_a_country_without_regions_still_names_its_city(land, stored) -> None:
    land(orders=[ORDER | {"country": "SG", "city": "Singapore"}])
    assert one(stored("orders"))["city_key"] == "sg-singapore"


@pytest.mark.parametrize(
    ("change", "owner"),
    [
        ({}, "c1"),
        ({"customer_id": None}, "guest:ann@example.com"),
        ({"customer_id": None, "email": "broken", "phone": "+12127365000"}, "guest:+12127365000"),
        ({"customer_id": None, "email": None}, None),
    ],
    ids=["customer", "email", "phone", "nobody"],
)
def test_an_order_has_an_owner_where_anybody_is_named(land, stored, change, owner) -> None:
    land(orders=[ORDER | change])
    assert one(stored("orders"))["owner"] == owner


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ({}, True),
        ({"financial_status": "pending"}, True),
        ({"financial_status": "VOIDED"}, False),
        ({"financial_status": "expired"}, False),
        ({"test": "yes"}, False),
        ({"cancelled_at": "2026-03-02"}, False),
        ({"cancelled_at": "on Tuesday"}, False),
    ],
)
def test_cancelled_voided_expired_and_test_orders_are_not_live(land, stored, change, live) -> None:
    land(orders=[ORDER | change])
    assert one(stored("orders"))["live"] is live


def test_customers_and_addresses_land_with_folded_keys(land, stored) -> None:
    land(
        customers=[{"customer_id": 7, "last_name": " Groß ", "tags": ["VIP", "vip", "Straße"], "attributes": {"a": 1},
                    "created_at": "2026-01-01", "email_subscription_status": "subscribed", "birth_date": "1990-02-03"}],
        addresses=[{"customer_id": 7, "address_id": "a", "country": "DE", "region": "DE-BE", "city": "Berlin"}],
    )  # fmt: skip
    customer = one(stored("customers"))
    assert customer["customer_id"] == "7"
    assert customer["last_name_key"] == "gross"
    assert customer["tags_key"] == ["vip", "strasse"]
    assert customer["attributes"] == '{"a":1}'
    assert customer["created_on"] == date(2026, 1, 1)
    assert customer["birth_date"] == date(1990, 2, 3)
    assert customer["email_subscription_status"] == "SUBSCRIBED"
    assert one(stored("addresses"))["city_key"] == "de-be-berlin"


def test_what_cannot_be_read_is_null_with_a_flaw_and_the_row_stays(land, stored) -> None:
    came = land(
        orders=[
            ORDER
            | {
                "place": "orders.csv:17", "email": "not-an-address-of-ann", "phone": "12", "net": "1,000.00",
                "ordered_at": "04/05/2026", "currency": "DOLLARS", "financial_status": "fine", "country": "Atlantis",
            }
        ]
    )  # fmt: skip
    row = one(stored("orders"))
    wrong = ("email", "phone", "net", "ordered_at", "currency", "financial_status", "country")
    assert {flaw.column for flaw in came.flaws} == set(wrong)
    assert {flaw.place for flaw in came.flaws} == {"orders.csv:17"}
    assert all(row[name] is None for name in wrong)
    assert row["ordered_on"] is None
    assert not any("ann" in flaw.reason for flaw in came.flaws)


def test_a_flaw_names_the_record_where_the_source_names_no_place(land) -> None:
    came = land(orders=[ORDER | {"net": "x"}, ORDER | {"order_id": "ann@example.com", "net": "x"}])
    assert sorted(flaw.place for flaw in came.flaws) == ["orders 1", "orders row 2"]


def test_a_row_without_its_key_is_left_out_with_one_flaw(land, stored) -> None:
    came = land(orders=[ORDER, ORDER | {"order_id": " "}, ORDER | {"order_id": b"x"}])
    assert came.counts["orders"] == 1
    assert [(f.column, f.reason.endswith("the row is left out")) for f in came.flaws] == [("order_id", True)] * 2
    assert one(stored("orders"))["order_id"] == "1"


def test_flaws_of_the_page_come_first(warehouse, place) -> None:
    own = Flaw("orders.csv:3", "", "a ragged row")
    page = Page({"orders": pd.DataFrame([ORDER | {"net": "x"}])}, flaws=(own,))
    came = warehouse.land("shop", page, place=place, run_id=1, pulled_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert came.flaws[0] == own
    assert len(came.flaws) == 2


@pytest.mark.parametrize("column", ["colour", "owner", "source", "pulled_at"])
def test_a_column_that_the_stream_has_not_is_the_connector_s_fault(land, column) -> None:
    with pytest.raises(ConnectorBug, match=column):
        land(orders=[ORDER | {column: "x"}])


def test_a_stream_that_is_not_one_is_the_connector_s_fault(land) -> None:
    with pytest.raises(ConnectorBug, match="parcels"):
        land(parcels=[{"parcel_id": "1"}])


def test_frames_may_be_typed_empty_or_odd(land, stored, warehouse, place) -> None:
    frame = pd.DataFrame(
        {
            "order_id": pd.Series([1, 2], dtype="int64"),
            "customer_id": pd.Series([5.0, None]),
            "ordered_at": pd.to_datetime(["2026-03-01T00:00:00Z", None]),
            "updated_at": pd.to_datetime(["2026-03-01T00:00:00", "2026-03-01T00:00:00"]),
            "net": [Decimal("1.5"), None],
            "gross": [0.1, float("nan")],
            "test": pd.Series([True, None], dtype="boolean"),
            "financial_status": pd.Categorical(["paid", None]),
            "discount_codes": [["A"], None],
            "items": pd.Series([3, None], dtype="Int64"),
        }
    ).set_axis([10, 10])
    at = datetime(2026, 6, 1, tzinfo=UTC)
    came = warehouse.land("shop", Page({"orders": frame}), place=place, run_id=1, pulled_at=at)
    first, second = stored("orders")
    assert came.flaws == ()
    assert (first["order_id"], first["customer_id"], first["net"], first["gross"]) == (
        "1", "5", Decimal("1.5"), Decimal("0.1"),
    )  # fmt: skip
    assert first["updated_at"] == datetime(2026, 3, 1, 5)
    assert (first["items"], first["test"], first["discount_codes"]) == (3, True, ["A"])
    assert second["customer_id"] is None
    assert second["gross"] is None
    empty = warehouse.land("shop", Page({"orders": frame[:0]}), place=place, run_id=1, pulled_at=at)
    assert empty.counts == {"orders": 0}
    assert land().counts == {}


def test_landing_an_overlap_again_changes_nothing(land, stored) -> None:
    page = {
        "orders": [ORDER, ORDER | {"order_id": "2"}],
        "order_lines": [{"order_id": "1", "line_id": "a", "quantity": "1"}],
        "refunds": [{"refund_id": "r", "order_id": "2", "amount": "1.00", "refunded_at": "2026-03-03"}],
    }
    land(**page)
    before = [stored(name) for name in page]
    came = land(**page, run_id=2)
    assert [stored(name) for name in page] == before
    assert came.counts == {"orders": 2, "order_lines": 1, "refunds": 1}
    assert came.replaced == came.counts


@pytest.mark.parametrize(
    ("stands", "comes", "wins"),
    [
        ("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", "new"),
        ("2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", "new"),
        ("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "old"),
        (None, "2026-03-01T00:00:00Z", "new"),
        ("2026-03-02T00:00:00Z", None, "new"),
    ],
)
def test_only_an_older_version_is_ignored_and_its_lines_with_it(land, stored, stands, comes, wins) -> None:
    land(orders=[ORDER | {"updated_at": stands, "channel": "old"}], order_lines=[{"order_id": "1", "line_id": "old"}])
    came = land(
        orders=[ORDER | {"updated_at": comes, "channel": "new"}], order_lines=[{"order_id": "1", "line_id": "new"}]
    )
    assert one(stored("orders"))["channel"] == wins
    assert one(stored("order_lines"))["line_id"] == wins
    assert came.stale["orders"] == (wins == "old")


def test_within_a_page_the_last_row_of_a_key_wins(land, stored) -> None:
    came = land(orders=[ORDER | {"channel": "first"}, ORDER | {"channel": "last", "updated_at": "2020-01-01"}])
    assert came.counts["orders"] == 1
    assert one(stored("orders"))["channel"] == "last"


def test_an_order_s_lines_and_refunds_are_replaced_whole(land, stored) -> None:
    land(
        orders=[ORDER, ORDER | {"order_id": "2"}],
        order_lines=[{"order_id": o, "line_id": i} for o in "12" for i in "ab"],
        refunds=[{"refund_id": "r", "order_id": "1"}],
    )
    land(orders=[ORDER], order_lines=[{"order_id": "1", "line_id": "b"}])
    assert [(r["order_id"], r["line_id"]) for r in stored("order_lines")] == [("1", "b"), ("2", "a"), ("2", "b")]
    assert stored("refunds") == []


def test_a_refund_that_moves_to_another_order_is_there_once(land, stored) -> None:
    land(orders=[ORDER], refunds=[{"refund_id": "r", "order_id": "1"}])
    land(orders=[ORDER | {"order_id": "2"}], refunds=[{"refund_id": "r", "order_id": "2"}])
    assert one(stored("refunds"))["order_id"] == "2"


def test_addresses_are_replaced_whole_with_their_customer(land, stored) -> None:
    land(customers=[{"customer_id": "1"}], addresses=[{"customer_id": "1", "address_id": a} for a in "ab"])
    land(customers=[{"customer_id": "1"}], addresses=[{"customer_id": "1", "address_id": "c"}])
    assert one(stored("addresses"))["address_id"] == "c"


def test_lines_without_their_order_are_left_out_and_said(land, stored) -> None:
    came = land(orders=[ORDER], order_lines=[{"order_id": "9", "line_id": "a", "place": "lines.csv:4"}])
    assert came.counts["order_lines"] == 0
    assert one(came.flaws).place == "lines.csv:4"
    assert stored("order_lines") == []
    assert one(land(order_lines=[{"order_id": "1", "line_id": "a"}]).flaws).column == "order_id"


def test_sources_do_not_touch_one_another(land, stored, warehouse) -> None:
    land(source="one", orders=[ORDER], order_lines=[{"order_id": "1", "line_id": "a"}])
    land(source="two", orders=[ORDER])
    assert warehouse.counts() == {"one": {"orders": 1, "order_lines": 1}, "two": {"orders": 1}}


def test_a_phone_is_read_in_the_country_nearest_to_it(land, stored) -> None:
    land(
        orders=[
            ORDER | {"order_id": "1", "phone": "030 901820", "country": "DE"},
            ORDER | {"order_id": "2", "phone": "020 7946 0018", "country": "DE", "phone_country": "GB"},
            ORDER | {"order_id": "3", "phone": "212-736-5000"},
            ORDER | {"order_id": "4", "phone": "212-736-5000", "country": "??"},
        ]
    )
    assert [row["phone"] for row in stored("orders")] == [
        "+4930901820",
        "+442079460018",
        "+12127365000",
        "+12127365000",
    ]


def test_a_page_lands_whole_or_not_at_all(land, stored, warehouse, monkeypatch) -> None:
    land(orders=[ORDER], order_lines=[{"order_id": "1", "line_id": "a"}])
    before = stored("orders"), stored("order_lines")

    def broken(*args):
        raise OSError("the machine stops here")

    monkeypatch.setattr("segsync.warehouse.landing._land_part", broken)
    with pytest.raises(OSError, match="stops here"):
        land(orders=[ORDER | {"channel": "new"}], order_lines=[{"order_id": "1", "line_id": "b"}])
    assert (stored("orders"), stored("order_lines")) == before


def test_bookkeeping_is_kept_in_utc(land, warehouse) -> None:
    land(orders=[ORDER], run_id=42)
    with warehouse.reading() as con:
        row = con.table("orders").to_pyarrow().to_pylist()[0]
    assert (row["source"], row["run_id"], row["pulled_at"]) == ("shop", 42, datetime(2026, 6, 1, 12))


# --- vanishing ------------------------------------------------------------------------------------------------

GONE = datetime(2026, 6, 2, tzinfo=UTC)


def test_customers_that_are_no_longer_listed_vanish_once(land, stored, warehouse) -> None:
    land(customers=[{"customer_id": c} for c in "123"])
    land(source="other", customers=[{"customer_id": "2"}])
    assert warehouse.vanish("shop", iter([["1"], [], ["3"]]), GONE, run_id=2) == 1
    assert warehouse.vanish("shop", [["1", "3"]], datetime(2026, 6, 9, tzinfo=UTC), run_id=3) == 0
    found = {(r["source"], r["customer_id"]): r["deleted_at"] for r in stored("customers")}
    assert found[("shop", "2")] == datetime(2026, 6, 2)
    assert [who for who, when in found.items() if when] == [("shop", "2")]
    assert warehouse.counts()["shop"]["customers"] == 2


def test_a_listing_that_breaks_off_deletes_nobody(land, stored, warehouse) -> None:
    land(customers=[{"customer_id": c} for c in "12"])

    def ids():
        yield ["1"]
        raise ConnectionError("the line went dead")

    with pytest.raises(ConnectionError):
        warehouse.vanish("shop", ids(), GONE, run_id=2)
    assert all(row["deleted_at"] is None for row in stored("customers"))


def test_a_vanished_customer_comes_back_by_landing_or_by_being_listed(land, stored, warehouse) -> None:
    land(customers=[{"customer_id": c, "updated_at": "2026-05-01"} for c in "12"])
    warehouse.vanish("shop", [], GONE, run_id=2)
    land(customers=[{"customer_id": "1", "updated_at": "2026-05-01"}])
    assert [row["deleted_at"] is None for row in stored("customers")] == [True, False]
    warehouse.vanish("shop", [["1", "2"]], GONE, run_id=3)
    assert all(row["deleted_at"] is None for row in stored("customers"))


# --- the shop's zone --------------------------------------------------------------------------------------------


def test_another_shop_zone_lands_every_day_anew(land, stored, warehouse) -> None:
    land(orders=[ORDER], customers=[{"customer_id": "1", "created_at": "2026-03-01T02:00:00Z"}, {"customer_id": "2"}])
    assert warehouse.set_timezone(ZoneInfo("America/New_York")) is False
    assert warehouse.set_timezone(ZoneInfo("Asia/Tokyo")) is True
    assert (one(stored("orders"))["ordered_on"], one(stored("orders"))["ordered_hour"]) == (date(2026, 3, 1), 11)
    assert [row["created_on"] for row in stored("customers")] == [date(2026, 3, 1), None]
    assert warehouse.set_timezone(ZoneInfo("Asia/Tokyo")) is False


def test_a_page_landed_in_another_shop_zone_brings_the_rest_along(land, stored) -> None:
    land(orders=[ORDER])
    tokyo = ZoneInfo("Asia/Tokyo")
    land(orders=[ORDER | {"order_id": "2"}], place=Landing(tokyo, tokyo, "JPY", "JP"))
    assert [row["ordered_hour"] for row in stored("orders")] == [11, 11]


def test_an_empty_warehouse_takes_any_zone(warehouse) -> None:
    assert warehouse.set_timezone(ZoneInfo("Asia/Tokyo")) is False
    assert warehouse.set_timezone(ZoneInfo("Europe/Berlin")) is False


def test_a_real_export_s_rows_land_each_flaw_with_its_line(shared, warehouse, place, stored) -> None:
    export = pd.read_csv(shared("data/shopify_export/orders_export_scrubbed.csv"), dtype=str, keep_default_na=False)
    frame = pd.DataFrame(
        {
            "order_id": export["Name"],
            "email": export["Email"],
            "phone": export["Phone"],
            "phone_country": export["Shipping Country"],
            "ordered_at": export["Created at"],
            "financial_status": export["Financial Status"],
            "currency": export["Currency"],
            "net": export["Total"],
            "place": [f"orders_export.csv:{i + 2}" for i in range(len(export))],
        }
    )
    page = Page({"orders": frame[export["Total"] != ""]})
    came = warehouse.land("shop", page, place=place, run_id=1, pulled_at=datetime(2026, 6, 1, tzinfo=UTC))
    rows = stored("orders")
    assert len(rows) == came.counts["orders"] > 10
    assert all(row["ordered_at"] and row["net"] is not None and row["currency"] for row in rows)
    assert all(flaw.place.startswith("orders_export.csv:") for flaw in came.flaws)
