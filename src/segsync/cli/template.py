"""The config that `segsync init` writes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template

SOURCES: Mapping[str, str] = {
    "shopify": (
        "[sources.shopify]           # its token stands elsewhere: segsync secrets set shopify.access_token\n"
        "shop = $read                # the part before .myshopify.com\n"
        '# client_id = "…"           # for an app from the Dev Dashboard, with its client_secret as the secret\n'
    ),
    "files": (
        "[sources.files]\n"
        "shopify_export = $read      # customers and orders as CSV, as the Shopify admin exports them\n"
    ),
}


def filled(source: str, answers: Mapping[str, str]) -> str:
    """The commented config with this source and the answers in it, each written as a TOML string."""
    text = files("segsync.cli").joinpath("segsync.toml.template").read_text(encoding="utf-8")
    text = text.replace("$source", SOURCES[source].rstrip())
    return Template(text).substitute({name: _quoted(value) for name, value in answers.items()})


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
