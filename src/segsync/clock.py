"""Time and chance, handed in: nothing else in segsync reads a clock, sleeps or draws a random number."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """What a run may know of time: the instant (UTC), a stopwatch and naps in seconds, and a draw from [0, 1)."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[], float]


def system_clock() -> Clock:
    """The machine's own clock. Only the command line and the sandbox's server ask for it."""
    return Clock(
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=time.sleep,
        random=random.SystemRandom().random,
    )
