"""`segsync --help` answers at once: what is heavy is imported only by the commands that need it."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "pandas",
    "numpy",
    "pyarrow",
    "ibis",
    "duckdb",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy",
    "sqlglot",
    "requests",
    "werkzeug",
    "lark",
    "keyring",
    "phonenumbers",
    "pycountry",
    "tree_sitter",
)
PROGRAM = """
import sys
sys.argv = ["segsync", *sys.argv[1:]]
from segsync.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
else:
    code = 0
print("\\nIMPORTED", code, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported_by(*arguments: str) -> tuple[str, set[str]]:
    """The exit code of a command as text, and the top-level modules that it had imported when it ended."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    _, code, *names = done.stdout.splitlines()[-1].split(" ")
    return code, set(names)


def test_help_imports_nothing_heavy_and_no_connector() -> None:
    code, names = imported_by("--help")

    assert code in ("0", "None")
    assert "segsync" in names
    assert sorted(names & set(HEAVY)) == []
    assert sorted(name for name in names if name.startswith("segsync_")) == []


def test_the_version_imports_nothing_heavy() -> None:
    _, names = imported_by("--version")

    assert sorted(names & set(HEAVY)) == []
