"""The stand-in's schema is a part of Shopify's own, and what it selects is what graphql-core's own executor selects."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLNamedType,
    GraphQLResolveInfo,
    GraphQLSchema,
    ast_from_value,
    build_client_schema,
    execute_sync,
    get_named_type,
    is_enum_type,
    is_interface_type,
    is_object_type,
    is_required_argument,
    parse,
    print_ast,
    validate,
)
from stand_in import StandIn, served

from segsync_shopify.sandbox.fields import At
from segsync_shopify.sandbox.graphql import schema
from segsync_shopify.sandbox.paging import Listing, page
from segsync_shopify.sandbox.roots import Roots
from segsync_shopify.sandbox.select import _blank, _derived

LICENSE = Path(__file__).resolve().parents[2] / "connectors/segsync_shopify/sandbox/schema.LICENSE"
NOT_READ = {"bulk_customers_2026-10", "segment_filters"}  # of a later version; of merchants' own segments


@pytest.fixture(scope="module")
def whole(shared: Callable[[str], Path]) -> GraphQLSchema:
    told = json.loads(gzip.decompress((shared("specs/shopify") / "admin_2026-07.json.gz").read_bytes()))
    return build_client_schema(told["data"], assume_valid=True)  # it deprecates what interfaces do not


@pytest.fixture(scope="module")
def queries(shared: Callable[[str], Path]) -> dict[str, str]:
    found = {one.stem: one.read_text("utf-8") for one in (shared("specs/shopify") / "queries").glob("*.graphql")}
    return {name: text for name, text in found.items() if name not in NOT_READ}


def described(type_: Any) -> Iterator[str]:
    """Every statement that a schema makes of a type."""
    yield f"{type_.name} is a {type(type_).__name__}"
    if is_enum_type(type_):
        for name, value in type_.values.items():
            yield f"{type_.name}.{name} {value.deprecation_reason}"
    if not (is_object_type(type_) or is_interface_type(type_)):
        return
    for one in type_.interfaces:
        yield f"{type_.name} implements {one.name}"
    for name, field in type_.fields.items():
        yield f"{type_.name}.{name}: {field.type} {field.deprecation_reason}"
        for argument, told in field.args.items():
            yield f"{type_.name}.{name}({argument}: {told.type} = {written_default(told)})"


def written_default(argument: GraphQLArgument) -> str | None:
    """An argument's default as the schema writes it, however it was read."""
    if argument.default is None:
        return None
    literal = argument.default.literal or ast_from_value(argument.default.value, argument.type)
    return literal and print_ast(literal)


def kept() -> list[GraphQLNamedType]:
    return [type_ for name, type_ in schema().type_map.items() if not name.startswith("__")]


def test_everything_in_the_kept_schema_is_as_in_the_whole(whole: GraphQLSchema) -> None:
    wrong = []
    for type_ in kept():
        original = whole.get_type(type_.name)
        assert original is not None, type_.name
        wrong += sorted(set(described(type_)) - set(described(original)))
        if is_enum_type(type_):
            assert set(described(type_)) == set(described(original))
    assert wrong == []


def test_no_argument_that_must_be_given_was_left_out(whole: GraphQLSchema) -> None:
    for type_ in kept():
        for name, field in getattr(type_, "fields", {}).items():
            original: Any = whole.get_type(type_.name)
            must = {arg for arg, told in original.fields[name].args.items() if is_required_argument(told)}
            assert must <= set(field.args)


def test_the_licence_lies_beside_it(shared: Callable[[str], Path]) -> None:
    assert LICENSE.read_text("utf-8") == (shared("specs/shopify") / "LICENSE").read_text("utf-8")


def test_the_queries_are_right_in_both(queries: dict[str, str], whole: GraphQLSchema) -> None:
    assert len(queries) == 10
    for name, text in queries.items():
        assert validate(schema(), parse(text)) == [], name
        assert validate(whole, parse(text)) == [], name


# --- the same by graphql-core's own executor -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def shopify() -> Iterator[StandIn]:
    with served() as found:
        found.seed("shop", seed=5, customers=60, day="2026-05-31")
        found.seed("throttle", available=10**9, most=10**9)
        yield found


