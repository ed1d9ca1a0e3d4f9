"""The WSGI app: the endpoints, what is asked of every request, and the tests' own way in."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from segsync.clock import Clock
from segsync_shopify.sandbox import seed, storage
from segsync_shopify.sandbox.access import GRANTED_FOR, Access
from segsync_shopify.sandbox.account import Account
from segsync_shopify.sandbox.complaints import NOT_ADMITTED
from segsync_shopify.sandbox.graphql import answer
from segsync_shopify.sandbox.shop import Shop

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_API = re.compile(r"/admin/api/([\w-]+)/graphql\.json")
_FILE = re.compile(r"/storage/([\w.-]+)")
_NO_SHOP = (
    "<!DOCTYPE html><html><head><title>Create an Ecommerce Website</title></head>"
    "<body>Sorry, this shop is currently unavailable.</body></html>"
)


class ShopifySandbox:
    """One app in one shop behind Shopify's Admin API. It starts empty; deeds fill it (seed.py).

    `access_token`: the only one it takes, beside those that it grants; None takes any that begins with `shpat_`.
    `client_id` and `client_secret`: of the app that may be granted tokens; None takes any. Tests reach into `account`
    while holding `lock`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        access_token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        domain: str = "acme.myshopify.com",
    ) -> None:
        self.app: WSGIApplication = self._app
        self.lock = threading.RLock()
        name = domain.partition(".")[0].title()
        self.account = Account(clock, Shop(name, domain), Access(clock, access_token, client_id, client_secret))

    @property
    def shop(self) -> Shop:
        """What the shop holds."""
        return self.account.shop

    def state(self) -> Mapping[str, Any]:
        """What it holds, as JSON values: see Account.state."""
        with self.lock:
            self.account.bulk.work()
            return self.account.state()

    def do(self, *deeds: Mapping[str, Any]) -> None:
        """Deeds of seed.py, as they are posted: `do({"do": "customer", "email": "…"})`. Raises ValueError."""
        with self.lock:
            seed.do(self.account, list(deeds))

    def _app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        with self.lock:
            self.account.bulk.work()
            response = self._answer(request)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/__seed" and request.method == "POST":
            return self._seed(request)
        if found := _FILE.fullmatch(request.path):
            return storage.serve(self.account, request, found[1])
        if request.path == "/admin/oauth/access_token" and request.method == "POST":
            return self._grant(request)
        called = _API.fullmatch(request.path)
        if called is None or request.method != "POST" or self.account.missing:
            return _json({"errors": "Not Found"}, 404)
        response = self._refused(request) or self._call(request)
        response.headers["X-Shopify-API-Version"] = self.account.versions.answering(called[1])
        return response

    # --- the API -----------------------------------------------------------------------------------------------------

    def _refused(self, request: Request) -> Response | None:
        """The answer to a wrong token, or one that a test arranged."""
        if "Authorization" in request.headers or not self.account.access.admits(
            request.headers.get("X-Shopify-Access-Token", "")
        ):
            return _json({"errors": NOT_ADMITTED}, 401)
        if not self.account.refusing:
            return None
        first = self.account.refusing[0]
        if first.times == 1:
            self.account.refusing.pop(0)
        first.times = max(0, first.times - 1)
        return _json(first.body, first.status, first.headers)

    def _call(self, request: Request) -> Response:
        if request.mimetype == "application/graphql":
            body: Any = {"query": request.get_data(as_text=True)}
        else:
            try:
                body = json.loads(request.get_data())
            except ValueError:
                return _json({"errors": "Bad Request"}, 400)
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            return _json({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        base = request.root_url.rstrip("/")
        return _json(answer(self.account, body, lambda one: storage.link(base, one)))

    # --- tokens ------------------------------------------------------------------------------------------------------

    def _grant(self, request: Request) -> Response:
        """The client credentials grant."""
        if self.account.missing:
            return Response(_NO_SHOP, status=404, content_type="text/html; charset=utf-8")
        access, form = self.account.access, request.form
        if form.get("grant_type") != "client_credentials":
            return _json({"error": "unsupported_grant_type", "error_description": "unknown grant_type"}, 400)
        if not access.knows(form.get("client_id", ""), form.get("client_secret", "")):
            said = "Client authentication failed: unknown client, or its secret is wrong"
            return _json({"error": "invalid_client", "error_description": said}, 400)
        if access.grant_failure == "app_not_installed":
            text = "<!DOCTYPE html><html><body><h1>Oauth error app_not_installed</h1></body></html>"
            return Response(text, status=400, content_type="text/html; charset=utf-8")
        if access.grant_failure is not None:
            said = "Client credentials cannot be performed on this shop."
            return _json({"error": access.grant_failure, "error_description": said}, 400)
        token = access.grant()
        return _json({"access_token": token, "scope": ",".join(access.scopes), "expires_in": GRANTED_FOR})

    def _seed(self, request: Request) -> Response:
        try:
            seed.do(self.account, json.loads(request.get_data()))
        except ValueError as error:
            return _json({"errors": str(error)}, 400)
        return _json(self.account.state())


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(value, ensure_ascii=False)
    return Response(text, status=status, headers=dict(headers or {}), content_type="application/json; charset=utf-8")
