"""Where secrets come from: an environment variable, else the system keyring, else a file that the config refers to.

A secret is a `SecretStr` from the moment it is read, and no error here carries a value: only names and places.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr

from segsync.errors import ConfigError, Problem
from segsync.spec import SecretSpec

SERVICE = "segsync"
PREFIX = "SEGSYNC_SECRET__"
REFERENCE = "file:"
LONGEST = 65_536  # bytes; a longer file is not a secret

Where = Literal["env", "keyring", "file", "missing"]


class Keyring(Protocol):
    """The part of the `keyring` package that is used; the module itself keeps this promise."""

    def get_password(self, service_name: str, username: str, /) -> str | None: ...
    def set_password(self, service_name: str, username: str, password: str, /) -> None: ...
    def delete_password(self, service_name: str, username: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one secret stands, never what it is. `place` names the variable, the keyring's entry or the file."""

    section: str
    name: str
    where: Where
    place: str
    required: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A value with its place, or the reason why there is none."""

    where: Where = "missing"
    place: str = ""
    value: SecretStr | None = None
    flaw: str = ""


def variable(section: str, name: str) -> str:
    """The environment variable that holds a secret: `SEGSYNC_SECRET__KLAVIYO__API_KEY`."""
    return f"{PREFIX}{section}__{name}".upper()


def resolve(
    section: str,
    specs: Sequence[SecretSpec],
    references: Mapping[str, str],
    *,
    environ: Mapping[str, str],
    home: Path = Path(),
    keyring: Keyring | None = None,
) -> dict[str, SecretStr]:
    """The secrets of one section by name; an optional one that stands nowhere is left out.

    `references` are the section's `file:` values, relative to `home`. `keyring` is the system's unless given.
    Raises ConfigError with every secret that is missing or cannot be used, and all three ways to supply it.
    """
    secrets: dict[str, SecretStr] = {}
    problems: list[Problem] = []
    for spec in specs:
        found, keyring_flaw = _look(section, spec.name, references, environ, home, keyring)
        place = f"{section}.{spec.name}"
        if found.value is not None:
            secrets[spec.name] = found.value
        elif found.flaw:
            problems.append(Problem(place, f"{found.place}: {found.flaw}", "store it again, whole and by itself"))
        elif spec.required:
            problems.append(_missing(section, spec, environ, keyring_flaw))
    if problems:
        raise ConfigError(problems, where=f"the secrets of {section}")
    return secrets


def known(
    section: str,
    specs: Sequence[SecretSpec],
    references: Mapping[str, str],
    *,
    environ: Mapping[str, str],
    home: Path = Path(),
    keyring: Keyring | None = None,
) -> tuple[Standing, ...]:
    """Where each secret of a section stands, in the order of its connector's spec. Raises nothing about values."""
    standings = []
    for spec in specs:
        found, _ = _look(section, spec.name, references, environ, home, keyring)
        place = f"{found.place}: {found.flaw}" if found.flaw else found.place
        standings.append(Standing(section, spec.name, found.where, place, spec.required, spec.description))
    return tuple(standings)


def store(name: str, value: SecretStr | str, *, keyring: Keyring | None = None) -> None:
    """Keep a secret, called `section.name`, in the system keyring, and prove that it is there.

    Raises ConfigError where the value cannot be a secret, or where this machine keeps none.
    """
    section, secret = split(name)
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    cleaned, flaw = _cleaned(text)
    if cleaned is None:
        raise _refused(name, flaw, "paste it whole, on one line")
    flaw = _kept(keyring or _system_keyring(), name, cleaned)
    if flaw:
        raise _refused(name, f"{flaw}; nothing was stored", _other_ways(section, secret))


def delete(name: str, *, keyring: Keyring | None = None) -> None:
    """Take a secret, called `section.name`, out of the system keyring. Raises ConfigError where none is there."""
    section, secret = split(name)
    ring = keyring or _system_keyring()
    value, flaw = _read(ring, name)
    if value is None:
        elsewhere = f"if it stands in {variable(section, secret)} or in a file, remove it there"
        raise _refused(name, flaw or "the keyring holds no such secret", elsewhere)
    try:
        ring.delete_password(SERVICE, name)
    except Exception as error:  # whatever a keyring's backend may raise
        flaw = _backend_flaw(error)
    if flaw:
        raise _refused(name, flaw, "remove it with the keyring's own program")


def split(name: str) -> tuple[str, str]:
    """`klaviyo.api_key` as section and secret. Raises ConfigError for anything else."""
    section, dot, secret = name.partition(".")
    if not (dot and section.isidentifier() and secret.isidentifier()):
        raise _refused("the secret's name", "is not SECTION.NAME", "such as: segsync secrets set klaviyo.api_key")
    return section, secret


