"""Opening the stores to look, not to write: several may look at once, also while a run is going."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segsync.cli.context import Common, tell_migrated
from segsync.errors import ConfigError, Problem

if TYPE_CHECKING:
    from segsync.config import Config
    from segsync.ledger import Ledger
    from segsync.warehouse import Warehouse


@contextmanager
def ledger_of(options: Common, config: Config) -> Iterator[Ledger]:
    """The ledger, which can be read while a run is going. Raises LedgerUnusable before the first pull."""
    from segsync.ledger import open_ledger
    from segsync.run.at_rest import must_be_private

    must_be_private(config.state_dir)
    ledger = open_ledger(config.state_dir, options.clock, new=False)
    try:
        yield ledger
    finally:
        ledger.close()


def warehouse_of(options: Common, config: Config, ledger: Ledger) -> Warehouse:
    """The warehouse, once something was computed in it. Raises ConfigError before that."""
    from segsync.warehouse import Warehouse
    from segsync.warehouse.store import FILE

    if (config.state_dir / FILE).exists():
        warehouse = Warehouse.open(config.state_dir, clock=options.clock, store_id=ledger.store_id)
        tell_migrated(warehouse)
        if warehouse.exists("traits"):
            return warehouse
    problem = Problem(str(config.state_dir), "nothing was computed here yet", "segsync pull, then segsync plan")
    raise ConfigError([problem], where="what was asked for")


def known_segment(config: Config, segment: str) -> None:
    """Raise ConfigError for a segment that the config does not have."""
    from segsync.run.whole import syncs_of

    if segment not in config.segments:
        syncs_of(config, segment)


def one_person(found: tuple[str, ...]) -> str:
    """The only person meant. Raises ConfigError for nobody, or several."""
    if len(found) == 1:
        return found[0]
    if not found:
        remedy = "give an e-mail, a phone such as +15005550006, a person key or SOURCE:CUSTOMER_ID"
        raise ConfigError([Problem("PERSON", "nobody is known by that", remedy)], where="what was asked for")
    remedy = "ask by a person key: " + ", ".join(found[:5])
    raise ConfigError([Problem("PERSON", f"{len(found)} people share that", remedy)], where="what was asked for")
