"""Klaviyo's rate limits: fixed windows of a second and a minute for each endpoint, shared by the whole account."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

from segsync.clock import Clock
from segsync_klaviyo.sandbox.answers import Complaint, Refused


@dataclass(frozen=True, slots=True)
class Tier:
    """How many calls a second, a minute and (0: no limit) a day."""

    burst: int
    steady: int
    daily: int = 0


XS = Tier(1, 15)
S = Tier(3, 60)
M = Tier(10, 150)
L = Tier(75, 750)


class Windows:
    """Counts calls by endpoint. Windows are aligned to the clock's zero, like every fixed window."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], tuple[int, int]] = {}  # endpoint and length to window and calls in it

    def count(self, endpoint: str, tier: Tier) -> dict[str, str]:
        """Count one call; the RateLimit-* headers of its answer. Raises Refused (429) where there were too many."""
        limits = [(1, tier.burst), (60, tier.steady), *([(86400, tier.daily)] if tier.daily else [])]
        with self._lock:
            now = self._clock.monotonic()
            for length, allowed in limits:
                if self._calls(endpoint, length, now) >= allowed:
                    raise _throttled(length - now % length)
            for length, _ in limits:
                calls = self._calls(endpoint, length, now)
                self._counts[endpoint, length] = (int(now // length), calls + 1)
            remaining = tier.steady - self._calls(endpoint, 60, now)
        return {
            "RateLimit-Limit": f"{tier.steady}, {tier.burst};w=1, {tier.steady};w=60",
            "RateLimit-Remaining": str(remaining),
            "RateLimit-Reset": str(math.ceil(60 - now % 60)),
        }

    def _calls(self, endpoint: str, length: int, now: float) -> int:
        window, calls = self._counts.get((endpoint, length), (-1, 0))
        return calls if window == int(now // length) else 0


def _throttled(seconds: float) -> Refused:
    wait = max(1, math.ceil(seconds))
    detail = f"Request was throttled. Expected available in {wait} second{'' if wait == 1 else 's'}."
    complaint = Complaint("throttled", "Request was throttled.", detail)
    return Refused(429, complaint, headers={"Retry-After": str(wait)})
