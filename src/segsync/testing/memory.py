"""A destination that keeps its audiences in memory: the reference that passes the suite, and a partner for tests.

Its platform keeps profiles, each with an e-mail, a phone or both, and lists of profiles. Somebody is found by
e-mail, then by phone; a profile is made where neither is known. With `settles`, an add is taken for later: it is
applied when its ticket is due, whether anybody asks for it or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from pydantic import BaseModel

from segsync.clock import Clock
from segsync.errors import AudienceMissing, ConfigError, ConnectorBug, Problem
from segsync.model import (
    Action,
    Audience,
    AudienceRef,
    Batch,
    Estimate,
    Identifiers,
    Listed,
    Member,
    Present,
    Receipt,
    Reject,
    Ticket,
)
from segsync.spec import Spec, Writes

Answer = TypeVar("Answer")

DELAY = 60.0  # seconds until a ticket is due
# The calls that change something.
WRITES = frozenset({"create_audience", "push", "rename_audience", "delete_audience", "forget"})


class MemoryOptions(BaseModel):
    """It has no options."""


def memory_spec(*, max_batch: int = 100, settles: bool = False) -> Spec:
    """The spec of a memory destination."""
    return Spec(
        name="memory",
        summary="Audiences in memory, for tests",
        options=MemoryOptions,
        writes=Writes(
            max_batch=max_batch,
            identifiers={"email": 1, "phone": 1},
            keyed_by="profile",
            consent="none",
            estimate=lambda adds, removes: Estimate(-(-adds // max_batch) + -(-removes // max_batch), 0.0),
            creates_profiles=True,
            settles=settles,
            read_back=True,
            automations=True,
            renames=True,
            deletes=True,
            forgets=True,
            browses=("audiences",),
        ),
    )


@dataclass(slots=True)
class Profile:
    """Somebody, as the platform keeps them."""

    id: str
    email: str | None
    phone: str | None

    @property
    def shown(self) -> str:
        return self.email or self.phone or ""


@dataclass(slots=True)
class Held:
    """An audience, as the platform keeps it: the ids of its profiles, and what joining it sets off."""

    name: str
    profiles: set[str] = field(default_factory=set)
    automations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Taken:
    """A batch taken for later, and its receipt once it was applied."""

    batch: Batch
    due_at: datetime
    receipt: Receipt | None = None


@dataclass(slots=True)
class MemoryPlatform:
    """What the platform holds; several destinations may speak to one. `calls` lists every call that reached it."""

    max_batch: int = 100
    profiles: dict[str, Profile] = field(default_factory=dict)
    known_by: dict[str, str] = field(default_factory=dict)  # an e-mail or a phone to the id of its profile
    audiences: dict[str, Held] = field(default_factory=dict)
    taken: dict[str, Taken] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _ids: count[int] = field(default_factory=lambda: count(1))

    @property
    def writes(self) -> list[str]:
        """The calls that changed something, in order."""
        return [call for call in self.calls if call in WRITES]

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids)}"

    def create(self, name: str) -> AudienceRef:
        ref = AudienceRef(self.new_id("A"), name)
        self.audiences[ref.id] = Held(name)
        return ref

    def holds(self, audience: str, now: datetime) -> list[str]:
        """The e-mail (else the phone) of everybody whom the audience of this id holds at that instant."""
        self.catch_up(now)
        return sorted(self.profiles[id].shown for id in self.audiences[audience].profiles)

    def find(self, identifiers: Identifiers) -> Profile | None:
        """By e-mail, then by phone; only the best of each."""
        for value in (*identifiers.emails[:1], *identifiers.phones[:1]):
            if value in self.known_by:
                return self.profiles[self.known_by[value]]
        return None

    def catch_up(self, now: datetime) -> None:
        """Apply what was taken for later and is due."""
        for taken in self.taken.values():
            if taken.receipt is None and taken.due_at <= now:
                taken.receipt = self.enact(taken.batch)

    def enact(self, batch: Batch) -> Receipt:
        if batch.audience.id not in self.audiences:  # deleted since it was taken for later
            gone = [Reject(m.person, "the audience is gone", code="gone") for m in batch.members]
            return Receipt(batch.id, rejects=gone)
        accepted: dict[str, str | None] = {}
        rejects: list[Reject] = []
        for member in batch.members:
            if batch.action is Action.REMOVE:
                accepted[member.person] = self._remove(member, self.audiences[batch.audience.id])
            elif reason := refusal(member):
                rejects.append(Reject(member.person, reason, code="invalid"))
            else:
                accepted[member.person] = self._add(member, self.audiences[batch.audience.id])
        return Receipt(batch.id, accepted, rejects)

    def forget(self, member: Member) -> str | None:
        """Delete somebody wherever they are; the id that they had."""
        profile = self.profiles.get(member.platform_id or "") or self.find(member.identifiers)
        if profile is None:
            return None
        del self.profiles[profile.id]
        self.known_by = {value: id for value, id in self.known_by.items() if id != profile.id}
        for held in self.audiences.values():
            held.profiles.discard(profile.id)
        return profile.id

    def _add(self, member: Member, held: Held) -> str:
        profile = self.find(member.identifiers)
        if profile is None:
            profile = Profile(self.new_id("P"), None, None)
            self.profiles[profile.id] = profile
        profile.email = profile.email or next(iter(member.identifiers.emails), None)
        profile.phone = profile.phone or next(iter(member.identifiers.phones), None)
        self.known_by |= {value: profile.id for value in (profile.email, profile.phone) if value}
        held.profiles.add(profile.id)
        return profile.id

    def _remove(self, member: Member, held: Held) -> str | None:
        known = self.profiles.get(member.platform_id or "") or self.find(member.identifiers)
        if known is None:
            return None
        held.profiles.discard(known.id)
        return known.id


def refusal(member: Member) -> str | None:
    """Why the platform refuses this member; None if it does not."""
    if not member.identifiers.emails and not member.identifiers.phones:
        return "a profile needs an e-mail address or a phone number"
    if any("@" not in email for email in member.identifiers.emails):
        return "the e-mail address is not valid"
    return None


class MemoryDestination:
    """Speaks to a MemoryPlatform.

    `before` and `after` are called with the name of each call, before it reached the platform and after it was
    applied there; either may raise, as a connection that breaks or a process that dies at that point.
    """

    def __init__(
        self,
        platform: MemoryPlatform,
        *,
        clock: Clock,
        spec: Spec | None = None,
        before: Callable[[str], None] | None = None,
        after: Callable[[str], None] | None = None,
    ) -> None:
        self.platform = platform
        self.spec = spec or memory_spec()
        self._clock = clock
        self._before = before
        self._after = after

    def check(self) -> Sequence[str]:
        self._call("check", lambda: None)
        return ()

    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        return self._call("find_audience", lambda: self._find(wanted))

    def create_audience(self, wanted: Audience) -> AudienceRef:
        return self._call("create_audience", lambda: self.platform.create(wanted.name))

    def push(self, batch: Batch) -> Receipt:
        return self._call("push", lambda: self._push(batch))

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        return self._call("settle", lambda: self._settle(ticket, batch))

    def read_back(self, audience: AudienceRef) -> Iterator[Sequence[Present]]:
        held = self._call("read_back", lambda: self._held(audience))
        for id in sorted(held.profiles):
            profile = self.platform.profiles[id]
            emails, phones = (tuple(filter(None, (value,))) for value in (profile.email, profile.phone))
            yield [Present(id, Identifiers(emails, phones))]

    def automations(self, audience: AudienceRef) -> Sequence[str]:
        return self._call("automations", lambda: tuple(self._held(audience).automations))

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        return self._call("rename_audience", lambda: self._rename(audience, name))

    def delete_audience(self, audience: AudienceRef) -> None:
        self._call("delete_audience", lambda: self.platform.audiences.pop(audience.id, None))

    def forget(self, members: Sequence[Member]) -> Receipt:
        return self._call("forget", lambda: Receipt("forget", {m.person: self.platform.forget(m) for m in members}))

    def browse(self, kind: str) -> Iterator[Sequence[Listed]]:
        if kind != "audiences":
            raise ConfigError([Problem(kind, "memory has no such thing", "there are: audiences")])
        for id, held in self._call("browse", lambda: sorted(self.platform.audiences.items())):
            yield [Listed(id, held.name, bool(held.automations))]

    def close(self) -> None:
        """Nothing is open."""

    def _call(self, name: str, act: Callable[[], Answer]) -> Answer:
        if self._before is not None:
            self._before(name)
        self.platform.calls.append(name)
        self.platform.catch_up(self._clock.now())
        answer = act()
        if self._after is not None:
            self._after(name)
        return answer

    def _held(self, audience: AudienceRef) -> Held:
        if audience.id not in self.platform.audiences:
            raise AudienceMissing(f"memory has no audience {audience.id} ({audience.name!r}) any more")
        return self.platform.audiences[audience.id]

    def _find(self, wanted: Audience) -> AudienceRef | None:
        if wanted.id is not None:
            return AudienceRef(wanted.id, self._held(AudienceRef(wanted.id, wanted.name)).name)
        named = [id for id, held in self.platform.audiences.items() if held.name == wanted.name]
        if len(named) > 1:
            raise ConfigError([Problem(wanted.name, f"{len(named)} audiences have this name", "rename one of them")])
        return AudienceRef(named[0], wanted.name) if named else None

    def _rename(self, audience: AudienceRef, name: str) -> AudienceRef:
        self._held(audience).name = name
        return AudienceRef(audience.id, name)

    def _push(self, batch: Batch) -> Receipt:
        self._held(batch.audience)
        if len(batch.members) > self.platform.max_batch:
            raise ConnectorBug(f"memory takes {self.platform.max_batch} members in a call, not {len(batch.members)}")
        writes = self.spec.writes
        if writes is None or not writes.settles or batch.action is Action.REMOVE:
            return self.platform.enact(batch)
        now = self._clock.now()
        ticket = Ticket(self.platform.new_id("T"), now, now + timedelta(seconds=DELAY))
        self.platform.taken[ticket.id] = Taken(batch, ticket.due_at)
        return Receipt(batch.id, pending=frozenset(m.person for m in batch.members), ticket=ticket)

    def _settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        receipt = self.platform.taken[ticket.id].receipt
        if receipt is None:
            return None
        asked = {member.person for member in batch.members}
        return replace(
            receipt,
            accepted={person: id for person, id in receipt.accepted.items() if person in asked},
            rejects=[reject for reject in receipt.rejects if reject.person in asked],
        )
