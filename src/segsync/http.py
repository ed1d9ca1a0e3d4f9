"""The one door to the network: everything a connector says to its platform is paced, retried and traced here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import tenacity
from urllib3.exceptions import NewConnectionError

from segsync import __version__
from segsync.clock import Clock
from segsync.errors import ConfigError, Problem, Unavailable
from segsync.pace import Pacer
from segsync.spec import Limit

PASSING = frozenset({408, 500, 502, 503, 504, *range(520, 531)})  # from 520 on, what a proxy says of its origin
TIMEOUT = (10.0, 90.0)  # seconds to connect, and between bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back (`response` is None where nothing did), as the tracer sees it.

    `saved` is how many bytes of the answer went into a file instead of `response.content`; None for other answers.
    """

    connector: str
    request: requests.PreparedRequest
    response: requests.Response | None
    elapsed: float
    saved: int | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is retried: at most so many attempts, and so many seconds of waiting in all."""

    attempts: int = 6
    seconds: float = 180.0


class Session:
    """A connector's session with its platform. Thread-safe as far as `requests.Session` is.

    Proxies and certificates come from the environment; credentials never do, so that nobody's `.netrc` is sent.
    """

    def __init__(
        self,
        connector: str,
        *,
        clock: Clock,
        pacer: Pacer | None = None,
        trace: Callable[[Exchange], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._connector = connector
        self._clock = clock
        self._pacer = pacer or Pacer(clock)
        self._trace = trace
        self._patience = patience or Patience()
        self._http = requests.Session()
        self._http.headers["User-Agent"] = f"segsync/{__version__}"
        self._http.auth = _as_it_is  # without one, requests would put what it finds in .netrc over our own header

    def request(
        self,
        method: str,
        url: str,
        *,
        limits: Sequence[Limit] = (),
        repeatable: bool = True,
        verify: Callable[[requests.Response], None] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The platform's answer, of any status but those that pass (429 and `PASSING`), which are retried here.

        `repeatable=False` says that a second call would do a second thing: then only answers that prove that
        nothing was done (429, no connection) are retried. `verify` may raise Unavailable for an answer that is
        none (a page of HTML, half a JSON document), NotTaken for one that says that nothing was done. Redirects are
        not followed.

        Raises Unavailable when patience is at its end, or the platform asked for a longer pause than that;
        ConfigError where the address or a header cannot be sent at all.
        """
        request = requests.Request(method, url, headers=dict(headers or {}), params=params, json=json, data=data)
        return self._retrying(repeatable=repeatable)(self._once, request, limits, verify)

    def download(
        self,
        url: str,
        into: Path,
        *,
        limits: Sequence[Limit] = (),
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """GET a large answer into a file, without holding it in memory; retried from its beginning.

        The file is written anew; unless the answer's status is 200 it holds what the platform said instead. Nothing of
        it is traced but its size. Raises as `request` does.
        """
        request = requests.Request("GET", url, headers=dict(headers or {}))
        return self._retrying(repeatable=True)(self._once, request, limits, None, into)

    def pause(self, seconds: float) -> None:
        """Wait before asking about a long job of the platform again."""
        self._clock.sleep(seconds)

    def close(self) -> None:
        self._http.close()

    def _retrying(self, *, repeatable: bool) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: _worth_a_retry(error, repeatable=repeatable)),
            stop=self._out_of_patience,
            wait=self._nap,
            sleep=self._clock.sleep,
            reraise=True,
        )

    def _once(
        self,
        request: requests.Request,
        limits: Sequence[Limit],
        verify: Callable[[requests.Response], None] | None,
        into: Path | None = None,
    ) -> requests.Response:
        prepared = self._prepared(request)
        closed = self._pacer.closed_for(limits)
        if closed > self._patience.seconds:
            raise Unavailable(f"{self._connector} asked for a pause of another {closed:.0f} s", retry_after=closed)
        self._pacer.wait(limits)
        started = self._clock.monotonic()
        saved: int | None = None
        try:
            settings = self._http.merge_environment_settings(prepared.url, {}, into is not None, None, None)
            response = self._http.send(prepared, timeout=TIMEOUT, allow_redirects=False, **settings)
            if into is not None:
                saved = _save(response, into)
        except (requests.RequestException, ValueError) as error:
            self._traced(Exchange(self._connector, prepared, None, self._clock.monotonic() - started))
            raise _explained(self._connector, error) from error
        self._traced(Exchange(self._connector, prepared, response, self._clock.monotonic() - started, saved))
        if response.status_code == 429:
            wait = retry_after(response)
            if wait is not None:
                self._pacer.close(limits, wait)
            raise NotTaken(f"{self._connector} asked us to slow down (429)", retry_after=wait)
        if response.status_code in PASSING:
            raise Unavailable(f"{self._connector} answered {response.status_code}", retry_after=retry_after(response))
        if verify is not None:
            verify(response)
        return response

    def _prepared(self, request: requests.Request) -> requests.PreparedRequest:
        try:
            return self._http.prepare_request(request)
        except (requests.RequestException, ValueError) as error:
            raise _explained(self._connector, error) from None  # its text may quote a secret

    def _traced(self, exchange: Exchange) -> None:
        if self._trace is not None:
            self._trace(exchange)

    def _nap(self, state: tenacity.RetryCallState) -> float:
        """Doubling from half a second, and never less than the platform asked for; with a little jitter, seconds."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Unavailable) else None
        base: float = max(asked or 0.0, min(30.0, 0.5 * 2.0 ** (state.attempt_number - 1)))
        return base + self._clock.random() * min(1.0, 0.25 * base + 0.05)

    def _out_of_patience(self, state: tenacity.RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= self._patience.attempts or waited > self._patience.seconds


class NotTaken(Unavailable):
    """The platform certainly did nothing, so that even a call that must not be repeated may be tried again."""


def _save(response: requests.Response, into: Path) -> int:
    """Write the answer's body to a file; its size in bytes. Raises Unavailable where the disk takes no more."""
    try:
        with response, into.open("wb") as file:
            for part in response.iter_content(1 << 20):
                file.write(part)
            return file.tell()
    except requests.RequestException:  # an OSError as well
        raise
    except OSError as error:
        raise Unavailable(f"{into} cannot be written: {error.strerror}") from error


def retry_after(response: requests.Response) -> float | None:
    """The `Retry-After` header in seconds, where it is a number (RFC 9110 §10.2.3; no platform here sends dates)."""
    text = response.headers.get("Retry-After", "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        return None


def _worth_a_retry(error: BaseException, *, repeatable: bool) -> bool:
    return isinstance(error, NotTaken) or (repeatable and isinstance(error, Unavailable))


def _explained(connector: str, error: Exception) -> Unavailable | ConfigError:
    """Our words for what `requests` says: its own texts carry whole URLs and headers, which may hold secrets."""
    if isinstance(error, ValueError):  # InvalidURL, InvalidHeader, UnicodeEncodeError: no retry will help
        found = f"its address or a header cannot be sent ({type(error).__name__})"
        problem = Problem(connector, found, "look for stray characters in its options and its secrets")
        return ConfigError([problem])
    if isinstance(error, requests.ConnectTimeout):
        return NotTaken(f"{connector}: no connection within {TIMEOUT[0]:.0f} s")
    if isinstance(error, requests.Timeout):
        return Unavailable(f"{connector} did not answer within {TIMEOUT[1]:.0f} s")
    if isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError):
        return NotTaken(f"{connector}: nobody answers at its address")
    return Unavailable(f"{connector}: the connection broke ({type(error).__name__})")


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An authentication that adds nothing."""
    return request
