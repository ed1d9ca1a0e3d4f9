"""Removing by profile id, with every address accounted for, and reading a list back."""

from __future__ import annotations

import pytest
from klaviyo_world import World, people, person, phone_number

from segsync.errors import AudienceMissing
from segsync.model import AudienceRef, Member
from segsync_klaviyo.sandbox import seed


def fill(world: World, ref: AudienceRef, count: int) -> list[Member]:
    """People who are in the list already, put there by another process."""
    for n in range(count):
        seed.profile(world.account, email=f"person{n}@example.com", lists=(ref.id,))
    return people(count)


def test_ids_are_resolved_in_hundreds_and_removed_in_thousands(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    members = fill(world, ref, 1_250)
    receipt = world.remove(destination, ref, members[:1_200])
    assert len(receipt.accepted) == 1_200
    assert len(world.members_of(ref)) == 50
    assert len(world.asked("GET", "/api/profiles")) == 12
    assert len(world.asked("DELETE")) == 2


def test_known_ids_are_not_looked_up(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    accepted = world.add(destination, ref, people(3)).accepted
    known = [Member(m.person, m.identifiers, accepted[m.person]) for m in people(3)]
    world.remove(world.destination(), ref, known)
    world.remove(destination, ref, people(3))
    assert not world.asked("GET", "/api/profiles")
    assert world.members_of(ref) == []


def test_ids_that_were_looked_up_once_are_kept(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    members = fill(world, ref, 3)
    world.remove(destination, ref, members)
    world.remove(destination, ref, members)
    assert len(world.asked("GET", "/api/profiles")) == 1


def test_an_unanswered_address_is_accounted_for(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    members = fill(world, ref, 2)
    seed.change_email(world.account, who="person1@example.com", to="new@example.com")
    receipt = world.remove(destination, ref, members)
    ((reject),) = receipt.rejects
    assert (reject.person, reject.code, reject.retry) == ("p1", "unknown_profile", False)
    assert "no profile with this e-mail" in reject.reason
    assert world.members_of(ref) == ["new@example.com"]


def test_addresses_are_compared_without_case(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.profile(world.account, email="Person1@Example.com", lists=(ref.id,))
    assert set(world.remove(destination, ref, [person(1)]).accepted) == {"p1"}


def test_people_without_an_email_are_found_by_phone(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.profile(world.account, phone_number=phone_number(1), lists=(ref.id,))
    assert set(world.remove(destination, ref, [person(1, email=None, phone=phone_number(1))]).accepted) == {"p1"}
    assert world.members_of(ref) == []


def test_somebody_elses_profile_is_not_removed_by_a_shared_phone(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.profile(world.account, email="wife@example.com", phone_number=phone_number(1), lists=(ref.id,))
    receipt = world.remove(destination, ref, [person(1, phone=phone_number(1))])
    assert [reject.code for reject in receipt.rejects] == ["unknown_profile"]
    assert world.members_of(ref) == ["wife@example.com"]


def test_one_unknown_id_does_not_hold_up_the_others(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    accepted = world.add(destination, ref, people(20)).accepted
    known = [Member(m.person, m.identifiers, accepted[m.person]) for m in people(20)]
    seed.delete_profile(world.account, who="person3@example.com")
    seed.delete_profile(world.account, who="person17@example.com")
    receipt = world.remove(world.destination(), ref, known)
    assert set(receipt.accepted) == {member.person for member in known}
    assert receipt.accepted["p3"] is receipt.accepted["p17"] is None
    assert world.members_of(ref) == []


def test_a_profile_merged_in_klaviyo_is_removed_under_its_new_id(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    accepted = world.add(destination, ref, people(2)).accepted
    seed.profile(world.account, email="kept@example.com")
    seed.merge(world.account, who="person1@example.com", into="kept@example.com")
    seed.change_email(world.account, who="kept@example.com", to="person1@example.com")
    receipt = world.remove(
        world.destination(), ref, [Member(m.person, m.identifiers, accepted[m.person]) for m in people(2)]
    )
    assert set(receipt.accepted) == {"p0", "p1"}
    assert world.members_of(ref) == []


@pytest.mark.parametrize("known", [True, False])
def test_a_list_that_is_gone_is_missing(world: World, known: bool) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    member = fill(world, ref, 1)[0]
    if known:
        member = Member(member.person, member.identifiers, next(iter(world.account.profiles)))
    seed.delete_list(world.account, name=ref.id)
    with pytest.raises(AudienceMissing):
        world.remove(destination, ref, [member])


def test_removing_does_not_unsubscribe(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.profile(world.account, email="person0@example.com", consent="SUBSCRIBED", lists=(ref.id,))
    world.remove(destination, ref, people(1))
    (profile,) = world.sandbox.state()["profiles"].values()
    assert profile["consent"] == "SUBSCRIBED"


def test_an_unknown_id_when_adding_is_tried_again_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    deleted: list[str] = []
    original = world.account.upsert

    def upsert_and_vanish(attributes: dict[str, str], *, id: str | None = None) -> object:
        profile, created = original(attributes, id=id)
        if attributes["email"] == "person2@example.com" and not deleted:
            world.account.delete_profile(profile.id)
            deleted.append(profile.id)
        return profile, created

    monkeypatch.setattr(world.account, "upsert", upsert_and_vanish)
    receipt = world.add(destination, ref, people(5))
    assert [(reject.person, reject.code, reject.retry) for reject in receipt.rejects] == [("p2", "profile_gone", True)]
    assert world.members_of(ref) == sorted(f"person{n}@example.com" for n in (0, 1, 3, 4))


def test_read_back_follows_every_page(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    fill(world, ref, 250)
    pages = list(destination.read_back(ref))
    assert [len(page) for page in pages] == [100, 100, 50]
    assert {p.identifiers.emails[0] for page in pages for p in page} == {f"person{n}@example.com" for n in range(250)}


def test_a_list_that_is_gone_is_missing_even_if_nobody_is_known(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.delete_list(world.account, name=ref.id)
    with pytest.raises(AudienceMissing):
        world.remove(destination, ref, people(2))
