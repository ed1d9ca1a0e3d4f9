"""docs/operations.md shows what is really printed: every event of it is played here.

`SEGSYNC_WRITE_DOCS=1 pytest tests/docs/test_operations.py` (part of `make docs`) writes what is printed into the page.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from cli_world import Saved, World
from stories import SHOP, STORIES, Story

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
BLOCK = re.compile(r"(?s)<!-- event: (\w+) -->\n```console\n(.*?)\n```")
WRITE = "SEGSYNC_WRITE_DOCS"
WRITING = bool(os.environ.get(WRITE))  # read before a fixture empties the environment
NOT_PUSHED = {"first_push", "adopted_audience"}


@pytest.mark.parametrize("name", STORIES)
def test_the_page_shows_what_is_printed(world: World, beginnings: dict[bool, Saved], name: str) -> None:
    world.shop(SHOP)
    world.load(beginnings[name not in NOT_PUSHED])
    tale = Story(world)
    STORIES[name](tale)
    text = PAGE.read_text(encoding="utf-8")
    if WRITING:
        text = BLOCK.sub(lambda found: found[0] if found[1] != name else _block(name, tale.text), text)
        PAGE.write_text(text, encoding="utf-8")
    assert dict(BLOCK.findall(text)).get(name) == tale.text, f"run: make docs ({WRITE}=1)"


def test_every_event_of_the_page_is_played_once() -> None:
    shown = [name for name, _ in BLOCK.findall(PAGE.read_text(encoding="utf-8"))]
    assert sorted(shown) == sorted(STORIES)


def test_every_event_has_a_row_in_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8")
    linked = set(re.findall(r"(?m)^\| \[.*?\]\(#([\w-]+)\)", text))
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"(?m)^## (.+)$", text)}
    assert {re.sub(r"[^\w-]", "", title) for title in titles} == linked


def _block(name: str, text: str) -> str:
    return f"<!-- event: {name} -->\n```console\n{text}\n```"