class Oracle:
    """Answers queries by graphql-core's executor, one field at a time."""

    def __init__(self, stand_in: StandIn) -> None:
        self._refusal = stand_in.account.access.refusal
        self._view = stand_in.account.view()
        self._roots = Roots(schema(), stand_in.account, self._view, lambda one: "").table()

    def data(self, text: str, variables: dict[str, Any]) -> Any:
        done = self.done(text, variables)
        assert not done.errors, done.errors
        return done.data

    def done(self, text: str, variables: dict[str, Any]) -> ExecutionResult:
        done = execute_sync(
            schema(),
            parse(text),
            variable_values=variables,
            field_resolver=self._field,
            type_resolver=lambda value, info, type_: value["__typename"],
        )
        assert isinstance(done, ExecutionResult)
        return done

    def _field(self, source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
        name, type_ = info.field_name, info.parent_type
        named = get_named_type(info.return_type).name
        refused = self._refusal(name, named)
        if refused is not None:
            raise refused
        if type_ in (schema().query_type, schema().mutation_type):
            node = info.field_nodes[0]
            step: Any = SimpleNamespace(key=info.path.key, node=node, args=args)
            value = self._roots[name](step)
        else:
            value = self._known(type_.name, name, source, args)
        if value is None or not named.endswith("Connection"):
            return value
        return page(value if isinstance(value, Listing) else Listing(value), args)

    def _known(self, type_: str, name: str, source: Any, args: dict[str, Any]) -> Any:
        if name in source:
            return source[name]
        derived = _derived(type_, name)
        if derived is not None:
            return derived(At(self._view, source, args))
        field: Any = schema().get_type(type_)
        blank = _blank(field.fields[name]) if str(field.fields[name].type).endswith("!") else None
        return blank(source) if callable(blank) else blank


TRICKY = """query Tricky($on: Boolean!, $off: Boolean!, $id: ID!) {
  first: customers(first: 3, query: "email:*", sortKey: UPDATED_AT, reverse: true) {
    edges { cursor node { ...Who tags note @skip(if: $on) } }
    nodes { id ... @include(if: $on) { lastOrder { id name } } ... on Customer { id state } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
  orders(last: 5, sortKey: ID) {
    nodes {
      __typename
      customer { ...Who }
      customer { displayName tags @include(if: $off) }
      lineItems(first: 2) { nodes { ...Line } pageInfo { endCursor } }
      refunds(first: 1) { id order { name } refundLineItems(first: 3) { edges { node { quantity lineItem { sku } } } } }
      customerJourneySummary {
        ready moments(first: 2) { nodes { __typename occurredAt ... on CustomerVisit { source } } }
      }
      metafield(key: "gift") { value jsonValue owner { __typename ... on Order { name } } }
      shippingAddress { formatted name countryCodeV2 }
    }
  }
  node(id: $id) { __typename id ... on Product { title variants(first: 1) { nodes { sku product { id } } } } }
  nodes(ids: [$id, "gid://shopify/Order/404"]) { id }
  ordersCount(query: "test:false") { count precision }
  nothing: order(id: "gid://shopify/Order/404") { id }
  abandonedCheckouts(first: 3) { nodes { name lineItems(first: 5) { nodes { product { vendor } } } } }
}
fragment Who on Customer { id legacyResourceId defaultEmailAddress { emailAddress marketingState } }
fragment Line on LineItem { id discountedTotalSet(withCodeDiscounts: $on) { shopMoney { ...Money } } }
fragment Money on MoneyV2 { amount currencyCode }"""


def test_the_walk_selects_what_graphql_core_selects(shopify: StandIn) -> None:
    variables = {"on": True, "off": False, "id": "gid://shopify/Product/7700000000002"}
    told = shopify.data(TRICKY, **variables)
    assert told == Oracle(shopify).data(TRICKY, variables)
    assert list(told) == list(Oracle(shopify).data(TRICKY, variables))
    assert told["node"]["variants"]["nodes"][0]["sku"] == "SH-L-M"
    assert told["nodes"][1] is None


@pytest.mark.parametrize(
    "name",
    [
        "bulk_customers",
        "bulk_orders_2026-07",
        "bulk_abandoned_checkouts",
        "order_refund_lines",
        "probe_shop_and_scopes",
    ],
)
def test_and_of_the_shared_queries_too(shopify: StandIn, queries: dict[str, str], name: str) -> None:
    text = queries[name].replace("'2026-11-01T00:00:00Z'", "'2020-01-01T00:00:00Z'")
    text = text.replace("'2026-11-02T00:00:00Z'", "'2030-01-01T00:00:00Z'")
    for connection in ("addressesV2", "metafields", "lineItems"):
        text = text.replace(f"{connection} {{", f"{connection}(first: 2) {{")
    text = text.replace('(query: "updated_at', '(first: 20, query: "updated_at')
    refunded = next(id for id, order in shopify.sandbox.shop.orders.items() if order["_refunds"])
    variables = {"id": refunded} if "$id" in text else {}
    assert shopify.data(text, **variables) == Oracle(shopify).data(text, variables)


@pytest.mark.parametrize("scope", ["read_customers", "read_products", "read_orders"])
def test_what_is_denied_is_null_as_far_up_as_it_must_be(scope: str) -> None:
    query = """{ shop { name }
      some: orders(first: 3) { nodes { id customer { id } lineItems(first: 2) { nodes { sku product { id } } } } }
      %s }""" % ("products(first: 1) { nodes { id } }" if scope == "read_products" else "")
    with served() as found:
        for number in (1, 2):
            found.seed("customer", id=number)
            found.seed("order", id=number, customer=number)
        found.seed("scopes", handles=sorted({"read_customers", "read_orders", "read_products"} - {scope}))
        told, core = found.ask(query), Oracle(found).done(query, {})
    assert told["data"] == core.data
    assert {tuple(one["path"]) for one in told["errors"]} <= {tuple(one.path or ()) for one in core.errors or ()}
    assert told["errors"] != []


def test_every_field_that_cannot_be_null_is_not(shopify: StandIn) -> None:
    """Each type's plain fields, of every record that a reader may meet."""

    def plain(name: str, *, without: tuple[str, ...] = ()) -> str:
        type_: Any = schema().get_type(name)
        fields = (n for n, f in type_.fields.items() if not hasattr(get_named_type(f.type), "fields"))
        needed = {n for n, f in type_.fields.items() if any(is_required_argument(a) for a in f.args.values())}
        return " ".join(n for n in fields if n not in {*without, *needed})

    secret = ("unsubscribeUrl", "marketingUnsubscribeUrl")
    customer = f"""{plain("Customer", without=secret)} statistics {{ {plain("CustomerStatistics")} }}
      defaultEmailAddress {{ {plain("CustomerEmailAddress", without=secret)} }}
      defaultPhoneNumber {{ {plain("CustomerPhoneNumber")} whatsAppMarketingConsent {{ state }} }}
      emailMarketingConsent {{ {plain("CustomerEmailMarketingConsentState")} }}
      smsMarketingConsent {{ {plain("CustomerSmsMarketingConsentState")} }}
      defaultAddress {{ {plain("MailingAddress")} }}
      metafields(first: 2) {{ nodes {{ {plain("Metafield")} }} }}"""
    order = f"""{plain("Order")} app {{ {plain("OrderApp")} }} refunds {{ {plain("Refund")} }}
      customerJourneySummary {{ {plain("CustomerJourneySummary")} firstVisit {{ {plain("CustomerVisit")} }} }}
      lineItems(first: 5) {{ nodes {{ {plain("LineItem")}
        product {{ {plain("Product")} }} variant {{ {plain("ProductVariant")} }} }} }}"""
    checkout = f"""{plain("AbandonedCheckout")}
      lineItems(first: 5) {{ nodes {{ {plain("AbandonedCheckoutLineItem")} }} }}"""
    for root, selection in (("customers", customer), ("orders", order), ("abandonedCheckouts", checkout)):
        text = f"{{ {root}(first: 90) {{ nodes {{ {selection} }} }} }}"
        assert validate(schema(), parse(text)) == []
        Oracle(shopify).data(text, {})
