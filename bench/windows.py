"""Ten and fifty windowed segments, by segsync and by hand-written DuckDB SQL, over shops of two sizes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from bench.measure import Taken, measured, median, table

MANY = (10, 50)


def run(*, people: int, runs: int) -> str:
    """What came of it, as text: for a tenth of the people, and for all of them."""
    return "\n\n".join(_sized(size, runs) for size in (people // 10, people))


def _sized(people: int, runs: int) -> str:
    with tempfile.TemporaryDirectory(prefix="segsync-bench-") as name:
        home = Path(name)
        command = [sys.executable, "-m", "bench.windows_prepare", name, str(people), str(5 * people)]
        drawn = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
        return "\n\n".join([f"Windowed segments over {drawn}", *(_counted(home, count, runs) for count in MANY)])


def _counted(home: Path, count: int, runs: int) -> str:
    ours: list[Taken] = []
    hand: list[Taken] = []
    for turn in range(runs):
        for mine in (turn % 2 == 0, turn % 2 == 1):
            side, module = (ours, "bench.windows_by_segsync") if mine else (hand, "bench.windows_by_hand")
            side.append(measured(module, str(home), str(count)))
    members = _same(home)
    one, other = median(ours), median(hand)
    return "\n".join(
        [
            f"{count} segments, {members:,} memberships, the same on both sides (medians of {runs} runs, alternating)",
            "",
            table({"segsync": one, "DuckDB SQL by hand": other}),
            "",
            f"  segsync takes {one.job / other.job:.2f} × the seconds ({one.cpu / other.cpu:.2f} × the processor "
            "time); the aim is at most 1.5",
        ]
    )


def _same(home: Path) -> int:
    """How many memberships there are, once both sides have the same. Raises SystemExit otherwise."""
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as con:
        ours, hand = "SELECT segment, person FROM members", "SELECT segment, person FROM members_by_hand"
        for one, other in ((ours, hand), (hand, ours)):
            if rows := con.execute(f"{one} EXCEPT ALL {other} LIMIT 3").fetchall():
                raise SystemExit(f"members differ: {rows}")
        found = con.execute("SELECT count(*) FROM members").fetchone()
    assert found is not None
    return int(found[0])
