"""A small shop's exports, a hand-written config, Klaviyo's stand-in on loopback HTTP, and `segsync` typed at them.

`World.type` runs a command in this process, on a clock that never waits; `World.start` starts a process of its own.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from segsync.cli import main
from segsync.sandbox import Fault, Frame, Logged, Server, serve
from segsync.sandbox.shop_csv import CUSTOMER_COLUMNS, ORDER_COLUMNS
from segsync.testing import FakeTime
from segsync_klaviyo.sandbox import Account, KlaviyoSandbox, seed

KEY = "pk_sandbox_7d3f"
KEY_VARIABLE = "SEGSYNC_SECRET__KLAVIYO__API_KEY"

VIP = """
[segments.vip]
label = "VIP customers"
rule = "number_of_orders >= 3 AND amount_spent > 500"
[segments.vip.to.klaviyo]
audience = "VIP customers"
"""
FIRST_TIMERS = """
[segments.first_timers]
rule = "number_of_orders = 1"
"""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer with so many orders, each of so many dollars; the last ones may be cancelled."""

    number: int
    email: str
    orders: int = 3
    each: int = 200
    cancelled: int = 0
    subscribed: bool = True
    phone: str = ""

    @property
    def vip(self) -> bool:
        count = self.orders - self.cancelled
        return count >= 3 and count * self.each > 500


def buyer(number: int, **facts: Any) -> Buyer:
    """Buyer number n, a subscribed VIP unless told otherwise."""
    facts.setdefault("email", f"buyer{number}@example.com")
    return Buyer(number, **facts)


def buyers(count: int, **facts: Any) -> list[Buyer]:
    return [buyer(number, **facts) for number in range(count)]


def crowd(vips: int, others: int) -> list[Buyer]:
    """VIPs, then people with one order, so that the VIPs are a small part of everybody."""
    return [*buyers(vips), *(buyer(number, orders=1) for number in range(vips, vips + others))]


SHOP = [
    *crowd(6, 20),
    buyer(90, subscribed=False),
    buyer(91, email="no e-mail at all", orders=1),
    buyer(92, orders=4, phone="12"),
]


def write_exports(folder: Path, people: Iterable[Buyer], day: str = "2026-03-01") -> None:
    """The shop's two exports, as the Shopify admin writes them."""
    people = list(people)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "customers_export.csv", CUSTOMER_COLUMNS, map(_customer, people))
    rows = (_order(one, which, day) for one in people for which in range(one.orders))
    _write(folder / "orders_export.csv", ORDER_COLUMNS, rows)


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _customer(one: Buyer) -> dict[str, object]:
    return {
        "Customer ID": f"'{7000 + one.number}",
        "First Name": f"Ada{one.number}",
        "Last Name": f"Buyer{one.number}",
        "Email": one.email,
        "Accepts Email Marketing": "yes" if one.subscribed else "no",
        "Phone": one.phone and f"'{one.phone}",
        "Accepts SMS Marketing": "no",
        "Total Spent": one.orders * one.each,
        "Total Orders": one.orders,
        "Default Address Country Code": "US",
    }


