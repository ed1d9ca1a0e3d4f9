"""What Shopify refuses in the query of a bulk operation, in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    parse,
    validate,
)

MOST_CONNECTIONS = 5
DEEPEST = 2  # connections below the outermost


@dataclass(slots=True)
class Found:
    """What a query holds that the rules are about."""

    connections: int = 0
    depth: int = 0
    by_nodes: list[str] = field(default_factory=list)
    without_id: list[str] = field(default_factory=list)
    within_list: bool = False
    not_nodes: list[str] = field(default_factory=list)


def refusals(schema: GraphQLSchema, text: str) -> list[str]:
    """Why Shopify would not run this query in bulk; nothing where it would."""
    try:
        document = parse(text)
    except (GraphQLError, RecursionError):
        return ["Invalid bulk query: syntax error, unexpected end of file"]
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if any(one.operation is not OperationType.QUERY for one in operations) or not operations:
        return ["Invalid operation type. Only `query` operations are supported."]
    if len(operations) > 1:
        return ["Bulk queries must contain exactly one operation."]
    if operations[0].variable_definitions:
        return ["Invalid bulk query: variables are not supported in a bulk query."]
    errors = validate(schema, document)
    if errors:
        return [f"Invalid bulk query: {errors[0].message}"]
    return list(_told(operations[0], _look(schema, document, operations[0])))


def _told(operation: OperationDefinitionNode, found: Found) -> Iterator[str]:
    for name in _top_level(operation):
        if name in ("node", "nodes"):
            yield f"Bulk queries cannot contain a top level `{name}` field."
    if found.by_nodes:
        example, wrong = found.by_nodes[0], ", ".join(f"'{name}'" for name in found.by_nodes)
        yield (
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', "
            f"e.g: '{example} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
            f"Invalid connection fields: {wrong}."
        )
    if not found.connections:
        yield "Bulk queries must contain at least one connection."
    if found.connections > MOST_CONNECTIONS:
        yield f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections."
    if found.depth > DEEPEST + 1:
        yield f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}."
    if found.without_id:
        yield (
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be "
            f"of 'ID' return type. Connection fields without 'id': {', '.join(found.without_id)}."
        )
    if found.within_list:
        yield "Queries that contain a connection field within a list field are not currently supported."
    if found.not_nodes:
        yield f"Connection fields in a bulk query must return nodes that implement Node: {', '.join(found.not_nodes)}."


def _top_level(operation: OperationDefinitionNode) -> Iterator[str]:
    return (one.name.value for one in operation.selection_set.selections if isinstance(one, FieldNode))


def _look(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Found:
    found = Found()
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    _Looking(schema, fragments, found).at(schema.query_type, operation.selection_set, 0, owner=None, in_list=False)
    return found


class _Looking:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], found: Found) -> None:
        self._schema, self._fragments, self._found = schema, fragments, found

    def at(self, type_: Any, selection: SelectionSetNode, depth: int, *, owner: str | None, in_list: bool) -> None:
        """`owner`: the connection whose node this is a selection of."""
        fields = list(self._fields(type_, selection))
        inner = [
            (of, node, get_named_type(of.fields[node.name.value].type)) for of, node in fields if node.selection_set
        ]
        nested = [node for _, node, named in inner if named.name.endswith("Connection")]
        if owner and nested and not any(node.name.value == "id" and not node.alias for _, node in fields):
            self._found.without_id.append(owner)
        for of, node, named in inner:
            assert node.selection_set is not None
            field_type = get_nullable_type(of.fields[node.name.value].type)
            if named.name.endswith("Connection"):
                self._connection(node, named, depth + 1, in_list)
            else:
                listed = in_list or isinstance(field_type, GraphQLList)
                self.at(named, node.selection_set, depth, owner=None, in_list=listed)

    def _connection(self, node: FieldNode, named: Any, depth: int, in_list: bool) -> None:
        assert node.selection_set is not None
        self._found.connections += 1
        self._found.depth = max(self._found.depth, depth)
        self._found.within_list |= in_list
        record = get_named_type(named.fields["nodes"].type)
        node_type = self._schema.get_type("Node")
        assert isinstance(node_type, GraphQLInterfaceType)
        if not self._schema.is_sub_type(node_type, record):
            self._found.not_nodes.append(node.name.value)
        through_edges = False
        for _, part in self._fields(named, node.selection_set):
            if part.name.value == "edges" and part.selection_set:
                through_edges = True
                for _, deeper in self._fields(get_named_type(named.fields["edges"].type), part.selection_set):
                    if deeper.name.value == "node" and deeper.selection_set:
                        self.at(record, deeper.selection_set, depth, owner=node.name.value, in_list=False)
        if not through_edges or any(part.name.value == "nodes" for _, part in self._fields(named, node.selection_set)):
            self._found.by_nodes.append(node.name.value)

    def _fields(self, type_: Any, selection: SelectionSetNode) -> Iterator[tuple[Any, FieldNode]]:
        for node in selection.selections:
            if isinstance(node, FieldNode):
                if not node.name.value.startswith("__"):
                    yield type_, node
                continue
            inner: Any = node
            if isinstance(node, FragmentSpreadNode):
                inner = self._fragments[node.name.value]
            assert isinstance(inner, InlineFragmentNode | FragmentDefinitionNode)
            condition = inner.type_condition
            yield from self._fields(
                self._schema.get_type(condition.name.value) if condition else type_, inner.selection_set
            )
