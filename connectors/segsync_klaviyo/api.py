"""Calling Klaviyo: the headers of every request, what each status means, and pages followed on its own host only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from segsync.errors import AuthError, ConnectorBug, Unavailable
from segsync_klaviyo import wire

if TYPE_CHECKING:
    import requests
    from pydantic import SecretStr

    from segsync.http import Session
    from segsync.spec import Limit

REVISION: Final = "2026-10-15"
MEDIA_TYPE: Final = "application/vnd.api+json"
SCOPES: Final = ("flows:read", "lists:read", "lists:write", "profiles:read", "profiles:write")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status that the caller is ready for, and the document that came with it ({} for none)."""

    status: int
    document: Mapping[str, Any]

    @property
    def resource(self) -> Mapping[str, Any]:
        """The one resource of `data`."""
        data = self.document.get("data")
        return data if isinstance(data, Mapping) else {}

    @property
    def resources(self) -> Sequence[Mapping[str, Any]]:
        """The resources of `data`."""
        data = self.document.get("data")
        return data if isinstance(data, list) else []

    @property
    def complaints(self) -> list[wire.Complaint]:
        return wire.complaints(self.document)

    @property
    def words(self) -> str:
        """What Klaviyo said was wrong, in one line."""
        return "; ".join(complaint.words for complaint in self.complaints) or f"status {self.status}, no reason given"


class Api:
    """Klaviyo's API under `base_url`, for one private key. `name` is the destination's name in the config."""

    def __init__(self, session: Session, *, name: str, base_url: str, api_key: SecretStr) -> None:
        self._session = session
        self._name = name
        self._base = base_url.rstrip("/")
        self._api_key = api_key

    def get(self, path: str, limit: Limit, *, missing: bool = False) -> Answer:
        """Read one document. `missing=True` makes 404 an answer rather than a bug."""
        return self.call("GET", path, limit, expect=(200, 404) if missing else (200,))

    def call(
        self,
        method: str,
        path: str,
        limit: Limit,
        *,
        expect: Sequence[int],
        body: bytes | None = None,
        repeatable: bool = True,
        empty: bool = False,
    ) -> Answer:
        """The answer to one request, whose `path` begins at `/api`. `empty`: success has no body.

        Raises AuthError for 401 and 403, Unavailable where Klaviyo does not answer in JSON, ConnectorBug for a
        status that is not among `expect`.
        """
        url = self._base + path
        return self._call(method, url, limit, expect=expect, body=body, repeatable=repeatable, empty=empty)

    def pages(self, path: str, limit: Limit, *, missing: bool = False) -> Iterator[Answer]:
        """A collection page by page, following `links.next` as it is written. A 404 ends it, if `missing` allows that.

        Raises Unavailable for a link to another host, or one that leads back.
        """
        expect = (200, 404) if missing else (200,)
        url: str | None = self._base + path
        seen: set[str] = set()
        while url is not None:
            seen.add(url)
            answer = self._call("GET", url, limit, expect=expect)
            yield answer
            url = wire.next_link(answer.document) if answer.status == 200 else None
            if url is not None and (url in seen or not self._is_ours(url)):
                raise Unavailable("Klaviyo's link to the next page leads elsewhere; it was not followed")

    def _is_ours(self, url: str) -> bool:
        """The key goes to no other host, whatever an answer says."""
        ours, theirs = urlsplit(self._base), urlsplit(url)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

    def _call(
        self,
        method: str,
        url: str,
        limit: Limit,
        *,
        expect: Sequence[int],
        body: bytes | None = None,
        repeatable: bool = True,
        empty: bool = False,
    ) -> Answer:
        headers = {
            "Authorization": f"Klaviyo-API-Key {self._api_key.get_secret_value()}",
            "revision": REVISION,
            "Accept": MEDIA_TYPE,
        }
        if body is not None:
            headers["Content-Type"] = MEDIA_TYPE
        verify = _is_json_or_nothing if empty else _is_json
        response = self._session.request(
            method, url, limits=(limit,), repeatable=repeatable, verify=verify, headers=headers, data=body
        )
        answer = Answer(response.status_code, response.json() if response.content else {})
        if answer.status == 401:
            raise AuthError(
                "Klaviyo does not accept the private API key. Make one under Settings > API keys and store it: "
                f"segsync secrets set {self._name}.api_key"
            )
        if answer.status == 403:
            raise AuthError(
                f"Klaviyo's key for `{self._name}` may not do this: {answer.words}\n"
                f"It needs the scopes {', '.join(SCOPES)}. Make a key with them under Settings > API keys and store "
                f"it: segsync secrets set {self._name}.api_key"
            )
        if answer.status not in expect:
            path = urlsplit(url).path
            raise ConnectorBug(f"klaviyo: {method} {path} was answered {answer.status}: {answer.words}")
        return answer


def _is_json_or_nothing(response: requests.Response) -> None:
    """The same where a request that was taken is answered without a body. Raises Unavailable."""
    if not (response.ok and not response.content):
        _is_json(response)


def _is_json(response: requests.Response) -> None:
    """Raises Unavailable for an answer that is not Klaviyo's: a page of HTML from its proxy, half a document."""
    if response.status_code == 204 and not response.content:
        return
    try:
        document = response.json()
    except ValueError as error:
        raise Unavailable(f"Klaviyo answered {response.status_code} with something that is not JSON") from error
    if not isinstance(document, dict):
        raise Unavailable(f"Klaviyo answered {response.status_code} with JSON that is no document")
