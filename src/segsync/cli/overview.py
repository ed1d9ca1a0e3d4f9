"""What `segsync status` tells: sources, syncs, runs, and what wants attention. From the ledger alone."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from typing import Any

from segsync.cli.output import say, table
from segsync.config import Config
from segsync.ledger import Ledger, audiences, erasures, runs

REFUSALS_SHOWN = timedelta(days=30)


def overview(config: Config, ledger: Ledger, now: datetime) -> dict[str, Any]:
    """The state of everything as JSON values; `attention` holds one sentence for each thing to look at."""
    reads, sizes = runs.last_reads(ledger), runs.last_sizes(ledger)
    known = {(k.segment, k.destination): k for k in audiences.every(ledger)}
    wanted = {(s.segment, s.destination) for segment in config.segments.values() for s in segment.to.values()}
    attention = [
        f"{source} could not be read: {read.error}"
        for (source, root), read in reads.items()
        if read.error and root == runs.WHOLE and source in config.sources
    ]
    sources = []
    for name in config.sources:
        last = runs.last_good_read(ledger, name)
        sources.append({"source": name, "last_read": _short(last), **sizes.get(name, {})})
        if last is None:
            attention.append(f"{name} was never read: segsync pull {name}")
        elif now - datetime.fromisoformat(last) > config.guards.max_stale:
            attention.append(f"{name} was last read to its end at {_short(last)}")
    syncs = [_sync(pair, known.get(pair)) for pair in sorted(wanted)]
    attention += [
        f"{pair[0]} → {pair[1]} left the config; its audience is left as it is: segsync retire {pair[0]} --to {pair[1]}"
        for pair in sorted(set(known) - wanted)
        if known[pair].platform_id
    ]
    past = runs.latest(ledger, 5)
    attention += [
        f"run {run['id']} (segsync {run['command']}) ended with exit code {run['exit_code']}: {run['summary']}"
        for run in past[:1]
        if run["exit_code"]
    ]
    attention += [
        f"run {run['id']} (segsync {run['command']}) was cut off; the next one finds out what it had sent"
        for run in past[:1]
        if run["ended_at"] is None and not _lives(run["pid"])
    ]
    attention += _erasures(ledger, now)
    return {"sources": sources, "syncs": syncs, "runs": [_run(run) for run in past], "attention": attention}


def _erasures(ledger: Ledger, now: datetime) -> list[str]:
    """A sentence for each erasure that is not through, or that a platform refused within the last 30 days."""
    told = []
    for each in erasures.every(ledger):
        errands = erasures.errands(ledger, each.id)
        count = {state: sum(errand.state == state for errand in errands) for state in ("pending", "refused")}
        more = f"segsync forget --receipt {each.id}"
        if each.sealed is not None:
            told.append(f"erasure {each.id} was cut off: the next pull, push or run goes on with it")
        elif count["pending"]:
            told.append(f"erasure {each.id} waits for platforms ({count['pending']} not answered): {more}, segsync run")
        if count["refused"] and now - each.asked_at < REFUSALS_SHOWN:
            told.append(f"erasure {each.id}: platforms refused {count['refused']} of what they were asked: {more}")
    return told


def show_overview(found: dict[str, Any]) -> None:
    """The same for a reader."""
    for title, empty in (("sources", "none"), ("syncs", "none"), ("runs", "none")):
        say(title)
        rows = found[title]
        if not rows:
            say(empty)
        else:
            names = list(dict.fromkeys(name for row in rows for name in row))
            right = [i for i, name in enumerate(names) if any(isinstance(row.get(name), int) for row in rows)]
            table(names, [[row.get(name) for name in names] for row in rows], right=right)
        say()
    say("nothing wants attention" if not found["attention"] else "wants attention")
    for text in found["attention"]:
        say(f"  {text}")


def _sync(pair: tuple[str, str], known: audiences.Known | None) -> dict[str, Any]:
    pushed = known.pushed_at.isoformat(timespec="minutes") if known and known.pushed_at else None
    return {
        "segment": pair[0],
        "destination": pair[1],
        "audience": known.name if known else None,
        "id": known.platform_id if known else None,
        "held": known.held if known else 0,
        "pushed": pushed,
    }


def _run(run: Any) -> dict[str, Any]:
    return {
        "run": run["id"],
        "command": run["command"],
        "started": _short(run["started_at"]),
        "ended": _short(run["ended_at"]),
        "exit": run["exit_code"],
        "summary": run["summary"] or ("is going on" if _lives(run["pid"]) else "was cut off"),
    }


def _lives(pid: int) -> bool:
    """Whether there is such a process, which is not this one; True where the system does not tell."""
    if pid == os.getpid():
        return False
    if sys.platform == "win32":  # where asking would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _short(text: str | None) -> str | None:
    return None if text is None else text[:16].replace("T", " ")
