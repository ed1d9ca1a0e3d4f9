"""The endpoints of profiles: looking up, and creating or updating one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from segsync_klaviyo.sandbox import bodies
from segsync_klaviyo.sandbox.account import Account, Conflict, Profile
from segsync_klaviyo.sandbox.answers import (
    Complaint,
    Refused,
    answer,
    collection,
    invalid,
    not_found,
    only_parameters,
    single,
    sparse,
)
from segsync_klaviyo.sandbox.filters import Condition, conditions

EITHER = frozenset({"equals", "any"})
SORTS = ("id", "created", "updated", "email")


def get_profiles(account: Account, request: Request) -> Response:
    only_parameters(
        request, "filter", "sort", "fields[profile]", "additional-fields[profile]", "page[size]", "page[cursor]"
    )
    wanted = conditions(request, dict.fromkeys(("id", "email", "phone_number", "external_id"), EITHER))
    found = list(selected(account, wanted)) if wanted else list(account.profiles.values())
    sort = request.args.get("sort", "id")
    if sort.lstrip("-") not in SORTS:
        raise invalid(f"'{sort}' is not a valid sort.", parameter="sort")
    name = sort.lstrip("-")
    found.sort(key=lambda one: str(one.core["email"] if name == "email" else getattr(one, name)))
    if sort.startswith("-"):
        found.reverse()
    return answer(collection(request, found, lambda one: show_profile(request, one), default=20, most=100))


def get_profile(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "fields[profile]", "additional-fields[profile]")
    if id not in account.profiles:
        raise not_found("profile", id)
    return answer(single(request, show_profile(request, account.profiles[id])))


def import_profile(account: Account, request: Request) -> Response:
    """201 for a new profile, 200 for a known one, 409 where the identifiers belong to two."""
    only_parameters(request, "fields[profile]", "additional-fields[profile]")
    data = bodies.document(request, most_bytes=bodies.PROFILE_BYTES)["data"]
    faults = bodies.profile_faults(data, "/data")
    if faults:
        raise Refused(400, *faults)
    id = data.get("id")
    if id is not None and id not in account.profiles:
        raise not_found("profile", id)
    try:
        profile, created = account.upsert(data["attributes"], id=id)
    except Conflict as conflict:
        detail = "A profile already exists with one of these identifiers."
        meta = {"duplicate_profile_id": conflict.other}
        raise Refused(
            409, Complaint("duplicate_profile", "Conflict.", detail, "/data/attributes", meta=meta)
        ) from conflict
    return answer(single(request, show_profile(request, profile)), status=201 if created else 200)


def selected(account: Account, wanted: Iterable[Condition]) -> list[Profile]:
    """The profiles that meet every condition."""
    found: dict[str, Profile] | None = None
    for condition in wanted:
        matching = {p.id: p for value in condition.values if (p := account.find(condition.field, value))}
        found = matching if found is None else {id: p for id, p in found.items() if id in matching}
    return list((found or {}).values())


def show_profile(request: Request, profile: Profile, **more: Any) -> dict[str, Any]:
    """A profile as a resource; `more` are attributes that only this endpoint shows."""
    attributes = {
        **profile.core,
        "created": profile.created.isoformat(),
        "updated": profile.updated.isoformat(),
        "last_event_date": None,
        "location": dict(profile.location),
        "properties": dict(profile.properties),
        **more,
    }
    shown = sparse(request, "profile", attributes)
    if "subscriptions" in request.args.get("additional-fields[profile]", "").split(","):
        shown["subscriptions"] = _subscriptions(profile)
    link = f"{request.root_url}api/profiles/{profile.id}"
    return {
        "type": "profile",
        "id": profile.id,
        "attributes": shown,
        "relationships": {
            name: {"links": {"self": f"{link}/relationships/{name}", "related": f"{link}/{name}"}}
            for name in ("lists", "segments")
        },
        "links": {"self": link},
    }


def _subscriptions(profile: Profile) -> dict[str, Any]:
    suppression = [{"reason": profile.suppressed, "timestamp": profile.updated.isoformat()}]
    marketing = {
        "can_receive_email_marketing": profile.suppressed is None and profile.consent != "UNSUBSCRIBED",
        "consent": profile.consent,
        "suppression": suppression if profile.suppressed else [],
        "list_suppressions": [],
    }
    return {"email": {"marketing": marketing}}
