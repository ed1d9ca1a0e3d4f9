"""Destinations that break the contract, each in one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from segsync.errors import AudienceMissing, SegsyncError, Unavailable
from segsync.model import (
    Action,
    Audience,
    AudienceRef,
    Batch,
    Identifiers,
    Listed,
    Member,
    Present,
    Receipt,
    Reject,
    Ticket,
)
from segsync.testing import MemoryDestination, memory_spec
from segsync.testing.memory import Held


class IgnoresRemoves(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        if batch.action is Action.REMOVE:
            return Receipt(batch.id, {member.person: None for member in batch.members})
        return super().push(batch)


class SwallowsRejects(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        return replace(super().push(batch), rejects=())


class CallsRejectsAccepted(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        return replace(receipt, rejects=(), accepted={member.person: None for member in batch.members})


class RejectsWithoutReason(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        return replace(receipt, rejects=[Reject(reject.person, " ") for reject in receipt.rejects])


class FailsAllForOne(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        if receipt.rejects:
            return Receipt(batch.id, rejects=[Reject(member.person, "bad batch") for member in batch.members])
        return receipt


class RaisesForOne(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        if receipt.rejects:
            raise SegsyncError("400: invalid input")
        return receipt


class MakesASecondAudience(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        fresh = self.platform.create(batch.audience.name)
        return super().push(replace(batch, audience=fresh))


class CreatesOnFinding(MemoryDestination):
    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        return super().find_audience(wanted) or self.create_audience(wanted)


class CreatesTwice(MemoryDestination):
    def create_audience(self, wanted: Audience) -> AudienceRef:
        self.platform.create(wanted.name)
        return super().create_audience(wanted)


class TakesTheFirstOfTwo(MemoryDestination):
    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        for id, held in self.platform.audiences.items():
            if wanted.id is None and held.name == wanted.name:
                return AudienceRef(id, held.name)
        return super().find_audience(wanted)


class MatchesPartsOfNames(MemoryDestination):
    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        for id, held in self.platform.audiences.items():
            if wanted.id is None and wanted.name in held.name:
                return AudienceRef(id, held.name)
        return super().find_audience(wanted)


class FallsBackToTheName(MemoryDestination):
    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        try:
            return super().find_audience(wanted)
        except AudienceMissing:
            return super().find_audience(replace(wanted, id=None))


class RecreatesInSilence(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        if batch.audience.id not in self.platform.audiences:
            return super().push(replace(batch, audience=self.platform.create(batch.audience.name)))
        return super().push(batch)


class Replaces(MemoryDestination):
    """Takes a batch of adds for the whole audience."""

    def push(self, batch: Batch) -> Receipt:
        held = self.platform.audiences.get(batch.audience.id)
        if held is not None and batch.action is Action.ADD:
            held.profiles.clear()
        return super().push(batch)


class RemovesEverywhere(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        if batch.action is Action.REMOVE:
            for id in self.platform.audiences:
                super().push(replace(batch, audience=AudienceRef(id, "")))
        return receipt


class RemovesAll(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        if batch.action is Action.REMOVE:
            self.platform.audiences[batch.audience.id].profiles.clear()
        return receipt


class DeletesWhatIsEmpty(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        if not self.platform.audiences[batch.audience.id].profiles and batch.action is Action.REMOVE:
            del self.platform.audiences[batch.audience.id]
        return receipt


class FailsOnStrangers(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        if batch.action is Action.REMOVE:
            batch = replace(batch, members=[m for m in batch.members if self.platform.find(m.identifiers)])
        return super().push(batch)


class AddsWhomItRemoves(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        if batch.action is Action.REMOVE:
            strangers = [m for m in batch.members if not self.platform.find(m.identifiers)]
            super().push(replace(batch, action=Action.ADD, members=strangers))
            return Receipt(batch.id, {**super().push(replace(batch, members=[])).accepted, **_all(batch)})
        return super().push(batch)


class TellsOneIdForAll(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        return replace(receipt, accepted=dict.fromkeys(receipt.accepted, "P1"))


class AcceptsTwice(MemoryDestination):
    """Puts somebody into two places of its receipt."""

    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        return replace(receipt, accepted={**receipt.accepted, **{r.person: None for r in receipt.rejects}})


class AcceptsStrangers(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        return replace(receipt, accepted={**receipt.accepted, "somebody else": None})


class NamesAnotherBatch(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        return replace(super().push(batch), batch_id="0")


class TakesTheFirstTwenty(MemoryDestination):
    """Says that it takes 25 and passes on what the platform takes in a call."""

    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(replace(batch, members=batch.members[:20]))
        return replace(receipt, accepted=_all(batch) | dict(receipt.accepted))


class SplitsAddressesAtPlus(MemoryDestination):
    """Forgets to encode the query of its look-up, so that a plus becomes a space."""

    def push(self, batch: Batch) -> Receipt:
        if batch.action is Action.REMOVE:
            batch = replace(batch, members=[m for m in batch.members if "+" not in m.identifiers.emails[0]])
        return super().push(batch)


class RemovesByItsOwnIdOnly(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        if batch.action is Action.REMOVE:
            known = [m for m in batch.members if m.platform_id]
            super().push(replace(batch, members=known))
            return Receipt(batch.id, _all(batch))
        return super().push(batch)


class Subscribes(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        self.platform.calls += [f"subscribed {member.person}" for member in batch.members]
        return super().push(batch)


class ForgetsAfterAProcess(MemoryDestination):
    """Keeps the ids of its audiences in the instance."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.mine: set[str] = set()

    def create_audience(self, wanted: Audience) -> AudienceRef:
        made = super().create_audience(wanted)
        self.mine.add(made.id)
        return made

    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        found = super().find_audience(wanted)
        return found if found and found.id in self.mine else None


