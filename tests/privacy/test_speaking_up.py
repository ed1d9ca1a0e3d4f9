"""`segsync suppress` and its like, and `segsync person --export`, as typed."""

from __future__ import annotations

import json

from cli_world import SHOP, World, buyer, vips
from traces_left import JANE

# --- suppress -----------------------------------------------------------------------------------------------------


def test_suppressed_leaves_at_the_next_push_and_comes_back(pushed: World) -> None:
    ran = pushed.type(f"suppress '  {JANE.upper()} ' --reason 'phoned jane@example.com'")
    assert "b***@example.com is suppressed from now on" in ran.out
    assert "leaves at the next push: vip → klaviyo" in ran.out
    assert JANE not in ran.text.lower()
    pushed.type("push vip --to klaviyo")
    assert JANE not in pushed.lists()["VIP customers"]
    assert "was suppressed already" in pushed.type(f"suppress {JANE}").out
    assert "no audience holds them now" in pushed.type(f"suppress {JANE}").out

    told = pushed.type("suppressions").out
    assert "b***@example.com" in told
    assert "phoned j***@example.com" in told
    (row,) = pushed.type("suppressions --json").json
    assert (row["by"], row["who"]) == ("email", "b***@example.com")

    assert "is suppressed no longer" in pushed.type(f"unsuppress {JANE}").out
    pushed.type("push vip --to klaviyo")
    assert JANE in pushed.lists()["VIP customers"]
    assert "is not suppressed by that" in pushed.type(f"unsuppress {JANE}", expect=2).err
    assert "nobody is suppressed" in pushed.type("suppressions").out


def test_suppressed_before_the_first_pull(world: World) -> None:
    world.shop([buyer(1), buyer(2, phone="+12125550123"), buyer(3)])
    assert "nothing was pulled yet" in world.type("suppress buyer1@example.com").out
    assert "+1***23 is suppressed" in world.type("suppress '(212) 555-0123'").out
    world.type("run")
    assert world.lists()["VIP customers"] == ["buyer3@example.com"]


def test_suppressed_by_a_key_or_a_record(pulled: World) -> None:
    ran = pulled.type("suppress shop:7003", expect=2)
    assert "name them by an e-mail or a phone; or first: segsync plan" in ran.err, "nobody is joined yet"
    pulled.type("plan")
    key = pulled.type(f"person {JANE} --json").json["person"]
    assert f"{key} is suppressed from now on" in pulled.type("suppress shop:7003").out
    assert f"{key} is suppressed no longer" in pulled.type(f"unsuppress {key}").out


# --- export -------------------------------------------------------------------------------------------------------


def test_everything_known_of_somebody(pushed: World) -> None:
    pushed.type(f"suppress {JANE} --reason 'asked for it'")
    ran = pushed.type(f"person {JANE} --export --out jane.json")
    path = pushed.folder / "jane.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert JANE not in ran.text
    told = json.loads(path.read_text("utf-8"))
    (customer,) = told["customers"]
    assert (customer["customer_id"], customer["first_name"], customer["email"]) == ("7003", "Ada3", JANE)
    assert (len(told["orders"]), len(told["order_lines"])) == (3, 3)
    assert {one["email_subscription_status"] for one in told["customers"]} == {"SUBSCRIBED"}
    (identifier,) = told["identifiers"]
    assert (identifier["value"], identifier["consent"]) == (JANE, "SUBSCRIBED")
    assert told["segments"][0]["segment"] == "vip"
    assert told["traits"][0]["number_of_orders"] == 3
    (held,) = told["held"]
    assert (held["to"], held["as"], held["state"]) == ("vip → klaviyo", "VIP customers", "held")
    assert held["identifiers"]["emails"] == [JANE]
    assert held["accepted_at"].startswith("2026-06-01T12")
    assert [one["reason"] for one in told["suppressions"]] == ["asked for it"]
    others = [one.email for one in SHOP if "@" in one.email and one.email != JANE]
    assert not [email for email in others if f'"{email}"' in path.read_text("utf-8")]
    assert pushed.type(f"person {JANE} --export").json == told


def test_somebody_who_is_only_held_any_more(pushed: World) -> None:
    pushed.shop([one for one in SHOP if one.number != 3])
    pushed.type("pull --full")
    pushed.type("plan")
    told = pushed.type(f"person {JANE} --export").json
    assert [one["to"] for one in told["held"]] == ["vip → klaviyo"]
    assert JANE in vips(SHOP)


def test_who_is_asked_for_must_be_known(pushed: World) -> None:
    assert "nothing is known of them" in pushed.type("person nobody@example.com --export", expect=2).err
    assert "the other options go with --export" in pushed.type(f"person {JANE} --out jane.json", expect=2).err
    assert "one person, or one message, is needed" in pushed.type("person --export", expect=2).err
