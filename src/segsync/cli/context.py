"""What every command starts from: the options of every command, the config, and the world it runs in."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from segsync.clock import Clock
from segsync.errors import ConfigError, Problem

if TYPE_CHECKING:
    from segsync.config import Config
    from segsync.redact import Trace
    from segsync.run.workspace import Setting
    from segsync.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Process:
    """How this process was called, and the clock that it runs by."""

    arguments: tuple[str, ...]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Common:
    """What every command is given: its process, and the options of every command."""

    process: Process
    config: Path | None = None
    env: str | None = None
    as_of: str | None = None
    trace: Trace | None = None
    json: bool = False

    @property
    def clock(self) -> Clock:
        return self.process.clock

    @property
    def found(self) -> Path:
        """The config's path. Raises ConfigError where there is none."""
        from segsync.config import find

        return find(self.config, os.environ, Path.cwd())

    def load(self) -> Config:
        """The config. Raises ConfigError with all of its problems."""
        from segsync.config import load

        return load(self.found, environ=os.environ, environment_name=self.env)

    def setting(self) -> Setting:
        """This process, as a run needs to know it."""
        from segsync.run.workspace import Setting

        return Setting(self.clock, os.environ, os.getpid(), shlex.join(self.process.arguments), self.trace)

    def instant(self, config: Config) -> datetime | None:
        """`--as-of` as an instant, UTC; a day means its end in the shop's zone. Raises ConfigError for other text."""
        if self.as_of is None:
            return None
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(config.shop.timezone)
        try:
            found = datetime.fromisoformat(self.as_of)
        except ValueError:
            problem = Problem("--as-of", f"`{self.as_of}` is no date", "type 2026-11-23, or 2026-11-23T07:00:00")
            raise ConfigError([problem], where="the command line") from None
        if len(self.as_of) == len("2026-11-23"):
            found = datetime.combine(found.date(), time.max)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


@contextmanager
def tracing(path: Path | None, clock: Clock, *, bodies: bool) -> Iterator[Trace | None]:
    """The trace of this command, closed at its end; says so if it could not be written whole.

    Raises ConfigError where the file cannot be written at all.
    """
    if path is None:
        yield None
        return
    from segsync.redact import Trace

    trace = Trace(path, clock, bodies=bodies)
    try:
        yield trace
    finally:
        trace.close()
        if trace.broken is not None:
            typer.echo(f"segsync: the trace {path} is not whole: {trace.broken}", err=True)


def tell_migrated(warehouse: Warehouse) -> None:
    """Say so where this command brought the warehouse's file up to date."""
    if warehouse.migrated is not None:
        place = f"as it was, it lies in {warehouse.migrated}"
        typer.echo(f"segsync: the warehouse was brought up to date for this version; {place}", err=True)


def common(ctx: typer.Context) -> Common:
    """The options that stand before (or after) every command."""
    found = ctx.find_object(Common)
    assert found is not None, "the app's callback makes it"
    return found
