"""The wheel: it holds what the tree holds, and finds its connectors where nothing else of the project is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from code_tree import ROOT, SOURCE_ROOTS

LOOK = """
import importlib, pathlib, sys
import segsync
from segsync import plugins
for name in plugins.available():
    connector = plugins.load(name)
    module = importlib.import_module(f"segsync_{name}")
    print(name, connector.spec.name, pathlib.Path(module.__file__).is_relative_to(sys.prefix))
print("segsync", segsync.__version__, pathlib.Path(segsync.__file__).is_relative_to(sys.prefix))
"""


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints. It sees no PYTHON… variables of ours, and must end well."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a new environment with the wheel in it. The dependencies are lent by this one, so that nothing is
    downloaded; a path file lends packages but not our own editable install, which needs its own path file."""
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", scripts / "python", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=home)
    site = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(home), "platbase": str(home)}))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return scripts


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    there = {
        str(path.relative_to(root))
        for root in SOURCE_ROOTS
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert packed == there


def test_the_wheel_holds_the_grammar_and_says_that_it_is_typed(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).namelist()

    assert "segsync/py.typed" in packed
    assert any(name.startswith("segsync/rules/") and name.endswith(".lark") for name in packed)
    assert {"segsync", "segsync_files", "segsync_klaviyo"} <= {name.partition("/")[0] for name in packed}


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_an_installed_wheel_finds_its_connectors(elsewhere: Path, tmp_path: Path) -> None:
    lines = run(elsewhere / "python", "-c", LOOK, cwd=tmp_path).split("\n")

    assert "files files True" in lines
    assert "klaviyo klaviyo True" in lines
    assert any(line.startswith("segsync ") and line.endswith(" True") for line in lines)


def test_an_installed_wheel_has_the_command(elsewhere: Path, tmp_path: Path) -> None:
    assert "segsync" in run(elsewhere / "segsync", "--version", cwd=tmp_path)
