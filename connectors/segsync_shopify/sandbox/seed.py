"""What no API call does but tests and demonstrations need: what happens in the shop, and how Shopify fails.

Each deed is a function of the account and can be asked for over HTTP: `POST /shopify/__seed` with
`{"do": "customer", …arguments}` or a list of those. Ids may be numbers or global ids, instants are ISO text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from segsync.sandbox.shop import make_shop
from segsync_shopify.sandbox import documents, records
from segsync_shopify.sandbox.account import Account, Refusing, Versions
from segsync_shopify.sandbox.bulk import Ending, Result
from segsync_shopify.sandbox.complaints import NOT_ADMITTED, internal
from segsync_shopify.sandbox.graphql import schema
from segsync_shopify.sandbox.values import Doc, gid, instant, instant_of

# --- the shop ------------------------------------------------------------------------------------------------------


def shop(account: Account, *, seed: int = 1, customers: int = 200, day: str | None = None) -> None:
    """Hold the seeded shop of that size as it stands at the end of `day` (ISO; by default yesterday)."""
    end = date.fromisoformat(day) if day else date.fromordinal(account.clock.now().date().toordinal() - 1)
    documents.fill(account.shop, make_shop(seed, customers, day=end))


def next_day(account: Account, *, seed: int | None = None, old_orders_keep_email: bool = False) -> Mapping[str, Any]:
    """Move the seeded shop on by a day; what that brought, by customers' ids."""
    if account.shop.seeded is None:
        raise ValueError("there is no seeded shop: do `shop` first")
    later = account.shop.seeded.next_day(seed, old_orders_keep_email=old_orders_keep_email)
    documents.move_on(account.shop, later)
    told = later.changes[-1]
    return {name: getattr(told, name) for name in ("orders", "became_vip", "changed_email", "vanished", "withdrew")}


def customer(account: Account, *, id: int | str | None = None, at: str | None = None, **given: Any) -> Doc:
    """Add a customer, or put it in the place of the one with that id. See records.customer."""
    made = records.customer(id or account.next_number(), at=at or _now(account), **given)
    _check(made)
    account.shop.customers[made["id"]] = made
    return made


def order(account: Account, *, id: int | str | None = None, at: str | None = None, **given: Any) -> Doc:
    """Add an order, or put it in the place of the one with that id. See records.order."""
    _know_products(account)
    made = records.order(id or account.next_number(), at=at or _now(account), **given)
    _check(made)
    account.shop.put_order(made)
    return made


def checkout(account: Account, *, id: int | str | None = None, at: str | None = None, **given: Any) -> Doc:
    """Add an abandoned checkout, or put it in the place of the one with that id. See records.checkout."""
    _know_products(account)
    made = records.checkout(id or account.next_number(), at=at or _now(account), **given)
    _check(made)
    account.shop.checkouts[made["id"]] = made
    return made


# What a change may say beside fields, and where it is kept.
_CUSTOMER_WORDS = {
    "email": "_email",
    "phone": "_phone",
    "consent": "_consent",
    "consent_at": "_consent_at",
    "sms_consent": "_sms_consent",
    "sms_consent_at": "_sms_consent_at",
}


def change_customer(account: Account, *, id: int | str, at: str | None = None, **given: Any) -> Doc:
    """Change a customer: `email`, `phone`, `consent`…, `addresses`, or any field by its GraphQL name."""
    old = _there(account.shop.customers, gid("Customer", id))
    when = instant_of(at) if at else _now(account)
    changed = {_CUSTOMER_WORDS.get(name, name): value for name, value in given.items() if name != "addresses"}
    if "addresses" in given:
        changed["_addresses"] = records.customer(old["id"], at=when, addresses=given["addresses"])["_addresses"]
    if "consent" in given and "consent_at" not in given:
        changed["_consent_at"] = when
    new = {**old, "updatedAt": when, **changed}
    new |= {name: new[name] or "" for name in ("_email", "_phone")}
    _check(new)
    account.shop.customers[new["id"]] = new
    return new


