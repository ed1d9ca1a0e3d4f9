"""Platforms that differ from the memory platform: by identifier, mute about their ids, or refusing to remove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import push_world
import pytest
from push_world import World

from segsync.model import Action, Batch, Receipt, Reject
from segsync.plan.identifiers import of
from segsync.testing import MemoryDestination
from segsync.testing.memory import Profile


def with_writes(world: World, **changed: Any) -> World:
    """The world with a destination that declares something else."""
    section = world.config.destinations["memory"]
    assert section.spec.writes is not None
    spec = replace(section.spec, writes=replace(section.spec.writes, **changed))
    world.config = replace(world.config, destinations={"memory": replace(section, spec=spec)})
    return world


def with_guards(world: World, **changed: Any) -> World:
    """The world with other limits."""
    world.config = replace(world.config, guards=world.config.guards.model_copy(update=changed))
    return world


def spoken_to_by(monkeypatch: pytest.MonkeyPatch, kind: type[MemoryDestination]) -> None:
    """From now on worlds are reached through this kind of destination."""
    monkeypatch.setattr(push_world, "MemoryDestination", kind)


class ByIdentifier(MemoryDestination):
    """An audience is a set of e-mails and phones that have nothing to do with one another, as hashes have."""

    def _push(self, batch: Batch) -> Receipt:
        held = self._held(batch.audience)
        for member in batch.members:
            for value in of(member.identifiers):
                if batch.action is Action.REMOVE:
                    held.profiles.discard(value)
                else:
                    self.platform.profiles[value] = Profile(value, value, None)
                    held.profiles.add(value)
        return Receipt(batch.id, {member.person: None for member in batch.members})


class Mute(MemoryDestination):
    """Takes everything, and never says which profile it was."""

    def _push(self, batch: Batch) -> Receipt:
        receipt = super()._push(batch)
        return replace(receipt, accepted=dict.fromkeys(receipt.accepted))


def refusing(action: Action, *emails: str, retry: bool = False) -> type[MemoryDestination]:
    """Refuses one action for these addresses, and does not do it. Change `Refusing.emails` to relent."""

    class Refusing(MemoryDestination):
        refused: ClassVar[set[str]] = set(emails)

        def _push(self, batch: Batch) -> Receipt:
            if batch.action is not action:
                return super()._push(batch)
            bad = [m for m in batch.members if set(emails) & set(m.identifiers.emails)]
            rest = [m for m in batch.members if m not in bad]
            receipt = super()._push(replace(batch, members=rest)) if rest else Receipt(batch.id)
            rejects = [Reject(m.person, "it will not", "stubborn", retry) for m in bad]
            return replace(receipt, rejects=[*receipt.rejects, *rejects])

    return Refusing


def watching(
    look: Callable[[Batch], None], kind: type[MemoryDestination] = MemoryDestination
) -> type[MemoryDestination]:
    """Shows every batch before it is applied."""

    class Watching(kind):  # type: ignore[misc, valid-type]  # any destination
        def _push(self, batch: Batch) -> Receipt:
            look(batch)
            return super()._push(batch)  # type: ignore[no-any-return]

    return Watching
