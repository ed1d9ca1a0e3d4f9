"""Waiting so as not to be told to: one pacer serves every worker of one platform account."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from segsync.clock import Clock
from segsync.spec import Limit


class Pacer:
    """Keeps calls within the declared limits, and off a group of endpoints that the platform has closed for a while.

    Its windows slide, which is never looser than the platforms' fixed windows of the same length.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}
        self._closed_until: dict[str, float] = {}

    def wait(self, limits: Iterable[Limit]) -> None:
        """Return when one more call is allowed under each of `limits`, and count it."""
        wanted = tuple(limits)
        while True:
            with self._lock:
                now = self._clock.monotonic()
                nap = max((self._delay(limit, now) for limit in wanted), default=0.0)
                if nap <= 0:
                    for limit in wanted:
                        self._calls.setdefault(limit.name, deque()).append(now)
                    return
            self._clock.sleep(nap)

    def close(self, limits: Iterable[Limit], seconds: float) -> None:
        """Let nobody call these endpoints for so long: the platform asked for it."""
        with self._lock:
            until = self._clock.monotonic() + seconds
            for limit in limits:
                self._closed_until[limit.name] = max(until, self._closed_until.get(limit.name, until))

    def closed_for(self, limits: Iterable[Limit]) -> float:
        """The seconds for which the platform has closed one of these, 0 if none."""
        with self._lock:
            now = self._clock.monotonic()
            return max([0.0, *(self._closed_until.get(limit.name, now) - now for limit in limits)])

    def _delay(self, limit: Limit, now: float) -> float:
        calls = self._calls.setdefault(limit.name, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        waits = [self._closed_until.get(limit.name, now) - now]
        for allowed, window in ((limit.per_second, 1.0), (limit.per_minute, 60.0)):
            if len(calls) >= allowed:
                waits.append(calls[-allowed] + window - now)
        return max(waits)
