"""Reading `[sources.*]` and `[destinations.*]`: the core's few keys, secrets' references, the connector's options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from segsync import plugins
from segsync.config import fields
from segsync.config.core import NAME, DestinationKeys, SourceKeys
from segsync.config.findings import Findings
from segsync.config.values import KeyPath, Section
from segsync.config.words import kind, looks_secret, suggestion
from segsync.errors import ConnectorBug
from segsync.secrets import REFERENCE
from segsync.spec import SecretSpec, Spec

Role = Literal["sources", "destinations"]
NAME_RULE = "a name starts with a-z and holds a-z, 0-9 and single _, such as: {}"

M = TypeVar("M", bound=BaseModel)


@dataclass(slots=True)
class Sections:
    """What came of one role: the sections that are right, every name, and each spec that could be had."""

    role: Role
    good: dict[str, Section] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    specs: dict[str, Spec] = field(default_factory=dict)


def read_sections(role: Role, written: Any, findings: Findings) -> Sections:
    """Every section of one role; what is wrong goes to the findings."""
    found = Sections(role)
    for name, keys in (findings.table((role,), written) or {}).items():
        path = (role, name)
        found.names.add(name)
        check_name(path, findings)
        table = findings.table(path, keys)
        if table is not None:
            _read_section(found, name, table, findings)
    return found


def check_name(path: KeyPath, findings: Findings) -> None:
    name = str(path[-1])
    if not NAME.fullmatch(name):
        better = "".join(mark if mark.isascii() and mark.isalnum() else "_" for mark in name.lower()).strip(
            "_0123456789"
        )
        better = "_".join(part for part in better.split("_") if part)
        findings.add(path, "this cannot be a name", NAME_RULE.format(better[:40] or "vip"))


def validated(
    model: type[M],
    keys: Mapping[str, Any],
    path: KeyPath,
    findings: Findings,
    *,
    tell: bool,
    known: Sequence[str] = (),
    secrets: Sequence[SecretSpec] = (),
) -> M | None:
    """An instance of the model; None, with every reason in the findings, where the keys do not make one."""
    try:
        return model.model_validate(dict(keys), extra="forbid")
    except ValidationError as error:
        findings.invalid(path, model, error, keys, tell=tell, known=known, secrets=secrets)
        return None


def _read_section(found: Sections, name: str, table: Mapping[str, Any], findings: Findings) -> None:
    path: KeyPath = (found.role, name)
    common: type[SourceKeys | DestinationKeys] = SourceKeys if found.role == "sources" else DestinationKeys
    own = {key: value for key, value in table.items() if key in common.model_fields}
    base = validated(common, own, path, findings, tell=True)
    wanted = own.get("connector", name)
    spec = _spec(found.role, name, wanted, findings, "connector" in own) if isinstance(wanted, str) else None
    if spec is None:
        for key in table:
            if key not in own and looks_secret(str(key)) and not _is_reference(table[key]):
                findings.secret((*path, key), ())
        return
    found.specs[name] = spec
    references = _references(path, spec, table, findings)
    rest = {key: value for key, value in table.items() if key not in own and key not in {s.name for s in spec.secrets}}
    known = tuple(common.model_fields)
    options = validated(spec.options, rest, path, findings, tell=False, known=known, secrets=spec.secrets)
    if base is not None and options is not None:
        core = base.model_dump(exclude={"connector"})
        found.good[name] = Section(name, spec.name, spec, options, MappingProxyType(references), **core)


def _spec(role: Role, name: str, wanted: str, findings: Findings, said: bool) -> Spec | None:
    """The spec of the connector that a section names; None where it is none, or cannot play this role."""
    path: KeyPath = (role, name, "connector") if said else (role, name)
    available = plugins.available()
    if wanted not in available:
        close = suggestion(wanted, available)
        hint = f"did you mean `{close}`?" if close else f"installed: {', '.join(available) or 'none'}"
        if not said:
            hint += f'\na section with a name of its own says what it connects to: connector = "{close or "…"}"'
        findings.add(path, f"no connector is called `{wanted[:60]}`", hint)
        return None
    spec = plugins.load(wanted).spec
    _no_clash(spec)
    if (spec.reads if role == "sources" else spec.writes) is None:
        verb, other = ("read from", "destinations") if role == "sources" else ("written to", "sources")
        findings.add(path, f"`{wanted}` cannot be {verb}", f"it may stand under [{other}.{name}]")
        return None
    return spec


def _no_clash(spec: Spec) -> None:
    own = set(fields.keys(spec.options)) & {*SourceKeys.model_fields, *(secret.name for secret in spec.secrets)}
    if own:
        raise ConnectorBug(f"the connector `{spec.name}` calls an option `{min(own)}`, which is taken")


def _references(path: KeyPath, spec: Spec, table: Mapping[str, Any], findings: Findings) -> dict[str, str]:
    """The `file:` references of a section. A secret that is written out is a problem in whichever layer it stands."""
    for secret in spec.secrets:
        whole = (*path, secret.name)
        if secret.name in table and findings.merged.variable(whole) and not _is_reference(table[secret.name]):
            findings.secret(whole, spec.secrets)
        for file in findings.merged.files:
            layer = _below(file.tables, path)
            if secret.name not in layer or _is_reference(layer[secret.name]):
                continue
            if isinstance(layer[secret.name], str):
                findings.secret(whole, spec.secrets, file=file)
            else:
                text = f'such as: {secret.name} = "file:/run/secrets/{path[-1]}_{secret.name}"'
                findings.add(
                    whole, f"expected a reference to a file, found {kind(layer[secret.name])}", text, file=file
                )
    return {s.name: table[s.name] for s in spec.secrets if s.name in table and _is_reference(table[s.name])}


def _below(tables: Any, path: KeyPath) -> Mapping[str, Any]:
    for part in path:
        tables = tables.get(part, {}) if isinstance(tables, Mapping) else {}
    return tables if isinstance(tables, Mapping) else {}


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(REFERENCE) and len(value.strip()) > len(REFERENCE)
