"""One push by segsync: plan, outbox, batches, receipts and `held`, from a segment to an empty audience."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from bench.measure import report
from segsync import config, rules
from segsync.clock import system_clock
from segsync.people import Joining
from segsync.run.compute import Computed
from segsync.run.push import Order, push
from segsync.run.workspace import Setting, Workspace, open_workspace
from segsync.streams import COMPUTED, STREAMS

CONFIG = """
config_version = 1
[shop]
timezone = "America/New_York"
currency = "USD"
[guards]
guard_floor = 100_000_000  # everybody is pushed at once, and on purpose
[destinations.loopback]
base_url = "{url}"
[segments.everybody]
rule = "number_of_orders >= 0"
[segments.everybody.to.loopback]
"""


@contextmanager
def workspace(folder: Path, url: str) -> Iterator[Workspace]:
    """A new store whose one destination is the loopback server, known to segsync as any installed connector is."""
    installed = folder / "loopback-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: loopback\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text(
        "[segsync.connectors]\nloopback = bench.loopback:connector\n", encoding="utf-8"
    )
    sys.path.append(str(folder))
    path = folder / "segsync.toml"
    path.write_text(CONFIG.format(url=url), encoding="utf-8")
    settings = Setting(system_clock(), {}, os.getpid(), "bench")
    with open_workspace(config.load(path, environ={}), settings) as space:
        yield space


def fill(space: Workspace, count: int) -> None:
    """So many members of `everybody`, each with an e-mail and every second one with a phone."""
    person = [f"p1-{n}" for n in range(count)]
    members = {"segment": "everybody", "person": person, "entered_on": None, "run_id": 1}
    space.warehouse.append("members", _table("members", members, count))
    space.warehouse.append("people", _table("people", {"person": person, "guest": False}, count))
    emails = {"kind": "email", "value": [f"person{n}@example.com" for n in range(count)], "person": person}
    phones = {"kind": "phone", "value": [f"+999{n:09d}" for n in range(0, count, 2)], "person": person[::2]}
    for given in (emails, phones):
        rows = given | {"rank": 1, "consent": "SUBSCRIBED", "deliverable": True}
        space.warehouse.append("identifiers", _table("identifiers", rows, len(given["person"])))


def _table(name: str, columns: dict[str, object], count: int) -> pa.Table:
    made = {}
    for column in COMPUTED[name]:
        value = columns.get(column)
        made[column] = pa.array(value if isinstance(value, list) else [value] * count)
    return pa.table(made)


def once(space: Workspace, count: int) -> None:
    (sync,) = space.config.segments["everybody"].to.values()
    reading = rules.read({"everybody": "number_of_orders >= 0"}, filled=frozenset(STREAMS))
    joining = Joining(customers=count, guests=0, people=count)
    pushed = push(space, sync, Computed(joining, (), reading.rules, (), {"everybody": ()}), Order())
    if pushed.error is not None:
        raise pushed.error
    assert pushed.added == count, pushed


if __name__ == "__main__":
    home, url, members = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with workspace(home, url) as space:
        fill(space, members)
        report(lambda: once(space, members))
