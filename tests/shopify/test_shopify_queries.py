"""What we ask of Shopify: valid by its own schema, fit for bulk operations, and all of it read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from graphql import (
    FieldNode,
    GraphQLNamedType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    parse,
    validate,
    visit,
)
from graphql.validation import NoDeprecatedCustomRule

from segsync_shopify.answers import SCOPES
from segsync_shopify.columns import COLUMNS
from segsync_shopify.sandbox.bulk_rules import refusals
from segsync_shopify.sandbox.graphql import schema
from segsync_shopify.windows import SEARCHES, Window, asking

FOLDER = Path(__file__).resolve().parents[2] / "connectors/segsync_shopify/queries"
QUERIES = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.graphql"))}
BULK = ("customers", "orders", "checkouts", "ids")
# Their replacement comes with API version 2026-10.
DEPRECATED = {
    "The field CustomerPhoneNumber.marketingState is deprecated.",
    "The field CustomerPhoneNumber.marketingUpdatedAt is deprecated.",
}


@pytest.fixture(scope="module")
def told(shared: Callable[[str], Path]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(gzip.decompress((shared("specs/shopify/admin_2026-07.json.gz")).read_bytes()))
    return found


@pytest.fixture(scope="module")
def whole(told: Mapping[str, Any]) -> GraphQLSchema:
    return build_client_schema(told["data"], assume_valid=True)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_valid_by_the_whole_schema(whole: GraphQLSchema, name: str) -> None:
    assert [error.message for error in validate(whole, parse(QUERIES[name]))] == []


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_asks_for_what_is_deprecated(whole: GraphQLSchema, name: str) -> None:
    found = validate(whole, parse(QUERIES[name]), [NoDeprecatedCustomRule])
    assert {error.message.partition(" is deprecated.")[0] + " is deprecated." for error in found} <= DEPRECATED


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_needs_another_scope_than_we_say(told: Mapping[str, Any], whole: GraphQLSchema, name: str) -> None:
    """An app that lacks one for a single field gets nothing at all."""
    wanted = [
        set(item["offlineScopes"])
        for item in told["offline_scopes"]["items"]
        if item["offlineScopes"] and _touched(whole, QUERIES[name]) & _subjects(item)
    ]
    assert [scopes for scopes in wanted if not scopes & set(SCOPES)] == []
    if name == "orders":
        assert wanted, "the material says nothing of scopes, so that this test could not fail"


def _subjects(item: Mapping[str, Any]) -> set[str]:
    if item["type"] == "type":
        return {item["typeName"]}
    return {f"{item['typeName']}.{item.get('fieldName')}"}


def _touched(whole: GraphQLSchema, query: str) -> set[str]:
    """Types and fields that a query selects."""
    info, found = TypeInfo(whole), set[str]()

    class Look(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent, returned = info.get_parent_type(), info.get_type()
            assert isinstance(parent, GraphQLNamedType)
            found.add(f"{parent.name}.{node.name.value}")
            found.add(get_named_type(returned).name if returned else "")

    visit(parse(query), TypeInfoVisitor(info, Look()))
    return found


# --- without the shared material -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_valid_by_the_stand_ins_schema(name: str) -> None:
    assert [error.message for error in validate(schema(), parse(QUERIES[name]))] == []


def _bulk_queries() -> Iterator[Any]:
    january = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    for name in BULK:
        yield pytest.param(QUERIES[name], id=name)
        if name in SEARCHES:
            yield pytest.param(asking(QUERIES[name], january.filter(SEARCHES[name])), id=f"{name} by time")


@pytest.mark.parametrize("query", [*_bulk_queries()])
def test_a_bulk_query_breaks_none_of_shopifys_rules(query: str) -> None:
    assert refusals(schema(), query) == []


@pytest.mark.parametrize("name", BULK)
def test_every_field_that_is_asked_for_is_read(name: str) -> None:
    """And in the form in which it comes: a field that no column takes would be dropped in silence."""
    for path in _paths(QUERIES[name]):
        assert path in _read(), f"{'.'.join(path)} is asked for by {name} and not read"


def test_nothing_is_read_that_no_query_asks_for() -> None:
    asked = {path[0] for name in BULK for path in _paths(QUERIES[name])}
    assert COLUMNS.keys() - asked == {"__parentId"}  # it comes unasked


def _paths(query: str) -> set[tuple[str, ...]]:
    """The leaves that a bulk query selects of each of its nodes, from the node on."""
    found: set[tuple[str, ...]] = set()

    def walk(node: Any, path: tuple[str, ...]) -> None:
        for child in node.selection_set.selections if node.selection_set else ():
            name = child.name.value
            if child.selection_set is None:
                found.add((*path, name))
            elif name in ("edges", "node"):
                walk(child, ())
            else:
                walk(child, (*path, name))

    operation = parse(query).definitions[0]
    for root in operation.selection_set.selections:
        walk(root, ())
    return found


def _read() -> set[tuple[str, ...]]:
    """The leaves of the columns as DuckDB reads them."""
    columns = ", ".join(f'"{name}" {type_}' for name, type_ in COLUMNS.items())
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE nodes ({columns})")
        nodes = con.table("nodes")
        return {
            path for name, type_ in zip(nodes.columns, nodes.types, strict=True) for path in _leaves((name,), type_)
        }


def _leaves(path: tuple[str, ...], type_: Any) -> Iterator[tuple[str, ...]]:
    if type_.id == "list":
        yield from _leaves(path, type_.children[0][1])
    elif type_.id == "struct":
        for name, below in type_.children:
            yield from _leaves((*path, name), below)
    else:
        yield path
