"""Nothing hides behind a skip: the plugin in tests/skips.py, at work and at rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from skips import NEEDS_SHARED, Listed, Skip, listed, wrongs

SHARED = Listed("tests/a.py::test_one", "needs ../shared/data*", "the real export")
OTHER = Listed("tests/b.py::*", "no keyring*", "a container has none")


def test_what_is_listed_may_be_skipped() -> None:
    skips = [
        Skip("tests/a.py::test_one", "needs ../shared/data/x.csv"),
        Skip("tests/b.py::test_two", "no keyring here"),
    ]

    assert wrongs(skips, [SHARED, OTHER], there=(), whole=True) == []


def test_what_is_not_listed_may_not() -> None:
    skips = [Skip("tests/a.py::test_one", "too slow"), Skip("tests/a.py::test_two", "needs ../shared/data/x.csv")]

    assert wrongs(skips, [SHARED], there=(), whole=False) == [
        "skipped and not listed in tests/skips.toml: tests/a.py::test_one (too slow)",
        "skipped and not listed in tests/skips.toml: tests/a.py::test_two (needs ../shared/data/x.csv)",
    ]


def test_nothing_lacks_the_shared_folder_where_it_is_there() -> None:
    skips = [Skip("tests/a.py::test_one", "needs ../shared/data/x.csv")]

    assert len(wrongs(skips, [SHARED], there=(NEEDS_SHARED,), whole=True)) == 1
    assert wrongs([], [SHARED], there=(NEEDS_SHARED,), whole=True) == []


def test_a_whole_run_skips_all_that_is_listed() -> None:
    assert wrongs([], [SHARED, OTHER], there=(NEEDS_SHARED,), whole=True) == [
        "listed in tests/skips.toml and not skipped: tests/b.py::* (no keyring*)"
    ]
    assert wrongs([], [SHARED, OTHER], there=(), whole=False) == []


def test_every_entry_of_the_list_says_why() -> None:
    entries = listed(Path(__file__).parents[1] / "skips.toml")

    assert all(entry.why.strip() and entry.reason.strip("* ") for entry in entries)


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_a_skip_that_is_not_listed_fails_a_run(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    pytester.makeconftest("pytest_plugins = ['skips']")
    pytester.makepyfile(
        skips=(Path(__file__).parents[1] / "skips.py").read_text("utf-8"),
        test_it="""
        import pytest

        @pytest.mark.parametrize("n", [1, 2])
        def test_skipped(n):
            pytest.skip("not today")

        @pytest.mark.xfail(reason="some day")
        def test_expected():
            assert False

        def test_passes():
            pass
        """,
        test_module="import pytest; pytest.skip('nothing here', allow_module_level=True)",
    )
    pytester.makefile(".toml", skips="")

    result = pytester.runpytest_subprocess(*workers)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines_random(
        [
            "skipped and not listed in tests/skips.toml: test_it.py::test_skipped (not today)",
            "skipped and not listed in tests/skips.toml: test_it.py::test_expected (expected to fail: some day)",
            "skipped and not listed in tests/skips.toml: test_module.py (nothing here)",
        ]
    )
    assert result.stdout.str().count("test_skipped (not today)") == 1


def test_a_listed_skip_lets_a_run_pass(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("pytest_plugins = ['skips']")
    pytester.makepyfile(
        skips=(Path(__file__).parents[1] / "skips.py").read_text("utf-8"),
        test_it="""
        import pytest

        def test_skipped():
            pytest.skip("no keyring")
        """,
    )
    pytester.makefile(".toml", skips='[[skip]]\ntest = "test_it.py::test_skipped"\nreason = "no *"\nwhy = "because"')

    assert pytester.runpytest_subprocess().ret == pytest.ExitCode.OK
