"""Kinds of values that options of several connectors have, with what pydantic checks of each."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _private(url: str) -> str:
    """Credentials travel to it in headers: over TLS, or no further than this machine."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
        raise ValueError("must begin with https:// (http:// only on this machine)")
    return url.rstrip("/")


def _span(value: Any) -> timedelta:
    """`3d`, `12h`, `30m`, `45s`, `2w`: a whole number with its unit."""
    if isinstance(value, timedelta):
        return value
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is no span of time, which is a number with s, m, h, d or w")
    return timedelta(**{_SPANS[match[2]]: int(match[1])})


BaseUrl = Annotated[str, AfterValidator(_private)]
Span = Annotated[timedelta, BeforeValidator(_span)]
