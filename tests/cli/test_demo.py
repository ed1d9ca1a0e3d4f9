"""`segsync demo` itself, as `make demo` runs it: it fails where any of its steps ends otherwise than it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("road", ["shopify", pytest.param("files", marks=pytest.mark.thorough)])
def test_the_demo_plays_to_its_end(tmp_path: Path, road: str) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "segsync", "demo", "--customers", "120", "--from", road, "--keep", str(folder)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEGSYNC")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=540, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.split("=== 5. A day later")
    assert "vip → klaviyo: `VIP customers` (will be created)" in first
    assert "no drift" in first
    assert "no drift" in second
    assert "customers who have vanished: 1" in second
    assert "vip → klaviyo: nothing changed, nothing sent" in second
    assert "Requests that Klaviyo saw meanwhile: 0, of which writes: 0" in second
    assert (folder / "exports" / "customers_export.csv").exists() is (road == "files")
    assert ("checkouts" in first) is (road == "shopify")


def test_the_demo_of_people_who_speak_up(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "segsync", "demo", "--privacy", "--customers", "200", "--keep", str(folder)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEGSYNC")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=540, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    _, _, unsubscribed, forgotten, told, afterwards = done.stdout.split("\n=== ")
    assert "of them           1 whose consent was withdrawn" in unsubscribed
    assert "klaviyo, `VIP customers`: take out of the audience: done" in forgotten
    assert "records of forgotten people left out" in forgotten
    assert "customers      1\n" in told
    assert [line.partition(": ")[2] for line in afterwards.splitlines()[-3:]] == [
        "not in the list, a profile",
        "not in the list, no profile",
        "in the list, a profile",
    ]
    assert len(list((folder / ".segsync" / "receipts").iterdir())) == 2
