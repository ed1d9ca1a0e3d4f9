"""The commands to try segsync with: sandbox and demo. Neither ever speaks to a real platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segsync.cli.context import common
from segsync.cli.output import say

Customers = Annotated[int, typer.Option(help="How large a made-up shop.", min=10, max=5_000_000)]
Seed = Annotated[int, typer.Option(help="The same seed makes the same shop.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(epilog="Example: segsync sandbox --port 8808 --shop ./exports --customers 5000")(sandbox)
    app.command(epilog="Example: segsync demo --keep ./demo")(demo)


def sandbox(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.")] = 8808,
    shop: Annotated[Path | None, typer.Option(help="Write a made-up shop's Shopify exports into this folder.")] = None,
    customers: Customers = 2000,
    seed: Seed = 1,
) -> None:
    """Serve stand-ins of the platforms on this machine, until it is stopped with Ctrl-C."""
    import sys
    import threading

    from segsync.cli.stand_ins import made, write_shop
    from segsync.sandbox.serve import serve

    clock = common(ctx).clock
    if shop is not None:
        write_shop(shop, seed, customers, clock.now().date())
        say(f"wrote a shop of {customers:,} customers to {shop}")
    with serve(made(clock), port=port) as server:
        for name in made(clock):
            say(f'{name}: base_url = "{server.url}/{name}"   (what it holds: {server.url}/{name}/__state)')
        say("Ctrl-C stops it.")
        sys.stdout.flush()  # whoever reads it through a pipe waits for this
        threading.Event().wait()


def demo(
    ctx: typer.Context,
    keep: Annotated[Path | None, typer.Option(help="Work in this folder and keep it.")] = None,
    customers: Customers = 2000,
    seed: Seed = 7,
) -> None:
    """A whole run on this machine: a made-up shop, segments, a plan, a push, the next day, and nothing left to do."""
    from segsync.cli.demo import play

    raise typer.Exit(play(common(ctx).clock, keep=keep, customers=customers, seed=seed))
