"""`segsync check`: prove credentials, rules and config without changing anything; every problem, not the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from segsync.config import Config, Section
from segsync.errors import SegsyncError
from segsync.pace import Pacer
from segsync.run.compute import read_rules
from segsync.run.workspace import Setting, make_destination, make_source

WARN_BEFORE = timedelta(days=90)  # of the end of an API version


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: fine where `error` is None. `warnings` are worth a look, and no failure."""

    name: str
    what: str
    error: SegsyncError | None = None
    warnings: tuple[str, ...] = ()


def check(config: Config, setting: Setting, name: str | None = None) -> Iterator[Finding]:
    """Check every source, then the rules, then every destination; or only the one of that name."""
    pacers: dict[str, Pacer] = {}
    filled: frozenset[str] = frozenset()
    sources = {n: s for n, s in config.sources.items() if name in (None, n)}
    for each in sources.values():
        try:
            source = make_source(config, each, setting, pacers)
            try:
                filled |= source.streams()
                warnings = (*source.check(), *_ending(each, setting))
            finally:
                source.close()
            yield Finding(each.name, "source", warnings=warnings)
        except SegsyncError as error:
            yield Finding(each.name, "source", error)
    if name is None:
        yield _rules(config, filled)
    for each in config.destinations.values():
        if name in (None, each.name):
            yield _destination(config, each, setting, pacers)


def _rules(config: Config, filled: frozenset[str]) -> Finding:
    try:
        reading = read_rules(config, filled)
    except SegsyncError as error:
        return Finding("rules", _how_many(config), error)
    return Finding("rules", _how_many(config), warnings=tuple(map(str, reading.warnings)))


def _how_many(config: Config) -> str:
    count = len(config.segments)
    return f"{count} segment{'' if count == 1 else 's'}"


def _destination(config: Config, section: Section, setting: Setting, pacers: dict[str, Pacer]) -> Finding:
    try:
        destination = make_destination(config, section, setting, pacers)
        try:
            warnings = (*destination.check(), *_ending(section, setting))
        finally:
            destination.close()
    except SegsyncError as error:
        return Finding(section.name, "destination", error)
    return Finding(section.name, "destination", warnings=warnings)


def _ending(section: Section, setting: Setting) -> tuple[str, ...]:
    """A warning where the platform will drop the API version that the connector speaks."""
    spec, today = section.spec, setting.clock.now().date()
    if spec.api_ends is None or spec.api_ends - today > WARN_BEFORE:
        return ()
    return (f"the platform ends its API version {spec.api_version} on {spec.api_ends}: update segsync before then",)
