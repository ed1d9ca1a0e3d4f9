"""The commands for people who speak up: suppress, unsuppress, suppressions, forget, unforget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segsync.cli.context import Common, common, tell_migrated
from segsync.cli.output import emit, progress, say, table
from segsync.errors import ConfigError, Problem, StoreBusy

if TYPE_CHECKING:
    from segsync.config import Config
    from segsync.ledger import Ledger
    from segsync.ledger.suppressions import Kind
    from segsync.run.privacy.erasing import Forgotten
    from segsync.run.privacy.errands import Worked
    from segsync.run.privacy.requests import Asked
    from segsync.run.privacy.secrecy import ForgetKey
    from segsync.run.privacy.whom import Who

Named = Annotated[str, typer.Argument(help="An e-mail, a phone, a person key, or SOURCE:CUSTOMER_ID.")]
Maybe = Annotated[str | None, typer.Argument(help="An e-mail, a phone, a person key, or SOURCE:CUSTOMER_ID.")]
Webhook = Annotated[Path | None, typer.Option(help="In place of WHO: a message of the shop's platform, as it came.")]
Hmac = Annotated[str | None, typer.Option("--hmac", help="Its header X-Shopify-Hmac-Sha256.")]
Source = Annotated[str | None, typer.Option(help="The source whose platform sent it, where several might.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(epilog="Example: segsync suppress jane@example.com --reason 'asked by phone'")(suppress)
    app.command(epilog="Example: segsync unsuppress jane@example.com")(unsuppress)
    app.command(epilog="Example: segsync suppressions --json")(suppressions)
    app.command(epilog="Example: segsync forget jane@example.com --delete-profiles")(forget)
    app.command(epilog="Example: segsync unforget jane@example.com")(unforget)


# --- suppressions --------------------------------------------------------------------------------------------


def suppress(
    ctx: typer.Context,
    who: Named,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever asks later.")] = None,
) -> None:
    """Send somebody nowhere any more, and take them out of every audience at its next push."""
    from segsync.ledger import suppressions as book

    options = common(ctx)
    config = options.load()
    with _ledger(options, config) as ledger:
        person = _read(options, config, ledger, who)
        kind, value = _named(person)
        fresh = book.add(ledger, kind, value, reason=reason, at=options.clock.now())
        say(f"{person.masked} {'is suppressed from now on' if fresh else 'was suppressed already'}")
        for line in _where_held(options, config, ledger, person):
            say(f"  {line}")


def unsuppress(ctx: typer.Context, who: Named) -> None:
    """Let somebody be sent again, where a segment and their consent say so."""
    from segsync.ledger import suppressions as book

    options = common(ctx)
    config = options.load()
    with _ledger(options, config) as ledger:
        person = _read(options, config, ledger, who)
        kind, value = _named(person)
        if not book.remove(ledger, kind, value):
            remedy = "see who is: segsync suppressions"
            raise ConfigError([Problem(person.masked, "is not suppressed by that", remedy)], where="what was asked for")
    say(f"{person.masked} is suppressed no longer: from the next push on they are sent where they belong")


def suppressions(ctx: typer.Context) -> None:
    """Everybody who is suppressed, masked; since when, and why."""
    from segsync.ledger import suppressions as book
    from segsync.redact import mask_email, mask_phone, mask_text

    options = common(ctx)
    config = options.load()
    masks: dict[str, Callable[[str], str]] = {"email": mask_email, "phone": mask_phone, "person": str}
    with _ledger(options, config) as ledger:
        rows = [
            {
                "by": one.kind,
                "who": masks[one.kind](one.value),
                "since": one.added_at.isoformat(timespec="minutes"),
                "reason": one.reason and mask_text(one.reason),
            }
            for one in book.every(ledger)
        ]
    if options.json:
        emit(rows)
    elif rows:
        table(("by", "who", "since", "reason"), [list(row.values()) for row in rows])
    else:
        say("nobody is suppressed")


def _where_held(options: Common, config: Config, ledger: Ledger, who: Who) -> list[str]:
    """In which audiences they are now, and what becomes of that."""
    from segsync.ledger import audiences
    from segsync.run.privacy.whom import kept_rows, scope_of

    warehouse = _warehouse(options, config, ledger)
    if warehouse is None:
        return ["nothing was pulled yet: they are left out from the beginning"]
    names = {known.key: f"{known.segment} → {known.destination}" for known in audiences.every(ledger)}
    try:
        with warehouse.reading() as con:
            found = scope_of(con, who)
            rows = kept_rows(con, "held", found.persons, who.values)
    except StoreBusy:
        return ["a run is going on: it may send them once more, and the next takes them out"]
    held = sorted({names.get(row["audience"], row["audience"]) for row in rows if row["state"] != "removed"})
    return [f"leaves at the next push: {name}" for name in held] or ["no audience holds them now"]


# --- forgetting ----------------------------------------------------------------------------------------------


def forget(
    ctx: typer.Context,
    who: Maybe = None,
    delete_profiles: Annotated[
        bool, typer.Option("--delete-profiles", help="Ask platforms to delete the person, too, where they can.")
    ] = False,
    webhook: Webhook = None,
    hmac: Hmac = None,
    source: Source = None,
    receipt: Annotated[int | None, typer.Option(help="Show the receipt of this number again; forget nobody.")] = None,
) -> None:
    """Erase somebody here, take them out of every audience, and keep them out for good; with a receipt."""
    from segsync.run.privacy.requests import read_message
    from segsync.run.privacy.whom import read_who

    options = common(ctx)
    config = options.load()
    if receipt is not None:
        _only_one(receipt is None, who is None and webhook is None)
        return _show_receipt(options, config, receipt)
    _only_one(who is not None, webhook is not None)
    if who is not None:
        raise typer.Exit(_forget(options, config, read_who(config, who), None, delete_profiles=delete_profiles))
    body, signature = _message(webhook, hmac)
    asked = read_message(config, options.setting(), body, signature, source)
    if asked.request.kind == "access":
        remedy = "segsync person --export --webhook FILE --hmac BASE64"
        raise ConfigError([Problem("--webhook", "it asks what is known, and to forget nobody", remedy)])
    raise typer.Exit(_forget(options, config, asked.who, asked, delete_profiles=delete_profiles))


def _forget(options: Common, config: Config, who: Who, asked: Asked | None, *, delete_profiles: bool) -> int:
    from segsync.run.ending import ending
    from segsync.run.privacy import erasing
    from segsync.run.privacy.erasure_receipts import receipt_of, text_of
    from segsync.run.workspace import open_workspace

    whole = asked is not None and asked.request.kind == "erase_source"
    named = f"everything of {asked.source}" if whole and asked is not None else who.masked
    setting = replace(options.setting(), command=f"forget {named}")  # what was typed is kept nowhere
    origin = asked.origin if asked is not None else erasing.TYPED
    with open_workspace(config, setting, as_of=options.instant(config)) as space, ending(space) as end:
        tell_migrated(space.warehouse)
        with progress("forget") as report:
            found: Forgotten | None
            if whole and asked is not None:
                found = erasing.forget_source(
                    space, asked.source, origin=origin, progress=lambda text: report(text, 0, None)
                )
            else:
                found = erasing.forget(
                    space,
                    who,
                    origin=origin,
                    delete_profiles=delete_profiles,
                    progress=lambda text: report(text, 0, None),
                )
        code = end(found.worked.exit_code if found else 0, f"forgot {named}")
        written = receipt_of(space.ledger, found.erasure) if found else None
    if options.json:
        emit(written)
        return code
    if found is None or written is None:
        say(f"nothing of {asked.source if asked else ''} is here")
        return code
    if found.again:
        say(f"{named} was forgotten already, and nothing came back since. The receipt:\n")
    elif not found.known:
        say("nobody here is known by that; whoever it is, is kept out from now on\n")
    say(text_of(written))
    say(f"\nThe receipt lies in {config.state_dir / 'receipts'}: forget-{found.erasure}.txt and .json")
    _tell_open(found.worked)
    return code


def _tell_open(worked: Worked) -> None:
    for error in worked.errors:
        typer.echo(f"segsync: {error}", err=True)
    if worked.states.get("pending"):
        say(f"{worked.states['pending']:,} not answered yet: `segsync run` asks again, and so does every push")
    if worked.waiting:
        say(f"{worked.waiting:,} wait for the platform's answer to an add: `segsync run` takes them out after it")


def _show_receipt(options: Common, config: Config, number: int) -> None:
    from segsync.run.privacy.erasure_receipts import receipt_of, text_of

    with _ledger(options, config) as ledger:
        found = receipt_of(ledger, number)
    if options.json:
        emit(found)
    else:
        say(text_of(found))


def unforget(ctx: typer.Context, who: Named) -> None:
    """Keep somebody out no longer, who was forgotten; what was erased comes back only if a source still has it."""
    from segsync.ledger import erasures
    from segsync.run.privacy.secrecy import known_key

    options = common(ctx)
    config = options.load()
    with _ledger(options, config) as ledger:
        person = _read(options, config, ledger, who)
        named = [("email", v) for v in person.emails] + [("phone", v) for v in person.phones]
        named += [("customer", f"{source}:{id_}") for source, id_ in person.records]
        known = erasures.digests(ledger)
        digest = known_key(config, options.setting(), ledger).digester() if known else None
        found = {known[made] for kind, value in named if digest and (made := digest(kind, value)) in known}
        if not found:
            remedy = "name them as they were named when they were forgotten"
            raise ConfigError([Problem(person.masked, "was never forgotten", remedy)], where="what was asked for")
        gone = erasures.let_in(ledger, found)
    say(f"{person.masked} is kept out no longer ({gone} digests are gone)")
    say("What their sources still have of them comes back with: segsync pull --full")


# --- what is known of somebody -------------------------------------------------------------------------------


def hand_over(
    ctx: typer.Context, person: str | None, out: Path | None, webhook: Path | None, hmac: str | None, source: str | None
) -> None:
    """`segsync person --export`: everything known of somebody, as JSON, for them."""
    from segsync.run.privacy.everything import everything, nothing
    from segsync.run.privacy.requests import read_message
    from segsync.run.privacy.whom import read_who

    options = common(ctx)
    config = options.load()
    _only_one(person is not None, webhook is not None)
    if person is not None:
        who = read_who(config, person)
    else:
        body, signature = _message(webhook, hmac)
        asked = read_message(config, options.setting(), body, signature, source)
        if asked.request.kind != "access":
            remedy = "segsync forget --webhook FILE --hmac BASE64"
            raise ConfigError([Problem("--webhook", "it asks to forget, and not what is known", remedy)])
        who = asked.who
    with _ledger(options, config) as ledger:
        told = _told(options, config, ledger, who, everything)
    if nothing(told):
        remedy = "they may be known by another e-mail or phone"
        raise ConfigError([Problem(who.masked, "nothing is known of them", remedy)], where="what was asked for")
    if out is None:
        emit(told)
        return
    _save_private(out, told)
    counts = ", ".join(f"{len(found):,} {name.replace('_', ' ')}" for name, found in told.items() if found)
    say(f"wrote {out}, which only you can read: {counts}")
    say("Delete it once it was handed over.")


def _told(options: Common, config: Config, ledger: Ledger, who: Who, everything: Any) -> dict[str, Any]:
    warehouse = _warehouse(options, config, ledger)
    if warehouse is None:
        problem = Problem(str(config.state_dir), "nothing was pulled here yet", "segsync pull")
        raise ConfigError([problem], where="what was asked for")
    key = _key(options, config, ledger)
    with warehouse.reading() as con:
        found: dict[str, Any] = everything(con, ledger, who, key)
    return found


def _save_private(path: Path, value: Any) -> None:
    import json
    import os

    from segsync.cli.output import as_json

    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            path.chmod(0o600)
            stream.write(json.dumps(value, indent=2, ensure_ascii=False, default=as_json) + "\n")
    except OSError as error:
        remedy = "name a file in a folder that is there and that you may write to"
        problem = Problem(str(path), f"cannot be written: {error.strerror}", remedy)
        raise ConfigError([problem], where="the command line") from None


# --- the parts that they share -------------------------------------------------------------------------------


@contextmanager
def _ledger(options: Common, config: Config) -> Iterator[Ledger]:
    """The ledger, made where there is none yet: somebody may speak up before the first pull."""
    from segsync.ledger import open_ledger
    from segsync.run.at_rest import must_be_private

    must_be_private(config.state_dir)
    ledger = open_ledger(config.state_dir, options.clock)
    try:
        yield ledger
    finally:
        ledger.close()


def _warehouse(options: Common, config: Config, ledger: Ledger) -> Any:
    """The warehouse, or None before the first pull."""
    from segsync.warehouse import Warehouse
    from segsync.warehouse.store import FILE

    if not (config.state_dir / FILE).exists():
        return None
    warehouse = Warehouse.open(config.state_dir, clock=options.clock, store_id=ledger.store_id)
    tell_migrated(warehouse)
    return warehouse


def _read(options: Common, config: Config, ledger: Ledger, text: str) -> Who:
    """Who is meant. A source's record stands for its person."""
    from segsync.run.privacy.whom import Who, read_who, scope_of

    who = read_who(config, text)
    warehouse = _warehouse(options, config, ledger) if who.records else None
    if warehouse is not None:
        with warehouse.reading() as con:
            persons = scope_of(con, who).persons
        if persons:
            return Who(person=min(persons), records=who.records)
    return who


