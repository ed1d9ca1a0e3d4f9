"""Who is held back and who leaves at once, as typed: suppressions, consent by a rule, damping, purpose, and the limits
of guards that the config moves. Each test reads what was printed, and what the list holds afterwards.
"""

from __future__ import annotations

import re

from cli_world import SHOP, VIP, World, buyer, vips

PUSH = "push vip --to klaviyo"
DAY = 86_400


def fewer(*gone: int) -> list:
    """The shop, with some VIPs' orders cancelled."""
    return [buyer(one.number, cancelled=3) if one.number in gone else one for one in SHOP]


def left(world: World) -> list[str]:
    return world.lists()["VIP customers"]


def test_a_plan_tells_of_suppressed_people_on_a_line_of_their_own(pushed: World) -> None:
    pushed.type("suppress buyer1@example.com")
    pushed.shop([*SHOP, buyer(95)])
    pushed.type("pull")
    ran = pushed.type("plan vip")
    assert re.sub(r"plan [0-9a-f]{8}", "plan ID", ran.out.strip()).splitlines() == [
        "vip → klaviyo: `VIP customers`",
        "  segment             9 members",
        "  left out            1 no consent",
        "  left out            1 suppressed",
        "  holds now           7",
        "  add                 1",
        "  refresh             0",
        "  remove              1",
        "    of them           1 suppressed, which no guard holds back",
        "  unchanged           6",
        "  costs               4 requests, about 1 s, at most 1 new profiles",
        "  plan ID",
    ]
    before = len(pushed.requests())
    pushed.type(PUSH)
    paths = [one.method + " " + one.path for one in pushed.writes(before)]
    assert "DELETE" in paths[0], paths  # before anybody is added
    assert left(pushed) == sorted({*vips(SHOP), "buyer95@example.com"} - {"buyer1@example.com"})


def test_a_stopped_push_takes_suppressed_people_out_all_the_same(pushed: World) -> None:
    pushed.configure(top="[guards]\nguard_floor = 0\n")
    pushed.type("suppress buyer1@example.com")
    pushed.shop(fewer(2, 3))
    ran = pushed.type("run", expect=5)
    assert "vip → klaviyo: 0 added, 1 removed" in ran.out
    assert "vip → klaviyo was stopped. 1 suppressed person was removed; nothing else was sent." in ran.err
    assert "it would remove 2 of 7 members (29%; the limit is 20%)" in ran.err
    assert left(pushed) == [one for one in vips(SHOP) if one != "buyer1@example.com"]
    (approve,) = re.findall(r"segsync (push .* --approve \S+)", ran.err)
    pushed.type(approve)
    assert left(pushed) == [one for one in vips(fewer(2, 3)) if one != "buyer1@example.com"]


def test_a_plan_from_a_file_says_who_waits(pushed: World) -> None:
    pushed.type("plan vip --out vip.json")
    pushed.type("suppress buyer1@example.com")
    ran = pushed.type(f"{PUSH} --plan vip.json", expect=5)
    assert "1 suppressed person is removed by a push without --plan, which no guard holds back" in ran.err
    assert left(pushed) == vips(SHOP)


def test_guard_floor_is_where_shares_begin_to_mean_something(pushed: World) -> None:
    pushed.configure(top="[guards]\nguard_floor = 1\n")
    pushed.shop(fewer(2, 3))
    assert "it would remove 2 of 7 members (29%; the limit is 20%)" in pushed.type("run", expect=5).err
    pushed.configure(top="[guards]\nguard_floor = 2\n")
    pushed.type("run")
    assert left(pushed) == vips(fewer(2, 3))


def test_verify_every_says_how_often_the_list_is_looked_for(pushed: World) -> None:
    def looks() -> int:
        before = len(pushed.requests())
        pushed.type(PUSH)
        return len(pushed.requests()) - before

    pushed.time.advance(2 * 3600)
    assert looks() == 0
    pushed.configure(VIP + 'verify_every = "1h"\n')
    assert looks() > 0
    assert looks() == 0
    pushed.seed("delete_list", name="VIP customers")
    assert "nothing changed, nothing sent" in pushed.type(PUSH).out
    pushed.time.advance(2 * 3600)
    assert "is gone from klaviyo" in pushed.type(PUSH, expect=5).err


