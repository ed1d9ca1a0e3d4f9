"""Who came and went, and what an account has."""

from __future__ import annotations

import pytest
from cli_world import SHOP, VIP, World, buyer

LATER = [buyer(0, cancelled=1), *SHOP[1:], buyer(200)]


def a_day_later(world: World) -> None:
    world.time.advance(86_400)
    world.shop(LATER)
    world.type("run")


def test_who_came_and_who_went(pushed: World) -> None:
    a_day_later(pushed)
    ran = pushed.type("history vip --members --since 2026-06-02")
    assert ran.out.startswith("vip: 2 came or went since 2026-06-02, 2 shown\n")
    rows = [line.split() for line in ran.out.splitlines()[3:]]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("2026-06-02", "came", "b***@example.com"),
        ("2026-06-02", "went", "b***@example.com"),
    ]
    assert "buyer" not in ran.text


def test_the_newest_first_and_no_more_than_asked_for(pushed: World) -> None:
    a_day_later(pushed)
    told = pushed.type("history vip --members --most 1 --json").json
    assert (told["segment"], told["in_all"], len(told["moves"])) == ("vip", 10, 1)
    assert told["moves"][0]["what"] == "came"
    assert told["moves"][0]["day"] == "2026-06-02"
    every = pushed.type("history vip --members --json").json["moves"]
    assert [move["day"] for move in every] == sorted((move["day"] for move in every), reverse=True)
    assert every[0]["run"] > every[-1]["run"]


def test_somebody_who_vanished_is_a_key(world: World) -> None:
    world.configure()
    text = world.config.read_text("utf-8").replace('"exports"', '"exports"\ncomplete = true')
    world.config.write_text(text, "utf-8")
    world.shop(SHOP)
    world.type("run")
    world.time.advance(86_400)
    world.shop(SHOP[1:])
    world.type("run")
    (move,) = world.type("history vip --members --since 2026-06-02 --json").json["moves"]
    assert (move["what"], move["email"]) == ("went", None)
    assert move["person"].startswith("p")


def test_days_and_segments_that_are_none(pushed: World) -> None:
    assert "`yesterday` is no day" in pushed.type("history vip --members --since yesterday", expect=2).err
    assert "it is about who came and went" in pushed.type("history vip --since 2026-06-01", expect=2).err
    assert "no segment is called `vap`" in pushed.type("history vap --members", expect=2).err


# --- browse ------------------------------------------------------------------------------------------------------


def test_what_the_account_has(pushed: World) -> None:
    other = pushed.seed("mailing_list", name="Newsletter")
    pushed.seed("flow", list="Newsletter", name="Welcome")
    for number in range(12):
        pushed.seed("mailing_list", name=f"List {number}")
    before = len(pushed.requests())
    told = pushed.type("browse klaviyo lists --json").json
    assert len(told) == 14
    assert {"kind": "lists", "id": other.id, "name": "Newsletter", "live": True, "sync": None} in told
    assert [(row["name"], row["live"]) for row in told if row["sync"] == "vip → klaviyo"] == [("VIP customers", False)]
    assert pushed.writes(before) == []
    ran = pushed.type("browse klaviyo")
    assert f"{other.id}   Newsletter" in ran.out
    assert ran.out.count(" no ") >= 13


def test_before_the_first_pull(world: World) -> None:
    world.configure()
    assert "klaviyo has nothing of this kind yet" in world.type("browse klaviyo").out
    made = world.seed("mailing_list", name="Newsletter")
    world.configure(VIP + f'list_id = "{made.id}"\n')
    (row,) = world.type("browse klaviyo --json").json
    assert row["sync"] == "vip → klaviyo"
    assert not world.state.exists()


def test_an_archived_flow_is_not_live(pushed: World) -> None:
    pushed.seed("flow", list="VIP customers", name="Old", archived=True)
    pushed.seed("flow", list="VIP customers", name="Draft", status="draft")
    (row,) = pushed.type("browse klaviyo --json").json
    assert row["live"] is False


def test_files_are_listed_too(world: World) -> None:
    world.shop(SHOP)
    world.configure(
        VIP + '[segments.vip.to.files]\naudience = "Best"\n', destination='[destinations.files]\nfolder = "a"'
    )
    world.type("run")
    (world.folder / "a" / "theirs.csv").write_text("name\nmine\n", encoding="utf-8")
    (row,) = world.type("browse files --json").json
    assert (row["id"], row["name"], row["live"], row["sync"]) == ("Best.csv", "Best", None, "vip → files")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("klavyio", "no destination has this name"),
        ("klaviyo segments", "it can list: lists"),
        ("shop", "there are: klaviyo"),
    ],
)
def test_what_cannot_be_listed(world: World, what: str, told: str) -> None:
    world.configure()
    assert told in world.type(f"browse {what}", expect=2).err
