"""How deep conditions are, and where to cut them: engines and compilers recurse, so no one expression may be deep."""

from __future__ import annotations

from collections.abc import Sequence

from segsync.rules.syntax import All, AnyOf, Condition, Not

CUT = 24  # an AND or OR of every so many levels becomes a column of its own, in a query of its own


def height(root: Condition) -> int:
    """Levels of AND and OR, one within the other; NOT adds none, as it moves inwards."""
    match root:
        case Not(part=part):
            return height(part)
        case All(parts=parts) | AnyOf(parts=parts):
            return 1 + max(map(height, parts))
    return 0


def queries(root: Condition) -> int:
    """How many queries, one within the other, a rule takes."""
    return 1 + max(0, height(root) - 1) // CUT


def cuts(roots: Sequence[Condition]) -> list[list[Condition]]:
    """The inner conditions to compute before the roots, in stages: each needs only those of the stages before."""
    stages: dict[int, list[Condition]] = {}

    def visit(node: Condition, *, top: bool) -> int:
        match node:
            case Not(part=part):
                return visit(part, top=top)
            case All(parts=parts) | AnyOf(parts=parts):
                high = 1 + max([visit(part, top=False) for part in parts])
                if high % CUT == 0 and not top:
                    stages.setdefault(high // CUT, []).append(node)
                return high
        return 0

    for root in roots:
        visit(root, top=True)
    return [stages[key] for key in sorted(stages)]