def _named(who: Who) -> tuple[Kind, str]:
    if who.named is None:
        remedy = "name them by an e-mail or a phone; or first: segsync plan"
        raise ConfigError([Problem(who.masked, "no person is known by that yet", remedy)], where="what was asked for")
    return who.named


def _key(options: Common, config: Config, ledger: Ledger) -> ForgetKey | None:
    """The forget key, where anybody was forgotten and it is at hand."""
    from segsync.ledger import erasures
    from segsync.run.privacy.secrecy import known_key

    if erasures.key_check(ledger) is None:
        return None
    try:
        return known_key(config, options.setting(), ledger)
    except ConfigError:
        typer.echo("segsync: without the forget key nobody can tell whether they were forgotten once", err=True)
        return None


def _message(path: Path | None, signature: str | None) -> tuple[bytes, str]:
    """A message's body, byte by byte as it came, and its signature."""
    assert path is not None, "the caller saw to it"
    if signature is None:
        remedy = "--hmac with the text of the header X-Shopify-Hmac-Sha256 that came with it"
        raise ConfigError([Problem("--webhook", "without its signature anybody could have sent it", remedy)])
    try:
        return path.read_bytes(), signature
    except OSError as error:
        problem = Problem(str(path), f"cannot be read: {error.strerror}", "name the file with the message's body")
        raise ConfigError([problem], where="the command line") from None


def _only_one(one: bool, other: bool) -> None:
    if one == other:
        remedy = "segsync forget jane@example.com, or segsync forget --webhook FILE --hmac BASE64"
        raise ConfigError([Problem("WHO", "one person, or one message, is needed", remedy)], where="the command line")
