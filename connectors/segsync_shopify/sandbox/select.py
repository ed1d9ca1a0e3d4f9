"""From records to what a query selects of them: one walk for ordinary queries and for bulk operations.

graphql-core parses, validates and coerces; it does not execute, which would take too long for a bulk operation.
How a selection reads a type is worked out once (`Step`) and then used for each record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values

from segsync_shopify.sandbox.complaints import Complaint
from segsync_shopify.sandbox.fields import DERIVED, At
from segsync_shopify.sandbox.paging import Listing, page
from segsync_shopify.sandbox.values import CURRENCY, Doc, bag, money, number_of
from segsync_shopify.sandbox.view import View

Path = tuple[str | int, ...]
Composite = GraphQLObjectType | GraphQLInterfaceType
Sets = tuple[SelectionSetNode, ...]
Root = Callable[["Step"], Any]  # gives the value of a field of the query itself. May raise Complaint
Refusal = Callable[[str, str], Complaint | None]  # of a field, by its name and that of its type


def _granted(_field: str, _type: str) -> Complaint | None:
    return None


class Kind(Enum):
    """How a field's value is shown."""

    LEAF = "leaf"
    OBJECT = "object"
    LIST = "list"
    CONNECTION = "connection"


@dataclass(slots=True)
class Step:
    """One field of a selection: where it goes, how its value is had, and what is selected of that.

    `plain`: the value is shown as it is. `plan`: how that of an object type is shown, once that is worked out.
    """

    key: str
    node: FieldNode
    args: Mapping[str, Any]
    kind: Kind
    type: Any  # the named type of the value
    nullable: bool
    get: Callable[[Doc], Any]
    sets: Sets
    refused: Complaint | None
    plain: bool = False
    plan: list[Step | str] | None = None


class Bubble(Exception):
    """A field that cannot be null is in error: the nearest that can be becomes null."""


_BLANK: Mapping[str, Any] = {
    "Boolean": False,
    "Int": 0,
    "Float": 0.0,
    "String": "",
    "HTML": "",
    "FormattedString": "",
    "UnsignedInt64": "0",
    "Decimal": "0.0",
    "Money": "0.0",
    "MoneyV2": money(Decimal(0)),
    "MoneyBag": bag(Decimal(0), CURRENCY),
    "URL": "https://example.com/",
    "JSON": {},
}


