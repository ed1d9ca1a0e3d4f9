"""Reading `[segments.*]`, the syncs under them, and `[traits.*]`. Rules stay text: what they mean is read elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel

from segsync.config import fields
from segsync.config.core import SegmentKeys, SyncKeys, TraitKeys
from segsync.config.findings import Findings
from segsync.config.sections import Sections, check_name, validated
from segsync.config.values import KeyPath, Segment, Sync
from segsync.config.words import suggestion
from segsync.spec import ConsentRule, Spec, Writes


def read_segments(written: Any, sources: Sections, destinations: Sections, findings: Findings) -> dict[str, Segment]:
    """Every segment that is right; what is wrong goes to the findings."""
    found: dict[str, Segment] = {}
    tables = findings.table(("segments",), written) or {}
    for name, keys in tables.items():
        path: KeyPath = ("segments", name)
        check_name(path, findings)
        table = findings.table(path, keys)
        if table is not None:
            segment = _read_segment(name, table, sources, destinations, findings)
            if segment is not None:
                found[name] = segment
    _check_former_names(found, tables, findings)
    _check_audiences(found, findings)
    return found


def read_traits(written: Any, findings: Findings) -> dict[str, str]:
    """The text of every trait of the user's own; what is wrong goes to the findings."""
    found: dict[str, str] = {}
    for name, keys in (findings.table(("traits",), written) or {}).items():
        path: KeyPath = ("traits", name)
        check_name(path, findings)
        table = findings.table(path, keys)
        trait = None if table is None else validated(TraitKeys, table, path, findings, tell=True)
        if trait is not None:
            found[name] = trait.value
    return found


def _read_segment(
    name: str, table: Mapping[str, Any], sources: Sections, destinations: Sections, findings: Findings
) -> Segment | None:
    path: KeyPath = ("segments", name)
    own = {key: value for key, value in table.items() if key != "to"}
    keys = validated(SegmentKeys, own, path, findings, tell=True, known=("to",))
    label = own.get("label") if isinstance(own.get("label"), str) else None
    syncs: dict[str, Sync] = {}
    for destination, written in (findings.table((*path, "to"), table.get("to", {})) or {}).items():
        where = (*path, "to", destination)
        if _is_destination(where, sources, destinations, findings):
            spec = destinations.specs.get(destination)
            sync = _read_sync(where, label or name, findings.table(where, written), spec, findings)
            if sync is not None:
                syncs[destination] = sync
    if keys is None:
        return None
    return Segment(name, keys.label, keys.description, keys.rule, keys.renamed_from, MappingProxyType(syncs))


def _is_destination(path: KeyPath, sources: Sections, destinations: Sections, findings: Findings) -> bool:
    name = str(path[-1])
    if name in destinations.names:
        return True
    if name in sources.names:
        known = ", ".join(sorted(destinations.names)) or f"none yet; add [destinations.{name}_out]"
        findings.add(path, f"`{name}` is a source, not a destination", f"destinations: {known}")
        return False
    close = suggestion(name, destinations.names)
    known = ", ".join(sorted(destinations.names))
    hint = (
        f"did you mean `{close}`?" if close else f"destinations: {known}" if known else "add a [destinations.…] section"
    )
    findings.add(path, f"no destination called `{name[:60]}`", hint)
    return False


def _read_sync(
    path: KeyPath, label: str, table: Mapping[str, Any] | None, spec: Spec | None, findings: Findings
) -> Sync | None:
    if table is None:
        return None
    own = {key: value for key, value in table.items() if key in SyncKeys.model_fields}
    rest = {key: value for key, value in table.items() if key not in own}
    keys = validated(SyncKeys, own, path, findings, tell=True)
    if spec is None or spec.writes is None:
        return None  # its connector is a problem already, so that its keys cannot be told right from wrong
    options, right = _options(path, rest, spec, findings)
    if keys is None or not right:
        return None
    consent, consent_rule = _consent(path, keys, spec.writes, findings)
    if keys.owned and not spec.writes.read_back:
        found = f"{path[3]} cannot be read back, so nobody knows whom others put there"
        findings.add((*path, "owned"), found, "write: owned = false")
    return Sync(
        segment=str(path[1]),
        destination=str(path[3]),
        audience=keys.audience or label.strip(),
        description=keys.description,
        purpose=keys.purpose,
        mode=keys.mode,
        consent=consent,
        consent_rule=consent_rule,
        adopt=keys.adopt,
        owned=keys.owned,
        leave_after=keys.leave_after,
        verify_every=keys.verify_every,
        max_removed=keys.max_removed,
        max_added=keys.max_added,
        options=options,
    )


def _consent(path: KeyPath, keys: SyncKeys, writes: Writes, findings: Findings) -> tuple[ConsentRule, str | None]:
    """Which consent a sync asks for: a channel's, none, or what a rule says."""
    if keys.consent is None:
        return writes.consent, None
    channels: Sequence[ConsentRule] = get_args(ConsentRule)
    for channel in channels:
        if keys.consent == channel:
            return channel, None
    if " " in keys.consent:
        return "none", keys.consent
    close = suggestion(keys.consent, channels)
    known = ", ".join(f"'{channel}'" for channel in channels)
    example = fields.example("consent", SyncKeys.model_fields["consent"])
    hint = f"did you mean '{close}'?" if close else f"such as: {example}, or: consent = \"customer_tags CONTAINS 'ok'\""
    findings.add((*path, "consent"), f"expected {known} or a rule, found `{keys.consent[:60]}`", hint)
    return writes.consent, None


def _options(path: KeyPath, rest: Mapping[str, Any], spec: Spec, findings: Findings) -> tuple[BaseModel | None, bool]:
    """The connector's own part of a sync, and whether it is right."""
    known = tuple(SyncKeys.model_fields)
    if spec.sync_options is None:
        for key in rest:
            findings.unknown((*path, key), known)
        return None, not rest
    options = validated(spec.sync_options, rest, path, findings, tell=False, known=known)
    return options, options is not None


def _syncs(segments: Mapping[str, Segment]) -> Iterator[Sync]:
    for segment in segments.values():
        yield from segment.to.values()


def _check_audiences(segments: Mapping[str, Segment], findings: Findings) -> None:
    """Two syncs onto one audience would undo each other."""
    taken: dict[tuple[str, str], str] = {}
    for sync in _syncs(segments):
        other = taken.setdefault((sync.destination, sync.audience), sync.segment)
        if other != sync.segment:
            path: KeyPath = ("segments", sync.segment, "to", sync.destination)
            found = f"the audience `{sync.audience}` is also that of segments.{other}.to.{sync.destination}"
            findings.add(
                (*path, "audience"),
                found,
                f"give one of them another: {fields.example('audience', SyncKeys.model_fields['audience'])}",
            )


def _check_former_names(segments: Mapping[str, Segment], tables: Mapping[str, Any], findings: Findings) -> None:
    taken: dict[str, str] = {}
    for segment in segments.values():
        former, path = segment.renamed_from, ("segments", segment.name, "renamed_from")
        if former is None:
            continue
        other = taken.setdefault(former, segment.name)
        if former in tables:
            findings.add(path, f"segments.{former} is still there", "remove one of the two")
        elif other != segment.name:
            findings.add(path, f"segments.{other} takes over from `{former}` already", "remove one of the two")
