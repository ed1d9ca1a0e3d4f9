"""Checking, finding and creating lists, and what a key that may not says."""

from __future__ import annotations

import pytest
from klaviyo_world import World, people

from segsync.errors import AudienceMissing, AuthError, ConfigError, Unavailable
from segsync.model import Audience
from segsync.sandbox import Fault
from segsync_klaviyo.sandbox import seed


def test_check_reads_and_writes_nothing(world: World) -> None:
    world.destination().check()
    assert {method for method, _ in world.asked()} == {"GET"}
    assert len(world.asked()) == 4


def test_a_refused_key_names_the_command_that_stores_another(world: World) -> None:
    with pytest.raises(AuthError, match=r"segsync secrets set klaviyo\.api_key"):
        world.destination(key="nonsense").check()


@pytest.mark.parametrize("scope", ["lists:read", "profiles:read", "flows:read"])
def test_a_missing_scope_is_named(world: World, scope: str) -> None:
    world.sandbox.scopes.remove(scope)
    with pytest.raises(AuthError, match=f"missing required scopes.*{scope}") as error:
        world.destination().check()
    assert "It needs the scopes" in str(error.value)
    assert "pk_test" not in str(error.value)


def test_a_missing_write_scope_is_an_auth_error_at_the_push(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    world.sandbox.scopes.remove("profiles:write")
    with pytest.raises(AuthError, match="profiles:write"):
        world.add(destination, ref, people(1))


def test_lists_beyond_the_first_page_are_found(world: World) -> None:
    for n in range(35):
        world.account.create_list(f"list {n}")
    made = world.account.create_list("d'accord")
    ref = world.destination().find_audience(Audience("d'accord"))
    assert ref is not None
    assert ref.id == made.id
    assert len(world.asked("GET", "/api/lists")) == 4


def test_a_plain_name_is_asked_for_by_filter(world: World) -> None:
    for n in range(35):
        world.account.create_list(f"list {n}")
    ref = world.destination().find_audience(Audience("list 34"))
    assert ref is not None
    assert len(world.asked("GET", "/api/lists")) == 1


def test_case_matters_in_names(world: World) -> None:
    world.account.create_list("vip customers")
    assert world.destination().find_audience(Audience("VIP customers")) is None


def test_two_lists_of_one_name_are_refused_with_the_choices(world: World) -> None:
    first, second = world.account.create_list("VIP"), world.account.create_list("VIP")
    with pytest.raises(ConfigError) as error:
        world.destination().find_audience(Audience("VIP"))
    assert f'list_id = "{first.id}"' in str(error.value)
    assert f'list_id = "{second.id}"' in str(error.value)


def test_list_id_settles_which_list(world: World) -> None:
    world.account.create_list("VIP")
    second = world.account.create_list("VIP")
    ref = world.destination().find_audience(Audience("VIP", options={"list_id": second.id}))
    assert ref is not None
    assert ref.id == second.id


def test_a_list_id_that_does_not_exist_is_a_config_error(world: World) -> None:
    with pytest.raises(ConfigError, match="no list with the id"):
        world.destination().find_audience(Audience("VIP", options={"list_id": "../lists"}))


def test_a_list_id_that_was_there_is_missing(world: World) -> None:
    with pytest.raises(AudienceMissing):
        world.destination().find_audience(Audience("VIP", id="Ls0009", options={"list_id": "Ls0009"}))


def test_a_renamed_list_is_found_by_its_id(world: World) -> None:
    made = world.account.create_list("renamed in Klaviyo")
    ref = world.destination().find_audience(Audience("VIP", id=made.id))
    assert ref is not None
    assert ref.name == "renamed in Klaviyo"


def test_a_list_is_created_single_opt_in(world: World) -> None:
    ref = world.vip(world.destination())
    assert world.account.lists[ref.id].opt_in_process == "single_opt_in"


@pytest.mark.parametrize("fault", [Fault(drop=True, when="after"), Fault(status=502, when="after"), Fault(html=500)])
def test_creating_is_never_repeated_after_a_lost_answer(world: World, fault: Fault) -> None:
    world.frame.set_faults([fault])
    with pytest.raises(Unavailable):
        world.vip(world.destination())
    assert len(world.asked("POST", "/api/lists")) == 1


def test_creating_is_repeated_when_klaviyo_asks_to_wait(world: World) -> None:
    world.frame.set_faults([Fault(status=429, headers={"Retry-After": "7"})])
    world.vip(world.destination())
    assert len(world.account.lists) == 1
    assert max(world.time.naps) >= 7


def test_live_flows_are_named_and_others_are_not(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    other = world.account.create_list("other")
    seed.flow(world.account, list=ref.id, name="Welcome series", status="live")
    seed.flow(world.account, list=ref.id, name="Old series", status="live", archived=True)
    seed.flow(world.account, list=ref.id, name="Draft", status="draft")
    seed.flow(world.account, list=other.id, name="Elsewhere", status="live")
    assert destination.automations(ref) == ["Welcome series"]


def test_automations_of_a_list_that_is_gone(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.delete_list(world.account, name=ref.id)
    with pytest.raises(AudienceMissing):
        destination.automations(ref)
    with pytest.raises(AudienceMissing):
        list(destination.read_back(ref))
