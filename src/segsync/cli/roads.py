"""The two roads by which the demo's made-up shop comes in: Shopify's API, and the admin's export files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, TypeAlias

from segsync.cli.stand_ins import next_day, stock
from segsync.sandbox.shop import Shop


class ApiRoad:
    """Through the stand-in for Shopify at this address."""

    environ: ClassVar[Mapping[str, str]] = {"SEGSYNC_SECRET__SHOPIFY__ACCESS_TOKEN": "shpat_sandbox"}
    goodbye = (
        "segsync init --shop NAME                  asks a few questions, writes segsync.toml",
        "segsync secrets set shopify.access_token  keeps the token in your system's keyring",
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self.about = "in the stand-in for Shopify"
        self.section = f'[sources.shopify]\nshop = "acme"\nbase_url = "{url}"\nids_every = "0s"\n'

    def open(self, shop: Shop) -> None:
        """Let the shop be there to be read."""
        stock(self._url, shop.seed, shop.size, shop.day)

    def day_after(self, shop: Shop) -> None:
        """The shop's next day, after which it stands as `shop` does: the stand-in makes the same one."""
        del shop
        next_day(self._url)


class FilesRoad:
    """As the Shopify admin exports them into this folder."""

    environ: ClassVar[Mapping[str, str]] = {}
    goodbye = (
        "In the Shopify admin, export customers and orders as CSV into a folder.",
        "segsync init --exports FOLDER             asks a few questions, writes segsync.toml",
    )

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.about = f"in {folder}, as the Shopify admin exports them"
        self.section = f'[sources.shop]\nconnector = "files"\nshopify_export = "{folder.name}"\n'

    def open(self, shop: Shop) -> None:
        """Let the shop be there to be read."""
        shop.write_exports(self._folder)

    def day_after(self, shop: Shop) -> None:
        """The shop's next day, after which it stands as `shop` does."""
        self.open(shop)


Road: TypeAlias = ApiRoad | FilesRoad
