"""Measuring a competitor in a process of its own: seconds of the job, seconds of the process, and its peak memory."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """One run: seconds of the job, of processor time that it took, of the whole process (imports too); peak bytes."""

    job: float
    cpu: float
    process: float
    memory: int


def report(job: Callable[[], object]) -> None:
    """In the competitor's process, after its imports: do the job and tell the seconds and the memory it took."""
    started, spent = time.perf_counter(), time.process_time()
    job()
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"job": seconds, "cpu": cpu, "memory": peak}))


def measured(module: str, *arguments: str) -> Taken:
    """Run a module that ends in `report`. The caller stays small: a process starts with its parent's peak memory."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return Taken(told["job"], told["cpu"], time.perf_counter() - started, told["memory"])


def median(runs: Sequence[Taken]) -> Taken:
    """Each figure's median over some runs."""
    return Taken(
        statistics.median(run.job for run in runs),
        statistics.median(run.cpu for run in runs),
        statistics.median(run.process for run in runs),
        int(statistics.median(run.memory for run in runs)),
    )


def table(found: Mapping[str, Taken]) -> str:
    """Competitors in rows, figures in columns."""
    lines = [f"  {'':30}{'seconds':>9}{'of processor':>14}{'with imports':>14}{'peak MB':>9}"]
    lines += [
        f"  {name:30}{run.job:9.2f}{run.cpu:14.2f}{run.process:14.2f}{run.memory / 1e6:9.0f}"
        for name, run in found.items()
    ]
    return "\n".join(lines)
