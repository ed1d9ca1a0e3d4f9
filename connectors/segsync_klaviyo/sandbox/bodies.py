"""Reading request bodies as strictly as the spec: types, required and unknown members, identifiers, sizes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import phonenumbers
from werkzeug.wrappers import Request

from segsync_klaviyo.sandbox.account import CORE, IDENTIFIERS
from segsync_klaviyo.sandbox.answers import CONTENT_TYPE, Complaint, Refused, invalid

PROFILE_BYTES = 100_000
IMPORT_BYTES = 5_000_000
IMPORT_ROWS = 10_000
RELATED_IDS = 1_000
LOCATION = frozenset(
    {"address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone", "ip"}
)
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
)


def document(request: Request, *, most_bytes: int) -> dict[str, Any]:
    """The `data` of the body. Raises Refused where the content type, the size or the JSON is not right."""
    if request.mimetype != CONTENT_TYPE:
        complaint = Complaint("unsupported_media_type", "Unsupported media type.", f"Send {CONTENT_TYPE}.")
        raise Refused(415, complaint)
    raw = request.get_data()
    if len(raw) > most_bytes:
        raise invalid(f"The payload of {len(raw)} bytes exceeds the limit of {most_bytes}.", pointer="/data")
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise invalid("The body is not valid JSON.", pointer="/", code="parse_error") from error
    if not isinstance(body, dict) or "data" not in body:
        raise invalid("'data' is required.", pointer="/data", code="required")
    if set(body) != {"data"}:
        raise invalid("Only 'data' is allowed at the top of a body.", pointer="/")
    return body


def resource(value: Any, kind: str, pointer: str, *, members: frozenset[str]) -> dict[str, Any]:
    """A resource object of this type with no members but these. Raises Refused."""
    if not isinstance(value, dict):
        raise invalid("Expected a single object.", pointer=pointer)
    if value.get("type") != kind:
        raise invalid(f"'type' must be '{kind}'.", pointer=f"{pointer}/type")
    for name in value:
        if name not in members | {"type"}:
            raise invalid(f"'{name}' is not a valid member here.", pointer=f"{pointer}/{name}")
    return value


def attributes(value: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """Its `attributes`, an object. Raises Refused."""
    found = value.get("attributes")
    if not isinstance(found, dict):
        raise invalid("'attributes' is a required object.", pointer=f"{pointer}/attributes", code="required")
    return found


def identities(request: Request) -> list[str]:
    """The profile ids of a relationships body. Raises Refused."""
    data = document(request, most_bytes=IMPORT_BYTES)["data"]
    if not isinstance(data, list) or not data:
        raise invalid("'data' is a list of profile identifiers.", pointer="/data")
    if len(data) > RELATED_IDS:
        raise invalid(f"A maximum of {RELATED_IDS} profiles is allowed per call.", pointer="/data")
    ids = []
    for place, item in enumerate(data):
        one = resource(item, "profile", f"/data/{place}", members=frozenset({"id"}))
        if not isinstance(one.get("id"), str) or not one["id"]:
            raise invalid("'id' is required.", pointer=f"/data/{place}/id", code="required")
        ids.append(one["id"])
    return ids


def profile_faults(value: Any, pointer: str, *, syntax: bool = True) -> list[Complaint]:
    """What is wrong with one profile to import; empty if nothing is. `syntax=False` leaves identifiers unread."""
    try:
        one = resource(value, "profile", pointer, members=frozenset({"id", "attributes", "meta"}))
        given = attributes(one, pointer)
    except Refused as refused:
        return list(refused.complaints)
    at = f"{pointer}/attributes"
    faults = [
        Complaint(
            "invalid", "Invalid input.", f"'{name}' is not a valid field for the resource 'profile'.", f"{at}/{name}"
        )
        for name in given
        if name not in (*CORE, "location", "properties", "_kx")
    ]
    faults += [
        Complaint("invalid", "Invalid input.", f"'{name}' must be a string.", f"{at}/{name}")
        for name in CORE
        if not isinstance(given.get(name), (str, type(None)))
    ]
    for name in ("location", "properties"):
        if not isinstance(given.get(name), (dict, type(None))):
            faults.append(Complaint("invalid", "Invalid input.", f"'{name}' must be an object.", f"{at}/{name}"))
    if isinstance(given.get("location"), dict):
        faults += [
            Complaint("invalid", "Invalid input.", f"'{name}' is not a valid field.", f"{at}/location/{name}")
            for name in given["location"]
            if name not in LOCATION
        ]
    if not faults and not one.get("id") and not any(given.get(kind) for kind in IDENTIFIERS):
        faults.append(
            Complaint("invalid", "Invalid input.", "One of email, phone_number, external_id is required.", at)
        )
    return faults or (identifier_faults(given, at) if syntax else [])


def identifier_faults(given: Mapping[str, Any], at: str) -> list[Complaint]:
    """What is wrong with the e-mail and the phone."""
    faults = []
    email, phone = given.get("email"), given.get("phone_number")
    if email and not _EMAIL.fullmatch(email):
        faults.append(Complaint("invalid", "Invalid input.", f"Invalid email address '{email}'.", f"{at}/email"))
    if phone and not _dialable(phone):
        detail = f"The phone number provided ('{phone}') either does not exist or is ineligible to receive SMS."
        faults.append(Complaint("invalid", "Invalid input.", detail, f"{at}/phone_number"))
    return faults


def _dialable(phone: str) -> bool:
    if not re.fullmatch(r"\+[1-9]\d{6,14}", phone):
        return False
    return phonenumbers.is_valid_number(phonenumbers.parse(phone, None))
