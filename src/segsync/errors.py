"""What can go wrong, arranged by who must act.

SegsyncError
├── ConfigError     the user edits segsync.toml             exit 2
├── AuthError       the user renews a credential            exit 3
├── Unavailable     segsync waits and tries again           exit 4, once it gives up
├── GuardStop       the user reads the plan and approves    exit 5
│   └── AudienceMissing   the audience is gone on the platform
├── StoreBusy       the user waits for the other run        exit 7
└── ConnectorBug    the connector broke its contract        exit 70

Exit codes: 0 done · 2 config · 3 credential or permission · 4 platform unavailable · 5 guard stopped a plan ·
6 done, with rejects that are new or too many · 7 another run holds the store · 70 a bug.
Where several apply the gravest wins: 70, 3, 4, 5, 6.

A member that the platform refuses is not an exception: it is a Reject in a Receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_REJECTS = 6
GRAVEST_FIRST = (70, 2, 3, 4, 5, 7, 6, 0)


def gravest(codes: Iterable[int]) -> int:
    """The one exit code that stands for several; 0 for none."""
    return min(codes, key=GRAVEST_FIRST.index, default=EXIT_DONE)


class SegsyncError(Exception):
    """Anything segsync can explain. `str()` is written for the user and holds no secret and no whole email."""

    exit_code = 70


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where it stands, what was found there, and what to type instead."""

    place: str
    found: str
    remedy: str = ""
    line: int | None = None

    def __str__(self) -> str:
        at = f" (line {self.line})" if self.line is not None else ""
        tail = "".join(f"\n      {text}" for text in self.remedy.splitlines())
        return f"  {self.place}{at}: {self.found}{tail}"


class ConfigError(SegsyncError):
    """The user must edit something. Carries every problem that was found, not the first."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], *, where: str = "the configuration") -> None:
        self.problems = tuple(problems)
        self.where = where
        count = len(self.problems)
        head = f"{count} problem{'' if count == 1 else 's'} in {where}"
        super().__init__("\n".join([head, "", *map(str, self.problems)]))


class AuthError(SegsyncError):
    """The platform refuses the credential, or the credential may not do this."""

    exit_code = 3


class Unavailable(SegsyncError):
    """The platform did not answer usefully; the same call may succeed later.

    `retry_after` is the wait in seconds that the platform asked for, if it did.
    """

    exit_code = 4

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class GuardStop(SegsyncError):
    """Something looks like an accident. Nothing was sent; the message says how to go on either way."""

    exit_code = 5


class AudienceMissing(GuardStop):
    """The platform no longer has an audience that segsync pushed to. It is never recreated in silence."""


class StoreBusy(SegsyncError):
    """Another process is writing to the same store."""

    exit_code = 7


class ConnectorBug(SegsyncError):
    """A connector (ours or a stranger's) broke the contract. The message names the connector and the promise."""

    exit_code = 70
