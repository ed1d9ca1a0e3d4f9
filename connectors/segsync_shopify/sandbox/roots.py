"""The fields of the query and of mutations themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, StringValueNode, parse
from graphql.execution.values import VariableValues

from segsync.sandbox.shop import RATES
from segsync_shopify.sandbox import searchable
from segsync_shopify.sandbox.account import NOT_SUPPORTED, Account
from segsync_shopify.sandbox.bulk import SLOTS, Operation, Result, in_some_order
from segsync_shopify.sandbox.bulk_rules import refusals
from segsync_shopify.sandbox.complaints import Complaint, Unreadable, place
from segsync_shopify.sandbox.fields import At
from segsync_shopify.sandbox.paging import Listing, size_of, sortable_id
from segsync_shopify.sandbox.search import search
from segsync_shopify.sandbox.select import Root, Selector, Step
from segsync_shopify.sandbox.values import CURRENCY, Doc, gid, kind_of
from segsync_shopify.sandbox.view import View

Link = Callable[[Operation], str]


class Roots:
    """Answers one query. `warnings` gathers what its searches warn of, as `extensions.search` shows it."""

    def __init__(self, schema: GraphQLSchema, account: Account, view: View, link: Link, *, bulk: bool = False) -> None:
        self.warnings: list[dict[str, Any]] = []
        self._schema, self._account, self._view, self._link, self._bulk = schema, account, view, link, bulk

    def table(self) -> Mapping[str, Root]:
        shop = self._view.shop
        return {
            "customers": lambda step: self._list(step, shop.customers.values(), searchable.CUSTOMERS),
            "orders": lambda step: self._list(step, self._orders(), searchable.ORDERS),
            "abandonedCheckouts": lambda step: self._list(step, shop.checkouts.values(), searchable.CHECKOUTS),
            "products": lambda step: self._list(step, shop.products.values(), searchable.PRODUCTS),
            "bulkOperations": self._operations,
            "customersCount": lambda step: self._count(step, shop.customers.values(), searchable.CUSTOMERS_COUNT),
            "ordersCount": lambda step: self._count(step, self._orders(), searchable.ORDERS),
            "abandonedCheckoutsCount": lambda step: self._count(step, shop.checkouts.values(), searchable.CHECKOUTS),
            "customer": lambda step: shop.customers.get(self._id(step, "Customer")),
            "order": lambda step: self._seen(shop.orders.get(self._id(step, "Order"))),
            "product": lambda step: shop.products.get(self._id(step, "Product")),
            "productVariant": lambda step: shop.find(self._id(step, "ProductVariant")),
            "node": lambda step: self._node(step, step.args["id"]),
            "nodes": lambda step: [self._node(step, id) for id in step.args["ids"]],
            "bulkOperation": self._operation,
            "currentBulkOperation": self._current_operation,
            "shop": lambda _step: self._shop(),
            "app": lambda _step: _APP,
            "currentAppInstallation": lambda _step: self._installation(),
            "publicApiVersions": lambda _step: self._versions(),
            "bulkOperationRunQuery": self._run,
            "bulkOperationCancel": self._cancel,
        }

    # --- lists -------------------------------------------------------------------------------------------------------

    def _orders(self) -> Iterable[Doc]:
        return (one for one in self._view.shop.orders.values() if self._view.may_see(one))

    def _seen(self, order: Doc | None) -> Doc | None:
        return order if order is not None and self._view.may_see(order) else None

    def _list(self, step: Step, items: Iterable[Doc], of: searchable.Searchable, *, indexed: bool = True) -> Listing:
        if not self._bulk:
            size_of(step.args)
        found = self._found(step, items, of, indexed=indexed)
        key = step.args["sortKey"]
        if key not in of.sorts:
            raise Complaint(f"the stand-in cannot sort by {key}", "NOT_IMPLEMENTED")
        sort, view, falling = of.sorts[key], self._view, bool(step.args.get("reverse"))
        found.sort(key=lambda doc: (sort(At(view, doc, {})), sortable_id(doc)), reverse=falling)
        return Listing(found, lambda doc: sort(At(view, doc, {})), falling)

    def _found(self, step: Step, items: Iterable[Doc], of: searchable.Searchable, *, indexed: bool) -> list[Doc]:
        text = step.args.get("query")
        if not text:
            return list(items)
        strict = step.node.name.value == "bulkOperations"
        asked = search(text, of.fields, self._view, strict_times=strict)
        if asked.warnings:
            told = {"path": [step.key], "query": text, "parsed": asked.parsed, "warnings": asked.warnings}
            self.warnings.append(told)
        known = (one for one in items if not indexed or self._view.indexed(one))
        return [one for one in known if asked.test is None or asked.test(one)]

    def _count(self, step: Step, items: Iterable[Doc], of: searchable.Searchable) -> Doc:
        count, limit = len(self._found(step, items, of, indexed=True)), step.args.get("limit")
        if limit is not None and count > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": count, "precision": "EXACT"}

    # --- single records ----------------------------------------------------------------------------------------------

    def _id(self, step: Step, kind: str) -> str:
        """The id that was asked for. Raises Unreadable for text that is no id, Complaint for that of something else."""
        id = str(step.args["id"])
        found = kind_of(id)
        if found is None:
            raise Unreadable(malformed_id(step, id))
        if found != kind:
            raise Complaint(f"Invalid id: {id}", "RESOURCE_NOT_FOUND")
        return id

    def _node(self, step: Step, id: str) -> Doc | None:
        if kind_of(id) is None:
            raise Unreadable(malformed_id(step, id))
        if id in self._account.bulk.all:
            return self._account.bulk.all[id].doc(self._link)
        found = self._view.shop.find(id)
        if found is None:
            return None
        refused = self._account.access.refusal("node", found["__typename"])
        if refused is not None:
            raise refused
        return self._seen(found) if found["__typename"] == "Order" else found

    def _shop(self) -> Doc:
        shop, plan = self._view.shop, self._account.access.plan
        return {
            "id": gid("Shop", 61_000_000_001),
            "name": shop.name,
            "email": "owner@example.com",
            "contactEmail": "owner@example.com",
            "myshopifyDomain": shop.domain,
            "ianaTimezone": shop.timezone,
            "timezoneAbbreviation": "EST",
            "timezoneOffset": "-0500",
            "timezoneOffsetMinutes": -300,
            "currencyCode": CURRENCY,
            "enabledPresentmentCurrencies": list(RATES),
            "shopOwnerName": "Sam Owner",
            "url": f"https://{shop.domain}",
            "plan": {
                "displayName": plan.title(),
                "publicDisplayName": plan.title(),
                "shopifyPlus": plan == "plus",
                "partnerDevelopment": plan == "development",
            },
        }

    def _installation(self) -> Doc:
        scopes = [{"handle": one, "description": one.replace("_", " ")} for one in self._account.access.scopes]
        return {"__typename": "AppInstallation", "id": gid("AppInstallation", 1), "app": _APP, "accessScopes": scopes}

    def _versions(self) -> list[Doc]:
        versions = self._account.versions
        known = [*((one, True) for one in versions.supported), *((one, False) for one in NOT_SUPPORTED)]
        return [{"handle": one, "displayName": one, "supported": supported} for one, supported in known]

    # --- bulk operations ---------------------------------------------------------------------------------------------

    def _operation(self, step: Step) -> Doc | None:
        found = self._account.bulk.all.get(self._id(step, "BulkOperation"))
        if found is None:
            return None
        self._account.bulk.poll(found)
        return found.doc(self._link)

    def _current_operation(self, step: Step) -> Doc | None:
        """The app's most recent one, whoever started it."""
        newest = list(self._account.bulk.all.values())[-1:]
        for one in newest:
            self._account.bulk.poll(one)
        return newest[0].doc(self._link) if newest and step.args.get("type") == "QUERY" else None

    def _operations(self, step: Step) -> Listing:
        shown = [one.doc(self._link) for one in self._account.bulk.all.values()]
        return self._list(step, shown, searchable.OPERATIONS, indexed=False)

    def _run(self, step: Step) -> Doc:
        text = str(step.args["query"])
        refused = refusals(self._schema, text)
        if refused:
            return _refused_run(*((["query"], message, "INVALID") for message in refused))
        running = self._account.bulk.running()
        if len(running) >= SLOTS:
            ids = ", ".join(one.id for one in running)
            message = f"A bulk query operation for this app and shop is already in progress: {ids}."
            return _refused_run((None, message, "OPERATION_IN_PROGRESS"))
        made = self._account.bulk.start(text, self._gathering(text, grouped=bool(step.args["groupObjects"])))
        return {"bulkOperation": made.doc(self._link), "userErrors": []}

    def _gathering(self, text: str, *, grouped: bool) -> Callable[[], Result]:
        """How the operation's result is made, later, of the shop as it is now."""
        view = self._account.view()
        frozen = View(view.shop.snapshot(), view.now, view.orders_from, view.found_until)
        shuffled = self._account.shuffled and not grouped
        return lambda: gather(self._schema, self._account, frozen, text, shuffled=shuffled)

    def _cancel(self, step: Step) -> Doc:
        found = self._account.bulk.all.get(self._id(step, "BulkOperation"))
        if found is None:
            missing = {"field": ["id"], "message": "Bulk operation does not exist"}
            return {"bulkOperation": None, "userErrors": [missing]}
        errors = []
        if found.ended:
            message = f"A bulk operation cannot be canceled when it is {found.status.lower()}"
            errors.append({"field": None, "message": message})
        elif found.status != "CANCELING":
            self._account.bulk.cancel(found)
        return {"bulkOperation": found.doc(self._link), "userErrors": errors}


