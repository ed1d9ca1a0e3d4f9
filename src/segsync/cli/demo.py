"""A whole run that a newcomer can follow: real commands, real files, real HTTP, to a stand-in of Klaviyo."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import Any

from segsync.cli.output import say
from segsync.cli.stand_ins import made
from segsync.clock import Clock
from segsync.sandbox.serve import serve
from segsync.sandbox.shop import make_shop

CONFIG = Template("""\
config_version = 1

[shop]
timezone = "America/New_York"
currency = "USD"
[shop.rates]
EUR = 1.08
GBP = 1.27
CAD = 0.73

[sources.shop]
connector = "files"
shopify_export = "exports"

[destinations.klaviyo]
base_url = "$url/klaviyo"

[segments.vip]
label = "VIP customers"
rule = "number_of_orders >= 3 AND amount_spent > 500"
[segments.vip.to.klaviyo]
audience = "VIP customers"

[segments.win_back]
label = "Bought twice, then nothing for four months"
rule = "number_of_orders >= 2 AND last_order_date < -120d AND NOT segments CONTAINS 'vip'"
[segments.win_back.to.klaviyo]
audience = "Win back"
""")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo plays: its folder, and the environment that its commands get."""

    folder: Path
    environ: Mapping[str, str]
    url: str

    def run(self, command: str, *, expect: int = 0) -> None:
        """Show a command and what it prints. Raises RuntimeError where it ends otherwise than expected."""
        say(f"\n$ segsync {command}")
        arguments = [sys.executable, "-m", "segsync", *shlex.split(command)]
        done = subprocess.run(  # noqa: S603  # our own program, with arguments from this file
            arguments, cwd=self.folder, env=dict(self.environ), capture_output=True, text=True, check=False
        )
        say("\n".join(f"  {line}" if line else "" for line in (done.stdout + done.stderr).rstrip().splitlines()))
        if done.returncode != expect:
            raise RuntimeError(f"segsync {command} ended with {done.returncode}, not {expect}")

    def asked(self) -> list[dict[str, Any]]:
        """Every request that the stand-in has answered so far."""
        with urllib.request.urlopen(f"{self.url}/klaviyo/__requests") as answer:  # noqa: S310  # 127.0.0.1
            found: list[dict[str, Any]] = json.load(answer)
        return found


def play(clock: Clock, *, keep: Path | None, customers: int, seed: int) -> int:
    """Play the demo; 0 if every step ended as it should."""
    day = clock.now().date()
    shop = make_shop(seed, customers, day=day)
    with _folder(keep) as folder, serve(made(clock)) as server:
        exports = folder / "exports"
        exports.mkdir(exist_ok=True)
        (folder / "segsync.toml").write_text(CONFIG.substitute(url=server.url), encoding="utf-8")
        environ = {**os.environ, "SEGSYNC_SECRET__KLAVIYO__API_KEY": "pk_sandbox", "COLUMNS": "160"}
        environ.pop("SEGSYNC_CONFIG", None)
        stage = Stage(folder, environ, server.url)
        shop.write_exports(exports)
        _first_day(stage, folder, customers, day)
        shop.next_day(seed).write_exports(exports)
        _next_day(stage, day + timedelta(days=1))
        _goodbye(keep)
    return 0


def _first_day(stage: Stage, folder: Path, customers: int, day: date) -> None:
    _title("A shop, and a stand-in for Klaviyo on this machine")
    say(f"  {folder}/exports      {customers:,} made-up customers and their orders, as the Shopify admin exports them")
    say(f"  {folder}/segsync.toml the configuration; this is its first segment:")
    say('\n      [segments.vip]\n      rule = "number_of_orders >= 3 AND amount_spent > 500"')
    say('      [segments.vip.to.klaviyo]\n      audience = "VIP customers"')
    _title("1. Is everything there that is needed?  Nothing is changed.")
    stage.run("check")
    _title("2. Read the files. What cannot be used is counted, and listed with its line by `segsync rejects`.")
    stage.run("pull")
    _title("3. What would be pushed?  A plan says who, who not and why not, and what it costs. Nothing is sent.")
    stage.run(f"plan vip --to klaviyo --as-of {day}")
    stage.run("segments")
    _title("4. Push it: over HTTP, to the stand-in's list.")
    stage.run(f"push vip --to klaviyo --as-of {day}")
    stage.run(f"push win_back --to klaviyo --as-of {day}")
    stage.run("drift vip --to klaviyo")


def _next_day(stage: Stage, day: date) -> None:
    _title("5. A day later: new orders, a changed e-mail, somebody unsubscribed, a customer is gone.")
    stage.run(f"run --as-of {day}")
    stage.run("drift vip --to klaviyo")
    _title("6. Run once more: nothing changed, so nothing is written.")
    before = len(stage.asked())
    stage.run(f"run --as-of {day}")
    writes = [request for request in stage.asked()[before:] if request["method"] != "GET"]
    say(f"\n  Requests that Klaviyo saw meanwhile: {len(stage.asked()) - before}, of which writes: {len(writes)}")
    if writes:
        raise RuntimeError("the last run wrote although nothing had changed")


def _goodbye(keep: Path | None) -> None:
    _title("Now with your own shop")
    say("  1. In the Shopify admin, export customers and orders as CSV into a folder.")
    say("  2. segsync init                             asks a few questions, writes segsync.toml")
    say("  3. segsync secrets set klaviyo.api_key      keeps the key in your system's keyring")
    say("  4. segsync check; segsync pull; segsync plan    look before anything is sent")
    say("  5. segsync push vip --to klaviyo")
    if keep is None:
        say("\n  To keep the demo's folder and look around in it: segsync demo --keep ./demo")


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="segsync-demo-") as name:
        yield Path(name)


def _title(text: str) -> None:
    say(f"\n=== {text}")
