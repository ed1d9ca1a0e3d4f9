"""`[retention]`: what is too old goes after each pull, totals stay, and rules that would need it are stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from cli_world import VIP, World, buyer, crowd, write_exports

KEEP = '[retention]\nrecords = "60d"\n'  # the fake clock stands at 1 June 2026
RECENT = """
[segments.recent]
rule = "orders_placed MATCHES (date >= -30d)"
[segments.recent.to.klaviyo]
"""


def query(world: World, text: str) -> Sequence[tuple[Any, ...]]:
    con = sqlite3.connect(world.state / "ledger.sqlite")
    try:
        return con.execute(text).fetchall()
    finally:
        con.close()


def test_old_orders_go_and_rules_that_need_them_stop(world: World) -> None:
    world.configure(VIP + RECENT, top=KEEP)
    write_exports(world.exports, [*crowd(3, 4)], day="2026-03-01")
    ran = world.type("pull")
    assert "13 records older than what is kept were dropped" in ran.out
    assert sorted(query(world, "SELECT stream, records, before FROM pruned")) == [
        ("order_lines", 13, "2026-04-02"),
        ("orders", 13, "2026-04-02"),
        ("refunds", 0, "2026-04-02"),
    ]
    world.type("pull")
    assert "13 records older" in world.type("pull --full").out, "what is read again is dropped again"
    assert query(world, "SELECT records FROM pruned WHERE stream = 'orders'") == [(13,)], "and counted once"

    write_exports(world.exports, [*crowd(3, 4)], day="2026-05-20")
    world.type("pull")
    stopped = world.type("push vip --to klaviyo", expect=5)
    assert "shop's orders from before 2026-04-02 were dropped, as [retention] says" in stopped.text
    assert "orders of any age" in stopped.text
    world.type("push recent --to klaviyo")  # thirty days are kept


def test_a_source_may_keep_longer(world: World) -> None:
    world.configure(top=KEEP)
    text = world.config.read_text("utf-8")
    world.config.write_text(text.replace('connector = "files"', 'connector = "files"\nkeep_records = "365d"'))
    world.shop([buyer(1)])
    assert "dropped" not in world.type("pull").out
    assert query(world, "SELECT * FROM pruned") == []


def test_details_of_old_runs_go_and_runs_stay(pushed: World) -> None:
    assert query(pushed, "SELECT count(*) FROM receipts") == [(1,)]
    pushed.configure(top='[retention]\nledger = "30d"\n')
    pushed.time.advance(40 * 86_400)
    pushed.type("push vip --to klaviyo")
    assert query(pushed, "SELECT count(*) FROM receipts") == [(0,)]
    assert query(pushed, "SELECT id FROM runs") == [(1,), (2,), (3,)]
    assert query(pushed, "SELECT run_id FROM segment_sizes") == [(2,), (3,)]
