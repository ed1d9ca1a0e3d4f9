"""Which files there are, whether they changed, and what kind of Shopify export each one is.

A failed look never passes for an empty shop: what cannot be found or opened is an error, not an absence.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from segsync.errors import ConfigError, Problem, Unavailable
from segsync.model import Cursor, Flaw
from segsync_files.lines import DELIMITERS, Row, open_text, rows, sniff_utf16

READER = 1  # raised when the same file would be read differently, so that it is read anew


@dataclass(frozen=True, slots=True)
class File:
    """A file to read. `label` is what places say: its name, or its whole path where two share the name."""

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class Print:
    """What a file was when it was looked at: enough to know whether it changed."""

    size: int
    sha256: str
    modified: int  # nanoseconds; only to notice a change while it is being read


@dataclass(slots=True)
class Search:
    """What a look at the configured paths found."""

    files: list[File] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Turn the system's refusals into ours: what the user can mend is a ConfigError, the rest Unavailable."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise ConfigError([Problem(str(path), "there is no such file")], where="the files") from None
    except PermissionError:
        remedy = f"let this user read it: chmod u+r '{path}'"
        raise ConfigError([Problem(str(path), "may not be read", remedy)], where="the files") from None
    except OSError as error:
        raise Unavailable(f"{path} could not be read: {error.strerror or type(error).__name__}") from error


def search(patterns: Sequence[str], home: Path, place: str, suffixes: Sequence[str]) -> Search:
    """The files that paths, folders and globs name: each once, in the order given, in a folder by natural order.

    Symbolic links are followed. A pattern that names nothing is a problem, and so is what is no file.
    """
    found = Search()
    paths: dict[Path, Path] = {}
    for pattern in patterns:
        matched = _match(pattern, home, place, suffixes, found.problems)
        paths |= {path.resolve(): path for path in matched if path.resolve() not in paths}
    names = [path.name for path in paths.values()]
    for path in paths.values():
        if problem := _not_a_file(path, place):
            found.problems.append(problem)
        else:
            found.files.append(File(path, path.name if names.count(path.name) == 1 else str(path)))
    return found


def _match(pattern: str, home: Path, place: str, suffixes: Sequence[str], problems: list[Problem]) -> list[Path]:
    path = home / Path(pattern).expanduser()
    try:
        if path.is_dir():
            inside = [p for p in path.iterdir() if p.suffix.lower() in suffixes and not p.name.startswith(".")]
            matched = sorted((p for p in inside if not p.is_dir()), key=natural)
            if not matched:
                problems.append(Problem(place, f"the folder {path} holds no {' or '.join(suffixes)} file"))
            return matched
    except PermissionError:
        problems.append(Problem(place, f"the folder {path} may not be read", f"chmod u+rx '{path}'"))
        return []
    if path.exists() or not re.search(r"[*?\[]", pattern):
        return [path]
    given = Path(pattern).expanduser()
    start, rest = (Path(given.anchor), given.relative_to(given.anchor)) if given.is_absolute() else (home, given)
    matched = sorted(start.glob(str(rest)), key=natural)
    if not matched:
        problems.append(Problem(place, f"no file matches {path}"))
    return [p for p in matched if not p.is_dir()]


def natural(path: Path) -> tuple[tuple[tuple[bool, int, str], ...], str]:
    """Order by name as people count: `export_2` before `export_10`, `export` before `export (1)`."""
    pieces = re.findall(r"\d+|\D+", path.stem)
    return tuple((p.isdigit(), int(p) if p.isdigit() else 0, p) for p in pieces), str(path)


def _not_a_file(path: Path, place: str) -> Problem | None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        broken = path.is_symlink()
        return Problem(place, f"{path} is a link to a file that is gone" if broken else f"there is no file {path}")
    except OSError as error:
        return Problem(place, f"{path} may not be read: {error.strerror}")
    if not stat.S_ISREG(mode):
        return Problem(place, f"{path} is no regular file", "give a file, a folder or a glob")
    if not os.access(path, os.R_OK):
        return Problem(place, f"{path} may not be read", f"chmod u+r '{path}'")
    return (
        Problem(place, f"{path} is empty, without even a header", "export it again")
        if not path.stat().st_size
        else None
    )


# --- whether a file changed -------------------------------------------------------------------------------------


def fingerprint(file: File) -> Print:
    """What the file is now; it is read once."""
    with opening(file.path), file.path.open("rb") as stream:
        before = os.fstat(stream.fileno())
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Print(before.st_size, digest, before.st_mtime_ns)


def unmoved(file: File, then: Print) -> None:
    """Raise Unavailable if the file was written to since it was looked at: what was read may be half of it."""
    with opening(file.path):
        now = file.path.stat()
    if (now.st_size, now.st_mtime_ns) != (then.size, then.modified):
        raise Unavailable(f"{file.path} changed while it was being read; run again once it is written")


def cursor(prints: Mapping[File, Print], config: str) -> Cursor:
    """What was read, as text: every file's size and digest, and how it was read."""
    files = {str(file.path): [mark.size, mark.sha256] for file, mark in prints.items()}
    return Cursor(json.dumps({"reader": READER, "config": config, "files": files}, sort_keys=True))


