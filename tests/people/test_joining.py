"""Who is one person, told as stories."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segsync.people import Oversized

from .shop import Shop

ADA, BOB, EVE = "ada@example.com", "bob@example.com", "eve@example.com"
HOME = "+12125550123"
RELAY = "a1b2c3@marketplace.amazon.com"

Story = Callable[[Shop], None]


def one_email_two_sources(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.customer("c-9", source="file", email=ADA)


def different_emails(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.customer("2", email=BOB)


def no_identifier_at_all(shop: Shop) -> None:
    shop.customer("1")
    shop.customer("2")


def guest_then_customer(shop: Shop) -> None:
    shop.order("o1", email=ADA)
    shop.customer("1", email=ADA)


def customers_own_order(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.order("o1", customer_id="1", email=BOB)


def unknown_customer_id_joins_by_its_orders(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.order("o1", customer_id="77", email=ADA)
    shop.order("o2", customer_id="77", email=BOB)
    shop.order("o3", email=BOB)


def orders_of_nobody(shop: Shop) -> None:
    shop.order("o1")
    shop.customer("1")


def same_phone_same_name(shop: Shop) -> None:
    shop.customer("1", phone=HOME, last_name="Łuć", email=ADA)
    shop.customer("2", phone=HOME, last_name=" ŁUĆ ")


def household_with_two_emails(shop: Shop) -> None:
    shop.customer("1", phone=HOME, last_name="Lee", email=ADA)
    shop.customer("2", phone=HOME, last_name="Lee", email=BOB)
    shop.customer("3", phone=HOME, last_name="Lee")


def same_phone_other_name(shop: Shop) -> None:
    shop.customer("1", phone=HOME, last_name="Lee")
    shop.customer("2", phone=HOME, last_name="Kim")


def same_phone_no_names(shop: Shop) -> None:
    shop.customer("1", phone=HOME)
    shop.customer("2", phone=HOME)


def phone_chain_never_joins_two_emails(shop: Shop) -> None:
    shop.customer("1", email=ADA, phone=HOME, last_name="Lee")
    shop.customer("2", phone=HOME, last_name="Lee")
    shop.customer("3", email=ADA, phone="+12125550124", last_name="Lee")
    shop.customer("4", phone="+12125550124", last_name="Lee")
    shop.customer("5", email=BOB, phone="+12125550125", last_name="Lee")


def phone_guests_stay_alone(shop: Shop) -> None:
    shop.order("o1", phone=HOME)
    shop.order("o2", phone=HOME)
    shop.order("o3", phone=HOME, source="file")
    shop.customer("1", phone=HOME, last_name="Lee")


def relay_addresses_match_nobody(shop: Shop) -> None:
    shop.customer("1", email=RELAY)
    shop.customer("a", source="amazon", email=RELAY)
    shop.order("o1", source="amazon", email=RELAY)


def amazon_joins_by_email_alone(shop: Shop) -> None:
    shop.customer("1", email=ADA, phone=HOME, last_name="Lee")
    shop.customer("a", source="amazon", phone=HOME, last_name="Lee")
    shop.customer("b", source="amazon", email=ADA)


def vanished_customers_orders(shop: Shop) -> None:
    shop.customer("1", email=ADA, phone=HOME)
    shop.vanish("1")
    shop.order("o1", customer_id="1", email=ADA)
    shop.order("o2", email=ADA)
    shop.order("o3", phone=HOME)
    shop.order("o4", email=ADA, source="file")


def vanished_but_alive_elsewhere(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.vanish("1")
    shop.customer("2", email=ADA)
    shop.order("o1", email=ADA)


STORIES: list[tuple[Story, list[set[str]]]] = [
    (one_email_two_sources, [{"1", "c-9"}]),
    (different_emails, [{"1"}, {"2"}]),
    (no_identifier_at_all, [{"1"}, {"2"}]),
    (guest_then_customer, [{"1", f"guest:{ADA}"}]),
    (customers_own_order, [{"1"}]),
    (unknown_customer_id_joins_by_its_orders, [{"1", "77", f"guest:{BOB}"}]),
    (orders_of_nobody, [{"1"}]),
    (same_phone_same_name, [{"1", "2"}]),
    (household_with_two_emails, [{"1"}, {"2"}, {"3"}]),
    (same_phone_other_name, [{"1"}, {"2"}]),
    (same_phone_no_names, [{"1"}, {"2"}]),
    (phone_chain_never_joins_two_emails, [{"1", "2", "3", "4"}, {"5"}]),
    (phone_guests_stay_alone, [{"1"}, {f"guest:{HOME}"}, {f"guest:{HOME}"}]),
    (relay_addresses_match_nobody, [{"1"}, {"a"}, {f"guest:{RELAY}"}]),
    (amazon_joins_by_email_alone, [{"1", "b"}, {"a"}]),
    (vanished_customers_orders, [{f"guest:{ADA}"}]),
    (vanished_but_alive_elsewhere, [{"2", f"guest:{ADA}"}]),
]


@pytest.mark.parametrize(("story", "expected"), STORIES, ids=[story.__name__ for story, _ in STORIES])
def test_who_is_one_person(shop: Shop, story: Story, expected: list[set[str]]) -> None:
    story(shop)
    found = shop.resolve(undeliverable=frozenset({"amazon"}))
    assert shop.groups == {frozenset(group) for group in expected}
    assert found.people == len(expected)
    assert (found.merged, found.split, found.oversized) == (0, 0, [])


def test_says_what_joined_each_record(shop: Shop) -> None:
    shop.customer("1", email=ADA, phone=HOME, last_name="Lee")
    shop.customer("2", phone=HOME, last_name="Lee")
    shop.customer("3", email=BOB)
    shop.order("o1", email=ADA)
    shop.resolve()
    assert {customer_id: row["joined_by"] for (_, customer_id), row in shop.identities.items()} == {
        "1": "email",
        "2": "phone",
        "3": "id",
        f"guest:{ADA}": "email",
    }


def test_counts_customers_and_guests(shop: Shop) -> None:
    shop.customer("1", email=ADA)
    shop.order("o1", email=ADA)
    shop.order("o2", email=BOB)
    found = shop.resolve()
    assert (found.customers, found.guests, found.people) == (1, 2, 2)


def test_an_empty_warehouse_has_nobody(shop: Shop) -> None:
    found = shop.resolve()
    shop.describe()
    assert (found.customers, found.guests, found.people) == (0, 0, 0)
    assert shop.rows("people", "person") == []


@pytest.mark.parametrize(("customers", "joined"), [(3, True), (4, False)])
def test_too_many_customers_on_one_email_are_left_alone(shop: Shop, customers: int, joined: bool) -> None:
    for number in range(customers):
        shop.customer(str(number), email=ADA)
    shop.order("o1", email=ADA)
    shop.order("o2", email=ADA, source="file")
    shop.customer("other", email=BOB)
    shop.customer("another", email=BOB)
    found = shop.resolve(max_customers=3)
    assert shop.person("other") == shop.person("another")
    assert found.people == (2 if joined else customers + 3)
    assert found.oversized == ([] if joined else [Oversized("a***@example.com", customers)])
    assert shop.identities["shopify", "0"]["joined_by"] == ("email" if joined else "id")
