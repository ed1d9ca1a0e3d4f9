"""What landing makes of values as people and platforms write them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from segsync.warehouse import contacts, places, times, values
from segsync.warehouse.values import Unreadable

NEW_YORK = ZoneInfo("America/New_York")
REFUSED = object()

CASES = [
    # money
    (values.money, "12.50", Decimal("12.5")),
    (values.money, " -0.0001 ", Decimal("-0.0001")),
    (values.money, ".5", Decimal("0.5")),
    (values.money, "7.", Decimal(7)),
    (values.money, "", None),
    (values.money, 0.1, Decimal("0.1")),
    (values.money, 0.1 + 0.2, Decimal("0.3")),
    (values.money, 3, Decimal(3)),
    (values.money, Decimal("1.23450000"), Decimal("1.2345")),
    (values.money, "99999999999999.9999", Decimal("99999999999999.9999")),
    (values.money, "100000000000000", REFUSED),
    (values.money, 1e300, REFUSED),
    (values.money, "1,234.50", REFUSED),
    (values.money, "1.234,50", REFUSED),
    (values.money, "1 234", REFUSED),
    (values.money, "$5", REFUSED),
    (values.money, "1e3", REFUSED),
    (values.money, "1.00005", REFUSED),
    (values.money, 1.00005, REFUSED),
    (values.money, "nan", REFUSED),
    (values.money, "Infinity", REFUSED),
    (values.money, float("inf"), REFUSED),
    (values.money, float("nan"), REFUSED),
    (values.money, Decimal("NaN"), REFUSED),
    (values.money, Decimal("sNaN"), REFUSED),
    (values.money, "٣", REFUSED),
    (values.money, True, REFUSED),
    (values.money, [1], REFUSED),
    # whole numbers
    (values.integer, "3", 3),
    (values.integer, "3.0", 3),
    (values.integer, 3.0, 3),
    (values.integer, -2, -2),
    (values.integer, "3.5", REFUSED),
    (values.integer, 2**63, REFUSED),
    (values.integer, 2**63 - 1, 2**63 - 1),
    (values.integer, float("inf"), REFUSED),
    (values.integer, "many", REFUSED),
    # text and ids
    (values.text, "  x  ", "x"),
    (values.text, "\u00a0\t", None),
    (values.text, 12345, "12345"),
    (values.text, 12345.0, "12345"),
    (values.text, 1e18, REFUSED),
    (values.text, "half \ud800", REFUSED),
    (values.text, "a\x00b", REFUSED),
    (values.text, b"bytes", REFUSED),
    (values.text, "Zoë 🎉", "Zoë 🎉"),
    # flags
    (values.flag, "YES", True),
    (values.flag, "false", False),
    (values.flag, 1, True),
    (values.flag, 0.0, False),
    (values.flag, True, True),
    (values.flag, "", None),
    (values.flag, "maybe", REFUSED),
    (values.flag, 2, REFUSED),
    # lists
    (values.listed, "a, b,,a , c", ("a", "b", "c")),
    (values.listed, ["x", None, " ", "y"], ("x", "y")),
    (values.listed, np.array(["x", "y"]), ("x", "y")),
    (values.listed, "", None),
    (values.listed, [], None),
    (values.listed, {"a": 1}, REFUSED),
    (values.listed, 5, REFUSED),
    # JSON
    (values.canonical_json, '{"b": 1, "a": [2]}', '{"a":[2],"b":1}'),
    (values.canonical_json, {"é": Decimal("1.5"), "d": date(2026, 1, 2)}, '{"d":"2026-01-02","é":"1.5"}'),
    (values.canonical_json, " ", None),
    (values.canonical_json, "[1]", REFUSED),
    (values.canonical_json, '{"a": NaN}', REFUSED),
    (values.canonical_json, {"a": float("nan")}, REFUSED),
    (values.canonical_json, "{", REFUSED),
    (values.canonical_json, '{"a":"\\ud800"}', REFUSED),
    (values.canonical_json, "[" * 100_000, REFUSED),
    (values.canonical_json, {"a": object()}, REFUSED),
    # enums
    (values.enum(frozenset({"PAID"})), " paid ", "PAID"),
    (values.enum(frozenset({"PAID"})), "Paid up", REFUSED),
    # e-mail
    (contacts.email, " Ann.Lee+x@Example.COM ", "ann.lee+x@example.com"),
    (contacts.email, "o'neil@example.org", "o'neil@example.org"),
    (contacts.email, "ann@shop.test", "ann@shop.test"),
    (contacts.email, "zoë@example.com", "zoë@example.com"),
    (contacts.email, "ann@bücher.example", "ann@bücher.example"),
    (contacts.email, "ann@xn--bcher-kva.example", "ann@bücher.example"),
    (contacts.email, "", None),
    (contacts.email, "ann", REFUSED),
    (contacts.email, "@example.com", REFUSED),
    (contacts.email, "ann@", REFUSED),
    (contacts.email, "ann@localhost", REFUSED),
    (contacts.email, "a..b@example.com", REFUSED),
    (contacts.email, "ann@exam ple.com", REFUSED),
    (contacts.email, "ann@example.com; bob@example.com", REFUSED),
    (contacts.email, "Ann <ann@example.com>", REFUSED),
    (contacts.email, "x" * 65 + "@example.com", REFUSED),
    (contacts.email, "ann@" + "x." * 130 + "com", REFUSED),
    (contacts.email, 5, REFUSED),
    # phones
    (contacts.phone, ("'+1 (212) 736-5000", None), "+12127365000"),
    (contacts.phone, ("212-736-5000", "US"), "+12127365000"),
    (contacts.phone, (2127365000.0, "US"), "+12127365000"),
    (contacts.phone, ("0044 20 7946 0018", "DE"), "+442079460018"),
    (contacts.phone, ("'", "US"), None),
    (contacts.phone, ("212-736-5000", None), REFUSED),
    (contacts.phone, ("+1 111", "US"), REFUSED),
    (contacts.phone, ("call me", "US"), REFUSED),
    (contacts.phone, ("9" * 300, "US"), REFUSED),
    # places
    (places.country, "us", "US"),
    (places.country, "DEU", "DE"),
    (places.country, "united kingdom", "GB"),
    (places.country, "UK", "GB"),
    (places.country, "Vietnam", "VN"),
    (places.country, "Türkiye", "TR"),
    (places.country, "Atlantis", REFUSED),
    (places.region, "us-ny", "US-NY"),
    (places.region, "GB-ENG", "GB-ENG"),
    (places.region, "JP-13", "JP-13"),
    (places.region, "NY", REFUSED),
    (places.region, "ZZ-AA", REFUSED),
    (places.currency, "eur", "EUR"),
    (places.currency, "EURO", REFUSED),
    # days
    (times.day, "1990-02-28", date(1990, 2, 28)),
    (times.day, date(1990, 2, 28), date(1990, 2, 28)),
    (times.day, "1990-02-28T23:00:00-05:00", date(1990, 2, 28)),
    (times.day, "1990-02-30", REFUSED),
    (times.day, "1899-12-31", REFUSED),
    (times.day, "2201-01-01", REFUSED),
    (times.day, "28/02/1990", REFUSED),
    (times.day, 19900228, REFUSED),
]


@pytest.mark.parametrize(("read", "value", "wanted"), CASES, ids=[f"{i:03}" for i in range(len(CASES))])
def test_value_is_read_or_refused(read, value, wanted) -> None:
    if wanted is REFUSED:
        with pytest.raises(Unreadable):
            read(value)
    else:
        assert read(value) == wanted


TIMES = [
    ("2026-04-05 19:50:32 +0400", datetime(2026, 4, 5, 15, 50, 32)),
    ("2026-04-05T19:50:32Z", datetime(2026, 4, 5, 19, 50, 32)),
    ("2026-04-05 19:50:32 UTC", datetime(2026, 4, 5, 19, 50, 32)),
    ("2026-04-05t19:50:32.1234567+05:30", datetime(2026, 4, 5, 14, 20, 32, 123456)),
    ("2026-04-05T19:50", datetime(2026, 4, 5, 23, 50)),
    ("2026-01-05", datetime(2026, 1, 5, 5)),
    (date(2026, 1, 5), datetime(2026, 1, 5, 5)),
    (datetime(2026, 1, 5, 1, tzinfo=UTC), datetime(2026, 1, 5, 1)),
    (pd.Timestamp("2026-01-05T01:00:00.000000999Z"), datetime(2026, 1, 5, 1)),
    ("2026-03-08T02:30:00", datetime(2026, 3, 8, 7, 30)),  # skipped by daylight saving: forward
    ("2026-11-01T01:30:00", datetime(2026, 11, 1, 5, 30)),  # repeated: the first
    (datetime(2026, 11, 1, 1, 30, fold=1), datetime(2026, 11, 1, 5, 30)),
    ("", None),
    ("2026-04-05T25:00:00", REFUSED),
    ("2026-02-30T10:00:00", REFUSED),
    ("2026-04-05T10:00:00+99:00", REFUSED),
    ("04/05/2026", REFUSED),
    ("1780000000", REFUSED),
    (1780000000, REFUSED),
    ("1899-12-31", REFUSED),
    ("2201-01-01T00:00:00Z", REFUSED),
    ("0001-01-01T00:00:00+14:00", REFUSED),
    (datetime.max, REFUSED),
    ("yesterday", REFUSED),
]


@pytest.mark.parametrize(("value", "wanted"), TIMES, ids=[f"{i:03}" for i in range(len(TIMES))])
def test_time_is_read_in_the_source_zone(value, wanted) -> None:
    read = times.time_in(NEW_YORK)
    if wanted is REFUSED:
        with pytest.raises(Unreadable):
            read(value)
    else:
        assert read(value) == wanted


@settings(deadline=None)
@given(st.decimals(min_value=-(10**14) + 1, max_value=10**14 - 1, places=4))
def test_money_is_exact(amount) -> None:
    assert values.money(f"{amount:f}") == amount
    assert values.money(amount) == amount


@settings(deadline=None)
@given(st.floats(allow_nan=False) | st.integers(-(10**9), 10**9).map(lambda n: n / 10_000))
def test_floats_are_exact_to_four_decimals_or_refused(number) -> None:
    found, _ = tried(values.money, number)
    assume(found is not None)
    assert found == found.quantize(Decimal("0.0001"))
    assert float(found) == pytest.approx(number, rel=1e-8, abs=1e-8)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_a_reader(text) -> None:
    for read in (values.money, values.integer, values.text, values.flag, values.listed, values.canonical_json,
                 contacts.email, contacts.phone, places.country, places.region, places.currency, times.day,
                 times.time_in(NEW_YORK)):  # fmt: skip
        _, reason = tried(read, text)
        assert len(reason) < 200


def tried(read, value) -> tuple[object, str]:
    """What a reader answers, and why it refuses; any other exception is a failure."""
    try:
        return read(value), ""
    except Unreadable as error:
        return None, str(error)


@settings(max_examples=300, deadline=None)
@given(
    st.from_regex(r"[a-z0-9_+.-]{1,70}", fullmatch=True),
    st.sampled_from(
        ["example.com", "a.example.org", "example", "-x.com", "xn--bcher-kva.com", "bücher.com", "x.local"]
    ),
)
def test_the_short_way_for_emails_agrees_with_the_long_one(local, domain) -> None:
    address = f"{local}@{domain}"
    try:
        wanted = validate_email(
            address, check_deliverability=False, strict=True, test_environment=True
        ).normalized.lower()
    except EmailNotValidError:
        wanted = None
    assert tried(contacts.email, address)[0] == wanted


@settings(deadline=None)
@given(st.emails())
def test_an_email_once_normalised_stays_as_it_is(address) -> None:
    found, _ = tried(contacts.email, address)
    assume(found is not None)
    assert contacts.email(found) == found


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2199, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(
        ["America/New_York", "Asia/Kathmandu", "Europe/Amsterdam", "Australia/Lord_Howe", "Africa/Monrovia"]
    ),
)
def test_an_instant_survives_every_zone_it_is_written_in(instant, name) -> None:
    zone = ZoneInfo(name)
    assume(instant.astimezone(zone).utcoffset() % timedelta(minutes=1) == timedelta(0))  # else text cannot hold it
    written = instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f %z")
    assert times.time_in(NEW_YORK)(written) == instant.replace(tzinfo=None)


@settings(deadline=None)
@given(
    st.lists(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2199, 1, 1)), max_size=20),
    st.sampled_from(
        ["America/New_York", "Asia/Kathmandu", "Europe/Amsterdam", "Australia/Lord_Howe", "Africa/Monrovia"]
    ),
)
def test_the_shop_wall_clock_is_what_zoneinfo_says(instants, name) -> None:
    zone = ZoneInfo(name)
    micros = np.array(instants, dtype="datetime64[us]").astype(np.int64)
    found = times.shop_local(micros, zone).astype("datetime64[us]").tolist()
    assert found == [i.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for i in instants]


def test_an_hour_in_which_the_offset_changes_is_read_by_the_minute() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")  # on 5 April 2026 its clocks go back half an hour at 15:00 UTC
    change = datetime(2026, 4, 4, 15)
    around = [change + timedelta(minutes=m) for m in (-1, 0, 29, 30)]
    micros = np.array(around, dtype="datetime64[us]").astype(np.int64)
    found = times.shop_local(micros, zone).astype("datetime64[us]").tolist()
    assert found == [i.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) for i in around]


@pytest.mark.parametrize(
    "value",
    ["ann@example.com", "Ann Lee", "+12127365000", "212 736 5000 x", "line\nbreak"],
    ids=["email", "name", "phone", "spaced", "lines"],
)
def test_a_reason_never_quotes_a_person(value) -> None:
    for read in (values.money, times.day, times.time_in(NEW_YORK), values.integer):
        _, reason = tried(read, value)
        for secret in ("ann", "Ann", "Lee", "2127365000", "212 736", "\n"):
            assert secret not in reason


def test_a_reason_quotes_bad_dates_and_amounts_briefly() -> None:
    assert "`31/12/2025`" in _reason(times.day, "31/12/2025")
    assert "`1,234.50`" in _reason(values.money, "1,234.50")
    assert len(values.shown("9" * 1000)) <= 42


def _reason(read, value) -> str:
    with pytest.raises(Unreadable) as caught:
        read(value)
    return str(caught.value)


def test_canonical_json_does_not_depend_on_how_it_was_written() -> None:
    written = {"b": {"y": 1, "x": [1, 2]}, "a": "é"}
    assert values.canonical_json(json.dumps(written, indent=3)) == values.canonical_json(written)
