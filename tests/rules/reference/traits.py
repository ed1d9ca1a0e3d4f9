"""The traits of one person, as rules.md describes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

from reference.shop import Customer, Person, Shop
from reference.values import Loose, When, anniversary_in, folded, loose, when

# Most restrictive first: where records disagree it wins (Meaning 9, and the design's page on consent).
EMAIL_CONSENT = ("REDACTED", "INVALID", "UNSUBSCRIBED", "PENDING", "NOT_SUBSCRIBED", "SUBSCRIBED")
SMS_CONSENT = ("REDACTED", "UNSUBSCRIBED", "PENDING", "NOT_SUBSCRIBED", "SUBSCRIBED")
ADS_CONSENT = ("DENIED", "UNKNOWN", "GRANTED")
WITHDRAWN = ("REDACTED", "INVALID", "UNSUBSCRIBED")
PLACES = ("country", "region", "city", "postal_code")

Trait = Callable[[Shop, Person], Any]


def trait(shop: Shop, person: Person, name: str) -> Any:
    """A trait's value; None where it is missing. Raises KeyError for a name that is none."""
    for prefix in ("metafields.", "attributes."):
        if name.startswith(prefix):
            return _brought(shop, person, name.removeprefix(prefix).replace("'", ""))
    return TRAITS[name](shop, person)


def _brought(shop: Shop, person: Person, key: str) -> Loose | None:
    """Of the record updated last that has it."""
    return next((v for c in shop.records(person) if (v := loose(c.attributes.get(key))) is not None), None)


def newest(name: str) -> Trait:
    """A single fact: of the record updated last that has it."""

    def fact(shop: Shop, person: Person) -> Any:
        return next((v for c in shop.records(person) if (v := getattr(c, name)) is not None), None)

    return fact


def _email(shop: Shop, person: Person) -> str | None:
    """A guest's is the one of its orders."""
    given = [order.email for order in person.orders if shop.known(order.at)]
    return newest("email")(shop, person) or next((email for email in given if email), None)


def _domain(shop: Shop, person: Person) -> str | None:
    email = _email(shop, person)
    return email.rpartition("@")[2] if email else None


def consent(name: str, of: str | None, strictest_first: tuple[str, ...]) -> Trait:
    """The most restrictive word of all records; none without the identifier (`of`) that it is about.

    What a deleted record withdrew stays withdrawn for the identifier.
    """

    def found(shop: Shop, person: Person) -> str | None:
        words = [getattr(customer, name) for customer in shop.records(person) if not of or getattr(customer, of)]
        if words and of:
            words += [getattr(gone, name) for gone in _gone(person, of) if getattr(gone, name) in WITHDRAWN]
        return min((word for word in words if word), key=strictest_first.index, default=None)

    return found


def _gone(person: Person, of: str) -> list[Customer]:
    """Deleted records that have an identifier of this kind; in these shops it is always the person's own."""
    return [customer for customer in person.customers if customer.deleted and getattr(customer, of)]


def _ads_consent(shop: Shop, person: Person) -> str:
    if shop.records(person) and any(gone.ads_consent == "DENIED" for gone in _gone(person, "email")):
        return "DENIED"
    return consent("ads_consent", None, ADS_CONSENT)(shop, person) or "UNKNOWN"


def _added(shop: Shop, person: Person) -> When | None:
    return when(shop, min((c.created_at for c in shop.records(person) if c.created_at), default=None))


def _sources(shop: Shop, person: Person) -> frozenset[str]:
    of_orders = {order.source for order in person.orders if order.customer is None and shop.known(order.at)}
    return folded({customer.source for customer in shop.records(person)} | of_orders)


def _birth(shop: Shop, person: Person) -> When | None:
    born = newest("birth_date")(shop, person)
    return None if born is None else When(born)


def _age(shop: Shop, person: Person) -> int | None:
    born = newest("birth_date")(shop, person)
    if born is None:
        return None
    had_it = anniversary_in(born, shop.today.year) <= shop.today
    return shop.today.year - born.year - (0 if had_it else 1)


def places(make: Callable[[Any], str | None]) -> Trait:
    """Something of all addresses and of the orders' shipping addresses."""

    def found(shop: Shop, person: Person) -> frozenset[str]:
        addresses = [address for customer in shop.records(person) for address in customer.addresses]
        return folded(make(place) for place in [*addresses, *shop.orders(person)])

    return found


def _city(place: Any) -> str | None:
    if not place.city or not place.region:
        return None
    return f"{place.region}-{''.join(place.city.split())}"