def change_order(account: Account, *, id: int | str, at: str | None = None, **given: Any) -> Doc:
    """Change an order: `customer`, or any field by its GraphQL name; `refunds` are as in records.order, and so are
    `lines`, `discount`, `shipping`, `tax`, `status` and `currency`, of which those not given stay."""
    old = _there(account.shop.orders, gid("Order", id))
    when = instant_of(at) if at else _now(account)
    built = {name: given.pop(name) for name in list(given) if name in _BUILT}
    if "customer" in given:
        owner = given.pop("customer")
        given["_customer"] = None if owner is None else gid("Customer", owner)
    new = {**old, "updatedAt": when}
    if built:
        again = records.order(old["id"], at=when, **{**_built_of(old), **built})
        new |= {name: again[name] for name in ("_lines", "_refunds", "_sums", "_currency", "displayFinancialStatus")}
    new |= given
    _check(new)
    account.shop.put_order(new)
    return new


_BUILT = ("lines", "refunds", "discount", "shipping", "tax", "status", "currency")


def _built_of(old: Doc) -> dict[str, Any]:
    """What records.order would be told to make this order's lines, refunds and sums again."""
    sums, lines = old["_sums"], old["_lines"]
    names = ("title", "sku", "vendor", "quantity")
    places = {line["id"]: place for place, line in enumerate(lines)}
    return {
        "currency": old["_currency"],
        "status": old["displayFinancialStatus"],
        "discount": sums.discount,
        "shipping": sums.shipping,
        "tax": sums.tax,
        "lines": [{**{n: one[n] for n in names}, "price": one["_price"], "product": one["_product"]} for one in lines],
        "refunds": [
            {
                "amount": one["_amount"],
                "at": one["createdAt"],
                "lines": [places[r["_line"]["id"]] for r in one["_lines"]],
            }
            for one in old["_refunds"]
        ],
    }


def delete_customer(account: Account, *, id: int | str, at: str | None = None) -> None:
    """The customer is gone; their orders name nobody any more, and do not say that they changed (unless `at`)."""
    gone = _there(account.shop.customers, gid("Customer", id))["id"]
    del account.shop.customers[gone]
    for one in account.shop.orders_of(gone):
        account.shop.put_order({**one, "_customer": None, "updatedAt": instant_of(at) if at else one["updatedAt"]})


def delete_order(account: Account, *, id: int | str, at: str | None = None) -> None:
    """The order is gone; `at` is when its customer says that they changed, if at all."""
    gone = _there(account.shop.orders, gid("Order", id))
    account.shop.drop_order(gone["id"])
    owner = account.shop.customers.get(gone["_customer"] or "")
    if at and owner:
        account.shop.customers[owner["id"]] = {**owner, "updatedAt": instant_of(at)}


def _there(kept: Mapping[str, Doc], id: str) -> Doc:
    if id not in kept:
        raise ValueError(f"there is no {id}")
    return kept[id]


def _check(made: Doc) -> None:
    """Raises ValueError where it has a field that its type has not, which is a mistake in typing."""
    for one in (made, *made.get("_lines", ()), *made.get("_addresses", ())):
        records.check_fields(schema(), one["__typename"], (name for name in one if not name.startswith("_")))


def _know_products(account: Account) -> None:
    if not account.shop.products:
        account.shop.products = dict(records.products())


def _now(account: Account) -> str:
    return instant(account.clock.now())


# --- the app and its rights ----------------------------------------------------------------------------------------


def scopes(account: Account, *, handles: Sequence[str]) -> None:
    """What the app was granted, in place of all that a reader may want."""
    account.access.scopes = tuple(handles)


def plan(account: Account, *, name: str) -> None:
    """The shop's plan; on `basic` and `starter` custom apps see no customers."""
    account.access.plan = name


def domain(account: Account, *, name: str) -> None:
    """The shop's permanent name, where it was asked under another."""
    account.shop.domain = name


def versions(account: Account, *, oldest: str, supported: Sequence[str]) -> None:
    account.versions = Versions(oldest, tuple(supported))


def expire_tokens(account: Account) -> None:
    """Every token that was granted so far is refused from now on."""
    account.access.expire_tokens()


def refuse_grants(account: Account, *, reason: str | None) -> None:
    """Answer token grants with `shop_not_permitted` or `app_not_installed`; None grants again."""
    account.access.grant_failure = reason


