"""Several shops in one config, staging beside production, versions that do not fit."""

from __future__ import annotations

from datetime import date

import pytest
from cli_world import SHOP, VIP, World, buyer, buyers, vips, write_exports

from segsync_klaviyo import spec

ELSEWHERE = '[sources.second]\nconnector = "files"\nshopify_export = "second"\ntimezone = "Europe/Berlin"\n'


def test_two_shops_of_one_connector_are_one_crowd(world: World) -> None:
    """Who bought in both is one person: their orders count together, and each shop's are kept apart."""
    world.shop([buyer(1, orders=2), buyer(2), *(buyer(n, orders=1) for n in range(10, 20))])
    write_exports(world.folder / "second", [buyer(1, orders=2), buyer(3)])
    world.configure(top=ELSEWHERE)
    ran = world.type("run")
    assert "shop: 12 customers" in ran.out
    assert "second: 2 customers" in ran.out
    assert world.lists() == {"VIP customers": [f"buyer{n}@example.com" for n in (1, 2, 3)]}
    told = world.type("person buyer1@example.com --json").json
    assert {record["source"] for record in told["records"]} == {"second", "shop"}
    ran = world.type("pull second")
    assert "second: nothing new" in ran.out
    assert "shop:" not in ran.out


def test_a_shop_that_fails_stops_what_depends_on_it_and_is_named(world: World) -> None:
    world.shop(buyers(3))
    write_exports(world.folder / "second", [buyer(5)])
    world.configure(top=ELSEWHERE)
    world.type("run")
    (world.folder / "second" / "orders_export.csv").unlink()
    (world.folder / "second" / "customers_export.csv").unlink()
    world.shop(buyers(4))
    ran = world.type("run", expect=None)
    assert ran.code != 0
    assert "second could not be read" in ran.err
    assert len(world.lists()["VIP customers"]) == 4


def test_staging_has_an_audience_and_a_state_of_its_own(world: World) -> None:
    world.shop(SHOP)
    world.configure()
    (world.folder / "segsync.staging.toml").write_text(
        '[segments.vip]\nrule = "number_of_orders >= 1"\n[segments.vip.to.klaviyo]\naudience = "Test of VIPs"\n',
        encoding="utf-8",
    )
    world.type("run")
    world.type("--env staging pull")
    assert "`Test of VIPs` (will be created)" in world.type("plan vip --env staging").out
    world.type("push vip --to klaviyo --env staging")
    found = world.lists()
    assert found["VIP customers"] == vips(SHOP)
    assert len(found["Test of VIPs"]) > len(found["VIP customers"])
    assert (world.state / "ledger.sqlite").exists()
    assert (world.state / "staging" / "ledger.sqlite").exists()
    assert (world.state / "staging" / ".gitignore").read_text() == "*\n"
    before = len(world.requests())
    assert "nothing changed" in world.type("push vip --to klaviyo").out
    assert "nothing changed" in world.type("--env staging push vip --to klaviyo").out
    assert world.writes(before) == []
    assert "Test of VIPs" not in world.type("status").out
    assert "VIP customers" not in world.type("status --env staging").out


def test_an_environment_that_there_is_not(world: World) -> None:
    world.configure()
    ran = world.type("--env stagging plan", expect=2)
    assert "segsync.stagging.toml" in ran.err


@pytest.mark.parametrize(
    ("written", "told"),
    [("config_version = 2", "update segsync"), ("", "add at the top of the file: config_version = 1")],
)
def test_a_config_of_another_version(world: World, written: str, told: str) -> None:
    world.configure()
    text = world.config.read_text(encoding="utf-8").replace("config_version = 1", written)
    world.config.write_text(text, encoding="utf-8")
    ran = world.type("plan", expect=2)
    assert "config_version" in ran.err
    assert told in ran.err


def test_an_api_version_that_ends_soon(world: World) -> None:
    world.configure(VIP)
    world.shop(SHOP)
    assert "ends its API version" not in world.type("check").out
    assert isinstance(spec.api_ends, date)
    until = (spec.api_ends - world.time.instant.date()).days
    world.time.advance(86_400 * (until - 89))
    ran = world.type("check klaviyo")
    assert (
        f"the platform ends its API version {spec.api_version} on {spec.api_ends}: update segsync before then"
        in ran.out
    )
    assert ran.out.startswith("ok")


def test_a_renamed_segment_carries_its_audience(pushed: World) -> None:
    text = VIP.replace("segments.vip", "segments.best").replace("label", 'renamed_from = "vip"\nlabel')
    pushed.configure(text)
    before = len(pushed.requests())
    ran = pushed.type("push best --to klaviyo")
    assert "nothing changed, nothing sent" in ran.out
    assert pushed.writes(before) == []
    assert "nothing wants attention" in pushed.type("status").out
    assert pushed.type("history best --members --json").json["in_all"] == 8


def test_without_it_the_renamed_segment_is_another(pushed: World) -> None:
    pushed.configure(VIP.replace("segments.vip", "segments.best"))
    ran = pushed.type("push best --to klaviyo", expect=5)
    assert "the audience was not made by segsync" in ran.err
    assert "segsync retire vip --to klaviyo" in pushed.type("status", expect=6).out
