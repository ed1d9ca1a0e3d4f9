"""What a query costs, and the leaky bucket that it is paid from.

The formula is the published rule in its simplest form: a scalar costs nothing, an object 1, a connection as many times
what one of its nodes costs as it was asked for (`first`/`last`; 10 where neither is given, as in `edges` of a query
that will be refused), a mutation 10 in all. Shopify's own figures are a little lower for large pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)
from graphql.execution.values import VariableValues, get_argument_values

from segsync.clock import Clock

MOST = 1_000  # of one query, on every plan
MUTATION = 10
UNSIZED = 10
_FREE = ("PageInfo",)


class Bucket:
    """Points: so many at most, restored at so many a second."""

    def __init__(self, clock: Clock, *, most: float = 2_000.0, restored: float = 100.0) -> None:
        self.most, self.restored = most, restored
        self._clock = clock
        self._level, self._since = most, clock.monotonic()

    def available(self) -> float:
        elapsed = self._clock.monotonic() - self._since
        return min(self.most, self._level + elapsed * self.restored)

    def set(self, level: float) -> None:
        self._level, self._since = min(self.most, level), self._clock.monotonic()

    def take(self, points: float) -> bool:
        """Whether there were so many; then they are gone."""
        level = self.available()
        if points > level:
            return False
        self.set(level - points)
        return True

    def give_back(self, points: float) -> None:
        self.set(self.available() + points)

    def shown(self, requested: int, actual: int | None) -> dict[str, Any]:
        """`extensions.cost`."""
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": self.most,
                "currentlyAvailable": int(self.available()),
                "restoreRate": self.restored,
            },
        }


def requested_cost(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: VariableValues,
) -> int:
    """What a validated operation is charged before it runs."""
    if operation.operation is OperationType.MUTATION:
        return MUTATION * len(operation.selection_set.selections)
    return _Pricing(schema, fragments, variables).of(schema.query_type, operation.selection_set)


class _Pricing:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables

    def of(self, type_: Any, selection: SelectionSetNode) -> int:
        total = 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                total += self._field(type_, node)
            elif isinstance(node, FragmentSpreadNode | InlineFragmentNode):
                inner: Any = node if isinstance(node, InlineFragmentNode) else self._fragments[node.name.value]
                condition = inner.type_condition
                total += self.of(
                    self._schema.get_type(condition.name.value) if condition else type_, inner.selection_set
                )
        return total

    def _field(self, type_: Any, node: FieldNode) -> int:
        field = getattr(type_, "fields", {}).get(node.name.value)
        if field is None or node.selection_set is None:
            return 0
        named = get_named_type(field.type)
        if not is_composite_type(named) or named.name in _FREE:
            return 0
        inner = self.of(named, node.selection_set)
        if named.name.endswith("Connection"):
            args = get_argument_values(field, node, self._variables)
            size = next((args[one] for one in ("first", "last") if args.get(one) is not None), UNSIZED)
            return int(size) * inner
        return inner if named.name.endswith("Edge") else 1 + inner
