"""The transactional store: cursors, runs, audiences, plans, batches, receipts, rejects, approvals and the lock."""

from segsync.ledger.store import Ledger, LedgerUnusable, instant, open_ledger, stamp

__all__ = ["Ledger", "LedgerUnusable", "instant", "open_ledger", "stamp"]
