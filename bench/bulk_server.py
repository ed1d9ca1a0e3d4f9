"""A server on this machine that answers as Shopify does to one bulk read of orders, from a file made beforehand."""

from __future__ import annotations

import json
import shutil
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Every operation is through at once, and its result is the file."""

    file: Path
    lines: int
    roots: int

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"]
        operation = {
            "id": "gid://shopify/BulkOperation/1",
            "status": "COMPLETED",
            "errorCode": None,
            "createdAt": "2026-11-20T12:00:00Z",
            "objectCount": str(self.lines),
            "rootObjectCount": str(self.roots),
            "url": f"http://{self.headers['Host']}/result.jsonl",
        }
        answers: dict[str, Any] = {
            "query Shop": {"shop": {"myshopifyDomain": "acme.myshopify.com"}},
            "mutation Run": {"bulkOperationRunQuery": {"bulkOperation": operation, "userErrors": []}},
            "query Poll": {"bulkOperation": operation},
        }
        name = next(name for name in answers if query.startswith(name))
        body = json.dumps({"data": answers[name]}).encode()
        self._head(len(body))
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._head(self.file.stat().st_size)
        with self.file.open("rb") as file:
            shutil.copyfileobj(file, self.wfile, 1 << 20)

    def _head(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    Handler.file, Handler.lines, Handler.roots = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