def place(name: str) -> Trait:
    """Of the newest shipping address; without one, of the default address."""

    def found(shop: Shop, person: Person) -> str | None:
        shipped = [order for order in shop.orders(person) if any(getattr(order, part) for part in PLACES)]
        if shipped:
            return getattr(shipped[-1], name)
        defaults = [a for customer in shop.records(person) for a in customer.addresses if a.is_default]
        return getattr(defaults[0], name) if defaults else None

    return found


# --- buying ------------------------------------------------------------------------------------------------


def known(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def money_of(name: str) -> Trait:
    """A column of the orders in the shop's currency, summed; what has no rate is left out."""

    def total(shop: Shop, person: Person) -> Fraction:
        return sum(known(shop.money(getattr(o, name), o.currency) for o in shop.orders(person)), Fraction(0))

    return total


def cents(amount: Fraction) -> Fraction:
    """Averages among the traits have two decimals, as streams.md says of money; halves go up."""
    return Fraction(int(amount * 100 + Fraction(1, 2)), 100) if amount >= 0 else -cents(-amount)


def _average(shop: Shop, person: Person) -> Fraction | None:
    amounts = known(shop.money(order.net, order.currency) for order in shop.orders(person))
    return cents(sum(amounts, Fraction(0)) / len(amounts)) if amounts else None


def _first(shop: Shop, person: Person) -> When | None:
    return when(shop, min((order.at for order in shop.orders(person)), default=None))


def _last(shop: Shop, person: Person) -> When | None:
    return when(shop, max((order.at for order in shop.orders(person)), default=None))


def days_since(of: Trait) -> Trait:
    def days(shop: Shop, person: Person) -> int | None:
        found = of(shop, person)
        return None if found is None else (shop.today - found.day).days

    return days


def _items(shop: Shop, person: Person) -> int:
    """Units of the lines; an order whose lines say nothing says it itself."""
    total = 0
    for order in shop.orders(person):
        quantities = known(line.quantity for line in order.lines)
        total += sum(quantities) if quantities else order.items or 0
    return total


def gaps(middle: Callable[[list[Fraction]], Any]) -> Trait:
    """Of the days between one order and the next."""

    def found(shop: Shop, person: Person) -> Any:
        days = [shop.day(order.at) for order in shop.orders(person)]
        between = [Fraction((later - earlier).days) for earlier, later in pairwise(days)]
        return middle(between) if between else None

    return found


def _returned(shop: Shop, person: Person) -> int:
    """Orders with any refund."""
    return sum(
        (order.refunded or 0) > 0 or any(shop.known(refund.at) for refund in order.refunds)
        for order in shop.orders(person)
    )


def _abandoned(shop: Shop, person: Person) -> When | None:
    open_ = [c.at for c in person.checkouts if shop.known(c.at) and not shop.recovered(c)]
    return when(shop, max(open_, default=None))


TRAITS: dict[str, Trait] = {
    "email": _email,
    "phone": newest("phone"),
    "first_name": newest("first_name"),
    "last_name": newest("last_name"),
    "customer_email_domain": _domain,
    "customer_language": newest("language"),
    "customer_added_date": _added,
    "customer_account_status": newest("account_status"),
    "customer_tags": lambda shop, person: folded(tag for c in shop.records(person) for tag in c.tags),
    "sources": _sources,
    "age": _age,
    "gender": newest("gender"),
    "birth_date": _birth,
    "customer_countries": places(lambda place: place.country),
    "customer_regions": places(lambda place: place.region),
    "customer_cities": places(_city),
    **{name: place(name) for name in PLACES},
    "email_subscription_status": consent("email_subscription_status", "email", EMAIL_CONSENT),
    "sms_subscription_status": consent("sms_subscription_status", "phone", SMS_CONSENT),
    "ads_consent": _ads_consent,
    "number_of_orders": lambda shop, person: len(shop.orders(person)),
    "amount_spent": money_of("net"),
    "gross_amount_spent": money_of("gross"),
    "amount_refunded": money_of("refunded"),
    "average_order_value": _average,
    "first_order_date": _first,
    "last_order_date": _last,
    "days_since_last_order": days_since(_last),
    "days_since_first_order": days_since(_first),
    "items_bought": _items,
    "average_days_between_orders": gaps(lambda days: cents(sum(days) / len(days))),
    "median_days_between_orders": gaps(median),
    "returned_orders": _returned,
    "abandoned_checkout_date": _abandoned,
}
