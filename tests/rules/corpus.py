"""The rules of corpus.txt by name; those without a name are called after their line."""

from __future__ import annotations

import re
from pathlib import Path

FILE = Path(__file__).with_name("corpus.txt")
_NAMED = re.compile(r"\[(\w+)\] (.*)")


def corpus() -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(FILE.read_text("utf-8").splitlines(), 1):
        if line and not line.startswith("# "):
            named = _NAMED.fullmatch(line)
            found[named[1] if named else f"line{number}"] = named[2] if named else line
    return found
