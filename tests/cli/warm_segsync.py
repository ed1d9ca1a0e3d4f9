"""`segsync` as real processes that have their imports behind them: started hundreds of times, that is what costs.

Run as a script it forks one process for each line it reads. The process then waits for a line of its own, and runs the
command in it; so whoever means to kill it has its id in time.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path


class WarmSegsync:
    """Starts processes one after another, in a folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self._forker = subprocess.Popen(
                [sys.executable, "-u", __file__],
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
                bufsize=1,
            )

    def fork(self) -> int:
        """The id of a process that waits for its command."""
        self._say("fork")
        return int(self._hear())

    def run(self, command: str) -> int:
        """Let it run `segsync COMMAND`; its exit code, or minus the signal that ended it."""
        self._say(command)
        return os.waitstatus_to_exitcode(int(self._hear()))

    def close(self) -> None:
        self._forker.communicate()

    def _say(self, line: str) -> None:
        assert self._forker.stdin is not None
        self._forker.stdin.write(line + "\n")

    def _hear(self) -> str:
        assert self._forker.stdout is not None
        line = self._forker.stdout.readline()
        assert line, self.log.read_text("utf-8")
        return line


def _line() -> str:
    """The next line of the standard input; nothing beyond it is taken from the pipe, which parent and child share."""
    found = bytearray()
    while not found.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return ""
        found += byte
    return found.decode().rstrip("\n")


def _serve() -> None:
    from segsync.cli import main

    for name in ("segsync.cli.plans", "segsync.run.whole", "segsync_files", "segsync_klaviyo", "segsync_shopify"):
        import_module(name)
    while _line():
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)
            try:
                main(shlex.split(_line()))
            except SystemExit as end:
                os._exit(int(end.code or 0))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")


if __name__ == "__main__":
    _serve()
