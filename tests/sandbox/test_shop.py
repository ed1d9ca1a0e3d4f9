"""The seeded shop: the same each time, as dirty as real ones, and moving on by a day as it says."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import phonenumbers
import pytest

from segsync.sandbox.shop import RATES, Shop, make_shop
from segsync.sandbox.shop_csv import CUSTOMER_COLUMNS, ORDER_COLUMNS
from segsync.sandbox.shop_people import fiction

DAY = date(2026, 6, 1)
SIZE = 1_500

Rows = list[dict[str, str]]


def written(shop: Shop, folder: Path) -> tuple[Rows, Rows]:
    customers, orders = (
        list(csv.DictReader(path.open(encoding="utf-8", newline=""))) for path in shop.write_exports(folder)
    )
    return customers, orders


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(7, SIZE, day=DAY)


@pytest.fixture(scope="module")
def exports(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, Rows]:
    return written(shop, tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def tomorrow(shop: Shop) -> Shop:
    return shop.next_day()


def firsts(orders: Rows) -> Rows:
    return [row for row in orders if row["Currency"]]


def test_the_columns_are_shopifys(shared: Callable[[str], Path]) -> None:
    with (shared("data/shopify_export") / "orders_export_scrubbed.csv").open(encoding="utf-8", newline="") as stream:
        assert tuple(next(csv.reader(stream))) == ORDER_COLUMNS
    assert len(ORDER_COLUMNS) == 79
    assert len(CUSTOMER_COLUMNS) == 20


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    def files(seed: int, name: str) -> list[bytes]:
        return [path.read_bytes() for path in make_shop(seed, 120, day=DAY).next_day().write_exports(tmp_path / name)]

    assert files(3, "a") == files(3, "b")
    assert files(3, "a") != files(4, "c")


def test_about_three_in_a_hundred_are_vip_and_six_in_ten_subscribed(shop: Shop, exports: tuple[Rows, Rows]) -> None:
    customers, orders = exports
    counted: dict[str, list[Decimal]] = defaultdict(list)
    for row in firsts(orders):
        if (
            row["Email"]
            and not row["Cancelled at"]
            and row["Financial Status"] != "voided"
            and "Bogus" not in row["Payment Method"]
        ):
            net = (Decimal(row["Total"]) - Decimal(row["Refunded Amount"])) * RATES[row["Currency"]]
            counted[row["Email"].lower()].append(net)
    vips = [row for row in customers if len(found := counted.get(row["Email"].lower(), [])) >= 3 and sum(found) > 500]
    assert 0.02 < len(vips) / SIZE < 0.045
    assert 0.02 < sum(shop.is_vip(number) for number in range(SIZE)) / SIZE < 0.045
    assert 0.55 < sum(row["Accepts Email Marketing"] == "yes" for row in customers) / SIZE < 0.68


def test_the_dirt_of_real_shops(exports: tuple[Rows, Rows]) -> None:
    customers, orders = exports
    heads = firsts(orders)
    emails = Counter(row["Email"].lower() for row in customers if row["Email"])
    assert sum(count > 1 for email, count in emails.items() if "example." in email) > 5  # second accounts
    assert any(row["Email"] != row["Email"].lower() for row in customers)
    phones: dict[str, set[str]] = defaultdict(set)
    for row in customers:
        phones[row["Phone"]].add(row["Last Name"])
    assert sum(len(names) > 1 for phone, names in phones.items() if phone) > 5  # households
    assert {row["Email"] for row in customers} & {"nobody@", "n/a", "ann@@example.com"}
    known = {row["Email"].lower() for row in customers}
    assert sum(bool(row["Email"]) and row["Email"].lower() not in known for row in heads) > 50  # guests
    assert {row["Currency"] for row in heads} == set(RATES)
    assert len({row["Created at"][-5:] for row in heads}) >= 5
    assert {row["Financial Status"] for row in heads} == {"paid", "pending", "voided", "refunded", "partially_refunded"}
    assert any("Bogus" in row["Payment Method"] for row in heads)
    assert any(row["Cancelled at"] for row in heads)
    assert any("\n" in row["Notes"] for row in heads)
    assert any(row["First Name"] == "美咲" for row in customers)
    assert any('"' in row["Last Name"] for row in customers)
    assert len(orders) > len(heads) * 1.3  # rows of further lines


def test_people_are_at_addresses_that_nobody_has(exports: tuple[Rows, Rows]) -> None:
    customers, orders = exports
    for row in [*customers, *orders]:
        domain = row["Email"].rpartition("@")[2].lower()
        assert (
            not row["Email"] or domain in ("", "example.com", "example.net", "example.org") or "@" not in row["Email"]
        )
    for phone in {row["Phone"].lstrip("'") for row in [*customers, *orders] if row["Phone"]}:
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone)), phone


@pytest.mark.parametrize("country", ["US", "CA", "GB", "DE", "FR"])
def test_every_range_kept_for_fiction_has_numbers_that_count_as_valid(country: str) -> None:
    digits = 2 if country in ("US", "CA") else 3
    numbers = [f"{start}{last:0{digits}}" for start in fiction(country) for last in (0, 42, 10**digits - 1)]
    parsed = [phonenumbers.parse(number) for number in numbers]
    assert all(map(phonenumbers.is_valid_number, parsed))
    assert {phonenumbers.region_code_for_number(number) for number in parsed} == {country}
    assert len(set(numbers)) == len(numbers) >= 15


def test_an_orders_sums_agree(exports: tuple[Rows, Rows]) -> None:
    _, orders = exports
    gross: dict[str, Decimal] = defaultdict(Decimal)
    for row in orders:
        gross[row["Name"]] += Decimal(row["Lineitem price"]) * int(row["Lineitem quantity"])
    for row in firsts(orders):
        subtotal, off, shipping, tax, total = (
            Decimal(row[name]) for name in ("Subtotal", "Discount Amount", "Shipping", "Taxes", "Total")
        )
        assert subtotal + off == gross[row["Name"]]
        assert subtotal + shipping + tax == total >= Decimal(row["Refunded Amount"])


def test_orders_are_numbered_as_they_came_and_listed_newest_first(exports: tuple[Rows, Rows]) -> None:
    _, orders = exports
    heads = firsts(orders)
    assert [row["Name"] for row in heads] == [f"#{1_000 + n}" for n in range(len(heads), 0, -1)]
    assert len({row["Id"] for row in heads}) == len(heads)
    local = [row["Created at"][:19] for row in heads]
    assert local == sorted(local, reverse=True)
    assert max(local)[:10] < DAY.isoformat()


def test_a_day_later(shop: Shop, tomorrow: Shop, exports: tuple[Rows, Rows], tmp_path: Path) -> None:
    (told,) = tomorrow.changes
    before, orders_before = exports
    after, orders_after = written(tomorrow, tmp_path)
    old, new = ({row["Customer ID"].lstrip("'"): row for row in rows} for rows in (before, after))
    assert old.keys() - new.keys() == set(told.vanished)
    changed = {who for who in new if old[who]["Email"] != new[who]["Email"]}
    assert changed == set(told.changed_email)
    said_no = {who for who in new if old[who]["Accepts Email Marketing"] != new[who]["Accepts Email Marketing"]}
    assert said_no == set(told.withdrew)
    assert [len(told.vanished), len(told.changed_email), len(told.withdrew)] == [1, 1, 1]
    assert len(firsts(orders_after)) - len(firsts(orders_before)) == told.orders
    numbers = {row["Name"]: row["Id"] for row in firsts(orders_after)}
    assert {row["Name"]: row["Id"] for row in firsts(orders_before)}.items() <= numbers.items()


def test_who_became_a_vip_did(shop: Shop, tomorrow: Shop) -> None:
    (told,) = tomorrow.changes
    numbers = {who.customer_id: who.number for who in tomorrow.customers()}
    assert len(told.became_vip) >= 2
    for customer in told.became_vip:
        assert tomorrow.is_vip(numbers[customer])
        assert not shop.is_vip(numbers[customer])
        assert tomorrow.shopper(numbers[customer]).subscribed


def test_those_it_changes_were_vips_who_may_be_written_to(shop: Shop, tomorrow: Shop) -> None:
    (told,) = tomorrow.changes
    numbers = {who.customer_id: who.number for who in shop.customers()}
    for customer in (*told.changed_email, *told.vanished, *told.withdrew):
        assert shop.is_vip(numbers[customer])
        assert shop.shopper(numbers[customer]).subscribed


@pytest.mark.parametrize("keep", [True, False])
def test_orders_follow_a_changed_email_unless_told_otherwise(shop: Shop, keep: bool) -> None:
    moved = shop.next_day(old_orders_keep_email=keep)
    (told,) = moved.changes
    number = next(who.number for who in shop.customers() if who.customer_id == told.changed_email[0])
    written_as = {one.email.lower() for one in moved.orders_of(number)} - {""}
    expected = shop.shopper(number).email if keep else moved.shopper(number).email
    assert written_as == {expected}


def test_the_smallest_shop_moves_on_too() -> None:
    shop = make_shop(1, 1, day=DAY).next_day().next_day(5)
    assert len(shop.changes) == 2
    assert sum(1 for _ in shop.orders()) >= 6
    with pytest.raises(ValueError, match="between one and"):
        make_shop(1, 0, day=DAY)
