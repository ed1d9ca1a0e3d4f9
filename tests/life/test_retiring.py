"""Syncs that left the config: what becomes of their audiences, and what is printed."""

from __future__ import annotations

import re

import pytest
from cli_world import FIRST_TIMERS, SHOP, VIP, Ran, World, vips

from segsync_klaviyo.destination import KlaviyoLists

RETIRE = "retire vip --to klaviyo"


def approved(ran: Ran) -> str:
    """The command with --approve that was printed."""
    found = set(re.findall(r"segsync (\w+ .*--approve \S+)", ran.text))
    assert len(found) == 1, ran.text
    return found.pop()


@pytest.fixture
def left(pushed: World) -> World:
    """A pushed sync that is not in the config any more; somebody else is in its list, too."""
    pushed.seed("profile", email="theirs@example.net", lists=("VIP customers",))
    pushed.configure(FIRST_TIMERS)
    return pushed


def test_status_tells_of_it_and_what_to_type(left: World) -> None:
    ran = left.type("status", expect=6)
    assert "vip → klaviyo left the config; its audience is left as it is: segsync retire vip --to klaviyo" in ran.out
    left.type("run")
    assert left.lists() == {"VIP customers": sorted([*vips(SHOP), "theirs@example.net"])}


def test_the_three_ways_are_shown_and_nothing_is_done(left: World) -> None:
    before = len(left.requests())
    ran = left.type(RETIRE)
    assert "`VIP customers` (Ls0001), 7 held, last pushed 2026-06-01" in ran.out
    assert [way for way in ("--keep", "--empty", "--delete") if f"segsync {RETIRE} {way} " in ran.out] == [
        "--keep",
        "--empty",
        "--delete",
    ]
    assert left.requests(before) == []


def test_while_it_is_in_the_config(pushed: World) -> None:
    for way in ("", " --keep", " --empty", " --delete"):
        ran = pushed.type(RETIRE + way, expect=2)
        assert "remove [segments.vip.to.klaviyo] from segsync.toml first" in ran.err
    assert pushed.lists() == {"VIP customers": vips(SHOP)}


def test_two_ways_at_once_and_names_that_are_not(left: World) -> None:
    assert "one way at a time" in left.type(f"{RETIRE} --keep --empty", expect=2).err
    assert "one way at a time" in left.type(f"{RETIRE} --approve 12345678", expect=2).err
    ran = left.type("retire nobody --to klaviyo", expect=2)
    assert "segsync keeps no such audience" in ran.err
    assert "unattended: vip --to klaviyo" in ran.err


def test_keep_leaves_the_list_and_forgets_it(left: World) -> None:
    before = len(left.requests())
    ran = left.type(f"{RETIRE} --keep")
    assert "the audience `VIP customers` stays as it is; segsync has forgotten it" in ran.out
    assert left.requests(before) == []
    assert "nothing wants attention" in left.type("status").out
    left.configure(VIP)
    ran = left.type("push vip --to klaviyo", expect=5)
    assert "the audience was not made by segsync" in ran.err
    left.configure(VIP + "adopt = true\n")
    left.type("push vip --to klaviyo")
    assert left.lists() == {"VIP customers": sorted([*vips(SHOP), "theirs@example.net"])}


def test_empty_takes_out_ours_after_a_yes(left: World) -> None:
    before = len(left.requests())
    ran = left.type(f"{RETIRE} --empty", expect=5)
    assert "remove              7" in ran.out
    assert "STOPPED: everybody whom segsync put there is taken out; strangers stay" in ran.out
    assert left.writes(before) == []
    ran = left.type(approved(ran))
    assert "vip → klaviyo: 0 added, 7 removed" in ran.out
    assert "`VIP customers` stays, without whom segsync put there; segsync has forgotten it" in ran.out
    assert left.lists() == {"VIP customers": ["theirs@example.net"]}
    assert "nothing wants attention" in left.type("status").out


def test_a_yes_to_something_else_is_none(left: World) -> None:
    left.type(f"{RETIRE} --empty --approve 12345678", expect=5)
    deleting = approved(left.type(f"{RETIRE} --delete", expect=5)).split()[-1]
    emptying = approved(left.type(f"{RETIRE} --empty", expect=5)).split()[-1]
    assert deleting != emptying
    before = len(left.requests())
    assert "no such" not in left.type(f"{RETIRE} --delete --approve {emptying}", expect=5).err
    ran = left.type(f"{RETIRE} --delete --approve 12345678", expect=5)
    assert f"segsync {RETIRE} --delete" in ran.err
    left.type(f"{RETIRE} --empty --approve {deleting}", expect=5)
    assert left.writes(before) == []
    assert len(left.lists()["VIP customers"]) == 8


def test_who_cannot_be_taken_out_is_told(left: World) -> None:
    yes = approved(left.type(f"{RETIRE} --empty", expect=5))
    left.fault(method="DELETE", path="relationships/profiles$", status=503, times=0)
    ran = left.type(yes, expect=4)
    assert "forgotten" not in ran.out
    left.mend()
    left.type(approved(left.type(f"{RETIRE} --empty", expect=5)))
    assert left.lists() == {"VIP customers": ["theirs@example.net"]}


def test_delete_after_a_yes(left: World) -> None:
    left.seed("flow", list="VIP customers", name="Welcome to the club")
    before = len(left.requests())
    ran = left.type(f"{RETIRE} --delete", expect=5)
    assert "`VIP customers` (Ls0001) would be deleted, whoever is in it; 7 are held" in ran.out
    assert "live there, and set off no more: Welcome to the club" in ran.out
    assert left.writes(before) == []
    ran = left.type(approved(ran))
    assert "the audience `VIP customers` is deleted; segsync has forgotten it" in ran.out
    assert left.lists() == {}
    assert len(left.sandbox.state()["profiles"]) == 8
    assert "nothing wants attention" in left.type("status").out
    left.configure(VIP)
    left.type("push vip --to klaviyo")
    assert left.lists() == {"VIP customers": vips(SHOP)}


def test_killed_between_deleting_and_forgetting(left: World, monkeypatch: pytest.MonkeyPatch) -> None:
    yes = approved(left.type(f"{RETIRE} --delete", expect=5))
    delete = KlaviyoLists.delete_audience

    def stop(self, audience):
        delete(self, audience)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(KlaviyoLists, "delete_audience", stop)
        left.type(yes, expect=130)
    assert left.lists() == {}
    assert "segsync has forgotten it" in left.type(yes).out
    assert "nothing wants attention" in left.type("status").out


@pytest.mark.parametrize("way", ["--empty", "--delete"])
def test_what_is_gone_from_the_platform_is_forgotten(left: World, way: str) -> None:
    left.seed("delete_list", name="VIP customers")
    ran = left.type(f"{RETIRE} {way}")
    assert "segsync has forgotten it" in ran.out
    assert "nothing wants attention" in left.type("status").out


def test_a_destination_that_left_the_config_too(left: World) -> None:
    text = left.config.read_text(encoding="utf-8")
    left.config.write_text(
        text.replace("[destinations.klaviyo]", "[destinations.other]\nconnector = 'klaviyo'"), "utf-8"
    )
    assert "put [destinations.klaviyo] back first" in left.type(RETIRE).out
    assert f"segsync {RETIRE} --keep" in left.type(f"{RETIRE} --empty", expect=2).err
    assert "forgotten" in left.type(f"{RETIRE} --keep").out
