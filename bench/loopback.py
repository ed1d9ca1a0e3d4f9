"""A platform that is nothing but a socket, and the destination that speaks to it: what is left is segsync's own work.

The server reads each body as JSON, as any platform must, and answers 202 at once. Run as a module it serves on a free
port of 127.0.0.1 and prints that port.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import BaseModel, Field

from segsync.contract import Connector, Kit
from segsync.http import Session
from segsync.model import Audience, AudienceRef, Batch, Estimate, Receipt
from segsync.spec import Spec, Writes

MAX_BATCH = 10_000
HEADERS = {"Content-Type": "application/json"}


class Options(BaseModel):
    """Keys of `[destinations.loopback]`."""

    base_url: str = Field(description="where the server listens", examples=["http://127.0.0.1:8000"])


SPEC = Spec(
    name="loopback",
    summary="A socket that accepts whatever it is sent",
    options=Options,
    writes=Writes(
        max_batch=MAX_BATCH,
        identifiers={"email": 1, "phone": 1},
        keyed_by="profile",
        consent="none",
        estimate=lambda adds, removes: Estimate(-(-(adds + removes) // MAX_BATCH), 0.0),
    ),
)


class Loopback:
    """Posts each batch as one body."""

    def __init__(self, session: Session, base_url: str) -> None:
        self._session, self._url = session, base_url

    def check(self) -> Sequence[str]:
        return ()

    def find_audience(self, wanted: Audience) -> AudienceRef | None:  # noqa: ARG002 - nothing is there before
        return None

    def create_audience(self, wanted: Audience) -> AudienceRef:
        return AudienceRef("audience", wanted.name)

    def push(self, batch: Batch) -> Receipt:
        self._session.request("POST", self._url, data=body(batch), headers=HEADERS)
        return Receipt(batch.id, accepted={member.person: None for member in batch.members})

    def close(self) -> None:
        self._session.close()


def body(batch: Batch) -> bytes:
    """The batch as the platform is sent it."""
    members = [{"emails": m.identifiers.emails, "phones": m.identifiers.phones} for m in batch.members]
    return json.dumps({"action": batch.action, "members": members}).encode()


def _destination(kit: Kit) -> Loopback:
    assert isinstance(kit.options, Options)
    return Loopback(kit.session, kit.options.base_url)


connector = Connector(spec=SPEC, destination=_destination)


class Answer(BaseHTTPRequestHandler):
    """202 for every body that is JSON."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    print(server.server_port, flush=True)
    server.serve_forever()
