"""The first row of each group, by row number: the one way that every engine has."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir


def first_of(rows: ir.Table, *group: str, order: Sequence[ir.Value]) -> ir.Table:
    """Of the rows that agree in `group`, the one that comes first. The order must leave no ties."""
    window = ibis.window(group_by=[rows[name] for name in group], order_by=list(order))
    numbered = rows.mutate(nth=ibis.row_number().over(window))
    return numbered.filter(numbered.nth == 0).drop("nth")
