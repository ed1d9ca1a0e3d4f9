"""The stand-in is as strict as Klaviyo, and remembers."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from klaviyo_world import World, phone_number

from segsync_klaviyo.sandbox import seed

HEADERS = {
    "Authorization": "Klaviyo-API-Key pk_test",
    "revision": "2026-10-15",
    "Accept": "application/vnd.api+json",
    "Content-Type": "application/vnd.api+json",
}
ROWS = "/data/attributes/profiles/data"


def call(world: World, method: str, path: str, body: Any = None, **headers: str | None) -> requests.Response:
    given = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    sent = {name: value for name, value in given.items() if value is not None}
    data = None if body is None else json.dumps(body)
    return requests.request(method, f"{world.base_url}{path}", headers=sent, data=data, timeout=10)


def first_error(response: requests.Response) -> tuple[int, str, str]:
    error = response.json()["errors"][0]
    return response.status_code, error["code"], error["source"].get("pointer") or error["source"].get("parameter")


def profile(**attributes: Any) -> dict[str, Any]:
    return {"type": "profile", "attributes": attributes}


def job(*rows: dict[str, Any], lists: tuple[str, ...] = (), **attributes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": "profile-bulk-import-job",
        "attributes": {"profiles": {"data": [*rows]}, **attributes},
    }
    if lists:
        data["relationships"] = {"lists": {"data": [{"type": "list", "id": id} for id in lists]}}
    return {"data": data}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer pk_test"}, 401),
        ({"Authorization": "Klaviyo-API-Key nonsense"}, 401),
        ({"revision": None}, 400),
        ({"revision": "2022-10-17"}, 400),
        ({"revision": "2031-01-15"}, 400),
        ({"Accept": "text/html"}, 406),
        ({}, 200),
    ],
)
def test_every_request_needs_key_revision_and_media_type(world: World, headers: dict[str, Any], status: int) -> None:
    response = call(world, "GET", "/api/lists", **headers)
    assert response.status_code == status
    assert ("errors" in response.json()) == (status != 200)


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("GET", "/api/nothing", None, (404, "not_found", "/data")),
        ("PUT", "/api/lists", None, (405, "method_not_allowed", "/data")),
        ("GET", "/api/lists?page[size]=11", None, (400, "invalid", "page[size]")),
        ("GET", "/api/lists?page[cursor]=zzz", None, (400, "invalid", "page[cursor]")),
        ("GET", "/api/lists?page_size=5", None, (400, "invalid", "page_size")),
        ("GET", "/api/lists?filter=contains(name,'x')", None, (400, "invalid", "filter")),
        ("GET", "/api/lists?filter=equals(name,x)", None, (400, "invalid", "filter")),
        ("GET", "/api/lists?filter=equals(size,'x')", None, (400, "invalid", "filter")),
        ("GET", "/api/profiles?page[size]=101", None, (400, "invalid", "page[size]")),
        ("GET", "/api/profiles?filter=any(email,'a')", None, (400, "invalid", "filter")),
        ("GET", "/api/profiles?fields[profile]=mail", None, (400, "invalid", "fields[profile]")),
        (
            "POST",
            "/api/lists",
            {"data": {"type": "list", "attributes": {}}},
            (400, "required", "/data/attributes/name"),
        ),
        ("POST", "/api/lists", {"data": {"type": "lists", "attributes": {}}}, (400, "invalid", "/data/type")),
        ("POST", "/api/lists", {"name": "x"}, (400, "required", "/data")),
        ("POST", "/api/profile-import", {"data": [profile(email="a@example.com")]}, (400, "invalid", "/data")),
        ("POST", "/api/profile-import", {"data": profile()}, (400, "invalid", "/data/attributes")),
        (
            "POST",
            "/api/profile-import",
            {"data": profile(email="a@example.com", subscriptions={})},
            (400, "invalid", "/data/attributes/subscriptions"),
        ),
        ("POST", "/api/profile-import", {"data": profile(email="a@b")}, (400, "invalid", "/data/attributes/email")),
        (
            "POST",
            "/api/profile-import",
            {"data": profile(phone_number="202 555 0101")},
            (400, "invalid", "/data/attributes/phone_number"),
        ),
        (
            "POST",
            "/api/profile-bulk-import-jobs",
            job(profile(email="a@example.com"), profile(email="b@example.com", phone_number="+1999")),
            (400, "invalid", f"{ROWS}/1/attributes/phone_number"),
        ),
        ("POST", "/api/profile-bulk-import-jobs", job(), (400, "required", ROWS)),
        (
            "POST",
            "/api/profile-bulk-import-jobs",
            job(*[profile(email="a@example.com")] * 10_001),
            (400, "invalid", ROWS),
        ),
        (
            "POST",
            "/api/profile-bulk-import-jobs",
            job(profile(email="a@example.com", first_name="x" * 5_000_000)),
            (400, "invalid", "/data"),
        ),
        (
            "POST",
            "/api/profile-bulk-import-jobs",
            job(profile(email="a@example.com"), lists=("nope",)),
            (404, "not_found", "/data/relationships/lists/data/0/id"),
        ),
        ("GET", "/api/profile-bulk-import-jobs/nope", None, (404, "not_found", "/data")),
        ("GET", "/api/lists/nope/profiles", None, (404, "not_found", "/data")),
    ],
)
def test_what_klaviyo_refuses_is_refused(
    world: World, method: str, path: str, body: Any, error: tuple[int, str, str]
) -> None:
    assert first_error(call(world, method, path, body)) == error
    assert not world.account.profiles
    assert not world.account.jobs


def test_a_body_of_another_media_type_is_refused(world: World) -> None:
    body = {"data": {"type": "list", "attributes": {"name": "x"}}}
    assert call(world, "POST", "/api/lists", body, Content_Type="application/json").status_code == 415


def test_relationships_inside_the_attributes_are_ignored(world: World) -> None:
    made = world.account.create_list("VIP")
    inside = {"lists": {"data": [{"type": "list", "id": made.id}]}}
    id = call(world, "POST", "/api/profile-bulk-import-jobs", job(profile(email="a@example.com"), relationships=inside))
    assert id.status_code == 202
    world.time.advance(60)
    state = world.sandbox.state()
    assert len(state["profiles"]) == 1
    assert state["lists"][made.id]["members"] == []


def test_a_profile_is_known_by_any_identifier_and_merges_key_by_key(world: World) -> None:
    def put(**attributes: Any) -> requests.Response:
        return call(world, "POST", "/api/profile-import", {"data": profile(**attributes)})

    first = put(email="a@example.com", external_id="x1", properties={"k": 1})
    second = put(email="A@Example.com", phone_number=phone_number(1), properties={"l": 2})
    third = put(external_id="x1", first_name="Pat")
    assert [one.status_code for one in (first, second, third)] == [201, 200, 200]
    assert len({one.json()["data"]["id"] for one in (first, second, third)}) == 1
    attributes = third.json()["data"]["attributes"]
    assert attributes["properties"] == {"k": 1, "l": 2}
    assert attributes["phone_number"] == phone_number(1)
    other = put(email="b@example.com")
    clash = put(email="b@example.com", phone_number=phone_number(1))
    assert clash.status_code == 409
    assert clash.json()["errors"][0]["code"] == "duplicate_profile"
    assert clash.json()["errors"][0]["meta"]["duplicate_profile_id"] == first.json()["data"]["id"]
    assert other.json()["data"]["id"] != first.json()["data"]["id"]


def test_a_known_phone_with_a_new_email_renames_the_profile(world: World) -> None:
    """Klaviyo's guide on updating identifiers says so; it is why phones stay home beside e-mails."""
    seed.profile(world.account, email="a@example.com", phone_number=phone_number(1))
    body = {"data": profile(email="b@example.com", phone_number=phone_number(1))}
    assert call(world, "POST", "/api/profile-import", body).status_code == 200
    assert [one["email"] for one in world.sandbox.state()["profiles"].values()] == ["b@example.com"]


