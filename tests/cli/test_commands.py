"""The commands of every day, as typed: check, pull, plan, push, run, drift."""

from __future__ import annotations

import json

from cli_world import FIRST_TIMERS, SHOP, VIP, World, buyer, vips

SYNC = "vip --to klaviyo"


# --- check ------------------------------------------------------------------------------------------------------


def test_check_when_all_is_well(world: World) -> None:
    world.shop(SHOP)
    ran = world.type("check")
    assert [line.split()[:2] for line in ran.out.splitlines()] == [["ok", "shop"], ["ok", "rules"], ["ok", "klaviyo"]]
    assert world.writes() == []
    assert not world.state.exists()


def test_check_as_json(world: World) -> None:
    world.shop(SHOP)
    found = world.type("check --json").json
    assert [(one["name"], one["ok"], one["error"]) for one in found] == [
        ("shop", True, None),
        ("rules", True, None),
        ("klaviyo", True, None),
    ]


def test_check_of_one_name(world: World) -> None:
    assert world.type("check klaviyo").out == "ok      klaviyo (destination)\n"
    ran = world.type("check klavyio", expect=2)
    assert "no source or destination has this name" in ran.err


def test_check_with_a_refused_key(world: World, monkeypatch) -> None:
    world.shop(SHOP)
    monkeypatch.setenv("SEGSYNC_SECRET__KLAVIYO__API_KEY", "pk_of_somebody_else")
    ran = world.type("check", expect=3)
    assert "FAILED  klaviyo" in ran.out
    assert "segsync secrets set klaviyo.api_key" in ran.out
    assert "pk_of_somebody_else" not in ran.text


def test_check_without_a_secret_says_all_three_ways(world: World, monkeypatch) -> None:
    world.shop(SHOP)
    monkeypatch.delenv("SEGSYNC_SECRET__KLAVIYO__API_KEY")
    ran = world.type("check", expect=2)
    for way in ("SEGSYNC_SECRET__KLAVIYO__API_KEY=…", "segsync secrets set klaviyo.api_key", 'api_key = "file:'):
        assert way in ran.out
    assert "ok      shop" in ran.out, "the rest is checked all the same"


def test_check_with_a_rule_that_is_none(world: World) -> None:
    world.shop(SHOP)
    world.configure('[segments.vip]\nrule = "number_of_ordres >= 3"\n')
    ran = world.type("check", expect=2)
    line = world.config.read_text("utf-8").splitlines().index('rule = "number_of_ordres >= 3"') + 1
    assert f"segments.vip.rule (line {line})" in ran.out
    assert "did you mean `number_of_orders`?" in ran.out
    assert "ok      klaviyo" in ran.out


def test_check_while_the_platform_is_down(world: World) -> None:
    world.shop(SHOP)
    world.fault(status=503, times=0)
    ran = world.type("check", expect=4)
    assert "klaviyo answered 503" in ran.out


def test_a_refused_connection_is_the_platform_being_down(world: World) -> None:
    world.shop(SHOP)
    world.server.close()
    ran = world.type("check klaviyo", expect=4)
    assert "nobody answers at its address" in ran.out


# --- pull -------------------------------------------------------------------------------------------------------


def test_pull_counts_what_landed_and_what_could_not_be_used(world: World) -> None:
    world.shop(SHOP)
    ran = world.type("pull")
    assert "29 customers" in ran.out
    assert "46 orders" in ran.out
    assert "(segsync rejects)" in ran.out
    assert world.requests() == []


def test_pull_again_reads_nothing_new_and_full_reads_all(world: World) -> None:
    world.shop(SHOP)
    world.type("pull")
    assert "shop: nothing new" in world.type("pull").out
    assert "29 customers" in world.type("pull --full").out


def test_pull_as_json(world: World) -> None:
    world.shop(SHOP)
    (found,) = world.type("pull shop --json").json
    assert (found["source"], found["error"], found["records"]["customers"]) == ("shop", None, 29)


def test_pull_of_an_unknown_source(world: World) -> None:
    ran = world.type("pull shpo", expect=2)
    assert "no source has this name" in ran.err
    assert "there are: shop" in ran.err


# --- plan -------------------------------------------------------------------------------------------------------


def test_plan_says_who_who_not_and_what_it_costs(pulled: World) -> None:
    ran = pulled.type(f"plan {SYNC}")
    assert "(will be created)" in ran.out
    assert "8 members" in ran.out
    assert "1 no consent" in ran.out
    assert "at most 7 new profiles" in ran.out
    assert pulled.writes() == []
    assert pulled.lists() == {}


