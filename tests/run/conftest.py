"""Worlds to push in."""

from __future__ import annotations

from pathlib import Path

import pytest
from push_world import World, make_world

from segsync.testing import FakeTime


@pytest.fixture(params=[False, True], ids=["at_once", "tickets"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> World:
    return make_world(tmp_path, fake_time, monkeypatch, settles=request.param)
