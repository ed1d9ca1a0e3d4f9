"""A bulk operation's result: taken whole or not at all, in whatever order its lines stand."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from segsync.errors import Unavailable
from segsync_shopify.bulk import Operation
from segsync_shopify.spool import PAGE, Spool

Line = dict[str, Any]


@pytest.fixture
def spool() -> Iterator[Spool]:
    with Spool() as made:
        yield made


def operation(lines: Sequence[Line], **told: Any) -> Operation:
    roots = sum("__parentId" not in line for line in lines)
    counts = {"objects": len(lines), "roots": roots, **told}
    return Operation("gid://shopify/BulkOperation/1", "COMPLETED", None, datetime.now(UTC), url="", **counts)


def load(spool: Spool, lines: Sequence[Line], *, cut: int = 0, **told: Any) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    spool.file.write_text(text[: len(text) - cut])
    spool.load(operation(lines, **told))


def money(amount: str) -> Mapping[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}


def order(number: int, **more: Any) -> Line:
    return {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{number}",
        "updatedAt": f"2026-11-{number % 28 + 1:02d}T00:00:00Z",
        **more,
    }


def line(number: int, of: int, **more: Any) -> Line:
    return {
        "__typename": "LineItem",
        "id": f"gid://shopify/LineItem/{number}",
        "quantity": 2,
        "originalTotalSet": money("10.00"),
        "__parentId": f"gid://shopify/Order/{of}",
        **more,
    }


def frames(spool: Spool, root: str, kept_from: str | None = None, **metafields: str) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for page in spool.pages(root, kept_from=kept_from, metafields=metafields):
        for stream, frame in page.items():
            found.setdefault(stream, []).extend(frame.astype(object).where(frame.notna(), None).to_dict("records"))
    return found


def test_children_need_not_stand_behind_their_parents(spool: Spool) -> None:
    lines = [order(n) for n in range(1, 6)] + [line(n, n % 5 + 1) for n in range(1, 20)]
    random.Random(1).shuffle(lines)
    load(spool, lines)
    found = frames(spool, "orders")
    assert {(one["line_id"], one["order_id"]) for one in found["order_lines"]} == {
        (str(n), str(n % 5 + 1)) for n in range(1, 20)
    }
    assert {one["order_id"]: (one["gross"], one["items"]) for one in found["orders"]}["2"] == ("40.0000", 8)


def test_an_order_is_not_split_over_pages(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segsync_shopify.spool.PAGE", {**PAGE, "orders": 2})
    load(spool, [order(n) for n in range(1, 6)] + [line(n, n % 5 + 1) for n in range(1, 20)])
    pages = list(spool.pages("orders", kept_from=None, metafields={}))
    assert [len(page["orders"]) for page in pages] == [2, 2, 1]
    for page in pages:
        assert set(page["order_lines"]["order_id"]) <= set(page["orders"]["order_id"])
    assert sum(len(page["order_lines"]) for page in pages) == 19


def test_the_longest_unchanged_comes_first(spool: Spool) -> None:
    load(spool, [order(3), order(1), order(2)])
    assert [one["order_id"] for one in frames(spool, "orders")["orders"]] == ["1", "2", "3"]
    assert spool.newest() == "2026-11-04T00:00:00Z"


def test_what_was_landed_before_is_left_out_with_its_children(spool: Spool) -> None:
    load(spool, [order(1), order(5), line(1, 1), line(2, 5), order(6, updatedAt=None)])
    found = frames(spool, "orders", kept_from="2026-11-06T00:00:00Z")
    assert {one["order_id"] for one in found["orders"]} == {"5", "6"}
    assert {one["order_id"] for one in found["order_lines"]} == {"5"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"objects": 4}, "3 of 4 records"),
        ({"objects": 2}, "3 of 2 records"),
        ({"roots": 2}, "1 of 2 records that stand alone"),
    ],
)
def test_counts_that_differ_are_refused(spool: Spool, told: dict[str, int], words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        load(spool, [order(1), line(1, 1), line(2, 1)], **told)


def test_a_file_that_ends_in_the_middle_of_a_line_is_refused(spool: Spool) -> None:
    with pytest.raises(Unavailable, match="is no JSON"):
        load(spool, [order(1), line(1, 1)], cut=5)


def test_a_child_of_nobody_is_refused(spool: Spool) -> None:
    with pytest.raises(Unavailable, match="1 records of Shopify's result belong to none"):
        load(spool, [order(1), line(1, 2)])


def test_the_reasons_show_nobody(spool: Spool) -> None:
    spool.file.write_text('{"id": "1", "email": "ann@example.com"\n')
    with pytest.raises(Unavailable) as caught:
        spool.load(operation([order(1)]))
    assert "@" not in str(caught.value)


def test_fields_that_we_did_not_ask_for_and_odd_texts_do_no_harm(spool: Spool) -> None:
    odd = 'naïve "quoted", comma\n\u2028 😀'
    load(spool, [order(1, email=odd, brandNew={"a": [1]}), line(1, 1, title=odd, quantity=3)])
    found = frames(spool, "orders")
    assert found["orders"][0]["email"] == odd
    assert found["order_lines"][0]["title"] == odd


def customer(**more: Any) -> Line:
    return {
        "__typename": "Customer",
        "id": "gid://shopify/Customer/7",
        "updatedAt": "2026-11-01T00:00:00Z",
        "defaultEmailAddress": {"emailAddress": "ann@example.com", "marketingState": "SUBSCRIBED"},
        **more,
    }


def metafield(key: str, value: str) -> Line:
    return {
        "__typename": "Metafield",
        "id": f"gid://shopify/Metafield/{key}",
        "namespace": "facts",
        "key": key,
        "value": value,
        "__parentId": "gid://shopify/Customer/7",
    }


def address(number: int) -> Line:
    return {
        "__typename": "MailingAddress",
        "id": f"gid://shopify/MailingAddress/{number}?model_name=CustomerAddress",
        "countryCodeV2": "US",
        "provinceCode": "NY",
        "city": "New York",
        "__parentId": "gid://shopify/Customer/7",
    }


def test_metafields_become_attributes_and_columns(spool: Spool) -> None:
    load(spool, [customer(), metafield("birth_date", "1990-02-03"), metafield("size", "M"), metafield("ads", "Yes")])
    (found,) = frames(spool, "customers", birth_date="facts.birth_date", ads_consent="facts.ads")["customers"]
    assert json.loads(found["attributes"]) == {"facts.birth_date": "1990-02-03", "facts.size": "M", "facts.ads": "Yes"}
    assert (found["birth_date"], found["gender"], found["ads_consent"]) == ("1990-02-03", None, "GRANTED")


@pytest.mark.parametrize(
    ("fields", "consent"),
    [
        ({}, None),
        ({"dataSaleOptOut": True}, "DENIED"),
        ({"dataSaleOptOut": False}, None),
        ({"defaultPhoneNumber": {"phoneNumber": "+12125550123", "marketingState": "REDACTED"}}, "DENIED"),
        ({"defaultEmailAddress": {"emailAddress": "a@example.com", "marketingState": "REDACTED"}}, "DENIED"),
    ],
)
def test_ads_consent_is_denied_by_what_shopify_says(spool: Spool, fields: dict[str, Any], consent: str | None) -> None:
    load(spool, [customer(**fields)])
    assert frames(spool, "customers")["customers"][0]["ads_consent"] == consent


def test_an_opt_out_wins_over_a_metafield(spool: Spool) -> None:
    load(spool, [customer(dataSaleOptOut=True), metafield("ads", "true")])
    assert frames(spool, "customers", ads_consent="facts.ads")["customers"][0]["ads_consent"] == "DENIED"


def test_never_subscribed_is_not_subscribed(spool: Spool) -> None:
    states = {"emailAddress": "a@example.com", "marketingState": "NEVER_SUBSCRIBED"}
    load(spool, [customer(defaultEmailAddress=states)])
    assert frames(spool, "customers")["customers"][0]["email_subscription_status"] == "NOT_SUBSCRIBED"


def test_the_default_address_is_known_by_its_number(spool: Spool) -> None:
    home = {"id": "gid://shopify/MailingAddress/2", "countryCodeV2": "US", "city": "New York"}
    load(spool, [customer(defaultAddress=home), address(1), address(2)])
    found = frames(spool, "customers")["addresses"]
    assert sorted((one["address_id"], one["is_default"], one["region"]) for one in found) == [
        ("1", False, "US-NY"),
        ("2", True, "US-NY"),
    ]


def test_a_default_address_that_is_not_listed_is_an_address(spool: Spool) -> None:
    home = {"id": "gid://shopify/MailingAddress/2", "countryCodeV2": "CA", "provinceCode": "ON", "city": "Toronto"}
    load(spool, [customer(defaultAddress=home), address(1)])
    found = {one["address_id"]: (one["region"], one["is_default"]) for one in frames(spool, "customers")["addresses"]}
    assert found == {"1": ("US-NY", False), "2": ("CA-ON", True)}


def test_a_product_that_is_gone_leaves_its_line(spool: Spool) -> None:
    load(spool, [order(1), line(1, 1, product=None, variant=None, sku="A-1", title="Gone")])
    (found,) = frames(spool, "orders")["order_lines"]
    assert (found["product_id"], found["tags"], found["sku"], found["title"]) == (None, None, "A-1", "Gone")


def test_refunds_are_dated_by_when_they_were_processed(spool: Spool) -> None:
    refunds = [
        {"id": "gid://shopify/Refund/1", "createdAt": None, "processedAt": None, "totalRefundedSet": money("1.00")},
        {
            "id": "gid://shopify/Refund/2",
            "createdAt": "2026-11-03T00:00:00Z",
            "processedAt": "2026-11-02T00:00:00Z",
            "totalRefundedSet": money("2.00"),
        },
    ]
    load(spool, [order(1, refunds=refunds), order(2, refunds=[])])
    found = {one["refund_id"]: one["refunded_at"] for one in frames(spool, "orders")["refunds"]}
    assert found == {"1": None, "2": "2026-11-02T00:00:00Z"}


def test_an_order_of_nobody_with_nothing(spool: Spool) -> None:
    load(spool, [order(1, customer=None, shippingAddress=None, billingAddress=None, app=None, sourceName="")])
    (found,) = frames(spool, "orders")["orders"]
    assert {found[name] for name in ("customer_id", "country", "region", "app_id", "channel", "gross")} == {None}


@pytest.mark.parametrize(
    ("source", "channel"),
    [("web", "online_store"), ("580111", "online_store"), ("pos", "pos"), ("5690175", "other"), ("tiktok", "tiktok")],
)
def test_channels_have_names(spool: Spool, source: str, channel: str) -> None:
    load(spool, [order(1, sourceName=source)])
    assert frames(spool, "orders")["orders"][0]["channel"] == channel


def test_every_column_comes_from_its_own_field(spool: Spool) -> None:
    """Each value is another, so that no two fields can be taken for one another."""
    contact = {"marketingState": "NEVER_SUBSCRIBED", "marketingUpdatedAt": "2026-01-04T00:00:00Z"}
    sms = {"marketingState": "NEVER_SUBSCRIBED", "marketingUpdatedAt": "2026-01-05T00:00:00Z"}
    shipping = {"city": "Toronto", "provinceCode": "ON", "countryCodeV2": "CA", "zip": "M5H"}
    billing = {"city": "New York", "provinceCode": "NY", "countryCodeV2": "US", "zip": "10001"}
    load(
        spool,
        [
            order(
                1,
                processedAt="2026-01-01T00:00:00Z",
                updatedAt="2026-01-02T00:00:00Z",
                cancelledAt="2026-01-03T00:00:00Z",
                test=True,
                email="o@example.com",
                phone="+12125550123",
                displayFinancialStatus="PAID",
                sourceName="web",
                app={"id": "gid://shopify/App/5"},
                customer={"id": "gid://shopify/Customer/6"},
                discountCodes=["A"],
                currentTotalPriceSet=money("7.00"),
                totalDiscountsSet=money("8.00"),
                totalShippingPriceSet=money("9.00"),
                totalTaxSet=money("10.00"),
                totalRefundedSet=money("11.00"),
                shippingAddress=shipping,
                billingAddress=billing,
                customerJourneySummary={
                    "lastVisit": {"source": "seen", "utmParameters": {"source": "s", "medium": "m", "campaign": "c"}}
                },
                refunds=[],
            ),
            line(
                2,
                1,
                title="T",
                sku="K",
                vendor="V",
                quantity=5,
                currentQuantity=4,
                isGiftCard=True,
                originalTotalSet=money("20.00"),
                discountedTotalSet=money("18.00"),
                priceAfterAllDiscountsBeforeTaxesSet=money("17.00"),
                variant={"id": "gid://shopify/ProductVariant/12"},
                product={"id": "gid://shopify/Product/13", "productType": "P", "tags": ["t"]},
            ),
        ],
    )
    found = frames(spool, "orders")
    (one,), (bought,) = found["orders"], found["order_lines"]
    assert [*one.values()][:9] == [
        "1", "6", "o@example.com", "+12125550123", "US",
        "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "true",
    ]  # fmt: skip
    money_of = ("gross", "discount", "shipping", "tax", "refunded", "net")
    assert [one[name] for name in money_of] == ["20.0000", "8.00", "9.00", "10.00", "11.00", "7.00"]
    place = ("country", "region", "city", "postal_code", "visit_source", "visit_medium", "visit_campaign", "items")
    assert [one[name] for name in place] == ["CA", "CA-ON", "Toronto", "M5H", "s", "m", "c", 5]
    assert {name: bought[name] for name in ("product_id", "variant_id", "sku", "title", "product_type", "vendor")} == {
        "product_id": "13", "variant_id": "12", "sku": "K", "title": "T", "product_type": "P", "vendor": "V",
    }  # fmt: skip
    numbers = ("quantity", "net_quantity", "gross", "discount", "net", "gift_card")
    assert [bought[name] for name in numbers] == ["5", "4", "20.00", "2.0000", "17.00", "true"]
    with Spool() as other:
        email = {"emailAddress": "c@example.com", **contact}
        made = customer(
            createdAt="2026-01-01T00:00:00Z",
            updatedAt="2026-01-02T00:00:00Z",
            defaultEmailAddress=email,
            defaultPhoneNumber={"phoneNumber": "+12125550188", **sms},
            numberOfOrders="3",
        )
        load(other, [made, metafield("ads", "No")])
        (who,) = frames(other, "customers", ads_consent="facts.ads")["customers"]
    names = ("email_subscription_status", "email_consent_at", "sms_subscription_status", "sms_consent_at")
    assert [who[name] for name in names] == [
        "NOT_SUBSCRIBED", "2026-01-04T00:00:00Z", "NOT_SUBSCRIBED", "2026-01-05T00:00:00Z",
    ]  # fmt: skip
    assert [who[name] for name in ("created_at", "updated_at", "ads_consent", "platform_orders")] == [
        "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "DENIED", "3",
    ]  # fmt: skip
