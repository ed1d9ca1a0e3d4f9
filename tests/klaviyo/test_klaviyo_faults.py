"""Klaviyo on a bad day: limits, proxies, broken connections, links that lead elsewhere."""

from __future__ import annotations

import json

import pytest
from klaviyo_world import World, people, person

from segsync.errors import ConnectorBug, Unavailable
from segsync.model import Audience, AudienceRef
from segsync.sandbox import Fault
from segsync_klaviyo import limits
from segsync_klaviyo.api import REVISION
from segsync_klaviyo.sandbox import seed

PASSING = [
    Fault(status=500),
    Fault(status=503, when="after"),
    Fault(status=429, headers={"Retry-After": "2"}),
    Fault(html=403),
    Fault(html=200, when="after"),
    Fault(drop=True),
    Fault(drop=True, when="after"),
    Fault(truncate=25),
    Fault(truncate=25, honest=True),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.action}-{fault.when}-{fault.honest}")
@pytest.mark.parametrize("count", [3, 40])
def test_a_fault_anywhere_in_a_push_leaves_the_list_right(world: World, fault: Fault, count: int) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    world.frame.set_faults([fault])
    receipt = world.add(destination, ref, people(count))
    world.frame.set_faults([fault])
    world.remove(world.destination(), ref, people(1))
    assert set(receipt.accepted) == {f"p{n}" for n in range(count)}
    assert world.members_of(ref) == sorted(f"person{n}@example.com" for n in range(1, count))
    assert [entry.fault for entry in world.frame.requests() if entry.fault]


def test_patience_ends_with_a_plain_word(world: World) -> None:
    world.frame.set_faults([Fault(html=503, times=0)])
    with pytest.raises(Unavailable, match="503"):
        world.destination().check()
    assert len(world.asked()) == 4


def test_at_full_speed_nothing_is_refused(world: World) -> None:
    """The pacer keeps an endpoint within its own windows: 3 a second, 60 a minute."""
    destination = world.destination()
    ref = world.vip(destination)
    started = world.time.elapsed
    for _ in range(70):
        destination.automations(ref)
    assert {entry.status for entry in world.frame.requests()} == {200, 201}
    assert 60 <= world.time.elapsed - started < 65


def test_another_tool_that_uses_up_the_window_is_waited_for(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    others = [world.destination() for _ in range(2)]
    for n, other in enumerate([*others * 40]):
        other.push(world.batch(ref, [person(n)]))
    assert 429 in {entry.status for entry in world.frame.requests()}
    assert len(world.members_of(ref)) == 80


def test_a_next_link_to_another_host_is_not_followed(world: World) -> None:
    page = {"data": [], "links": {"next": "http://127.0.0.1:9/klaviyo/api/lists?page%5Bcursor%5D=x"}}
    world.frame.set_faults([Fault(status=200, body=json.dumps(page))])
    with pytest.raises(Unavailable, match="leads elsewhere"):
        world.destination().find_audience(Audience("VIP customers"))
    assert {one.request.url.split("/klaviyo")[0] for one in world.exchanges} == {world.server.url}


def test_a_next_link_that_leads_back_is_not_followed(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    page = {"data": [], "links": {"next": f"{world.base_url}/api/lists/{ref.id}/profiles?page%5Bcursor%5D=x"}}
    world.frame.set_faults([Fault(status=200, body=json.dumps(page), times=0)])
    with pytest.raises(Unavailable, match="leads elsewhere"):
        list(destination.read_back(ref))
    assert len(world.asked("GET", "/profiles")) == 2


@pytest.mark.parametrize("status", [302, 400, 409, 418])
def test_an_answer_nobody_is_ready_for_names_itself(world: World, status: int) -> None:
    world.frame.set_faults([Fault(status=status, body='{"errors": [{"title": "Odd.", "detail": "Very odd."}]}')])
    with pytest.raises(ConnectorBug, match=f"GET .*/api/lists was answered {status}: Odd. Very odd."):
        world.destination().check()


def test_an_import_refused_without_a_pointer_is_to_be_tried_again(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    world.frame.set_faults([Fault(path="bulk-import", status=400, body='{"errors": [{"detail": "No."}]}')])
    receipt = destination.push(world.batch(ref, people(40)))
    assert receipt.ticket is None
    assert {(reject.reason, reject.code, reject.retry) for reject in receipt.rejects} == {
        ("No.", "import_refused", True)
    }
    assert len(receipt.rejects) == 40


def test_an_import_refused_again_and_again_ends(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    pointed = {
        "errors": [{"detail": "Bad.", "source": {"pointer": "/data/attributes/profiles/data/0/attributes/email"}}]
    }
    world.frame.set_faults([Fault(path="bulk-import", status=400, body=json.dumps(pointed), times=0)])
    receipt = destination.push(world.batch(ref, people(60)))
    assert len(world.asked("POST", "bulk-import")) == 25
    assert len(receipt.rejects) == 60
    assert sum(reject.retry for reject in receipt.rejects) == 60 - 25


def test_a_list_refused_by_pointer_is_looked_at(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    pointed = {"errors": [{"detail": "No list.", "source": {"pointer": "/data/relationships/lists/data/0/id"}}]}
    world.frame.set_faults([Fault(path="bulk-import", status=400, body=json.dumps(pointed))])
    receipt = destination.push(world.batch(ref, people(40)))
    assert all(reject.retry for reject in receipt.rejects)
    assert world.asked("GET", f"/api/lists/{ref.id}")


def test_a_conflict_that_is_left_is_a_reject(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    body = '{"errors": [{"code": "duplicate_profile", "detail": "Two profiles."}]}'
    world.frame.set_faults([Fault(path="profile-import", status=409, body=body)])
    ((reject),) = world.add(destination, ref, people(1)).rejects
    assert (reject.code, reject.reason, reject.retry) == ("duplicate_profile", "Two profiles.", False)


def test_the_revision_is_sent_with_every_request(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    world.add(destination, ref, people(40))
    assert {one.request.headers["revision"] for one in world.exchanges} == {REVISION}


def test_unlisted_members_of_an_answer_do_no_harm(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.flow(world.account, list=ref.id, name="Welcome")
    answer = {
        "data": {"type": "list", "id": ref.id, "attributes": {"name": "n", "new": 1}, "meta": {}},
        "meta": {"x": 1},
    }
    world.frame.set_faults([Fault(status=200, body=json.dumps(answer))])
    assert destination.find_audience(Audience("VIP customers", id=ref.id)) == AudienceRef(ref.id, "n")


def test_every_endpoint_has_a_limit_of_its_own() -> None:
    assert len({limit.name for limit in limits.ALL}) == len(limits.ALL)
