"""The docs say what the program says: generated pages, links, commands, examples; and the README's tour is real."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from segsync import rules
from segsync.cli import hoisted
from segsync.cli.app import app
from segsync.config import load
from segsync.streams import STREAMS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import generate  # noqa: E402  # docs/ is no package; its scripts lie beside what they write
import tour  # noqa: E402

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "bench" / "README.md", *sorted(DOCS.rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BASE = {
    "shop": '[shop]\ntimezone = "UTC"\ncurrency = "USD"\n',
    "sources": '[sources.files]\nshopify_export = "exports"\n',
    "destinations": "[destinations.klaviyo]\n",
}


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)


def anchors(text: str) -> set[str]:
    """What GitHub makes of a page's headings."""
    plain = re.sub(r"(?ms)^```.*?^```", "", text)
    titles = re.findall(r"(?m)^#+ +(.+)$", plain)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# --- generated ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(generate.written()), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_generated_page_reads_as_it_would_be_written_now(page: Path) -> None:
    assert page.exists(), "run: make docs"
    assert page.read_text(encoding="utf-8") == generate.written()[page], "run: make docs"


def test_every_part_that_can_be_generated_is_somewhere() -> None:
    found = {name for page in PAGES for _, name, _ in generate.PART.findall(page.read_text(encoding="utf-8"))}
    assert found == set(generate.PARTS)


def test_drift_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "README.md").write_text("# x\n<!-- traits: generated -->\nold\n<!-- end -->\n")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert "number_of_orders" in generate.written()[tmp_path / "README.md"]


# --- commands ----------------------------------------------------------------------------------------------


def typed() -> Iterator[tuple[str, str]]:
    """Every segsync command that a page tells to type, with its page."""
    for page, name in zip(PAGES, NAMES, strict=True):
        text = page.read_text(encoding="utf-8")
        for block in blocks(text, "console"):
            yield from ((name, line) for line in re.findall(r"(?m)^\$ (segsync.*?)(?:  .*)?$", block))
        prose = re.sub(r"(?ms)^```.*?^```", "", text)
        yield from ((name, " ".join(line.split())) for line in re.findall(r"`(segsync [^`…]+)`", prose))


def wrong(line: str) -> str | None:
    """What segsync would not understand in a line; None if it would take it."""
    words = hoisted(shlex.split(line)[1:])
    here: Any = typer.main.get_command(app)
    values = 0
    options = _options(here)
    while words:
        word = words.pop(0)
        name, _, given = word.partition("=")
        if word.startswith("-"):
            if name not in options:
                return f"no option {name}"
            param = options[name]
            if param and not param.is_flag and not given and not (words and words.pop(0)):
                return f"{name} without a value"
        elif hasattr(here, "commands"):
            if word not in here.commands:
                return f"no command {word}"
            here = here.commands[word]
            options = _options(here)
        else:
            values += 1
    arguments = [param for param in here.params if param.param_type_name == "argument"]
    if values > len(arguments):
        return "too many words"
    return None


def _options(command: Any) -> dict[str, Any]:
    named = {name: p for p in command.params if p.param_type_name == "option" for name in p.opts}
    return named | dict.fromkeys(("--help", "-h"))


@pytest.mark.parametrize(("page", "line"), sorted(set(typed())))
def test_what_a_page_tells_to_type_can_be_typed(page: str, line: str) -> None:
    assert wrong(line) is None


@pytest.mark.parametrize(
    "line",
    ["segsync pusch vip", "segsync push vip --now", "segsync push a b", "segsync secrets get x", "segsync --bad"],
)
def test_what_cannot_be_typed_is_seen(line: str) -> None:
    assert wrong(line)


@pytest.mark.parametrize("name", [name for name, _ in generate.commands()])
def test_every_command_is_in_the_readme_with_a_section_and_an_example(name: str) -> None:
    assert f"`segsync {name}`" in README
    section = (DOCS / "commands.md").read_text(encoding="utf-8").split(f"\n## segsync {name}\n")[1].split("\n## ")[0]
    assert re.search(rf"Example.*`segsync {name}\b.*`", section)


# --- links -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    lost = []
    for link in re.findall(r"\[[^\]]+\]\(([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link or (target.exists() and (not anchor or anchor in anchors(target.read_text("utf-8")))):
            continue
        lost.append(link)
    assert lost == []


def test_every_page_is_linked_from_the_readme() -> None:
    missing = [page.name for page in sorted(DOCS.rglob("*.md")) if f"({page.relative_to(ROOT)}" not in README]
    assert missing == []


# --- examples ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "block"),
    [
        (name, block)
        for page, name in zip(PAGES, NAMES, strict=True)
        for block in blocks(page.read_text(encoding="utf-8"), "toml")
        if "entry-points" not in block
    ],
)
def test_a_config_in_the_docs_is_right(page: str, block: str, tmp_path: Path) -> None:
    there = tomllib.loads(block)
    head = "" if "config_version" in there else "config_version = 1\n"
    rest = "".join(text for name, text in BASE.items() if name not in there)
    path = tmp_path / "segsync.toml"
    path.write_text(head + block + rest if head == "" else head + rest + block)
    config = load(path, environ={})
    found = rules.read({name: s.rule for name, s in config.segments.items()}, filled=frozenset(STREAMS))
    assert [str(problem) for problem in found.problems] == []


def test_the_rules_in_the_docs_are_rules() -> None:
    (block,) = blocks((DOCS / "rules.md").read_text(encoding="utf-8"), "rule")
    texts = {f"rule_{n}": line for n, line in enumerate(block.splitlines())} | {"vip": "number_of_orders >= 3"}
    assert len(texts) > 5
    assert [str(p) for p in rules.read(texts, filled=frozenset(STREAMS)).problems] == []


def test_the_connector_in_the_docs_keeps_the_contract(pytester: pytest.Pytester) -> None:
    code, contract = blocks((DOCS / "extending.md").read_text(encoding="utf-8"), "python")
    pytester.makepyfile(segsync_shelf=code, test_shelf=contract)
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret == 0
    assert result.parseoutcomes()["passed"] > 10


# --- what the README begins with ---------------------------------------------------------------------------


def test_the_readme_begins_with_the_two_commands() -> None:
    head = README.split("\n## ")[0]
    assert head.index("make demo") < head.index("make test") < head.index("Python 3.11")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"(?m)^demo:", makefile)
    assert re.search(r"(?m)^test:", makefile)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"] == ">=3.11"


def test_the_tour_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """The longest test of this file: nine commands, each a process. `docs/generate.py --tour` writes it anew."""
    wanted = tour.steps(README)
    assert [step.command.split()[1] for step in wanted if step.command.startswith("segsync")][:2] == ["sandbox", "init"]
    for step, played in zip(wanted, tour.play(wanted, tmp_path), strict=True):
        assert played.code == 0, f"$ {played.command}\n{played.output}"
        shown, printed = tour.masked(step.output), tour.masked(played.output)
        if shown.startswith("…\n"):
            assert printed.endswith(shown[1:]), f"$ {played.command}\n{played.output}"
        elif shown:
            assert printed == shown, f"$ {played.command}\n{played.output}"


def test_the_program_answers_without_a_config(tmp_path: Path) -> None:
    done = subprocess.run([*tour.SEGSYNC, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"segsync \d+\.\d+\.\d+\n", done.stdout)
