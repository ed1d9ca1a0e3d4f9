"""The README's tour, played for real: its commands, against the sandbox, in an empty folder.

A block of the tour is fenced as ```console; `$ ` starts a command, the lines after it are what it prints. The first
command is the sandbox; it is served on a free port, and stopped at the end.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"(?ms)^```console\n(.*?)^```")
TOLD_PORT = "127.0.0.1:8808"
SEGSYNC = [sys.executable, "-m", "segsync"]


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the tour, and what the README says that it prints."""

    command: str
    output: str


@dataclass(frozen=True, slots=True)
class Played:
    """What a command really printed, and its exit code."""

    command: str
    output: str
    code: int


def steps(text: str) -> list[Step]:
    """The commands of every console block, in order."""
    found = []
    for block in BLOCK.findall(text):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, output = part.partition("\n")
            found.append(Step(command.strip(), output.rstrip()))
    return found


def play(wanted: list[Step], folder: Path) -> Iterator[Played]:
    """Run every step in `folder`; what is shown has the README's port instead of the real one."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SEGSYNC")} | {"COLUMNS": "120"}
    first, *rest = wanted
    with _sandbox(first.command, folder, environ) as (port, output):
        yield Played(first.command, output, 0)
        for step in rest:
            command = step.command.replace(TOLD_PORT, f"127.0.0.1:{port}")
            name, *words = shlex.split(command)
            if name == "export":
                environ |= dict(word.split("=", 1) for word in words)
                yield Played(step.command, "", 0)
                continue
            done = subprocess.run(  # noqa: S603  # the README's own commands
                [*SEGSYNC, *words],
                cwd=folder,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=300,
            )
            yield Played(step.command, done.stdout.rstrip().replace(f"127.0.0.1:{port}", TOLD_PORT), done.returncode)


@contextmanager
def _sandbox(command: str, folder: Path, environ: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Serve what the first step serves, on a free port; the port, and what it printed."""
    words = [*shlex.split(command)[1:], "--port", "0"]
    server = subprocess.Popen(  # noqa: S603  # as above
        [*SEGSYNC, *words], cwd=folder, env=environ | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        lines = []
        for line in server.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        output = "".join(lines).rstrip()
        found = re.search(r"127\.0\.0\.1:(\d+)", output)
        assert found, f"the sandbox printed no address: {output}"
        yield found[1], output.replace(found[0], TOLD_PORT)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def masked(text: str) -> str:
    """Without what differs from day to day: dates, times, ids of plans and keys of people."""
    text = re.sub(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?", "DATE", text)
    return re.sub(r"\b(plan|--approve) [0-9a-f]{8}\b", r"\1 ID", text)


def write() -> None:
    """Play the tour, and put what was printed into the README."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for step, played in zip(steps(text), play(steps(text), Path(folder)), strict=True):
            if played.code:
                raise SystemExit(f"$ {step.command}\n{played.output}\nended with {played.code}")
            if "…\n" in step.output or not step.output:
                continue  # shortened by hand, or not shown
            text = text.replace(f"$ {step.command}\n{step.output}", f"$ {step.command}\n{played.output}")
    README.write_text(text, encoding="utf-8")
