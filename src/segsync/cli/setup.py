"""The commands that set things up: init, connectors, traits, secrets, state."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

from segsync.cli.context import common
from segsync.cli.output import emit, save, say, table
from segsync.cli.reading import ledger_of
from segsync.errors import ConfigError, Problem

secrets_app = typer.Typer(help="Store, list and delete secrets in the system's keyring.", no_args_is_help=True)
state_app = typer.Typer(help="What cannot be rebuilt: what your audiences hold.", no_args_is_help=True)

SecretName = Annotated[str, typer.Argument(help="SECTION.NAME, such as klaviyo.api_key.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(epilog="Example: segsync init --shop acme --timezone Europe/Berlin --currency EUR")(init)
    app.command(epilog="Example: segsync connectors klaviyo")(connectors)
    app.command(epilog="Example: segsync traits last_order_date")(traits)
    app.add_typer(secrets_app, name="secrets")
    app.add_typer(state_app, name="state")


def init(
    ctx: typer.Context,
    shop: Annotated[str | None, typer.Option(help="The Shopify shop: the part before .myshopify.com.")] = None,
    exports: Annotated[str | None, typer.Option(help="In place of it: the folder of Shopify admin exports.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The shop's zone, such as America/New_York.")] = None,
    currency: Annotated[str | None, typer.Option(help="The shop's currency, such as USD.")] = None,
) -> None:
    """Ask a few questions and write a commented segsync.toml."""
    from segsync.cli.template import filled
    from segsync.config import load

    options = common(ctx)
    path = options.config or Path("segsync.toml")
    if path.exists():
        remedy = "edit it, or choose another: segsync init --config other.toml"
        raise ConfigError([Problem(str(path), "it is there already, and was not touched", remedy)], where="init")
    source, key = _source(shop, exports)
    zone = timezone or typer.prompt("Time zone of the shop", default="America/New_York")
    money = currency or typer.prompt("Currency of the shop", default="USD")
    save(path, filled(source, {"read": key, "timezone": zone, "currency": money}))
    try:
        load(path, environ=os.environ)
    except ConfigError:
        path.unlink()
        raise
    say(f"wrote {path}. Next:")
    if source == "shopify":
        say("  segsync secrets set shopify.access_token (which app it is of: segsync connectors shopify)")
    say("  segsync secrets set klaviyo.api_key      (which key: segsync connectors klaviyo)")
    say("  segsync check\n  segsync pull\n  segsync plan")


def _source(shop: str | None, exports: str | None) -> tuple[Literal["shopify", "files"], str]:
    """Where the shop is read from, and its name or folder; asked for where neither was typed."""
    if shop and exports:
        problem = Problem("--shop and --exports", "the shop is read from one of them", "type only one")
        raise ConfigError([problem], where="the command line")
    if not shop and not exports:
        shop = typer.prompt("Shopify shop, the part before .myshopify.com (nothing: from export files)", default="")
    if shop:
        return "shopify", shop
    folder = exports or typer.prompt("Folder of your Shopify exports (customers and orders)", default="exports")
    return "files", folder


def connectors(
    ctx: typer.Context, name: Annotated[str | None, typer.Argument(help="One connector, whole.")] = None
) -> None:
    """The installed connectors; or what one can do, its options, secrets and limits."""
    from segsync import plugins
    from segsync.cli.connector_page import page

    found = plugins.available()
    if name is None:
        if common(ctx).json:
            emit(list(found))
        else:
            table(("connector", "from"), [(n, entry.dist.name if entry.dist else "-") for n, entry in found.items()])
            say("\nMore about one: segsync connectors NAME")
        return
    if name not in found:
        problem = Problem(name, "no installed connector has this name", f"there are: {', '.join(found)}")
        raise ConfigError([problem], where="what was asked for")
    say(page(plugins.load(name).spec))


def traits(ctx: typer.Context, name: Annotated[str | None, typer.Argument(help="One trait, whole.")] = None) -> None:
    """The traits that rules can use."""
    from segsync.rules import catalogue

    found = [trait for trait in catalogue() if name in (None, trait.name)]
    if not found:
        problem = Problem(str(name), "no trait has this name", "see them all: segsync traits")
        raise ConfigError([problem], where="what was asked for")
    rows = [
        {"trait": t.name, "group": t.group, "type": t.kind.value, "meaning": t.meaning, "values": sorted(t.values)}
        for t in found
    ]
    if common(ctx).json:
        emit(rows)
    else:
        table(("trait", "group", "type", "meaning"), [[r["trait"], r["group"], r["type"], r["meaning"]] for r in rows])


@secrets_app.command("set", epilog="Example: segsync secrets set klaviyo.api_key")
def set_secret(name: SecretName) -> None:
    """Ask for a secret (or read it from standard input) and store it in the system's keyring."""
    from segsync.secrets import store

    typed = sys.stdin.isatty()
    store(name, typer.prompt(name, hide_input=True) if typed else sys.stdin.read())
    say(f"stored {name}")


