"""How plans and pushes read at a terminal."""

from __future__ import annotations

from datetime import timedelta

from segsync.cli.output import say
from segsync.plan.value import Plan
from segsync.run.push import Pushed

INDENT = "  "


def show_plan(plan: Plan) -> None:
    """A plan in words: what would change, who is left out and why, what it costs, what stops it."""
    counts = plan.counts
    exclude = ", which is there to exclude people" if plan.purpose == "exclude" else ""
    created = "" if plan.exists else " (will be created)"
    say(f"{plan.segment} → {plan.destination}: `{plan.audience}`{exclude}{created}")
    if plan.renamed is not None:
        say(f"{INDENT}the audience is renamed from `{plan.renamed[0]}` to `{plan.renamed[1]}`")
    if plan.name_kept:
        say(f"{INDENT}{plan.name_kept}")
    say(f"{INDENT}{'to hold' if plan.approved_by else 'segment':<11} {plan.members:>9,} members")
    for reason, number in sorted(plan.not_deliverable.items()):
        say(f"{INDENT}left out    {number:>9,} {reason}")
    if counts["refused"]:
        say(
            f"{INDENT}left out    {counts['refused']:>9,} refused by the platform before, as they are (segsync rejects)"
        )
    say(f"{INDENT}holds now   {counts['held']:>9,}")
    for name in ("add", "refresh", "remove"):
        say(f"{INDENT}{name:<11} {counts.get(name, 0):>9,}")
    for name, text in (
        ("suppressed", "suppressed, which no guard holds back"),
        ("withdrawn", "whose consent was withdrawn"),
    ):
        if counts.get(name):
            say(f"{INDENT}  of them   {counts[name]:>9,} {text}")
    if plan.uncovered:
        say(f"{INDENT}  of them   {plan.uncovered:>9,} who opted out may now see prospecting ads")
    if counts.get("leaving"):
        say(f"{INDENT}leaving     {counts['leaving']:>9,} out of the segment for less than {_span(plan.leave_after)}")
    say(f"{INDENT}unchanged   {counts.get('unchanged', 0):>9,}")
    for name, text in (
        ("pending", "taken by the platform, not answered yet"),
        ("uncertain", "sent before, and the answer was lost"),
        ("moved", "now the profile of a member"),
    ):
        if counts.get(name):
            say(f"{INDENT}{name:<11} {counts[name]:>9,} {text}")
    if counts.get("strangers"):
        say(f"{INDENT}strangers   {counts['strangers']:>9,} put there by others, removed as the sync says owned = true")
    if plan.writes:
        profiles = f", at most {plan.new_profiles:,} new profiles" if plan.new_profiles else ""
        calls = "request" if plan.estimate.requests == 1 else "requests"
        say(f"{INDENT}costs       {plan.estimate.requests:>9,} {calls}, {_duration(plan.estimate.seconds)}{profiles}")
    else:
        say(f"{INDENT}nothing to send")
    if plan.rule_change is not None:
        say(f"{INDENT}the rule changed since the push of {plan.rule_change.pushed_at}:")
        say(f"{INDENT}  before  {plan.rule_change.before}")
        say(f"{INDENT}  now     {plan.rule_change.after}")
    for stop in plan.approved:
        say(f"{INDENT}approved: {stop.text}")
    for stop in plan.stops:
        say(f"{INDENT}STOPPED: {stop.text}")
    if plan.stops:
        say(f"{INDENT}If it is right: segsync {plan.command} --approve {plan.id}")
    say(f"{INDENT}plan {plan.id}")


def show_push(result: Pushed) -> None:
    """What a push came to, in a line or two; what went wrong is said by the caller."""
    name = f"{result.sync.segment} → {result.sync.destination}"
    if result.uncertain:
        say(f"{name}: an earlier push was cut off; {result.uncertain:,} members of it are planned anew")
    if result.renamed is not None:
        say(f"{name}: the audience `{result.renamed[0]}` is called `{result.renamed[1]}` now")
    settled = result.added or result.removed or result.rejected or result.pending
    if result.sent or settled:
        earlier = "" if result.sent else "nothing changed, nothing sent; of an earlier push: "
        say(f"{name}: {earlier}{result.added:,} added, {result.removed:,} removed" + _rest(result))
    elif result.error is None and result.renamed is None:
        say(f"{name}: nothing changed, nothing sent")


def result_json(result: Pushed) -> dict[str, object]:
    """A push as JSON values."""
    return {
        "segment": result.sync.segment,
        "destination": result.sync.destination,
        "plan": result.plan.as_json() if result.plan else None,
        "sent": result.sent,
        "added": result.added,
        "removed": result.removed,
        "rejected": result.rejected,
        "pending": result.pending,
        "recovered_uncertain": result.uncertain,
        "error": str(result.error) if result.error else None,
        "exit_code": result.exit_code,
    }


def _rest(result: Pushed) -> str:
    parts = ""
    if result.rejected:
        parts += f", {result.rejected:,} rejected (segsync rejects)"
    if result.pending:
        parts += f", {result.pending:,} pending: the platform has not answered for them yet, the next run asks again"
    return parts


def _span(span: timedelta | None) -> str:
    """How long, in the largest unit that divides it."""
    seconds = 0 if span is None else round(span.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            return f"{seconds // size:,} {unit}{'' if seconds == size else 's'}"
    return f"{seconds:,} s"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60):,} min"
