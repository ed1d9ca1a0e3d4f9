"""Klaviyo's rate limits as data, one per endpoint, and what a push costs under them.

Source: `x-klaviyo-ratelimit` of each operation in Klaviyo's OpenAPI document, revision 2026-07-15 (tiers S, M, L).
They count per account, over all of its private keys.
"""

from __future__ import annotations

import math
from typing import Final

from segsync.model import Estimate
from segsync.spec import Limit

LISTS: Final = Limit("GET lists", 75, 750)
LIST: Final = Limit("GET list", 75, 750)
LIST_CREATE: Final = Limit("POST lists", 10, 150)  # and 150 a day
LIST_RENAME: Final = Limit("PATCH list", 10, 150)
LIST_DELETE: Final = Limit("DELETE list", 10, 150)
LIST_PROFILES: Final = Limit("GET list profiles", 75, 750)
LIST_ADD: Final = Limit("POST list profiles", 10, 150)
LIST_REMOVE: Final = Limit("DELETE list profiles", 10, 150)
LIST_FLOWS: Final = Limit("GET list flow-triggers", 3, 60)
FLOWS: Final = Limit("GET flows", 3, 60)
PROFILES: Final = Limit("GET profiles", 75, 750)
PROFILE_IMPORT: Final = Limit("POST profile-import", 75, 750)
JOBS: Final = Limit("GET import jobs", 10, 150)
JOB_CREATE: Final = Limit("POST import jobs", 10, 150)
JOB: Final = Limit("GET import job", 10, 150)
JOB_ERRORS: Final = Limit("GET import job errors", 10, 150)
JOB_PROFILES: Final = Limit("GET import job profiles", 10, 150)
FORGET: Final = Limit("POST data-privacy-deletion-jobs", 3, 60)

ALL: Final = (
    LISTS,
    LIST,
    LIST_CREATE,
    LIST_RENAME,
    LIST_DELETE,
    LIST_PROFILES,
    LIST_ADD,
    LIST_REMOVE,
    LIST_FLOWS,
    FLOWS,
    PROFILES,
    PROFILE_IMPORT,
    JOBS,
    JOB_CREATE,
    JOB,
    JOB_ERRORS,
    JOB_PROFILES,
    FORGET,
)

MAX_BATCH: Final = 10_000  # profiles in one bulk import
SINGLY: Final = 30  # up to so many profiles are sent one by one: a bulk import has a fixed cost
PER_RELATIONSHIP: Final = 1_000  # profile ids in one call that adds to or removes from a list
PER_LOOKUP: Final = 100  # values of one any() filter, and profiles of one page
POLLS: Final = 4  # how often a bulk import is asked about until it is through, as a guess


def estimate(adds: int, removes: int) -> Estimate:
    """The requests of a push of so many adds and removes, if nothing goes wrong and no removal has a known id."""
    full, rest = divmod(adds, MAX_BATCH)
    imports = full + (rest > SINGLY)
    singles = rest if rest <= SINGLY else 0
    calls = {
        JOB_CREATE: imports,
        JOB: imports * POLLS,
        PROFILE_IMPORT: singles,
        LIST_ADD: math.ceil(singles / PER_RELATIONSHIP),
        PROFILES: math.ceil(removes / PER_LOOKUP),
        LIST_REMOVE: math.ceil(removes / PER_RELATIONSHIP),
    }
    return Estimate(sum(calls.values()), sum(_seconds(count, limit) for limit, count in calls.items()))


def _seconds(calls: int, limit: Limit) -> float:
    """How long the limit's windows keep the last of so many calls waiting."""
    if calls <= 0:
        return 0.0
    minutes, rest = divmod(calls - 1, limit.per_minute)
    return 60.0 * minutes + rest // limit.per_second
