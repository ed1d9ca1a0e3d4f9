"""Faults on demand, as values: which requests one hits, and what it does to them.

Written as JSON (what `POST /<connector>/__faults` takes is a list of these):

    {"method": "POST", "path": "^/api/lists$", "at": 2, "times": 1, ...}   which requests: all keys optional
    {"status": 503, "headers": {"Retry-After": "1"}, "body": "…"}          answer this
    {"html": 403}                                                          answer a page of HTML with this status
    {"drop": true}                                                         break the connection without an answer
    {"slow": 2.5}                                                          answer properly, so many seconds later
    {"truncate": 20, "honest": false}                                      send only so many bytes of the body
    {"kill": 4711}                                                         SIGKILL this process, then as `drop`

`"when": "before"` (the default) strikes before the request is applied, `"after"` once it was. `truncate` always
strikes after; with `"honest": true` its Content-Length says what is sent, otherwise what should have been.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

When = Literal["before", "after"]
ACTIONS = ("status", "html", "drop", "slow", "truncate", "kill")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. It hits `times` requests in a row (0: for ever), from the `at`-th on that match since it was set.

    `path` is a regular expression searched in the path below the connector's mount. Exactly one action is given.
    Raises ValueError otherwise, or for a process that must not be killed.
    """

    method: str | None = None
    path: str | None = None
    at: int = 1
    times: int = 1
    when: When = "before"
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    html: int | None = None
    drop: bool = False
    slow: float | None = None
    truncate: int | None = None
    honest: bool = False
    kill: int | None = None

    def __post_init__(self) -> None:
        given = [name for name in ACTIONS if getattr(self, name) not in (None, False)]
        if len(given) != 1:
            raise ValueError(f"a fault does exactly one of {', '.join(ACTIONS)}; this one does {given or 'nothing'}")
        if self.when not in ("before", "after"):
            raise ValueError(f"`when` is before or after, not {self.when!r}")
        if self.at < 1 or self.times < 0:
            raise ValueError("`at` counts from 1, and `times` from 0 (for ever)")
        if self.kill is not None and self.kill <= 1:
            raise ValueError("`kill` takes the id of one process, above 1")
        re.compile(self.path or "")

    @property
    def action(self) -> str:
        """The name of what it does, for the log of requests."""
        return next(name for name in ACTIONS if getattr(self, name) not in (None, False))

    def matches(self, method: str, path: str) -> bool:
        """Is this a request that it counts?"""
        return (self.method is None or self.method.upper() == method) and (
            self.path is None or re.search(self.path, path) is not None
        )

    def strikes(self, count: int) -> bool:
        """Does it hit the `count`-th request that matched?"""
        return count >= self.at and (self.times == 0 or count < self.at + self.times)


def fault_from_json(value: Any) -> Fault:
    """A fault as POSTed. Raises ValueError naming what is wrong with it."""
    if not isinstance(value, Mapping):
        raise ValueError("a fault is a JSON object")
    known = {f.name for f in fields(Fault)}
    unknown = sorted(set(value) - known)
    if unknown:
        raise ValueError(f"a fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    try:
        return Fault(**value)
    except (TypeError, re.error) as error:
        raise ValueError(f"a fault cannot be {dict(value)}: {error}") from error


def fault_to_json(fault: Fault) -> dict[str, Any]:
    """The same object back, without what stands at its default."""
    default = Fault(drop=True)
    out = {f.name: getattr(fault, f.name) for f in fields(Fault)}
    plain = {name: value for name, value in out.items() if value != getattr(default, name) or name == fault.action}
    return {
        name: dict(value) if name == "headers" else value for name, value in plain.items() if name != "drop" or value
    }
