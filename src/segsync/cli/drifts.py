"""How drift reads at a terminal."""

from __future__ import annotations

from segsync.cli.output import say
from segsync.redact import mask_email
from segsync.run.drift import Drift, Repaired

SHOWN = 10


def drift_json(found: Drift, repaired: Repaired | None) -> dict[str, object]:
    """Drift as JSON values; strangers are counted, not named."""
    told: dict[str, object] = {
        "destination": found.sync.destination,
        "present": found.present,
        "held": found.held,
        "open": found.open,
        "missing": list(found.missing),
        "strangers": len(found.strangers),
    }
    return told if repaired is None else told | {"repaired": repaired.uncertain, "live": list(repaired.live)}


def show_drift(found: Drift, repaired: Repaired | None) -> None:
    """Who is missing and who is a stranger, and what becomes of them."""
    segment, destination = found.sync.segment, found.sync.destination
    say(f"{segment} → {destination}: {found.present:,} there, {found.held:,} held, {found.open:,} not settled yet")
    if found.none:
        say("  no drift")
    if found.emptied:
        say(f"  the audience is empty: somebody emptied it at {destination}, or deleted its people there")
    if found.missing:
        say(f"  {len(found.missing):,} held and not there: {', '.join(found.missing[:SHOWN])}")
        if repaired is None:
            say(f"    to add again those who belong: segsync drift {segment} --to {destination} --repair")
            if found.emptied:
                say(f"    to part with it: remove [segments.{segment}.to.{destination}], then segsync retire {segment}")
    if found.strangers:
        shown = [next((mask_email(e) for e in s.identifiers.emails), s.platform_id) for s in found.strangers[:SHOWN]]
        say(f"  {len(found.strangers):,} there and not put there by segsync: {', '.join(shown)}")
        say("    the next push removes them (owned = true)" if found.sync.owned else "    they stay (owned = false)")
    if repaired is not None and repaired.uncertain:
        say(f"  {repaired.uncertain:,} are uncertain now: the next push adds those of them who still belong there")
        if repaired.live:
            say(f"  who joins again sets off what is live there: {', '.join(repaired.live)}")
        say(f"  see it first: segsync plan {segment} --to {destination}")
