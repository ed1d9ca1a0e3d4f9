"""Copies of `held`: it is what receipts said, and nothing else can bring it back. Beside each lies a copy of
`identities`, without which nobody would know whom the person keys mean.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from segsync.streams import COMPUTED
from segsync.warehouse import duckdb


def export_held(con: Any, folder: Path, now: datetime, keep: int) -> Path:
    """Write `held` whole to a new file, then drop all but the newest `keep`. Returns its path.

    The identities are written first: a copy of `held` is never without those that belong to it.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    for table in ("identities", "held"):
        path = folder / f"{table}-{stamp}.parquet"
        unfinished = path.with_suffix(".new")
        duckdb.write_parquet(con, table, unfinished)
        unfinished.chmod(0o600)
        unfinished.replace(path)
        for old in sorted(folder.glob(f"{table}-*.parquet"))[:-keep]:
            old.unlink(missing_ok=True)
    return path


def identities_of(path: Path) -> Path:
    """The copy of `identities` that belongs to a copy of `held`."""
    return path.with_name(f"identities-{path.name.removeprefix('held-')}")


def read_copy(table: str, path: Path) -> pa.Table:
    """The rows of a table's copy. Raises WarehouseUnusable where it cannot be read, or is a copy of something else."""
    try:
        rows = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise duckdb.WarehouseUnusable(
            f"{path} is not a copy of `{table}` that can be read: {str(error).splitlines()[0]}"
        ) from error
    if set(rows.column_names) != set(COMPUTED[table]):
        raise duckdb.WarehouseUnusable(
            f"{path} is not a copy of `{table}`: its columns are others. Nothing was changed."
        )
    return rows
