"""Everything a run works with, opened once: the stores, and connectors with their secrets and their door outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segsync import plugins, secrets
from segsync.clock import Clock
from segsync.config import Config, Section
from segsync.contract import Destination, Kit, Source
from segsync.errors import ConfigError, GuardStop, Problem
from segsync.ledger import Ledger, audiences, erasures, lock, open_ledger, runs
from segsync.ledger.audiences import Known
from segsync.pace import Pacer
from segsync.rules import AsOf
from segsync.run import at_rest
from segsync.warehouse import Warehouse
from segsync.warehouse.store import FILE
from segsync.wrappers import Wrapped, wrapped

if TYPE_CHECKING:
    from segsync.http import Session
    from segsync.redact import Trace


@dataclass(frozen=True, slots=True)
class Setting:
    """What the outside hands to a run: time, the environment, this process, and the trace, which it also closes."""

    clock: Clock
    environ: Mapping[str, str]
    pid: int
    command: str
    trace: Trace | None = None


@dataclass(slots=True)
class Workspace:
    """The opened stores and connectors of one run."""

    config: Config
    setting: Setting
    ledger: Ledger
    warehouse: Warehouse
    run_id: int
    as_of: AsOf
    _pacers: dict[str, Pacer] = field(default_factory=dict)
    _destinations: dict[tuple[str, bool], Wrapped] = field(default_factory=dict)

    @property
    def clock(self) -> Clock:
        return self.setting.clock

    def destination(self, name: str, *, dry_run: bool = False) -> Wrapped:
        """A destination behind its wrappers; the same one each time."""
        key = (name, dry_run)
        if key not in self._destinations:
            section = self.config.destinations[name]
            made = make_destination(self.config, section, self.setting, self._pacers)
            self._destinations[key] = wrapped(made, section.spec, dry_run=dry_run, clock=self.clock)
        return self._destinations[key]

    @contextmanager
    def source(self, name: str) -> Iterator[Source]:
        """A source, closed at the end."""
        made = make_source(self.config, self.config.sources[name], self.setting, self._pacers)
        try:
            yield made
        finally:
            made.close()

    def close(self) -> None:
        """Close every destination, also where closing another one failed."""
        with ExitStack() as closing:
            for destination in self._destinations.values():
                closing.callback(destination.close)
            self._destinations.clear()


@contextmanager
def open_workspace(
    config: Config, setting: Setting, *, as_of: datetime | None = None, wait: float = 0.0
) -> Iterator[Workspace]:
    """Open the stores for writing, as the only process that does, and note that a run began.

    Raises StoreBusy where another run holds them, ConfigError where others may read them, GuardStop where warehouse and
    ledger do not belong together.
    """
    clock, folder = setting.clock, config.state_dir
    at_rest.must_be_private(folder)
    ledger = open_ledger(folder, clock)
    try:
        with lock.held(ledger, folder, command=setting.command, pid=setting.pid, clock=clock, wait=wait):
            at_rest.sweep(folder)
            if setting.trace is not None and setting.trace.bodies:
                erasures.note_file(ledger, str(setting.trace.path.absolute()), "trace", clock.now())
            warehouse = open_warehouse(config, ledger, clock)
            instant = as_of or clock.now()
            run_id = runs.start(ledger, command=setting.command, pid=setting.pid, at=clock.now(), as_of=instant)
            zone = AsOf(instant, ZoneInfo(config.shop.timezone))
            workspace = Workspace(config, setting, ledger, warehouse, run_id, zone)
            try:
                yield workspace
            finally:
                workspace.close()
    finally:
        ledger.close()


def open_warehouse(config: Config, ledger: Ledger, clock: Clock) -> Warehouse:
    """The warehouse that belongs to this ledger.

    Raises GuardStop where it is gone or another one's while the ledger remembers audiences that hold people.
    """
    if not (config.state_dir / FILE).exists():
        runs.forget_cursors(ledger)  # what was read up to them is gone
    warehouse = Warehouse.open(
        config.state_dir, clock=clock, store_id=ledger.store_id, memory_limit=config.warehouse.memory_limit
    )
    lost = sum(known.held for known in forgotten(warehouse, ledger))
    if lost:
        raise GuardStop(
            f"the warehouse in {config.state_dir} is gone, and with it what your audiences hold ({lost:,} "
            "members by the ledger). Nothing was sent.\n"
            "  Put warehouse.duckdb back, or restore what is held from its latest copy: segsync state restore"
        )
    return warehouse


def forgotten(warehouse: Warehouse, ledger: Ledger) -> list[Known]:
    """The audiences that hold people by the ledger, and of which the warehouse knows nothing, not even who left."""
    remembered = [known for known in audiences.every(ledger) if known.held]
    if not remembered:
        return []
    with warehouse.reading() as con:
        there = set(con.table("held").select("audience").distinct().to_pyarrow()["audience"].to_pylist())
    return [known for known in remembered if known.key not in there]


def make_source(config: Config, section: Section, setting: Setting, pacers: dict[str, Pacer]) -> Source:
    """The source of a section of the config, ready to be read."""
    maker = plugins.load(section.connector).source
    if maker is None:
        raise ConfigError([Problem(f"sources.{section.name}", f"`{section.connector}` cannot be read from")])
    return maker(_kit(config, section, setting, pacers))


def make_destination(config: Config, section: Section, setting: Setting, pacers: dict[str, Pacer]) -> Destination:
    """The destination of a section of the config, not wrapped yet."""
    maker = plugins.load(section.connector).destination
    if maker is None:
        raise ConfigError([Problem(f"destinations.{section.name}", f"`{section.connector}` cannot be written to")])
    return maker(_kit(config, section, setting, pacers))


def _kit(config: Config, section: Section, setting: Setting, pacers: dict[str, Pacer]) -> Kit:
    found = secrets.resolve(
        section.name, section.spec.secrets, section.secret_references, environ=setting.environ, home=config.home
    )
    if setting.trace is not None:
        setting.trace.hide(found.values())
    session = _session(section.name, setting, pacers)
    return Kit(
        section.name, section.options, found, session, setting.clock, config.home, config.state_dir / at_rest.SCRATCH
    )


def _session(name: str, setting: Setting, pacers: dict[str, Pacer]) -> Session:
    from segsync.http import Session

    pacer = pacers.setdefault(name, Pacer(setting.clock))
    return Session(name, clock=setting.clock, pacer=pacer, trace=setting.trace)
