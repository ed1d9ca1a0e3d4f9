"""The project's own modules, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = (ROOT / "src", ROOT / "connectors")


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, and its tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def package(self) -> str:
        """The package that relative imports in it start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


@cache
def modules() -> tuple[Module, ...]:
    """Every module under src and connectors."""
    return tuple(
        Module(_dotted(path.relative_to(root)), path, ast.parse(path.read_text("utf-8")))
        for root in SOURCE_ROOTS
        for path in sorted(root.rglob("*.py"))
    )


def core() -> list[Module]:
    """The modules of segsync itself."""
    return [module for module in modules() if module.name.split(".")[0] == "segsync"]


def imports(module: Module) -> Iterator[tuple[str, int]]:
    """The dotted name of everything that a module imports, wherever and for whatever reason, with its line.

    `from segsync import errors` is `segsync.errors` where that is a module.
    """
    known = {other.name for other in modules()}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            for alias in node.names:
                deeper = f"{base}.{alias.name}"
                yield (deeper if deeper in known else base), node.lineno


def _base(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