def _look(
    section: str,
    name: str,
    references: Mapping[str, str],
    environ: Mapping[str, str],
    home: Path,
    keyring: Keyring | None,
) -> tuple[_Found, str]:
    """Where the secret stands; and what is wrong with the keyring, if it was asked."""
    place = variable(section, name)
    if environ.get(place, "").strip():  # an empty one is an unset one: CI systems pass those
        return _judged("env", place, environ[place]), ""
    value, flaw = _read(keyring or _system_keyring(), f"{section}.{name}")
    if value is not None and value.strip():
        return _judged("keyring", f"keyring entry {section}.{name}", value), flaw
    if name in references:
        return _from_file(references[name], home), flaw
    return _Found(), flaw


def _judged(where: Where, place: str, text: str) -> _Found:
    cleaned, flaw = _cleaned(text)
    return _Found(where, place, None if cleaned is None else SecretStr(cleaned), flaw)


def _cleaned(text: str) -> tuple[str | None, str]:
    """The secret without white space around it; None and the reason where it cannot travel in a header."""
    text = text.strip().removeprefix("\ufeff").strip()
    if not text:
        return None, "is empty"
    if any(unicodedata.category(mark) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for mark in text):
        return None, "holds a line break or another invisible character inside"
    return text, ""


def _from_file(reference: str, home: Path) -> _Found:
    path = home / Path(reference.removeprefix(REFERENCE).strip()).expanduser()
    place = str(path)
    try:
        if path.is_dir():
            return _Found("missing", place, flaw="is a folder")
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except FileNotFoundError:
        return _Found("missing", place, flaw="there is no such file")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such path"
        return _Found("missing", place, flaw=f"cannot be read: {reason}")
    if len(content) > LONGEST:
        return _Found("missing", place, flaw="is far too long for a secret")
    # Decoding errors carry the bytes: none is raised.
    text = content.decode("utf-8", "surrogateescape")
    return _judged("file", place, text)


def _system_keyring() -> Keyring:
    import keyring

    ring: Keyring = keyring
    return ring


def _read(keyring: Keyring, name: str) -> tuple[str | None, str]:
    """The keyring's value, if any; and what is wrong with the keyring, if anything is."""
    try:
        return keyring.get_password(SERVICE, name), ""
    except Exception as error:  # a backend may raise anything: D-Bus errors, its own, or the system's
        return None, _backend_flaw(error)


def _kept(keyring: Keyring, name: str, text: str) -> str:
    """Write and read back (the null backend takes everything and keeps nothing); what went wrong, or nothing."""
    try:
        keyring.set_password(SERVICE, name, text)
    except Exception as error:  # as above
        return _backend_flaw(error)
    value, flaw = _read(keyring, name)
    return flaw or ("" if value == text else "the keyring of this machine keeps nothing")


def _backend_flaw(error: Exception) -> str:
    # Only the type's name: a backend's own words might hold the value.
    if type(error).__name__ in {"NoKeyringError", "InitError"}:
        return "there is no keyring on this machine"
    return f"the keyring does not answer ({type(error).__name__}); is it locked?"


def _missing(section: str, spec: SecretSpec, environ: Mapping[str, str], keyring_flaw: str) -> Problem:
    place = variable(section, spec.name)
    lines = [spec.description] if spec.description else []
    others = [name for name in environ if name.startswith(PREFIX) and name != place]
    if close := difflib.get_close_matches(place, others, n=1, cutoff=0.85):
        lines.append(f"{close[0]} is set: did you mean {place}?")
    command = f"segsync secrets set {section}.{spec.name}"
    lines += [
        f"in the environment: {place}=…" + (" (it is set, but empty)" if place in environ else ""),
        f"or in the keyring:  {command}" + (f"   ({keyring_flaw})" if keyring_flaw else ""),
        f"or in a file:       {spec.name} = {_example_reference(section, spec.name)}   (in the section of {section})",
    ]
    return Problem(f"{section}.{spec.name}", "missing secret", "\n".join(lines))


def _other_ways(section: str, name: str) -> str:
    return (
        f"set it in the environment: {variable(section, name)}=…\n"
        f"or keep it in a file, and write in the config: {name} = {_example_reference(section, name)}"
    )


def _example_reference(section: str, name: str) -> str:
    return f'"{REFERENCE}/run/secrets/{section}_{name}"'


def _refused(place: str, found: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(place, found, remedy)], where="the secrets")
