"""The commands of every day: check, pull, plan, push, run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segsync.cli.context import Common, common, tell_migrated
from segsync.cli.output import emit, progress, save, say
from segsync.errors import ConfigError, Problem, gravest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segsync.config import Config, Sync
    from segsync.run.pull import Pulled
    from segsync.run.push import Order
    from segsync.run.whole import Done

To = Annotated[str | None, typer.Option("--to", help="Only this destination.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(epilog="Example: segsync check klaviyo")(check)
    app.command(epilog="Example: segsync pull shop --full")(pull)
    app.command(epilog="Example: segsync plan vip --to klaviyo --out vip.plan.json")(plan)
    app.command(epilog="Example: segsync push vip --to klaviyo --dry-run")(push)
    app.command(epilog="Example, for a scheduler: segsync run --config /etc/segsync/segsync.toml")(run)


def check(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Only this source or destination.")] = None,
) -> None:
    """Prove the config, the rules and every credential, changing nothing."""
    from segsync.run import checking

    options = common(ctx)
    config = options.load()
    if name is not None and name not in config.sources and name not in config.destinations:
        known = ", ".join([*config.sources, *config.destinations]) or "none"
        raise ConfigError([Problem(name, "no source or destination has this name", f"there are: {known}")])
    found = list(checking.check(config, options.setting(), name))
    if options.json:
        emit([{"name": f.name, "ok": f.error is None, "error": _text(f.error), "warnings": f.warnings} for f in found])
    else:
        for finding in found:
            say(f"{'ok' if finding.error is None else 'FAILED':<7} {finding.name} ({finding.what})")
            for text in (*finding.warnings, *([str(finding.error)] if finding.error else [])):
                say("\n".join(f"          {line}" for line in text.splitlines()))
    raise typer.Exit(gravest(f.error.exit_code if f.error else 0 for f in found))


def pull(
    ctx: typer.Context,
    source: Annotated[str | None, typer.Argument(help="Only this source.")] = None,
    full: Annotated[bool, typer.Option("--full", help="From the beginning, not from the last cursor.")] = False,
) -> None:
    """Bring customers and orders from the sources into the warehouse."""
    from segsync.run.ending import ending
    from segsync.run.pull import pull as pull_sources
    from segsync.run.workspace import open_workspace

    options = common(ctx)
    config = options.load()
    names = _sources(config, source)
    with open_workspace(config, options.setting(), as_of=options.instant(config)) as space, ending(space) as end:
        tell_migrated(space.warehouse)
        with progress("pull") as report:
            pulled = pull_sources(
                space, names, full=full, progress=lambda name, root, n: report(f"{name} {root}", n, None)
            )
        code = end(gravest(p.exit_code for p in pulled), f"pulled {', '.join(names)}")
    _show_pulled(options, pulled)
    raise typer.Exit(code)


def plan(
    ctx: typer.Context,
    segment: Annotated[str | None, typer.Argument(help="Only this segment.")] = None,
    to: To = None,
    out: Annotated[Path | None, typer.Option(help="Write the plan to a file, for push --plan.")] = None,
) -> None:
    """Show what a push would change, and push nothing."""
    from segsync.cli.plans import show_plan
    from segsync.run.push import Order

    options = common(ctx)
    config = options.load()
    done = _push(options, config, segment, to, Order(dry_run=True), "plan")
    plans = [result.plan for result in done.pushed if result.plan is not None]
    if out is not None:
        save(out, json.dumps([each.as_json() for each in plans], indent=2))
    if options.json:
        emit([each.as_json() for each in plans])
    else:
        for each in plans:
            show_plan(each)
            say()
        if not done.pushed:
            say("no segment goes anywhere yet: add [segments.NAME.to.DESTINATION] to the config")
    _complain_of(done)
    raise typer.Exit(gravest([done.exit_code, *(5 for each in plans if each.stops)]))


def push(
    ctx: typer.Context,
    segment: Annotated[str, typer.Argument(help="The segment to push.")],
    to: To = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Make the plan, print it, push nothing.")] = False,
    plan: Annotated[Path | None, typer.Option(help="Push only if the plan is still the one in this file.")] = None,
    approve: Annotated[str | None, typer.Option(help="Say yes, once, to the stopped plan of this id.")] = None,
    recreate: Annotated[bool, typer.Option("--recreate", help="Make an audience anew that the platform lost.")] = False,
) -> None:
    """Make the audiences of a segment equal to it."""
    from segsync.cli.plans import result_json, show_plan, show_push
    from segsync.run.push import Order

    options = common(ctx)
    config = options.load()
    only = _planned(plan, segment, to) if plan else None
    done = _push(options, config, segment, to, Order(dry_run, approve, only, recreate), "push")
    if options.json:
        emit([result_json(result) for result in done.pushed])
    else:
        _show_erased(done)
        for result in done.pushed:
            if result.plan is not None and (dry_run or not result.plan.stops):
                show_plan(result.plan)
            if not dry_run:
                show_push(result)
    _complain_of(done)
    raise typer.Exit(done.exit_code)


def run(ctx: typer.Context) -> None:
    """Pull every source, compute every segment, push every sync: what a scheduler calls."""
    from segsync.cli.plans import result_json, show_push
    from segsync.run.push import Order

    options = common(ctx)
    config = options.load()
    done = _push(options, config, None, None, Order(), "run", sources=list(config.sources))
    if options.json:
        forgotten = [{**worked.states, "waiting": worked.waiting} for worked in done.worked if worked.tried]
        pulled, pushed = [_pulled_json(p) for p in done.pulled], [result_json(p) for p in done.pushed]
        emit({"pulled": pulled, "pushed": pushed, "forgotten": forgotten})
    else:
        _show_pulled(options, done.pulled)
        _show_erased(done)
        for result in done.pushed:
            show_push(result)
        say(_last_line(done))
    _complain_of(done)
    raise typer.Exit(done.exit_code)


def _push(
    options: Common,
    config: Config,
    segment: str | None,
    to: str | None,
    order: Order,
    what: str,
    *,
    sources: Sequence[str] = (),
) -> Done:
    from segsync.run.ending import ending
    from segsync.run.whole import run as run_whole
    from segsync.run.whole import syncs_of
    from segsync.run.workspace import open_workspace

    syncs: list[Sync] = syncs_of(config, segment, to)
    with open_workspace(config, options.setting(), as_of=options.instant(config)) as space, ending(space) as end:
        tell_migrated(space.warehouse)
        with progress(what) as report:
            done = run_whole(
                space,
                syncs,
                order,
                sources=sources,
                on_pull=lambda name, root, n: report(f"{name} {root}", n, None),
                on_push=lambda n, total: report("members", n, total),
            )
        end(done.exit_code, _last_line(done))
    return done


def _planned(path: Path, segment: str, to: str | None) -> str:
    """The id of the saved plan of one sync. Raises ConfigError where the file has none, or several."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        ids = [p["plan"] for p in saved if p["segment"] == segment and to in (None, p["destination"])]
    except (OSError, ValueError, TypeError, KeyError):
        ids = []
    if len(ids) != 1:
        remedy = f"write one: segsync plan {segment} --to DESTINATION --out {path}"
        raise ConfigError([Problem(str(path), f"it is no saved plan of one push of {segment}", remedy)])
    return str(ids[0])


