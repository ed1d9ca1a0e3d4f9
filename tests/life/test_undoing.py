"""A push was wrong: the way back to what was held before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from cli_world import KEY, KEY_VARIABLE, SHOP, VIP, Ran, Saved, World, buyer, vips

FEWER = VIP.replace("amount_spent > 500", "amount_spent > 700")
CHANGED = [*(buyer(n, cancelled=1) for n in range(3)), *SHOP[3:], buyer(200), buyer(201)]


def last_run(world: World) -> int:
    """The number of the newest run."""
    return int(world.type("status --json", expect=None).json["runs"][0]["run"])


def approved(ran: Ran) -> str:
    """The command with --approve that was printed."""
    found = set(re.findall(r"segsync (\w+ .*--approve \S+)", ran.text))
    assert len(found) == 1, ran.text
    return found.pop()


@pytest.fixture(scope="module")
def evening(mornings: dict[str, Saved], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Saved]]:
    """The run that pushed what should not have been, and the state after it: three went, two came. Made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        made = World(tmp_path_factory.mktemp("evening") / "shop")
        made.load(mornings["pushed"])
        made.shop(CHANGED)
        made.type("run")
        assert made.lists() == {"VIP customers": vips(CHANGED)}
        yield last_run(made), made.save("wrong")
        made.close()


@pytest.fixture
def wrong(pushed: World, evening: tuple[int, Saved]) -> int:
    """The number of that run; the world is as it was after it."""
    run, state = evening
    pushed.load(state)
    pushed.shop(CHANGED)
    return run


def test_the_way_back_is_shown_and_then_gone(pushed: World, wrong: int) -> None:
    before = len(pushed.requests())
    ran = pushed.type(f"undo {wrong}", expect=5)
    assert "add                 3\n" in ran.out
    assert "remove              2\n" in ran.out
    assert f"STOPPED: it undoes what run {wrong} pushed" in ran.out
    assert pushed.writes(before) == []
    ran = pushed.type(approved(ran))
    assert "vip → klaviyo: 3 added, 2 removed" in ran.out
    assert pushed.lists() == {"VIP customers": vips(SHOP)}
    assert "no drift" in pushed.type("drift vip").out


def test_it_stays_undone_until_the_rule_changes(pushed: World, wrong: int) -> None:
    pushed.type(approved(pushed.type(f"undo {wrong}", expect=5)))
    ran = pushed.type("run", expect=5)
    assert f"run {wrong}'s push was undone, and the rule is still the one that it followed" in ran.err
    assert pushed.lists() == {"VIP customers": vips(SHOP)}
    pushed.configure(VIP.replace("amount_spent > 500", "amount_spent > 501"))
    pushed.type("run")
    assert pushed.lists() == {"VIP customers": vips(CHANGED)}


def test_or_until_somebody_says_yes(pushed: World, wrong: int) -> None:
    pushed.type(approved(pushed.type(f"undo {wrong}", expect=5)))
    pushed.type(approved(pushed.type("run", expect=5)))
    assert pushed.lists() == {"VIP customers": vips(CHANGED)}
    assert "nothing changed" in pushed.type("push vip").out


def test_an_undo_can_be_undone(pushed: World, wrong: int) -> None:
    pushed.type(approved(pushed.type(f"undo {wrong}", expect=5)))
    pushed.type(approved(pushed.type(f"undo {last_run(pushed)} vip --to klaviyo", expect=5)))
    assert pushed.lists() == {"VIP customers": vips(CHANGED)}


def test_whoever_withdrew_consent_is_not_added_again(pushed: World, wrong: int) -> None:
    pushed.shop([buyer(0, cancelled=1, subscribed=False), *CHANGED[1:]])
    pushed.type("pull")
    ran = pushed.type(f"undo {wrong}", expect=5)
    assert "add                 2\n" in ran.out
    assert f"1 whom run {wrong} removed are not added again: no consent" in ran.out
    pushed.type(approved(ran))
    assert pushed.lists() == {"VIP customers": sorted(set(vips(SHOP)) - {"buyer0@example.com"})}


def test_nor_whoever_was_suppressed(pushed: World, wrong: int) -> None:
    pushed.type("suppress buyer1@example.com")
    ran = pushed.type(f"undo {wrong}", expect=5)
    assert f"1 whom run {wrong} removed are not added again: suppressed" in ran.out
    pushed.type(approved(ran))
    assert pushed.lists() == {"VIP customers": sorted(set(vips(SHOP)) - {"buyer1@example.com"})}


