"""The stand-ins of the installed connectors, and a made-up shop to go with them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from segsync import plugins
from segsync.clock import Clock
from segsync.contract import Sandbox
from segsync.sandbox.shop import make_shop


def made(clock: Clock) -> dict[str, Sandbox]:
    """A fresh stand-in of every installed connector that brings one."""
    makers = {name: plugins.load(name).sandbox for name in plugins.available()}
    return {name: maker(clock) for name, maker in makers.items() if maker is not None}


def write_shop(folder: Path, seed: int, customers: int, day: date) -> None:
    """Write a shop's customers and orders into a folder, as the Shopify admin exports them."""
    folder.mkdir(parents=True, exist_ok=True)
    make_shop(seed, customers, day=day).write_exports(folder)
