"""The seeded shop at the stand-in is the one of the export files, and moves on by the same days."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from stand_in import StandIn, served

from segsync.sandbox.shop import RATES, Shop

Rows = dict[str, dict[str, Any]]
CUSTOMERS = """{ customers { edges { node { id legacyResourceId updatedAt createdAt firstName lastName tags note
  numberOfOrders amountSpent { amount } lastOrder { id }
  defaultEmailAddress { emailAddress marketingState marketingUpdatedAt }
  defaultPhoneNumber { phoneNumber marketingState } defaultAddress { provinceCode countryCodeV2 zip city } } } } }"""
ORDERS = """{ orders { edges { node { id legacyResourceId name email phone createdAt processedAt updatedAt
  cancelledAt test note sourceName
  app { id } displayFinancialStatus discountCodes customer { id } presentmentCurrencyCode
  totalPriceSet { presentmentMoney { amount } } totalRefundedSet { presentmentMoney { amount } }
  currentTotalPriceSet { shopMoney { amount } }
  shippingAddress { provinceCode countryCodeV2 zip city }
  lineItems { edges { node { id title sku vendor quantity currentQuantity product { id }
    originalTotalSet { presentmentMoney { amount } }
    discountedTotalSet(withCodeDiscounts: true) { presentmentMoney { amount } } } } } } } } }"""


@pytest.fixture(scope="module")
def shopify() -> Iterator[StandIn]:
    with served() as found:
        found.seed("shop", seed=7, customers=600, day="2026-05-31")
        yield found


@pytest.fixture
def small() -> Iterator[StandIn]:
    with served() as found:
        found.seed("shop", seed=7, customers=600, day="2026-05-31")
        yield found


def seeded(stand_in: StandIn) -> Shop:
    found = stand_in.sandbox.shop.seeded
    assert found is not None
    return found


def exports(shop: Shop, folder: Path) -> tuple[Rows, Rows]:
    """Customers by id and the first rows of orders by id, with all rows of an order under `lines`."""
    customers, orders = (
        list(csv.DictReader(one.open(encoding="utf-8", newline=""))) for one in shop.write_exports(folder)
    )
    found: Rows = {}
    for row in orders:
        if row["Id"]:
            found[row["Id"]] = {**row, "lines": []}
            latest = found[row["Id"]]
        latest["lines"].append(row)
    return {row["Customer ID"].lstrip("'"): dict(row) for row in customers}, found


def gathered(stand_in: StandIn, query: str) -> Rows:
    """What a bulk operation gathers, by the number of the root; children under `children`."""
    found: Rows = {}
    for one in stand_in.lines(query):
        if "__parentId" in one:
            found[one["__parentId"].rpartition("/")[2]]["children"].append(one)
        else:
            found[one["legacyResourceId"]] = {**one, "children": []}
    return found


def test_customers_are_those_of_the_export(shopify: StandIn, tmp_path: Path) -> None:
    exported, _ = exports(seeded(shopify), tmp_path)
    found = gathered(shopify, CUSTOMERS)
    assert found.keys() == exported.keys()
    for id, row in exported.items():
        one = found[id]
        email, phone, home = one["defaultEmailAddress"], one["defaultPhoneNumber"], one["defaultAddress"]
        assert (email or {"emailAddress": ""})["emailAddress"] == row["Email"]
        assert (phone or {"phoneNumber": ""})["phoneNumber"] == row["Phone"].lstrip("'")
        assert (one["firstName"], one["lastName"], one["note"] or "") == (
            row["First Name"],
            row["Last Name"],
            row["Note"],
        )
        assert ", ".join(one["tags"]) == row["Tags"]
        agreed = row["Accepts Email Marketing"] == "yes"
        assert email is None or (email["marketingState"] == "SUBSCRIBED") == agreed
        assert phone is None or (phone["marketingState"] == "SUBSCRIBED") == (row["Accepts SMS Marketing"] == "yes")
        assert home["zip"] == row["Default Address Zip"].lstrip("'")
        assert (home["provinceCode"] or "", home["countryCodeV2"]) == (
            row["Default Address Province Code"],
            row["Default Address Country Code"],
        )


def test_orders_are_those_of_the_export(shopify: StandIn, tmp_path: Path) -> None:
    _, exported = exports(seeded(shopify), tmp_path)
    found = gathered(shopify, ORDERS)
    assert found.keys() == exported.keys()
    for id, row in exported.items():
        one = found[id]
        assert (one["name"], one["email"] or "", one["note"] or "") == (row["Name"], row["Email"], row["Notes"])
        assert one["displayFinancialStatus"] == row["Financial Status"].upper()
        assert (one["presentmentCurrencyCode"], one["sourceName"]) == (row["Currency"], row["Source"])
        assert one["test"] == (row["Tags"] == "test")
        assert (one["cancelledAt"] is not None) == bool(row["Cancelled at"])
        assert ", ".join(one["discountCodes"]) == row["Discount Code"]
        assert (one["app"] or {"id": ""})["id"].rpartition("/")[2] == (row["Source"] if row["Source"].isdigit() else "")
        total = Decimal(one["totalPriceSet"]["presentmentMoney"]["amount"])
        refunded = Decimal(one["totalRefundedSet"]["presentmentMoney"]["amount"])
        assert (total, refunded) == (Decimal(row["Total"]), Decimal(row["Refunded Amount"]))
        net = ((total - refunded) * RATES[row["Currency"]]).quantize(Decimal("0.01"))
        assert Decimal(one["currentTotalPriceSet"]["shopMoney"]["amount"]) == net
        assert one["shippingAddress"]["zip"] == row["Shipping Zip"].lstrip("'")


def test_lines_are_those_of_the_export_and_add_up(shopify: StandIn, tmp_path: Path) -> None:
    _, exported = exports(seeded(shopify), tmp_path)
    for id, one in gathered(shopify, ORDERS).items():
        row, lines = exported[id], sorted(one["children"], key=lambda line: line["id"])
        shown = [(line["title"], line["sku"] or "", line["vendor"] or "", str(line["quantity"])) for line in lines]
        columns = ("Lineitem name", "Lineitem sku", "Vendor", "Lineitem quantity")
        assert shown == [tuple(line[column] for column in columns) for line in row["lines"]]
        paid = sum(Decimal(line["discountedTotalSet"]["presentmentMoney"]["amount"]) for line in lines)
        assert paid == Decimal(row["Subtotal"])
        gone = row["Refunded Amount"] == row["Total"]
        assert all(line["currentQuantity"] == (0 if gone else line["quantity"]) for line in lines)


def test_following_ids_comes_to_the_people_that_joining_by_email_comes_to(shopify: StandIn, tmp_path: Path) -> None:
    exported, rows = exports(seeded(shopify), tmp_path)
    emails = {id: row["Email"].lower() for id, row in exported.items()}
    usable = {email for email in emails.values() if email.count("@") == 1 and "." in email.rpartition("@")[2]}
    usable = {email for email in usable if " " not in email and not email.startswith("@")}
    linked = 0
    for id, one in gathered(shopify, ORDERS).items():
        email = rows[id]["Email"].lower()
        assert (one["customer"] is not None) == (email in usable)
        if one["customer"] is not None:
            linked += 1
            assert emails[one["customer"]["id"].rpartition("/")[2]] == email
    assert 100 < linked < len(rows)


def test_shopifys_own_figures_are_of_the_orders_that_name_a_customer(shopify: StandIn) -> None:
    orders = gathered(shopify, ORDERS)
    for id, one in gathered(shopify, CUSTOMERS).items():
        mine = [
            o for o in orders.values() if o["customer"] and o["customer"]["id"].endswith(f"/{id}") and not o["test"]
        ]
        spent = sum(Decimal(o["currentTotalPriceSet"]["shopMoney"]["amount"]) for o in mine if o["cancelledAt"] is None)
        assert one["numberOfOrders"] == str(len(mine))
        assert Decimal(one["amountSpent"]["amount"]) == spent


def test_the_shop_has_what_a_reader_must_bear(shopify: StandIn) -> None:
    shop = shopify.sandbox.shop
    lines = [line for order in shop.orders.values() for line in order["_lines"]]
    assert any(line["_product"] is None for line in lines)
    assert {one["completedAt"] is None for one in shop.checkouts.values()} == {True, False}
    assert any(order["_refunds"] for order in shop.orders.values())
    assert {order["_currency"] for order in shop.orders.values()} == set(RATES)
    assert any(order["_customer"] is None for order in shop.orders.values())
    assert any(one["_metafields"] for one in shop.customers.values())


def test_everything_changed_before_the_shops_day_was_over(shopify: StandIn) -> None:
    shop = shopify.sandbox.shop
    for one in (*shop.customers.values(), *shop.orders.values(), *shop.checkouts.values()):
        assert "2024-0" < one["updatedAt"] < "2026-06-01T00:00:00Z"


@pytest.mark.parametrize("keep", [False, True])
def test_a_day_on_what_changed_says_so_and_the_rest_does_not(small: StandIn, tmp_path: Path, keep: bool) -> None:
    shop = small.sandbox.shop
    before = shop.snapshot()
    told = small.seed("next_day", old_orders_keep_email=keep)
    (moved,), (gone,), (quiet,) = (told[name] for name in ("changed_email", "vanished", "withdrew"))
    assert f"gid://shopify/Customer/{gone}" not in shop.customers
    assert shop.customers[f"gid://shopify/Customer/{quiet}"]["_consent"] == "UNSUBSCRIBED"
    assert shop.customers[f"gid://shopify/Customer/{quiet}"]["_consent_at"].startswith("2026-06-01")
    assert shop.customers[f"gid://shopify/Customer/{moved}"]["_email"].startswith("new.")
    for old, new in ((before.customers, shop.customers), (before.orders, shop.orders)):
        for id, one in new.items():
            if id in old and one["updatedAt"] == old[id]["updatedAt"]:
                assert one is old[id]
            else:
                assert one["updatedAt"].startswith("2026-06-01")
    assert len(shop.orders) == len(before.orders) + told["orders"]
    changed = {id for id, one in shop.customers.items() if one is not before.customers.get(id)}
    assert {f"gid://shopify/Customer/{id}" for id in (*told["became_vip"], moved, quiet)} <= changed
    assert len(changed) < 60
    kept_orders = shop.orders_of(f"gid://shopify/Customer/{moved}")
    assert kept_orders != []
    assert all(one["email"].lower().startswith("new.") != keep for one in kept_orders if one["id"] in before.orders)
    assert small.ids("customers", "updated_at:>='2026-06-01T12:00:00Z'") != []
    exported, rows = exports(seeded(small), tmp_path)
    assert {one.rpartition("/")[2] for one in shop.customers} == exported.keys()
    assert {one["legacyResourceId"] for one in shop.orders.values()} == rows.keys()
