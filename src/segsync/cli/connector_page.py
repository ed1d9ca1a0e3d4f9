"""A connector's page, from its spec: for `segsync connectors NAME` and for docs/connectors/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segsync.config.words import toml

if TYPE_CHECKING:
    from pydantic import BaseModel

    from segsync.spec import Reads, Spec, Writes


def page(spec: Spec) -> str:
    """Markdown: what the connector is, can do, and needs; examples as TOML."""
    parts = [f"# {spec.name}", f"{spec.summary.rstrip('.')}.", _provenance(spec)]
    if spec.reads is not None:
        parts += ["## As a source", _reads(spec.reads)]
    if spec.writes is not None:
        parts += ["## As a destination", _writes(spec.writes)]
    parts += ["## Options", _options(spec.options)]
    if spec.sync_options is not None:
        parts += ["## Options of a sync", _options(spec.sync_options)]
    if spec.secrets:
        parts += ["## Secrets", "\n".join(_secret(spec, s.name, s.description, s.required) for s in spec.secrets)]
    if spec.limits:
        rows = [f"| {limit.name} | {limit.per_second} | {limit.per_minute} |" for limit in spec.limits]
        parts += ["## Limits it keeps", "\n".join(["| calls | a second | a minute |", "|---|---|---|", *rows])]
    if spec.notes:
        parts += ["## Good to know", "\n".join(f"- {note}" for note in spec.notes)]
    return "\n\n".join(parts)


def _provenance(spec: Spec) -> str:
    version = f"API version {spec.api_version}, which ends {spec.api_ends}. " if spec.api_version else ""
    proven = spec.last_proven_live.isoformat() if spec.last_proven_live else "never"
    return f"{version}Last proven against the real platform: {proven}."


def _reads(reads: Reads) -> str:
    told = ["- what it brings may be sent to destinations" if reads.deliverable else "- what it brings never leaves"]
    if reads.lists_ids:
        days = reads.ids_every.days
        told.append("- notices customers who have vanished" + (f", every {days} days (`ids_every`)" if days else ""))
    return "\n".join(told)


def _writes(writes: Writes) -> str:
    uses = ", ".join(f"{kind} (at most {most})" for kind, most in writes.identifiers.items())
    told = [f"- matches people by: {uses}", f"- consent asked for by default: {writes.consent}"]
    told.append(f"- members a batch: {writes.max_batch:,}")
    if writes.creates_profiles:
        told.append("- may create profiles that the platform bills")
    if writes.read_back:
        told.append("- can be read back: `segsync drift`")
    if writes.automations:
        told.append("- says which automations joining sets off")
    if writes.renames:
        told.append("- renames an audience when the config does")
    if writes.deletes:
        told.append("- can delete an audience: `segsync retire --delete`")
    if writes.browses:
        told.append(f"- lists what the account has: `segsync browse` ({', '.join(writes.browses)})")
    return "\n".join(told)


def _options(model: type[BaseModel]) -> str:
    rows = ["| option | meaning | example |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        need = "" if not field.is_required() else " (required)"
        example = f"`{toml(field.examples[0])}`" if field.examples else ""
        rows.append(f"| `{name}`{need} | {field.description or ''} | {example} |")
    return "\n".join(rows) if len(rows) > 2 else "None."


def _secret(spec: Spec, name: str, description: str, required: bool) -> str:
    need = "" if required else " (optional)"
    return (
        f"- `{spec.name}.{name}`{need}: {description.rstrip('.')}. Store it: `segsync secrets set {spec.name}.{name}`"
    )
