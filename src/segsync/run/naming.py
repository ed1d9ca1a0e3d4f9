"""An audience's name follows the config; its id is what segsync goes by.

The ledger keeps what the config called the audience when that was last followed. Only where the config says otherwise
now is it renamed: a name that somebody changed on the platform stays as they made it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from segsync.config import Sync
from segsync.errors import ConfigError, Problem
from segsync.ledger import audiences
from segsync.ledger.audiences import Known
from segsync.model import Audience, AudienceRef
from segsync.run.target import Target
from segsync.run.workspace import Workspace
from segsync.spec import Writes
from segsync.wrappers import Wrapped


@dataclass(frozen=True, slots=True)
class Named:
    """The names before and after, where the audience is to be renamed; else why its name is not the config's."""

    renamed: tuple[str, str] | None = None
    kept: str = ""


def named(sync: Sync, known: Known, writes: Writes, found: AudienceRef | None) -> Named:
    """What becomes of the audience's name with the next push."""
    if found is None or known.platform_id is None or found.name == sync.audience:
        return Named()
    there = f"it is called `{found.name}` at {sync.destination}"
    if writes.chosen_by is not None and getattr(sync.options, writes.chosen_by, None):
        return Named(kept=f"{there}, and keeps that name: `{writes.chosen_by}` chose it")
    if known.named in (None, sync.audience):
        return Named(kept=f"{there}: somebody renamed it there, and its id is what segsync goes by")
    if not writes.renames:
        return Named(kept=f"{there}, and keeps that name: {sync.destination} cannot rename audiences")
    return Named((found.name, sync.audience))


def rename(space: Workspace, target: Target, names: tuple[str, str]) -> Target:
    """Give the audience its new name. The ledger knows of the intent before the platform does.

    Raises ConfigError where the destination has another audience of that name.
    """
    known, new, destination = target.known, names[1], target.destination
    assert known.platform_id is not None, "only an audience that was pushed to is renamed"
    other = destination.find_audience(Audience(new))
    if other is not None and other.id != known.platform_id:
        place = f"segments.{target.sync.segment}.to.{target.sync.destination}.audience"
        found = f"{target.sync.destination} has another audience called `{new}` ({other.id})"
        problem = Problem(place, found, "rename that one at the platform, or choose another name")
        raise ConfigError([problem], where="what was asked for")
    audiences.note(space.ledger, known.key, renaming=new)
    done = _finish(space, destination, replace(known, renaming=new))
    return replace(target, known=done, found=AudienceRef(str(done.platform_id), done.name))


def settled(space: Workspace, destination: Wrapped, known: Known, *, dry_run: bool) -> Known:
    """What is known of an audience whose renaming an earlier run began: brought to its end, unless only looked at."""
    return known if dry_run else _finish(space, destination, known)


def found_under_new_name(destination: Wrapped, known: Known) -> AudienceRef | None:
    """The audience that is gone under its old id, where an earlier run had begun to rename it."""
    return destination.find_audience(Audience(known.renaming)) if known.renaming is not None else None


def note_first(space: Workspace, known: Known, sync: Sync) -> Known:
    """A ledger of an older segsync does not say what the config called the audience: it is what it says now."""
    if known.named is not None or known.platform_id is None:
        return known
    audiences.note(space.ledger, known.key, named=sync.audience)
    return replace(known, named=sync.audience)


def _finish(space: Workspace, destination: Wrapped, known: Known) -> Known:
    assert known.platform_id is not None, "only an audience that was pushed to is renamed"
    assert known.renaming is not None, "a rename was begun"
    ref = destination.rename_audience(AudienceRef(known.platform_id, known.name), known.renaming)
    news = {"platform_id": ref.id, "name": ref.name, "named": known.renaming, "verified_at": space.clock.now()}
    audiences.note(space.ledger, known.key, renaming=None, **news)
    return audiences.by_key(space.ledger, known.key)
