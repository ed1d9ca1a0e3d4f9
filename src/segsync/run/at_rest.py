"""The state folder while nothing runs: nobody else may read it, and nothing half-written stays in it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from segsync.errors import ConfigError, Problem

SCRATCH = "scratch"  # temporary files of connectors
SPILL = "tmp"  # what the warehouse's engine puts down where memory is short
UNFINISHED = ".new"  # how a file that is being made ends, until it is whole and moved into its place
IGNORED = ".gitignore"  # says nothing of anybody
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def must_be_private(folder: Path) -> None:
    """Raise ConfigError where others than its owner may read the state folder, or a file of it.

    Windows keeps rights otherwise, and is not asked.
    """
    if os.name == "nt" or not folder.is_dir():
        return
    for path in (folder, *_files(folder)):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS and path.name != IGNORED:
            found = f"others on this machine may use it (its mode is {mode:04o}), and your customers are in it"
            problem = Problem(str(path), found, f"chmod -R go-rwx '{folder}'")
            raise ConfigError([problem], where="the state folder")


def sweep(folder: Path) -> None:
    """Take away what a killed run left: temporary files, and those that never became whole. The caller has the lock."""
    for name in (SCRATCH, SPILL):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in _files(folder):
        if path.suffix == UNFINISHED or path.name.endswith(f"{UNFINISHED}.wal"):
            path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    """The files of the folder, and of those below it that belong to its state; not another environment's."""
    yield from sorted(path for path in folder.iterdir() if path.is_file())
    for name in ("held", "receipts"):
        if (folder / name).is_dir():
            yield folder / name
            yield from sorted(path for path in (folder / name).iterdir() if path.is_file())
