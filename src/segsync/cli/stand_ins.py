"""The stand-ins of the installed connectors, and a made-up shop to go with them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from segsync import plugins
from segsync.clock import Clock
from segsync.contract import Sandbox
from segsync.sandbox.shop import make_shop


def made(clock: Clock) -> dict[str, Sandbox]:
    """A fresh stand-in of every installed connector that brings one."""
    makers = {name: plugins.load(name).sandbox for name in plugins.available()}
    return {name: maker(clock) for name, maker in makers.items() if maker is not None}


def keeping_shops(names: Mapping[str, object]) -> list[str]:
    """Those whose stand-in can hold a made-up shop: the platforms that are read."""
    return [name for name in names if plugins.load(name).spec.reads is not None]


def stock(url: str, seed: int, customers: int, day: date) -> None:
    """Let the stand-in at this address hold a made-up shop."""
    deed(url, {"do": "shop", "seed": seed, "customers": customers, "day": day.isoformat()})


def next_day(url: str) -> None:
    """Move the made-up shop of the stand-in at this address on by a day."""
    deed(url, {"do": "next_day"})


def asked(url: str) -> list[dict[str, Any]]:
    """Every request that the stand-in at this address has answered so far."""
    with urllib.request.urlopen(f"{url}/__requests") as answer:  # noqa: S310  # 127.0.0.1
        found: list[dict[str, Any]] = json.load(answer)
    return found


def held(url: str) -> dict[str, Any]:
    """What the stand-in at this address holds."""
    with urllib.request.urlopen(f"{url}/__state") as answer:  # noqa: S310  # 127.0.0.1
        found: dict[str, Any] = json.load(answer)
    return found


def write_shop(folder: Path, seed: int, customers: int, day: date) -> None:
    """Write a shop's customers and orders into a folder, as the Shopify admin exports them."""
    folder.mkdir(parents=True, exist_ok=True)
    make_shop(seed, customers, day=day).write_exports(folder)


def deed(url: str, done: Mapping[str, object]) -> None:
    """Let something be done at the stand-in at this address, as people do it in the platform's own pages."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/__seed", json.dumps(done).encode(), headers)  # noqa: S310  # 127.0.0.1
    with urllib.request.urlopen(request):  # noqa: S310  # as above
        pass
