"""An audience as a CSV file: its name, its rows, and how it is written. Cells are safe to open in a spreadsheet.

A cell that begins with = + - @ or a control character would be run as a formula; a `'` is put before it. Two columns
cannot bear that, because platforms match on them:

- a phone is E.164 (`+12125550123`): a sign and digits, which a spreadsheet may show as a number but has nothing to run.
  It is written as it is, since Google asks for the sign and the others take it; anything else in a phone is refused.
- an e-mail that begins so is refused, rather than altered into somebody else's.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from segsync.errors import ConfigError, Problem
from segsync.model import Identifiers

COLUMNS = ("person", "email", "phone", "first_name", "last_name", "city", "region", "postal_code", "country")
RUNS = frozenset("=+-@＝＋－＠\t\r\n")  # what makes a spreadsheet take a cell for a formula
UNFINISHED = ".segsync-"  # how the name of a file that is being written begins
NAME_BYTES = 200  # of a file's name, 255 being the most that file systems take

Line = dict[str, str]

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)  # by Windows, for devices


def file_name(audience: str) -> str:
    """The audience's file: its name, where that can be a file's name; else what can, and a digest of the name."""
    stem = _UNSAFE.sub("_", audience).strip(" .")
    while len(stem.encode()) > NAME_BYTES:
        stem = stem[:-1]
    if stem != audience or not stem or _RESERVED.match(stem):
        stem = f"{stem or 'audience'}-{hashlib.sha256(audience.encode()).hexdigest()[:8]}"
    stem = f"_{stem}" if _RESERVED.match(stem) else stem
    return f"{stem}.csv"


def line_of(key: str, facts: Identifiers) -> Line | str:
    """A person as a line of the file; or why they cannot be one."""
    email = next(iter(facts.emails), "")
    phone = next(iter(facts.phones), "")
    if not email and not phone:
        return "neither an e-mail nor a phone"
    if email and ("@" not in email or any(c.isspace() for c in email)):
        return "the e-mail is not valid"
    if _runs(email):
        return f"the e-mail begins with `{email[0]}`, which a spreadsheet takes for a formula"
    if phone and not _E164.fullmatch(phone):
        return "the phone is not in the form +12125550123"
    known = {
        "first_name": facts.first_name,
        "last_name": facts.last_name,
        "city": facts.city,
        "region": facts.region,
        "postal_code": facts.postal_code,
        "country": facts.country,
    }
    return {"person": key, "email": email, "phone": phone} | {name: value or "" for name, value in known.items()}


def safe(text: str) -> str:
    """Text as a cell that no spreadsheet runs; a `'` of its own before such a sign is doubled. `plain` undoes it."""
    return f"'{text}" if _runs(text.lstrip("'")) else text


def plain(cell: str) -> str:
    """What `safe` was given."""
    return cell[1:] if cell[:1] == "'" and _runs(cell.lstrip("'")) else cell


def _runs(text: str) -> bool:
    return text != "" and text[0] in RUNS


def read(path: Path) -> list[Line]:
    """The file's lines, in order. Raises ConfigError where it is not such a file."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            reader = csv.DictReader(stream, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise _not_ours(path, f"its columns are not {', '.join(COLUMNS)}")
            lines = list(reader)
        except (csv.Error, UnicodeDecodeError) as error:
            raise _not_ours(path, f"it cannot be read as CSV ({type(error).__name__})") from None
    if any(None in line or None in line.values() for line in lines):
        raise _not_ours(path, "a line has too few or too many cells")
    return [{name: plain(cell) for name, cell in line.items()} for line in lines]


def is_ours(path: Path) -> bool:
    """Does the file begin as an audience of segsync does? Raises OSError."""
    with path.open("rb") as stream:
        return stream.readline(1_000).decode("utf-8-sig", errors="replace").strip() == ",".join(COLUMNS)


def _not_ours(path: Path, why: str) -> ConfigError:
    remedy = "move it away, or name the audience otherwise; segsync leaves files alone that it did not write"
    return ConfigError(
        [Problem(str(path), f"is not an audience of segsync: {why}", remedy)], where="the audience files"
    )


def write(path: Path, lines: Mapping[str, Line], *, strangers: list[Line] | None = None) -> None:
    """Put these lines in the file's place, by person: whole or not at all, mode 0600. Raises OSError."""
    handle, temporary = mkstemp(dir=path.parent, prefix=UNFINISHED, suffix=".csv")  # created with mode 0600
    try:
        with open(handle, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123  # a descriptor has no path
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(map(_cells, strangers or ()))
            writer.writerows(_cells(lines[key]) for key in sorted(lines))
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    _sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Take away what a killed run left half-written: there are people in it."""
    with suppress(OSError):
        for left in folder.glob(f"{UNFINISHED}*.csv"):
            left.unlink()


def _cells(line: Line) -> Line:
    return {name: text if name == "phone" and _E164.fullmatch(text) else safe(text) for name, text in line.items()}


def _sync_folder(folder: Path) -> None:
    """Make the rename outlive a power cut, where folders can be synced (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
