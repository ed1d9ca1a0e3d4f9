"""The commands around the life of a sync: retire, undo, browse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segsync.cli.context import common, tell_migrated
from segsync.cli.output import emit, progress, say, table
from segsync.errors import ConfigError, Problem, gravest

if TYPE_CHECKING:
    from segsync.config import Config
    from segsync.ledger.audiences import Known
    from segsync.run.retiring import Retired
    from segsync.run.undoing import Undone

Approve = Annotated[str | None, typer.Option(help="Say yes to the plan of this id.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(epilog="Example: segsync retire vip --to klaviyo --empty")(retire)
    app.command(epilog="Example: segsync undo 12 vip --to klaviyo")(undo)
    app.command(epilog="Example: segsync browse klaviyo lists")(browse)


def retire(
    ctx: typer.Context,
    segment: Annotated[str, typer.Argument(help="A segment whose sync has left the config.")],
    to: Annotated[str, typer.Option("--to", help="The destination that has its audience.")],
    keep: Annotated[bool, typer.Option("--keep", help="Leave the audience as it is, and forget it.")] = False,
    empty: Annotated[bool, typer.Option("--empty", help="Take out whom segsync put there, then forget it.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the audience at the platform.")] = False,
    approve: Approve = None,
) -> None:
    """Part with the audience of a sync that has left the config: leave it, empty it, or delete it."""
    from segsync.cli.reading import ledger_of
    from segsync.run import retiring
    from segsync.run.ending import ending
    from segsync.run.workspace import open_workspace

    options = common(ctx)
    config = options.load()
    if keep + empty + delete > 1 or (approve and not (empty or delete)):
        problem = Problem("retire", "one way at a time", "--keep, or --empty or --delete, those two with --approve ID")
        raise ConfigError([problem], where="the command line")
    with ledger_of(options, config) as ledger:
        known = retiring.find(config, ledger, segment, to)
    if not (keep or empty or delete):
        _ways(config, known)
        return
    with open_workspace(config, options.setting()) as space, ending(space) as end:
        tell_migrated(space.warehouse)
        if keep:
            done = retiring.keep(space, known)
        elif empty:
            with progress("retire") as report:
                done = retiring.empty(space, known, approve, lambda n, total: report("members", n, total))
        else:
            done = retiring.delete(space, known, approve)
        code = end(_code(done), _what(done, known))
    _show_retired(done, "keep" if keep else "empty" if empty else "delete")
    raise typer.Exit(code)


def undo(
    ctx: typer.Context,
    run: Annotated[int, typer.Argument(help="The run whose push was wrong; segsync status lists runs.")],
    segment: Annotated[str | None, typer.Argument(help="Only this segment.", show_default=False)] = None,
    to: Annotated[str | None, typer.Option("--to", help="Only this destination.")] = None,
    approve: Annotated[
        list[str] | None, typer.Option(help="Say yes to the plan of this id; may be repeated.", show_default=False)
    ] = None,
) -> None:
    """Plan the way back to what audiences held before a run; with --approve, go it."""
    from segsync.run import undoing
    from segsync.run.compute import compute, filled_streams
    from segsync.run.ending import ending
    from segsync.run.whole import syncs_of
    from segsync.run.workspace import open_workspace

    options = common(ctx)
    config = options.load()
    if segment is not None and segment in config.segments:
        syncs_of(config, segment, to)
    with open_workspace(config, options.setting(), as_of=options.instant(config)) as space, ending(space) as end:
        tell_migrated(space.warehouse)
        computed = compute(space, filled_streams(space))
        with progress("undo") as report:
            found = undoing.undo(
                space,
                computed,
                run,
                segment=segment,
                destination=to,
                approve=approve or (),
                progress=lambda n, total: report("members", n, total),
            )
        code = end(gravest(map(_undone_code, found)), f"{'undid' if approve else 'looked at undoing'} run {run}")
    if options.json:
        emit([_undone_json(each) for each in found])
    else:
        for each in found:
            _show_undone(each, run, approved=bool(approve))
    for each in found:
        if each.pushed is not None and each.pushed.error is not None:
            typer.echo(f"segsync: {each.pushed.error}", err=True)
    raise typer.Exit(code)


def browse(
    ctx: typer.Context,
    destination: Annotated[str, typer.Argument(help="A destination of the config.")],
    kind: Annotated[str | None, typer.Argument(help="What to list; else all there is.", show_default=False)] = None,
) -> None:
    """What an account has: ids, names, whether it is in use now, and which sync uses it."""
    from segsync.run.browsing import browse as look

    options = common(ctx)
    config = options.load()
    rows = list(look(config, options.setting(), destination, kind))
    if options.json:
        emit(rows)
    elif rows:
        names = ("kind", "id", "name", "live", "sync")
        table(names, [[row[name] for name in names] for row in rows])
    else:
        say(f"{destination} has nothing of this kind yet")


# --- how they read -------------------------------------------------------------------------------------------


def _ways(config: Config, known: Known) -> None:
    """What there is, and the three ways to part with it."""
    command = f"segsync retire {known.segment} --to {known.destination}"
    pushed = f"last pushed {known.pushed_at:%Y-%m-%d}" if known.pushed_at else "never pushed to its end"
    say(f"{known.segment} → {known.destination}: `{known.name}` ({known.platform_id}), {known.held:,} held, {pushed}")
    say("  Its sync has left the config, so nobody is added to it or removed from it any more. Choose:")
    say(f"  {command} --keep     it stays as it is; segsync forgets it, and segsync forget no longer reaches it")
    if known.destination not in config.destinations:
        say(f"  to empty or delete it, put [destinations.{known.destination}] back first")
        return
    say(f"  {command} --empty    whom segsync put there is taken out; the audience and strangers in it stay")
    writes = config.destinations[known.destination].spec.writes
    if writes is not None and writes.deletes:
        say(f"  {command} --delete   the audience is deleted at {known.destination}; its people stay there")


def _code(done: Retired) -> int:
    if done.pushed is not None and done.pushed.error is not None:
        return done.pushed.error.exit_code
    return 0 if done.freed else 5 if done.plan else 6


def _what(done: Retired, known: Known) -> str:
    return f"{'parted with' if done.freed else 'looked at parting with'} {known.segment} → {known.destination}"


def _show_retired(done: Retired, way: str) -> None:
    from segsync.cli.plans import show_plan, show_push

    known = done.known
    name = f"{known.segment} → {known.destination}"
    command = f"segsync retire {known.segment} --to {known.destination}"
    if done.pushed is not None and done.pushed.plan is not None and done.plan:
        show_plan(done.pushed.plan)
    elif done.pushed is not None and done.pushed.sent:
        show_push(done.pushed)
    if done.pushed is not None and done.pushed.error is not None:
        typer.echo(f"segsync: {done.pushed.error}", err=True)
    if done.plan and way == "delete":
        say(f"{name}: `{known.name}` ({known.platform_id}) would be deleted, whoever is in it; {known.held:,} are held")
        if done.live:
            say(f"  live there, and set off no more: {', '.join(done.live)}")
        say(f"  If it is right: {command} --delete --approve {done.plan}")
    if done.freed:
        fate = {"keep": "stays as it is", "empty": "stays, without whom segsync put there", "delete": "is deleted"}[way]
        told = "was gone already" if done.gone and way != "delete" else fate
        say(f"{name}: the audience `{known.name}` {told}; segsync has forgotten it")
    elif not done.plan and done.left:
        say(f"{name}: {done.left:,} are in it yet: refused, or not answered for (segsync rejects)")
        say(f"  Type it again later; or leave the audience as it is: {command} --keep")


def _undone_code(each: Undone) -> int:
    if each.pushed is None:
        return 5
    if each.pushed.error is not None:
        return each.pushed.exit_code
    waits = each.pushed.plan is not None and bool(each.pushed.plan.stops)
    return 5 if waits else each.pushed.exit_code


def _show_undone(each: Undone, run: int, *, approved: bool) -> None:
    from segsync.cli.plans import show_plan, show_push

    name, pushed = f"{each.segment} → {each.destination}", each.pushed
    if pushed is None:
        say(f"{name}: {each.problem}")
        return
    if pushed.plan is not None:
        show_plan(pushed.plan)
    if each.later:
        say(f"  {each.later:,} were changed again by a later run: they stay as that one left them")
    for reason, count in sorted(each.not_back.items()):
        say(f"  {count:,} whom run {run} removed are not added again: {reason}")
    if pushed.sent:
        show_push(pushed)
        say(f"  The next push asks first, as long as the rule is the one that run {run} followed: mend it now")
    elif approved and pushed.error is None and pushed.plan is not None and pushed.plan.stops:
        say(f"{name}: not approved, nothing sent")


def _undone_json(each: Undone) -> dict[str, object]:
    from segsync.cli.plans import result_json

    told = {"segment": each.segment, "destination": each.destination, "problem": each.problem or None}
    pushed = result_json(each.pushed) if each.pushed is not None else None
    return {**told, "changed_later": each.later, "not_added_again": dict(each.not_back), "push": pushed}
