"""`segsync check`: what the app may read, what it may not, and what the merchant should know. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segsync.errors import AuthError, ConfigError, Problem
from segsync_shopify.answers import SCOPES
from segsync_shopify.api import VERSION, Api
from segsync_shopify.options import Options

SHORT = (
    "without the scope read_all_orders Shopify shows the last 60 days of orders only, and says nothing about the rest: "
    "rules that reach further back will stop their pushes. Request it in the app's settings, then: "
    "segsync pull {name} --full"
)
NOBODY = (
    "none of the customers who changed last shows an e-mail or a phone: the app may lack access to protected customer "
    "data (Dev Dashboard > the app > API access), and then nobody can be sent anywhere"
)


def check(api: Api, options: Options, name: str) -> Sequence[str]:
    """What to know. Raises AuthError, ConfigError or Unavailable where reading would fail."""
    answer = api.query("check")
    see_domain(answer.at("shop", "myshopifyDomain"), options, name)
    scopes = _scopes(answer.at("currentAppInstallation", "accessScopes"))
    missing = [scope for scope in SCOPES if scope not in scopes]
    if missing:
        plan = answer.at("shop", "plan", "publicDisplayName")
        raise AuthError(
            f"the app of `{name}` lacks {_and(missing)} (the shop is on the plan {plan}). Grant "
            f"{'it' if len(missing) == 1 else 'them'} in the app's settings, and install the app anew"
        )
    api.query("probe_orders")
    people = api.query("check_people").at("customers", "nodes")
    if options.checkouts:
        _check_checkouts(api, name)
    found = []
    if "read_all_orders" not in scopes:
        found.append(SHORT.format(name=name))
    if people and not any(_reachable(one) for one in people):
        found.append(NOBODY)
    if answer.version != VERSION:
        found.append(f"Shopify answers with its API version {answer.version} instead of {VERSION}: update segsync")
    return tuple(found)


def see_domain(seen: str, options: Options, name: str) -> None:
    """Raise ConfigError where the address leads to another shop: its data would be taken for this one's."""
    if seen.lower() != options.domain:
        found = f"{options.domain} is another name of {seen}"
        remedy = f'type: shop = "{seen.lower().removesuffix(".myshopify.com")}"'
        raise ConfigError([Problem(f"sources.{name}.shop", found, remedy)])


def _check_checkouts(api: Api, name: str) -> None:
    try:
        api.query("probe_checkouts")
    except AuthError as error:
        raise AuthError(
            f"{error}\nAbandoned checkouts also need the permission `manage_abandoned_checkouts`; to do without them: "
            f"checkouts = false in [sources.{name}]"
        ) from None


def _scopes(scopes: Sequence[Mapping[str, Any]]) -> set[str]:
    """What was granted; the right to write is one to read as well."""
    granted = {str(scope["handle"]) for scope in scopes}
    return granted | {f"read_{scope.removeprefix('write_')}" for scope in granted if scope.startswith("write_")}


def _reachable(customer: Mapping[str, Any]) -> bool:
    return bool(customer.get("defaultEmailAddress") or customer.get("defaultPhoneNumber"))


def _and(names: Sequence[str]) -> str:
    head = ", ".join(names[:-1])
    return f"the scope{'s' if head else ''} {head}{' and ' if head else ''}{names[-1]}"
