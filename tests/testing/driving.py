"""Running a suite by hand, to see which of its tests fail and what they say."""

from __future__ import annotations

from functools import cache
from typing import Any

from segsync.testing.suite import Suite


def collected(suite: type[Suite]) -> list[str]:
    """The names of the tests that pytest would collect."""
    return sorted(name for name in dir(suite) if name.startswith("test_") and callable(getattr(suite, name)))


@cache
def broken(suite: type[Suite], kind: type) -> dict[str, str]:
    """What fails where `kind` takes the place of a suite's own connector."""
    return failures(type("Broken", (suite,), {"kind": kind}))


def failures(suite: type[Suite]) -> dict[str, str]:
    """What each test that fails says, by its name."""
    found = {}
    for name in collected(suite):
        test: Any = suite()
        try:
            getattr(test, name)()
            test.teardown_method()
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found
