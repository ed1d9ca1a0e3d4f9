"""One word for one thing: no name that segsync defines uses a word that the vocabulary gives up for another.

Looked at are the names of modules, functions, classes, arguments and attributes in src/segsync, by their parts:
`last_sync_state` is last, sync, state. What is allowed nevertheless stands in words_allowed.toml, with its reason.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from code_tree import Module, core

# The project's word, and what it is not called. A word that is itself in the vocabulary is not given up: an audience
# is not called a segment, yet there are segments.
NOT_CALLED = {
    "platform": "vendor provider integration",
    "connector": "adapter driver",
    "source": "tap input extractor",
    "destination": "sink output",
    "stream": "table resource entity",
    "record": "document message",
    "page": "chunk",
    "cursor": "bookmark watermark checkpoint",
    "warehouse": "database cache",
    "ledger": "state snapshot",
    "customer": "user contact",
    "person": "profile golden",
    "identifier": "key",
    "trait": "attribute property feature",
    "rule": "filter expression",
    "segment": "list cohort",
    "deliverable": "valid eligible",
    "sync": "pipeline job flow",
    "mode": "full upsert additive",
    "purpose": "type",
    "guest": "anonymous",
    "pull, push": "import export load",
    "run": "task",
    "diff": "delta",
    "plan": "changeset",
    "action": "operation delete",
    "refresh": "reupload",
    "receipt": "response result",
    "accept": "success",
    "pending": "queued",
    "uncertain": "dirty unknown",
    "outbox": "queue",
    "fold": "commit apply",
    "land": "ingest",
    "as_of": "now",
    "approval": "force confirm",
    "reject": "error failure",
    "settle": "poll",
    "guard": "safety",
    "dry run": "preview simulate",
    "check": "test ping",
    "capability": "feature",
    "spec": "manifest metadata",
    "option": "parameter setting",
    "secret": "password token",
    "sandbox": "mock",
    "retry, pace": "throttle backoff",
    "suppression": "blocklist",
}
INSTEAD_OF = {given_up: word for word, words in NOT_CALLED.items() for given_up in words.split()}
ALLOWED_FILE = Path(__file__).with_name("words_allowed.toml")
MOST_ALLOWED = 40  # entries: the list is meant to stay short

Allowed = dict[str, dict[str, str]]


@cache
def allowed() -> Allowed:
    """`anywhere`: word → reason; `names`: pattern of names → reason."""
    return tomllib.loads(ALLOWED_FILE.read_text("utf-8"))


def names(module: Module) -> Iterator[tuple[str, int]]:
    """Every name that a module defines, with its line."""
    yield module.name.rpartition(".")[2], 1
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        if isinstance(node, ast.ClassDef | ast.Module):
            yield from _assigned(node)


def _assigned(node: ast.ClassDef | ast.Module) -> Iterator[tuple[str, int]]:
    """The attributes of a class, and the constants of a module."""
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        yield from ((target.id, target.lineno) for target in targets if isinstance(target, ast.Name))


def parts(name: str) -> set[str]:
    """The words of a name, in lower case and singular: `_HTTPErrors_seen` → http, error, seen."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {singular(word.lower()) for word in words}


def singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name.strip("_").lower(), pattern)


def given_up() -> dict[tuple[str, str], list[str]]:
    """Every use of a given-up word: (word, name) → places."""
    found = defaultdict(list)
    for module in core():
        for name, line in names(module):
            for word in parts(name) & INSTEAD_OF.keys():
                found[word, name].append(f"{module.place}:{line}")
    return found


def test_names_use_the_projects_words() -> None:
    wrong = [
        f"{name} ({', '.join(places[:3])}): `{word}` is called `{INSTEAD_OF[word]}` here"
        for (word, name), places in sorted(given_up().items())
        if word not in allowed()["anywhere"] and not any(matches(name, pattern) for pattern in allowed()["names"])
    ]
    assert wrong == []


def test_the_list_of_what_is_allowed_is_short_and_says_why() -> None:
    reasons = [reason for group in allowed().values() for reason in group.values()]

    assert all(len(reason) > 10 for reason in reasons)
    assert len(reasons) <= MOST_ALLOWED


def test_everything_that_is_allowed_is_used() -> None:
    words = {word for word, _ in given_up()}
    names_left = {name for word, name in given_up() if word not in allowed()["anywhere"]}

    assert sorted(allowed()["anywhere"].keys() - words) == []
    assert [p for p in allowed()["names"] if not any(matches(name, p) for name in names_left)] == []


def test_names_come_apart_into_words() -> None:
    assert parts("_HTTPErrors_seen") == {"http", "error", "seen"}
    assert parts("lastSyncState2") == {"last", "sync", "state"}
    assert parts("ADDRESSES") == {"addresse"}
    assert parts("queries") == {"query"}
