"""What is computed within rules: functions over all streams, JSON, values from functions, arithmetic, own traits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from segsync.rules import AsOf


@pytest.fixture(scope="module")
def three(new_shop: Any) -> Any:
    """ann does a bit of everything, bob a little, cid nothing."""
    shop = new_shop()
    shop.person(
        "ann", email="ann@example.com", city="Albany", birth_date="1990-02-28",
        attributes={"size": "41.5", "colour": "Red", "visit": "2026-05-30", "vip": True, "custom.born": "1991-06-10",
                    "langs": ["de", "fr"], "odd name": "x", "empty": "", "nothing": None, "n": 7, "town": "Albany"},
    )  # fmt: skip
    shop.person("bob", city="100%", birth_date="1992-02-29", attributes={"size": "medium", "n": "7.0", "vip": False})
    shop.person("cid")
    shop.order("ann", "2026-01-10T12:00", "100", channel="web", currency="USD", lines=[{"quantity": 2, "net": "60"}])
    shop.order("ann", "2026-05-20T12:00", "10", channel="amazon", currency="EUR", lines=[{"quantity": 3}])
    shop.order("ann", "2026-05-31T12:00", "7", currency="XXX", device="phone")
    shop.order("bob", "2026-05-31T12:00", "50", channel="web")
    shop.refund("o1", "2026-01-20T12:00", "20").refund("o1", "2026-05-25T12:00", "5", currency="EUR")
    shop.refund("o3", "2026-05-31T12:30", "7", currency="XXX")
    shop.checkout("ann", "2026-05-30T12:00", amount=Decimal(80)).checkout("bob", "2026-05-29T12:00", amount=None)
    shop.checkout("ann", "2026-03-01T12:00", completed="2026-03-02T12:00", amount=Decimal(20))
    shop.event("ann", "email.opened", campaign="spring").event("ann", "email.opened", "2026-05-22T12:00", campaign=42)
    shop.event("bob", "email.opened").event("bob", "email.clicked", campaign="spring")
    shop.event("ann", "storefront.product_viewed", id=77, tag=["Eco", "New"])
    shop.event("bob", "storefront.product_viewed", id="77", tag="eco").event(
        "bob", "storefront.collection_viewed", id=3
    )
    shop.event("ann", "survey", "2026-05-01T12:00", score=9, mood="Happy")
    shop.event("ann", "survey", "2026-05-02T12:00", score=None, mood="Sad").event("bob", "survey", score="8.5")
    return shop


CASES = {
    # checkouts_abandoned
    "checkouts_abandoned MATCHES ()": "ann bob",
    "checkouts_abandoned MATCHES (count = 2)": "ann",
    "checkouts_abandoned MATCHES (recovered = false)": "ann bob",
    "checkouts_abandoned MATCHES (recovered = true)": "ann",
    "checkouts_abandoned MATCHES (recovered != true, amount > 50, date >= -7d)": "ann",
    "checkouts_abandoned MATCHES (amount IS NULL)": "bob",
    "checkouts_abandoned NOT MATCHES (date < -30d)": "bob cid",
    "checkouts_abandoned MATCHES (source = 'web', date = 2026-05-29)": "bob",
    # refunds_received
    "refunds_received MATCHES (count = 3)": "ann",
    "refunds_received MATCHES (amount = 5.5)": "ann",
    "refunds_received MATCHES (date >= -10d, amount IS NOT NULL, count = 1)": "ann",
    "refunds_received IS NULL": "bob cid",
    # events
    "email.opened MATCHES (count >= 2)": "ann",
    "email.opened MATCHES (campaign = 'spring')": "ann",
    "email.opened MATCHES (campaign = 42)": "ann",
    "email.opened MATCHES (campaign IS NULL)": "bob",
    "email.opened NOT MATCHES (campaign CONTAINS 'pri')": "bob cid",
    "shopify_email.opened MATCHES (activity_id = 42)": "ann",
    "shopify_email.clicked IS NOT NULL": "bob",
    "email.unsubscribed MATCHES ()": "",
    "storefront.product_viewed MATCHES (id = 77)": "ann bob",
    "storefront.product_viewed MATCHES (id = '77', tag = 'ECO')": "ann bob",
    "storefront.product_viewed MATCHES (tag CONTAINS 'new')": "ann",
    "storefront.product_viewed MATCHES (tag NOT CONTAINS 'new')": "bob",
    "storefront.collection_viewed MATCHES (id = 3)": "bob",
    "event MATCHES (count = 5)": "ann bob",
    "event MATCHES (name = 'survey', count = 2)": "ann",
    "event MATCHES (name = 'survey', properties.score >= 8.5)": "ann bob",
    "event MATCHES (name = 'survey', properties.score > 8.5)": "ann",
    "event MATCHES (name = 'survey', properties.mood = 'Happy')": "ann",
    "event MATCHES (name = 'survey', properties.mood IS NULL)": "bob",
    "event MATCHES (name STARTS WITH 'storefront.', date = 2026-05-20)": "ann bob",
    # text
    "city STARTS WITH 'Alb'": "ann",
    "city STARTS WITH 'alb'": "",
    "city ENDS WITH '%'": "bob",
    "city CONTAINS '0%'": "bob",
    "city CONTAINS '_'": "",
    "city NOT CONTAINS 'Alb'": "bob cid",
    "city NOT STARTS WITH 'Alb'": "bob cid",
    "city NOT ENDS WITH 'y'": "bob cid",
    "email CONTAINS first_name": "",
    # attributes and metafields
    "attributes.size > 41": "ann",
    "attributes.size = 'medium'": "bob",
    "attributes.size IS NULL": "cid",
    "attributes.n = 7": "ann bob",
    "attributes.n = '7'": "ann",
    "attributes.n IN ('7', '7.0')": "ann bob",
    "attributes.n IN (7, 'medium')": "ann bob",
    "attributes.size IN ('medium', 41.5)": "ann bob",
    "attributes.n BETWEEN 6 AND 7": "ann bob",
    "attributes.n != 8": "ann bob cid",
    "attributes.visit >= -2d": "ann",
    "attributes.visit = 2026-05-30": "ann",
    "attributes.vip = true": "ann",
    "attributes.vip != true": "bob cid",
    "attributes.colour = 'red'": "",
    "attributes.colour STARTS WITH 'R'": "ann",
    "attributes.langs CONTAINS 'de'": "ann",
    "attributes.'odd name' = 'x'": "ann",
    "attributes.empty IS NULL": "ann bob cid",
    "attributes.nothing IS NULL": "ann bob cid",
    "attributes.town = city": "ann",
    "city = attributes.town": "ann",
    "age > attributes.n": "ann bob",
    "metafields.custom.born IS NOT NULL": "ann",
    "metafields.custom.born < birth_date": "",
    # anniversary: the run's day is 1 June 2026
    "anniversary('metafields.custom.born') BETWEEN today AND +30d": "ann",
    "anniversary(date: 'metafields.custom.born') = 2026-06-10": "ann",
    "anniversary(birth_date) = 2026-02-28": "ann bob",
    "anniversary(birth_date) = 2024-02-28": "ann",
    "anniversary(birth_date) = 2024-02-29": "bob",
    "anniversary(birth_date) IN (2025-02-28, 2025-03-01)": "ann bob",
    "anniversary(birth_date) != 2024-02-29": "ann cid",
    "anniversary(birth_date) BETWEEN 2023-12-01 AND 2024-02-28": "ann",
    "anniversary(birth_date) BETWEEN 2024-02-29 AND 2024-06-01": "bob",
    "anniversary(birth_date) BETWEEN 2025-03-01 AND 2027-01-01": "ann bob",
    "anniversary(birth_date) BETWEEN 2025-03-01 AND 2026-01-01": "",
    "anniversary(birth_date) BETWEEN 2026-07-01 AND -30d": "",
    "anniversary(birth_date) IS NULL": "cid",
    "anniversary(birth_date) IS NOT NULL": "ann bob",
    # values from functions
    "count(orders_placed) = 3": "ann",
    "count(orders_placed, channel = 'web') = 0": "cid",
    "count(orders_placed, date >= -60d) <= 0.5 * count(orders_placed, date BETWEEN -120d AND -61d)": "cid",
    "sum(orders_placed.amount) = 111": "ann",
    "sum(orders_placed.amount, date >= -1d) = 0": "ann cid",
    "avg(orders_placed.amount) = 55.5": "ann",
    "min(orders_placed.amount) = 11": "ann",
    "max(orders_placed.amount) < 60": "bob",
    "max(orders_placed.amount) IS NULL": "cid",
    "first(orders_placed.amount) = 100": "ann",
    "last(orders_placed.amount) IS NULL": "ann cid",
    "last(orders_placed.amount, channel IS NOT NULL) = 11": "ann",
    "first(orders_placed.channel) = 'web'": "ann bob",
    "last(orders_placed.channel) IS NULL": "ann cid",
    "last(orders_placed.device) = 'phone'": "ann",
    "first(orders_placed.date) = 2026-01-10": "ann",
    "last(orders_placed.date) = last_order_date": "ann bob",
    "max(orders_placed.date) > 2026-05-31T07:59:59": "ann bob",
    "first(orders_placed.date) > 2026-05-31T08:00:00": "",
    "sum(products_purchased.quantity) = 5": "ann",
    "max(refunds_received.date) = yesterday": "ann",
    "sum(refunds_received.amount) > 25": "ann",
    "last(event.properties.score, name = 'survey') IS NULL": "ann cid",
    "first(event.properties.score, name = 'survey') = 9": "ann",
    "first(event.properties.mood, name = 'survey') = 'Happy'": "ann",
    "sum(event.properties.score) = 8.5": "bob",
    "count(email.opened, campaign = 'spring') = 1": "ann",
    "max(checkouts_abandoned.amount, recovered = false) = 80": "ann",
    "orders_placed MATCHES (count = number_of_orders)": "ann bob cid",
    "orders_placed MATCHES (count > count(orders_placed, channel = 'web'))": "ann",
    "sum(orders_placed.amount) > 100.001": "ann",
    "orders_placed MATCHES (sum_amount > 100.001)": "ann",
    "orders_placed MATCHES (amount > 99.99999)": "ann",
    # arithmetic
    "number_of_orders - 1 = 2": "ann",
    "number_of_orders -1 = 2": "ann",
    "number_of_orders - -1 = 4": "ann",
    "-number_of_orders < -2": "ann",
    "1 + 2 * number_of_orders = 7": "ann",
    "(1 + 2) * number_of_orders = 9": "ann",
    "amount_spent / number_of_orders = 37": "ann",
    "amount_spent / number_of_orders IS NULL": "cid",
    "NOT amount_spent / number_of_orders < 1000": "cid",
    "number_of_orders / 3 * 3 = 1": "bob",
    "12 / number_of_orders / 2 = 2": "ann",
    "12 / (number_of_orders / 2) = 8": "ann",
    "amount_spent * 0.1 = 11.1": "ann",
    "0.1 * number_of_orders + 0.2 = 0.3": "bob",
    "number_of_orders / (number_of_orders - number_of_orders) IS NULL": "ann bob cid",
    "number_of_orders > amount_spent / 40": "ann",
    "age + 1 > 36 OR age + 1 IS NULL": "ann cid",
    "attributes.n * 2 = 14": "ann bob",
    "days_since_last_order BETWEEN number_of_orders - 2 AND 1": "ann bob",
    "number_of_orders IN (1 + 2, 5)": "ann",
    # among all
    "rank(amount_spent) = 1": "ann",
    "rank(number_of_orders) = 3": "cid",
    "percentile(amount_spent) = 50": "bob",
    "percentile(amount_spent) = 100": "ann",
    "percentile(age) = 0": "bob",
    "percentile(age) IS NULL": "cid",
    "rank(last_order_date) = 1": "ann bob",
    "percentile(attributes.n) = 0": "ann bob",
    # one's own
    "per_order > 40": "bob",
    "per_order IS NULL": "cid",
    "twice = 74": "ann",
    "best = 1": "bob",
    "rank(best) = 1": "ann",
    "route = 'web'": "ann bob",
    "route STARTS WITH 'w' AND twice > 80": "bob",
    "mine > 41": "ann",
    "since > 2026-01-10T06:00:00": "ann bob",
    "since > 2026-01-10T07:00:00": "bob",
    "anniversary(since) = 2027-01-10": "ann",
    "grade = 'SUBSCRIBED'": "",
}
TRAITS = {
    "best": "rank(twice)",
    "twice": "2 * per_order",
    "per_order": "amount_spent / number_of_orders -- in the shop's currency",
    "route": "first(orders_placed.channel)",
    "mine": "attributes.size",
    "since": "first(orders_placed.date)",
    "grade": "email_subscription_status",
}


@pytest.fixture(scope="module")
def memberships(three: Any) -> dict[str, set[str]]:
    """All the cases in one table, with their complements."""
    three.traits = TRAITS
    found: dict[str, set[str]] = three.all_members([*CASES, *(f"NOT ({rule})" for rule in CASES)])
    return found


@pytest.mark.parametrize("rule", CASES)
def test_who_is_in(rule: str, memberships: dict[str, set[str]]) -> None:
    assert memberships[rule] == set(CASES[rule].split())
    assert memberships[f"NOT ({rule})"] == {"ann", "bob", "cid"} - memberships[rule]


ALONE = ["first(orders_placed.channel) = 'web'", "twice = 74", "attributes.size > 41", "percentile(amount_spent) = 50"]


@pytest.mark.parametrize("rule", ALONE)
def test_alone_a_rule_has_the_same_members(rule: str, three: Any) -> None:
    three.traits = TRAITS
    assert three.members(rule) == set(CASES[rule].split())


def test_own_traits_are_columns_of_the_table(three: Any) -> None:
    three.traits = {}
    assert three.value("amount_spent / number_of_orders") == {"ann": Decimal("37.000000"), "bob": Decimal("50.000000")}
    assert three.value("count(email.opened)") == {"ann": 2, "bob": 1, "cid": 0}
    assert three.value("avg(orders_placed.amount)") == {"ann": Decimal("55.50"), "bob": Decimal("50.00")}
    assert three.value("last(refunds_received.date)") == {"ann": date(2026, 5, 31)}
    assert three.value("percentile(amount_spent)") == {"ann": Decimal(100), "bob": Decimal(50), "cid": Decimal(0)}


# --- whose, and when ---------------------------------------------------------------------------------------


def test_of_joined_customers_the_record_updated_last_that_has_the_key_counts(shop: Any) -> None:
    shop.person("ann", attributes={"a": "1", "b": "old"})
    shop.rows["customers"][0]["updated_at"] = datetime(2026, 1, 1)
    for number, (day, text) in enumerate([(3, '{"a":"3"}'), (2, '{"a":"2","b":"newer"}'), (4, '{"b":""}')]):
        more = {"source": "crm", "customer_id": f"c{number}", "updated_at": datetime(2026, 1, day)}
        shop.add("customers", created_at=datetime(2025, 1, 1), attributes=text, **more)
        shop.add("identities", source="crm", customer_id=f"c{number}", person="ann")
    assert shop.members("attributes.a = 3 AND attributes.b = 'newer'") == {"ann"}


def test_a_number_never_comes_from_an_older_record_than_its_text(shop: Any) -> None:
    shop.person("ann", attributes={"a": 1})
    shop.add("customers", source="crm", customer_id="c", updated_at=datetime(2026, 1, 1), attributes='{"a":"many"}')
    shop.add("identities", source="crm", customer_id="c", person="ann")
    assert shop.members("attributes.a = 1") == set()
    assert shop.members("attributes.a = 'many'") == {"ann"}


def test_events_belong_by_customer_then_email_then_phone(shop: Any) -> None:
    shop.person("ann").person("bob").person("cid")
    shop.add("identifiers", person="ann", kind="email", value="ann@example.com")
    shop.add("identifiers", person="bob", kind="phone", value="+12125550123")
    shop.event("cid", "x", email_="ann@example.com").event(None, "x", email_="ann@example.com", phone_="+12125550123")
    shop.event(None, "x", phone_="+12125550123").event(None, "x").event(None, "x", email_="eve@example.com")
    assert shop.value("count(event, name = 'x')") == {"ann": 1, "bob": 1, "cid": 1}


def test_nothing_after_as_of_happened(shop: Any) -> None:
    shop.person("ann").order("ann", "2026-05-01T12:00")
    shop.event("ann", "email.opened", "2026-06-01T12:00:01").refund("o1", "2026-06-01T12:00:01", "5")
    shop.checkout("ann", "2026-06-01T12:00:01").checkout("ann", "2026-05-30T12:00", completed="2026-06-01T12:00:01")
    rules = ["email.opened MATCHES ()", "refunds_received MATCHES ()", "checkouts_abandoned MATCHES (count > 1)",
             "checkouts_abandoned MATCHES (recovered = true)", "count(event) > 0"]  # fmt: skip
    assert shop.all_members(rules) == {rule: set() for rule in rules}


def test_refunds_of_orders_that_do_not_count_exist_for_nothing(shop: Any) -> None:
    shop.person("ann").order("ann", live=False).refund("o1", "2026-05-20T12:00", "5")
    assert shop.members("refunds_received MATCHES ()") == set()
    assert shop.value("sum(refunds_received.amount)") == {"ann": Decimal(0)}


def test_days_of_json_are_the_shops(shop: Any) -> None:
    """03:30 UTC on the 31st is still the evening of the 30th in New York."""
    for number, text in enumerate(
        ["2026-05-31T03:30:00Z", "2026-05-30", "2026-05-30T23:59:00", "30.5.2026", "2026-02-31"]
    ):
        shop.person(f"p{number}", attributes={"at": text})
    assert shop.members("attributes.at = 2026-05-30") == {"p0", "p1", "p2"}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("5", "5"),
        ("-3.50", "-3.5"),
        ("0.1234567", "0.123457"),
        (" 5", None),
        ("5 ", None),
        ("+5", None),
        ("1e5", None),
        ("05", None),
        ("1,000", None),
        (".5", None),
        ("5.", None),
        ("٣", None),
        ("1٣", None),
        ("NaN", None),
        (7, "7"),
        (1e20, "1000000000000000"),
        (1e-5, "0.00001"),
        ("9" * 30, "1000000000000000"),
        ("-" + "9" * 5000, "-1000000000000000"),
    ],
)
def test_text_is_a_number_where_it_is_written_as_a_rule_writes_one(value: Any, number: str | None, shop: Any) -> None:
    shop.person("ann", attributes={"x": value})
    assert shop.value("attributes.x * 1") == ({} if number is None else {"ann": Decimal(number)})


def test_numbers_beyond_those_of_rules_compare_as_numbers(shop: Any) -> None:
    shop.person("ann", attributes={"x": "9" * 30}).person("bob", attributes={"x": "-" + "9" * 30})
    assert shop.members("attributes.x > 999999999999999") == {"ann"}
    assert shop.members("attributes.x < -999999999999999") == {"bob"}


def test_of_records_of_one_instant_the_first_by_id_is_first_and_last(shop: Any) -> None:
    shop.person("ann").order("ann", order_id="b", channel="web").order("ann", order_id="a", channel="pos")
    assert shop.value("first(orders_placed.channel)") == shop.value("last(orders_placed.channel)") == {"ann": "pos"}


def test_percentiles_share_ties_and_are_0_for_one_alone(shop: Any) -> None:
    shop.person("ann", birth_date="1990-01-01")
    assert shop.value("percentile(age)") == {"ann": Decimal(0)}


def test_percentiles_and_ranks_of_ties(shop: Any) -> None:
    for name, orders in {"a": 0, "b": 0, "c": 1, "d": 1, "e": 3}.items():
        shop.person(name)
        for _ in range(orders):
            shop.order(name)
    percentiles = {"a": Decimal(0), "b": Decimal(0), "c": Decimal(50), "d": Decimal(50), "e": Decimal(100)}
    assert shop.value("percentile(number_of_orders)") == percentiles
    assert shop.value("rank(number_of_orders)") == {"a": 4, "b": 4, "c": 2, "d": 2, "e": 1}


def test_a_value_beyond_all_bounds_ends_no_run(shop: Any) -> None:
    shop.person("ann").order("ann", net="99999999999999")
    shop.traits = {"big": "amount_spent * amount_spent * amount_spent", "bigger": "big * big * big * big * big"}
    assert shop.members("bigger * bigger > 5") == {"ann"}
    assert shop.members("-bigger < -5 AND 1 / bigger >= 0") == {"ann"}


def test_anniversaries_on_a_leap_day(shop: Any) -> None:
    shop.person("ann", birth_date="1992-02-29").person("bob", birth_date="1990-02-28")
    shop.as_of = AsOf(datetime(2028, 2, 28, 17, tzinfo=UTC), shop.as_of.timezone)
    assert shop.members("anniversary(birth_date) = today") == {"bob"}
    shop.as_of = AsOf(datetime(2027, 2, 28, 17, tzinfo=UTC), shop.as_of.timezone)
    assert shop.members("anniversary(birth_date) = today") == {"ann", "bob"}


def test_what_a_customer_brings_who_came_after_as_of_does_not_exist(shop: Any) -> None:
    shop.person("ann").add("identities", source="web", customer_id="late", person="ann")
    late = {"source": "web", "customer_id": "late", "created_at": datetime(2026, 6, 1, 12, 0, 1)}
    shop.add("customers", attributes='{"a":"1"}', **late).address("late", country="US")
    assert shop.members("attributes.a IS NULL AND customer_countries IS NULL") == {"ann"}
    assert shop.values("customer_countries")["ann"]["customer_countries"] is None
