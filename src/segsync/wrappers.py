"""What every destination gets by being wrapped: nothing lost from a receipt, no write in a dry run, one audience.

    engine → DryRun → CreatesOnce → Accounted → Declared → connector

Each wrapper changes what its name says and passes the rest on. Retry, pace and trace lie below the connector, in
`http.Session`. The wrappers hold no state, so a wrapped destination is as thread-safe as its connector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, cast

from segsync.accounting import complaints
from segsync.clock import Clock
from segsync.contract import Automations, Browses, Deletes, Destination, Forgets, ReadBack, Renames, Settles
from segsync.errors import ConnectorBug, SegsyncError, Unavailable
from segsync.model import Action, Audience, AudienceRef, Batch, Listed, Member, Present, Receipt, Ticket
from segsync.spec import Spec, Writes

NAPS = (1.0, 5.0)  # seconds before each further try to create an audience, where the platform asked for none


class OwnBug(SegsyncError):
    """segsync itself broke what it promises to connectors."""


class Wrapped(Destination, Settles, ReadBack, Automations, Renames, Deletes, Forgets, Browses, Protocol):
    """A destination with every method of the contract; those that its spec does not declare raise OwnBug.

    So the engine asks `spec.writes` what a destination can do, and never the object.
    """


def wrapped(destination: Destination, spec: Spec, *, dry_run: bool, clock: Clock) -> Wrapped:
    """The destination as the engine may use it. Raises ConnectorBug where it lacks what its spec declares."""
    careful = CreatesOnce(Accounted(Declared(destination, spec), spec), clock)
    return DryRun(careful, spec) if dry_run else careful


class Declared:
    """Gives a connector exactly the capabilities that its spec declares."""

    def __init__(self, inner: Destination, spec: Spec) -> None:
        self._inner = inner
        self._name = spec.name
        writes = _writes(spec)
        declared = {
            "settle": writes.settles,
            "read_back": writes.read_back,
            "automations": writes.automations,
            "rename_audience": writes.renames,
            "delete_audience": writes.deletes,
            "forget": writes.forgets,
            "browse": bool(writes.browses),
        }
        self._promises = {method for method, promised in declared.items() if promised}
        for method in sorted(self._promises):
            if not callable(getattr(inner, method, None)):
                raise ConnectorBug(f"the spec of the connector `{spec.name}` declares {method}(), which it lacks")

    def check(self) -> Sequence[str]:
        return self._inner.check()

    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        return self._inner.find_audience(wanted)

    def create_audience(self, wanted: Audience) -> AudienceRef:
        return self._inner.create_audience(wanted)

    def push(self, batch: Batch) -> Receipt:
        return self._inner.push(batch)

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        self._ask("settle")
        return cast(Settles, self._inner).settle(ticket, batch)

    def read_back(self, audience: AudienceRef) -> Iterator[Sequence[Present]]:
        self._ask("read_back")
        return cast(ReadBack, self._inner).read_back(audience)

    def automations(self, audience: AudienceRef) -> Sequence[str]:
        self._ask("automations")
        return cast(Automations, self._inner).automations(audience)

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        self._ask("rename_audience")
        return cast(Renames, self._inner).rename_audience(audience, name)

    def delete_audience(self, audience: AudienceRef) -> None:
        self._ask("delete_audience")
        cast(Deletes, self._inner).delete_audience(audience)

    def forget(self, members: Sequence[Member]) -> Receipt:
        self._ask("forget")
        return cast(Forgets, self._inner).forget(members)

    def browse(self, kind: str) -> Iterator[Sequence[Listed]]:
        self._ask("browse")
        return cast(Browses, self._inner).browse(kind)

    def close(self) -> None:
        self._inner.close()

    def _ask(self, method: str) -> None:
        if method not in self._promises:
            raise OwnBug(f"segsync asked `{self._name}` for {method}(), which its spec does not declare")


class Through:
    """Passes every call on; a wrapper overrides what it changes."""

    def __init__(self, inner: Wrapped) -> None:
        self.inner = inner

    def check(self) -> Sequence[str]:
        return self.inner.check()

    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        return self.inner.find_audience(wanted)

    def create_audience(self, wanted: Audience) -> AudienceRef:
        return self.inner.create_audience(wanted)

    def push(self, batch: Batch) -> Receipt:
        return self.inner.push(batch)

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        return self.inner.settle(ticket, batch)

    def read_back(self, audience: AudienceRef) -> Iterator[Sequence[Present]]:
        return self.inner.read_back(audience)

    def automations(self, audience: AudienceRef) -> Sequence[str]:
        return self.inner.automations(audience)

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        return self.inner.rename_audience(audience, name)

    def delete_audience(self, audience: AudienceRef) -> None:
        self.inner.delete_audience(audience)

    def forget(self, members: Sequence[Member]) -> Receipt:
        return self.inner.forget(members)

    def browse(self, kind: str) -> Iterator[Sequence[Listed]]:
        return self.inner.browse(kind)

    def close(self) -> None:
        self.inner.close()


class Accounted(Through):
    """Lets a receipt through only if it accounts for every member of its batch exactly once.

    Raises ConnectorBug where it does not, OwnBug for a batch that must not have been made.
    """

    def __init__(self, inner: Wrapped, spec: Spec) -> None:
        super().__init__(inner)
        self._name = spec.name
        self._writes = _writes(spec)

    def push(self, batch: Batch) -> Receipt:
        if len(batch.members) > self._writes.max_batch:
            raise OwnBug(
                f"segsync made a batch of {len(batch.members)} members for `{self._name}`, which takes "
                f"{self._writes.max_batch}"
            )
        if len({member.person for member in batch.members}) < len(batch.members):
            raise OwnBug(f"segsync put somebody into batch {batch.id} twice")
        receipt = self.inner.push(batch)
        if receipt.ticket is not None and not self._writes.settles:
            raise self._bug("push", batch, "carries a ticket, though its spec does not declare `settles`")
        self._hold_to_sum("push", receipt, batch)
        return receipt

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        receipt = self.inner.settle(ticket, batch)
        if receipt is not None:
            self._hold_to_sum("settle", receipt, batch)
        return receipt

    def forget(self, members: Sequence[Member]) -> Receipt:
        receipt = self.inner.forget(members)
        asked = Batch(receipt.batch_id, 0, AudienceRef("", ""), Action.REMOVE, members)
        if receipt.ticket is not None or receipt.pending:
            raise self._bug("forget", asked, "leaves somebody pending: nobody would ask again")
        self._hold_to_sum("forget", receipt, asked)
        return receipt

    def _hold_to_sum(self, call: str, receipt: Receipt, batch: Batch) -> None:
        wrong = complaints(receipt, batch)
        if wrong:
            raise self._bug(call, batch, "; ".join(wrong))

    def _bug(self, call: str, batch: Batch, what: str) -> ConnectorBug:
        return ConnectorBug(
            f"the connector `{self._name}` broke its promise to account for each member of a batch exactly once: "
            f"its receipt from {call}() for batch {batch.id} {what}"
        )


class CreatesOnce(Through):
    """Looks again before it creates again: an answer may be lost after the audience was made."""

    def __init__(self, inner: Wrapped, clock: Clock) -> None:
        super().__init__(inner)
        self._clock = clock

    def create_audience(self, wanted: Audience) -> AudienceRef:
        for nap in NAPS:
            try:
                return self.inner.create_audience(wanted)
            except Unavailable as error:
                self._clock.sleep(nap if error.retry_after is None else error.retry_after)
            found = self.inner.find_audience(wanted)
            if found is not None:
                return found
        return self.inner.create_audience(wanted)


class DryRun(Through):
    """Reads and refuses to write. Raises OwnBug: a dry run that comes this far is a mistake of ours."""

    def __init__(self, inner: Wrapped, spec: Spec) -> None:
        super().__init__(inner)
        self._name = spec.name

    def create_audience(self, wanted: Audience) -> AudienceRef:
        raise OwnBug(f"a dry run tried to create the audience {wanted.name!r} at `{self._name}`; nothing was sent")

    def push(self, batch: Batch) -> Receipt:
        raise OwnBug(f"a dry run tried to push batch {batch.id} to `{self._name}`; nothing was sent")

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        raise OwnBug(f"a dry run tried to rename {audience.name!r} to {name!r} at `{self._name}`; nothing was sent")

    def delete_audience(self, audience: AudienceRef) -> None:
        raise OwnBug(f"a dry run tried to delete the audience {audience.name!r} at `{self._name}`; nothing was sent")

    def forget(self, members: Sequence[Member]) -> Receipt:
        raise OwnBug(f"a dry run tried to delete {len(members)} people at `{self._name}`; nothing was sent")


def _writes(spec: Spec) -> Writes:
    if spec.writes is None:
        raise ConnectorBug(f"the connector `{spec.name}` makes a destination and its spec has no `writes`")
    return spec.writes
