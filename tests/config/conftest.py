"""Connectors that only these tests have, and a folder to write configurations into."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from config_texts import Read, Refused
from pydantic import BaseModel, ConfigDict, Field, field_validator

from segsync import plugins
from segsync.config import Config, load
from segsync.contract import Connector
from segsync.errors import ConfigError, Problem
from segsync.model import Estimate
from segsync.spec import Reads, SecretSpec, Spec, Writes


class Column(BaseModel):
    name: str = Field(description="the column's name", examples=["Order ID"])
    format: str | None = None


class StreamFiles(BaseModel):
    files: str | list[str] = Field(description="files or a pattern", examples=["orders*.csv"])
    columns: dict[str, str | Column] = Field(default_factory=dict)


class ShopOptions(BaseModel):
    model_config = ConfigDict(frozen=True)

    shop: str = Field(description="the part before .myshopify.com", examples=["acme"])
    ids: list[str] = Field(default_factory=list, description="only these", examples=[["1", "2"]])
    page_size: int = Field(default=100, ge=1, le=250, description="records a page", examples=[100])
    test_orders: bool = False
    streams: dict[str, StreamFiles] = Field(default_factory=dict)

    @field_validator("shop")
    @classmethod
    def _no_dots(cls, value: str) -> str:
        if "." in value:
            raise ValueError(f"`{value}` holds a dot; write only the first part")
        return value


class ListOptions(BaseModel):
    base_url: str = Field(
        default="https://api.example.com", description="where it answers", examples=["http://127.0.0.1:8000"]
    )
    account: str | None = Field(default=None, description="the account's number", examples=["1234567890"])


class ListSyncOptions(BaseModel):
    lookalikes: list[str] = Field(default_factory=list, description="countries", examples=[["US"]])


def _writes() -> Writes:
    return Writes(100, {"email": 1}, "profile", "email", estimate=lambda adds, removes: Estimate(adds + removes, 1.0))


SHOPIFY = Connector(
    Spec("shopify", "A shop", ShopOptions, secrets=(SecretSpec("access_token", "An access token"),), reads=Reads())
)
KLAVIYO = Connector(
    Spec(
        "klaviyo",
        "Lists",
        ListOptions,
        secrets=(SecretSpec("api_key", "A private key"),),
        writes=_writes(),
        sync_options=ListSyncOptions,
    )
)
FILES = Connector(Spec("files", "Files", ListOptions, reads=Reads(), writes=_writes()))


@pytest.fixture(autouse=True)
def connectors(monkeypatch: pytest.MonkeyPatch) -> dict[str, Connector]:
    """The connectors that the core finds, and nothing else."""
    here = {c.spec.name: c for c in (FILES, KLAVIYO, SHOPIFY)}
    monkeypatch.setattr(plugins, "available", lambda: dict.fromkeys(here))
    monkeypatch.setattr(plugins, "load", here.__getitem__)
    return here


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Load a text as `segsync.toml`, with another over it if given."""

    def reading(text: str | bytes, *, environ: Mapping[str, str] | None = None, staging: str | None = None) -> Config:
        path = tmp_path / "segsync.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        if staging is not None:
            (tmp_path / "segsync.staging.toml").write_text(staging)
        return load(path, environ=environ or {}, environment_name=None if staging is None else "staging")

    return reading


@pytest.fixture
def refused(read: Read) -> Refused:
    """The problems of a text; the test fails if it has none, or if its message holds `hush`."""

    def refusing(text: str | bytes, **parts: Any) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as caught:
            read(text, **parts)
        assert "hush" not in str(caught.value)
        assert "hush" not in repr(caught.value.problems)
        return caught.value.problems

    return refusing
