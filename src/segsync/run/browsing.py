"""What an account at a platform has that a config may name, and which sync uses it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segsync.config import Config
from segsync.errors import ConfigError, Problem
from segsync.ledger import audiences, open_ledger
from segsync.ledger.store import FILE as LEDGER
from segsync.run.workspace import Setting, make_destination
from segsync.wrappers import wrapped


def browse(config: Config, setting: Setting, name: str, kind: str | None = None) -> Iterator[dict[str, object]]:
    """kind, id, name, live (None where the platform does not say) and sync of all that a destination lists.

    Raises ConfigError for a destination or a kind that there is not.
    """
    if name not in config.destinations:
        known = ", ".join(config.destinations) or "none"
        raise ConfigError([Problem(name, "no destination has this name", f"there are: {known}")], where="browse")
    section = config.destinations[name]
    writes = section.spec.writes
    kinds = writes.browses if writes is not None else ()
    if not kinds or kind not in (None, *kinds):
        remedy = f"it can list: {', '.join(kinds)}" if kinds else "look in its own pages"
        raise ConfigError([Problem(name, f"it cannot list {kind or 'what it has'}", remedy)], where="browse")
    users = _syncs_by_id(config, setting, name)
    destination = wrapped(
        make_destination(config, section, setting, {}), section.spec, dry_run=True, clock=setting.clock
    )
    try:
        for each in kinds if kind is None else (kind,):
            for page in destination.browse(each):
                for one in page:
                    yield {"kind": each, "id": one.id, "name": one.name, "live": one.live, "sync": users.get(one.id)}
    finally:
        destination.close()


def _syncs_by_id(config: Config, setting: Setting, destination: str) -> Mapping[str, str]:
    """By the platform's id of an audience: the sync that it is of, as the ledger knows it or the config names it."""
    found: dict[str, str] = {}
    if (config.state_dir / LEDGER).exists():
        ledger = open_ledger(config.state_dir, setting.clock, new=False)
        try:
            found |= {
                str(known.platform_id): f"{known.segment} → {known.destination}"
                for known in audiences.every(ledger)
                if known.platform_id and known.destination == destination
            }
        finally:
            ledger.close()
    for segment in config.segments.values():
        for sync in segment.to.values():
            writes = config.destinations[sync.destination].spec.writes
            chosen = getattr(sync.options, writes.chosen_by, None) if writes is not None and writes.chosen_by else None
            if sync.destination == destination and chosen:
                found.setdefault(str(chosen), f"{sync.segment} → {sync.destination}")
    return found
