"""The commands that look: segments, show, why, person, status, history, rejects, drift."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segsync.cli.context import common, tell_migrated
from segsync.cli.output import emit, say, table
from segsync.cli.privacy import hand_over
from segsync.cli.reading import known_segment, ledger_of, one_person, warehouse_of
from segsync.cli.telling import consent_said, say_why, why_json
from segsync.errors import ConfigError, Problem

Segment = Annotated[str, typer.Argument(help="A segment of the config.")]
Maybe = Annotated[str | None, typer.Argument(help="A segment of the config; not with --rule.")]
MaybePerson = Annotated[
    str | None, typer.Argument(help="An e-mail, a phone, a person key, or SOURCE:CUSTOMER_ID.", show_default=False)
]
Person = Annotated[str, typer.Argument(help="An e-mail, a phone, a person key, or SOURCE:CUSTOMER_ID.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command(epilog="Example: segsync segments --json")(segments)
    app.command(epilog="Example: segsync show vip --most 5")(show)
    app.command(epilog="Example: segsync why jane@example.com vip")(why)
    app.command(epilog="Example: segsync person jane@example.com --export --out jane.json")(person)
    app.command(epilog="Example: segsync status --json")(status)
    app.command(epilog="Example: segsync history vip --members --since 2026-11-01")(history)
    app.command(epilog="Example: segsync rejects --most 20")(rejects)
    app.command(epilog="Example: segsync drift vip --to klaviyo --repair")(drift)


def segments(ctx: typer.Context) -> None:
    """Every segment: its size at the last run, who came and went, and where it goes."""
    from segsync.ledger import runs

    options = common(ctx)
    config = options.load()
    rows = []
    with ledger_of(options, config) as ledger:
        for name, segment in config.segments.items():
            past = runs.segment_history(ledger, name, 1)
            last = past[0] if past else {"members": None, "entered": None, "left": None}
            rows.append(
                {
                    "segment": name,
                    "label": segment.label,
                    "members": last["members"],
                    "entered": last["entered"],
                    "left": last["left"],
                    "to": list(segment.to),
                    "rule": " ".join(segment.rule.split()),
                }
            )
    if options.json:
        emit(rows)
        return
    names = ("segment", "members", "entered", "left", "to", "rule")
    table(names, [[row[name] for name in names] for row in rows], right=(1, 2, 3))


def show(
    ctx: typer.Context,
    segment: Maybe = None,
    rule: Annotated[str | None, typer.Option(help="A rule that is in no file, in place of a segment.")] = None,
    most: Annotated[int, typer.Option(help="Members to list.", min=0)] = 10,
) -> None:
    """One segment, or a rule of your own: its members' figures, and a few of them."""
    from segsync.cli.members import figures_and_sample, of_rule, of_segment

    options = common(ctx)
    config = options.load()
    if (segment is None) == (rule is None):
        problem = Problem("show", "it shows a segment, or a rule", "segsync show vip, or segsync show --rule 'TEXT'")
        raise ConfigError([problem], where="the command line")
    if segment is not None:
        known_segment(config, segment)
    with ledger_of(options, config) as ledger, warehouse_of(options, config, ledger).reading() as con:
        rows = of_segment(con, segment) if segment is not None else of_rule(options, config, con, str(rule))
        means, sample = figures_and_sample(con, rows, most)
    text = config.segments[segment].rule.strip() if segment is not None else str(rule)
    if options.json:
        emit({"segment": segment, "rule": text, **means, "sample": sample})
        return
    say(f"{segment or 'this rule'}: {means['members']:,} members")
    say("\n".join(f"  {line}" for line in text.splitlines()))
    if means["members"]:
        say(
            f"  on average {means['number_of_orders']:.1f} orders and {means['amount_spent']:,.2f} "
            f"{config.shop.currency} spent; last order {means['last_order_date'] or 'never'}"
        )
    if sample:
        table(list(sample[0]), [list(row.values()) for row in sample], right=(3, 4) if segment is not None else (2, 3))


