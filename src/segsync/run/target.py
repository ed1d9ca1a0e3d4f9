"""What a push is aimed at."""

from __future__ import annotations

from dataclasses import dataclass

from segsync.config import Sync
from segsync.ledger.audiences import Known
from segsync.model import Audience, AudienceRef
from segsync.spec import Writes
from segsync.wrappers import Wrapped


@dataclass(frozen=True, slots=True)
class Target:
    """A sync with its destination at hand and its audience as the platform has it (None where it has none yet)."""

    sync: Sync
    destination: Wrapped
    writes: Writes
    known: Known
    wanted: Audience
    found: AudienceRef | None
