"""`segsync forget`: somebody goes from here, is asked to be taken out everywhere, and is kept out for good.

    books → rows → files → platforms → receipt

First, in one transaction, the ledger keeps who is kept out (as digests), what platforms must do (sealed), and whom it
is about (sealed). After that everything may be done again: a run that was cut off is gone on with by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from segsync import people
from segsync.errors import ConfigError, Problem
from segsync.ledger import audiences, erasures, scrubbing
from segsync.ledger.erasures import Errand, Request
from segsync.model import Member
from segsync.plan import identifiers as texts
from segsync.plan.diff import plain
from segsync.run import at_rest, fold
from segsync.run.compute import undeliverable_sources
from segsync.run.privacy import erasure_receipts, errands, trace_files
from segsync.run.privacy.errands import Worked
from segsync.run.privacy.secrecy import ForgetKey, key_for_forgetting, known_key
from segsync.run.privacy.their_rows import erase, leaving_held, shown_for, theirs
from segsync.run.privacy.whom import Scope, Who, customers_of, scope_of
from segsync.run.recover import must_agree, recover_all
from segsync.run.workspace import Workspace
from segsync.warehouse import forgetting

LEDGER: Final = "ledger.sqlite"
TYPED: Final = "typed here"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a request came to. `known`: was anything here? `again`: it was asked for before, and nothing was new."""

    erasure: int
    known: bool
    again: bool = False
    worked: Worked = field(default_factory=Worked)


class _Counted(Exception):
    """Everything that was tried is rolled back."""


def forget(
    space: Workspace,
    who: Who,
    *,
    origin: str = TYPED,
    delete_profiles: bool = False,
    progress: Progress | None = None,
) -> Forgotten:
    """Forget one person, and ask the platforms at once. Asking again for somebody forgotten does nothing twice.

    Raises ConfigError where several people are meant, where the forget key can be kept nowhere, or where a trace would
    write them down again; GuardStop where the stores do not belong together.
    """
    _refuse_trace(space)
    tell = progress or _silent
    key = key_for_forgetting(space.config, space.setting, space.ledger)
    resume(space)
    tell("looking for everything that is known of them")
    _bring_up_to_date(space)
    with space.warehouse.session() as con:
        scope = scope_of(con, who)
    digests = _digests(key, scope)
    before = erasures.digests(space.ledger)
    found = _prepare(space, key, scope, delete_profiles=delete_profiles)
    known = before.keys() >= {digest for digest, _ in digests}
    if digests and known and not found.rows and not found.errands:
        return Forgotten(max(before[digest] for digest, _ in digests), known=False, again=True)
    erasure = _begin(space, key, scope, found, kind="person", who=who.masked, origin=origin, digests=digests)
    tell("erasing them here, and writing the files anew")
    _finish(space, key, erasure)
    tell("asking the platforms")
    worked = errands.work(space, erasure)
    erasure_receipts.write(space.config.state_dir, space.ledger, erasure)
    return Forgotten(erasure, known=bool(found.rows or found.errands), worked=worked)


def forget_source(space: Workspace, source: str, *, origin: str, progress: Progress | None = None) -> Forgotten | None:
    """Let everything go that a source ever gave; None where nothing of it is here.

    People who are known from nowhere else are taken out everywhere, and may come back. The source is read again only
    by a full pull.
    """
    _refuse_trace(space)
    tell = progress or _silent
    key = key_for_forgetting(space.config, space.setting, space.ledger)
    resume(space)
    _bring_up_to_date(space)
    with space.warehouse.session() as con:
        scope = Scope(_only_known_from(con, source), sources=frozenset({source}))
    found = _prepare(space, key, scope, delete_profiles=False)
    if not found.rows and not found.errands:
        return None
    erasure = _begin(space, key, scope, found, kind="source", who=f"everything of {source}", origin=origin, digests=[])
    tell("erasing it here, and writing the files anew")
    _finish(space, key, erasure)
    tell("asking the platforms")
    worked = errands.work(space, erasure)
    erasure_receipts.write(space.config.state_dir, space.ledger, erasure)
    return Forgotten(erasure, known=True, worked=worked)


