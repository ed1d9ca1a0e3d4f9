"""Collecting every problem of a configuration: its place and line, what was found, and what to type.

What stands under a key that is unknown, secret or a connector's own is never repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from segsync.config import fields
from segsync.config.files import File
from segsync.config.layers import PREFIX, Merged
from segsync.config.reasons import expected
from segsync.config.values import ABSENT, KeyPath, at, below
from segsync.config.words import dotted, kind, looks_secret, suggestion
from segsync.errors import ConfigError, Problem
from segsync.secrets import variable
from segsync.spec import SecretSpec


class Places:
    """Where keys stand: in a variable, in the file that goes over the others, or in the base file."""

    def __init__(self, merged: Merged) -> None:
        self._merged = merged

    def __call__(self, path: KeyPath) -> tuple[str, int | None]:
        """How to name the place, and its line; for a missing key the line of the nearest table around it."""
        if said := self._merged.variable(path):
            return said, None
        file, line = self._nearest(path)
        first = file is None or file is self._merged.files[0]
        return (dotted(path) if first or file is None else f"{file.name}: {dotted(path)}"), line

    def in_file(self, file: File, path: KeyPath) -> tuple[str, int | None]:
        first = file is self._merged.files[0]
        return (dotted(path) if first else f"{file.name}: {dotted(path)}"), file.places.line(path)

    def _nearest(self, path: KeyPath) -> tuple[File | None, int | None]:
        for file in reversed(self._merged.files):
            if (line := file.places.line(path)) is not None:
                return file, line
        for file in self._merged.files:
            if (line := file.places.line(path[:-1])) is not None:
                return file, line
        return None, None


class Findings:
    """The problems so far."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged
        self.places = Places(merged)
        self._found: list[Problem] = []

    def add(self, path: KeyPath, found: str, remedy: str = "", *, file: File | None = None) -> None:
        place, line = self.places.in_file(file, path) if file else self.places(path)
        problem = Problem(place, found, remedy, line)
        if problem not in self._found:
            self._found.append(problem)

    def add_plain(self, problem: Problem) -> None:
        self._found.append(problem)

    def stop(self) -> None:
        """Raise ConfigError if there is any problem; in the order of the file, then what has no line."""
        if self._found:
            where = " and ".join(file.name for file in self.merged.files)
            last = len(self._found) + 10**9
            raise ConfigError(sorted(self._found, key=lambda p: (":" in p.place, p.line or last)), where=where)

    def unknown(self, path: KeyPath, known: Iterable[str], secrets: Sequence[SecretSpec] = ()) -> None:
        """A key that means nothing here."""
        name, known = str(path[-1]), list(known)
        if looks_secret(name):
            self.secret(path, secrets)
            return
        close = suggestion(name, [*known, *(spec.name for spec in secrets)])
        said = self.merged.variable(path)
        if close and said:
            close = f"{PREFIX}{'__'.join(map(str, (*path[:-1], close)))}".upper()
        keys = f"keys here: {', '.join(known)}" if known else ""
        self.add(path, "unknown variable" if said else "unknown key", f"did you mean `{close}`?" if close else keys)

    def secret(self, path: KeyPath, secrets: Sequence[SecretSpec], *, file: File | None = None) -> None:
        """Something secret was written down where everybody reads it."""
        name = str(path[-1])
        if path[0] not in {"sources", "destinations"} or len(path) < 3:
            self.add(path, "unknown key, and it looks like a secret", _REMOVE.format("SECTION.NAME"), file=file)
            return
        names = [spec.name for spec in secrets]
        meant = name if name in names else suggestion(name, names) or (names[0] if len(names) == 1 else name)
        lines = [_REMOVE.format(f"{path[1]}.{meant}")]
        if meant in names:
            lines.append(f"or set it in the environment: {variable(str(path[1]), meant)}=…")
            lines.append(f'or keep it in a file: {meant} = "file:/run/secrets/{path[1]}_{meant}"')
        elif secrets:
            lines.append(f"its secrets: {', '.join(names)}")
        known = "a secret must not stand in the configuration"
        self.add(path, known if name in names else f"unknown key, and {known}", "\n".join(lines), file=file)

    def missing(self, path: KeyPath, model: type[BaseModel] | None = None, below: KeyPath = ()) -> None:
        line = fields.example(str(path[-1]), fields.field_at(model, below) if model else None)
        table = dotted(path[:-1])
        under = f" under [{table}]" if table and not self._header(path[:-1]) else ""
        self.add(path, "missing", f"add{under}: {line}" if line else "")

    def invalid(
        self,
        base: KeyPath,
        model: type[BaseModel],
        error: ValidationError,
        written: Any,
        *,
        tell: bool,
        known: Iterable[str] = (),
        secrets: Sequence[SecretSpec] = (),
    ) -> None:
        """Everything that a model refused. `tell` says that values may be repeated: only the core's own may.

        `known` are further keys that may stand beside the model's own.
        """
        for path, reasons in _by_path(error, written).items():
            types = {reason["type"] for reason in reasons}
            if "extra_forbidden" in types:
                beside = fields.keys_at(model, path[:-1])
                self.unknown((*base, *path), [*beside, *(known if len(path) == 1 else ())], secrets)
            elif "missing" in types:
                self.missing((*base, *path), model, path)
            else:
                self._refused(base, path, model, reasons, at(written, path), tell=tell)

    def _refused(
        self,
        base: KeyPath,
        path: KeyPath,
        model: type[BaseModel],
        reasons: Sequence[Mapping[str, Any]],
        value: Any,
        *,
        tell: bool,
    ) -> None:
        whole = (*base, *path)
        found = expected(reasons, value, tell=tell)
        found, _, meant = found.partition("; did you mean ")
        remedy = f"did you mean {meant}" if meant else ""
        if not meant and (line := fields.nearest_example(model, path)):
            said = self.merged.variable(whole)
            remedy = f"{said}=… in the way of: {line}" if said else f"such as: {line}"
        self.add(whole, found, remedy)

    def table(self, path: KeyPath, written: Any) -> Mapping[str, Any] | None:
        """The table at a path; None, and a problem, where something else stands."""
        if isinstance(written, Mapping):
            return written
        self.add(path, f"expected a table, found {kind(written)}", f"write it as: [{dotted(path)}]")
        return None

    def _header(self, path: KeyPath) -> bool:
        return any(file.places.line(path) is not None for file in self.merged.files)


_REMOVE = "take it out of the file, and type: segsync secrets set {}"


def _by_path(error: ValidationError, written: Any) -> dict[KeyPath, list[Mapping[str, Any]]]:
    """The errors by the key that they are about; of a union's, only those about the deepest keys."""
    found: dict[KeyPath, list[Mapping[str, Any]]] = {}
    for each in error.errors(include_url=False, include_input=False):
        found.setdefault(_written_path(each["loc"], written, each["type"] == "missing"), []).append(each)
    deeper = {path for path in found if any(other[: len(path)] == path for other in found if len(other) > len(path))}
    return {path: reasons for path, reasons in found.items() if path not in deeper or not _of_type(reasons)}


def _of_type(reasons: Sequence[Mapping[str, Any]]) -> bool:
    return all(str(reason["type"]).endswith("_type") for reason in reasons)


def _written_path(loc: Sequence[str | int], written: Any, missing: bool) -> KeyPath:
    """Pydantic's path without the steps that nobody wrote (members of unions, names of validators)."""
    path: KeyPath = ()
    for position, part in enumerate(loc):
        inner = below(written, part)
        if inner is ABSENT and not (missing and position == len(loc) - 1):
            continue
        written = inner
        path = (*path, part)
    return path
