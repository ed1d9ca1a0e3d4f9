"""Adding: one by one, in bulk, and what each kind of refusal leads to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from klaviyo_world import World, people, person, phone_number

from segsync.errors import AudienceMissing
from segsync.model import Identifiers, Member, Ticket
from segsync_klaviyo import limits, wire
from segsync_klaviyo.sandbox import seed

ALWAYS = {"phones": "always"}


def emails(numbers: range) -> list[str]:
    return sorted(f"person{n}@example.com" for n in numbers)


# --- one by one --------------------------------------------------------------------------------------------


def test_a_few_are_accepted_at_once_with_their_ids(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    receipt = destination.push(world.batch(ref, people(30)))
    assert receipt.ticket is None
    assert set(receipt.accepted.values()) == set(world.account.lists[ref.id].members)
    assert len(world.asked("POST", "/api/profile-import")) == 30
    assert len(world.asked("POST", "/relationships/profiles")) == 1


def test_the_same_address_for_two_persons_is_one_profile(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    shared = [person(1, email="family@example.com"), person(2, email="family@example.com"), person(3)]
    receipt = world.add(destination, ref, shared)
    assert receipt.accepted["p1"] == receipt.accepted["p2"] != receipt.accepted["p3"]
    assert world.members_of(ref) == ["family@example.com", "person3@example.com"]


def test_phones_stay_home_where_there_is_an_email(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.profile(world.account, email="wife@example.com", phone_number=phone_number(1))
    world.add(destination, ref, [person(1, phone=phone_number(1)), person(2, email=None, phone=phone_number(2))])
    assert world.members_of(ref) == [phone_number(2), "person1@example.com"]
    assert world.account.find("phone_number", phone_number(1)) is world.account.find("email", "wife@example.com")


def test_email_and_phone_of_two_profiles_end_in_the_emails_profile(world: World) -> None:
    destination = world.destination(**ALWAYS)
    ref = world.vip(destination)
    mine = seed.profile(world.account, email="person1@example.com")
    seed.profile(world.account, email="other@example.com", phone_number=phone_number(1))
    receipt = world.add(destination, ref, [person(1, phone=phone_number(1))])
    assert receipt.accepted == {"p1": mine.id}
    assert world.members_of(ref) == ["person1@example.com"]


def test_a_phone_only_person_who_shared_the_row_still_joins(world: World) -> None:
    destination = world.destination(**ALWAYS)
    ref = world.vip(destination)
    seed.profile(world.account, email="person1@example.com")
    seed.profile(world.account, email="other@example.com", phone_number=phone_number(1))
    receipt = world.add(
        destination, ref, [person(1, phone=phone_number(1)), person(2, email=None, phone=phone_number(1))]
    )
    assert set(receipt.accepted) == {"p1", "p2"}
    assert world.members_of(ref) == ["other@example.com", "person1@example.com"]


def test_a_phone_that_two_emails_claim_is_left_out(world: World) -> None:
    destination = world.destination(**ALWAYS)
    ref = world.vip(destination)
    world.add(destination, ref, [person(1, phone=phone_number(1)), person(2, phone=phone_number(1))])
    assert world.members_of(ref) == ["person1@example.com", "person2@example.com"]
    assert world.account.find("phone_number", phone_number(1)) is None


def test_an_undialable_phone_is_left_out(world: World) -> None:
    destination = world.destination(**ALWAYS)
    ref = world.vip(destination)
    receipt = world.add(destination, ref, [person(1, phone="+1999999")])
    assert set(receipt.accepted) == {"p1"}
    assert not receipt.rejects


def test_a_refused_address_is_a_reject_in_klaviyos_words_masked(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    receipt = world.add(destination, ref, [person(1, email="two..dots@example.com"), person(2)])
    ((reject),) = receipt.rejects
    assert (reject.person, reject.code, reject.retry) == ("p1", "invalid", False)
    assert "Invalid email address" in reject.reason
    assert "two..dots" not in reject.reason
    assert world.members_of(ref) == ["person2@example.com"]


def test_somebody_without_identifiers_is_a_reject(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    receipt = world.add(destination, ref, [Member("nobody", Identifiers())])
    assert [(reject.person, reject.code) for reject in receipt.rejects] == [("nobody", "no_identifier")]


def test_consent_stays_as_it_was(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.profile(world.account, email="person1@example.com", consent="UNSUBSCRIBED")
    seed.suppress(world.account, who="person1@example.com")
    seed.profile(world.account, email="person2@example.com", consent="SUBSCRIBED")
    before = {id: one["consent"] for id, one in world.sandbox.state()["profiles"].items()}
    world.add(destination, ref, [*people(3), *(person(n) for n in range(10, 50))])
    after = world.sandbox.state()["profiles"]
    assert {id: after[id]["consent"] for id in before} == before
    assert all(one["consent"] == "NEVER_SUBSCRIBED" for id, one in after.items() if id not in before)


# --- in bulk -----------------------------------------------------------------------------------------------


def test_many_are_pending_until_the_import_is_through(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    batch = world.batch(ref, people(31))
    receipt = destination.push(batch)
    assert receipt.pending == {member.person for member in batch.members}
    assert receipt.ticket is not None
    assert list(receipt.ticket.detail) == ["jobs"]
    assert receipt.ticket.due_at > receipt.ticket.taken_at == world.time.instant
    assert destination.settle(receipt.ticket, batch) is None
    settled = destination.settle(receipt.ticket, batch)
    assert settled is not None
    assert set(settled.accepted) == receipt.pending
    assert world.members_of(ref) == emails(range(31))
    assert not world.asked("GET", "/import-errors")


def test_the_list_relationship_stands_beside_the_attributes(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    world.add(destination, ref, people(31))
    (body,) = world.bodies("/profile-bulk-import-jobs")
    assert body["data"]["relationships"] == {"lists": {"data": [{"type": "list", "id": ref.id}]}}
    assert set(body["data"]["attributes"]) == {"profiles"}


def test_rows_at_fault_are_left_out_and_the_rest_is_sent_again(world: World) -> None:
    destination = world.destination(**ALWAYS)
    ref = world.vip(destination)
    members = [*people(40), person(90, email="a..b@example.com"), person(91, phone="+1999999"), person(92, email="x@y")]
    receipt = world.add(destination, ref, members)
    assert {reject.person for reject in receipt.rejects} == {"p90", "p92"}
    assert all(not reject.retry for reject in receipt.rejects)
    assert world.members_of(ref) == sorted([*emails(range(40)), "person91@example.com"])
    assert len(world.asked("POST", "/profile-bulk-import-jobs")) == 2


def test_errors_of_an_import_are_read_to_the_end_and_mapped(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    for n in range(250):
        seed.poison(world.account, who=f"person{n}@example.com", detail=f"person{n}@example.com is no good")
    receipt = world.add(destination, ref, people(300))
    assert {reject.person for reject in receipt.rejects} == {f"p{n}" for n in range(250)}
    assert not any(f"person{n}@" in reject.reason for n, reject in enumerate(receipt.rejects))
    assert world.members_of(ref) == emails(range(250, 300))
    assert len(world.asked("GET", "/import-errors")) == 3


def test_a_conflict_in_an_import_is_mended_by_the_email_alone(world: World) -> None:
    destination = world.destination(**ALWAYS)
    ref = world.vip(destination)
    seed.profile(world.account, email="person3@example.com")
    seed.profile(world.account, email="other@example.com", phone_number=phone_number(3))
    receipt = world.add(destination, ref, [person(n, phone=phone_number(n)) for n in range(40)])
    assert len(receipt.accepted) == 40
    assert world.members_of(ref) == emails(range(40))


def test_an_error_that_names_nobody_is_never_taken_for_success(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.poison(world.account, who="person7@example.com", anonymous=True)
    seed.poison(world.account, who="person8@example.com")
    receipt = world.add(destination, ref, people(150))
    by_person = {reject.person: reject for reject in receipt.rejects}
    assert set(by_person) == {"p7", "p8"}
    assert by_person["p7"].retry
    assert not by_person["p8"].retry
    assert len(receipt.accepted) == 148
    assert None not in receipt.accepted.values()


def test_a_cancelled_import_is_to_be_sent_again(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    batch = world.batch(ref, people(31))
    ticket = destination.push(batch).ticket
    assert ticket is not None
    seed.cancel_jobs(world.account)
    settled = destination.settle(ticket, batch)
    assert settled is not None
    assert {reject.code for reject in settled.rejects} == {"import_cancelled"}
    assert all(reject.retry for reject in settled.rejects)
    assert len(settled.rejects) == 31


def test_an_import_that_klaviyo_forgot_is_to_be_sent_again(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    batch = world.batch(ref, people(31))
    ticket = destination.push(batch).ticket
    assert ticket is not None
    world.time.advance(timedelta(days=8).total_seconds())
    settled = destination.settle(ticket, batch)
    assert settled is not None
    assert {(reject.code, reject.retry) for reject in settled.rejects} == {("import_forgotten", True)}


def test_several_imports_of_one_batch_are_settled_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", 2_000)
    destination = world.destination()
    ref = world.vip(destination)
    batch = world.batch(ref, people(60))
    receipt = destination.push(batch)
    assert isinstance(receipt.ticket, Ticket)
    jobs = receipt.ticket.detail["jobs"]
    assert len(jobs) > 1
    assert sorted(p for share in receipt.ticket.detail["shares"] for p in share) == sorted(receipt.pending)
    world.account.jobs[jobs[0]].status = "cancelled"
    world.time.advance(60)
    settled = destination.settle(receipt.ticket, batch)
    assert settled is not None
    assert {reject.person for reject in settled.rejects} == set(receipt.ticket.detail["shares"][0])
    assert len(settled.accepted) + len(settled.rejects) == 60


def test_bodies_keep_within_rows_and_bytes(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    rows = [person(n, email=f"{'x' * 600}{n}@example.com") for n in range(limits.MAX_BATCH)]
    receipt = destination.push(world.batch(ref, rows))
    assert len(receipt.pending) == limits.MAX_BATCH
    sent = [one.request.body for one in world.exchanges if one.request.path_url.endswith("/profile-bulk-import-jobs")]
    assert len(sent) == 2
    assert all(len(body or b"") <= 5_000_000 for body in sent)


def test_a_list_that_is_gone_is_missing_for_an_import(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    seed.delete_list(world.account, name=ref.id)
    with pytest.raises(AudienceMissing, match="VIP customers"):
        destination.push(world.batch(ref, people(40)))


def test_pushing_the_same_again_leaves_the_list_as_it_was(world: World) -> None:
    destination = world.destination()
    ref = world.vip(destination)
    for _ in range(2):
        world.add(destination, ref, people(45))
    assert world.members_of(ref) == emails(range(45))
    assert len(world.account.profiles) == 45


@pytest.mark.parametrize(("adds", "removes", "requests"), [(0, 0, 0), (30, 0, 31), (31, 0, 5), (25_000, 1_500, 32)])
def test_the_estimate_counts_requests(adds: int, removes: int, requests: int) -> None:
    assert limits.estimate(adds, removes).requests == requests


def test_the_estimate_takes_as_long_as_the_windows() -> None:
    assert limits.estimate(30, 0).seconds == 0.0
    assert limits.estimate(0, 75_100).seconds == pytest.approx(60.0, abs=15)
