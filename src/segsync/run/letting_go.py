"""Forgetting an audience: it stays on the platform, if it is there, and is a stranger's from then on."""

from __future__ import annotations

from segsync.ledger import approvals, audiences, refusals
from segsync.ledger.audiences import Known
from segsync.run.recover import recover
from segsync.run.workspace import Workspace


def let_go(space: Workspace, known: Known) -> None:
    """Forget what an audience holds and that it was ours; a later sync of the same names starts anew.

    The platform's id goes last: until then, doing it again does the rest.
    """
    recover(space.ledger, space.warehouse, known.key, space.clock)  # what old receipts say is forgotten with the rest
    audiences.note(space.ledger, known.key, held=0)
    with space.warehouse.transaction() as con:
        for name in ("held", "was_held"):
            space.warehouse.delete(name, con.table(name).audience == known.key)
    refusals.forget(space.ledger, known.key)
    approvals.spend(space.ledger, known.key, space.clock.now())
    audiences.note(
        space.ledger,
        known.key,
        platform_id=None,
        ours=False,
        making=False,
        pushed_at=None,
        rule=None,
        baseline=None,
        verified_at=None,
        undone=None,
        named=None,
        renaming=None,
    )