def test_null_clears_a_field_of_one_profile_and_not_in_bulk(world: World) -> None:
    seed.profile(world.account, email="a@example.com", first_name="Pat")
    call(world, "POST", "/api/profile-bulk-import-jobs", job(profile(email="a@example.com", first_name=None)))
    world.time.advance(60)
    assert next(iter(world.sandbox.state()["profiles"].values()))["first_name"] == "Pat"
    call(world, "POST", "/api/profile-import", {"data": profile(email="a@example.com", first_name=None)})
    assert "first_name" not in next(iter(world.sandbox.state()["profiles"].values()))


def test_a_page_of_profiles_is_twenty_unless_asked(world: World) -> None:
    for n in range(60):
        seed.profile(world.account, email=f"person+{n}@example.com")
    wanted = ",".join(f'"person%2B{n}@example.com"' for n in range(50))
    plain = call(world, "GET", f"/api/profiles?filter=any(email,[{wanted}])").json()
    assert len(plain["data"]) == 20
    nexts = [plain]
    while nexts[-1]["links"]["next"]:
        nexts.append(requests.get(nexts[-1]["links"]["next"], headers=HEADERS, timeout=10).json())
    assert [len(page["data"]) for page in nexts] == [20, 20, 10]
    raw = call(world, "GET", '/api/profiles?filter=equals(email,"person+1@example.com")').json()
    assert raw["data"] == []  # a `+` sent as it is reads as a space


