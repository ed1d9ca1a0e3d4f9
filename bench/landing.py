"""Orders a second of a bulk pull that lands, beside DuckDB reading the same file: the most that reading can be."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import bulk_result
from bench.measure import Taken, measured, median, table


def run(*, orders: int, runs: int) -> str:
    """What came of it, as text."""
    segsync: list[Taken] = []
    duckdb: list[Taken] = []
    with tempfile.TemporaryDirectory(prefix="segsync-bench-") as name:
        file = Path(name) / "result.jsonl"
        lines, roots = bulk_result.write(file, orders)
        size = file.stat().st_size
        with _server(file, lines, roots) as url:
            for turn in range(runs):
                for mine in (turn % 2 == 0, turn % 2 == 1):
                    with tempfile.TemporaryDirectory(dir=name) as home:
                        if mine:
                            segsync.append(measured("bench.landing_by_segsync", home, url, str(orders)))
                        else:
                            duckdb.append(measured("bench.landing_by_duckdb", home, str(file)))
    ours, limit = median(segsync), median(duckdb)
    return "\n".join(
        [
            f"A bulk pull of {orders:,} orders with {lines - roots:,} lines, {size / 1e6:,.0f} MB "
            f"(medians of {runs} runs, alternating)",
            "",
            table({"segsync, from the API to landed": ours, "DuckDB's read_json alone": limit}),
            "",
            f"  segsync: {lines / ours.job:,.0f} records a second; read_json: {lines / limit.job:,.0f}",
            f"  that is {limit.job / ours.job:.1%}; the aim is 50 %",
        ]
    )


@contextmanager
def _server(file: Path, lines: int, roots: int) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.bulk_server", str(file), str(lines), str(roots)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()
