"""Every request that the connector can send, and every answer of the stand-in, held against Klaviyo's own document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema
import pytest
from klaviyo_world import World, people, person, phone_number
from referencing import Registry, Resource

from segsync.http import Exchange
from segsync.model import Audience
from segsync_klaviyo import limits, spec
from segsync_klaviyo.sandbox import seed

NULLABLE_BY_PRACTICE = {"next", "prev"}  # Klaviyo sends null at the ends of a collection, and its document says string


class Document:
    """Klaviyo's OpenAPI document, asked by requests."""

    def __init__(self, path: Path) -> None:
        self.raw = json.loads(path.read_text())

    @cached_property
    def registry(self) -> Registry[Any]:
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_modern(self.raw)}
        return Registry().with_resource("spec", Resource.from_contents(schema))

    def operation(self, method: str, path: str) -> dict[str, Any]:
        for template, operations in self.raw["paths"].items():
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in operations:
                return dict(operations[method.lower()])
        raise AssertionError(f"Klaviyo has no {method} {path}")

    def parameters(self, operation: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"}

    def hold(self, value: Any, schema: Mapping[str, Any]) -> None:
        jsonschema.Draft202012Validator(_absolute(_modern(schema)), registry=self.registry).validate(value)


def _modern(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(value, list):
        return [_modern(one) for one in value]
    if not isinstance(value, dict):
        return value
    out = {name: _modern(one) for name, one in value.items() if name != "nullable"}
    if value.get("nullable") is True and "type" in out:
        return {"anyOf": [out, {"type": "null"}]}
    return out


def _absolute(value: Any) -> Any:
    if isinstance(value, list):
        return [_absolute(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        n: f"spec{v}" if n == "$ref" and isinstance(v, str) and v[0] == "#" else _absolute(v) for n, v in value.items()
    }


def _strict(schema: Any, document: Document) -> Any:
    """The same schema, in which an object has no members but those that are named: a typo must not pass."""
    if isinstance(schema, list):
        return [_strict(one, document) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _strict(document.raw["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    out = {name: _strict(one, document) for name, one in schema.items()}
    if out.get("type") == "object" and out.get("properties"):
        out["additionalProperties"] = False
    return out


@pytest.fixture(scope="module")
def document(shared: Callable[[str], Path]) -> Document:
    return Document(shared("specs/klaviyo/stable-2026-07-15.json"))


def everything(world: World) -> None:
    """Each call that the connector knows, with the answers that change what it sends next."""
    both = {"phones": "always"}
    destination = world.destination(**both)
    destination.check()
    destination.find_audience(Audience('VIP "gold" customers'))
    ref = world.vip(destination)
    destination.find_audience(Audience("VIP customers"))
    destination.find_audience(Audience("renamed", id=ref.id))
    seed.flow(world.account, list=ref.id, name="Welcome", status="live")
    destination.automations(ref)
    seed.profile(world.account, email="other@example.com", phone_number=phone_number(1))
    world.add(
        destination, ref, [*people(2), person(3, phone=phone_number(1)), person(4, email=None, phone=phone_number(2))]
    )
    world.add(destination, ref, [person(5, email="a..b@example.com")])
    seed.poison(world.account, who="person7@example.com")
    seed.poison(world.account, who="person8@example.com", anonymous=True)
    many = [*people(120), *(person(n, phone=phone_number(n)) for n in range(200, 240)), person(241, email="x@y")]
    world.add(destination, ref, many)
    list(destination.read_back(ref))
    fresh = world.destination(**both)
    list(destination.browse("lists"))
    destination.rename_audience(ref, "VIPs, renamed")
    doomed = destination.create_audience(Audience("doomed"))
    destination.delete_audience(doomed)
    destination.delete_audience(doomed)
    world.remove(fresh, ref, [*people(110), person(4, email=None, phone=phone_number(2)), person(9, id="01GONE")])
    destination.forget([person(5), person(4, email=None, phone=phone_number(2)), person(9, id="01GONE")])


@pytest.fixture(scope="module")
def exchanges() -> Iterator[list[Exchange]]:
    world = World()
    everything(world)
    yield world.exchanges
    world.server.close()


def _split(exchange: Exchange) -> tuple[str, str, list[tuple[str, str]]]:
    url = urlsplit(str(exchange.request.url))
    path = url.path.removeprefix("/klaviyo")
    return str(exchange.request.method), unquote(path), parse_qsl(url.query, strict_parsing=bool(url.query))


def test_every_limit_was_needed(exchanges: list[Exchange]) -> None:
    """The scenario above reaches every endpoint that has a limit in the spec; so nothing below is vacuous."""
    asked = {_family(*_split(exchange)[:2]) for exchange in exchanges}
    assert asked == {limit.name for limit in spec.limits}


def _family(method: str, path: str) -> str:
    path = path.removeprefix("/api/").replace("profile-bulk-import-jobs", "imports")
    words = re.sub(r"/relationships", "", re.sub(r"(lists|imports)/[^/]+", r"\1 one", path)).replace("/", " ")
    named = {
        "lists one profiles": "list profiles",
        "lists one flow-triggers": "list flow-triggers",
        "lists one": "list",
        "imports": "import jobs",
        "imports one": "import job",
        "imports one import-errors": "import job errors",
        "imports one profiles": "import job profiles",
    }
    return f"{method} {named.get(words, words)}"


def test_declared_limits_are_klaviyos(document: Document, exchanges: list[Exchange]) -> None:
    declared = {limit.name: limit for limit in limits.ALL}
    for exchange in exchanges:
        method, path, _ = _split(exchange)
        told = document.operation(method, path)["x-klaviyo-ratelimit"]
        limit = declared[_family(method, path)]
        assert (f"{limit.per_second}/s", f"{limit.per_minute}/m") == (told["burst"], told["steady"]), path


def test_every_request_is_in_the_document(document: Document, exchanges: list[Exchange]) -> None:
    for exchange in exchanges:
        method, path, query = _split(exchange)
        operation = document.operation(method, path)
        known = document.parameters(operation)
        for name, value in query:
            assert name in known, f"{method} {path} takes no {name}"
            _hold_parameter(document, known[name]["schema"], value)
        assert exchange.request.headers["revision"] == "2026-10-15"
        assert exchange.request.headers["Authorization"].startswith("Klaviyo-API-Key pk_")


def _hold_parameter(document: Document, schema: Mapping[str, Any], value: str) -> None:
    if schema["type"] == "array":
        document.hold(value.split(","), schema)
    else:
        document.hold(int(value) if schema["type"] == "integer" else value, schema)


def test_every_body_is_in_the_document(document: Document, exchanges: list[Exchange]) -> None:
    bodies = 0
    for exchange in exchanges:
        method, path, _ = _split(exchange)
        wanted = document.operation(method, path).get("requestBody")
        assert bool(wanted) == bool(exchange.request.body), f"{method} {path}"
        if not wanted:
            continue
        bodies += 1
        ((media_type, content),) = wanted["content"].items()
        assert exchange.request.headers["Content-Type"] == media_type
        document.hold(json.loads(exchange.request.body or ""), _strict(content["schema"], document))
    assert bodies > 10


def test_only_identifiers_leave(exchanges: list[Exchange]) -> None:
    """Consent, names and properties are never sent, so they can never be changed."""
    sent = set()
    for exchange in exchanges:
        body = json.loads(exchange.request.body or '{"data": []}')["data"]
        if isinstance(body, list) or body["type"] == "list":
            continue
        attributes = body["attributes"]
        rows = attributes["profiles"]["data"] if "profiles" in attributes else [body]
        rows = [attributes["profile"]["data"]] if "profile" in attributes else rows
        sent |= {name for row in rows for name in row["attributes"]} | {n for row in rows for n in row if n == "meta"}
    assert sent == {"email", "phone_number"}


def test_every_answer_of_the_stand_in_is_in_the_document(document: Document, exchanges: list[Exchange]) -> None:
    held = 0
    for exchange in exchanges:
        method, path, _ = _split(exchange)
        response = exchange.response
        assert response is not None
        answers = document.operation(method, path)["responses"]
        told = answers.get(str(response.status_code)) or answers[f"{response.status_code // 100}XX"]
        if "$ref" in told:
            told = document.raw["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
        if "content" not in told:
            assert not response.content
            continue
        value = response.json()
        for name in NULLABLE_BY_PRACTICE & set(value.get("links", {})):
            if value["links"][name] is None:
                del value["links"][name]
        if path.startswith("/api/lists/") and isinstance(value.get("data"), list):
            for row in value["data"]:  # required, says the document, though `fields[profile]` leaves it out
                row["attributes"].setdefault("joined_group_at", "2026-06-01T12:00:00+00:00")
        document.hold(value, told["content"]["application/vnd.api+json"]["schema"])
        held += 1
    assert held > 20


def test_a_wrong_body_would_be_noticed(document: Document) -> None:
    """The checks above can fail: the list relationship inside `attributes`, and a list where one object belongs."""
    jobs = document.operation("POST", "/api/profile-bulk-import-jobs")["requestBody"]["content"]
    schema = _strict(jobs["application/vnd.api+json"]["schema"], document)
    inside = {"profiles": {"data": []}, "lists": {"data": [{"type": "list", "id": "X"}]}}
    with pytest.raises(jsonschema.ValidationError):
        document.hold({"data": {"type": "profile-bulk-import-job", "attributes": inside}}, schema)
    single = document.operation("POST", "/api/profile-import")["requestBody"]["content"]
    with pytest.raises(jsonschema.ValidationError):
        document.hold({"data": []}, single["application/vnd.api+json"]["schema"])