def _sources(config: Config, source: str | None) -> list[str]:
    if source is not None and source not in config.sources:
        known = ", ".join(config.sources) or "none"
        raise ConfigError([Problem(source, "no source has this name", f"there are: {known}")])
    return list(config.sources) if source is None else [source]


def _show_pulled(options: Common, pulled: Sequence[Pulled]) -> None:
    if options.json:
        emit([_pulled_json(each) for each in pulled])
        return
    for each in pulled:
        read = ", ".join(f"{count:,} {stream}" for stream, count in each.records.items() if count) or "nothing new"
        flaws = f"; {each.flaws:,} values could not be used (segsync rejects)" if each.flaws else ""
        gone = f"; customers who have vanished: {each.vanished:,}" if each.vanished else ""
        out = f"; {each.left_out:,} records of forgotten people left out" if each.left_out else ""
        old = f"; {each.pruned:,} records older than what is kept were dropped" if each.pruned else ""
        say(f"{each.source}: {read}{flaws}{gone}{out}{old}")
        if each.error is not None:
            say(f"{each.source}: FAILED: {each.error}")


def _pulled_json(each: Pulled) -> dict[str, object]:
    return {
        "source": each.source,
        "records": dict(each.records),
        "flaws": each.flaws,
        "vanished": each.vanished,
        "left_out": each.left_out,
        "pruned": each.pruned,
        "error": _text(each.error),
    }


def _last_line(done: Done) -> str:
    """One sentence: what a run came to."""
    failed = [p.source for p in done.pulled if p.error] + [
        f"{p.sync.segment} → {p.sync.destination}" for p in done.pushed if p.error
    ]
    added, removed = sum(p.added for p in done.pushed), sum(p.removed for p in done.pushed)
    rejected = sum(p.rejected for p in done.pushed)
    count = f"{len(done.pushed)} sync{'' if len(done.pushed) == 1 else 's'}"
    told = f"{count}: {added:,} added, {removed:,} removed, {rejected:,} rejected"
    return f"{told}; FAILED: {', '.join(failed)}" if failed else told


def _show_erased(done: Done) -> None:
    """What platforms did for people who were forgotten, in a line."""
    for worked in done.worked:
        told = [f"{count:,} {state}" for state, count in worked.states.items()]
        told += [f"{worked.waiting:,} waiting for an earlier answer"] if worked.waiting else []
        if told:
            say(f"forgotten people, at the platforms: {', '.join(told)} (segsync status)")


def _complain_of(done: Done) -> None:
    for worked in done.worked:
        for error in worked.errors:
            typer.echo(f"segsync: for a forgotten person: {error}", err=True)
    for result in done.pushed:
        if result.error is not None:
            typer.echo(f"segsync: {result.error}", err=True)


def _text(error: object) -> str | None:
    return None if error is None else str(error)
