"""The commands that look: segments, show, why, person, status, history, rejects, and what all commands share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_world import FIRST_TIMERS, SHOP, VIP, World, buyer

from segsync import __version__


def test_segments(pushed: World) -> None:
    pushed.configure(VIP + FIRST_TIMERS)
    rows = {row["segment"]: row for row in pushed.type("segments --json").json}
    assert (rows["vip"]["members"], rows["vip"]["to"]) == (8, ["klaviyo"])
    assert rows["first_timers"]["members"] is None, "it was never computed"
    assert "number_of_orders >= 3 AND amount_spent > 500" in pushed.type("segments").out


def test_show_masks_its_members(pushed: World) -> None:
    ran = pushed.type("show vip --most 3")
    assert "vip: 8 members" in ran.out
    assert "600.00" in ran.out
    assert ran.out.count("b***@example.com") == 3
    assert "buyer1@example.com" not in ran.out
    found = pushed.type("show vip --json").json
    assert found["members"] == 8
    assert len(found["sample"]) == 8


def test_why_in_and_why_not(pushed: World) -> None:
    ran = pushed.type("why buyer1@example.com vip")
    assert "is in vip" in ran.out
    assert "(amount_spent: 600.00)" in ran.out
    ran = pushed.type("why BUYER7@example.com vip")
    assert "is not in vip" in ran.out
    assert "false  number_of_orders >= 3   (number_of_orders: 1)" in ran.out
    found = pushed.type("why shop:7001 vip --json").json
    assert found["in"] is True
    assert [part["holds"] for part in found["rule"]["parts"]] == [True, True]


def test_why_about_nobody(pushed: World) -> None:
    ran = pushed.type("why nobody@example.com vip", expect=2)
    assert "nobody is known by that" in ran.err
    assert "nobody@example.com" not in ran.err


def test_person(pushed: World) -> None:
    found = pushed.type("person buyer1@example.com --json").json
    assert found["segments"] == ["vip"]
    assert [(one["audience"], one["state"]) for one in found["held"]] == [("vip → klaviyo", "held")]
    (email,) = found["identifiers"]
    assert (email["value"], email["consent"], email["may_be_sent"]) == ("buyer1@example.com", "SUBSCRIBED", True)
    assert {one["id"] for one in found["records"]} >= {"7001"}
    assert "7001" in pushed.type("person shop:7001").out


def test_status(pushed: World) -> None:
    ran = pushed.type("status")
    assert "nothing wants attention" in ran.out
    found = pushed.type("status --json").json
    assert [(one["segment"], one["held"]) for one in found["syncs"]] == [("vip", 7)]
    assert [one["command"] for one in found["runs"]] == ["push vip --to klaviyo", "pull"]
    assert found["attention"] == []


def test_status_names_what_wants_attention(pushed: World) -> None:
    pushed.time.advance(5 * 86_400)
    pushed.configure(FIRST_TIMERS)
    ran = pushed.type("status", expect=6)
    assert "shop was last read to its end at 2026-06-01 12:00" in ran.out
    assert "vip → klaviyo left the config; its audience is left as it is" in ran.out


def test_status_after_a_failed_run(pushed: World) -> None:
    pushed.fault(status=500, times=0)
    pushed.time.advance(25 * 3600)
    pushed.type("push vip", expect=4)
    found = pushed.type("status --json", expect=6).json
    assert any("ended with exit code 4" in text for text in found["attention"])


def test_history(pushed: World) -> None:
    pushed.shop([*SHOP, buyer(93)])
    pushed.type("run")
    rows = pushed.type("history vip --json").json
    assert [(row["members"], row["entered"], row["left"]) for row in rows] == [(9, 1, 0), (8, 8, 0)]
    assert len(pushed.type("history vip --most 1 --json").json) == 1


def test_rejects_lists_what_could_not_be_used_with_its_line(pushed: World) -> None:
    ran = pushed.type("rejects")
    assert "refused by platforms: nobody" in ran.out
    assert "customers_export.csv:29" in ran.out
    found = pushed.type("rejects --json").json
    places = {(flaw["place"], flaw["column"]) for flaw in found["flaws"]}
    assert places >= {("customers_export.csv:29", "email"), ("customers_export.csv:30", "phone")}
    assert found["flaws_in_all"] == len(found["flaws"])
    assert "no e-mail at all" not in ran.text


@pytest.mark.parametrize("command", ["status", "segments", "history vip", "rejects", "show vip", "person p1-1"])
def test_looking_before_the_first_pull(world: World, command: str) -> None:
    ran = world.type(command, expect=2)
    assert "segsync pull" in ran.err
    assert not world.state.exists(), "looking makes nothing"


def test_looking_between_pull_and_plan(pulled: World) -> None:
    for command in ("show vip", "why buyer1@example.com vip", "person buyer1@example.com"):
        assert "segsync plan" in pulled.type(command, expect=2).err


@pytest.mark.parametrize("command", ["show vop", "history vop", "push vop", "plan vop", "drift vop", "why x vop"])
def test_an_unknown_segment(pushed: World, command: str) -> None:
    ran = pushed.type(command, expect=2)
    assert "no segment is called `vop`" in ran.err
    assert "did you mean `vip`?" in ran.err


def test_an_unknown_destination(pushed: World) -> None:
    ran = pushed.type("push vip --to klavyio", expect=2)
    assert "no destination is called `klavyio`" in ran.err
    assert "did you mean `klaviyo`?" in ran.err


# --- what all commands share ------------------------------------------------------------------------------------


def test_version(world: World) -> None:
    assert world.type("--version").out == f"segsync {__version__}\n"


def test_an_unknown_command_or_option(world: World) -> None:
    assert "Did you mean 'status'" in world.type("statsu", expect=2).err
    assert "--dry-rnu" in world.type("push vip --dry-rnu", expect=2).err


@pytest.mark.parametrize("typed", ["--config {} segments", "segments --config {}", "segments --config={}"])
def test_config_before_and_after_the_command(pushed: World, tmp_path: Path, typed: str) -> None:
    pushed.config.rename(pushed.folder / "other.toml")
    assert "vip" in pushed.type(typed.format("other.toml")).out
    assert "there is no such file (--config)" in pushed.type(typed.format("none.toml"), expect=2).err


def test_config_from_the_environment(pushed: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEGSYNC_CONFIG", str(pushed.config))
    pushed.folder = tmp_path
    assert "vip" in pushed.type("segments").out


def test_as_of_a_day_gone_by(pulled: World) -> None:
    rule = '[segments.lately]\nrule = "last_order_date >= -30d"\n'
    pulled.configure(rule)
    pulled.type("plan --as-of 2026-03-15")
    pulled.type("plan")
    rows = pulled.type("history lately --json").json
    assert [row["members"] for row in rows] == [0, 28]
    assert "is in lately, as of 2026-03-15" in pulled.type("why buyer1@example.com lately --as-of 2026-03-15").out
    assert "--as-of: `soon` is no date" in pulled.type("plan --as-of soon", expect=2).err


def test_a_trace_is_json_and_holds_no_secret_and_nobody(pulled: World) -> None:
    pulled.type("push vip --to klaviyo --trace t.jsonl")
    path = pulled.folder / "t.jsonl"
    text = path.read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == len(pulled.requests())
    assert {"time", "connector", "method", "url", "headers", "body", "status", "response", "elapsed"} <= set(lines[0])
    assert "pk_" not in text
    for one in SHOP:
        assert one.email not in text
    assert path.stat().st_mode & 0o077 == 0


def test_a_trace_with_bodies_keeps_people_and_no_secret(pulled: World) -> None:
    pulled.type("--trace t.jsonl push vip --to klaviyo --trace-bodies")
    text = (pulled.folder / "t.jsonl").read_text("utf-8")
    assert "buyer1@example.com" in text
    assert "pk_" not in text


def test_a_crash_is_a_bug_and_shows_nothing(pushed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise AttributeError("pk_sandbox_7d3f buyer1@example.com")

    monkeypatch.setattr("segsync.ledger.runs.segment_history", crash)
    ran = pushed.type("segments", expect=70)
    assert "a bug in segsync: AttributeError" in ran.err
    assert "SEGSYNC_TRACEBACK=1" in ran.err
    assert "buyer1" not in ran.text


def test_a_crash_while_pushing_ends_its_run(pulled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise AttributeError("pk_sandbox_7d3f buyer1@example.com")

    with monkeypatch.context() as patch:
        patch.setattr("segsync_klaviyo.membership.Membership.add", crash)
        pulled.type("push vip --to klaviyo", expect=70)
    last = pulled.type("status --json", expect=6).json["runs"][0]
    assert last["exit"] == 70
    assert last["ended"] is not None
    pulled.type("push vip --to klaviyo")
    assert len(pulled.lists()["VIP customers"]) == 7
