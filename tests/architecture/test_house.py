"""Rules of the house that a machine can hold: time, printing, capabilities, lengths, and what is committed."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from code_tree import ROOT, Module, core, modules

from segsync.spec import Reads, Writes

LONGEST = 400  # lines a file
PRINTING = ("segsync.cli", "segsync.report")  # only these speak to the terminal

# Calls that read the clock, sleep or draw, by their last two names.
TIME_AND_CHANCE = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|monotonic|perf_counter|sleep|localtime|gmtime)"
    r"|random\.(?!Random$)\w+|secrets\.(token_\w+|choice|randbelow)|uuid\.?(uuid1|uuid4)|os\.urandom)$"
    r"|^(uuid1|uuid4|perf_counter|monotonic|sleep)$"
)
MAY_READ_TIME = {
    "src/segsync/clock.py": "the one place that reads the machine's clock",
    "connectors/segsync_klaviyo/sandbox/answers.py": "each error of the platform has an id that is seen nowhere else",
}
HOSTS = re.compile(r"(pypi\.org|pythonhosted\.org|--(extra-)?index-url|--find-links|file:///)", re.IGNORECASE)


def calls(module: Module) -> Iterator[tuple[str, int]]:
    """The dotted name of everything that a module calls or passes on to be called, with its line."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            yield ast.unparse(node), node.lineno


def test_nobody_else_reads_the_clock_sleeps_or_draws() -> None:
    found = [
        f"{module.place}:{line} uses {name}"
        for module in modules()
        if module.place not in MAY_READ_TIME
        for name, line in calls(module)
        if TIME_AND_CHANCE.search(name) and not name.startswith(("self.", "clock.", "kit."))
    ]
    assert found == []


@pytest.mark.parametrize(
    "name",
    ["datetime.now", "datetime.datetime.now", "date.today", "time.sleep", "random.choice", "uuid4", "uuid.uuid4"],
)
def test_the_search_sees_what_it_is_for(name: str) -> None:
    assert TIME_AND_CHANCE.search(name)


@pytest.mark.parametrize("name", ["clock.now", "random.Random", "datetime.combine", "clock.sleep", "self._clock.sleep"])
def test_the_search_leaves_the_rest(name: str) -> None:
    assert not TIME_AND_CHANCE.search(name)


def test_only_faces_print() -> None:
    found = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        if not module.name.startswith(PRINTING)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.stdout.write", "sys.stderr.write")
    ]
    assert found == []


@pytest.mark.parametrize(
    ("side", "field"), [(side, field.name) for side in (Reads, Writes) for field in dataclasses.fields(side)]
)
def test_every_capability_changes_a_decision(side: type, field: str) -> None:
    """Some branch of the engine reads it as `….writes.field` or `….reads.field`; else it should be deleted."""
    machinery = ("segsync.spec", "segsync.wrappers", "segsync.testing")
    readers = [
        module.place
        for module in core()
        if not module.name.startswith(machinery)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == field
        if ast.unparse(node.value).rpartition(".")[2].endswith(side.__name__.lower())
    ]
    assert readers, f"nothing reads spec.{side.__name__.lower()}.{field}"


def committed() -> list[Path]:
    """Every file that is committed, or would be by `git add .`; all files where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listed.returncode:
        names = [path for path in ROOT.rglob("*") if not set(path.relative_to(ROOT).parts) & {".venv", ".git"}]
    else:
        names = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in names if path.is_file()]


def text(path: Path) -> str:
    return path.read_text("utf-8", errors="ignore")


def test_no_module_is_too_long() -> None:
    lengths = {module.place: len(text(module.path).splitlines()) for module in modules()}

    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_registry_host_is_committed() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in committed()
        if path != Path(__file__)
        and path.suffix in (".py", ".toml", ".txt", ".cfg", ".md", ".sh", "")
        and path.name != "LICENSE"
        for number, line in enumerate(text(path).splitlines(), 1)
        if HOSTS.search(line)
    ]
    assert found == []


def test_constraints_are_names_and_exact_versions() -> None:
    lines = text(ROOT / "constraints.txt").splitlines()

    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][\w.]*", line)] == []
    assert lines == sorted(lines, key=str.lower)


def dependencies() -> list[str]:
    """The names that pyproject.toml asks for, those for development included."""
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in wanted]


def test_every_dependency_has_its_reason() -> None:
    reasons = text(ROOT / "docs" / "dependencies.md")

    assert [name for name in dependencies() if f"| `{name}` |" not in reasons] == []


def test_no_reason_is_left_of_a_dependency_that_went() -> None:
    given = re.findall(r"^\| `([^`]+)` \|", text(ROOT / "docs" / "dependencies.md"), re.MULTILINE)

    assert sorted(given, key=str.lower) == sorted(dependencies(), key=str.lower)


def test_every_dependency_is_pinned() -> None:
    pinned = {line.partition("==")[0].lower() for line in text(ROOT / "constraints.txt").splitlines()}

    assert [name for name in dependencies() if name.lower() not in pinned] == []
