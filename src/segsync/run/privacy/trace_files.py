"""Traces that keep people in them lie wherever the user wanted them: they are remembered, and scrubbed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Final
from urllib.parse import quote

from segsync.ledger import Ledger, erasures

SHORTEST: Final = 8  # characters of an id that is looked for: a shorter one stands for anything


def scrub(ledger: Ledger, values: Set[str], ids: Set[str]) -> list[str]:
    """Take every line out that names one of these, plain, escaped or hashed; what was done, a sentence a file.

    A file that is gone is remembered no longer.
    """
    needles = sorted({needle for value in values for needle in _spellings(value)})
    needles += sorted(id_.lower() for id_ in ids if len(id_) >= SHORTEST)
    notes = []
    for name in erasures.written_files(ledger):
        path = Path(name)
        try:
            gone = _scrub_file(path, needles)
        except FileNotFoundError:
            erasures.drop_file(ledger, name)
            notes.append(f"the trace {name} is not there any more: what became of it is not known")
        except OSError as error:
            notes.append(f"the trace {name} could not be read ({error.strerror}): look for them there yourself")
        else:
            if gone:
                notes.append(f"{gone:,} line{'' if gone == 1 else 's'} went from the trace {name}")
    return notes


def _scrub_file(path: Path, needles: list[str]) -> int:
    """The lines that went. The file is changed whole or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    gone = 0
    with (
        path.open("rb") as lines,
        os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as kept,
    ):
        for line in lines:
            text = line.decode("utf-8", "replace").lower()
            if any(needle in text for needle in needles):
                gone += 1
            else:
                kept.write(line)
    if gone:
        unfinished.replace(path)
    else:
        unfinished.unlink()
    return gone


def _spellings(value: str) -> Iterator[str]:
    """How a value may stand in a line: plain, as JSON or a URL writes it, and as platforms hash it."""
    yield value.lower()
    yield json.dumps(value)[1:-1].lower()
    yield json.dumps(json.dumps(value))[2:-2].lower()
    for safe in ("", "@", "+"):
        yield quote(value, safe=safe).lower()
    for plain in {value, value.lower(), value.lstrip("+")}:
        yield hashlib.sha256(plain.encode()).hexdigest()
