"""From files and environment to a Config, or to every problem at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from segsync.config.core import Guards, Identity, Keys, Privacy, Retention, Shop, Store
from segsync.config.files import File, read
from segsync.config.findings import Findings
from segsync.config.layers import PREFIX, Layers, Merged, merge
from segsync.config.sections import Sections, read_sections, validated
from segsync.config.segments import read_segments, read_traits
from segsync.config.values import Config
from segsync.config.words import kind, looks_secret, suggestion
from segsync.errors import ConfigError, Problem

VERSION = 1
STATE = ".segsync"

K = TypeVar("K", bound=Keys)


def load(path: Path, *, environ: Mapping[str, str], environment_name: str | None = None) -> Config:
    """The configuration of the file at `path`, with the environment's own file and variables over it.

    Raises ConfigError with every problem, ConnectorBug where a connector's package is broken.
    """
    files = _files(path, environment_name)
    try:
        return _load(path, merge(files, environ), environment_name)
    except RecursionError:
        pass
    raise ConfigError([Problem(path.name, "is nested too deeply")], where=path.name)


def _files(path: Path, environment_name: str | None) -> tuple[File, ...]:
    paths = [path]
    if environment_name is not None:
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", environment_name):
            problem = Problem("--env", "is no name of an environment", "such as: --env staging")
            raise ConfigError([problem], where="the command line")
        paths.append(path.with_name(f"{path.stem}.{environment_name}{path.suffix}"))
    problems: list[Problem] = []
    files = [read(each, problems) for each in paths]
    if problems:
        raise ConfigError(problems, where=" and ".join(each.name for each in paths))
    return tuple(file for file in files if file is not None)


def _load(path: Path, merged: Merged, environment_name: str | None) -> Config:
    findings, tables = Findings(merged), merged.tables
    _check_top(merged, findings)
    shop = _part(Shop, "shop", tables, findings)
    identity = _part(Identity, "identity", tables, findings)
    guards = _part(Guards, "guards", tables, findings)
    retention = _part(Retention, "retention", tables, findings)
    privacy = _part(Privacy, "privacy", tables, findings)
    warehouse = _part(Store, "warehouse", tables, findings)
    _check_rates(shop, tables, findings)
    sources = read_sections("sources", tables.get("sources", {}), findings)
    destinations = read_sections("destinations", tables.get("destinations", {}), findings)
    _check_both(sources, destinations, findings)
    traits = read_traits(tables.get("traits", {}), findings)
    segments = read_segments(tables.get("segments", {}), sources, destinations, findings)
    findings.stop()
    if shop is None or identity is None or guards is None or retention is None or privacy is None or warehouse is None:
        raise AssertionError("a part was refused without a problem")
    home = path.absolute().parent
    state = home / STATE
    return Config(
        path=path,
        home=home,
        state_dir=state / environment_name if environment_name else state,
        environment=environment_name,
        shop=shop,
        identity=identity,
        guards=guards,
        retention=retention,
        warehouse=warehouse,
        forget_key=privacy.forget_key,
        sources=MappingProxyType(sources.good),
        destinations=MappingProxyType(destinations.good),
        traits=MappingProxyType(traits),
        segments=MappingProxyType(segments),
        places=findings.places,
    )


def _part(model: type[K], name: str, tables: Mapping[str, Any], findings: Findings) -> K | None:
    table = findings.table((name,), tables.get(name, {}))
    return None if table is None else validated(model, table, (name,), findings, tell=True)


def _check_top(merged: Merged, findings: Findings) -> None:
    """The version, and what stands at the top without a meaning."""
    tables, known = merged.tables, tuple(Layers.model_fields)
    version = tables.get("config_version")
    if version is None:
        findings.add(("config_version",), "missing", f"add at the top of the file: config_version = {VERSION}")
    elif isinstance(version, bool) or str(version) != str(VERSION):
        newer = isinstance(version, int) and not isinstance(version, bool) and version > VERSION
        found = f"this file is of version {version}" if newer else f"expected {VERSION}, found {kind(version)}"
        remedy = (
            f"this segsync reads version {VERSION}: update segsync" if newer else f"write: config_version = {VERSION}"
        )
        findings.add(("config_version",), found, remedy)
    for name in tables:
        if name not in known:
            findings.unknown((name,), known)
    for path, variable in merged.variables.items():
        if path[0] not in known:
            if looks_secret(str(path[-1])):
                text = "a secret's variable is called: SEGSYNC_SECRET__SECTION__NAME"
                findings.add_plain(Problem(variable, "unknown variable", text))
                continue
            close = suggestion(str(path[0]), known)
            text = f"did you mean `{PREFIX}{close.upper()}…`?" if close else "variables are SEGSYNC__TABLE__KEY"
            findings.add_plain(Problem(variable, "unknown variable", text))


def _check_rates(shop: Shop | None, tables: Mapping[str, Any], findings: Findings) -> None:
    if shop is not None and shop.rates.get(shop.currency, 1) != 1:
        written = next(name for name in tables["shop"]["rates"] if name.upper() == shop.currency)
        findings.add(("shop", "rates", written), f"{shop.currency} is the shop's own currency", "remove this rate")


def _check_both(sources: Sections, destinations: Sections, findings: Findings) -> None:
    for name in sorted(sources.names & destinations.names):
        spec = destinations.specs.get(name)
        connector = f', with connector = "{spec.name}"' if spec else ""
        findings.add(
            ("destinations", name),
            "a source has this name already",
            f"give it another: [destinations.{name}_out]{connector}",
        )
