"""The stand-in answers as Shopify does: who may ask, what it costs, what is found, and what is wrong with a query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from stand_in import StandIn, served

SHOP = "{ shop { name } }"


@pytest.fixture
def shopify() -> Iterator[StandIn]:
    with served() as found:
        yield found


# --- who may ask ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Shopify-Access-Token": "nonsense"},
        {"Authorization": "Bearer shpat_test_1234"},
        {"Authorization": "Bearer shpat_test_1234", "X-Shopify-Access-Token": "shpat_test_1234"},
    ],
)
def test_a_wrong_credential_is_answered_with_text(shopify: StandIn, headers: dict[str, str]) -> None:
    answer = shopify.post({"query": SHOP}, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def test_only_the_token_it_was_given_is_taken() -> None:
    with served(access_token="shpat_right") as shopify:
        assert shopify.post({"query": SHOP}).status_code == 401
        assert shopify.post({"query": SHOP}, headers={"X-Shopify-Access-Token": "shpat_right"}).status_code == 200


def grant(shopify: StandIn, **form: str) -> requests.Response:
    given = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "s3cret", **form}
    return requests.post(f"{shopify.url}/admin/oauth/access_token", data=given, timeout=10)


def test_a_granted_token_lasts_a_day() -> None:
    with served(access_token="shpat_other", client_id="app", client_secret="s3cret") as shopify:
        told = grant(shopify).json()
        assert told["expires_in"] == 86_399
        assert "read_all_orders" in told["scope"].split(",")
        headers = {"X-Shopify-Access-Token": told["access_token"]}
        assert shopify.post({"query": SHOP}, headers=headers).status_code == 200
        shopify.time.advance(86_400)
        assert shopify.post({"query": SHOP}, headers=headers).status_code == 401
        renewed = {"X-Shopify-Access-Token": grant(shopify).json()["access_token"]}
        assert shopify.post({"query": SHOP}, headers=renewed).status_code == 200
        shopify.seed("expire_tokens")
        assert shopify.post({"query": SHOP}, headers=renewed).status_code == 401
        assert shopify.sandbox.state()["grants"] == 2


def test_grants_that_fail() -> None:
    with served(client_id="app", client_secret="s3cret") as shopify:
        wrong = grant(shopify, client_secret="guess")
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
        assert grant(shopify, grant_type="password").status_code == 400
        for reason in ("shop_not_permitted", "app_not_installed"):
            shopify.seed("refuse_grants", reason=reason)
            assert (grant(shopify).status_code, reason in grant(shopify).text) == (400, True)
        shopify.seed("missing_shop")
        missing = grant(shopify)
        assert (missing.status_code, missing.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert shopify.post({"query": SHOP}).json() == {"errors": "Not Found"}


def test_versions_fall_forward(shopify: StandIn) -> None:
    def answering(version: str) -> str:
        return shopify.post({"query": SHOP}, version=version).headers["X-Shopify-API-Version"]

    assert [answering(one) for one in ("2026-07", "2024-01", "nonsense")] == ["2026-07", "2026-01", "2026-01"]
    shopify.seed("versions", oldest="2026-10", supported=["2026-10"])
    assert answering("2026-07") == "2026-10"
    listed = shopify.data("{ publicApiVersions { handle supported } }")["publicApiVersions"]
    assert [one["handle"] for one in listed if one["supported"]] == ["2026-10"]


@pytest.mark.parametrize("status", [401, 402, 403, 404, 423, 429, 430, 500, 503])
def test_statuses_come_with_text(shopify: StandIn, status: int) -> None:
    shopify.seed("refuse", status=status, times=2, retry_after=2)
    answers = [shopify.post({"query": SHOP}) for _ in range(3)]
    assert [one.status_code for one in answers] == [status, status, 200]
    assert isinstance(answers[0].json()["errors"], str)
    assert answers[0].headers["Retry-After"] == "2"


def test_an_alias_says_the_permanent_name(shopify: StandIn) -> None:
    shopify.seed("domain", name="acme-2.myshopify.com")
    assert shopify.data("{ shop { myshopifyDomain } }")["shop"]["myshopifyDomain"] == "acme-2.myshopify.com"


# --- scopes and plans ----------------------------------------------------------------------------------------------


def test_a_missing_scope_is_denied_where_it_is_needed(shopify: StandIn) -> None:
    shopify.seed("customer", id=1, email="a@example.com")
    shopify.seed("order", id=2, customer=1)
    shopify.seed("scopes", handles=["read_orders"])
    denied = shopify.ask("{ customers(first: 1) { nodes { id } } }")
    assert denied["data"] is None
    assert denied["errors"][0]["path"] == ["customers"]
    assert denied["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert denied["errors"][0]["extensions"]["requiredAccess"] == "`read_customers` access scope."
    partly = shopify.ask("{ orders(first: 1) { nodes { id customer { id } lineItems(first: 1) { nodes { sku } } } } }")
    assert partly["data"]["orders"]["nodes"][0]["customer"] is None
    assert [one["path"] for one in partly["errors"]] == [["orders", "nodes", 0, "customer"]]
    line = "{ orders(first: 1) { nodes { lineItems(first: 1) { nodes { product { id } } } } } }"
    assert "read_products" in shopify.error(line)["message"]
    shopify.seed("scopes", handles=["read_orders", "write_customers"])
    assert shopify.data("{ customers(first: 1) { nodes { id } } }")["customers"]["nodes"] != []


def test_without_read_all_orders_the_old_ones_are_not_there_and_nothing_says_so(shopify: StandIn) -> None:
    shopify.seed("customer", id=1)
    for number, at in ((10, "2026-03-01T00:00:00Z"), (11, "2026-05-20T00:00:00Z")):
        shopify.seed("order", id=number, at=at, customer=1)
    shopify.seed("scopes", handles=["read_orders", "read_customers"])
    assert shopify.ids("orders") == ["11"]
    query = '{ order(id: "gid://shopify/Order/10") { id } customers(first: 1) { nodes { numberOfOrders } } }'
    assert shopify.data(query) == {"order": None, "customers": {"nodes": [{"numberOfOrders": "2"}]}}
    shopify.seed("scopes", handles=["read_orders", "read_customers", "read_all_orders"])
    assert shopify.ids("orders") == ["10", "11"]


def test_a_basic_plan_sees_no_customers(shopify: StandIn) -> None:
    shopify.seed("plan", name="basic")
    message = shopify.error("{ customers(first: 1) { nodes { id } } }")["message"]
    assert "not approved to access the Customer object" in message
    assert "Shopify, Advanced, and Plus plans" in message


def test_a_field_that_needs_write_access_fails_the_query(shopify: StandIn) -> None:
    shopify.seed("customer", id=1)
    assert shopify.error("{ customers(first: 1) { nodes { id unsubscribeUrl } } }")["extensions"]["code"] == (
        "ACCESS_DENIED"
    )


# --- what is wrong with a query ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "variables", "code", "words"),
    [
        ("{ shop { nmae } }", {}, "undefinedField", "Field 'nmae' doesn't exist on type 'Shop'"),
        ("{ orders(frist: 1) { nodes { id } } }", {}, "argumentNotAccepted", "doesn't accept argument 'frist'"),
        ("{ order { id } }", {}, "missingRequiredArguments", "Field 'order' is missing required arguments: id"),
        ("{ shop }", {}, "selectionMismatch", "Field must have selections"),
        ("{ orders(first: 1, sortKey: SIZE) { nodes { id } } }", {}, "argumentLiteralsIncompatible", "SIZE"),
        ("query($a: Int) { shop { id } }", {}, "variableNotUsed", "Variable $a is declared but not used"),
        ("{ order(id: $a) { id } }", {}, "variableNotDefined", "Variable $a is used but not declared"),
        ("query($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": "x"}, "INVALID_VARIABLE", "$n of type Int!"),
        ("query($n: Int!) { orders(first: $n) { nodes { id } } }", {}, "INVALID_VARIABLE", "$n of type Int!"),
        ("{ orders { nodes { id } } }", {}, "BAD_REQUEST", "you must provide one of first or last"),
        ("{ orders(first: 1, last: 1) { nodes { id } } }", {}, "BAD_REQUEST", "both first and last"),
        ("{ orders(first: 251) { nodes { id } } }", {}, "BAD_REQUEST", "251"),
        ('{ orders(first: 1, after: "zzz") { nodes { id } } }', {}, "BAD_REQUEST", "Invalid cursor"),
        ('{ order(id: "17") { id } }', {}, "argumentLiteralsIncompatible", "Invalid global id '17'"),
        ("query($i: ID!) { order(id: $i) { id } }", {"i": "17"}, "INVALID_VARIABLE", "$i of type ID!"),
        ('{ order(id: "gid://shopify/Product/1") { id } }', {}, "RESOURCE_NOT_FOUND", "Invalid id: gid:"),
        ('{ orders(first: 1, query: "updated_at:>") { nodes { id } } }', {}, "INTERNAL_SERVER_ERROR", "our end"),
        (
            '{ bulkOperations(first: 1, query: "created_at:yesterday") { nodes { id } } }',
            {},
            "BAD_REQUEST",
            "Invalid timestamp",
        ),
    ],
)
def test_errors_of_a_query_are_a_list_with_codes(
    shopify: StandIn, query: str, variables: dict[str, Any], code: str, words: str
) -> None:
    error = shopify.error(query, **variables)
    assert (error["extensions"]["code"], words in error["message"]) == (code, True), error
    assert error["locations"][0]["line"] == 1


def test_what_is_no_graphql_is_a_syntax_error(shopify: StandIn) -> None:
    assert "syntax error" in shopify.error("{ shop { name }")["message"]
    assert shopify.post({"q": "{ shop { name } }"}).status_code == 400
    assert shopify.post([1]).status_code == 400


def test_errors_that_were_arranged(shopify: StandIn) -> None:
    shopify.seed("fail", code="INTERNAL_SERVER_ERROR")
    shopify.seed("fail", code="SHOP_INACTIVE", message="Shop is inactive", data={"shop": None})
    first, second, third = (shopify.ask(SHOP) for _ in range(3))
    assert first["errors"][0]["message"].startswith("Internal error. Looks like something went wrong on our end.")
    assert first["errors"][0]["extensions"]["requestId"]
    assert second["errors"][0]["extensions"]["code"] == "SHOP_INACTIVE"
    assert second["data"] == {"shop": None}
    assert third["data"] == {"shop": {"name": "Acme"}}


# --- cost ----------------------------------------------------------------------------------------------------------


def test_every_answer_says_what_it_cost_and_the_difference_is_given_back(shopify: StandIn) -> None:
    for number in range(3):
        shopify.seed("customer", id=number + 1)
    cost = shopify.ask("{ customers(first: 100) { nodes { id defaultEmailAddress { emailAddress } } } }")["extensions"]
    assert cost["cost"]["requestedQueryCost"] == 200
    assert cost["cost"]["actualQueryCost"] < 20
    status = cost["cost"]["throttleStatus"]
    assert (status["maximumAvailable"], status["restoreRate"]) == (2_000.0, 100.0)
    assert status["currentlyAvailable"] == 2_000 - cost["cost"]["actualQueryCost"]


def test_too_dear_a_query_is_refused_whatever_is_left(shopify: StandIn) -> None:
    query = "{ orders(first: 250) { nodes { lineItems(first: 10) { nodes { id } } } } }"
    error = shopify.error(query)
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert (error["extensions"]["cost"], error["extensions"]["maxCost"]) == (2_750, 1_000)


def test_who_has_no_points_left_waits(shopify: StandIn) -> None:
    shopify.seed("throttle", available=5)
    query = "{ customers(first: 50) { nodes { id } } }"
    answer = shopify.ask(query)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    cost = answer["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (50, None)
    assert cost["throttleStatus"]["currentlyAvailable"] == 5
    shopify.time.advance(0.46)
    assert "data" in shopify.ask(query)
    assert shopify.sandbox.state()["throttled"] == 1


# --- searching -----------------------------------------------------------------------------------------------------


def test_an_unknown_field_finds_everything_and_warns(shopify: StandIn) -> None:
    for number in (1, 2):
        shopify.seed("order", id=number, at="2026-05-01T00:00:00Z")
    answer = shopify.ask("""{ o: orders(first: 9, query: "update_at:>'2026-05-30'") { nodes { id } } }""")
    assert len(answer["data"]["o"]["nodes"]) == 2
    (told,) = answer["extensions"]["search"]
    assert told["path"] == ["o"]
    assert [(one["field"], one["code"]) for one in told["warnings"]] == [("update_at", "invalid_field")]
    assert shopify.ids("orders", "customer_dat:1 AND id:2") == ["2"]


def test_customers_have_no_created_at_to_search_by(shopify: StandIn) -> None:
    answer = shopify.ask("""{ customers(first: 9, query: "created_at:>'2026-05-30'") { nodes { id } } }""")
    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "created_at"


def test_customers_are_found_by_the_whole_day_in_the_shops_zone_and_orders_to_the_second(shopify: StandIn) -> None:
    # In New York the day of 1 May began at 04:00 UTC.
    for number, at in enumerate(("2026-05-01T03:59:59Z", "2026-05-01T04:00:00Z", "2026-05-01T18:00:00Z"), 1):
        shopify.seed("customer", id=number, at=at)
        shopify.seed("order", id=number, at=at)
    query = "updated_at:>='2026-05-01T17:00:00Z'"
    assert shopify.ids("customers", query) == ["2", "3"]
    assert shopify.ids("orders", query) == ["3"]
    assert shopify.ids("customers", "updated_at:<'2026-05-01T17:00:00Z'") == ["1"]
    assert shopify.ids("customers", "updated_at:>'2026-05-01T05:00:00Z'") == []
    assert shopify.ids("customers", "updated_at:'2026-05-01T05:00:00Z'") == ["2", "3"]
    assert shopify.ids("orders", "updated_at:'2026-05-01T04:00:00Z'") == ["2"]
    assert shopify.ids("orders", "updated_at:>'2026-05-01T04:00:00Z'") == ["3"]
    assert shopify.ids("orders", "updated_at:<='2026-05-01T04:00:00Z'") == ["1", "2"]
    assert shopify.ids("orders", "updated_at:'2026-05-01'") == ["2", "3"]
    assert shopify.ids("orders", "updated_at:<=2025 OR updated_at:>2026-04") == ["2", "3"]


def test_what_cannot_be_read_as_a_time_is_ignored(shopify: StandIn) -> None:
    shopify.seed("order", id=1, at="2026-05-01T00:00:00Z")
    answer = shopify.ask("""{ orders(first: 9, query: "updated_at:>='last week'") { nodes { id } } }""")
    assert len(answer["data"]["orders"]["nodes"]) == 1
    assert "search" not in answer["extensions"]


def test_an_unquoted_instant_falls_apart_at_its_colons(shopify: StandIn) -> None:
    shopify.seed("order", id=1, at="2026-05-01T10:05:00Z")
    answer = shopify.ask('{ orders(first: 9, query: "updated_at:>=2026-05-01T14:30:00Z") { nodes { id } } }')
    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "30"
    shopify.seed("order", id=2, at="2026-05-01T18:10:00Z")
    assert shopify.ids("orders", "updated_at:>=2026-05-01T14:30:00Z") == ["2"]  # 14 o'clock in the shop's zone


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("first_name:Ann", ["1"]),
        ("first_name:an*", ["1", "3"]),
        ("first_name:Ann OR last_name:Oz", ["1", "2"]),
        ("-first_name:Ann", ["2", "3"]),
        ("NOT first_name:Ann", ["2", "3"]),
        ("(first_name:Ann OR first_name:Bob) AND last_name:Oz", ["2"]),
        ("first_name:Ann last_name:Oz", []),
        ('email:"BOB"', ["2"]),
        ("email:*", ["1", "2"]),
        ("-email:*", ["3"]),
        ("tag:'VIP,Repeat'", ["1", "3"]),
        ("tag_not:VIP", ["2", "3"]),
        ("id:>=2 id:<3", ["2"]),
        ("accepts_marketing:true", ["2"]),
        ("orders_count:>0", ["3"]),
        ("total_spent:>=100", ["3"]),
        ("anna", ["3"]),
        ("", ["1", "2", "3"]),
        ("(first_name:Ann", ["1"]),
        ("AND OR ) -", ["1", "2", "3"]),
    ],
)
def test_the_grammar_of_searches(shopify: StandIn, query: str, found: list[str]) -> None:
    shopify.seed("customer", id=1, email="ann@example.com", firstName="Ann", lastName="Lee", tags=["VIP"])
    shopify.seed("customer", id=2, email="bob@example.com", firstName="Bob", lastName="Oz", consent="SUBSCRIBED")
    shopify.seed("customer", id=3, firstName="Anna", tags=["Repeat"])
    shopify.seed("order", id=9, customer=3)
    assert shopify.ids("customers", query.replace("BOB", "bob@example.com")) == found


def test_the_index_lags_and_plain_lists_do_not(shopify: StandIn) -> None:
    shopify.seed("lag", seconds=600)
    shopify.seed("order", id=1, at="2026-05-01T00:00:00Z")
    shopify.seed("order", id=2)
    assert shopify.ids("orders", "updated_at:>'2026-01-01'") == ["1"]
    assert shopify.ids("orders") == ["1", "2"]
    shopify.time.advance(601)
    assert shopify.ids("orders", "updated_at:>'2026-01-01'") == ["1", "2"]


def test_abandoned_checkouts_are_found_by_state_and_time(shopify: StandIn) -> None:
    shopify.seed("customer", id=5)
    shopify.seed("checkout", id=1, at="2026-05-01T00:00:00Z", customer=5)
    shopify.seed("checkout", id=2, at="2026-05-02T00:00:00Z", completed="2026-05-03T00:00:00Z")
    assert shopify.ids("abandonedCheckouts", "recovery_state:recovered") == ["2"]
    assert shopify.ids("abandonedCheckouts", "status:open") == ["1"]
    assert shopify.ids("abandonedCheckouts", "updated_at:>='2026-05-02T12:00:00Z'") == ["2"]
    shown = shopify.data("{ abandonedCheckouts(first: 1) { nodes { completedAt customer { id } } } }")
    assert shown["abandonedCheckouts"]["nodes"] == [
        {"completedAt": None, "customer": {"id": "gid://shopify/Customer/5"}}
    ]


# --- paging and values ---------------------------------------------------------------------------------------------


def test_pages_follow_one_another_though_records_change_between_them(shopify: StandIn) -> None:
    for number in range(1, 6):
        shopify.seed("order", id=number, at=f"2026-05-0{number}T00:00:00Z")
    query = """query($after: String) { orders(first: 2, after: $after, sortKey: UPDATED_AT) {
        edges { cursor node { legacyResourceId } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    first = shopify.data(query)["orders"]
    assert [one["node"]["legacyResourceId"] for one in first["edges"]] == ["1", "2"]
    assert first["pageInfo"] | {"endCursor": ""} == {"hasNextPage": True, "hasPreviousPage": False, "endCursor": ""}
    assert first["pageInfo"]["endCursor"] == first["edges"][1]["cursor"]
    shopify.seed("delete_order", id=2)
    second = shopify.data(query, after=first["pageInfo"]["endCursor"])["orders"]
    assert [one["node"]["legacyResourceId"] for one in second["edges"]] == ["3", "4"]
    third = shopify.data(query, after=second["pageInfo"]["endCursor"])["orders"]
    assert ([one["node"]["legacyResourceId"] for one in third["edges"]], third["pageInfo"]["hasNextPage"]) == (
        ["5"],
        False,
    )


def test_lists_turn_around_and_end_early(shopify: StandIn) -> None:
    for number in (1, 2, 3):
        shopify.seed("order", id=number, at=f"2026-05-0{4 - number}T00:00:00Z")
    assert shopify.ids("orders") == ["3", "2", "1"]  # by processedAt
    assert shopify.ids("orders", reverse="true") == ["1", "2", "3"]
    assert shopify.ids("orders", sortKey="ID") == ["1", "2", "3"]
    last = shopify.data("{ orders(last: 2, sortKey: ID) { nodes { legacyResourceId } } }")["orders"]["nodes"]
    assert [one["legacyResourceId"] for one in last] == ["2", "3"]


def test_numbers_are_text_and_money_is_in_two_currencies(shopify: StandIn) -> None:
    shopify.seed("customer", id=1, numberOfOrders="7")
    lines = [{"title": "Wool Blanket", "price": "100.00", "quantity": 2}, {"title": "Tea", "price": "50.00"}]
    refunds = [{"amount": "50.00", "lines": [1], "at": "2026-05-03T00:00:00Z"}]
    shopify.seed("order", id=2, customer=1, currency="EUR", lines=lines, refunds=refunds, discount="25.00")
    shopify.seed("order", id=3, customer=1, test=True)
    shopify.seed("order", id=4, customer=1, cancelledAt="2026-05-01T00:00:00Z")
    told = shopify.data("""{
      customer(id: "gid://shopify/Customer/1") { legacyResourceId numberOfOrders amountSpent { amount currencyCode } }
      order(id: "gid://shopify/Order/2") {
        currentTotalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
        totalPrice
        lineItems(first: 5) { nodes {
          quantity currentQuantity product { productType }
          plain: discountedTotalSet { presentmentMoney { amount } }
          codes: discountedTotalSet(withCodeDiscounts: true) { presentmentMoney { amount } }
        } }
        refunds { createdAt totalRefundedSet { presentmentMoney { amount } } } } }""")
    assert told["customer"] == {
        "legacyResourceId": "1",
        "numberOfOrders": "7",
        "amountSpent": {"amount": "189.0", "currencyCode": "USD"},
    }
    assert told["order"]["currentTotalPriceSet"] == {
        "shopMoney": {"amount": "189.0", "currencyCode": "USD"},
        "presentmentMoney": {"amount": "175.0", "currencyCode": "EUR"},
    }
    assert told["order"]["totalPrice"] == "243.0"
    first, second = told["order"]["lineItems"]["nodes"]
    assert (first["quantity"], first["currentQuantity"], first["product"]) == (2, 2, {"productType": "Home"})
    assert (second["quantity"], second["currentQuantity"], second["product"]) == (1, 0, None)
    assert (first["plain"], first["codes"]) == (
        {"presentmentMoney": {"amount": "200.0"}},
        {"presentmentMoney": {"amount": "180.0"}},
    )
    assert told["order"]["refunds"] == [
        {"createdAt": "2026-05-03T00:00:00Z", "totalRefundedSet": {"presentmentMoney": {"amount": "50.0"}}}
    ]


# --- deeds ---------------------------------------------------------------------------------------------------------


def test_deeds_over_http(shopify: StandIn) -> None:
    deeds = [
        {"do": "customer", "id": 1, "email": "a@example.com", "at": "2026-05-01T00:00:00Z"},
        {"do": "order", "id": 2, "customer": 1},
        {"do": "change_customer", "id": 1, "email": "b@example.com", "consent": "UNSUBSCRIBED"},
        {"do": "change_order", "id": 2, "note": "late", "refunds": [{"amount": "29.00"}], "at": "2026-05-02T00:00:00Z"},
    ]
    state = requests.post(f"{shopify.url}/__seed", json=deeds, timeout=10).json()
    gid = "gid://shopify/Customer/1"
    assert state["customers"][gid] == {"email": "b@example.com", "orders": 1, "updatedAt": "2026-06-01T12:00:00Z"}
    told = shopify.data("""{ order(id: "gid://shopify/Order/2") {
        note updatedAt processedAt netPaymentSet { shopMoney { amount } }
        customer { defaultEmailAddress { marketingState marketingUpdatedAt } } } }""")["order"]
    assert (told["note"], told["updatedAt"], told["processedAt"]) == (
        "late",
        "2026-05-02T00:00:00Z",
        "2026-06-01T12:00:00Z",
    )
    assert told["netPaymentSet"] == {"shopMoney": {"amount": "100.0"}}
    assert told["customer"]["defaultEmailAddress"]["marketingState"] == "UNSUBSCRIBED"
    requests.post(f"{shopify.url}/__seed", json={"do": "delete_customer", "id": 1}, timeout=10)
    told = shopify.data('{ order(id: "gid://shopify/Order/2") { updatedAt customer { id } } }')["order"]
    assert told == {"updatedAt": "2026-05-02T00:00:00Z", "customer": None}


@pytest.mark.parametrize(
    "deed",
    [
        {"do": "magic"},
        {"do": "customer", "frstName": "Ann"},
        {"do": "order", "lines": [{"titel": "Tea", "price": "1.00"}]},
        {"do": "order", "lines": [{"title": "Tea", "price": "much"}]},
        {"do": "change_customer", "id": 404},
        {"do": "next_day"},
        "nothing",
    ],
)
def test_a_deed_that_cannot_be_done_is_refused(shopify: StandIn, deed: Any) -> None:
    assert requests.post(f"{shopify.url}/__seed", json=deed, timeout=10).status_code == 400