class ReadsOnlyTheFirstPage(MemoryDestination):
    def read_back(self, audience: AudienceRef) -> Sequence[Sequence[Present]]:  # type: ignore[override]
        return list(super().read_back(audience))[:1]


class ChecksByWriting(MemoryDestination):
    def check(self) -> Sequence[str]:
        self.platform.create("segsync contract 1")
        return ()


class ChecksNothing(MemoryDestination):
    pass


class LosesAPendingMember(MemoryDestination):
    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        receipt = super().settle(ticket, batch)
        return receipt and replace(receipt, accepted=dict(list(receipt.accepted.items())[1:]))


class SaysSettledWhatIsNot(MemoryDestination):
    """Takes `complete` for `everybody is in`."""

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        super().settle(ticket, batch)
        return Receipt(batch.id, _all(batch))


class NeverSettles(MemoryDestination):
    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        return None


class SettlesFromMemory(MemoryDestination):
    """Remembers its tickets in the instance, so that a restart loses them."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.mine: set[str] = set()

    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        self.mine |= {receipt.ticket.id} if receipt.ticket else set()
        return receipt

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        if ticket.id not in self.mine:
            raise Unavailable("no such ticket")
        return super().settle(ticket, batch)


class PendsWithoutATicket(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        return replace(super().push(batch), ticket=None)


class KeepsAnObjectInItsTicket(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        return replace(receipt, ticket=receipt.ticket and replace(receipt.ticket, detail={"at": {1, 2}}))


class DueBeforeTaken(MemoryDestination):
    def push(self, batch: Batch) -> Receipt:
        receipt = super().push(batch)
        early = receipt.ticket and replace(receipt.ticket, due_at=receipt.ticket.taken_at - timedelta(seconds=1))
        return replace(receipt, ticket=early)


class AnswersAtOnce(MemoryDestination):
    """Declares tickets and never gives one."""

    def push(self, batch: Batch) -> Receipt:
        self.spec = memory_spec(max_batch=20)
        return super().push(batch)


class TicketsAnyway(MemoryDestination):
    """Gives tickets that its spec does not declare."""

    def push(self, batch: Batch) -> Receipt:
        now = self._clock.now()
        return Receipt(batch.id, pending=frozenset(_all(batch)), ticket=Ticket("T", now, now))


class SeesFlows(MemoryDestination):
    def automations(self, audience: AudienceRef) -> Sequence[str]:
        return ["Welcome"]


class SharesOneAudience(MemoryDestination):
    def create_audience(self, wanted: Audience) -> AudienceRef:
        for id in self.platform.audiences:
            return AudienceRef(id, wanted.name)
        return super().create_audience(wanted)


class RefusesToCheck(MemoryDestination):
    def check(self) -> Sequence[str]:
        raise Unavailable("not now")


class CreatesWithEverybody(MemoryDestination):
    """Makes an audience that holds somebody from the start."""

    def create_audience(self, wanted: Audience) -> AudienceRef:
        made = super().create_audience(wanted)
        push_one = Batch("0", 0, made, Action.ADD, [Member("owner", Identifiers(("owner@example.com",)))])
        super().push(push_one)
        return made


class FindsByNameOnly(MemoryDestination):
    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        return super().find_audience(replace(wanted, id=None))


class SpeaksOnlyAscii(MemoryDestination):
    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        return super().find_audience(replace(wanted, name=wanted.name.encode("ascii", "replace").decode()))

    def push(self, batch: Batch) -> Receipt:
        for member in batch.members:
            (member.identifiers.first_name or "").encode("ascii")
        return super().push(batch)


class TellsOtherIdsBack(MemoryDestination):
    def read_back(self, audience: AudienceRef) -> Sequence[Sequence[Present]]:  # type: ignore[override]
        return [[replace(p, platform_id=f"0{p.platform_id}") for p in page] for page in super().read_back(audience)]


class RenamesNothing(MemoryDestination):
    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        return AudienceRef(audience.id, name)


class RenamesACopy(MemoryDestination):
    """Makes an audience of the new name, and leaves the old one with its members behind."""

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        super().rename_audience(audience, self._held(audience).name)
        return self.platform.create(name)


class RenamesAfresh(MemoryDestination):
    """Makes an audience of the new name and deletes the old one, members and all."""

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        self._held(audience)
        del self.platform.audiences[audience.id]
        return self.platform.create(name)


class RenamesOnce(MemoryDestination):
    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        if self._held(audience).name == name:
            raise AudienceMissing("no audience of the old name")
        return super().rename_audience(audience, name)


class RenamesToAnotherId(MemoryDestination):
    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        return AudienceRef(f"0{super().rename_audience(audience, name).id}", name)


class RenamesEveryLaterOne(MemoryDestination):
    """Takes the new name for that of whatever is asked for."""

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        self.platform.calls.append(f"renamed to {name}")
        return super().rename_audience(audience, name)

    def create_audience(self, wanted: Audience) -> AudienceRef:
        names = [call.removeprefix("renamed to ") for call in self.platform.calls if call.startswith("renamed to ")]
        made = super().create_audience(replace(wanted, name=names[-1]) if names else wanted)
        return AudienceRef(made.id, wanted.name)


class RenamesWhatIsGone(MemoryDestination):
    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        if audience.id not in self.platform.audiences:
            return self.platform.create(name)
        return super().rename_audience(audience, name)


class DeletesNothing(MemoryDestination):
    def delete_audience(self, audience: AudienceRef) -> None:
        pass


class DeletesOnce(MemoryDestination):
    def delete_audience(self, audience: AudienceRef) -> None:
        self._held(audience)
        super().delete_audience(audience)


class DeletesPeopleToo(MemoryDestination):
    def delete_audience(self, audience: AudienceRef) -> None:
        for id in self.platform.audiences.get(audience.id, Held("")).profiles:
            for held in self.platform.audiences.values():
                if held is not self.platform.audiences[audience.id]:
                    held.profiles.discard(id)
        super().delete_audience(audience)


class ForgetsNobody(MemoryDestination):
    def forget(self, members: Sequence[Member]) -> Receipt:
        return Receipt("forget", {member.person: None for member in members})


class ForgetsOutOfAudiences(MemoryDestination):
    """Takes people out of every audience, and keeps their profiles."""

    def forget(self, members: Sequence[Member]) -> Receipt:
        for id in self.platform.audiences:
            super().push(Batch("forget", 0, AudienceRef(id, ""), Action.REMOVE, members))
        return Receipt("forget", {member.person: None for member in members})


class ForgetsEverybody(MemoryDestination):
    def forget(self, members: Sequence[Member]) -> Receipt:
        receipt = super().forget(members)
        for held in self.platform.audiences.values():
            held.profiles.clear()
        return receipt


class ForgetsOnce(MemoryDestination):
    def forget(self, members: Sequence[Member]) -> Receipt:
        known = [member for member in members if self.platform.find(member.identifiers)]
        return super().forget(known)


class ForgetsForLater(MemoryDestination):
    def forget(self, members: Sequence[Member]) -> Receipt:
        now = self._clock.now()
        return Receipt("forget", pending=frozenset(m.person for m in members), ticket=Ticket("T", now, now))


class ShowsOnlyTheFirstPage(MemoryDestination):
    def browse(self, kind: str) -> Sequence[Sequence[Listed]]:  # type: ignore[override]
        return list(super().browse(kind))[:10]


class ShowsAllAsLive(MemoryDestination):
    def browse(self, kind: str) -> Sequence[Sequence[Listed]]:  # type: ignore[override]
        return [[replace(one, live=True) for one in page] for page in super().browse(kind)]


class ShowsAnything(MemoryDestination):
    def browse(self, kind: str) -> Sequence[Sequence[Listed]]:  # type: ignore[override]
        return list(super().browse("audiences"))


def _all(batch: Batch) -> dict[str, str | None]:
    return {member.person: None for member in batch.members}
