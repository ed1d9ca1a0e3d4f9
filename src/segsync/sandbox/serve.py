"""One local port for all stand-ins, each mounted under its connector's name."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from segsync.clock import Clock, system_clock
from segsync.contract import Sandbox
from segsync.sandbox.frame import Frame

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class Server:
    """Stand-ins being served. `frames` gives each one's faults and requests by connector."""

    def __init__(self, sandboxes: Mapping[str, Sandbox], *, host: str, port: int, clock: Clock) -> None:
        self.frames: Mapping[str, Frame] = {name: Frame(sandbox, clock) for name, sandbox in sandboxes.items()}
        mounts: dict[str, Any] = {f"/{name}": frame for name, frame in self.frames.items()}
        app = DispatcherMiddleware(self._index, mounts)
        self._server = make_server(host, port, app, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._serve, name="segsync-sandbox", daemon=True)
        self._thread.start()
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening. Requests under way are left to end by themselves."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def _index(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """What is mounted here, at `/`; 404 anywhere else."""
        status = 200 if environ.get("PATH_INFO", "/") in ("", "/") else 404
        body = json.dumps({"connectors": {name: f"{self.url}/{name}" for name in self.frames}}, indent=1)
        return Response(body, status=status, content_type="application/json")(environ, start_response)


def serve(
    sandboxes: Mapping[str, Sandbox], *, host: str = "127.0.0.1", port: int = 0, clock: Clock | None = None
) -> Server:
    """Serve each sandbox under `/<connector>` from threads of this process; port 0 picks a free one.

    Beside each platform's own paths: `/<connector>/__faults` (GET, POST a list of faults.py, DELETE),
    `/<connector>/__state` and `/<connector>/__requests`.
    """
    return Server(sandboxes, host=host, port=port, clock=clock or system_clock())


class _Quiet(WSGIRequestHandler):
    """Logs nothing, and sends small answers at once."""

    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        pass