def resume(space: Workspace) -> None:
    """Go on with what was cut off: whoever was to be forgotten is gone from here before anything else happens."""
    for erasure in erasures.unfinished(space.ledger):
        _finish(space, known_key(space.config, space.setting, space.ledger), erasure.id)


def _refuse_trace(space: Workspace) -> None:
    if space.setting.trace is not None and space.setting.trace.bodies:
        found = "it would write down whoever is to be forgotten"
        raise ConfigError([Problem("--trace-bodies", found, "leave it out")], where="the command line")


def _bring_up_to_date(space: Workspace) -> None:
    """Nothing may be left open, and everybody's records joined, before anybody can be looked for."""
    recover_all(space.ledger, space.warehouse, space.clock)
    for known in audiences.every(space.ledger):
        must_agree(space.ledger, space.warehouse, known.key)
    undeliverable = undeliverable_sources(space.config)
    with space.warehouse.session() as con:
        people.resolve(
            con,
            space.warehouse.write,
            run_id=space.run_id,
            at=space.clock.now(),
            max_customers=space.config.identity.max_customers,
            undeliverable=undeliverable,
        )
        people.describe(con, space.warehouse.write, as_of=space.as_of.instant, undeliverable=undeliverable)


# --- the books -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What an erasure will do: rows by table, errands, what audiences hold after it, and where flaws may name them."""

    rows: dict[str, int]
    errands: Sequence[Errand]
    held: dict[str, int]
    places: frozenset[str]
    needles: frozenset[str]


def _prepare(space: Workspace, key: ForgetKey, scope: Scope, *, delete_profiles: bool) -> _Prepared:
    """Try it, count, and roll it back."""
    known = {one.key: one for one in audiences.every(space.ledger)}
    at = space.clock.now().timestamp()

    def seal(member: Member) -> str:
        return errands.sealed(key, member, at)

    with space.warehouse.session() as con:
        leaving = leaving_held(con, scope)
        asked = errands.errands_for(space.config, known, leaving, scope, seal)
        if delete_profiles:
            asked += errands.deletions_for(space.config, known, leaving, scope, seal)
        places, ids = _places(con, scope)
    rows: dict[str, int] = {}
    held: dict[str, int] = {}
    with suppress(_Counted), space.warehouse.transaction():
        rows = erase(space.warehouse, scope)
        held = {one: fold.held_count(space.warehouse, one) for one in known}
        raise _Counted
    profiles = {row["platform_id"] for row in leaving if row["platform_id"]}
    return _Prepared(rows, asked, held, places, frozenset(ids | profiles))


def _places(con: Any, scope: Scope) -> tuple[frozenset[str], set[str]]:
    """How flaws name their records (`customers 7001`), and the ids by which traces do."""
    if scope.sources:
        return frozenset(), set()
    ids = {"customers": {id_ for _, id_ in customers_of(scope)}}
    rows = theirs(con, scope)
    for name, column in (("orders", "order_id"), ("checkouts", "checkout_id"), ("events", "event_id")):
        ids[name] = {row[column] for row in plain(rows[name].select(column))}
    places = {f"{name} {id_}" for name, found in ids.items() for id_ in found}
    return frozenset(places), ids["customers"]


def _begin(
    space: Workspace,
    key: ForgetKey,
    scope: Scope,
    found: _Prepared,
    *,
    kind: Any,
    who: str,
    origin: str,
    digests: Sequence[tuple[str, str]],
) -> int:
    now = space.clock.now()
    source = next(iter(scope.sources), None)
    sealed = key.seal({**scope.plain(), "needles": sorted(found.needles)}, now.timestamp())
    request = Request(
        kind=kind,
        who=who,
        origin=origin,
        asked_at=now,
        erased={"rows": found.rows, "digests": [digest for digest, _ in digests]},
        sealed=sealed,
        digests=digests,
        errands=found.errands,
        held=found.held,
        traces=scrubbing.Traces(scope.persons, shown_for(scope), found.places),
        key_check=key.check,
        emptied=source,
    )
    return erasures.begin(space.ledger, request)


