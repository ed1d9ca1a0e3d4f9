"""The commands and the options they share. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segsync import __version__
from segsync.cli import everyday, life, looking, privacy, setup, trying
from segsync.cli.context import Common, Process, tracing
from segsync.cli.output import say
from segsync.cli.rule_texts import rules_app

app = typer.Typer(
    name="segsync",
    help="Turn your shop's customers and orders into audiences: pull, segment by rules, plan, push.",
    epilog="The options above may stand before or after a command's name. Start with: segsync demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"segsync {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="The config file; else SEGSYNC_CONFIG, else segsync.toml.")
    ] = None,
    env: Annotated[
        str | None, typer.Option(help="Lay segsync.NAME.toml over the config, with a state of its own.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Compute segments as of this day or instant.")] = None,
    trace: Annotated[Path | None, typer.Option(help="Append every HTTP exchange to this file, redacted.")] = None,
    trace_bodies: Annotated[bool, typer.Option("--trace-bodies", help="Keep the people in the trace.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON (commands that read).")] = False,
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    process = ctx.find_object(Process)
    assert process is not None, "main() passes it"
    opened = ctx.with_resource(tracing(trace, process.clock, bodies=trace_bodies))
    ctx.obj = Common(process, config, env, as_of, opened, json)


everyday.register(app)
looking.register(app)
privacy.register(app)
life.register(app)
app.add_typer(rules_app, name="rules")
setup.register(app)
trying.register(app)
