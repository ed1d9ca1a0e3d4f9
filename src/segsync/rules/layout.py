"""The canonical form of a rule: keywords in capitals, one space where one belongs, and lines broken before AND and OR.

Comments are kept: one behind something stays behind it, one on a line of its own stays before what follows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lark import Token

from segsync.rules.parse import lark, parse, parse_value
from segsync.rules.problems import Sheet

WIDTH = 88
STEP = 2
_COMMENT = re.compile(r"'(?:\\.|[^'\\\n])*'|((?:(?<=\s)|\A)--(?=\s|\Z)[^\n]*)")
_LOWER = frozenset({"DAYNAME", "OFFSET", "RETIRED"})
_ASKED = frozenset({"_IN", "_MATCHES", "_NOT_MATCHES"})
_OPERATORS = frozenset({"PLUS", "MINUS", "TIMES", "OVER", "CMP"})


@dataclass(slots=True)
class Piece:
    """A token as it is written, with the comments before it (each on its line) and the one behind it."""

    type: str
    text: str
    before: list[str] = field(default_factory=list)
    behind: str = ""


@dataclass(slots=True)
class Group:
    """What stands between parentheses."""

    opening: Piece
    inner: list[Node]
    closing: Piece


Node = Piece | Group


def fmt(text: str, *, section: str = "segments") -> str:
    """The rule (with "traits", a trait's value) in its canonical form: the same meaning, and the same when done again.

    Parentheses that group nothing are left out, unless a comment hangs on them.

    Raises ValueError, with what is wrong, for a text that cannot be read.
    """
    sheet = Sheet("it", text, section)
    tree = parse(sheet) if section == "segments" else parse_value(sheet)
    if tree is None or sheet.problems:
        raise ValueError("\n".join(map(str, sheet.problems)))
    pieces, last = _pieces(text, "start" if section == "segments" else "value")
    nodes = _needed(_nested(pieces), top=True)
    writer = _Writer()
    writer.write(nodes, 0)
    for comment in last:
        writer.comment(comment, 0)
    return writer.done()


# --- pieces ------------------------------------------------------------------------------------------------


def _pieces(text: str, start: str) -> tuple[list[Piece], list[str]]:
    """The tokens with their comments, and the comments on lines of their own at the end."""
    tokens = list(lark().parse_interactive(text, start=start).iter_parse())
    comments = [(found.start(1), found[1].rstrip()) for found in _COMMENT.finditer(text) if found[1]]
    pieces: list[Piece] = []
    at = 0
    for token in tokens:
        piece = Piece(token.type, _written(token))
        at = _take(comments, int(token.start_pos or 0), at, text, pieces, piece.before)
        pieces.append(piece)
        at = int(token.end_pos or 0)
    last: list[str] = []
    _take(comments, len(text) + 1, at, text, pieces, last)
    return pieces, last


def _take(
    comments: list[tuple[int, str]], until: int, at: int, text: str, pieces: list[Piece], before: list[str]
) -> int:
    """Take the comments up to a place: the first is behind the last piece if it stands on its line."""
    while comments and comments[0][0] < until:
        place, comment = comments.pop(0)
        if pieces and not pieces[-1].behind and not before and "\n" not in text[at:place]:
            pieces[-1].behind = comment
        else:
            before.append(comment)
    return at


def _written(token: Token) -> str:
    if token.type.startswith("_"):
        return token.upper().replace("_", " ")
    if token.type in _LOWER or (token.type == "NAME" and token.lower() in ("true", "false")):
        return token.lower()
    return str(token)


def _nested(pieces: Sequence[Piece]) -> list[Node]:
    levels: list[list[Node]] = [[]]
    openings: list[Piece] = []
    for piece in pieces:
        if piece.type == "LPAR":
            openings.append(piece)
            levels.append([])
        elif piece.type == "RPAR":
            inner = levels.pop()
            levels[-1].append(Group(openings.pop(), inner, piece))
        else:
            levels[-1].append(piece)
    return levels[0]


def _needed(nodes: Sequence[Node], *, top: bool = False) -> list[Node]:
    """The same without parentheses around a single clause, around parentheses, or around the whole rule."""
    found: list[Node] = []
    for number, node in enumerate(nodes):
        before = nodes[number - 1] if number else None
        if isinstance(node, Piece) or not _groups(before, node):
            found.append(node)
            continue
        inner = _needed(node.inner, top=top and len(nodes) == 1)
        alone = len(inner) == 1 and isinstance(inner[0], Group)
        kept = isinstance(before, Piece) and before.type == "_NOT" and not alone
        silent = not any((p.before or p.behind) for p in (node.opening, node.closing))
        if silent and not kept and (alone or len(_split(inner)) == 1 or (top and len(nodes) == 1)):
            found += inner
        else:
            found.append(Group(node.opening, inner, node.closing))
    return found


def _groups(before: Node | None, node: Group) -> bool:
    """Do these parentheses group conditions, rather than values or what a function is asked?"""
    if isinstance(before, Piece) and (before.type == "NAME" or before.type in _ASKED):
        return False
    return any(
        _groups(node.inner[number - 1] if number else None, inner)
        if isinstance(inner, Group)
        else inner.type == "CMP" or inner.type.startswith("_")
        for number, inner in enumerate(node.inner)
    )


def _in_line(nodes: Sequence[Node]) -> list[Piece]:
    found: list[Piece] = []
    for node in nodes:
        found += [node] if isinstance(node, Piece) else [node.opening, *_in_line(node.inner), node.closing]
    return found


def _split(nodes: Sequence[Node]) -> list[list[Node]]:
    """The parts that the loosest of OR and AND joins; each but the first begins with its joiner."""
    joiners: dict[str, list[int]] = {"_OR": [], "_AND": []}
    between = False
    for number, node in enumerate(nodes):
        if isinstance(node, Piece) and node.type in ("_OR", "_AND", "_BETWEEN"):
            if node.type != "_BETWEEN" and not between:
                joiners[node.type].append(number)
            between = node.type == "_BETWEEN"
    cuts = [0, *(joiners["_OR"] or joiners["_AND"]), len(nodes)]
    return [list(nodes[start:end]) for start, end in pairwise(cuts)]


def _space(before: Piece | None, piece: Piece, *, unary: bool) -> str:
    if before is None or before.type == "LPAR" or piece.type in ("RPAR", "COMMA", "COLON"):
        return ""
    if unary:  # behind a sign; two of them together would be no part of the language
        return " " if piece.type == "MINUS" else ""
    return "" if piece.type == "LPAR" and before.type == "NAME" else " "


# --- lines -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Writer:
    lines: list[str] = field(default_factory=lambda: [""])
    last: Piece | None = None
    unary: bool = False
    ended: bool = False  # by a comment: what follows needs a line of its own

    def done(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines if line.strip())

    def write(self, nodes: Sequence[Node], indent: int) -> None:
        parts = _split(nodes)
        if self._fits(nodes, indent):
            self._put_all(_in_line(nodes), indent)
        elif len(parts) == 1:
            for node in nodes:
                self._node(node, indent)
        else:
            self.write_part(parts[0], indent)
            for joiner, *part in parts[1:]:
                self._line(indent)
                self._put_all(_in_line([joiner]), indent)
                self.write_part(part, indent)

    def write_part(self, part: Sequence[Node], indent: int) -> None:
        """A part of an OR or an AND; what joins its own parts stands deeper."""
        self.write(part, indent + STEP)

    def comment(self, text: str, indent: int) -> None:
        """A comment on a line of its own."""
        if self.lines[-1].strip():
            self._line(indent)
        self.lines[-1] += text
        self._line(indent)

    def _node(self, node: Node, indent: int) -> None:
        if isinstance(node, Piece) or len(_split(node.inner)) == 1 or self._fits([node], indent):
            self._put_all(_in_line([node]), indent)
            return
        self._put(node.opening, indent)
        outer = len(self.lines[-1]) - len(self.lines[-1].lstrip())
        self._line(outer + STEP)
        self.write(node.inner, outer + STEP)
        self._line(outer)
        self._put(node.closing, outer)

    def _fits(self, nodes: Sequence[Node], indent: int) -> bool:
        pieces = _in_line(nodes)
        if any(piece.before or piece.behind for piece in pieces):
            return False
        used = len(self.lines[-1]) if self.lines[-1].strip() else indent
        return used + sum(len(piece.text) + 1 for piece in pieces) <= WIDTH

    def _put_all(self, pieces: Sequence[Piece], indent: int) -> None:
        for piece in pieces:
            self._put(piece, indent)

    def _put(self, piece: Piece, indent: int) -> None:
        for comment in piece.before:
            begun = bool(self.lines[-1].strip())
            self.comment(comment, indent if begun else len(self.lines[-1]))
        if self.ended:
            self._line(indent)
        if self.lines[-1].strip():
            self.lines[-1] += _space(self.last, piece, unary=self.unary)
        self.lines[-1] += piece.text
        self.unary = piece.type == "MINUS" and self._starts_value()
        self.last = piece
        if piece.behind:
            self.lines[-1] += f"  {piece.behind}"
            self.ended = True

    def _starts_value(self) -> bool:
        """Would what comes now start a value? Then a minus is a sign."""
        last = self.last
        return last is None or last.type in _OPERATORS | {"LPAR", "COMMA", "COLON"} or last.type.startswith("_")

    def _line(self, indent: int) -> None:
        self.lines.append(" " * indent)
        self.ended = False