def test_a_saved_plan_is_pushed_while_the_world_stays(pulled: World) -> None:
    pulled.type(f"plan {SYNC} --out vip.plan.json")
    (saved,) = json.loads((pulled.folder / "vip.plan.json").read_text("utf-8"))
    assert saved["counts"]["add"] == 7
    ran = pulled.type(f"push {SYNC} --plan vip.plan.json")
    assert saved["plan"] in ran.out
    assert pulled.lists() == {"VIP customers": vips(SHOP)}


def test_a_saved_plan_is_refused_once_the_world_moved(pulled: World) -> None:
    pulled.type(f"plan {SYNC} --out vip.plan.json")
    pulled.shop([*SHOP, buyer(93)])
    pulled.type("pull")
    ran = pulled.type(f"push {SYNC} --plan vip.plan.json", expect=5)
    assert "the world moved" in ran.err
    assert f"segsync plan {SYNC}" in ran.err
    assert pulled.writes() == []


def test_a_file_that_is_no_plan(pulled: World) -> None:
    (pulled.folder / "vip.plan.json").write_text("[]")
    ran = pulled.type(f"push {SYNC} --plan vip.plan.json", expect=2)
    assert "segsync plan vip --to DESTINATION --out vip.plan.json" in ran.err


def test_plan_as_json_is_what_out_writes(pulled: World) -> None:
    ran = pulled.type("plan --json --out all.json")
    assert ran.json == json.loads((pulled.folder / "all.json").read_text("utf-8"))


# --- push -------------------------------------------------------------------------------------------------------


def test_dry_run_writes_nothing(pulled: World) -> None:
    ran = pulled.type(f"push {SYNC} --dry-run")
    assert "plan " in ran.out
    assert pulled.writes() == []
    assert pulled.lists() == {}


def test_push_then_push_again_without_a_write(pulled: World) -> None:
    ran = pulled.type(f"push {SYNC}")
    assert "vip → klaviyo: 7 added, 0 removed" in ran.out
    assert pulled.lists() == {"VIP customers": vips(SHOP)}
    before = len(pulled.requests())
    ran = pulled.type(f"push {SYNC}")
    assert "vip → klaviyo: nothing changed, nothing sent" in ran.out
    assert pulled.requests(before) == [], "its list was seen less than a day ago"


def test_a_day_later_one_look_and_no_write(pushed: World) -> None:
    pushed.time.advance(25 * 3600)
    pushed.type(f"push {SYNC}")
    assert [(one.method, one.status) for one in pushed.requests()] == [("GET", 200)]


def test_push_as_json(pulled: World) -> None:
    (found,) = pulled.type(f"push {SYNC} --json").json
    assert (found["sent"], found["added"], found["removed"], found["exit_code"]) == (True, 7, 0, 0)
    assert found["plan"]["counts"]["add"] == 7


def test_a_push_needs_a_sync(pulled: World) -> None:
    pulled.configure(VIP + FIRST_TIMERS)
    ran = pulled.type("push first_timers", expect=2)
    assert "[segments.first_timers.to.NAME]" in ran.err


def test_rejected_members_are_listed_in_the_platforms_words(pulled: World) -> None:
    pulled.shop([*SHOP, *(buyer(number) for number in range(100, 140))])
    pulled.type("pull")
    pulled.seed("poison", who="buyer101@example.com", detail="This address never existed.")
    ran = pulled.type(f"push {SYNC}", expect=6)
    assert "1 rejected (segsync rejects)" in ran.out
    listed = pulled.type("rejects")
    assert "This address never existed." in listed.out
    assert "buyer101@example.com" not in listed.text
    assert "buyer101@example.com" not in pulled.lists()["VIP customers"]
    before = len(pulled.requests())
    assert "nothing changed, nothing sent" in pulled.type(f"push {SYNC}").out
    assert pulled.writes(before) == [], "who was refused is not sent again as they are"


def test_a_platform_that_goes_down_in_the_middle(pulled: World) -> None:
    pulled.fault(method="POST", path="relationships/profiles$", status=503, times=0)
    ran = pulled.type(f"push {SYNC}", expect=4)
    assert "klaviyo answered 503" in ran.err
    assert pulled.lists() == {"VIP customers": []}
    pulled.mend()
    ran = pulled.type(f"push {SYNC}")
    assert "vip → klaviyo: 7 added, 0 removed" in ran.out
    assert pulled.lists() == {"VIP customers": vips(SHOP)}


