"""How commands print: plain lines and aligned tables, or one JSON value with `--json`. Progress goes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from segsync.errors import ConfigError, Problem


def say(text: str = "") -> None:
    """A line for the reader."""
    sys.stdout.write(f"{text}\n")


def emit(value: Any) -> None:
    """One JSON value, indented, for programs."""
    say(json.dumps(value, indent=2, ensure_ascii=False, default=as_json))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> None:
    """An aligned table; the columns numbered in `right` hold numbers. Nothing is cut to the terminal's width."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, title in enumerate(head):
        drawn.add_column(title, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(_cell(value)) for value in row))
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=200, no_color=True)
    with console.capture() as captured:
        console.print(drawn)
    say("\n".join(line.rstrip() for line in captured.get().rstrip().splitlines()))


def save(path: Path, text: str) -> None:
    """Write a file that the user named. Raises ConfigError where that cannot be done."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        remedy = "name a file in a folder that is there and that you may write to"
        problem = Problem(str(path), f"cannot be written: {error.strerror}", remedy)
        raise ConfigError([problem], where="the command line") from None


@contextmanager
def progress(what: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """Report `(label, done, total)` as a bar at a terminal, and as nothing elsewhere: results are printed anyway."""
    if not sys.stderr.isatty():
        yield lambda _label, _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(label: str, done: int, total: int | None) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(f"{what} {label}", total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield report


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(str, value))
    return str(value)


def as_json(value: Any) -> Any:
    """Values that JSON has no form for, for `json.dumps`."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
