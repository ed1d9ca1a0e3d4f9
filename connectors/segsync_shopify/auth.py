"""The token of every request: one that was stored, or one that is asked for with the app's own credential."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from pydantic import SecretStr

from segsync.contract import Kit
from segsync.errors import AuthError, ConfigError, Problem, Unavailable
from segsync.redact import mask_text
from segsync_shopify import answers
from segsync_shopify.options import Options

if TYPE_CHECKING:
    import requests

EARLY: Final = timedelta(minutes=5)  # a token is renewed so long before it ends
_OURS: Final = frozenset({400, 401, 403, 404})  # statuses of a grant that the app's credential is to blame for
_LIVES: Final = 86_399  # seconds, where Shopify does not say


class Credential(Protocol):
    """What lets us in."""

    def token(self) -> SecretStr:
        """A token to send. Raises AuthError where there is none to be had."""

    def renew(self) -> bool:
        """Shopify has refused the token: whether another one can be tried."""


def credential(kit: Kit, options: Options) -> Credential:
    """The credential of a section. Raises ConfigError where it has none, or half of one."""
    stored, secret = kit.secrets.get("access_token"), kit.secrets.get("client_secret")
    if stored is not None:
        return Stored(stored)
    if options.client_id and secret is not None:
        return Granted(kit, options.url, options.domain, options.client_id, secret)
    if options.client_id or secret is not None:
        missing = f"{kit.name}.client_secret" if secret is None else f"sources.{kit.name}.client_id"
        remedy = (
            f"segsync secrets set {missing}"
            if secret is None
            else 'add: client_id = "…"   (of the same app, in the Dev Dashboard)'
        )
        raise ConfigError([Problem(missing, "missing: client_id and client_secret go together", remedy)])
    raise ConfigError(
        [Problem(f"{kit.name}.access_token", "missing secret: Shopify lets nobody in without", _ways(kit))]
    )


def _ways(kit: Kit) -> str:
    return (
        "an app from the Dev Dashboard:      client_id in the config, and "
        f"segsync secrets set {kit.name}.client_secret\n"
        f"an app made in the admin (shpat_…): segsync secrets set {kit.name}.access_token"
    )


class Stored:
    """A token that does not end by itself."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def token(self) -> SecretStr:
        return self._token

    def renew(self) -> bool:
        return False


class Granted:
    """Tokens by the client credentials grant: each lasts a day, and there is no refresh token but asking again."""

    def __init__(self, kit: Kit, url: str, domain: str, client_id: str, secret: SecretStr) -> None:
        self._session = kit.session
        self._clock = kit.clock
        self._url = f"{url}/admin/oauth/access_token"
        self._client_id = client_id
        self._secret = secret
        self._name = kit.name
        self._domain = domain
        self._token: SecretStr | None = None
        self._ends: datetime | None = None

    def token(self) -> SecretStr:
        if self._token is None or self._ends is None or self._clock.now() >= self._ends - EARLY:
            self._ask()
        assert self._token is not None, "_ask leaves one, or raises"
        return self._token

    def renew(self) -> bool:
        self._token = None
        return True

    def _ask(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret.get_secret_value(),
        }
        asked = self._clock.now()
        response = self._session.request("POST", self._url, data=form, headers={"Accept": "application/json"})
        if response.status_code in _OURS:
            raise AuthError(_why(response))
        if response.status_code != 200:
            raise answers.refused(response, self._name, self._domain)
        try:
            granted = response.json()
            self._token = SecretStr(str(granted["access_token"]))
            self._ends = asked + timedelta(seconds=float(granted.get("expires_in") or _LIVES))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unavailable("Shopify granted a token in a form that cannot be read") from None


def _why(response: requests.Response) -> str:
    body = response.text[:2000]
    if "shop_not_permitted" in body:
        return (
            "Shopify grants the app no token for this shop: app and shop are not in the same organisation. "
            "Make the app in the Dev Dashboard of the shop's own organisation"
        )
    if "app_not_installed" in body:
        return "the app is not installed in this shop: install it from the Dev Dashboard, then try again"
    if response.status_code == 404:
        return "there is no such shop: `shop` is the part before .myshopify.com"
    words = body if len(body) <= 200 and "<" not in body else f"status {response.status_code}"
    return (
        f"Shopify refuses the app's client id or client secret: {mask_text(words)}. See them in the Dev Dashboard, "
        "under the app's settings"
    )
