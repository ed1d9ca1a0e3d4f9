"""The command line. Only this package catches errors, prints and exits."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from segsync.clock import Clock, system_clock
from segsync.errors import SegsyncError

# Options of every command: they may stand before or after its name.
_TAKING_A_VALUE = ("--config", "--env", "--as-of", "--trace")
_FLAGS = ("--json", "--trace-bodies")


def main(argv: Sequence[str] | None = None, *, clock: Clock | None = None) -> None:
    """Run `segsync ARGS` and exit with a code of errors.py; by the machine's clock unless another is given.

    A traceback is shown only when asked for.
    """
    from segsync.cli.app import app
    from segsync.cli.context import Process

    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter must not end a push
    try:
        app(hoisted(arguments), prog_name="segsync", obj=Process(tuple(arguments), clock or system_clock()))
    except SegsyncError as error:
        _complain(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        sys.exit(_unexpected(error))


def hoisted(arguments: list[str]) -> list[str]:
    """The arguments with the options of every command in front; nothing after `--` is touched."""
    front: list[str] = []
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        if argument == "--":
            rest += [argument, *pending]
        elif argument in _TAKING_A_VALUE:
            value = next(pending, None)
            front += [argument] if value is None else [argument, value]
        elif argument in _FLAGS or argument.startswith(tuple(f"{name}=" for name in _TAKING_A_VALUE)):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest


def _unexpected(error: Exception) -> int:
    if os.environ.get("SEGSYNC_TRACEBACK"):
        import traceback

        traceback.print_exc()
    _complain(
        f"a bug in segsync: {type(error).__name__}. What was sent is accounted for.\n"
        "  To see where: set SEGSYNC_TRACEBACK=1 and run it again (it may show data of your shop)."
    )
    return 70


def _complain(text: str) -> None:
    sys.stderr.write(f"segsync: {text}\n")
