"""People, traits and ten segments of one shop, three ways: segsync, DuckDB SQL by hand, pandas. Alternating runs.

Every run starts from a fresh copy of the same stored data, in a process of its own. The three must come to the same
people, identifiers, traits and members (`same.py`), or there is no figure.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import Taken, measured, median, table

COMPETITORS = {"segsync": "bench.by_segsync", "DuckDB SQL by hand": "bench.by_hand", "pandas": "bench.by_pandas"}
FILES = ("warehouse.duckdb", "customers.parquet", "addresses.parquet", "orders.parquet", "order_lines.parquet")


def run(*, people: int, orders: int, runs: int) -> str:
    """What came of it, as text."""
    with tempfile.TemporaryDirectory(prefix="segsync-bench-") as temporary:
        home = Path(temporary)
        drawn = _python("bench.shop", str(home), str(people), str(orders))
        taken: dict[str, list[Taken]] = {name: [] for name in COMPETITORS}
        for turn in range(runs):
            names = list(COMPETITORS)
            for name in names[turn % 3 :] + names[: turn % 3]:
                taken[name].append(measured(COMPETITORS[name], str(_copy(home, name))))
        members = _python("bench.same", *[str(home / name) for name in COMPETITORS])
    return _told(drawn, members, {name: median(each) for name, each in taken.items()}, runs)


def _copy(home: Path, name: str) -> Path:
    """A competitor's folder as it was before its first run."""
    folder = home / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in FILES:
        if name == "pandas" or file.endswith(".duckdb"):
            shutil.copyfile(home / file, folder / file)
    return folder


def _python(module: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.strip()


def _told(drawn: str, members: str, found: dict[str, Taken], runs: int) -> str:
    ours, sql, pandas = found.values()
    return "\n".join(
        [
            f"People, traits and ten segments (medians of {runs} runs, alternating)",
            f"  landed rows: {drawn}",
            f"  members, the same for all three: {members}",
            "",
            table(found),
            "",
            f"  segsync takes {ours.job / sql.job:.2f} × the seconds of SQL by hand "
            f"({ours.cpu / sql.cpu:.2f} × its processor time); the aim is at most 1.5",
            f"  segsync is {pandas.job / ours.job:.2f} × as fast as pandas "
            f"({pandas.cpu / ours.cpu:.2f} × by processor time); the aim is at least 5",
            f"  segsync takes {ours.memory / pandas.memory:.2f} of the memory of pandas; the aim is at most 0.33",
        ]
    )
