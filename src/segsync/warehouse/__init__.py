"""The analytic store: landed records, and what is computed from them. One DuckDB file, spoken to through Ibis."""

from __future__ import annotations

from segsync.warehouse.landing import Landed, Landing
from segsync.warehouse.store import Warehouse

__all__ = ["Landed", "Landing", "Warehouse"]
