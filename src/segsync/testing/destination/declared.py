"""The part of the destination suite about what only some declare: tickets, reading back, automations."""

from __future__ import annotations

import json

from segsync.model import Action
from segsync.testing.destination.hooks import DestinationHooks
from segsync.testing.suite import needs

PAGED = 120  # members to read back: more than a page of the platforms that we know (Klaviyo's is 100)


class SettleTests(DestinationHooks):
    """Tickets: what the platform takes for later."""

    @needs("not settles")
    def test_every_answer_is_final(self) -> None:
        destination = self.open()
        receipt = self.pushed(destination, self.batch(self.made(destination), Action.ADD, self.members(3)))
        assert not receipt.pending, "members are pending, and the spec does not declare `settles`"

    @needs("settles")
    def test_a_ticket_survives_the_ledger(self) -> None:
        destination = self.open()
        ticket = self.pushed_for_later(destination)[1].ticket
        assert ticket is not None
        assert json.loads(json.dumps(dict(ticket.detail))) == dict(ticket.detail)
        assert ticket.id, "an empty ticket id"
        assert ticket.taken_at.utcoffset() is not None, "taken_at has no zone"
        assert ticket.due_at >= ticket.taken_at, "due before it was taken"

    @needs("settles")
    def test_pending_members_settle_and_none_is_lost(self) -> None:
        destination = self.open()
        batch, receipt = self.pushed_for_later(destination)
        settled = self.settle_all(destination, receipt, batch)
        assert settled.accepted.keys() == {member.person for member in batch.members}
        self.assert_holds(batch.audience, batch.members)

    @needs("settles")
    def test_a_later_process_settles(self) -> None:
        batch, receipt = self.pushed_for_later(self.open())
        self.settle_all(self.open(), receipt, batch)
        self.assert_holds(batch.audience, batch.members)

    @needs("settles")
    def test_settling_twice_says_the_same(self) -> None:
        destination = self.open()
        batch, receipt = self.pushed_for_later(destination)
        first = self.settle_all(destination, receipt, batch)
        again = self.settle_all(destination, receipt, batch)
        assert again.accepted.keys() == first.accepted.keys()
        self.assert_holds(batch.audience, batch.members)

    @needs("settles", "refuses")
    def test_a_member_refused_later_is_a_reject(self) -> None:
        destination, bad = self.open(), self.refused()
        batch, receipt = self.pushed_for_later(destination, bad)
        settled = self.settle_all(destination, receipt, batch)
        assert [reject.person for reject in settled.rejects] == [bad.person]
        self.assert_holds(batch.audience, [member for member in batch.members if member != bad])


class ReadBackTests(DestinationHooks):
    """Reading back and automations, where the spec declares them."""

    @needs("read_back")
    def test_nobody_is_read_back_from_a_new_audience(self) -> None:
        destination = self.open()
        assert self.seen_back(destination, self.made(destination)) == []

    @needs("read_back")
    def test_read_back_is_what_the_platform_holds(self) -> None:
        destination, members = self.open(), self.members(min(PAGED, self.batch_tried()))
        audience = self.made(destination)
        self.add(destination, audience, members)
        self.remove(destination, audience, members[:1])
        assert self.seen_back(destination, audience) == sorted(self.holds(audience))

    @needs("read_back")
    def test_read_back_knows_people_by_the_ids_of_receipts(self) -> None:
        destination = self.open()
        audience = self.made(destination)
        receipt = self.add(destination, audience, self.members(2))
        known = {platform_id for platform_id in receipt.accepted.values() if platform_id is not None}
        assert known <= {present.platform_id for present in self.present(destination, audience)}

    @needs("automations")
    def test_a_new_audience_sets_nothing_off(self) -> None:
        destination = self.open()
        assert list(self.automations(destination, self.made(destination))) == []
