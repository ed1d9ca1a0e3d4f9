"""The endpoint that deletes people for good."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from segsync_klaviyo.sandbox import bodies
from segsync_klaviyo.sandbox.account import Account
from segsync_klaviyo.sandbox.answers import answer, invalid, only_parameters

AT = "/data/attributes/profile/data"
_ATTRIBUTES = frozenset({"email", "phone_number"})


def request_deletion(account: Account, request: Request) -> Response:
    """202 without a body, whether anybody was found or not; 400 for none or several identifiers.

    Klaviyo deletes some time later; here it is done at once.
    """
    only_parameters(request)
    body = bodies.document(request, most_bytes=bodies.PROFILE_BYTES)
    data = bodies.resource(body["data"], "data-privacy-deletion-job", "/data", members=frozenset({"attributes"}))
    held = bodies.attributes(data, "/data").get("profile")
    if not isinstance(held, dict) or set(held) != {"data"}:
        raise invalid("'profile' is a required object.", pointer="/data/attributes/profile", code="required")
    one = bodies.resource(held["data"], "profile", AT, members=frozenset({"id", "attributes"}))
    given = bodies.attributes(one, AT)
    unknown = sorted(given.keys() - _ATTRIBUTES)
    if unknown:
        raise invalid(f"'{unknown[0]}' is not a valid field for the resource 'profile'.", pointer=f"{AT}/attributes")
    named = {kind: str(value) for kind, value in {"id": one.get("id"), **given}.items() if value}
    if len(named) != 1:
        raise invalid("Exactly one of id, email or phone_number is required.", pointer=AT)
    faults = bodies.identifier_faults(given, f"{AT}/attributes")
    if faults:
        raise invalid(faults[0].detail, pointer=faults[0].pointer)
    ((kind, value),) = named.items()
    found = account.find(kind, value)
    if found is not None:
        account.delete_profile(found.id)
    return answer(None, status=202)
