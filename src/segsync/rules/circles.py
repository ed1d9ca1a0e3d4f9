"""Names that lead back to themselves: segments that name segments, traits that are made of traits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segsync.rules.syntax import Span

Named = Sequence[tuple[str, Span]]  # what a text names, and where


def circles(named: Mapping[str, Named]) -> list[tuple[list[str], Span]]:
    """Each circle once: its members, the first of them again at the end, and where that one enters it."""
    told: set[frozenset[str]] = set()
    found = []
    for name, others in named.items():
        for path in _paths_back(name, named):
            if frozenset(path) not in told:
                told.add(frozenset(path))
                follows = path[1] if len(path) > 1 else name
                span = next(span for other, span in others if other == follows)
                found.append(([*path, name], span))
    return found


def _paths_back(name: str, named: Mapping[str, Named]) -> list[list[str]]:
    """The shortest way from a name back to itself by each of those that it names."""
    paths = []
    for first in dict.fromkeys(other for other, _ in named[name]):
        if first == name:
            paths.append([name])
            continue
        before: dict[str, str] = {first: name}
        todo = [first]
        for here in todo:  # grows as it goes
            for there, _ in named.get(here, ()):
                if there not in before and there != name:
                    before[there] = here
                    todo.append(there)
                elif there == name:
                    before.setdefault(name, here)
        if name in before:
            path = [before[name]]
            while path[0] != first:
                path.insert(0, before[path[0]])
            paths.append([name, *path])
    return paths
