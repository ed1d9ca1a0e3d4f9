"""What stops a push at the command line, what it says, and that what it says to type works."""

from __future__ import annotations

import re

from cli_world import FIRST_TIMERS, SHOP, VIP, Ran, World, buyer, crowd, vips

PUSH = "push vip --to klaviyo"


def printed(ran: Ran) -> str:
    """The one command with --approve that was printed."""
    found = set(re.findall(r"segsync (push .* --approve \S+)", ran.text))
    assert len(found) == 1, ran.text
    return found.pop()


def stopped(world: World, command: str = PUSH) -> Ran:
    """A push that a guard stops, having written nothing."""
    before = len(world.requests())
    ran = world.type(command, expect=5)
    assert "Nothing was sent." in ran.err
    assert world.writes(before) == []
    return ran


def test_live_automations_ask_before_the_first_push(pulled: World) -> None:
    pulled.seed("mailing_list", name="VIP customers")
    pulled.seed("flow", list="VIP customers", name="Welcome to the club")
    pulled.configure(VIP + "adopt = true\n")
    ran = stopped(pulled)
    assert "7 people joining would set off what is live there: Welcome to the club" in ran.err
    pulled.type(printed(ran))
    assert pulled.lists() == {"VIP customers": vips(SHOP)}


def test_a_plan_says_what_would_stop_it_and_how_to_go_on(pulled: World) -> None:
    pulled.seed("mailing_list", name="VIP customers")
    pulled.seed("flow", list="VIP customers", name="Welcome to the club")
    pulled.configure(VIP + "adopt = true\n")
    ran = pulled.type("plan vip", expect=5)
    assert "STOPPED: 7 people joining" in ran.out
    pulled.type(printed(ran))
    assert pulled.lists() == {"VIP customers": vips(SHOP)}


def test_an_approval_of_nothing(pulled: World) -> None:
    ran = pulled.type(f"{PUSH} --approve 7f3a7f3a", expect=5)
    assert "there is no plan 7f3a7f3a of vip → klaviyo from the last 24 hours" in ran.err
    assert pulled.writes() == []


def test_an_approval_ends_after_a_day(pulled: World) -> None:
    pulled.seed("mailing_list", name="VIP customers")
    ran = stopped(pulled)
    pulled.time.advance(25 * 3600)
    assert "from the last 24 hours" in stopped_by_age(pulled, printed(ran)).err


def stopped_by_age(world: World, command: str) -> Ran:
    before = len(world.requests())
    ran = world.type(command, expect=5)
    assert world.writes(before) == []
    return ran


def test_removing_many_asks(world: World) -> None:
    many = crowd(60, 70)
    world.shop(many)
    world.type("run")
    assert len(world.lists()["VIP customers"]) == 60
    fewer = [*(buyer(number, cancelled=1) for number in range(55)), *many[55:]]
    world.shop(fewer)
    ran = world.type("run", expect=5)
    assert "it would remove 55 of 60 members (92%; the limit is 20%)" in ran.err
    assert "If that is wrong, look at what was read: segsync status" in ran.err
    assert len(world.lists()["VIP customers"]) == 60
    world.type(printed(ran))
    assert world.lists() == {"VIP customers": vips(fewer)}


def test_an_approval_holds_for_a_fresh_pull_and_for_little_more(world: World) -> None:
    world.shop(crowd(60, 70))
    world.type("run")
    world.shop([*(buyer(number, cancelled=1) for number in range(52)), *crowd(60, 70)[52:]])
    approve = printed(world.type("run", expect=5))
    world.shop([*(buyer(number, cancelled=1) for number in range(54)), *crowd(60, 70)[54:]])
    world.type("pull")
    world.type(approve)
    assert len(world.lists()["VIP customers"]) == 6


def test_the_first_push_of_nearly_everybody_asks(world: World) -> None:
    people = crowd(60, 10)
    world.shop(people)
    ran = world.type("run", expect=5)
    assert "the first push would add 60, which is 86% of all 70 people" in ran.err
    world.type(printed(ran))
    assert world.lists() == {"VIP customers": vips(people)}


def test_a_list_made_by_hand_stops_until_adopted(pulled: World) -> None:
    pulled.seed("mailing_list", name="VIP customers")
    pulled.seed("profile", email="theirs@example.net", lists=("VIP customers",))
    ran = stopped(pulled)
    assert "adopt = true" in ran.err
    pulled.configure(VIP + "adopt = true\n")
    pulled.type(PUSH)
    assert pulled.lists() == {"VIP customers": sorted([*vips(SHOP), "theirs@example.net"])}


def test_two_lists_of_one_name_are_refused(pulled: World) -> None:
    pulled.seed("mailing_list", name="VIP customers")
    other = pulled.seed("mailing_list", name="VIP customers")
    ran = pulled.type(PUSH, expect=2)
    assert "Klaviyo has 2 lists of this name" in ran.err
    assert f'list_id = "{other.id}"' in ran.err
    assert pulled.writes() == []
    pulled.configure(VIP + f'list_id = "{other.id}"\nadopt = true\n')
    pulled.type(PUSH)
    lists = pulled.sandbox.state()["lists"]
    assert {id: len(one["members"]) for id, one in lists.items()} == {"Ls0001": 0, other.id: 7}


def test_a_list_deleted_by_hand_is_not_made_again_in_silence(pushed: World) -> None:
    pushed.seed("delete_list", name="VIP customers")
    pushed.time.advance(25 * 3600)
    ran = stopped(pushed)
    assert "is gone from klaviyo" in ran.err
    assert f"segsync {PUSH} --recreate" in ran.err
    pushed.type(f"{PUSH} --recreate")
    assert pushed.lists() == {"VIP customers": vips(SHOP)}


def test_recreate_of_a_list_that_is_there(pushed: World) -> None:
    assert "there is nothing to recreate" in pushed.type(f"{PUSH} --recreate", expect=5).err


def test_an_edited_rule_is_told(pushed: World) -> None:
    pushed.configure(VIP.replace("> 500", "> 100"))
    ran = pushed.type("plan vip")
    assert "the rule changed since the push of" in ran.out
    assert "before  number_of_orders >= 3 AND amount_spent > 500" in ran.out
    assert "now     number_of_orders >= 3 AND amount_spent > 100" in ran.out


def test_an_emptied_segment_asks(pushed: World) -> None:
    pushed.configure(VIP.replace("> 500", "> 500000"))
    ran = stopped(pushed)
    assert "the segment is empty, and its audience holds 7" in ran.err
    pushed.type(printed(ran))
    assert pushed.lists() == {"VIP customers": []}


def test_two_syncs_on_one_list_are_an_error(pulled: World) -> None:
    pulled.configure(VIP + FIRST_TIMERS + '[segments.first_timers.to.klaviyo]\naudience = "VIP customers"\n')
    ran = pulled.type("run", expect=2)
    assert "VIP customers" in ran.err
    assert pulled.requests() == []


def test_more_new_profiles_than_are_paid_for(pulled: World) -> None:
    pulled.configure(top="[guards]\nmax_new_profiles = 3\n")
    ran = stopped(pulled)
    assert "up to 7 new profiles, which the platform may bill (the limit is 3)" in ran.err
    pulled.type(printed(ran))
    assert pulled.lists() == {"VIP customers": vips(SHOP)}
