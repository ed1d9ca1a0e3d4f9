"""Which upper bounds of pyproject.toml the registry has newer versions beyond: one line each. Always exits 0."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]


def bounded() -> Iterator[Requirement]:
    """The dependencies with an upper bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        requirement = Requirement(line)
        if any(bound.operator in ("<", "<=", "==", "~=") for bound in requirement.specifier):
            yield requirement


def newest(name: str) -> Version | None:
    """The newest release that pip can see; None where it cannot say."""
    asked = [sys.executable, "-m", "pip", "index", "versions", name]
    answer = subprocess.run(asked, capture_output=True, text=True)  # noqa: S603 (names from our own pyproject)
    found = re.match(r"\S+ \(([^)]+)\)", answer.stdout)
    return Version(found[1]) if found else None


def verdict(requirement: Requirement) -> str:
    version = newest(requirement.name)
    if version is None:
        return f"{requirement.name}: the registry did not say"
    if version in requirement.specifier:
        return f"{requirement.name}: {version} is the newest, within {requirement.specifier}"
    return f"{requirement.name}: {version} is out, beyond {requirement.specifier}; the reason: docs/dependencies.md"


if __name__ == "__main__":
    for requirement in bounded():
        sys.stdout.write(verdict(requirement) + "\n")
