"""Finding and reading the files, with a word for everything that a file can be instead of TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segsync.config.places import Places
from segsync.errors import ConfigError, Problem

USUAL = "segsync.toml"
VARIABLE = "SEGSYNC_CONFIG"
LARGEST = 4_000_000  # bytes

_HINTS = {
    "Invalid value": 'text needs quotes: key = "text"; true and false are lower-case',
    "Cannot overwrite a value": "the key is there twice: keep one",
    "Cannot declare": "the table is there twice: put its keys under one header",
    "Expected '=' after a key": "a line is: key = value",
    "Expected newline or end of document": "one key = value a line; text needs quotes",
    "Unescaped '\\'": "write \\\\ for a backslash, or use single quotes: 'C:\\folder'",
    "Invalid initial character for a key part": 'a key has letters, digits, _ and -; others need quotes: "odd key" = 1',
    "Invalid statement": "a line is: key = value, or [table]; a key with other letters than a-z needs quotes",
    "Unclosed array": "a [ has no ]",
    "Unterminated string": "a quote is missing",
    "Expected": "a quote or a bracket is missing",
}


@dataclass(frozen=True, slots=True)
class File:
    """One TOML file, read: its tables, and where each key stands."""

    path: Path
    tables: Mapping[str, Any]
    places: Places

    @property
    def name(self) -> str:
        return self.path.name


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The file to read: the one that was named, else SEGSYNC_CONFIG's, else `segsync.toml` in `cwd`.

    Raises ConfigError where it does not exist.
    """
    named = explicit or (Path(environ[VARIABLE]) if environ.get(VARIABLE) else None)
    path = cwd / (named or Path(USUAL)).expanduser()
    if not path.exists():
        said = "--config" if explicit else VARIABLE if named else "here"
        remedy = f"to make one: segsync init\nto use one that is elsewhere: --config FOLDER/{USUAL}, or {VARIABLE}"
        raise ConfigError([Problem(str(path), f"there is no such file ({said})", remedy)])
    return path


def read(path: Path, problems: list[Problem]) -> File | None:
    """The file's tables; None, with what is wrong added to `problems`, where they cannot be had."""
    content = _content(path)
    if isinstance(content, Problem):
        problems.append(content)
        return None
    found = _parsed(content, path.name)
    if isinstance(found, Problem):
        problems.append(found)
        return None
    return File(path, found, Places(content))


def _content(path: Path) -> str | Problem:
    try:
        if path.is_dir():
            return Problem(str(path), "is a folder", f"name the file: --config {path / USUAL}")
        if path.exists() and not path.is_file():
            return Problem(str(path), "is not a file", "a configuration is a regular file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Problem(str(path), "there is no such file", "make it, or leave out --env")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no such path"
        return Problem(str(path), f"cannot be read: {reason}")
    return _decoded(content, path.name)


def _decoded(content: bytes, name: str) -> str | Problem:
    if len(content) > LARGEST:
        return Problem(name, f"is larger than {LARGEST // 1_000_000} MB", "is it the right file?")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem(name, "is UTF-16", "save it as UTF-8", line=1)
    if content.startswith(b"\xef\xbb\xbf"):
        return Problem(name, "begins with a byte order mark", "save it as UTF-8 without BOM", line=1)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    return Problem(name, "is not UTF-8", "save it as UTF-8", line=line)


def _parsed(content: str, name: str) -> dict[str, Any] | Problem:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        text = str(error)
    except RecursionError:
        return Problem(name, "is nested too deeply")
    except ValueError:
        return Problem(name, "holds a number that is too long", "put text in quotes")
    # tomllib names keys and single characters in its texts, never values.
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", text)
    reason = text[: place.start()] if place else text
    column = f", at column {place[2]}" if place and place[2] else ""
    line = int(place[1]) if place and place[1] else content.count("\n") + 1
    hint = next((hint for start, hint in _HINTS.items() if reason.startswith(start)), "")
    return Problem(name, f"is not valid TOML{column}: {reason[:1].lower()}{reason[1:]}", hint, line=line)
