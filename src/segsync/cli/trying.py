"""The commands to try segsync with: sandbox and demo. Neither ever speaks to a real platform."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from segsync.cli.context import common
from segsync.cli.output import say
from segsync.errors import ConfigError, Problem

Customers = Annotated[int, typer.Option(help="How large a made-up shop.", min=10, max=5_000_000)]
Road = Annotated[
    Literal["shopify", "files"], typer.Option("--from", help="Read the shop by Shopify's API, or as export files.")
]
Seed = Annotated[int, typer.Option(help="The same seed makes the same shop.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(epilog="Example: segsync sandbox --port 8808 --shop ./exports --customers 5000")(sandbox)
    app.command(epilog="Example: segsync demo --from files --keep ./demo")(demo)


def sandbox(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.")] = 8808,
    shop: Annotated[Path | None, typer.Option(help="Write the shop's Shopify exports into this folder too.")] = None,
    customers: Customers = 2000,
    seed: Seed = 1,
) -> None:
    """Serve stand-ins of the platforms, with a made-up shop, on this machine, until it is stopped with Ctrl-C."""
    import sys
    import threading

    from segsync.cli.stand_ins import keeping_shops, made, stock, write_shop
    from segsync.sandbox.serve import serve

    clock = common(ctx).clock
    day = clock.now().date() - timedelta(days=1)  # a day that is over: nothing in the shop is still to come
    if shop is not None:
        write_shop(shop, seed, customers, day)
        say(f"wrote a shop of {customers:,} customers to {shop}")
    sandboxes = made(clock)
    with serve(sandboxes, port=port) as server:
        for name in keeping_shops(sandboxes):
            stock(f"{server.url}/{name}", seed, customers, day)
        for name in sandboxes:
            say(f'{name}: base_url = "{server.url}/{name}"   (what it holds: {server.url}/{name}/__state)')
        say("Ctrl-C stops it.")
        sys.stdout.flush()  # whoever reads it through a pipe waits for this
        threading.Event().wait()


def demo(
    ctx: typer.Context,
    keep: Annotated[Path | None, typer.Option(help="Work in this folder and keep it.")] = None,
    customers: Customers = 2000,
    seed: Seed = 7,
    road: Road = "shopify",
    privacy: Annotated[bool, typer.Option("--privacy", help="In place of it: people who speak up.")] = False,
) -> None:
    """A whole run on this machine: a made-up shop, segments, a plan, a push, the next day, and nothing left to do."""
    from segsync.cli import demo, demo_privacy

    clock = common(ctx).clock
    if privacy:
        if road == "files":
            problem = Problem("--from files", "people who speak up are played with Shopify's API alone", "leave it out")
            raise ConfigError([problem], where="what was asked for")
        raise typer.Exit(demo_privacy.play(clock, keep=keep, customers=customers, seed=seed))
    raise typer.Exit(demo.play(clock, keep=keep, customers=customers, seed=seed, files=road == "files"))
