"""Where a demo plays: a folder, a made-up shop, and the stand-ins of the platforms on this machine."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Template

from segsync.cli.output import say
from segsync.cli.roads import ApiRoad, FilesRoad, Road
from segsync.cli.stand_ins import made
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
    environ: dict[str, str]
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


@contextmanager
def opened(
    clock: Clock, *, keep: Path | None, customers: int, seed: int, files: bool = False
) -> Iterator[tuple[Stage, Road, Shop]]:
    """The stand-ins running, the shop in one of them (or in export files), and the folder with its config."""
    day = clock.now().date() - timedelta(days=2)  # its next day is over as well, so that Shopify can tell of it
    shop = make_shop(seed, customers, day=day)
    with _folder(keep) as folder, serve(made(clock)) as server:
        road: Road = FilesRoad(folder / "exports") if files else ApiRoad(f"{server.url}/shopify")
        config = CONFIG.substitute(url=server.url, source=road.section)
        (folder / "segsync.toml").write_text(config, encoding="utf-8")
        environ = {**os.environ, **road.environ, "SEGSYNC_SECRET__KLAVIYO__API_KEY": "pk_sandbox", "COLUMNS": "160"}
        environ.pop("SEGSYNC_CONFIG", None)
        road.open(shop)
        yield Stage(folder, environ, server.url), road, shop


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="segsync-demo-") as name:
        yield Path(name)


def title(text: str) -> None:
    """The heading of a scene."""
    say(f"\n=== {text}")
