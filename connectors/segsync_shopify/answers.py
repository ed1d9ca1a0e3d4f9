"""What Shopify's answers mean, and who must act: statuses, GraphQL errors, throttling by cost. Pure.

Source: Shopify's pages on API usage, limits and error codes (read 2026-11), and recorded answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from segsync.errors import AuthError, ConfigError, ConnectorBug, Problem, SegsyncError, Unavailable
from segsync.http import NotTaken, retry_after
from segsync.redact import mask_text

if TYPE_CHECKING:
    import requests

SCOPES: Final = ("read_customers", "read_orders", "read_products")
_PLAN: Final = "is not approved to access the"
_PLANS: Final = (
    "Shopify shows people's data to custom apps on the Shopify, Advanced and Plus plans only; on others a public app, "
    'or the admin\'s exports (connector = "files"), are the way'
)
_STATUSES: Final[Mapping[int, str]] = {
    402: "the shop is frozen: its plan is not paid. The merchant can mend that in the admin, under Settings > Plan",
    403: "Shopify forbids it: the app lacks a permission, or the merchant has yet to approve one",
}


def passing(response: requests.Response) -> None:
    """Raise Unavailable for an answer that is none, or that says to come again; NotTaken where nothing was done."""
    if response.status_code != 200:
        return
    document = read(response)
    for code in codes(document):
        if code == "THROTTLED":
            wait = throttled_for(document)
            raise NotTaken("Shopify asked us to slow down (THROTTLED)", retry_after=wait)
        if code == "INTERNAL_SERVER_ERROR":
            raise Unavailable("Shopify had an internal error")
    if not document.get("errors") and not isinstance(document.get("data"), dict):
        raise Unavailable("Shopify answered without data, and without an error")


def read(response: requests.Response) -> Mapping[str, Any]:
    """The JSON document. Raises Unavailable for anything else."""
    try:
        document = response.json()
    except ValueError:
        raise Unavailable(f"Shopify answered {response.status_code} with something that is not JSON") from None
    if not isinstance(document, dict):
        raise Unavailable(f"Shopify answered {response.status_code} with JSON that is no object")
    return document


def throttled_for(document: Mapping[str, Any]) -> float:
    """Seconds until the bucket holds what the query asked for, at least one."""
    cost = _dict(_dict(document.get("extensions")).get("cost"))
    status = _dict(cost.get("throttleStatus"))
    try:
        lacking = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return max(1.0, lacking / float(status["restoreRate"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 1.0


def refused(response: requests.Response, name: str, domain: str) -> SegsyncError:
    """The error that a status other than 200 stands for. `name` is the source's name in the config."""
    status = response.status_code
    if status == 401:
        return AuthError(
            f"Shopify does not accept the token of `{name}`. Store a valid one: segsync secrets set "
            f"{name}.access_token (or {name}.client_secret for an app from the Dev Dashboard)"
        )
    if status in _STATUSES:
        return AuthError(f"{_STATUSES[status]} (Shopify answered {status})")
    if status == 404:
        problem = Problem(f"sources.{name}.shop", f"Shopify knows no {domain}", "type the part before .myshopify.com")
        return ConfigError([problem])
    if status in (301, 302, 307, 308):
        found = f"{domain} is another name of a shop that is called otherwise"
        return ConfigError(
            [Problem(f"sources.{name}.shop", found, "type the shop's permanent name (Settings > Domains)")]
        )
    if status == 400:
        return ConnectorBug(f"shopify: a request was not understood (400): {mask_text(response.text[:200])}")
    if status == 423:
        return Unavailable("Shopify has locked the shop for this app (423): ask Shopify's support before trying again")
    if status == 430:
        return Unavailable("Shopify takes us for an attack (430): wait an hour before trying again", retry_after=3600)
    return Unavailable(f"Shopify answered {status}", retry_after=retry_after(response))


def complained(document: Mapping[str, Any], name: str) -> SegsyncError | None:
    """The error that a document's `errors` stand for, None where it has none: partial data is no data."""
    errors = document.get("errors")
    if not errors:
        return None
    words = mask_text("; ".join(_messages(errors)))
    found = set(codes(document))
    if _PLAN in words:
        return AuthError(f"Shopify keeps people's data from the app of `{name}`: {words}\n{_PLANS}")
    if "ACCESS_DENIED" in found:
        return AuthError(
            f"the app of `{name}` may not read this: {words}\n"
            f"It needs the scopes {', '.join(SCOPES)}: grant them in the app's settings, and install it anew"
        )
    if "SHOP_INACTIVE" in found:
        return AuthError(f"the shop of `{name}` is not active: {words}")
    return ConnectorBug(f"shopify: the query was refused ({', '.join(sorted(found)) or 'no code'}): {words}")


def codes(document: Mapping[str, Any]) -> Iterator[str]:
    """The code of each error."""
    for error in _list(document.get("errors")):
        yield str(_dict(_dict(error).get("extensions")).get("code") or "")


def ignored(document: Mapping[str, Any]) -> list[str]:
    """Parts of a search filter that Shopify did not understand and left out: it then answers with everything."""
    searches = _list(_dict(document.get("extensions")).get("search"))
    return [
        str(_dict(warning).get("message") or _dict(warning).get("code") or "a part of the filter")
        for search in searches
        for warning in _list(_dict(search).get("warnings"))
    ]


def _messages(errors: Any) -> Iterator[str]:
    if isinstance(errors, str):
        yield errors
    for error in _list(errors):
        path = ".".join(str(part) for part in _list(_dict(error).get("path")))
        needed = _dict(_dict(error).get("extensions")).get("requiredAccess")
        message = str(_dict(error).get("message") or "no reason given")
        yield message + (f" (at {path})" if path else "") + (f" (it requires {needed})" if needed else "")


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []
