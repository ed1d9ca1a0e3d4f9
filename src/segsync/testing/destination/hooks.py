"""What a connector supplies to the destination suite, and the few steps that its tests are written in."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count
from typing import Any, ClassVar, cast

from segsync.accounting import complaints
from segsync.contract import Automations, Browses, Deletes, Destination, Forgets, ReadBack, Renames, Settles
from segsync.model import Action, Audience, AudienceRef, Batch, Identifiers, Listed, Member, Present, Receipt
from segsync.testing.suite import Suite

PATIENCE = 50  # times a ticket is asked about
NAP = 30.0  # seconds between two askings


class DestinationHooks(Suite):
    """The hooks. Each test runs on an instance of its own, and expects a platform of its own with nothing on it."""

    #: Somebody whom the platform refuses; None says that it takes anybody.
    bad_member: ClassVar[Member | None]
    #: From so many members on push() answers with a ticket. Read only where the spec declares `settles`.
    pending_size: ClassVar[int] = 1
    #: Try a smaller batch than `max_batch`, and why; None tries a full one.
    smaller_batch: ClassVar[tuple[int, str] | None] = None

    @abstractmethod
    def destination(self) -> Destination:
        """A new instance, as a new process would make it. All those of one test speak to the same platform."""

    @abstractmethod
    def holds(self, audience: AudienceRef) -> Collection[str]:
        """What the platform itself says an audience holds: one item a member, as `seen_as` puts it."""

    @abstractmethod
    def audiences_named(self, name: str) -> int:
        """How many audiences of this name the platform has."""

    @abstractmethod
    def stranger_creates(self, name: str) -> bool:
        """Make an audience of this name behind segsync's back. False where the platform refuses a used name."""

    def refused_destination(self) -> Destination:
        """One whose credential the platform refuses. Needed where the spec names secrets."""
        raise TypeError(f"{type(self).__name__} needs refused_destination(): its spec names secrets")

    def consented(self) -> Collection[str]:
        """Everybody who may be sent messages, as the platform sees it. Override it where the platform keeps consent."""
        return ()

    def makes_live(self, _audience: AudienceRef) -> bool:
        """Hang something live on the audience. False where the platform does not say what is in use."""
        return False

    def known(self, _identifiers: Identifiers) -> bool:
        """Does the platform have anything of this person, anywhere? Needed where the spec says `forgets`."""
        raise TypeError(f"{type(self).__name__} needs known(): its spec says `forgets`")

    def missing_audience(self) -> AudienceRef:
        """An audience that the platform does not have, its id of the right shape."""
        return AudienceRef("SEGSYNC0", "segsync gone")

    def wanted(self, n: int = 1, *, name: str | None = None, id: str | None = None) -> Audience:
        """The n-th audience of a test."""
        return Audience(name=name or f"segsync contract {n}", id=id)

    def member(self, n: int, *, email: str | None = None) -> Member:
        """The n-th person of a test."""
        facts = Identifiers(emails=(email or f"contract{n}@example.com",), first_name="Pat", last_name=f"Number{n}")
        return Member(f"person-{n}", facts)

    def seen_as(self, identifiers: Identifiers) -> str:
        """How the platform shows a member in `holds`: the best e-mail, unless it keeps something else (a hash)."""
        return identifiers.emails[0]

    # --- the steps -------------------------------------------------------------------------------------------

    @classmethod
    def abilities(cls) -> Mapping[str, bool]:
        writes = cls.spec.writes
        if writes is None:
            raise TypeError(f"{cls.__name__}: the spec of `{cls.spec.name}` has no `writes`")
        if not hasattr(cls, "bad_member"):
            raise TypeError(f"{cls.__name__} needs `bad_member`: somebody whom the platform refuses, or None")
        return {
            "settles": writes.settles,
            "read_back": writes.read_back,
            "automations": writes.automations,
            "renames": writes.renames,
            "deletes": writes.deletes,
            "forgets": writes.forgets,
            "browses": bool(writes.browses),
            "secrets": bool(cls.spec.secrets),
            "refuses": cls.bad_member is not None,
        }

    @cached_property
    def _open(self) -> list[Destination]:
        return []

    @cached_property
    def _seq(self) -> count[int]:
        return count(1)

    def teardown_method(self) -> None:
        for destination in self._open:
            destination.close()

    def opened(self, destination: Destination) -> Destination:
        self._open.append(destination)
        return destination

    def open(self) -> Destination:
        return self.opened(self.destination())

    def members(self, number: int) -> list[Member]:
        return [self.member(n) for n in range(1, number + 1)]

    def refused(self) -> Member:
        assert self.bad_member is not None
        return self.bad_member

    def batch_tried(self) -> int:
        """How many members a full batch of the suite has."""
        assert self.spec.writes is not None
        return self.spec.writes.max_batch if self.smaller_batch is None else self.smaller_batch[0]

    def made(self, destination: Destination, n: int = 1) -> AudienceRef:
        """The n-th audience, created."""
        ref = destination.create_audience(self.wanted(n))
        assert ref.id, "create_audience gave an empty id"
        return ref

    def batch(self, audience: AudienceRef, action: Action, members: Sequence[Member]) -> Batch:
        seq = next(self._seq)
        return Batch(f"contract-{seq}", seq, audience, action, members)

    def pushed(self, destination: Destination, batch: Batch) -> Receipt:
        """The receipt of one push, its sum checked."""
        receipt = destination.push(batch)
        wrong = complaints(receipt, batch)
        assert not wrong, f"the receipt of a push {'; '.join(wrong)}"
        return receipt

    def pushed_for_later(self, destination: Destination, *more: Member) -> tuple[Batch, Receipt]:
        """A batch of `pending_size` members (and more) that the platform took for later, and its receipt."""
        members = [*self.members(max(1, self.pending_size)), *more]
        batch = self.batch(self.made(destination), Action.ADD, members)
        receipt = self.pushed(destination, batch)
        assert receipt.pending, (
            f"nobody of {len(members)} is pending: set pending_size, or drop `settles` from the spec"
        )
        return batch, receipt

    def settle_all(self, destination: Destination, receipt: Receipt, batch: Batch) -> Receipt:
        """The receipt once nobody is pending any more, each settled one's sum checked on the way."""
        for _ in range(PATIENCE):
            if receipt.ticket is None:
                return receipt
            waiting = replace(batch, members=[m for m in batch.members if m.person in receipt.pending])
            self.wait(max(0.0, (receipt.ticket.due_at - receipt.ticket.taken_at).total_seconds()))
            settled = cast(Settles, destination).settle(receipt.ticket, waiting)
            if settled is None:
                self.wait(NAP)
                continue
            wrong = complaints(settled, waiting)
            assert not wrong, f"the receipt of a settled ticket {'; '.join(wrong)}"
            receipt = replace(
                settled,
                accepted={**receipt.accepted, **settled.accepted},
                rejects=[*receipt.rejects, *settled.rejects],
            )
        raise AssertionError(f"{len(receipt.pending)} members still pending after {PATIENCE} askings")

    def add(self, destination: Destination, audience: AudienceRef, members: Sequence[Member]) -> Receipt:
        return self._act(destination, self.batch(audience, Action.ADD, members))

    def remove(self, destination: Destination, audience: AudienceRef, members: Sequence[Member]) -> Receipt:
        return self._act(destination, self.batch(audience, Action.REMOVE, members))

    def _act(self, destination: Destination, batch: Batch) -> Receipt:
        return self.settle_all(destination, self.pushed(destination, batch), batch)

    def assert_holds(self, audience: AudienceRef, members: Iterable[Member]) -> None:
        there = sorted(self.holds(audience))
        due = sorted(self.seen_as(member.identifiers) for member in members)
        assert there == due, f"the audience holds {_short(there)}, and should hold {_short(due)}"

    def assert_adding_holds(self, members: Sequence[Member]) -> None:
        destination = self.open()
        audience = self.made(destination)
        self.add(destination, audience, members)
        self.assert_holds(audience, members)

    def present(self, destination: Destination, audience: AudienceRef) -> list[Present]:
        return [present for page in cast(ReadBack, destination).read_back(audience) for present in page]

    def seen_back(self, destination: Destination, audience: AudienceRef) -> list[str]:
        return sorted(self.seen_as(present.identifiers) for present in self.present(destination, audience))

    def automations(self, destination: Destination, audience: AudienceRef) -> Sequence[str]:
        return cast(Automations, destination).automations(audience)

    def renamed(self, destination: Destination, audience: AudienceRef, name: str) -> AudienceRef:
        return cast(Renames, destination).rename_audience(audience, name)

    def delete(self, destination: Destination, audience: AudienceRef) -> None:
        cast(Deletes, destination).delete_audience(audience)

    def forgotten(self, destination: Destination, members: Sequence[Member]) -> Receipt:
        """The receipt of asking to delete these people, its sum checked; each of them accepted."""
        receipt = cast(Forgets, destination).forget(members)
        wrong = complaints(receipt, Batch(receipt.batch_id, 0, AudienceRef("", ""), Action.REMOVE, members))
        assert not wrong, f"the receipt of forget() {'; '.join(wrong)}"
        assert not receipt.pending, "forget() leaves somebody pending: nobody would ask again"
        return receipt

    def browsed(self, destination: Destination) -> list[Listed]:
        """Everything of every kind that the spec declares."""
        assert self.spec.writes is not None
        browses = cast(Browses, destination)
        return [one for kind in self.spec.writes.browses for page in browses.browse(kind) for one in page]


def _short(items: Sequence[Any]) -> str:
    return f"{len(items)}: {', '.join(map(str, items[:5]))}{' …' if len(items) > 5 else ''}"
