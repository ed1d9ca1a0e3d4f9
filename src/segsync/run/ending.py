"""Every run says how it ended, also when it ended badly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from segsync.errors import SegsyncError
from segsync.ledger import runs
from segsync.run.workspace import Workspace

STOPPED = 130  # what shells, and the command line's framework, make of Ctrl-C
EXIT_BUG = 70


@contextmanager
def ending(space: Workspace) -> Iterator[Callable[[int, str], int]]:
    """Note the run's end by calling what is yielded with its exit code and one sentence; an error notes itself.

    A run without an end was killed: nothing else leaves it open.
    """

    def end(code: int, summary: str) -> int:
        runs.end(space.ledger, space.run_id, at=space.clock.now(), exit_code=code, summary=summary)
        return code

    try:
        yield end
    except SegsyncError as error:
        end(error.exit_code, str(error).splitlines()[0])
        raise
    except KeyboardInterrupt:
        end(STOPPED, "stopped with Ctrl-C")
        raise
    except Exception as error:
        end(EXIT_BUG, f"a bug in segsync: {type(error).__name__}")
        raise