class Selector:
    """Shows one query's selection. `errors` gathers what went wrong, `objects` counts what was shown.

    `roots` gives the fields of the query itself. `bulk`: connections are left out of what is shown, and come one
    record at a time from `records`.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        view: View,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
        *,
        roots: Mapping[str, Root],
        refusal: Refusal = _granted,
        bulk: bool = False,
    ) -> None:
        self.errors: list[dict[str, Any]] = []
        self.objects = 0
        self._schema, self._view, self._fragments, self._variables = schema, view, fragments, variables
        self._roots, self._refusal, self._bulk = roots, refusal, bulk
        self._steps: dict[tuple[str, tuple[int, ...]], list[Step | str]] = {}
        self._apart: list[tuple[str | None, Step, Listing]] = []  # connections met in a record, with their owner

    def whole(self, root: GraphQLObjectType, selection: SelectionSetNode) -> Doc | None:
        """The `data` of an ordinary query."""
        try:
            return self._object(root, {}, (selection,), ())
        except Bubble:
            return None

    def records(self, root: GraphQLObjectType, selection: SelectionSetNode) -> Iterator[tuple[Doc, int]]:
        """Of a bulk operation: every record with its depth, parents before their children."""
        rest = self.whole(root, selection)
        apart, self._apart = self._apart, []
        for value in (rest or {}).values():
            if isinstance(value, dict):
                yield value, 0
        for owner, step, listing in apart:
            yield from self._listed(step, listing, owner, 0 if owner is None else 1)

    def _listed(self, step: Step, listing: Listing, owner: str | None, depth: int) -> Iterator[tuple[Doc, int]]:
        type_, sets = self._node_sets(step)
        for doc in listing.items:
            try:
                shown = self._object(type_, doc, sets, ())
            except Bubble:
                continue
            apart, self._apart = self._apart, []
            yield (shown if owner is None else {**shown, "__parentId": owner}), depth
            for of, inner, children in apart:
                yield from self._listed(inner, children, of, depth + 1)

    def _node_sets(self, step: Step) -> tuple[Composite, Sets]:
        edges = self._only(step.type, step.sets, "edges")
        node = edges and self._only(edges.type, edges.sets, "node")
        return (node.type, node.sets) if node else (step.type, ())

    def _only(self, type_: Composite, sets: Sets, name: str) -> Step | None:
        steps = self._plan(self._concrete(type_, {}), sets)
        return next((one for one in steps if isinstance(one, Step) and one.node.name.value == name), None)

    # --- showing -----------------------------------------------------------------------------------------------------

    def _object(self, type_: Any, doc: Doc, sets: Sets, path: Path) -> Doc:
        concrete = self._concrete(type_, doc)
        return self._shown(concrete.name, self._plan(concrete, sets), doc, path)

    def _shown(self, name: str, plan: list[Step | str], doc: Doc, path: Path) -> Doc:
        self.objects += 1
        out: Doc = {}
        for step in plan:
            if isinstance(step, str):
                out[step] = name
            elif step.plain:
                out[step.key] = step.get(doc)
            elif self._bulk and step.kind is Kind.CONNECTION:
                self._put_apart(step, doc, path)
            else:
                out[step.key] = self._field(step, doc, path)
        return out

    def _of(self, step: Step, doc: Doc, path: Path) -> Doc:
        """What is selected of the value of a field."""
        if not isinstance(step.type, GraphQLObjectType):
            return self._object(step.type, doc, step.sets, path)
        if step.plan is None:
            step.plan = self._plan(step.type, step.sets)
        return self._shown(step.type.name, step.plan, doc, path)

    def _field(self, step: Step, doc: Doc, path: Path) -> Any:
        try:
            return self._inner(step, self._value(step, doc), (*path, step.key))
        except Complaint as complaint:
            self.errors.append(complaint.shown(step.node, (*path, step.key)))
        except Bubble:
            pass
        if step.nullable:
            return None
        raise Bubble

    def _value(self, step: Step, doc: Doc) -> Any:
        if step.refused is not None:
            raise step.refused
        return step.get(doc)

    def _inner(self, step: Step, value: Any, path: Path) -> Any:
        if value is None or step.kind is Kind.LEAF:
            return value
        if step.kind is Kind.OBJECT:
            return self._of(step, value, path)
        if step.kind is Kind.LIST:
            return [None if one is None else self._of(step, one, (*path, place)) for place, one in enumerate(value)]
        listing = value if isinstance(value, Listing) else Listing(value)
        return self._of(step, page(listing, step.args), path)

    def _put_apart(self, step: Step, doc: Doc, path: Path) -> None:
        try:
            value = self._value(step, doc)
        except Complaint as complaint:
            self.errors.append(complaint.shown(step.node, (*path, step.key)))
            return
        items = value if isinstance(value, Listing) else Listing(value or [])
        self._apart.append((doc.get("id"), step, items))

    # --- working out how -------------------------------------------------------------------------------------------

    def _concrete(self, type_: Any, doc: Doc) -> GraphQLObjectType:
        if isinstance(type_, GraphQLObjectType):
            return type_
        named = self._schema.get_type(doc["__typename"])
        assert isinstance(named, GraphQLObjectType), f"a {type_} says what it is in __typename"
        return named

    def _plan(self, type_: GraphQLObjectType, sets: Sets) -> list[Step | str]:
        known = (type_.name, tuple(map(id, sets)))
        found = self._steps.get(known)
        if found is None:
            grouped: dict[str, list[FieldNode]] = {}
            for one in sets:
                self._gather(type_, one, grouped)
            found = self._steps[known] = [self._step(type_, key, nodes) for key, nodes in grouped.items()]
        return found

    def _gather(self, type_: GraphQLObjectType, selection: SelectionSetNode, into: dict[str, list[FieldNode]]) -> None:
        for node in selection.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                into.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
                continue
            inner: Any = node
            if isinstance(node, FragmentSpreadNode):
                inner = self._fragments[node.name.value]
            if self._applies(type_, inner):
                self._gather(type_, inner.selection_set, into)

    def _included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))

    def _applies(self, type_: GraphQLObjectType, fragment: InlineFragmentNode | FragmentDefinitionNode) -> bool:
        if fragment.type_condition is None:
            return True
        wanted: Any = self._schema.get_type(fragment.type_condition.name.value)
        return wanted is type_ or (
            not isinstance(wanted, GraphQLObjectType) and self._schema.is_sub_type(wanted, type_)
        )

    def _step(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> Step | str:
        node = nodes[0]
        name = node.name.value
        if name == "__typename":
            return key
        field = type_.fields[name]
        named = get_named_type(field.type)
        args = get_argument_values(field, node, self._variables)
        sets = tuple(one.selection_set for one in nodes if one.selection_set)
        refused = self._refusal(name, named.name)
        nullable = not isinstance(field.type, GraphQLNonNull)
        step = Step(key, node, args, _kind(field), named, nullable, _nothing, sets, refused)
        step.get = self._getter(type_, name, field, step)
        step.plain = step.kind is Kind.LEAF and refused is None and not self._is_root(type_)
        return step

    def _is_root(self, type_: GraphQLObjectType) -> bool:
        return type_ in (self._schema.query_type, self._schema.mutation_type)

    def _getter(self, type_: GraphQLObjectType, name: str, field: GraphQLField, step: Step) -> Callable[[Doc], Any]:
        if self._is_root(type_):
            root = self._roots[name]
            return lambda _doc: root(step)
        derived, view, args = _derived(type_.name, name), self._view, step.args
        blank = None if step.nullable else _blank(field)

        def follow(doc: Doc) -> Any:
            return doc[name] if name in doc else derived(At(view, doc, args))  # type: ignore[misc]  # not None here

        def get(doc: Doc) -> Any:
            found = doc.get(name, blank)
            return found(doc) if callable(found) else found

        return get if derived is None else follow


def _nothing(_doc: Doc) -> Any:
    return None


def _kind(field: GraphQLField) -> Kind:
    named = get_named_type(field.type)
    if not is_composite_type(named):
        return Kind.LEAF
    if named.name.endswith("Connection"):
        return Kind.CONNECTION
    return Kind.LIST if isinstance(get_nullable_type(field.type), GraphQLList) else Kind.OBJECT


def _derived(type_: str, name: str) -> Callable[[At], Any] | None:
    """How the field follows from its record. A deprecated sum of money is half of its twin `…Set`."""
    fields = DERIVED.get(type_, {})
    twin = fields.get(f"{name}Set")
    if name in fields or twin is None:
        return fields.get(name)
    whole = type_ == "Refund"  # there it is a MoneyV2
    return lambda at: twin(at)["shopMoney"] if whole else twin(at)["shopMoney"]["amount"]


def _blank(field: GraphQLField) -> Any:
    """What stands in a field that cannot be null and of which nothing is known."""
    inner = get_nullable_type(field.type)
    if isinstance(inner, GraphQLList):
        return []
    name = get_named_type(inner).name
    if name == "DateTime":
        return lambda doc: doc.get("createdAt", "2024-01-01T00:00:00Z")
    if name == "UnsignedInt64":
        return lambda doc: number_of(doc["id"]) if "id" in doc else "0"
    return _BLANK.get(name, [] if name.endswith("Connection") else {})
