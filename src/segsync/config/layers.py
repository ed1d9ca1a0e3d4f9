"""Layering by pydantic-settings: the file, an environment's file over it, and `SEGSYNC__A__B` variables over both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import SkipValidation
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources.utils import parse_env_vars

from segsync.config.files import File
from segsync.config.values import ABSENT, KeyPath, at

PREFIX = "SEGSYNC__"

Loose = Annotated[dict[str, Any], SkipValidation]  # checked later, part by part, so that every problem is found


class Layers(BaseSettings):
    """The top of the file. Each part is merged here and checked where it belongs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="allow"
    )

    config_version: Any = None
    shop: Loose = {}
    identity: Loose = {}
    guards: Loose = {}
    retention: Loose = {}
    privacy: Loose = {}
    warehouse: Loose = {}
    sources: Loose = {}
    destinations: Loose = {}
    traits: Loose = {}
    segments: Loose = {}


@dataclass(frozen=True, slots=True)
class Merged:
    """All layers in one, each layer by itself, and which variable says what. Later files go over earlier ones."""

    tables: Mapping[str, Any]
    files: tuple[File, ...]
    environ: Mapping[str, Any]
    variables: Mapping[KeyPath, str]

    def variable(self, path: KeyPath) -> str | None:
        """The environment variable that says what stands at `path`, if one does."""
        if at(self.environ, path) is ABSENT:
            return None
        around = [known for known in self.variables if path[: len(known)] == known]
        if around:
            return self.variables[max(around, key=len)]
        if any(isinstance(at(file.tables, path), Mapping) for file in self.files):
            return None  # a table of the file, to which a variable adds a key
        return next((name for known, name in self.variables.items() if known[: len(path)] == path), None)


def merge(files: Sequence[File], environ: Mapping[str, str]) -> Merged:
    """Lay the files and the environment over each other."""
    written: dict[str, Any] = {}

    class Here(Layers):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            said = _Environment(settings_cls, environ, [file.tables for file in files])
            written.update(said())
            return (said, *(_Tables(settings_cls, file.tables) for file in reversed(files)))

    layers = Here()
    tables = {name: getattr(layers, name) for name in layers.model_fields_set}
    return Merged(tables, tuple(files), written, _variables(environ, [file.tables for file in files]))


class _Tables(PydanticBaseSettingsSource):
    """A file's tables, as they are."""

    def __init__(self, settings_cls: type[BaseSettings], tables: Mapping[str, Any]) -> None:
        super().__init__(settings_cls)
        self._tables = tables

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # its signature
        return self._tables.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return dict(self._tables)


class _Environment(EnvSettingsSource):
    """Variables of a mapping instead of the process's own; keys in the case that the files write them in."""

    def __init__(
        self, settings_cls: type[BaseSettings], environ: Mapping[str, str], files: Sequence[Mapping[str, Any]]
    ) -> None:
        self._said = environ
        self._files = files
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        said = {name: value for name, value in self._said.items() if name.upper().startswith(PREFIX)}
        return parse_env_vars(said, self.case_sensitive, self.env_ignore_empty, self.env_parse_none_str)

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:  # noqa: ARG002  # its signature
        """JSON where it is a list or a table; anything else stays text, to be read as its key's own type."""
        if not str(value).lstrip().startswith(("{", "[")):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value

    def __call__(self) -> dict[str, Any]:
        return _recased(super().__call__(), self._files)


def _recased(said: Mapping[str, Any], files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    cased: dict[str, Any] = {}
    for name, value in said.items():
        own = _cased(name, files)
        below = [file[own] for file in files if isinstance(file.get(own), dict)]
        cased[own] = _recased(value, below) if isinstance(value, dict) else value
    return cased


def _cased(name: str, files: Sequence[Mapping[str, Any]]) -> str:
    """The key of a file that a variable's lower-case word means."""
    if any(name in file for file in files):
        return name
    return next((key for file in files for key in file if key.lower() == name), name)


def _variables(environ: Mapping[str, str], files: Sequence[Mapping[str, Any]]) -> dict[KeyPath, str]:
    found: dict[KeyPath, str] = {}
    for name, value in environ.items():
        if not name.upper().startswith(PREFIX) or not value:
            continue
        path: list[str] = []
        below = files
        for part in name[len(PREFIX) :].lower().split("__"):
            path.append(_cased(part, below))
            below = [file[path[-1]] for file in below if isinstance(file.get(path[-1]), dict)]
        found[tuple(path)] = name
    return found