@secrets_app.command("list", epilog="Example: segsync secrets list")
def list_secrets(ctx: typer.Context) -> None:
    """Which secrets the config needs, and where each was found; never their values."""
    from segsync.ledger.store import FILE
    from segsync.run.privacy.secrecy import key_standing
    from segsync.secrets import known

    options = common(ctx)
    config = options.load()
    standings = [
        standing
        for section in (*config.sources.values(), *config.destinations.values())
        for standing in known(
            section.name, section.spec.secrets, section.secret_references, environ=os.environ, home=config.home
        )
    ]
    with ledger_of(options, config) if (config.state_dir / FILE).exists() else nullcontext() as ledger:
        key = key_standing(config, os.environ, ledger)
    standings += [key] if key is not None else []
    rows = [{"secret": f"{s.section}.{s.name}", "where": s.where, "place": s.place} for s in standings]
    if options.json:
        emit(rows)
    elif rows:
        table(("secret", "where", "place"), [list(row.values()) for row in rows])
    else:
        say("the config needs no secret")


@secrets_app.command("delete", epilog="Example: segsync secrets delete klaviyo.api_key")
def delete_secret(name: SecretName) -> None:
    """Delete a secret from the system's keyring."""
    from segsync.secrets import delete

    delete(name)
    say(f"deleted {name}")


@state_app.command("restore", epilog="Example: segsync state restore")
def restore_state(ctx: typer.Context) -> None:
    """After the warehouse was lost: bring back what audiences hold from its latest copy; sources are read anew."""
    from segsync.ledger import open_ledger
    from segsync.run.state import restore

    options = common(ctx)
    config = options.load()
    ledger = open_ledger(config.state_dir, options.clock, new=False)
    try:
        found = restore(config, ledger, options.setting())
    finally:
        ledger.close()
    for sync, held in found.items():
        say(f"{sync}: {held:,} held")
    say("Next: segsync pull, then segsync plan; segsync drift SEGMENT tells what the copy did not know of")


@state_app.command("export", epilog="Example: segsync state export segsync-state.tar.gz")
def state_out(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")]
) -> None:
    """Write everything that segsync knows and holds to one file, to go on with it on another machine."""
    from segsync.ledger import open_ledger
    from segsync.run.moving import pack

    options = common(ctx)
    config = options.load()
    ledger = open_ledger(config.state_dir, options.clock, new=False)
    try:
        found = pack(config, ledger, options.setting(), file)
    finally:
        ledger.close()
    say(f"wrote {file}: {len(found.files):,} files, {_megabytes(found.files.values())} before packing")
    say("  Your customers are in it, readable for whoever has it: carry it safely, and delete it afterwards.")
    say("  Not in it: segsync.toml, your secrets (segsync secrets list), and among them privacy.forget_key,")
    say("  without which forgotten people could not be kept out: carry that one too, if you have one.")
    say(f"Next, on the other machine: segsync state import {file.name}, segsync check, segsync plan")
    say("  From then on run segsync there only: two that push to one audience undo each other's work.")


@state_app.command("import", epilog="Example: segsync state import segsync-state.tar.gz")
def state_in(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(help="What segsync state export has written.")]
) -> None:
    """Put up the state of another machine. There must be none here yet."""
    from segsync.cli.reading import ledger_of
    from segsync.ledger import audiences
    from segsync.run.moving import unpack

    options = common(ctx)
    config = options.load()
    found = unpack(config, file)
    say(f"put up the state of {found.made_at[:16].replace('T', ' ')} in {config.state_dir}")
    with ledger_of(options, config) as ledger:
        for known in audiences.every(ledger):
            if known.platform_id:
                say(f"  {known.segment} → {known.destination}: {known.held:,} held")
    say("Next: segsync secrets list tells which secrets are missing here; then segsync check, segsync plan")


def _megabytes(sizes: Iterable[int]) -> str:
    return f"{sum(sizes) / 1_000_000:,.1f} MB"
