"""Customers exports, of now and of older admins, and the list of ids that deletions are noticed by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import CUSTOMERS

ANN = '\'11,Ann,"O\'Neil, Jr.",Ann@example.com,yes,US,\'+12125550123,"vip, été"'
BOB = "'12,Bob,,bob@example.com,no,,,"


@pytest.fixture
def pulled(put: Callable[..., Any], source: Callable[..., Any], read: Callable[..., Any]) -> Callable[..., Any]:
    def pull(*lines: str | bytes, header: str = CUSTOMERS) -> Any:
        put("exports/customers_export.csv", header, *lines)
        return read(source(shopify_export="exports"), "customers")

    return pull


def ids(source: Any) -> list[str]:
    return [id_ for page in source.ids() for id_ in page]


def test_customers_and_their_addresses(pulled: Callable[..., Any]) -> None:
    got = pulled(ANN, BOB)
    ann = got.frame("customers").iloc[0].to_dict()
    expected = {
        "customer_id": "11",
        "email": "Ann@example.com",
        "phone": "+12125550123",
        "phone_country": "US",
        "first_name": "Ann",
        "last_name": "O'Neil, Jr.",
        "tags": ["vip", "été"],
        "email_subscription_status": "SUBSCRIBED",
        "sms_subscription_status": None,
        "place": "customers_export.csv:2",
    }
    assert expected.items() <= ann.items()
    assert got.column("customers", "email_subscription_status") == ["SUBSCRIBED", "NOT_SUBSCRIBED"]
    home = got.frame("addresses")
    assert home[["customer_id", "address_id", "country", "is_default"]].values.tolist() == [
        ["11", "default", "US", True]
    ]


def test_an_older_layout_has_no_ids_and_other_names(pulled: Callable[..., Any]) -> None:
    header = (
        "First Name,Last Name,Email,Company,Address1,City,Province Code,Country Code,Zip,Phone,Accepts Marketing,Tags"
    )
    got = pulled("Ann,Lee,ann@example.com,,,Boston,MA,US,'02108,,yes,", "Bo,Li,,,,,,,,'+12125550199,no,", header=header)
    one, other = got.column("customers", "customer_id")
    assert one.startswith("email-")
    assert other.startswith("phone-")
    assert "ann" not in one
    assert got.column("customers", "email_subscription_status") == ["SUBSCRIBED", "NOT_SUBSCRIBED"]
    assert got.column("addresses", "region") == ["US-MA"]
    again = pulled("Ann,Lee,ANN@example.com ,,,Boston,MA,US,'02108,,yes,", header=header)
    assert again.column("customers", "customer_id") == [one]


def test_nobody_without_an_id_or_a_way_to_reach_them(pulled: Callable[..., Any]) -> None:
    got = pulled(ANN, ",Only,Name,,yes,,,")
    assert got.troubles == [("customers_export.csv:3", "neither a Customer ID nor an e-mail nor a phone")]


def test_shopifys_own_figures_are_kept(pulled: Callable[..., Any]) -> None:
    got = pulled(f"{ANN},812.50,4,no", header=f"{CUSTOMERS},Total Spent,Total Orders,Accepts SMS Marketing")
    assert got.column("customers", "platform_scores") == ['{"amount_spent": "812.50", "number_of_orders": "4"}']
    assert got.column("customers", "sms_subscription_status") == ["NOT_SUBSCRIBED"]


def test_the_later_of_two_rows_of_a_customer_wins(pulled: Callable[..., Any]) -> None:
    got = pulled(ANN, ANN.replace("Ann@", "new@"))
    assert got.column("customers", "email") == ["new@example.com"]


def test_a_spoilt_line_is_no_vanished_customer(pulled: Callable[..., Any], source: Callable[..., Any]) -> None:
    got = pulled(
        ANN,
        BOB + ",extra",
        ANN.replace("11", "13").encode("latin-1"),
        "'14,\"Dan,x,d@example.com,no,,,",
        BOB.replace("12", "15"),
    )
    assert len(got.frame("customers")) == 2
    assert len(got.flaws) == 3
    assert ids(source(shopify_export="exports")) == ["11", "12", "13", "14", "15"]


def test_ids_are_listed_only_where_they_are_all(
    pulled: Callable[..., Any], source: Callable[..., Any], put: Callable[..., Any]
) -> None:
    pulled(ANN)
    assert ids(source(shopify_export="exports")) == ["11"]
    assert source(shopify_export="exports", complete=False).ids() is None
    put("o/orders_export.csv", "Name,Created at,Currency,Total,Lineitem name,Lineitem quantity,Lineitem price")
    assert source(shopify_export="o").ids() is None


def test_a_header_alone_is_a_shop_without_customers(pulled: Callable[..., Any]) -> None:
    got = pulled()
    assert got.flaws == []
    assert got.cursor is not None
    assert got.frame("customers").empty


def test_flaws_show_nobody(pulled: Callable[..., Any]) -> None:
    got = pulled(ANN + ",extra", 'x,"y,z@example.com')
    assert got.flaws
    assert not any("@" in f"{flaw.place}{flaw.column}{flaw.reason}" for flaw in got.flaws)