def test_nor_whoever_was_forgotten(pushed: World, wrong: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGSYNC_SECRET__PRIVACY__FORGET_KEY", "5e" * 32)
    pushed.type("forget buyer2@example.com")
    pushed.type(approved(pushed.type(f"undo {wrong}", expect=5)))
    assert pushed.lists() == {"VIP customers": sorted(set(vips(SHOP)) - {"buyer2@example.com"})}


def test_who_was_changed_again_since_is_left_alone(pushed: World, wrong: int) -> None:
    pushed.shop([SHOP[0], *CHANGED[1:-1]])  # buyer 0 is back by another push, and buyer 201 went by it
    pushed.type("run")
    ran = pushed.type(f"undo {wrong}", expect=5)
    assert "2 were changed again by a later run: they stay as that one left them" in ran.out
    pushed.type(approved(ran))
    expected = {*vips(SHOP)}
    assert pushed.lists() == {"VIP customers": sorted(expected)}


def test_whose_address_changed_meanwhile_is_still_one(pushed: World, wrong: int) -> None:
    moved = [buyer(4, email="moved@example.com") if one.number == 4 else one for one in CHANGED]
    pushed.shop(moved)
    pushed.type("run")
    pushed.type(approved(pushed.type(f"undo {wrong}", expect=5)))
    there = (set(vips(SHOP)) - {"buyer4@example.com"}) | {"moved@example.com"}
    assert pushed.lists() == {"VIP customers": sorted(there)}


def test_two_who_became_one_since(pushed: World, wrong: int) -> None:
    """Somebody who was brought turns out to be somebody who was there before: they stay."""
    merged = [buyer(200, email="buyer4@example.com") if one.number == 200 else one for one in CHANGED]
    pushed.shop(merged)
    pushed.type("run")
    pushed.type(approved(pushed.type(f"undo {wrong}", expect=5)))
    assert pushed.lists() == {"VIP customers": vips(SHOP)}


def test_a_first_push_is_undone_whole(pulled: World) -> None:
    pulled.type("push vip --to klaviyo")
    ran = pulled.type(f"undo {last_run(pulled)}", expect=5)
    assert "remove              7\n" in ran.out
    pulled.type(approved(ran))
    assert pulled.lists() == {"VIP customers": []}


def test_live_automations_are_told(pushed: World, wrong: int) -> None:
    pushed.seed("flow", list="VIP customers", name="Welcome to the club")
    ran = pushed.type(f"undo {wrong}", expect=5)
    assert "who is added again sets off what is live there: Welcome to the club" in ran.out


def test_a_yes_to_an_undo_is_none_to_a_push(pushed: World, wrong: int) -> None:
    id = approved(pushed.type(f"undo {wrong}", expect=5)).split()[-1]
    before = len(pushed.requests())
    assert "there is no plan" in pushed.type(f"push vip --to klaviyo --approve {id}", expect=5).err
    assert (
        f"no plan 12345678 was shown of undoing run {wrong}"
        in pushed.type(f"undo {wrong} --approve 12345678", expect=5).err
    )
    other = pushed.type("plan vip --to klaviyo --json").json[0]["plan"]
    pushed.type(f"undo {wrong} --approve {other}", expect=5)
    assert pushed.writes(before) == []


def test_runs_that_cannot_be_undone(pushed: World, wrong: int) -> None:
    ran = pushed.type("undo 1", expect=2)
    assert "run 1: it pushed nothing" in ran.err
    assert re.search(rf"runs that pushed: {wrong}, \d+", ran.err)
    pushed.time.advance(31 * 86_400)
    pushed.type("pull")
    ran = pushed.type(f"undo {wrong}", expect=5)
    assert f"nobody is known whom run {wrong} changed there" in ran.out
    pushed.configure("")
    assert "it left the config" in pushed.type(f"undo {wrong}", expect=5).out


def test_as_json(pushed: World, wrong: int) -> None:
    (told,) = pushed.type(f"undo {wrong} --json", expect=5).json
    assert (told["segment"], told["destination"], told["problem"]) == ("vip", "klaviyo", None)
    assert told["push"]["plan"]["counts"]["remove"] == 2
    assert not told["push"]["sent"]