def why(ctx: typer.Context, person: Person, segment: Segment) -> None:
    """Why somebody is or is not in a segment: each clause with their value."""
    from zoneinfo import ZoneInfo

    from segsync import people
    from segsync.rules import AsOf, read
    from segsync.rules.why import why as explain
    from segsync.streams import STREAMS

    options = common(ctx)
    config = options.load()
    known_segment(config, segment)
    shop = config.shop
    instant = options.instant(config) or options.clock.now()
    with ledger_of(options, config) as ledger, warehouse_of(options, config, ledger).reading() as con:
        who = one_person(people.person_of(con, person))
        texts = {name: each.rule for name, each in config.segments.items()}
        rules = read(texts, filled=frozenset(STREAMS), traits=config.traits).rules
        as_of = AsOf(instant, ZoneInfo(shop.timezone))
        found = explain(con, rules, segment, who, as_of, currency=shop.currency, rates=shop.rates)
    if options.json:
        emit({"person": who, "segment": segment, "in": found.holds, "rule": why_json(found)})
        return
    say(f"{who} is {'' if found.holds else 'not '}in {segment}, as of {as_of.day}")
    say_why(found)


def person(
    ctx: typer.Context,
    person: MaybePerson = None,
    whole: Annotated[
        bool, typer.Option("--export", help="Everything, as JSON: the answer to who asks what is known of them.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write it to this file, which only you can read.")] = None,
    webhook: Annotated[
        Path | None, typer.Option(help="In place of PERSON: the request of the shop's platform.")
    ] = None,
    hmac: Annotated[str | None, typer.Option("--hmac", help="Its header X-Shopify-Hmac-Sha256.")] = None,
    source: Annotated[str | None, typer.Option(help="The source whose platform sent it, where several might.")] = None,
) -> None:
    """What is known of somebody: records joined and why, identifiers, consent, segments, and where they are held."""
    from segsync import people
    from segsync.ledger import audiences

    if whole:
        hand_over(ctx, person, out, webhook, hmac, source)
        return
    if person is None or any(option is not None for option in (out, webhook, hmac, source)):
        problem = Problem("person", "it tells of one PERSON; the other options go with --export", "segsync person WHO")
        raise ConfigError([problem], where="the command line")
    options = common(ctx)
    config = options.load()
    with ledger_of(options, config) as ledger:
        names = {known.key: f"{known.segment} → {known.destination}" for known in audiences.every(ledger)}
        with warehouse_of(options, config, ledger).reading() as con:
            who = one_person(people.person_of(con, person))
            account = people.account(con, who)
            members, held = con.table("members"), con.table("held")
            segments = sorted(members.filter(members.person == who).segment.to_pandas())
            rows = held.filter((held.person == who) & (held.state != "removed")).to_pyarrow().to_pylist()
    told = {
        "person": who,
        "records": [
            {"source": n.source, "id": n.customer_id, "joined_by": n.joined_by, "since": n.since, "email": n.email}
            for n in account.nodes
        ],
        "identifiers": [
            {
                "kind": i.kind,
                "value": i.value,
                "consent": i.consent,
                "consent_at": i.consent_at,
                "may_be_sent": i.deliverable,
                "from": i.sources,
            }
            for i in account.identifiers
        ],
        "consent": consent_said(account),
        "segments": segments,
        "held": [
            {"audience": names.get(r["audience"], r["audience"]), "state": r["state"], "since": r["accepted_at"]}
            for r in rows
        ],
    }
    if options.json:
        emit(told)
        return
    say(f"{who}: in {', '.join(segments) or 'no segment'}")
    for title in ("records", "identifiers", "consent", "held"):
        say(f"\n{title}" + (", as each record says it" if title == "consent" else ""))
        found: list[dict[str, object]] = told[title]  # type: ignore[assignment]  # the lists above
        if found:
            table(list(found[0]), [list(row.values()) for row in found])
        else:
            say("none")


def status(ctx: typer.Context) -> None:
    """What was read and pushed, when, and what wants attention. Works while a run is going."""
    from segsync.cli.overview import overview, show_overview

    options = common(ctx)
    config = options.load()
    with ledger_of(options, config) as ledger:
        found = overview(config, ledger, options.clock.now())
    if options.json:
        emit(found)
    else:
        show_overview(found)
    raise typer.Exit(6 if found["attention"] else 0)


