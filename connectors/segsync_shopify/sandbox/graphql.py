"""One call of the GraphQL endpoint: parse, validate, price, answer; and Shopify's words for what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values

from segsync_shopify.sandbox.account import Account
from segsync_shopify.sandbox.complaints import Unreadable
from segsync_shopify.sandbox.cost import MOST, requested_cost
from segsync_shopify.sandbox.roots import Link, Roots
from segsync_shopify.sandbox.select import Selector

Json = dict[str, Any]


@cache
def schema() -> GraphQLSchema:
    """The part of the 2026-07 schema that the project keeps."""
    return build_schema(Path(__file__).with_name("schema.graphql").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that can be answered."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    @property
    def mutates(self) -> bool:
        return self.operation.operation is OperationType.MUTATION


def answer(account: Account, body: Json, link: Link) -> Json:
    """The JSON document that answers a body of `query`, `variables` and `operationName`."""
    try:
        asked = _understood(body)
        return _priced(account, asked, link)
    except Unreadable as unreadable:
        return {"errors": unreadable.errors}


def _priced(account: Account, asked: Asked, link: Link) -> Json:
    cost = requested_cost(schema(), asked.operation, asked.fragments, asked.variables)
    if cost > MOST:
        message = (
            f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST}).\n\n"
            f"See {_LIMITS} for more information on how the\ncost of a query is calculated.\n\n"
            "To query larger amounts of data with fewer limits, bulk operations should be used instead."
        )
        extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST, "documentation": _LIMITS}
        return {"errors": [{"message": message, "extensions": extensions}]}
    if not account.bucket.take(cost):
        account.counts["throttled"] += 1
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": _LIMITS}}
        return {"errors": [error], "extensions": {"cost": account.bucket.shown(cost, None)}}
    return _answered(account, asked, link, cost)


_LIMITS = "https://shopify.dev/api/usage/rate-limits"


def _answered(account: Account, asked: Asked, link: Link, cost: int) -> Json:
    view = account.view()
    roots = Roots(schema(), account, view, link)
    selector = Selector(
        schema(), view, asked.fragments, asked.variables, roots=roots.table(), refusal=account.access.refusal
    )
    type_ = schema().mutation_type if asked.mutates else schema().query_type
    assert type_ is not None
    data = selector.whole(type_, asked.operation.selection_set)
    actual = cost if asked.mutates else min(cost, selector.objects - 1)
    account.bucket.give_back(cost - actual)
    out: Json = {"errors": selector.errors} if selector.errors else {}
    extensions: Json = {"cost": account.bucket.shown(cost, actual)}
    if roots.warnings:
        extensions["search"] = roots.warnings
    return {**out, "data": data, "extensions": extensions}


# --- understanding -------------------------------------------------------------------------------------------------


def _understood(body: Json) -> Asked:
    """Raises Unreadable."""
    document = _parsed(str(body["query"]))
    operation = _chosen(document, body.get("operationName"))
    errors = validate(schema(), document)
    if errors:
        raise Unreadable(*(_invalid(error, operation) for error in errors))
    given = body.get("variables") or {}
    variables = get_variable_values(schema(), operation.variable_definitions or (), dict(given))
    if not isinstance(variables, VariableValues):
        raise Unreadable(*(_bad_variable(error, given) for error in variables))
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    return Asked(operation, fragments, variables)


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=20_000)
    except GraphQLSyntaxError as error:
        at = error.locations[0] if error.locations else None
        where = {"line": at.line, "column": at.column} if at else {"line": 1, "column": 1}
        said = error.message.removeprefix("Syntax Error: ")
        message = f"syntax error, {said} at [{where['line']}, {where['column']}]"
        raise Unreadable({"message": message, "locations": [where]}) from None
    except RecursionError:
        raise Unreadable({"message": "syntax error, nested too deep"}) from None


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    wanted = [one for one in operations if name in (None, "") or (one.name and one.name.value == name)]
    if len(wanted) == 1:
        return wanted[0]
    if not operations:
        raise Unreadable({"message": "No operations to execute"})
    said = f'No operation named "{name}"' if name else "An operation name is required"
    raise Unreadable({"message": said})


# What graphql-core says, the code that Shopify gives to it, and how Shopify says it.
_WORDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        r"Cannot query field '(\w+)' on type '(\w+)'",
        "undefinedField",
        "Field '{0}' doesn't exist on type '{1}'",
        ("fieldName", "typeName"),
    ),
    (
        r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'",
        "argumentNotAccepted",
        "Field '{2}' doesn't accept argument '{0}'",
        ("argumentName", "typeName", "name"),
    ),
    (
        r"Argument '(?:\w+\.)?(\w+)\((\w+):\)' of type '([^']+)' is required",
        "missingRequiredArguments",
        "Field '{0}' is missing required arguments: {1}",
        ("name", "arguments", "type"),
    ),
    (
        r"Field '(\w+)' of type '([^']+)' must have a selection of subfields",
        "selectionMismatch",
        "Field must have selections (field '{0}' returns {1} but has no selections. Did you mean '{0} {{ ... }}'?)",
        ("nodeName", "typeName"),
    ),
    (
        r"Field '(\w+)' must not have a selection since type '([^']+)' has no subfields",
        "selectionMismatch",
        "Selections can't be made on scalars (field '{0}' returns {1} but has selections)",
        ("nodeName", "typeName"),
    ),
    (
        r"Variable '\$(\w+)' of type '([^']+)' used in position expecting type '([^']+)'",
        "variableMismatch",
        "Type mismatch on variable ${0} ({1} / {2})",
        ("variableName", "typeName", "argumentType"),
    ),
    (
        r"Variable '\$(\w+)' is not defined",
        "variableNotDefined",
        "Variable ${0} is used but not declared",
        ("variableName",),
    ),
    (
        r"Variable '\$(\w+)' is never used",
        "variableNotUsed",
        "Variable ${0} is declared but not used",
        ("variableName",),
    ),
    (r"Unknown type '(\w+)'", "undefinedType", "{0} isn't a defined type", ("typeName",)),
    (r"Unknown fragment '(\w+)'", "useAndDefineFragment", "Fragment {0} was used, but not defined", ("fragmentName",)),
    (
        r"(.*(?:cannot represent|does not exist in '\w+' enum|Expected value of type).*)",
        "argumentLiteralsIncompatible",
        "{0}",
        (),
    ),
)


def _invalid(error: GraphQLError, operation: OperationDefinitionNode) -> Json:
    """A validation error as Shopify writes it; one that it has no known words for is passed on as it is."""
    kind = operation.operation.value + (f" {operation.name.value}" if operation.name else "")
    out: Json = {"message": error.message, "locations": [_at(one) for one in error.locations or []], "path": [kind]}
    for pattern, code, words, names in _WORDS:
        match = re.match(pattern, error.message)
        if match:
            out["message"] = words.format(*match.groups())
            told = {name: value for name, value in zip(names, match.groups(), strict=False) if value}
            out["extensions"] = {"code": code, **told}
            if code == "undefinedField":
                out["path"].append(match[1])
            break
    else:
        out["extensions"] = {"code": "INVALID"}
    return out


def _at(location: Any) -> Json:
    return {"line": location.line, "column": location.column}


def _bad_variable(error: GraphQLError, given: Mapping[str, Any]) -> Json:
    match = re.search(r"[Vv]ariable '\$(\w+)'", error.message)
    name = match[1] if match else ""
    node: Any = error.nodes[0] if error.nodes else None
    type_ = node.loc.source.body[node.type.loc.start : node.type.loc.end] if hasattr(node, "type") else "its type"
    problems = [{"path": [], "explanation": error.message}]
    return {
        "message": f"Variable ${name} of type {type_} was provided invalid value",
        "locations": [_at(one) for one in error.locations or []],
        "extensions": {"code": "INVALID_VARIABLE", "value": given.get(name), "problems": problems},
    }
