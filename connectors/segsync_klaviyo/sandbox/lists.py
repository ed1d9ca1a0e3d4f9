"""The endpoints of lists, of who is in them, and of the flows that hang on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from segsync_klaviyo.sandbox import bodies
from segsync_klaviyo.sandbox.account import Account, Flow, MailingList
from segsync_klaviyo.sandbox.answers import answer, collection, invalid, not_found, only_parameters, single, sparse
from segsync_klaviyo.sandbox.filters import conditions
from segsync_klaviyo.sandbox.profiles import selected, show_profile

PAGING = ("page[size]", "page[cursor]")
EITHER = frozenset({"equals", "any"})
OPT_IN = ("single_opt_in", "double_opt_in")


def get_lists(account: Account, request: Request) -> Response:
    only_parameters(request, "filter", "sort", "include", "fields[list]", "fields[flow]", *PAGING)
    found = list(account.lists.values())
    for condition in conditions(request, {"id": EITHER, "name": EITHER}):
        found = [one for one in found if getattr(one, condition.field) in condition.values]
    sort = request.args.get("sort", "id")
    if sort.lstrip("-") not in ("id", "name", "created", "updated"):
        raise invalid(f"'{sort}' is not a valid sort.", parameter="sort")
    found.sort(key=lambda one: str(getattr(one, sort.lstrip("-"))), reverse=sort.startswith("-"))
    document = collection(request, found, lambda one: _show(request, one), default=10, most=10)
    if "include" in request.args:
        _include_flows(account, request, document)
    return answer(document)


def _include_flows(account: Account, request: Request, document: dict[str, Any]) -> None:
    """The flows that joining the shown lists sets off, beside them and named by each of them."""
    if request.args["include"] != "flow-triggers":
        raise invalid(f"'{request.args['include']}' cannot be included here.", parameter="include")
    document["included"] = []
    for shown in document["data"]:
        flows = [flow for flow in account.flows.values() if flow.list_id == shown["id"]]
        shown["relationships"]["flow-triggers"]["data"] = [{"type": "flow", "id": flow.id} for flow in flows]
        document["included"] += [_show_flow(request, flow) for flow in flows]


def create_list(account: Account, request: Request) -> Response:
    name, process = _read(request, id=None)
    made = account.create_list(name, process or "double_opt_in")
    return answer(single(request, _show(request, made)), status=201)


def get_list(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "fields[list]", "additional-fields[list]")
    found = _list(account, id)
    shown = _show(request, found)
    if request.args.get("additional-fields[list]") == "profile_count":
        shown["attributes"]["profile_count"] = len(found.members)
    return answer(single(request, shown))


def update_list(account: Account, request: Request, id: str) -> Response:
    found = _list(account, id)
    name, _ = _read(request, id=id)
    found.name = name
    found.updated = account.clock.now()
    return answer(single(request, _show(request, found)))


def delete_list(account: Account, request: Request, id: str) -> Response:
    only_parameters(request)
    del account.lists[_list(account, id).id]
    return answer(None, status=204)


def get_profiles_of_list(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "filter", "sort", "fields[profile]", "additional-fields[profile]", *PAGING)
    members = _list(account, id).members

    def show(profile_id: str) -> Mapping[str, Any]:
        joined = members[profile_id].isoformat()
        return show_profile(request, account.profiles[profile_id], joined_group_at=joined)

    return answer(collection(request, _members(account, request, id), show, default=20, most=100))


def get_profile_ids_of_list(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "filter", "sort", *PAGING)
    ids = _members(account, request, id)
    return answer(collection(request, ids, lambda one: {"type": "profile", "id": one}, default=20, most=100))


def add_profiles_to_list(account: Account, request: Request, id: str) -> Response:
    mailing_list, ids = _list(account, id), bodies.identities(request)
    _all_known(account, ids)
    account.join(mailing_list, ids)
    return answer(None, status=204)


def remove_profiles_from_list(account: Account, request: Request, id: str) -> Response:
    mailing_list, ids = _list(account, id), bodies.identities(request)
    _all_known(account, ids)
    for profile_id in ids:
        mailing_list.members.pop(profile_id, None)
    return answer(None, status=204)


def get_flows_of_list(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "fields[flow]")
    _list(account, id)
    flows = [_show_flow(request, flow) for flow in account.flows.values() if flow.list_id == id]
    return answer({"data": flows, "links": {"self": request.url, "next": None, "prev": None}})


def get_flows(account: Account, request: Request) -> Response:
    only_parameters(request, "fields[flow]", *PAGING)
    flows = list(account.flows.values())
    return answer(collection(request, flows, lambda flow: _show_flow(request, flow), default=50, most=50))


def _members(account: Account, request: Request, id: str) -> list[str]:
    sort = request.args.get("sort", "joined_group_at")
    if sort.lstrip("-") != "joined_group_at":
        raise invalid(f"'{sort}' is not a valid sort.", parameter="sort")
    held = list(_list(account, id).members)
    wanted = conditions(request, dict.fromkeys(("email", "phone_number"), EITHER))
    if wanted:
        allowed = {profile.id for profile in selected(account, wanted)}
        held = [one for one in held if one in allowed]
    return held[::-1] if sort.startswith("-") else held


def _list(account: Account, id: str) -> MailingList:
    if id not in account.lists:
        raise not_found("list", id)
    return account.lists[id]


def _all_known(account: Account, ids: list[str]) -> None:
    """Klaviyo documents no outcome for an unknown id among known ones; this stand-in refuses the whole call."""
    for one in ids:
        if one not in account.profiles:
            raise not_found("profile", one)


def _read(request: Request, *, id: str | None) -> tuple[str, str | None]:
    members = frozenset({"attributes"}) if id is None else frozenset({"attributes", "id"})
    data = bodies.resource(bodies.document(request, most_bytes=100_000)["data"], "list", "/data", members=members)
    if id is not None and data.get("id") != id:
        raise invalid("'id' must be the list's.", pointer="/data/id")
    given = bodies.attributes(data, "/data")
    for name in given:
        if name not in ("name", "opt_in_process"):
            raise invalid(f"'{name}' is not a valid field for the resource 'list'.", pointer=f"/data/attributes/{name}")
    title, process = given.get("name"), given.get("opt_in_process")
    if not isinstance(title, str) or not title.strip():
        raise invalid("'name' is required.", pointer="/data/attributes/name", code="required")
    if process is not None and process not in OPT_IN:
        raise invalid(f"'{process}' is no opt-in process.", pointer="/data/attributes/opt_in_process")
    return title, process


def _show(request: Request, found: MailingList) -> dict[str, Any]:
    attributes = {
        "name": found.name,
        "created": found.created.isoformat(),
        "updated": found.updated.isoformat(),
        "opt_in_process": found.opt_in_process,
    }
    link = f"{request.root_url}api/lists/{found.id}"
    return {
        "type": "list",
        "id": found.id,
        "attributes": sparse(request, "list", attributes),
        "relationships": {
            name: {"links": {"self": f"{link}/relationships/{name}", "related": f"{link}/{name}"}}
            for name in ("profiles", "tags", "flow-triggers")
        },
        "links": {"self": link},
    }


def _show_flow(request: Request, flow: Flow) -> dict[str, Any]:
    attributes = {
        "name": flow.name,
        "status": flow.status,
        "archived": flow.archived,
        "created": flow.created.isoformat(),
        "updated": flow.created.isoformat(),
        "trigger_type": "Added to List",
    }
    link = f"{request.root_url}api/flows/{flow.id}"
    return {"type": "flow", "id": flow.id, "attributes": sparse(request, "flow", attributes), "links": {"self": link}}
