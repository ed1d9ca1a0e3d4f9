"""Bringing records from sources into the warehouse: a page lands whole, then its cursor is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast
from zoneinfo import ZoneInfo

from segsync.contract import ListsIds, Source
from segsync.errors import EXIT_DONE, ConfigError, Problem, SegsyncError
from segsync.ledger import erasures, instant, runs
from segsync.model import Cursor, Flaw
from segsync.run import retention
from segsync.run.privacy import erasing
from segsync.run.privacy.keeping_out import KeptOut, keeping_out
from segsync.run.workspace import Workspace
from segsync.spec import Reads
from segsync.streams import ROOTS
from segsync.warehouse import Landing

Progress = Callable[[str, str, int], None]  # source, root, records so far


@dataclass(slots=True)
class Pulled:
    """What a pull of one source came to. `error` stands where it did not end well; the rest has landed."""

    source: str
    records: Counter[str] = field(default_factory=Counter)  # by stream
    flaws: int = 0
    vanished: int = 0
    left_out: int = 0  # records of people who were forgotten
    pruned: int = 0  # records that are older than what is kept
    error: SegsyncError | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_DONE if self.error is None else self.error.exit_code


def pull(
    space: Workspace, names: Sequence[str], *, full: bool = False, progress: Progress | None = None
) -> list[Pulled]:
    """Read each source; one's failure never stops the others. Who was forgotten is left out, what is too old dropped.

    Raises ConfigError where people were forgotten, and the key that tells who is missing.
    """
    erasing.resume(space)
    sieves = {name: keeping_out(space, name) for name in names}
    space.warehouse.set_timezone(ZoneInfo(space.config.shop.timezone))
    done = [_pull_source(space, name, sieves[name], full, progress or _silent) for name in names]
    for result in done:
        result.pruned = retention.prune(space, result.source)
    runs.record_sizes(space.ledger, space.run_id, living(space))
    return done


def living(space: Workspace) -> dict[str, dict[str, int]]:
    """The warehouse's living records by source and stream."""
    return {source: dict(streams) for source, streams in space.warehouse.counts().items()}


def _pull_source(space: Workspace, name: str, sieve: KeptOut | None, full: bool, progress: Progress) -> Pulled:
    result = Pulled(name)
    try:
        _see_whether_emptied(space, name, full)
        if full:
            retention.start_anew(space, name)
        with space.source(name) as source:
            streams = source.streams()
            for root, carried in ROOTS.items():
                if streams.intersection(carried):
                    _pull_root(space, source, root, result, sieve, full, progress)
            if "customers" in streams and (full or _ids_due(space, name)):
                result.vanished = _vanish(space, source, name)
    except SegsyncError as error:
        result.error = error
    if sieve is not None:
        result.left_out = sieve.left_out
    _note(space, runs.Read(name, runs.WHOLE, 0, 0, None if result.error is None else str(result.error)), [])
    return result


def _see_whether_emptied(space: Workspace, name: str, full: bool) -> None:
    """Raise ConfigError for a source whose platform had everything of it erased, but for a full pull."""
    erasure = erasures.emptied(space.ledger, name)
    if erasure is None:
        return
    if not full:
        found = f"everything of it was erased, as its platform asked (erasure {erasure})"
        remedy = (
            f"if it should be read again, from the beginning: segsync pull {name} --full\nelse remove [sources.{name}]"
        )
        raise ConfigError([Problem(f"sources.{name}", found, remedy)])
    erasures.reopen(space.ledger, name)


def _pull_root(
    space: Workspace,
    source: Source,
    root: str,
    result: Pulled,
    sieve: KeptOut | None,
    full: bool,
    progress: Progress,
) -> None:
    name = result.source
    since = None if full else runs.cursor(space.ledger, name, root)
    kept: list[Flaw] = []
    seen = flawed = 0
    progress(name, root, seen)  # the platform may take its time until there is a page
    try:
        for page in source.read(root, since, runs.LedgerJobs(space.ledger, name)):
            landed = space.warehouse.land(
                name,
                page,
                place=_landing(space, name),
                run_id=space.run_id,
                pulled_at=space.clock.now(),
                sieve=sieve,
            )
            result.records.update(landed.counts)
            seen += landed.counts.get(root, 0)
            flaws = [*page.flaws, *landed.flaws]
            flawed += len(flaws)
            kept.extend(flaws[: runs.FLAWS_KEPT - len(kept)])
            _keep_cursor(space, name, root, page.cursor)
            progress(name, root, seen)
    except SegsyncError as error:
        _note(space, runs.Read(name, root, seen, flawed, str(error)), kept)
        raise
    finally:
        result.flaws += flawed
    _note(space, runs.Read(name, root, seen, flawed), kept)


def _landing(space: Workspace, name: str) -> Landing:
    section, shop = space.config.sources[name], space.config.shop
    zone = ZoneInfo(shop.timezone)
    own = ZoneInfo(section.timezone) if section.timezone else zone
    return Landing(timezone=own, shop_timezone=zone, currency=section.currency or shop.currency, country=shop.country)


def _keep_cursor(space: Workspace, name: str, root: str, cursor: Cursor | None) -> None:
    if cursor is not None:
        runs.write_cursor(space.ledger, name, root, cursor, space.clock.now())


def _vanish(space: Workspace, source: Source, name: str) -> int:
    """Look for customers who are gone from a source that can list its customers' ids; how many went."""
    if not _reads(space, name).lists_ids:
        return 0
    try:
        ids = cast(ListsIds, source).ids()  # its spec says so
        if ids is None:
            return 0
        gone = space.warehouse.vanish(name, ids, at=space.clock.now(), run_id=space.run_id)
    except SegsyncError as error:
        _note(space, runs.Read(name, runs.IDS, 0, 0, str(error)), [])
        raise
    _note(space, runs.Read(name, runs.IDS, 0, 0), [])
    return gone


def _ids_due(space: Workspace, name: str) -> bool:
    """Whether it is time to look for vanished customers again; never looked is long ago."""
    section, reads = space.config.sources[name], _reads(space, name)
    every = reads.ids_every if section.ids_every is None else section.ids_every
    last = runs.last_good_read(space.ledger, name, runs.IDS)
    return last is None or space.clock.now() - instant(last) >= every


def _reads(space: Workspace, name: str) -> Reads:
    reads = space.config.sources[name].spec.reads
    assert reads is not None, "the config accepts only sources that can be read"
    return reads


def _note(space: Workspace, read: runs.Read, flaws: Sequence[Flaw]) -> None:
    runs.record_read(space.ledger, space.run_id, read, flaws, space.clock.now())


def _silent(_source: str, _root: str, _records: int) -> None:
    """No progress is shown."""