def _digests(key: ForgetKey, scope: Scope) -> list[tuple[str, str]]:
    digest = key.digester()
    named = [("email", email) for email in sorted(scope.emails)] + [("phone", p) for p in sorted(scope.phones)]
    named += [("customer", f"{source}:{id_}") for source, id_ in sorted(customers_of(scope))]
    return [(digest(kind, value), kind) for kind, value in named]


def _only_known_from(con: Any, source: str) -> frozenset[str]:
    identities = con.table("identities")
    here = identities.filter(identities.source == source).select("person").distinct()
    elsewhere = identities.filter(identities.source != source).select("person").distinct()
    return frozenset(here.anti_join(elsewhere, "person").to_pyarrow()["person"].to_pylist())


# --- rows and files ------------------------------------------------------------------------------------------


def _finish(space: Workspace, key: ForgetKey, erasure: int) -> None:
    """Take them out of every table and file here. May be cut off anywhere, and done again."""
    found = next(one for one in erasures.unfinished(space.ledger) if one.id == erasure)
    written = key.unseal(found.sealed or "")
    needles = frozenset(written.pop("needles"))
    scope = Scope.read(written)
    needles |= {f'"connector": "{source}"' for source in scope.sources}
    erase(space.warehouse, scope)
    for known in audiences.every(space.ledger):
        audiences.note(space.ledger, known.key, held=fold.held_count(space.warehouse, known.key))
    space.warehouse.compact()
    space.warehouse.rewrite_copies("held", lambda rows: _held_without(rows, scope))
    space.warehouse.rewrite_copies("identities", lambda rows: _identities_without(rows, scope))
    at_rest.sweep(space.config.state_dir)
    forgetting.drop_older_files(space.config.state_dir, LEDGER)
    notes = trace_files.scrub(space.ledger, scope.values, needles)
    scrubbing.compact(space.ledger)
    erasures.erased_here(space.ledger, erasure, {**found.erased, "files": notes})


def _held_without(rows: pa.Table, scope: Scope) -> pa.Table:
    """A copy of `held` without them, and without what other people's rows hold of theirs."""
    owners = pc.replace_substring_regex(rows["person"], pattern="~.*$", replacement="")
    rows = rows.filter(pc.invert(pc.is_in(owners, pa.array(sorted(scope.persons), pa.string()))))
    place = rows.column_names.index("identifiers")
    sent: list[str | None] = rows["identifiers"].to_pylist()
    left = [text if text is None or not _names(text, scope.values) else _stripped(text, scope) for text in sent]
    stays = [text is None or new is not None for text, new in zip(sent, left, strict=True)]
    return rows.set_column(place, "identifiers", pa.array(left, pa.string())).filter(pa.array(stays, pa.bool_()))


def _identities_without(rows: pa.Table, scope: Scope) -> pa.Table:
    named = [rows[column].to_pylist() for column in ("source", "customer_id")]
    people_ = pc.is_in(rows["person"], pa.array(sorted(scope.persons), pa.string()))
    records = [pair in scope.records for pair in zip(*named, strict=True)]
    sources = pc.is_in(rows["source"], pa.array(sorted(scope.sources), pa.string()))
    return rows.filter(pc.invert(pc.or_(pc.or_(people_, pa.array(records, pa.bool_())), sources)))


def _names(text: str, values: Iterable[str]) -> bool:
    return any(value in text for value in values)


def _stripped(text: str, scope: Scope) -> str | None:
    left = texts.without(text, scope.values)
    return left if texts.values(left) else None


def _silent(_text: str) -> None:
    """No progress is shown."""
