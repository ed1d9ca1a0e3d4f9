"""A real orders export (personal data replaced), pulled as typed: every value that could not be used is counted and
listed with its line."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import phonenumbers
import pytest
from cli_world import World

FILE = "orders_export_scrubbed.csv"
ORDERS, LINES = 496, 514  # ten listings of the file are of orders that it lists again
SEGMENTS = """
[segments.by_phone]
label = "Bought, and can be phoned"
rule = "number_of_orders >= 1 AND phone IS NOT NULL"
[segments.by_phone.to.klaviyo]
consent = "none"
[segments.by_email]
rule = "number_of_orders >= 1 AND email IS NOT NULL"
[segments.by_email.to.klaviyo]
consent = "none"
"""


@pytest.fixture
def real(world: World, shared: Callable[[str], Path]) -> World:
    folder = shared("data/shopify_export")
    world.configure(SEGMENTS)
    text = world.config.read_text("utf-8")
    world.config.write_text(text.replace('"exports"', f'"{folder}"'), encoding="utf-8")
    return world


@pytest.fixture
def listings(shared: Callable[[str], Path]) -> dict[str, Listing]:
    """The last listing of every order, by its id, with what another reader makes of its phone."""
    found = {}
    line = 2
    with (shared("data/shopify_export") / FILE).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            if row["Currency"]:  # the first row of an order
                found[row["Id"]] = Listing(line, row["Email"], _phone(row), not row["Cancelled at"])
            line = reader.line_num + 1
    return found


@dataclass(frozen=True, slots=True)
class Listing:
    """An order: the line of the file it begins in, how its customer is reached, and whether it stands."""

    line: int
    email: str
    phone: str | None
    stands: bool


def _phone(row: dict[str, str]) -> str | None:
    """The order's phone as E.164, None where it is no phone that can exist."""
    text = (row["Phone"] or row["Shipping Phone"]).lstrip("'")
    try:
        number = phonenumbers.parse(text, row["Shipping Country"])
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def test_pulled_with_every_unusable_value_listed(real: World, listings: dict[str, Listing]) -> None:
    unusable = {f"{FILE}:{one.line}" for one in listings.values() if one.phone is None}
    assert len(unusable) == 298, "the digits of most phones were shuffled"
    ran = real.type("pull")
    assert ran.out == (
        f"shop: {ORDERS} orders, {LINES} order_lines; {len(unusable)} values could not be used (segsync rejects)\n"
    )
    found = real.type("rejects --most 1000 --json").json
    assert found["flaws_in_all"] == len(found["flaws"]) == len(unusable)
    assert {flaw["place"] for flaw in found["flaws"]} == unusable
    assert {(flaw["column"], flaw["reason"]) for flaw in found["flaws"]} == {
        ("phone", "not a phone number that is in use anywhere")
    }
    assert "298 values, 5 shown" in real.type("rejects --most 5").out
    real.type("pull")
    assert "298 values, 5 shown" in real.type("rejects --most 5").out, "nothing new was read: they are as they were"


def test_segments_by_phone_and_by_email_reach_klaviyo(real: World, listings: dict[str, Listing]) -> None:
    phones = {one.phone for one in listings.values() if one.phone and one.stands}
    emails = {one.email for one in listings.values() if one.email and one.stands}
    assert (len(phones), len(emails)) == (180, 4)
    real.type("pull")
    ran = real.type("push by_phone --to klaviyo", expect=5)
    assert "the first push would add 180, which is 94% of all 192 people" in ran.err
    approve = ran.err.rpartition("segsync ")[2]
    real.type(approve)
    real.type("push by_email --to klaviyo")
    profiles = real.sandbox.state()["profiles"].values()
    by_label = {one.get("email") or one["phone_number"]: one.get("phone_number") for one in profiles}
    lists = real.lists()
    assert set(lists["by_email"]) == emails
    both = {one.email for one in listings.values() if one.email and one.phone}
    assert set(lists["Bought, and can be phoned"]) == both | {
        one.phone for one in listings.values() if one.phone and one.stands and not one.email
    }
    assert set(by_label) == set(lists["by_email"]) | set(lists["Bought, and can be phoned"])
    before = len(real.requests())
    real.type("run")
    assert real.writes(before) == []
