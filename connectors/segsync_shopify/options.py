"""What `[sources.shopify]` may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from segsync.options import BaseUrl, Span

_SHOP: Final = re.compile(r"(?:https?://)?([a-z0-9][a-z0-9-]*)(?:\.myshopify\.com)?/?", re.IGNORECASE)
_METAFIELD: Final = re.compile(r"[\w$:-]+\.[\w-]+")


def _shop(text: str) -> str:
    match = _SHOP.fullmatch(text.strip())
    if match is None:
        raise ValueError("is not the part before .myshopify.com, such as acme")
    return match[1].lower()


def _metafield(text: str) -> str:
    if not _METAFIELD.fullmatch(text.strip()):
        raise ValueError("is no metafield, which is written namespace.key")
    return text.strip()


Metafield = Annotated[str, AfterValidator(_metafield)]


class Mapped(BaseModel):
    """Which customer metafields fill columns of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    birth_date: Metafield | None = Field(
        default=None, description="the metafield with the date of birth", examples=["facts.birth_date"]
    )
    gender: Metafield | None = Field(
        default=None, description="the metafield with the gender", examples=["facts.gender"]
    )
    ads_consent: Metafield | None = Field(
        default=None,
        description="the metafield that says whether ads may use somebody's data: true or false, yes or no",
        examples=["privacy.ads"],
    )

    def named(self) -> Mapping[str, str]:
        """Each mapped column with its metafield."""
        return self.model_dump(exclude_none=True)


class Options(BaseModel):
    """Where the shop is, and what is read of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shop: Annotated[str, AfterValidator(_shop)] = Field(description="the part before .myshopify.com", examples=["acme"])
    client_id: str | None = Field(
        default=None,
        description="the client id of an app from the Dev Dashboard, which goes with the secret client_secret",
        examples=["0f3c1b6e9d"],
        min_length=1,
    )
    checkouts: bool = Field(default=True, description="read abandoned checkouts as well", examples=[False])
    metafields: bool = Field(
        default=True, description="keep customers' metafields, as attributes namespace.key", examples=[False]
    )
    mapped: Mapped = Field(
        default=Mapped(),
        description="customer metafields that fill columns of their own: birth_date, gender, ads_consent",
        examples=[{"birth_date": "facts.birth_date"}],
    )
    max_wait: Span = Field(
        default=timedelta(hours=6),
        description="how long a pull waits for one bulk operation; the next pull goes on with it",
        examples=["6h"],
    )
    base_url: BaseUrl | None = Field(
        default=None,
        description="where the Admin API is; the shop's own address if left out. Set it only to talk to a sandbox.",
        examples=["http://127.0.0.1:8808/shopify"],
    )

    @property
    def domain(self) -> str:
        """The shop's permanent name."""
        return f"{self.shop}.myshopify.com"

    @property
    def url(self) -> str:
        """Where the Admin API is."""
        return self.base_url or f"https://{self.domain}"
