"""Person keys stay: through runs, merges, splits and changed e-mails; `held` follows a merge."""

from __future__ import annotations

from .shop import Shop

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"


def held_rows(shop: Shop) -> list[tuple[str, str, str]]:
    return [(row["audience"], row["person"], row["state"]) for row in shop.rows("held", "batch_seq")]


def test_new_keys_are_numbered_by_source_and_id(shop: Shop) -> None:
    shop.customer("2", email=BOB)
    shop.customer("1", email=ADA)
    shop.customer("a", source="file", email=EVE)
    shop.resolve()
    assert [shop.person("a", source="file"), shop.person("1"), shop.person("2")] == ["p1-1", "p1-2", "p1-3"]


def test_nothing_changed_gives_the_same_identities(shop: Shop) -> None:
    for number in range(20):
        shop.customer(str(number), email=f"shopper{number % 7}@example.com")
        shop.order(f"o{number}", email=f"guest{number % 5}@example.com")
    shop.resolve()
    before = shop.identities
    found = shop.resolve()
    assert shop.identities == before
    assert (found.merged, found.split) == (0, 0)


def test_since_is_kept_and_newcomers_get_the_run(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.resolve()
    shop.order("o1", email=ADA)
    shop.resolve()
    assert shop.person("1") == shop.person(f"guest:{ADA}") == "p1-1"
    assert [row["since"].day for row in shop.identities.values()] == [1, 2]


def test_a_guest_who_becomes_a_customer_stays_the_same_person(shop: Shop) -> None:
    shop.order("o1", email=ADA)
    shop.resolve()
    shop.customer("1", email=ADA)
    shop.resolve()
    assert shop.person("1") == "p1-1"


def test_a_changed_email_keeps_the_customers_key(shop: Shop) -> None:
    shop.order("o1", email=ADA)
    shop.resolve()
    shop.customer("zoe", email=ADA)  # sorts after `guest:`, and came later
    shop.resolve()
    shop.customer("zoe", email=EVE)
    found = shop.resolve()
    assert shop.person("zoe") == "p1-1"
    assert shop.person(f"guest:{ADA}") == "p3-1"
    assert (found.merged, found.split) == (0, 1)


def test_the_oldest_person_survives_a_merge(shop: Shop) -> None:
    shop.customer("9", email=ADA)
    shop.resolve()
    shop.customer("1", email=BOB)
    shop.resolve()
    shop.customer("1", email=ADA)
    found = shop.resolve()
    assert shop.person("1") == shop.person("9") == "p1-1"
    assert (found.people, found.merged, found.split) == (1, 1, 0)


def test_of_equally_old_persons_the_smaller_key_survives(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.customer("2", email=BOB)
    shop.resolve()
    shop.customer("1", email=BOB)
    shop.resolve()
    assert shop.person("2") == "p1-1"


def test_in_a_split_the_longest_known_keeps_the_key(shop: Shop) -> None:
    shop.customer("9", email=ADA)
    shop.resolve()
    shop.customer("1", email=ADA)
    shop.resolve()
    shop.customer("1", email=BOB)
    found = shop.resolve()
    assert (shop.person("9"), shop.person("1")) == ("p1-1", "p3-1")
    assert (found.merged, found.split) == (0, 1)


def test_in_a_split_of_equals_the_larger_part_keeps_the_key(shop: Shop) -> None:
    for customer_id in ("1", "2", "3"):
        shop.customer(customer_id, email=ADA)
    shop.resolve()
    shop.customer("1", email=BOB)
    shop.resolve()
    assert [shop.person(customer_id) for customer_id in ("1", "2", "3")] == ["p2-1", "p1-1", "p1-1"]


def test_who_leaves_one_person_for_another_does_not_take_the_others_key(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.customer("2", email=ADA)
    shop.resolve()
    shop.customer("3", email=BOB)
    shop.resolve()
    shop.customer("2", email=BOB)
    found = shop.resolve()
    assert [shop.person(customer_id) for customer_id in ("1", "2", "3")] == ["p1-1", "p2-1", "p2-1"]
    assert (found.merged, found.split) == (0, 0)


def test_a_component_that_grows_too_large_falls_apart_and_keeps_one_key(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.customer("2", email=ADA)
    shop.resolve(max_customers=2)
    shop.customer("3", email=ADA)
    found = shop.resolve(max_customers=2)
    assert [shop.person(customer_id) for customer_id in ("1", "2", "3")] == ["p1-1", "p2-1", "p2-2"]
    assert found.split == 1


def test_vanished_customers_leave_identities_and_their_held_rows_stay(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.customer("2", email=BOB)
    shop.resolve()
    shop.hold(("vip", "p1-1", "held"), ("vip", "p1-2", "held"))
    shop.vanish("1")
    found = shop.resolve()
    assert set(shop.identities) == {("shopify", "2")}
    assert held_rows(shop) == [("vip", "p1-1", "held"), ("vip", "p1-2", "held")]
    assert (found.merged, found.split) == (0, 0)


def test_a_second_joining_within_a_run_gives_no_key_twice(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.resolve()
    shop.run -= 1
    shop.customer("0", email=BOB)
    shop.resolve()
    assert (shop.person("1"), shop.person("0")) == ("p1-1", "p1-2")


def merging_shop(shop: Shop) -> None:
    """Persons p1-1, p1-2 and p1-3, of whom a next run makes one."""
    for customer_id, email in (("1", ADA), ("2", BOB), ("3", EVE)):
        shop.customer(customer_id, email=email)
    shop.resolve()
    shop.customer("2", email=ADA)
    shop.customer("3", email=ADA)


def test_held_rows_go_over_with_a_merge_where_the_heir_has_none(shop: Shop) -> None:
    merging_shop(shop)
    shop.hold(
        ("vip", "p1-1", "held"),
        ("vip", "p1-2", "held"),
        ("sale", "p1-2", "uncertain"),
        ("gone", "p1-1", "removed"),
        ("gone", "p1-3", "held"),
        ("other", "somebody", "held"),
    )
    shop.resolve()
    assert held_rows(shop) == [
        ("vip", "p1-1", "held"),
        ("vip", "p1-2", "held"),
        ("sale", "p1-1", "uncertain"),
        ("gone", "p1-1", "removed"),
        ("gone", "p1-3", "held"),
        ("other", "somebody", "held"),
    ]
    assert shop.rows("held", "batch_seq")[2]["platform_id"] == "p1-2@2"


def test_of_two_merged_persons_in_one_audience_the_row_that_still_holds_goes_over(shop: Shop) -> None:
    merging_shop(shop)
    shop.hold(("vip", "p1-2", "held"), ("vip", "p1-3", "removed"), ("sale", "p1-2", "held"), ("sale", "p1-3", "held"))
    shop.resolve()
    assert held_rows(shop) == [
        ("vip", "p1-1", "held"),
        ("vip", "p1-3", "removed"),
        ("sale", "p1-2", "held"),
        ("sale", "p1-1", "held"),
    ]


def test_a_merge_that_was_killed_before_identities_were_written_ends_the_same(shop: Shop) -> None:
    merging_shop(shop)
    shop.hold(("vip", "p1-2", "held"), ("sale", "p1-3", "held"))
    before = shop.con.table("identities").to_pyarrow()
    shop.resolve()
    joined, held = shop.identities, held_rows(shop)
    shop.con.create_table("identities", before, overwrite=True)
    shop.resolve()
    assert {key: row["person"] for key, row in shop.identities.items()} == {
        key: row["person"] for key, row in joined.items()
    }
    assert held_rows(shop) == held


def test_a_pending_row_keeps_the_name_that_the_platform_was_told(shop: Shop) -> None:
    """Its ticket is settled under that name; the row goes over once it is held."""
    merging_shop(shop)
    shop.hold(("vip", "p1-2", "pending"), ("sale", "p1-2", "held"))
    shop.resolve()
    assert held_rows(shop) == [("vip", "p1-2", "pending"), ("sale", "p1-1", "held")]
