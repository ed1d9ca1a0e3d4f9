"""The trace: one HTTP exchange a line. Secrets never reach it; people are replaced by stand-ins.

A stand-in has the shape of what it replaces, and is the same one each time within a trace, so that a masked body
still fits the platform's schema.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shlex
import stat
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from segsync.clock import Clock
from segsync.errors import ConfigError, Problem
from segsync.http import Exchange
from segsync.redact.redaction import Redaction

LARGE = 1_000_000  # characters of a body; above it, only the beginning of each list is kept
HUGE = 64_000_000  # above it, a body is not even parsed
KEPT_ITEMS = 20
KEPT_TEXT = 20_000


class Trace:
    """Appends each exchange to a file as one JSON line. Thread-safe; the file is private to its owner.

    One trace serves a whole command, so that a stand-in is the same one in all of it; secrets are told to `hide` before
    they are used.

    With `bodies`, people's data stays in (secrets never do), and the file's first line says how to delete it.
    A trace that can no longer be written must not break a push: it falls silent, and `broken` says why.
    Raises ConfigError where the file cannot be opened.
    """

    def __init__(self, path: Path, clock: Clock, *, secrets: Iterable[SecretStr] = (), bodies: bool) -> None:
        self._clock = clock
        self.path = path
        self.bodies = bodies  # are people's data kept in it?
        self._redaction = Redaction(secrets, keep_people=bodies)
        self._lock = threading.Lock()
        self._file = _private_file(path)
        self.broken: str | None = None
        if bodies and os.fstat(self._file).st_size == 0:
            self._append(
                {"note": f"This file holds people's data. Delete it when you are through: rm {shlex.quote(str(path))}"}
            )

    def __call__(self, exchange: Exchange) -> None:
        with self._lock:
            try:
                self._append(self._line(exchange))
            except Exception as error:  # between a call and its receipt, nothing of ours may fail
                self.broken = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__

    def hide(self, secrets: Iterable[SecretStr]) -> None:
        """Let these never be written, under any name."""
        with self._lock:
            self._redaction.hide(secrets)

    def close(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            os.close(self._file)

    def _line(self, exchange: Exchange) -> dict[str, Any]:
        request, response = exchange.request, exchange.response
        line: dict[str, Any] = {
            "time": self._clock.now().isoformat(),
            "connector": exchange.connector,
            "method": request.method,
            "url": self._redaction.url(request.url or ""),
            "headers": self._redaction.headers(request.headers),
            "body": self._body(request.body, request.headers),
            "status": None,
            "response_headers": None,
            "response": None,
            "elapsed": round(exchange.elapsed, 6),
        }
        if response is not None:
            # requests has undone a gzip encoding of the answer by now; a gzipped file is still one.
            kind = {"Content-Type": response.headers.get("Content-Type", "")}
            line["status"] = response.status_code
            line["response_headers"] = self._redaction.headers(response.headers)
            saved = exchange.saved
            line["response"] = self._body(response.content, kind) if saved is None else f"<{saved:,} bytes, saved>"
        shortened = {name: line[name].note for name in ("body", "response") if isinstance(line[name], _Shortened)}
        if shortened:
            line.update({name: line[name].shown for name in shortened}, shortened=shortened)
        return line

    def _body(self, body: Any, headers: Mapping[str, str]) -> Any:
        if not body:
            return None
        if not isinstance(body, (bytes, str)):
            return "<streamed, not shown>"
        kind = headers.get("Content-Type", "").lower()
        size = f"{len(body):,} bytes"
        if isinstance(body, bytes):
            if headers.get("Content-Encoding", "") in {"gzip", "deflate", "br", "zstd"} or body[:2] == b"\x1f\x8b":
                return f"<{size}, compressed>"
            try:
                body = body.decode()
            except UnicodeDecodeError:
                return f"<{size}, not text>"
        if len(body) > HUGE or "\0" in body or kind.startswith("multipart/"):
            return f"<{size}, not shown>"
        return self._text_body(body, kind, size)

    def _text_body(self, body: str, kind: str, size: str) -> Any:
        if "x-www-form-urlencoded" in kind and len(body) <= LARGE:
            return self._redaction.form(body)
        with contextlib.suppress(ValueError, RecursionError):
            return self._json_body(json.loads(body), len(body), size)
        with contextlib.suppress(ValueError, RecursionError):
            return self._json_lines(body, size)
        if not self.bodies and _is_columns(body, kind):
            return f"<{size} of {kind.partition(';')[0] or 'columns'}, not shown>"
        shown = self._redaction.text(body[:KEPT_TEXT])
        return shown if len(body) <= KEPT_TEXT else _Shortened(shown, f"{size}; cut after {KEPT_TEXT:,} characters")

    def _json_body(self, body: Any, length: int, size: str) -> Any:
        if length <= LARGE:
            return self._redaction.value(body)
        cleaned = self._redaction.value(_cut(body))
        if len(json.dumps(cleaned)) > LARGE:
            return f"<{size}, not shown>"
        return _Shortened(cleaned, f"{size}; lists cut after {KEPT_ITEMS} items")

    def _json_lines(self, body: str, size: str) -> Any:
        lines = [text for text in body.split("\n") if text.strip()]
        kept = lines if len(body) <= LARGE else lines[:KEPT_ITEMS]
        cleaned = "\n".join(json.dumps(self._redaction.value(json.loads(text)), ensure_ascii=False) for text in kept)
        return cleaned if kept is lines else _Shortened(cleaned, f"{size}; cut after {KEPT_ITEMS} lines")

    def _append(self, line: Mapping[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False, default=str) + "\n"
        left = text.encode("utf-8", "backslashreplace")
        while left:
            left = left[os.write(self._file, left) :]


@dataclass(frozen=True, slots=True)
class _Shortened:
    """A body of which only a part is shown, and what was left out."""

    shown: Any
    note: str


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(item) for name, item in value.items()}
    return [_cut(item) for item in value[:KEPT_ITEMS]] if isinstance(value, list) else value


def _is_columns(body: str, kind: str) -> bool:
    """Is it CSV or the like? Shapes alone do not find the names in it."""
    if "csv" in kind or "tab-separated" in kind:
        return True
    if "html" in kind or "xml" in kind or body.lstrip()[:1] == "<":
        return False
    with contextlib.suppress(csv.Error):
        rows = list(csv.reader(body[:KEPT_TEXT].splitlines()[:3]))
        return len(rows) > 1 and len(rows[0]) > 1 and len(rows[0]) == len(rows[1])
    return True


def _private_file(path: Path) -> int:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if stat.S_ISREG(os.fstat(file).st_mode):
            os.fchmod(file, 0o600)
    except OSError as error:
        problem = Problem(f"--trace {path}", f"cannot be written: {error.strerror}", "name a file in a folder you own")
        raise ConfigError([problem], where="the command line") from None
    return file
