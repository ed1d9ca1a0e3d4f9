"""Where a TOML key stands. `tomllib` does not tell; tree-sitter does, and is imported only when somebody asks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Node

Path = tuple[str | int, ...]
_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


class Places:
    """The lines of one text's keys, found when first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: dict[Path, int] | None = None

    def line(self, path: Path) -> int | None:
        """The line, counted from 1, where a key or a table's header stands; None if it is not in this text."""
        if self._lines is None:
            self._lines = _lines(self._text)
        return self._lines.get(path)


def _lines(text: str) -> dict[Path, int]:
    import tree_sitter
    import tree_sitter_toml

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    walk = _Walk()
    with suppress(RecursionError):  # nested beyond reason: what was found until there is found
        walk.file(parser.parse(text.encode()).root_node)
    return {**walk.implied, **walk.own}


class _Walk:
    """Two kinds of places: of a key itself, and of the first key or header that implies it (`a` in `[a.b]`)."""

    def __init__(self) -> None:
        self.own: dict[Path, int] = {}
        self.implied: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}  # elements so far of each array of tables

    def file(self, root: Node) -> None:
        for node in root.children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in {"table", "table_array_element"}:
                self._section(node)

    def _section(self, node: Node) -> None:
        header = next(child for child in node.children if child.type in _KEYS)
        path = self._resolved(tuple(_names(header)), node.type == "table_array_element")
        self._put(path, 0, header)
        for child in node.children:
            if child.type == "pair":
                self._pair(child, path)

    def _resolved(self, names: tuple[str, ...], starts_element: bool) -> Path:
        """With the index of the latest element wherever the path leads through an array of tables."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if starts_element and position == len(names) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _pair(self, node: Node, base: Path) -> None:
        path = (*base, *_names(node.children[0]))
        self._put(path, len(base), node)
        self._value(node.children[-1], path)

    def _value(self, node: Node, path: Path) -> None:
        if node.type == "inline_table":
            for child in node.children:
                if child.type == "pair":
                    self._pair(child, path)
        elif node.type == "array":
            items = (child for child in node.children if child.is_named and child.type != "comment")
            for index, child in enumerate(items):
                self._put((*path, index), len(path), child)
                self._value(child, (*path, index))

    def _put(self, path: Path, known: int, node: Node) -> None:
        line = node.start_point[0] + 1
        self.own.setdefault(path, line)
        for length in range(known + 1, len(path)):
            self.implied.setdefault(path[:length], line)


def _names(node: Node) -> Iterator[str]:
    if node.type == "dotted_key":
        for child in node.children:
            yield from _names(child)
    elif node.type in _KEYS and node.text is not None:
        text = node.text.decode()
        yield text if node.type == "bare_key" else _unquoted(text)


def _unquoted(text: str) -> str:
    held: dict[str, Any] = tomllib.loads(f"{text} = 0")
    return next(iter(held))
