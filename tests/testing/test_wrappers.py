"""What wrapping a destination adds, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from broken_destinations import (
    AcceptsStrangers,
    AcceptsTwice,
    LosesAPendingMember,
    PendsWithoutATicket,
    RejectsWithoutReason,
    SwallowsRejects,
    TicketsAnyway,
)

from segsync.accounting import complaints
from segsync.errors import ConnectorBug, Unavailable
from segsync.model import Action, Audience, AudienceRef, Batch, Identifiers, Member, Receipt, Reject, Ticket
from segsync.spec import Spec
from segsync.testing import FakeTime, MemoryDestination, MemoryPlatform, memory_spec
from segsync.wrappers import OwnBug, Wrapped, wrapped

WANTED = Audience("VIP")
GOOD = Member("good", Identifiers(("good@example.com",)))
BAD = Member("bad", Identifiers(("not an address",)))


@pytest.fixture
def platform() -> MemoryPlatform:
    return MemoryPlatform()


def over(
    platform: MemoryPlatform,
    time: FakeTime,
    *,
    kind: type[MemoryDestination] = MemoryDestination,
    spec: Spec | None = None,
    dry_run: bool = False,
    before: Callable[[str], None] | None = None,
    after: Callable[[str], None] | None = None,
) -> Wrapped:
    spec = spec or memory_spec()
    inner = kind(platform, clock=time.clock, spec=spec, before=before, after=after)
    return wrapped(inner, spec, dry_run=dry_run, clock=time.clock)


def batch(audience: AudienceRef, *members: Member, action: Action = Action.ADD) -> Batch:
    return Batch("7", 7, audience, action, members)


def test_everything_passes_through(platform: MemoryPlatform, fake_time: FakeTime) -> None:
    destination = over(platform, fake_time, spec=memory_spec(settles=True))
    destination.check()
    audience = destination.create_audience(WANTED)
    given = batch(audience, GOOD, BAD)
    receipt = destination.push(given)
    assert receipt.ticket is not None
    assert destination.settle(receipt.ticket, given) is None
    fake_time.advance(60)
    settled = destination.settle(receipt.ticket, given)

    assert settled is not None
    assert settled.accepted.keys() == {"good"}
    assert destination.find_audience(WANTED) == audience
    assert [present.identifiers.emails for page in destination.read_back(audience) for present in page] == [
        ("good@example.com",)
    ]
    assert list(destination.automations(audience)) == []
    destination.close()


@pytest.mark.parametrize(
    ("kind", "promise"),
    [
        (SwallowsRejects, "accounts for 1 of 2 members, not for bad"),
        (RejectsWithoutReason, "rejects bad without a reason"),
        (AcceptsTwice, "accounts more than once for bad"),
        (AcceptsStrangers, "names somebody else, not of this batch"),
        (TicketsAnyway, "its spec does not declare `settles`"),
    ],
)
def test_a_wrong_receipt_is_the_connectors_bug(
    platform: MemoryPlatform, fake_time: FakeTime, kind: type[MemoryDestination], promise: str
) -> None:
    destination = over(platform, fake_time, kind=kind)
    audience = destination.create_audience(WANTED)

    with pytest.raises(ConnectorBug, match=promise) as caught:
        destination.push(batch(audience, GOOD, BAD))

    assert "the connector `memory`" in str(caught.value)
    assert "push()" in str(caught.value)


def test_pending_members_need_a_ticket(platform: MemoryPlatform, fake_time: FakeTime) -> None:
    destination = over(platform, fake_time, kind=PendsWithoutATicket, spec=memory_spec(settles=True))
    audience = destination.create_audience(WANTED)

    with pytest.raises(ConnectorBug, match="leaves 1 members pending without a ticket"):
        destination.push(batch(audience, GOOD))


def test_a_settled_receipt_is_held_to_the_members_that_were_pending(
    platform: MemoryPlatform, fake_time: FakeTime
) -> None:
    destination = over(platform, fake_time, kind=LosesAPendingMember, spec=memory_spec(settles=True))
    given = batch(destination.create_audience(WANTED), GOOD)
    ticket = destination.push(given).ticket
    assert ticket is not None
    fake_time.advance(60)

    with pytest.raises(ConnectorBug, match=r"settle\(\) for batch 7 accounts for 0 of 1 members"):
        destination.settle(ticket, given)


def test_a_batch_that_must_not_be_is_our_own_bug_and_is_not_sent(platform: MemoryPlatform, fake_time: FakeTime) -> None:
    destination = over(platform, fake_time, spec=memory_spec(max_batch=1))
    audience = destination.create_audience(WANTED)

    with pytest.raises(OwnBug, match="a batch of 2 members for `memory`, which takes 1"):
        destination.push(batch(audience, GOOD, BAD))
    with pytest.raises(OwnBug, match="twice"):
        over(platform, fake_time).push(batch(audience, GOOD, GOOD))
    assert platform.writes == ["create_audience"]


def test_a_dry_run_reads_and_cannot_write(platform: MemoryPlatform, fake_time: FakeTime) -> None:
    audience = platform.create("VIP")
    destination = over(platform, fake_time, dry_run=True)
    destination.check()

    assert destination.find_audience(WANTED) == audience
    assert list(destination.read_back(audience)) == []
    with pytest.raises(OwnBug, match=r"a dry run tried to create the audience 'VIP' at `memory`; nothing was sent"):
        destination.create_audience(WANTED)
    with pytest.raises(OwnBug, match="a dry run tried to push batch 7 to `memory`; nothing was sent"):
        destination.push(batch(audience, GOOD))
    assert platform.writes == []
    assert platform.holds(audience.id, fake_time.instant) == []


class Breaks:
    """Raises on the first `times` calls of one name."""

    def __init__(self, name: str, times: int, retry_after: float | None = None) -> None:
        self.name, self.left, self.retry_after = name, times, retry_after

    def __call__(self, name: str) -> None:
        if name == self.name and self.left:
            self.left -= 1
            raise Unavailable("the connection broke", retry_after=self.retry_after)


def test_an_audience_whose_answer_was_lost_is_found_and_not_made_again(
    platform: MemoryPlatform, fake_time: FakeTime
) -> None:
    destination = over(platform, fake_time, after=Breaks("create_audience", 1))

    made = destination.create_audience(WANTED)

    assert list(platform.audiences) == [made.id]
    assert platform.calls == ["create_audience", "find_audience"]
    assert fake_time.naps == [1.0]


def test_an_audience_that_was_not_made_is_tried_again_after_the_wait_that_was_asked_for(
    platform: MemoryPlatform, fake_time: FakeTime
) -> None:
    destination = over(platform, fake_time, before=Breaks("create_audience", 2, retry_after=7))

    destination.create_audience(WANTED)

    assert len(platform.audiences) == 1
    assert fake_time.naps == [7, 7]


def test_creating_gives_up(platform: MemoryPlatform, fake_time: FakeTime) -> None:
    destination = over(platform, fake_time, before=Breaks("create_audience", 9))

    with pytest.raises(Unavailable):
        destination.create_audience(WANTED)
    assert fake_time.naps == [1.0, 5.0]


def test_a_capability_that_is_not_declared_is_never_asked(platform: MemoryPlatform, fake_time: FakeTime) -> None:
    spec = memory_spec()
    assert spec.writes is not None
    spec = replace(spec, writes=replace(spec.writes, read_back=False, automations=False))
    destination = over(platform, fake_time, spec=spec)
    audience = platform.create("VIP")
    ticket = Ticket("T", fake_time.instant, fake_time.instant)

    with pytest.raises(OwnBug, match=r"`memory` for settle\(\), which its spec does not declare"):
        destination.settle(ticket, batch(audience, GOOD))
    with pytest.raises(OwnBug, match=r"read_back\(\)"):
        destination.read_back(audience)
    with pytest.raises(OwnBug, match=r"automations\(\)"):
        destination.automations(audience)
    assert platform.calls == []


def test_a_capability_that_is_declared_and_missing_is_noticed_at_once(
    platform: MemoryPlatform, fake_time: FakeTime
) -> None:
    class Boasts(MemoryDestination):
        read_back = None  # type: ignore[assignment]

    with pytest.raises(ConnectorBug, match=r"declares read_back\(\), which it lacks"):
        over(platform, fake_time, kind=Boasts)


def test_a_source_is_not_wrapped_as_a_destination(platform: MemoryPlatform, fake_time: FakeTime) -> None:
    with pytest.raises(ConnectorBug, match="its spec has no `writes`"):
        wrapped(
            MemoryDestination(platform, clock=fake_time.clock),
            replace(memory_spec(), writes=None),
            dry_run=False,
            clock=fake_time.clock,
        )


def test_a_complaint_names_a_few_people_and_counts_the_rest() -> None:
    members = [Member(f"p{n}", Identifiers()) for n in range(9)]
    given = batch(AudienceRef("1", "VIP"), *members)

    assert complaints(Receipt("7"), given) == ["accounts for 0 of 9 members, not for p0, p1, p2 and 6 more"]
    assert complaints(Receipt("7", rejects=[Reject(m.person, "no") for m in members]), given) == []


def test_a_ticket_with_nobody_pending_is_a_complaint(fake_time: FakeTime) -> None:
    ticket = Ticket("T", fake_time.instant, fake_time.instant)
    given = batch(AudienceRef("1", "VIP"), GOOD)

    assert complaints(Receipt("7", {"good": ""}, ticket=ticket), given) == [
        "carries a ticket with nobody pending",
        "gives an empty platform id for good",
    ]