def missing_shop(account: Account, *, on: bool = True) -> None:
    """There is no shop of this name."""
    account.missing = on


# --- limits, answers and the index ---------------------------------------------------------------------------------


def throttle(account: Account, *, available: float, restored: float | None = None, most: float | None = None) -> None:
    """So many points are left; `restored` a second, and `most` at a time, may be set too."""
    account.bucket.most = most if most is not None else account.bucket.most
    account.bucket.restored = restored if restored is not None else account.bucket.restored
    account.bucket.set(available)


def lag(account: Account, *, seconds: float) -> None:
    """How far the search index is behind: what changed since is found by no search."""
    account.lag = seconds


_TEXTS = {
    401: NOT_ADMITTED,
    402: "Unavailable Shop",
    403: "Forbidden",
    404: "Not Found",
    423: "Locked",
    429: "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.",
    430: "Security Rejection",
}


def refuse(account: Account, *, status: int, times: int = 1, retry_after: float | None = None) -> None:
    """Answer the next calls of the API with this status (0 times: for ever); 401, 402, 403, 404, 423, 429, 430, 5xx."""
    said = _TEXTS.get(status, "Internal Server Error")
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    account.refusing.append(Refusing(times, status, {"errors": said}, headers))


def fail(account: Account, *, code: str, message: str | None = None, times: int = 1, data: Any = None) -> None:
    """Answer the next calls of the API with status 200 and an error of this code, beside `data`."""
    known = internal("b2a4f7d0").shown() if code == "INTERNAL_SERVER_ERROR" else {}
    error = {"message": message or code, "extensions": {"code": code}} if message or not known else known
    account.refusing.append(Refusing(times, 200, {"errors": [error], "data": data}))


# --- bulk operations -----------------------------------------------------------------------------------------------


def bulk(account: Account, *, polls: int | None = None, seconds: float | None = None) -> None:
    """After how many polls, or how many seconds, an operation is through."""
    account.bulk.polls = polls if polls is not None else account.bulk.polls
    account.bulk.seconds = seconds if seconds is not None else account.bulk.seconds


def end_bulk(account: Account, *, status: str, error_code: str | None = None, partial: int = 0, times: int = 1) -> None:
    """How the next operations end; `partial` lines of their results are there as partial data."""
    account.bulk.endings += [Ending(status, error_code, int(partial))] * times


def truncate_bulk(account: Account, *, lines: int = 1, times: int = 1) -> None:
    """The next operations' files lack so many of their last lines, although their counts say otherwise."""
    account.bulk.truncations += [lines] * times


def foreign_bulk(account: Account, *, count: int = 1) -> list[str]:
    """Somebody else with the same app runs so many operations, until `finish_foreign_bulk`."""
    query = "{ products { edges { node { id } } } }"
    return [account.bulk.start(query, Result, foreign=True).id for _ in range(count)]


def finish_foreign_bulk(account: Account) -> None:
    account.bulk.finish_foreign()


def expire_links(account: Account) -> None:
    """The links of all results so far are too old."""
    for one in account.bulk.all.values():
        one.link_dead = one.ended


def shuffle_bulk(account: Account, *, on: bool = True) -> None:
    """Whether children stand anywhere after their parents in files, or right behind them."""
    account.shuffled = on


DEEDS: Mapping[str, Callable[..., object]] = {
    deed.__name__: deed
    for deed in (
        shop, next_day, customer, order, checkout, change_customer, change_order, delete_customer, delete_order,
        scopes, plan, domain, versions, expire_tokens, refuse_grants, missing_shop, throttle, lag, refuse, fail,
        bulk, end_bulk, truncate_bulk, foreign_bulk, finish_foreign_bulk, expire_links, shuffle_bulk,
    )
}  # fmt: skip


def do(account: Account, deeds: Any) -> None:
    """Deeds as they come over HTTP: one or a list. Raises ValueError saying what is wrong with one."""
    for deed in deeds if isinstance(deeds, list) else [deeds]:
        try:
            given = dict(deed)
            DEEDS[given.pop("do")](account, **given)
        except (TypeError, KeyError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"{deed}: {error}; one of {', '.join(DEEDS)} with its arguments") from error