def _order(one: Buyer, which: int, day: str) -> dict[str, object]:
    number = 100 * one.number + which
    return {
        "Name": f"#{1001 + number}",
        "Email": one.email,
        "Financial Status": "paid",
        "Currency": "USD",
        "Subtotal": one.each,
        "Shipping": 0,
        "Taxes": 0,
        "Total": one.each,
        "Created at": f"{day} 12:00:00 -0500",
        "Lineitem quantity": 1,
        "Lineitem name": "Lamp",
        "Lineitem price": one.each,
        "Cancelled at": f"{day} 18:00:00 -0500" if which >= one.orders - one.cancelled else "",
        "Id": 880_000_000 + number,
        "Source": "web",
    }


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class World:
    """A folder with a config and exports, and an account behind the stand-in that the config names."""

    folder: Path
    time: FakeTime = field(default_factory=FakeTime)
    extra: dict[str, str] = field(default_factory=dict)  # what the environment of processes holds besides
    server: Server = field(init=False)
    sandbox: KlaviyoSandbox = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = KlaviyoSandbox(self.time.clock, api_key=KEY)
        self.server = serve({"klaviyo": self.sandbox}, clock=self.time.clock)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.configure()

    def close(self) -> None:
        self.server.close()

    # --- what the user wrote ---------------------------------------------------------------------------------

    @property
    def config(self) -> Path:
        return self.folder / "segsync.toml"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    @property
    def state(self) -> Path:
        return self.folder / ".segsync"

    def configure(self, segments: str = VIP, *, top: str = "", destination: str = "") -> None:
        """Write segsync.toml. The port stays the same for as long as the world lasts."""
        text = f"""\
config_version = 1
[shop]
timezone = "America/New_York"
currency = "USD"
country = "US"
{top}
[sources.shop]
connector = "files"
shopify_export = "exports"
[destinations.klaviyo]
base_url = "{self.server.url}/klaviyo"
{destination}
{segments}"""
        self.config.write_text(text, encoding="utf-8")

    def shop(self, people: Iterable[Buyer]) -> None:
        write_exports(self.exports, people)

    # --- segsync ---------------------------------------------------------------------------------------------

    def type(self, command: str, *, expect: int | None = 0, answers: str = "") -> Ran:
        """Run `segsync COMMAND` in this process and folder; checks its exit code unless `expect` is None."""
        out, err, before, stdin = io.StringIO(), io.StringIO(), Path.cwd(), sys.stdin
        os.chdir(self.folder)
        sys.stdin = io.StringIO(answers)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = _exit_code(shlex.split(command), self.time)
        finally:
            os.chdir(before)
            sys.stdin = stdin
        ran = Ran(code, out.getvalue(), err.getvalue())
        assert "Traceback" not in ran.text, ran.text
        assert KEY not in ran.text
        assert expect in (None, code), f"segsync {command} ended with {code}, not {expect}\n{ran.text}"
        return ran

    @property
    def environ(self) -> dict[str, str]:
        """The environment of processes."""
        return {k: v for k, v in os.environ.items() if not k.startswith("SEGSYNC")} | {KEY_VARIABLE: KEY} | self.extra

    def start(self, command: str, *, gated: bool = False) -> subprocess.Popen[str]:
        """Start `segsync COMMAND` as a process. A gated one waits for a line on its standard input first; its id is
        that of segsync from the beginning."""
        arguments = [sys.executable, "-m", "segsync", *shlex.split(command)]
        if gated:
            arguments = ["/bin/sh", "-c", 'read -r go && exec "$@"', "sh", *arguments]
        return subprocess.Popen(
            arguments,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    # --- Klaviyo ---------------------------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        return self.server.frames["klaviyo"]

    def fault(self, **fault: Any) -> None:
        self.frame.set_faults([Fault(**fault)])

    def mend(self) -> None:
        self.frame.set_faults([])

    def requests(self, since: int = 0) -> list[Logged]:
        return list(self.frame.requests())[since:]

    def writes(self, since: int = 0) -> list[Logged]:
        """Requests that change something; `since` counts requests of any kind."""
        return [one for one in self.requests(since) if one.method != "GET"]

    def lists(self) -> dict[str, list[str]]:
        """Every list's members by its name; fails where two share one."""
        found = list(self.sandbox.state()["lists"].values())
        by_name = {one["name"]: one["members"] for one in found}
        assert len(by_name) == len(found), "two lists of one name"
        return by_name

    def seed(self, deed: str, **given: Any) -> Any:
        """Something that people do in Klaviyo's own pages; see the deeds of its seed.py."""
        with self.sandbox.lock:
            return seed.DEEDS[deed](self.sandbox.account, **given)

    # --- going back ------------------------------------------------------------------------------------------

    def save(self, name: str = "saved") -> Saved:
        """The state folder and the account as they are, for `load`."""
        copy = self.folder.parent / f"{self.folder.name}-{name}"
        shutil.copytree(self.state, copy)
        with self.sandbox.lock:
            return Saved(copy, deepcopy(self.sandbox.account), self.time.instant)

    def load(self, saved: Saved) -> None:
        """Go back to what was saved; no fault is left."""
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(saved.state, self.state)
        self.time.instant = max(self.time.instant, saved.instant)
        self.mend()
        fresh = KlaviyoSandbox(self.time.clock)
        with self.sandbox.lock:
            self.sandbox.account = deepcopy(saved.account)
            self.sandbox.account.clock = self.time.clock
            self.sandbox._windows = fresh._windows


@dataclass(frozen=True, slots=True)
class Saved:
    """A state folder's copy, what Klaviyo held, and when."""

    state: Path
    account: Account
    instant: datetime


def vips(people: Iterable[Buyer]) -> list[str]:
    """Who should be in the list."""
    return sorted(one.email for one in people if one.vip and one.subscribed)


def _exit_code(arguments: list[str], time: FakeTime) -> int:
    try:
        main(arguments, clock=time.clock)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0
