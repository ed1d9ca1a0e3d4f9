"""The part of the destination suite about pushing: adds, removes, and members that the platform refuses."""

from __future__ import annotations

from functools import partial

from segsync.errors import AudienceMissing
from segsync.model import Action, Identifiers, Member
from segsync.testing.destination.hooks import DestinationHooks
from segsync.testing.suite import needs, raises


class AddTests(DestinationHooks):
    """Adding."""

    def test_added_members_are_held(self) -> None:
        self.assert_adding_holds(self.members(3))

    def test_one_member_can_be_added(self) -> None:
        self.assert_adding_holds(self.members(1))

    def test_adding_leaves_others_in(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        self.add(destination, audience, members[:2])
        self.add(destination, audience, members[2:])
        self.assert_holds(audience, members)

    def test_adding_again_changes_nothing(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        self.add(destination, audience, members)
        self.add(destination, audience, members)
        self.assert_holds(audience, members)

    def test_the_same_batch_pushed_again_changes_nothing(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        batch = self.batch(audience, Action.ADD, members)
        for _ in range(2):
            self.settle_all(destination, self.pushed(destination, batch), batch)
        self.assert_holds(audience, members)

    def test_a_later_process_adds_to_the_same_audience(self) -> None:
        members = self.members(2)
        audience = self.made(self.open())
        self.add(self.open(), audience, members)
        self.assert_holds(audience, members)

    def test_a_full_batch_is_taken(self) -> None:
        members = self.members(self.batch_tried())
        destination = self.open()
        audience = self.made(destination)
        receipt = self.add(destination, audience, members)
        assert not receipt.rejects, f"{len(receipt.rejects)} of a full batch refused: {receipt.rejects[0].reason}"
        self.assert_holds(audience, members)

    def test_two_audiences_are_independent(self) -> None:
        destination, members = self.open(), self.members(3)
        first, second = self.made(destination, 1), self.made(destination, 2)
        self.add(destination, first, members[:2])
        self.add(destination, second, members[1:])
        self.remove(destination, first, members[1:2])
        self.assert_holds(first, members[:1])
        self.assert_holds(second, members[1:])

    def test_platform_ids_tell_people_apart(self) -> None:
        destination = self.open()
        receipt = self.add(destination, self.made(destination), self.members(3))
        known = [platform_id for platform_id in receipt.accepted.values() if platform_id is not None]
        assert len(known) == len(set(known)), "one platform id for two people"

    def test_names_of_any_script_pass(self) -> None:
        plain = self.member(1)
        facts = Identifiers(
            plain.identifiers.emails, plain.identifiers.phones, first_name="Zoë 李", last_name="O'Ñeill"
        )
        self.assert_adding_holds([Member(plain.person, facts)])

    def test_addresses_with_marks_pass(self) -> None:
        emails = ("a+b%c@example.com", "o'neil@example.com", "x_y-z@example.com")
        members = [self.member(n, email=email) for n, email in enumerate(emails, 1)]
        destination = self.open()
        audience = self.made(destination)
        self.add(destination, audience, members)
        self.assert_holds(audience, members)
        self.remove(destination, audience, members)
        self.assert_holds(audience, [])

    def test_an_audience_that_is_gone_is_missing(self) -> None:
        destination = self.open()
        for action in Action:
            batch = self.batch(self.missing_audience(), action, self.members(1))
            raises(AudienceMissing, partial(destination.push, batch))

    def test_nobodys_consent_changes(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        before = self.consented()
        self.add(destination, audience, members)
        assert self.consented() == before, "adding gave consent"
        self.remove(destination, audience, members)
        assert self.consented() == before, "removing took consent"


class RemoveTests(DestinationHooks):
    """Removing. A remove names people by what was sent, and by the platform's ids where a receipt told them."""

    def test_removed_members_are_gone_and_others_stay(self) -> None:
        destination, members = self.open(), self.members(4)
        audience = self.made(destination)
        self.add(destination, audience, members)
        self.remove(destination, audience, members[:2])
        self.assert_holds(audience, members[2:])

    def test_removed_by_the_platforms_own_ids(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        receipt = self.add(destination, audience, members)
        known = [Member(m.person, m.identifiers, receipt.accepted[m.person], m.value) for m in members]
        self.remove(destination, audience, known[:2])
        self.assert_holds(audience, members[2:])

    def test_removing_again_is_harmless(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        self.add(destination, audience, members)
        for _ in range(2):
            self.remove(destination, audience, members[:1])
        self.assert_holds(audience, members[1:])

    def test_removing_a_stranger_is_accounted_for(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        self.add(destination, audience, members[:2])
        self.remove(destination, audience, members[1:])
        self.assert_holds(audience, members[:1])

    def test_removed_members_can_come_back(self) -> None:
        destination, members = self.open(), self.members(2)
        audience = self.made(destination)
        self.add(destination, audience, members)
        self.remove(destination, audience, members[:1])
        self.add(destination, audience, members[:1])
        self.assert_holds(audience, members)

    def test_everybody_can_be_removed(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        self.add(destination, audience, members)
        self.remove(destination, audience, members)
        self.assert_holds(audience, [])
        assert destination.find_audience(self.wanted()) == audience, "an emptied audience is gone"


class RejectTests(DestinationHooks):
    """Members that the platform refuses."""

    @needs("refuses")
    def test_a_refused_member_is_a_reject_with_its_reason(self) -> None:
        destination, bad = self.open(), self.refused()
        receipt = self.add(destination, self.made(destination), [bad])
        assert [reject.person for reject in receipt.rejects] == [bad.person], "the refused member is not a reject"

    @needs("refuses")
    def test_a_refused_member_does_not_fail_the_rest(self) -> None:
        destination, members, bad = self.open(), self.members(4), self.refused()
        audience = self.made(destination)
        receipt = self.add(destination, audience, [*members[:2], bad, *members[2:]])
        assert receipt.accepted.keys() == {member.person for member in members}
        self.assert_holds(audience, members)

    @needs("refuses")
    def test_a_refused_member_is_refused_again(self) -> None:
        destination, bad = self.open(), self.refused()
        audience = self.made(destination)
        for _ in range(2):
            assert len(self.add(destination, audience, [bad]).rejects) == 1
        self.assert_holds(audience, [])
