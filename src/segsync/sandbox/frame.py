"""What stands around every connector's stand-in: counting requests, striking with faults, showing the state."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from segsync.clock import Clock
from segsync.contract import Sandbox
from segsync.sandbox.faults import Fault, fault_from_json, fault_to_json

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

HTML = "<!DOCTYPE html><html><head><title>Attention Required!</title></head><body>Sorry, not now.</body></html>"


@dataclass(frozen=True, slots=True)
class Logged:
    """One counted request, numbered from 1; `status` is None where no answer was sent (yet), `fault` what struck it."""

    number: int
    method: str
    path: str
    query: str
    status: int | None = None
    fault: str | None = None


class ConnectionCut(ConnectionAbortedError):
    """Tells the server that there is nobody to answer any more."""


class Frame:
    """A WSGI app around one sandbox's app. Paths that start with `/__` are for the operator and are not counted."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self._clock = clock
        self._lock = threading.Lock()
        self._log: list[Logged] = []
        self._faults: list[tuple[Fault, int]] = []  # each with how many requests matched it so far

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """Replace all faults by these; their counts begin at the next request."""
        with self._lock:
            self._faults = [(fault, 0) for fault in faults]

    def faults(self) -> Sequence[Fault]:
        with self._lock:
            return [fault for fault, _ in self._faults]

    def requests(self) -> Sequence[Logged]:
        """Every counted request so far, in the order of arrival."""
        with self._lock:
            return list(self._log)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith("/__"):
            return self._control(request)(environ, start_response)
        number, fault = self._arrive(request)
        response = self._answer(request, fault)
        self._note(number, response.status_code)
        return response(environ, start_response)

    # --- counted requests ------------------------------------------------------------------------------------

    def _arrive(self, request: Request) -> tuple[int, Fault | None]:
        """Number the request, and say which fault strikes it, if any: the first that does."""
        with self._lock:
            struck: Fault | None = None
            for place, (fault, count) in enumerate(self._faults):
                if fault.matches(request.method, request.path):
                    self._faults[place] = (fault, count + 1)
                    if struck is None and fault.strikes(count + 1):
                        struck = fault
            number = len(self._log) + 1
            what = f"{struck.action} {struck.when}" if struck else None
            query = request.query_string.decode("latin-1")
            self._log.append(Logged(number, request.method, request.path, query, fault=what))
            return number, struck

    def _note(self, number: int, status: int) -> None:
        with self._lock:
            self._log[number - 1] = replace(self._log[number - 1], status=status)

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        if fault is None:
            return self._apply(request)
        if fault.when == "before" and fault.truncate is None:
            # Read it all: a client that is still sending would see a broken pipe instead of the fault.
            request.environ["wsgi.input"] = io.BytesIO(request.get_data())
            return self._strike(request, fault, lambda: self._apply(request))
        applied = self._apply(request)
        return self._strike(request, fault, lambda: applied)

    def _apply(self, request: Request) -> Response:
        return Response.from_app(self.sandbox.app, request.environ, buffered=True)

    def _strike(self, request: Request, fault: Fault, proper: Callable[[], Response]) -> Response:
        if fault.kill is not None:
            os.kill(fault.kill, signal.SIGKILL)
        if fault.kill is not None or fault.drop:
            _cut(request)
        if fault.slow is not None:
            self._clock.sleep(fault.slow)
            return proper()
        if fault.truncate is not None:
            return _truncated(proper(), fault.truncate, honest=fault.honest)
        if fault.html is not None:
            return Response(HTML, status=fault.html, content_type="text/html; charset=UTF-8")
        headers = {"Content-Type": "application/json", **fault.headers}
        return Response(fault.body, status=fault.status or 500, headers=headers)

    # --- the operator's own requests -------------------------------------------------------------------------

    def _control(self, request: Request) -> Response:
        if request.path == "/__faults":
            return self._control_faults(request)
        if request.path == "/__state" and request.method == "GET":
            return _json(self.sandbox.state())
        if request.path == "/__requests" and request.method == "GET":
            return _json([asdict(entry) for entry in self.requests()])
        return self._apply(request)

    def _control_faults(self, request: Request) -> Response:
        if request.method == "POST":
            # A page in a browser cannot send this content type to us without being allowed to first.
            if request.mimetype != "application/json":
                return _json({"error": "faults are sent as application/json"}, status=415)
            try:
                given = json.loads(request.get_data())
                self.set_faults([fault_from_json(one) for one in (given if isinstance(given, list) else [given])])
            except ValueError as error:
                return _json({"error": str(error)}, status=400)
        elif request.method == "DELETE":
            self.set_faults([])
        elif request.method != "GET":
            return _json({"error": "GET, POST or DELETE"}, status=405)
        return _json([fault_to_json(fault) for fault in self.faults()])


def _json(value: object, *, status: int = 200) -> Response:
    text = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return Response(text, status=status, content_type="application/json")


def _truncated(response: Response, size: int, *, honest: bool) -> Response:
    body = response.get_data()
    response.set_data(body[:size])
    response.content_length = min(size, len(body)) if honest else len(body)
    return response


def _cut(request: Request) -> None:
    """Break the client's connection: it sees a reset or an end of file, and never an answer."""
    link: socket.socket | None = request.environ.get("werkzeug.socket")
    if link is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.shutdown(socket.SHUT_RDWR)
    raise ConnectionCut("a fault broke this connection")
