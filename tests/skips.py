"""A plugin that holds the tests that were skipped to the committed list, tests/skips.toml.

A skip (or an expected failure) that the list does not name fails the run, and so does one that is listed as "needs
../shared/…" where that folder is present, or as "needs PostgreSQL" where that is installed. A run of the whole suite
must skip everything else that the list names.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NEEDS_SHARED, NEEDS_POSTGRES = "needs ../shared/", "needs PostgreSQL"


@dataclass(frozen=True)
class Skip:
    """A test that was skipped, its parameters left away, and the reason that it gave."""

    test: str
    reason: str


@dataclass(frozen=True)
class Listed:
    """An entry of the list; `*` in `test` and `reason` matches anything."""

    test: str
    reason: str
    why: str

    def names(self, skip: Skip) -> bool:
        return fnmatchcase(skip.test, self.test) and fnmatchcase(skip.reason, self.reason)


def listed(path: Path) -> list[Listed]:
    """The committed list. Raises TypeError for an entry without a test, a reason or a why."""
    return [Listed(**entry) for entry in tomllib.loads(path.read_text("utf-8")).get("skip", [])]


def present() -> tuple[str, ...]:
    """The beginnings of reasons that are none here."""
    postgres = shutil.which("pg_ctl") or any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    there = {NEEDS_SHARED: (HERE.parents[1] / "shared").exists(), NEEDS_POSTGRES: bool(postgres)}
    return tuple(reason for reason, found in there.items() if found)


def wrongs(skips: Iterable[Skip], allowed: Sequence[Listed], *, there: tuple[str, ...], whole: bool) -> list[str]:
    """What is wrong with the skips of a run, a line each: `there` as of `present()`, `whole` says that the whole suite
    ran."""
    found = set(skips)
    possible = [entry for entry in allowed if not entry.reason.startswith(there)]
    lines = [
        f"skipped and not listed in tests/skips.toml: {skip.test} ({skip.reason})"
        for skip in sorted(found, key=lambda skip: skip.test)
        if not any(entry.names(skip) for entry in possible)
    ]
    if whole:
        lines += [
            f"listed in tests/skips.toml and not skipped: {entry.test} ({entry.reason})"
            for entry in possible
            if not any(entry.names(skip) for skip in found)
        ]
    return lines


class SkipList:
    """Collects the skips of one run, and fails it where they are not those of the list."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.skips: list[Skip] = []
        self.wrongs: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.skips.append(Skip(report.nodeid.partition("[")[0], _reason(report)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skips.append(Skip(report.nodeid, _reason(report)))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        whole = exitstatus == pytest.ExitCode.OK and self._ran_everything()
        self.wrongs = wrongs(self.skips, listed(HERE / "skips.toml"), there=present(), whole=whole)
        if self.wrongs and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.wrongs:
            terminalreporter.section("skips", red=True)
            for line in self.wrongs:
                terminalreporter.write_line(line)

    def _ran_everything(self) -> bool:
        option = self.config.option
        narrowed = option.keyword or option.markexpr or option.deselect or getattr(option, "lf", False) or option.ignore
        return self.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not narrowed


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}"
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # a worker of xdist reports to the process that judges
        config.pluginmanager.register(SkipList(config), "skip-list")
