"""A world for the stories of docs/operations.md."""

import pytest
from cli_fixtures import clean_environment, world

__all__ = ["clean_environment", "world"]


@pytest.fixture(autouse=True)
def _forget_key(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGSYNC_SECRET__PRIVACY__FORGET_KEY", "5d" * 32)