def test_one_unknown_id_fails_the_whole_call(world: World) -> None:
    made, known = world.account.create_list("VIP"), seed.profile(world.account, email="a@example.com")
    path = f"/api/lists/{made.id}/relationships/profiles"
    both = {"data": [{"type": "profile", "id": known.id}, {"type": "profile", "id": "01GONE"}]}
    assert call(world, "POST", path, both).status_code == 404
    assert world.members_of(world_ref(made)) == []
    assert call(world, "POST", path, {"data": both["data"][:1]}).status_code == 204
    assert call(world, "DELETE", path, {"data": both["data"][:1]}).status_code == 204
    many = {"data": [{"type": "profile", "id": known.id}] * 1_001}
    assert first_error(call(world, "DELETE", path, many)) == (400, "invalid", "/data")


def world_ref(made: Any) -> Any:
    return made


def test_windows_of_a_second_and_a_minute(world: World) -> None:
    statuses = [call(world, "GET", "/api/flows").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = call(world, "GET", "/api/flows")
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["errors"][0]["code"] == "throttled"
    world.time.advance(1)
    answered = call(world, "GET", "/api/flows")
    assert answered.headers["RateLimit-Remaining"] == "56"
    assert 0 < int(answered.headers["RateLimit-Reset"]) <= 60


def test_a_lists_size_costs_a_slower_window(world: World) -> None:
    made = world.account.create_list("VIP")
    path = f"/api/lists/{made.id}?additional-fields[list]=profile_count"
    assert call(world, "GET", path).json()["data"]["attributes"]["profile_count"] == 0
    assert call(world, "GET", path).status_code == 429


def test_a_hundred_and_fifty_lists_a_day(world: World) -> None:
    body = {"data": {"type": "list", "attributes": {"name": "x"}}}
    for _ in range(150):
        world.time.advance(1)
        assert call(world, "POST", "/api/lists", body).status_code == 201
    world.time.advance(60)
    assert call(world, "POST", "/api/lists", body).status_code == 429


def test_a_list_is_double_opt_in_unless_said(world: World) -> None:
    made = call(world, "POST", "/api/lists", {"data": {"type": "list", "attributes": {"name": "x"}}}).json()["data"]
    assert made["attributes"]["opt_in_process"] == "double_opt_in"
    renamed = {"data": {"type": "list", "id": made["id"], "attributes": {"name": "y"}}}
    assert call(world, "PATCH", f"/api/lists/{made['id']}", renamed).json()["data"]["attributes"]["name"] == "y"
    assert call(world, "DELETE", f"/api/lists/{made['id']}").status_code == 204
    assert call(world, "GET", f"/api/lists/{made['id']}").status_code == 404


def test_an_import_ends_after_a_while_even_if_nobody_asks(world: World) -> None:
    made = world.account.create_list("VIP")
    call(world, "POST", "/api/profile-bulk-import-jobs", job(profile(email="a@example.com"), lists=(made.id,)))
    assert world.sandbox.state()["lists"][made.id]["members"] == []
    world.time.advance(5)
    assert world.sandbox.state()["lists"][made.id]["members"] == ["a@example.com"]


def test_seeding_over_http(world: World) -> None:
    deeds = [
        {"do": "mailing_list", "name": "VIP"},
        {"do": "profile", "email": "a@example.com", "consent": "SUBSCRIBED", "lists": ["VIP"]},
        {"do": "suppress", "who": "a@example.com", "reason": "HARD_BOUNCE"},
        {"do": "flow", "list": "VIP", "name": "Welcome"},
    ]
    state = requests.post(f"{world.base_url}/__seed", json=deeds, timeout=10).json()
    assert [one["members"] for one in state["lists"].values()] == [["a@example.com"]]
    assert [one["suppressed"] for one in state["profiles"].values()] == ["HARD_BOUNCE"]
    assert requests.post(f"{world.base_url}/__seed", json=[{"do": "magic"}], timeout=10).status_code == 400
    assert world.asked() == []
    shown = call(world, "GET", "/api/profiles?additional-fields[profile]=subscriptions").json()["data"][0]
    assert shown["attributes"]["subscriptions"]["email"]["marketing"]["consent"] == "SUBSCRIBED"
