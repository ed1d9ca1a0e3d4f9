"""A warehouse of an older segsync: brought up to date by the first command that opens it, which says so."""

from __future__ import annotations

import duckdb
import pytest
from cli_world import SHOP, World, vips

TOLD = "segsync: the warehouse was brought up to date for this version; as it was, it lies in "


@pytest.mark.parametrize("command", ["pull", "plan", "show vip", "drift vip --to klaviyo"])
def test_the_first_command_says_so_and_the_next_does_not(pushed: World, command: str) -> None:
    with duckdb.connect(str(pushed.state / "warehouse.duckdb")) as con:
        con.execute("ALTER TABLE customers DROP COLUMN platform_orders")
        con.execute("UPDATE meta SET value = '1' WHERE name = 'schema_version'")
    copy = pushed.state / "warehouse.v1.duckdb"
    ran = pushed.type(command)
    assert f"{TOLD}{copy}\n" in ran.err
    assert TOLD not in ran.out
    assert copy.exists()
    assert TOLD not in pushed.type(command).err
    pushed.type("push vip --to klaviyo")
    assert pushed.lists() == {"VIP customers": vips(SHOP)}