_APP: Doc = {
    "__typename": "App",
    "id": gid("App", 1_234_567),
    "title": "segsync",
    "handle": "segsync",
    "apiKey": "0123456789abcdef",
    "embedded": False,
}


def malformed_id(step: Step, id: str) -> dict[str, Any]:
    """The error for text that is no id: of a variable, or of the query's own text."""
    literal = next((one.value for one in step.node.arguments or () if one.name.value == "id"), None)
    wrong = f"Invalid global id '{id}'"
    if literal is None or isinstance(literal, StringValueNode):
        extensions = {"code": "argumentLiteralsIncompatible", "typeName": "CoercionError"}
        return {"message": wrong, "locations": [place(step.node)], "extensions": extensions}
    name = getattr(literal, "name", None)
    problems = [{"path": [], "explanation": wrong, "message": wrong}]
    return {
        "message": f"Variable ${name.value if name else 'id'} of type ID! was provided invalid value",
        "locations": [place(step.node)],
        "extensions": {"code": "INVALID_VARIABLE", "value": id, "problems": problems},
    }


def _refused_run(*errors: tuple[list[str] | None, str, str]) -> Doc:
    shown = [{"field": field, "message": message, "code": code} for field, message, code in errors]
    return {"bulkOperation": None, "userErrors": shown}


def gather(schema: GraphQLSchema, account: Account, view: View, text: str, *, shuffled: bool) -> Result:
    """The result of a bulk query: one line for each record."""
    document = parse(text)
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    roots = Roots(schema, account, view, lambda _one: "", bulk=True)
    selector = Selector(
        schema,
        view,
        fragments,
        VariableValues({}, {}),
        roots=roots.table(),
        refusal=account.access.refusal,
        bulk=True,
    )
    assert schema.query_type is not None
    records = selector.records(schema.query_type, operation.selection_set)
    try:
        ordered = in_some_order(((_line(one), depth) for one, depth in records), shuffled=shuffled)
    except Unreadable:
        return Result(failure="INTERNAL_SERVER_ERROR")
    if selector.errors:
        denied = any(one["extensions"].get("code") == "ACCESS_DENIED" for one in selector.errors)
        return Result(failure="ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR")
    return Result(tuple(line for line, _ in ordered), tuple(root for _, root in ordered))


def _line(record: Doc) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
