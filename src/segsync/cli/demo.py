"""A whole run that a newcomer can follow: real commands, real HTTP, from a stand-in of Shopify to one of Klaviyo."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from string import Template

from segsync.cli.output import say
from segsync.cli.roads import ApiRoad, FilesRoad, Road
from segsync.cli.stand_ins import asked, made
from segsync.clock import Clock
from segsync.sandbox.serve import serve
from segsync.sandbox.shop import Shop, make_shop

CONFIG = Template("""\
config_version = 1

[shop]
timezone = "America/New_York"
currency = "USD"
[shop.rates]
EUR = 1.08
GBP = 1.27
CAD = 0.73

$source
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


def play(clock: Clock, *, keep: Path | None, customers: int, seed: int, files: bool) -> int:
    """Play the demo, from export files or from Shopify's API; 0 if every step ended as it should."""
    day = clock.now().date() - timedelta(days=2)  # its next day is over as well, so that Shopify can tell of it
    shop = make_shop(seed, customers, day=day)
    with _folder(keep) as folder, serve(made(clock)) as server:
        road: Road = FilesRoad(folder / "exports") if files else ApiRoad(f"{server.url}/shopify")
        config = CONFIG.substitute(url=server.url, source=road.section)
        (folder / "segsync.toml").write_text(config, encoding="utf-8")
        environ = {**os.environ, **road.environ, "SEGSYNC_SECRET__KLAVIYO__API_KEY": "pk_sandbox", "COLUMNS": "160"}
        environ.pop("SEGSYNC_CONFIG", None)
        stage = Stage(folder, environ, server.url)
        road.open(shop)
        _first_day(stage, road, shop)
        road.day_after(shop.next_day(seed))
        _next_day(stage, day + timedelta(days=1))
        _goodbye(keep, road)
    return 0


def _first_day(stage: Stage, road: Road, shop: Shop) -> None:
    day = shop.day
    _title("A shop, and stand-ins for the platforms on this machine")
    say(f"  {shop.size:,} made-up customers and their orders are {road.about}.")
    say(f"  {stage.folder}/segsync.toml is the configuration; this is its first segment:")
    say('\n      [segments.vip]\n      rule = "number_of_orders >= 3 AND amount_spent > 500"')
    say('      [segments.vip.to.klaviyo]\n      audience = "VIP customers"')
    _title("1. Is everything there that is needed?  Nothing is changed.")
    stage.run("check")
    _title("2. Read the shop. What cannot be used is counted, and listed with its place by `segsync rejects`.")
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
    klaviyo = f"{stage.url}/klaviyo"
    before = len(asked(klaviyo))
    stage.run(f"run --as-of {day}")
    seen = asked(klaviyo)[before:]
    writes = [request for request in seen if request["method"] != "GET"]
    say(f"\n  Requests that Klaviyo saw meanwhile: {len(seen)}, of which writes: {len(writes)}")
    if writes:
        raise RuntimeError("the last run wrote although nothing had changed")


def _goodbye(keep: Path | None, road: Road) -> None:
    _title("Now with your own shop")
    steps = (
        *road.goodbye,
        "segsync secrets set klaviyo.api_key       the same for Klaviyo's key",
        "segsync check; segsync pull; segsync plan look before anything is sent",
        "segsync push vip --to klaviyo",
    )
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {step}")
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
