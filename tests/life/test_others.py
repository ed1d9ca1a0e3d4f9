"""Other hands in an audience: strangers in it, people taken out of it, and what `owned` and `--repair` do then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cli_world import SHOP, VIP, World, vips

OWNED = VIP + "owned = true\n"
NAME = "VIP customers"


def test_strangers_stay_unless_the_audience_is_owned(pushed: World) -> None:
    pushed.seed("profile", email="theirs@example.net", lists=(NAME,))
    ran = pushed.type("drift vip", expect=6)
    assert "1 there and not put there by segsync: t***@example.net\n    they stay (owned = false)" in ran.out
    assert "strangers" not in pushed.type("plan vip").out
    pushed.type("run")
    assert pushed.lists() == {NAME: sorted([*vips(SHOP), "theirs@example.net"])}


def test_an_owned_audience_loses_its_strangers(pushed: World) -> None:
    pushed.seed("profile", email="theirs@example.net", lists=(NAME,))
    pushed.seed("profile", phone_number="+12125550123", lists=(NAME,))
    pushed.configure(OWNED)
    assert "the next push removes them (owned = true)" in pushed.type("drift vip", expect=6).out
    before = len(pushed.requests())
    ran = pushed.type("plan vip")
    assert "  strangers           2 put there by others, removed as the sync says owned = true\n" in ran.out
    assert "theirs" not in ran.text
    assert pushed.writes(before) == []
    pushed.type("push vip --to klaviyo")
    assert pushed.lists() == {NAME: vips(SHOP)}
    assert len(pushed.sandbox.state()["profiles"]) == 9
    before = len(pushed.requests())
    assert "nothing changed" in pushed.type("push vip --to klaviyo").out
    assert pushed.writes(before) == []
    assert "no drift" in pushed.type("drift vip").out


def test_whoever_belongs_there_is_no_stranger(pulled: World) -> None:
    """A member whom somebody put there by hand before the first push is taken for ours, and stays."""
    pulled.seed("mailing_list", name=NAME)
    pulled.seed("profile", email="buyer1@example.com", lists=(NAME,))
    pulled.seed("profile", email="theirs@example.net", lists=(NAME,))
    pulled.configure(OWNED + "adopt = true\n")
    ran = pulled.type("push vip --to klaviyo")
    assert "strangers           1 put there by others" in ran.out
    assert pulled.lists() == {NAME: vips(SHOP)}


def test_an_audience_that_cannot_be_read_back_cannot_be_owned(pushed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import segsync_klaviyo

    spec = segsync_klaviyo.spec
    assert spec.writes is not None
    poorer = replace(spec, writes=replace(spec.writes, read_back=False))
    monkeypatch.setattr(segsync_klaviyo, "connector", replace(segsync_klaviyo.connector, spec=poorer))
    pushed.configure(OWNED)
    ran = pushed.type("plan vip", expect=2)
    assert "segments.vip.to.klaviyo.owned" in ran.err
    assert "klaviyo cannot be read back, so nobody knows whom others put there" in ran.err
    assert "write: owned = false" in ran.err


def test_many_strangers_ask_first(pushed: World) -> None:
    for number in range(4):
        pushed.seed("profile", email=f"theirs{number}@example.net", lists=(NAME,))
    pushed.configure(OWNED, top="[guards]\nguard_floor = 2\n")
    before = len(pushed.requests())
    ran = pushed.type("push vip --to klaviyo", expect=5)
    assert "it would remove 4 people whom others put there (owned = true; segsync put 7 there)" in ran.err
    assert pushed.writes(before) == []
    pushed.type(ran.err.split("segsync ")[-1].strip())
    assert pushed.lists() == {NAME: vips(SHOP)}


def test_killed_while_strangers_are_removed(pushed: World) -> None:
    pushed.seed("profile", email="theirs@example.net", lists=(NAME,))
    pushed.configure(OWNED)
    pushed.fault(method="DELETE", path="relationships/profiles$", drop=True, times=0)
    pushed.type("push vip --to klaviyo", expect=4)
    pushed.mend()
    pushed.type("push vip --to klaviyo")
    assert pushed.lists() == {NAME: vips(SHOP)}
    assert "no drift" in pushed.type("drift vip").out


def test_who_was_taken_out_by_hand_comes_back_after_a_repair(pushed: World) -> None:
    with pushed.sandbox.lock:
        (one,) = pushed.sandbox.account.lists.values()
        for id in list(one.members)[:2]:
            del one.members[id]
    ran = pushed.type("drift vip", expect=6)
    assert "2 held and not there: " in ran.out
    assert "to add again those who belong: segsync drift vip --to klaviyo --repair" in ran.out
    assert "nothing to send" in pushed.type("plan vip").out
    ran = pushed.type("drift vip --to klaviyo --repair")
    assert "2 are uncertain now: the next push adds those of them who still belong there" in ran.out
    assert "see it first: segsync plan vip --to klaviyo" in ran.out
    plan = pushed.type("plan vip --to klaviyo")
    assert "add                 2\n" in plan.out
    assert "uncertain           2 " in plan.out
    pushed.type("push vip --to klaviyo")
    assert pushed.lists() == {NAME: vips(SHOP)}
    assert "no drift" in pushed.type("drift vip --repair").out


def test_an_emptied_audience_is_told_and_filled_again(pushed: World) -> None:
    with pushed.sandbox.lock:
        (one,) = pushed.sandbox.account.lists.values()
        one.members.clear()
    pushed.seed("flow", list=NAME, name="Welcome to the club")
    ran = pushed.type("drift vip", expect=6)
    assert "the audience is empty: somebody emptied it at klaviyo, or deleted its people there" in ran.out
    assert "remove [segments.vip.to.klaviyo], then segsync retire vip" in ran.out
    ran = pushed.type("drift vip --repair --json")
    assert (ran.json[0]["repaired"], ran.json[0]["live"]) == (7, ["Welcome to the club"])
    pushed.type("push vip --to klaviyo")
    assert pushed.lists() == {NAME: vips(SHOP)}


def test_an_adopted_audience_keeps_who_is_in_it(pulled: World) -> None:
    pulled.seed("mailing_list", name=NAME)
    pulled.seed("profile", email="theirs@example.net", lists=(NAME,))
    pulled.configure(VIP + "adopt = true\n")
    pulled.type("push vip --to klaviyo")
    assert pulled.lists() == {NAME: sorted([*vips(SHOP), "theirs@example.net"])}
    pulled.configure("")
    ran = pulled.type("retire vip --to klaviyo --empty", expect=5)
    pulled.type(next(line for line in ran.out.splitlines() if "--approve" in line).split("segsync ")[1])
    assert pulled.lists() == {NAME: ["theirs@example.net"]}
