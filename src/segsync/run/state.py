"""Putting back what audiences hold, after the warehouse was lost."""

from __future__ import annotations

from segsync.clock import Clock
from segsync.config import Config
from segsync.errors import GuardStop
from segsync.ledger import Ledger, audiences, lock, runs
from segsync.run import fold
from segsync.run.workspace import Setting, forgotten
from segsync.warehouse import Warehouse


def restore(config: Config, ledger: Ledger, setting: Setting) -> dict[str, int]:
    """Make the warehouse anew with `held` from its latest copy, and let the next pull read every source whole.

    How many members each audience holds after it, by segment and destination. Raises GuardStop where there is no
    copy, or where the warehouse is there and needs none.
    """
    clock: Clock = setting.clock
    with lock.held(ledger, config.state_dir, command=setting.command, pid=setting.pid, clock=clock):
        copies = sorted((config.state_dir / "held").glob("held-*.parquet"))
        if not copies:
            raise GuardStop(f"there is no copy of what audiences hold in {config.state_dir}")
        warehouse = Warehouse.open(config.state_dir, clock=clock, store_id=ledger.store_id)
        if not forgotten(warehouse, ledger):
            raise GuardStop(f"{warehouse.path} knows what your audiences hold: there is nothing to restore")
        runs.forget_cursors(ledger)
        with warehouse.transaction() as con:
            warehouse.restore_held(copies[-1])
            held = con.table("held")  # what was pending then was answered since, or never will be
            warehouse.write("held", held.mutate(state=held.state.substitute({"pending": "uncertain"})))
        found = {}
        for known in audiences.every(ledger):
            count = fold.held_count(warehouse, known.key)
            audiences.note(ledger, known.key, held=count)
            found[f"{known.segment} → {known.destination}"] = count
        return found
