"""`segsync run`: pull everything, compute once, push everything; and the parts that other commands need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from segsync.config import Config, Sync
from segsync.errors import ConfigError, Problem, gravest
from segsync.run import push as pushing
from segsync.run import retention
from segsync.run.compute import Computed, compute, filled_streams
from segsync.run.privacy import erasing, errands
from segsync.run.privacy.errands import Worked
from segsync.run.pull import Progress as PullProgress
from segsync.run.pull import Pulled, pull
from segsync.run.push import Order, Pushed
from segsync.run.push import Progress as PushProgress
from segsync.run.workspace import Workspace


@dataclass(slots=True)
class Done:
    """What a run came to."""

    pulled: Sequence[Pulled] = ()
    computed: Computed | None = None
    pushed: list[Pushed] = field(default_factory=list)
    worked: list[Worked] = field(default_factory=list)  # for people who were forgotten

    @property
    def exit_code(self) -> int:
        pulled, pushed = (p.exit_code for p in self.pulled), (p.exit_code for p in self.pushed)
        return gravest([*pulled, *pushed, *(worked.exit_code for worked in self.worked[-1:])])


def run(
    space: Workspace,
    syncs: Sequence[Sync],
    order: Order,
    *,
    sources: Sequence[str] = (),
    full: bool = False,
    on_pull: PullProgress | None = None,
    on_push: PushProgress | None = None,
) -> Done:
    """Read `sources`, compute every segment, and push or plan `syncs`. One part's failure is on its own result.

    Before anything else goes what is left to do for people who were forgotten; after it what waited for answers.
    """
    done = Done()
    erasing.resume(space)
    if not order.dry_run:
        done.worked.append(errands.work(space))
    if sources:
        done.pulled = pull(space, sources, full=full, progress=on_pull)
    computed = done.computed = compute(space, filled_streams(space))
    for sync in syncs:
        done.pushed.append(pushing.push(space, sync, computed, order, on_push))
    if any(worked.waiting for worked in done.worked):
        done.worked.append(errands.work(space))
    if not order.dry_run:
        retention.prune_ledger(space)
    return done


def syncs_of(config: Config, segment: str | None = None, destination: str | None = None) -> list[Sync]:
    """The syncs of the config, of one segment or one destination where asked for.

    Raises ConfigError for a name that the config does not have, or a pair that it does not join.
    """
    if segment is not None and segment not in config.segments:
        raise ConfigError([_unknown("segment", segment, list(config.segments))], where="what was asked for")
    if destination is not None and destination not in config.destinations:
        raise ConfigError([_unknown("destination", destination, list(config.destinations))], where="what was asked for")
    found = [
        sync
        for name, each in config.segments.items()
        for sync in each.to.values()
        if segment in (None, name) and destination in (None, sync.destination)
    ]
    if not found and segment is not None:
        where = f"[segments.{segment}.to.{destination or 'NAME'}]"
        raise ConfigError([Problem(f"segments.{segment}", "no such sync in the config", f"add {where}")])
    return found


def _unknown(what: str, name: str, names: list[str]) -> Problem:
    import difflib

    close = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"there {'are' if names else 'is'}: {', '.join(names) or 'none'}"
    return Problem(name, f"no {what} is called `{name}`", hint)
