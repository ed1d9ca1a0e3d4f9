"""Members a second of a push to a server on this machine: segsync's whole push beside posting bodies made beforehand.

segsync's seconds hold everything that makes a push safe: the diff, the plan and its guards, the outbox, the ledger's
receipts, and `held`. The other side's hold the requests alone.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from bench.measure import Taken, measured, median, table


def run(*, members: int, runs: int) -> str:
    """What came of it, as text."""
    segsync: list[Taken] = []
    ready: list[Taken] = []
    with _server() as url:
        for turn in range(runs):
            for mine in (turn % 2 == 0, turn % 2 == 1):
                if mine:
                    with tempfile.TemporaryDirectory(prefix="segsync-bench-") as home:
                        segsync.append(measured("bench.push_by_segsync", home, url, str(members)))
                else:
                    ready.append(measured("bench.push_by_hand", url, str(members)))
    ours, wire = median(segsync), median(ready)
    return "\n".join(
        [
            f"Push of {members:,} members to a server on this machine (medians of {runs} runs, alternating)",
            "",
            table({"segsync, the whole push": ours, "requests, ready-made bodies": wire}),
            "",
            f"  segsync: {members / ours.job:,.0f} members a second; ready-made bodies: {members / wire.job:,.0f}",
            f"  that is {wire.job / ours.job:.1%}; the aim is 60 %",
        ]
    )


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.loopback"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}/"
        finally:
            server.terminate()
