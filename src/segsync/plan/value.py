"""A plan: what a push would do, as a value that can be printed, saved, approved and held against the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from segsync.ledger.audiences import Known
from segsync.model import Action, Estimate, Purpose
from segsync.plan.guards import Stop


@dataclass(frozen=True, slots=True)
class Cut:
    """One batch of a plan before it is recorded: its number in the outbox, and its members counted."""

    number: int
    phase: int
    action: Action
    size: int


@dataclass(frozen=True, slots=True)
class RuleChange:
    """The rule as it was when the audience was last pushed, and as it is."""

    before: str
    after: str
    pushed_at: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The diff's result for one sync.

    `id` names the outbox rows, the audience and the mode, not the time: an equal world gives an equal id.
    `counts` holds add, refresh, remove, moved, unchanged, pending, uncertain, refused, leaving, strangers and held; of
    the removes, `suppressed` are forced, and `withdrawn` those of people whose consent is gone. `stops` are the guards
    that object and that no approval covers; `approved` those that one does.
    """

    id: str
    segment: str
    destination: str
    audience: str
    known: Known
    counts: Mapping[str, int]
    members: int
    not_deliverable: Mapping[str, int]
    cuts: Sequence[Cut]
    estimate: Estimate
    new_profiles: int | None = None  # at most so many, where the destination makes profiles
    stops: Sequence[Stop] = ()
    approved: Sequence[Stop] = ()
    rule_change: RuleChange | None = None
    exists: bool = True  # the audience, on the platform
    purpose: Purpose = Purpose.TARGET
    leave_after: timedelta | None = None
    renamed: tuple[str, str] | None = None  # the audience's old name and its new one
    name_kept: str = ""  # why the audience's name is not the config's
    approved_by: str = ""  # the command that takes --approve, where it is not a push
    uncovered: int = 0  # people who opted out and leave an audience that keeps them from seeing ads

    @property
    def command(self) -> str:
        """What takes `--approve` of this plan, after `segsync`."""
        return self.approved_by or f"push {self.segment} --to {self.destination}"

    @property
    def writes(self) -> bool:
        """Is there anything to send?"""
        return bool(self.cuts)

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values, for `--json` and `--out`."""
        return {
            "plan": self.id,
            "segment": self.segment,
            "destination": self.destination,
            "audience": self.audience,
            "audience_exists": self.exists,
            "renamed": list(self.renamed) if self.renamed else None,
            "purpose": self.purpose.value,
            "members": self.members,
            "counts": dict(self.counts),
            "not_deliverable": dict(self.not_deliverable),
            "opted_out_and_uncovered": self.uncovered,
            "requests": self.estimate.requests,
            "seconds": round(self.estimate.seconds, 1),
            "new_profiles_at_most": self.new_profiles,
            "stops": [asdict(stop) for stop in self.stops],
            "approved": [asdict(stop) for stop in self.approved],
            "rule_change": asdict(self.rule_change) if self.rule_change else None,
        }