def history(
    ctx: typer.Context,
    segment: Segment,
    members: Annotated[bool, typer.Option("--members", help="Who came and who went, newest first.")] = False,
    since: Annotated[str | None, typer.Option(help="With --members: from this day on.", show_default=False)] = None,
    most: Annotated[int, typer.Option(help="Rows to show.", min=1)] = 30,
) -> None:
    """A segment's size over the runs; or who came and who went."""
    from segsync.cli.members import came_and_went, day_of
    from segsync.ledger import runs

    options = common(ctx)
    config = options.load()
    known_segment(config, segment)
    if since is not None and not members:
        problem = Problem(
            "--since", "it is about who came and went", f"segsync history {segment} --members --since DAY"
        )
        raise ConfigError([problem], where="the command line")
    if members:
        first = day_of(since) if since is not None else None
        with ledger_of(options, config) as ledger, warehouse_of(options, config, ledger).reading() as con:
            moves, in_all = came_and_went(con, segment, first, most)
        if options.json:
            emit({"segment": segment, "moves": moves, "in_all": in_all})
        else:
            say(f"{segment}: {in_all:,} came or went{f' since {first}' if first else ''}, {len(moves):,} shown")
            if moves:
                table(list(moves[0]), [list(row.values()) for row in moves], right=(4,))
        return
    with ledger_of(options, config) as ledger:
        rows = runs.segment_history(ledger, segment, most)
    if options.json:
        emit(rows)
        return
    names = ("run_id", "as_of", "members", "entered", "left")
    table(names, [[row[name] for name in names] for row in rows], right=(0, 2, 3, 4))


def rejects(ctx: typer.Context, most: Annotated[int, typer.Option(help="Rows of each kind.", min=1)] = 50) -> None:
    """Members that platforms refused, in their words, and what could not be used of sources, with its place."""
    from segsync.ledger import refusals, runs

    options = common(ctx)
    config = options.load()
    with ledger_of(options, config) as ledger:
        refused = refusals.every(ledger, most=most)
        flaws = runs.flaws_now(ledger, most)
        unusable = runs.flaws_in_all(ledger)
    if options.json:
        emit({"rejects": refused, "flaws": flaws, "flaws_in_all": unusable})
        return
    say(f"refused by platforms: {len(refused):,}" if refused else "refused by platforms: nobody")
    if refused:
        names = ("segment", "destination", "person", "action", "reason", "code", "last_at")
        table(names, [[row[name] for name in names] for row in refused])
    say(f"\ncould not be used when last read: {unusable:,} values, {len(flaws):,} shown")
    if flaws:
        shown = ("source", "place", "column", "reason")
        table(shown, [[row[name] for name in shown] for row in flaws])


def drift(
    ctx: typer.Context,
    segment: Segment,
    to: Annotated[str | None, typer.Option("--to", help="Only this destination.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Let the next push add again who is missing there.")] = False,
) -> None:
    """Read audiences back, and compare them with what receipts say they hold."""
    from segsync.cli.drifts import drift_json, show_drift
    from segsync.run.drift import drift as compare
    from segsync.run.drift import repair as mend
    from segsync.run.ending import ending
    from segsync.run.whole import syncs_of
    from segsync.run.workspace import open_workspace

    options = common(ctx)
    config = options.load()
    syncs = syncs_of(config, segment, to)
    with open_workspace(config, options.setting()) as space, ending(space) as end:
        tell_migrated(space.warehouse)
        found = [compare(space, sync) for sync in syncs]
        mended = [mend(space, each) if repair else None for each in found]
        fine = all(d.none or (repair and not d.strangers) for d in found)
        code = end(0 if fine else 6, "compared what audiences hold")
    if options.json:
        emit([drift_json(d, done) for d, done in zip(found, mended, strict=True)])
    else:
        for d, done in zip(found, mended, strict=True):
            show_drift(d, done)
    raise typer.Exit(code)
