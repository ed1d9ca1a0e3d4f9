"""Where a demo plays: a folder, a made-up shop, and the stand-ins of the platforms on this machine."""

from __future__ import annotations

import io
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Template

from segsync.cli import main
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
    """Where the demo plays: its folder, and the environment that its commands get.

    They run in this process, one after the other: what takes a second to load is loaded once.
    """

    folder: Path
    environ: dict[str, str]
    url: str
    clock: Clock

    def run(self, command: str, *, expect: int = 0) -> None:
        """Show a command and what it prints. Raises RuntimeError where it ends otherwise than expected."""
        say(f"\n$ segsync {command}")
        printed = io.StringIO()
        with _standing_in(self.folder, self.environ), redirect_stdout(printed), redirect_stderr(printed):
            code = _ended(shlex.split(command), self.clock)
        say("\n".join(f"  {line}" if line else "" for line in printed.getvalue().rstrip().splitlines()))
        if code != expect:
            raise RuntimeError(f"segsync {command} ended with {code}, not {expect}")


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
        yield Stage(folder, environ, server.url, clock), road, shop


@contextmanager
def _standing_in(folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """This process in a folder, and with an environment, for as long as a command runs."""
    before, place = dict(os.environ), Path.cwd()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(place)


def _ended(arguments: list[str], clock: Clock) -> int:
    """The exit code of a command."""
    try:
        main(arguments, clock=clock)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


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
