"""Arrows point down only: the level of each part of the core, and what may import what."""

from __future__ import annotations

import pytest
from code_tree import Module, core, imports, modules

# The first name after `segsync.`, and its level. A part may import lower levels and itself.
LEVELS = {
    "errors": 0,
    "clock": 0,
    "streams": 0,
    "model": 0,
    "spec": 1,
    "secrets": 1,
    "http": 1,
    "pace": 1,
    "options": 1,
    "redact": 1,
    "contract": 2,
    "plugins": 2,
    "accounting": 2,
    "config": 3,
    "warehouse": 3,
    "ledger": 3,
    "people": 4,
    "rules": 4,
    "segments": 5,
    "plan": 6,
    "wrappers": 7,
    "testing": 7,
    "sandbox": 7,
    "run": 8,
    "report": 9,
    "cli": 10,
}
MIXED = {1}  # levels whose parts may import one another
# Imports between siblings that are meant, each with its reason.
ALLOWED = {
    ("plugins", "contract"): "what is found must be a Connector",
}
OPEN_TO_CONNECTORS = {part for part, level in LEVELS.items() if level <= 2} | {"testing", "sandbox"}


def part(name: str) -> str:
    """`segsync.ledger.store` → `ledger`; empty for the package itself."""
    return [*name.split("."), ""][1]


def test_every_part_of_the_core_has_a_level() -> None:
    assert sorted({part(module.name) for module in core()} - LEVELS.keys() - {"", "__main__"}) == []


def wrong_imports(module: Module) -> list[str]:
    """The imports of one module of the core that point up or aside."""
    here = part(module.name)
    found = []
    for name, line in imports(module):
        there = part(name)
        if name.split(".")[0] != "segsync" or there in ("", here) or (here, there) in ALLOWED:
            continue
        level, other = LEVELS[here], LEVELS[there]
        if other > level or (other == level and level not in MIXED):
            found.append(f"{module.place}:{line} (level {level}) imports {name} (level {other})")
    return found


@pytest.mark.parametrize("module", [m for m in core() if part(m.name) in LEVELS], ids=lambda module: module.name)
def test_imports_point_down(module: Module) -> None:
    assert wrong_imports(module) == []


def connectors() -> set[str]:
    return {module.name.split(".")[0] for module in modules()} - {"segsync"}


def test_there_are_connectors_to_look_at() -> None:
    assert {"segsync_files", "segsync_klaviyo"} <= connectors()


def test_the_core_imports_no_connector() -> None:
    found = [
        f"{module.place}:{line} imports {name}"
        for module in core()
        for name, line in imports(module)
        if name.split(".")[0].startswith("segsync_")
    ]
    assert found == []


def test_connectors_import_only_the_open_part_of_the_core_and_never_one_another() -> None:
    found = []
    for module in modules():
        own = module.name.split(".")[0]
        for name, line in imports(module) if own != "segsync" else ():
            top = name.split(".")[0]
            closed = top == "segsync" and part(name) not in OPEN_TO_CONNECTORS | {""}
            if closed or (top.startswith("segsync_") and top != own):
                found.append(f"{module.place}:{line} imports {name}")
    assert found == []


def test_every_allowance_is_used() -> None:
    used = {(part(module.name), part(name)) for module in core() for name, _ in imports(module)}
    assert sorted(ALLOWED.keys() - used) == []
