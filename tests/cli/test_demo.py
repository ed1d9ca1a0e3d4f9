"""`segsync demo` itself, as `make demo` runs it: it fails where any of its steps ends otherwise than it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("road", ["shopify", "files"])
def test_the_demo_plays_to_its_end(tmp_path: Path, road: str) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "segsync", "demo", "--customers", "200", "--from", road, "--keep", str(folder)]
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
