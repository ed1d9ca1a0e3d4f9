"""The WSGI app: routes with their limits and scopes, what is asked of every request, and the tests' own way in."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from segsync.clock import Clock
from segsync_klaviyo.sandbox import deletions, jobs, lists, profiles, seed
from segsync_klaviyo.sandbox.account import Account
from segsync_klaviyo.sandbox.answers import CONTENT_TYPE, Complaint, Refused, invalid, refusal
from segsync_klaviyo.sandbox.tiers import XS, L, M, S, Tier, Windows

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

OLDEST, NEWEST = "2024-10-15", "2026-10-15"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: method and path, limits, the scopes a key needs, and who answers."""

    method: str
    path: str
    tier: Tier
    scopes: tuple[str, ...]
    view: Callable[..., Response]


_LIST, _JOB = "/api/lists/<id>", "/api/profile-bulk-import-jobs/<id>"
ROUTES = (
    Route("GET", "/api/lists", L, ("lists:read",), lists.get_lists),
    Route("POST", "/api/lists", Tier(10, 150, 150), ("lists:write",), lists.create_list),
    Route("GET", _LIST, L, ("lists:read",), lists.get_list),
    Route("PATCH", _LIST, M, ("lists:write",), lists.update_list),
    Route("DELETE", _LIST, M, ("lists:write",), lists.delete_list),
    Route("GET", f"{_LIST}/profiles", L, ("lists:read", "profiles:read"), lists.get_profiles_of_list),
    Route("GET", f"{_LIST}/flow-triggers", S, ("flows:read", "lists:read"), lists.get_flows_of_list),
    Route("GET", f"{_LIST}/relationships/profiles", L, ("lists:read", "profiles:read"), lists.get_profile_ids_of_list),
    Route("POST", f"{_LIST}/relationships/profiles", M, ("lists:write", "profiles:write"), lists.add_profiles_to_list),
    Route(
        "DELETE",
        f"{_LIST}/relationships/profiles",
        M,
        ("lists:write", "profiles:write"),
        lists.remove_profiles_from_list,
    ),
    Route("GET", "/api/flows", S, ("flows:read",), lists.get_flows),
    Route("GET", "/api/profiles", L, ("profiles:read",), profiles.get_profiles),
    Route("GET", "/api/profiles/<id>", L, ("profiles:read",), profiles.get_profile),
    Route("POST", "/api/profile-import", L, ("profiles:write",), profiles.import_profile),
    Route("GET", "/api/profile-bulk-import-jobs", M, ("lists:read", "profiles:read"), jobs.get_jobs),
    Route("POST", "/api/profile-bulk-import-jobs", M, ("lists:write", "profiles:write"), jobs.create_job),
    Route("GET", _JOB, M, ("lists:read", "profiles:read"), jobs.get_job),
    Route("GET", f"{_JOB}/profiles", M, ("profiles:read",), jobs.get_job_profiles),
    Route("GET", f"{_JOB}/import-errors", M, ("profiles:read",), jobs.get_job_errors),
    Route("POST", "/api/data-privacy-deletion-jobs", S, ("data-privacy:write",), deletions.request_deletion),
)


class KlaviyoSandbox:
    """One account behind Klaviyo's API. Tests reach into `account` while holding `lock`, or use the methods of seed.py.

    `api_key`: the only key it takes; None takes any that looks like one. `scopes`: what that key may do.
    """

    def __init__(self, clock: Clock, *, api_key: str | None = None) -> None:
        self.app: WSGIApplication = self._app
        self.account = Account(clock)
        self.lock = threading.RLock()
        self.api_key = api_key
        self.scopes = {scope for route in ROUTES for scope in route.scopes}
        self._windows = Windows(clock)
        self._routes = Map(
            [Rule(route.path, methods=[route.method], endpoint=route, strict_slashes=False) for route in ROUTES]
        )

    def _app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        with self.lock:
            response = self._answer(request)
        return response(environ, start_response)

    def state(self) -> Mapping[str, Any]:
        """Lists with the e-mails (else phones) of their members, profiles, flows and jobs."""
        with self.lock:
            self.account.work()
            return seed.state(self.account)

    def _answer(self, request: Request) -> Response:
        self.account.work()
        try:
            if request.path == "/__seed" and request.method == "POST":
                return seed.from_request(self.account, request)
            self._admit(request)
            route, ids = self._routes.bind_to_environ(request.environ).match()
            return self._serve(route, request, ids)
        except Refused as refused:
            return refusal(refused)
        except MethodNotAllowed:
            return refusal(Refused(405, Complaint("method_not_allowed", "Not allowed.", f"No {request.method} here.")))
        except HTTPException:
            return refusal(Refused(404, Complaint("not_found", "Not found.", f"There is no {request.path}.")))

    def _serve(self, route: Route, request: Request, ids: Mapping[str, str]) -> Response:
        missing = [scope for scope in route.scopes if scope not in self.scopes]
        if missing:
            detail = f"The API key is missing required scopes: {', '.join(missing)}."
            raise Refused(403, Complaint("permission_denied", "Permission denied.", detail))
        counted = self._windows.count(f"{route.method} {route.path}", _tier(route, request))
        try:
            response = route.view(self.account, request, **ids)
        except Refused as refused:
            response = refusal(refused)
        response.headers.extend(counted)
        return response

    def _admit(self, request: Request) -> None:
        """The key, the revision and the media type. Raises Refused."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        right = key == self.api_key if self.api_key else re.fullmatch(r"pk_[A-Za-z0-9_]{3,}", key)
        if scheme != "Klaviyo-API-Key" or not right:
            detail = "Missing or invalid authorization scheme. Please use Klaviyo-API-Key."
            raise Refused(401, Complaint("not_authenticated", "Authentication credentials were not provided.", detail))
        revision = request.headers.get("revision", "")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", revision) or not OLDEST <= revision <= NEWEST:
            raise invalid(f"'{revision}' is not a supported revision of the API.", parameter="revision")
        accepted = request.accept_mimetypes
        if accepted and accepted.best_match([CONTENT_TYPE]) is None:
            raise Refused(406, Complaint("not_acceptable", "Not acceptable.", f"Only {CONTENT_TYPE} is available."))


def _tier(route: Route, request: Request) -> Tier:
    """Asking for a list's size costs more."""
    return XS if request.args.get("additional-fields[list]") == "profile_count" else route.tier