def unchanged(prints: Mapping[File, Print], config: str, since: Cursor | None) -> frozenset[File]:
    """The files that were read before, as they are now and as they are to be read now."""
    try:
        seen = json.loads(since.value) if since is not None else {}
        if (seen.get("reader"), seen.get("config")) != (READER, config):
            return frozenset()
        known = seen["files"]
    except (ValueError, AttributeError, KeyError):
        return frozenset()
    return frozenset(f for f, mark in prints.items() if known.get(str(f.path)) == [mark.size, mark.sha256])


# --- headers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """A CSV's first line: its columns by name, and what stands between cells."""

    names: tuple[str, ...]
    delimiter: str
    encoding: str

    @property
    def at(self) -> dict[str, int]:
        """Each column's place; of two of one name, the first."""
        return {name: i for i, name in reversed(list(enumerate(self.names)))}


def header(file: File, encoding: str, delimiter: str | None) -> Header:
    """The file's header. Without a given delimiter, the one that makes the most columns. Raises ConfigError."""
    with opening(file.path):
        with file.path.open("rb") as raw:
            head = raw.read(256)
        if sniff_utf16(head) and not encoding.lower().replace("-", "").startswith("utf16"):
            raise _bad(file, "the file is UTF-16, not " + encoding.upper(), 'set encoding = "utf-16"')
        candidates = [_first_row(file, encoding, mark) for mark in ([delimiter] if delimiter else DELIMITERS)]
    width, row, mark = max(candidates, key=lambda found: found[0])
    if not width:
        raise _bad(file, row.trouble or "the file holds no header", "its first line must name the columns")
    return Header(tuple(name.strip() for name in row.cells), mark, encoding)


def _first_row(file: File, encoding: str, delimiter: str) -> tuple[int, Row, str]:
    with open_text(file.path, encoding) as stream:
        row = next(rows(stream, delimiter, encoding), Row(1, ()))
    return (0 if row.trouble else len(row.cells)), row, delimiter


def body(file: File, head: Header) -> Iterator[Row]:
    """The rows under the header. Repeated header lines are left out; a row of another width has `trouble`.

    Raises Unavailable where the file ends in the middle of a row: it is still being written, or was cut short.
    """
    width = len(head.names)
    with opening(file.path), open_text(file.path, head.encoding) as stream:
        for row in rows(stream, head.delimiter, head.encoding):
            if not row.ended and (row.trouble or len(row.cells) < width):
                raise cut_short(file, row)
            if row.trouble:
                yield row
            elif len(row.cells) == width:
                if not _repeats(row.cells, head):
                    yield row
            elif len(row.cells) > width and not any(row.cells[width:]):
                yield replace(row, cells=row.cells[:width])
            else:
                count = f"{len(row.cells)} cell{'' if len(row.cells) == 1 else 's'}"
                yield replace(row, trouble=f"{count} under a header of {width} columns")


def cut_short(file: File, row: Row) -> Unavailable:
    """What to raise where a file ends in the middle of a record."""
    return Unavailable(
        f"{file.path} ends in the middle of a record (line {row.line}): it is still being written, or its download was "
        "cut short. Export it again; if it is whole, end its last line with a line break."
    )


def _repeats(cells: Sequence[str], head: Header) -> bool:
    return cells[0].strip() == head.names[0] and tuple(c.strip() for c in cells) == head.names


def flaw(file: File, row: Row) -> Flaw:
    """The row's trouble, with its place."""
    return Flaw(f"{file.label}:{row.line}", "", row.trouble)


def missing(file: File, head: Sequence[str], wanted: Sequence[str], place: str) -> list[Problem]:
    """A problem for each wanted column that the header lacks, with the likeliest one that it has."""
    problems = []
    for name in dict.fromkeys(wanted):
        if name not in head:
            close = get_close_matches(name, head, 1)
            remedy = f"did you mean `{close[0]}`?" if close else "it has: " + _some(head)
            problems.append(Problem(place, f"{file.label} has no column `{name}`", remedy))
        elif list(head).count(name) > 1:
            problems.append(Problem(place, f"{file.label} has two columns called `{name}`", "rename one of them"))
    return problems


def _some(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(f"`{n}`" for n in names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _bad(file: File, found: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(file.label, found, remedy)], where="the files")
