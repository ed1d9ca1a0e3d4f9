"""The config that `segsync init` writes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template


def filled(answers: Mapping[str, str]) -> str:
    """The commented config with the answers in it, each written as a TOML string."""
    text = files("segsync.cli").joinpath("segsync.toml.template").read_text(encoding="utf-8")
    return Template(text).substitute({name: _quoted(value) for name, value in answers.items()})


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