def test_a_key_that_is_taken_back_in_the_middle(pulled: World) -> None:
    pulled.sandbox.scopes.discard("profiles:write")
    ran = pulled.type(f"push {SYNC}", expect=3)
    assert "It needs the scopes" in ran.err
    assert "segsync secrets set klaviyo.api_key" in ran.err
    pulled.sandbox.scopes.add("profiles:write")
    pulled.type(f"push {SYNC}")
    assert pulled.lists() == {"VIP customers": vips(SHOP)}


def test_members_that_the_platform_answers_for_later(pulled: World) -> None:
    many = [*SHOP, *(buyer(number) for number in range(100, 140))]
    pulled.shop(many)
    pulled.type("pull")
    pulled.seed("poison", who="buyer101@example.com", detail="This address never existed.")
    pulled.seed("jobs", polls=10_000, seconds=3600.0)
    ran = pulled.type(f"push {SYNC}")
    assert "47 pending: the platform has not answered for them yet, the next run asks again" in ran.out
    pulled.time.advance(60)
    before, start = len(pulled.requests()), pulled.time.elapsed
    pulled.type(f"push {SYNC}")
    assert [one.method for one in pulled.requests(before)] == ["GET"], "an old ticket is asked for once"
    assert pulled.time.elapsed == start
    pulled.time.advance(3600)
    ran = pulled.type(f"push {SYNC}", expect=6)
    assert "of an earlier push: 46 added, 0 removed, 1 rejected" in ran.out
    assert pulled.lists() == {"VIP customers": [email for email in vips(many) if email != "buyer101@example.com"]}


# --- run --------------------------------------------------------------------------------------------------------


def test_run_pulls_computes_and_pushes(world: World) -> None:
    world.shop(SHOP)
    ran = world.type("run")
    assert ran.out.splitlines()[-1] == "1 sync: 7 added, 0 removed, 0 rejected"
    assert world.lists() == {"VIP customers": vips(SHOP)}
    tomorrow = [
        *(one for one in SHOP if one.number not in (1, 2, 6)),
        buyer(1, email="moved1@example.com"),
        buyer(2, subscribed=False),
        buyer(6),
    ]
    world.shop(tomorrow)
    found = world.type("run --json").json
    assert [one["source"] for one in found["pulled"]] == ["shop"]
    assert [(one["added"], one["removed"], one["error"]) for one in found["pushed"]] == [(2, 2, None)]
    assert world.lists() == {"VIP customers": vips(tomorrow)}
    before = len(world.requests())
    world.type("run")
    assert world.writes(before) == []


def test_run_tells_which_part_failed_and_does_the_rest(pushed: World) -> None:
    pushed.configure(
        VIP + FIRST_TIMERS + '[segments.first_timers.to.klaviyo]\naudience = "New"\n',
    )
    pushed.fault(method="POST", path="/api/lists$", status=500, times=0)
    ran = pushed.type("run", expect=4)
    assert "FAILED: first_timers → klaviyo" in ran.out
    assert "vip → klaviyo: nothing changed, nothing sent" in ran.out
    assert "klaviyo answered 500" in ran.err


# --- drift ------------------------------------------------------------------------------------------------------


def test_no_drift(pushed: World) -> None:
    assert "7 there, 7 held" in pushed.type(f"drift {SYNC}").out
    assert pushed.writes() == []


def test_somebody_was_taken_out_by_hand_and_somebody_put_in(pushed: World) -> None:
    account = pushed.sandbox.account
    (vip,) = account.lists.values()
    removed = account.find("email", "buyer1@example.com")
    assert removed is not None
    del vip.members[removed.id]
    pushed.seed("profile", email="guest@example.net", lists=("VIP customers",))
    ran = pushed.type(f"drift {SYNC}", expect=6)
    assert "1 held and not there: p" in ran.out
    assert "1 there and not put there by segsync: g***@example.net" in ran.out
    (found,) = pushed.type("drift vip --json", expect=6).json
    assert (found["present"], found["held"], len(found["missing"]), found["strangers"]) == (7, 7, 1, 1)


def test_drift_of_what_was_never_pushed(pulled: World) -> None:
    ran = pulled.type("drift vip", expect=2)
    assert "it was never pushed" in ran.err