def test_leave_after_keeps_people_until_they_have_been_out_that_long(pushed: World) -> None:
    pushed.configure(VIP + 'leave_after = "2d"\n')
    pushed.shop(fewer(2))
    ran = pushed.type("run")
    assert "nothing changed, nothing sent" in ran.out
    pushed.time.advance(DAY)
    ran = pushed.type("plan vip")
    assert "  leaving             1 out of the segment for less than 2 days\n" in ran.out
    assert "  unchanged           6\n" in ran.out
    assert left(pushed) == vips(SHOP)
    pushed.time.advance(DAY)
    pushed.type("run")
    assert left(pushed) == vips(fewer(2))


def test_an_audience_to_exclude_tells_who_may_see_ads_again(pushed: World) -> None:
    pushed.configure(VIP + 'purpose = "exclude"\n')
    pushed.type("suppress buyer1@example.com")
    ran = pushed.type("plan vip")
    assert "vip → klaviyo: `VIP customers`, which is there to exclude people\n" in ran.out
    assert "    of them           1 who opted out may now see prospecting ads\n" in ran.out
    (plan,) = pushed.type("plan vip --json").json
    assert (plan["purpose"], plan["opted_out_and_uncovered"]) == ("exclude", 1)


RULED = VIP + """consent = "amount_spent < 700"\n"""


def test_consent_by_a_rule(pulled: World) -> None:
    pulled.configure(RULED)  # buyer 92 has spent more; and this rule takes whoever is not subscribed
    ran = pulled.type("plan vip")
    assert "  left out            1 no consent\n" in ran.out
    pulled.type(PUSH)
    assert left(pulled) == sorted(one.email for one in SHOP if one.vip and one.number != 92)
    assert "right: vip, segments.vip.to.klaviyo.consent" in pulled.type("rules check").out
    assert [row["segment"] for row in pulled.type("segments --json").json] == ["vip"]


def test_a_wrong_rule_of_consent_is_shown_where_it_stands(pulled: World) -> None:
    pulled.configure(VIP + """consent = "amount_spend < 700"\n""")
    for command in ("plan vip", "check", "rules check"):
        ran = pulled.type(command, expect=2)
        assert "unknown trait `amount_spend`" in ran.text, command
        assert "  amount_spend < 700\n" in ran.text
        assert "  ^^^^^^^^^^^^\n" in ran.text
        assert "segments.vip.to.klaviyo" in ran.text
    pulled.configure(VIP + """consent = "e-mail"\n""")
    assert "expected 'email', 'sms', 'ads', 'none' or a rule, found `e-mail`" in pulled.type("check", expect=2).err


def test_withdrawn_consent_is_counted_and_waits_with_a_stopped_plan(pushed: World) -> None:
    pushed.configure(top="[guards]\nguard_floor = 0\n")
    shop = [buyer(one.number, subscribed=False) if one.number == 1 else one for one in fewer(2)]
    pushed.shop(shop)
    pushed.type("pull")
    ran = pushed.type("plan vip", expect=5)
    assert "    of them           1 whose consent was withdrawn\n" in ran.out
    ran = pushed.type(PUSH, expect=5)
    assert "vip → klaviyo was stopped. Nothing was sent." in ran.err
    assert "1 person whose consent was withdrawn is removed with it" in ran.err
    assert left(pushed) == vips(SHOP)


def test_person_shows_what_each_record_says_of_consent(pushed: World) -> None:
    ran = pushed.type("person buyer1@example.com")
    assert "consent, as each record says it" in ran.out
    told = pushed.type("person buyer1@example.com --json").json
    said = {one["id"]: one["email"] for one in told["consent"]}
    assert said["7001"] == "SUBSCRIBED"
    assert "consent_at" in told["identifiers"][0]
