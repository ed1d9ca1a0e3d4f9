"""Rules as texts, typed: `segsync rules check`, `segsync rules fmt`, `segsync show --rule`, and traits of one's own."""

from __future__ import annotations

from cli_world import VIP, World

SPENT = """
[traits.spent]
value = "sum(orders_placed.amount)"
"""
BIG = """
[segments.big]
rule = "spent > 500"
"""


def test_a_right_rule(world: World) -> None:
    assert world.type("rules check 'number_of_orders >= 3 AND amount_spent > 500'").out == "the rule is right\n"
    assert world.type("rules check").out == "right: vip\n"


def test_a_wrong_rule_says_where_and_what_to_type(world: World) -> None:
    err = world.type("rules check 'number_of_orders >= 3 AND amout_spent > 500'", expect=2).err
    assert "line 1, column 27: unknown trait `amout_spent`" in err
    assert "^" * 11 in err
    assert "did you mean `amount_spent`?" in err


def test_every_mistake_is_told_at_once(world: World) -> None:
    err = world.type(
        "rules check \"amout_spent > 500 OR number_of_orders = 'x' OR last_order_date > 2025-02-30\"", expect=2
    ).err
    assert err.startswith("segsync: 3 problems in the rule")


def test_a_rule_may_be_checked_before_there_is_a_config(world: World) -> None:
    world.config.unlink()
    assert world.type("rules check 'number_of_orders = 1'").out == "the rule is right\n"
    world.type("rules check", expect=2)


def test_a_rule_that_is_checked_may_name_segments_and_traits_of_the_config(world: World) -> None:
    world.configure(VIP, top=SPENT)
    world.type("rules check \"segments CONTAINS 'vip' AND spent > 5\"")
    assert "no segment is called 'vp'" in world.type("rules check \"segments CONTAINS 'vp'\"", expect=2).err


def test_a_rule_is_written_as_everybody_writes_it(world: World) -> None:
    out = world.type("rules fmt 'amount_spent>500 and ((number_of_orders>=3))'").out
    assert out == "amount_spent > 500 AND number_of_orders >= 3\n"
    assert world.type("rules fmt").out.startswith("[segments.vip]\n  number_of_orders >= 3")
    world.type("rules fmt 'amount_spent >'", expect=2)


def test_members_of_a_rule_that_is_in_no_file(pulled: World) -> None:
    pulled.type("plan")
    shown = pulled.type("show --rule 'number_of_orders >= 3 AND amount_spent > 500' --json").json
    segment = pulled.type("show vip --json").json
    assert shown["members"] == segment["members"] > 0
    assert [one["person"] for one in shown["sample"]] == [one["person"] for one in segment["sample"]]
    inside = pulled.type("show --rule \"segments CONTAINS 'vip' AND number_of_orders > 100\"").out
    assert inside.startswith("this rule: 0 members")
    assert "unknown trait" in pulled.type("show --rule 'nonsense > 1'", expect=2).err


def test_show_takes_a_segment_or_a_rule(world: World) -> None:
    world.type("show", expect=2)
    world.type("show vip --rule 'number_of_orders = 1'", expect=2)


def test_a_trait_of_ones_own_is_used_and_explained(pulled: World) -> None:
    pulled.configure(VIP + BIG, top=SPENT)
    pulled.type("plan")
    assert pulled.type("show big --json").json["members"] > 0
    told = pulled.type("why buyer0@example.com big").out
    assert "true   spent > 500   (spent: 600" in told


def test_a_wrong_trait_is_told_with_its_line(world: World) -> None:
    world.configure(VIP + BIG, top=SPENT.replace("sum(orders_placed.amount)", "sum(orders_placed.amout)"))
    err = world.type("plan", expect=2).err
    assert "traits.spent.value (line 8)" in err
    assert "amount" in err


def test_traits_that_are_made_of_one_another_are_told(world: World) -> None:
    world.configure(VIP, top='[traits.a]\nvalue = "b + 1"\n[traits.b]\nvalue = "a + 1"\n')
    err = world.type("rules check", expect=2).err
    assert "a → b → a" in err or "b → a → b" in err


def test_why_shows_the_orders_that_counted(pulled: World) -> None:
    pulled.configure(VIP + '[segments.bought]\nrule = "orders_placed MATCHES (amount >= 200, count >= 2)"\n')
    pulled.type("plan")
    told = pulled.type("why buyer0@example.com bought").out
    assert told.count("2026-03-01  shop 8800") == 3
    assert "200.00" in told
    (part,) = pulled.type("why buyer0@example.com bought --json").json["rule"]["records"].values()
    assert {one["id"] for one in part} == {"880000000", "880000001", "880000002"}


def test_why_says_what_is_missing_for_people_just_outside(pulled: World) -> None:
    pulled.configure(VIP + '[segments.five]\nrule = "number_of_orders >= 5 AND amount_spent > 500"\n')
    pulled.type("plan")
    told = pulled.type("why buyer0@example.com five").out
    assert "false  number_of_orders >= 5   (number_of_orders: 3)   what would do: 2 more" in told


def test_traits_are_checked_and_written_as_rules_are(world: World) -> None:
    world.configure(VIP + BIG, top=SPENT.replace("sum(orders_placed.amount)", "sum( orders_placed.amount )*2"))
    assert world.type("rules check").out == "right: spent, vip, big\n"
    assert world.type("rules fmt").out.startswith("[traits.spent]\n  sum(orders_placed.amount) * 2\n[segments.vip]\n")


def test_a_typed_rule_is_its_own_whatever_else_is_wrong(world: World) -> None:
    world.configure('[segments.vip]\nrule = "nonsense > 1"\n')
    assert world.type("rules fmt \"segments   contains 'vip'\"").out == "segments CONTAINS 'vip'\n"
    assert world.type("rules check \"segments CONTAINS 'vip'\"").out == "the rule is right\n"
    world.type("rules check", expect=2)


def test_a_rule_cannot_be_shown_that_names_a_wrong_one(pulled: World) -> None:
    pulled.type("plan")
    pulled.configure('[segments.vip]\nrule = "nonsense > 1"\n')
    told = pulled.type("show --rule \"segments CONTAINS 'vip'\"", expect=2).err
    assert "[segments.vip] rule, line 1, column 1" in told
