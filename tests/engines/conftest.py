"""PostgreSQL, once for all tests, and the random shops and rules that the reference is compared over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "rules")]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """An Ibis connection to a PostgreSQL of our own."""
    from postgres import connect, programs, served

    if (bin_ := programs()) is None:
        pytest.skip("needs PostgreSQL")
    with served(bin_) as socket:
        con = connect(socket)
        yield con
        con.disconnect()
