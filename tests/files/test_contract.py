"""The files connector held to the contract, as a source (exports, and plain files) and as a destination."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from segsync.contract import Destination, Source
from segsync.model import AudienceRef, Identifiers, Member
from segsync.testing import DestinationContract, SourceContract
from segsync_files import connector
from segsync_files.audience import file_name

from .conftest import CUSTOMERS, ORDERS, kit
from .test_shopify_customers import ANN, BOB
from .test_shopify_orders import FIRST, MORE, NEXT


class _Files(SourceContract):
    """What both sources share: a folder of files, and a read that breaks off as a file ends in mid-record."""

    spec = connector.spec
    options: Mapping[str, Any]
    files: Mapping[str, tuple[str, ...]]
    main: Mapping[str, str]  # the file that holds a root

    @pytest.fixture(autouse=True)
    def _shop(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = tmp_path
        monkeypatch.setattr(
            "segsync_files.pages.PAGE", dict.fromkeys(("customers", "orders", "checkouts", "events"), 2)
        )
        for name, lines in self.files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("\n".join((*lines, "")), encoding="utf-8")

    def source(self) -> Source:
        assert connector.source is not None
        return connector.source(kit(self.home, dict(self.options)))

    def interrupted(self, root: str) -> Source:
        path = self.home / self.main[root]
        path.write_bytes(path.read_bytes()[:-5])
        return self.source()

    def customers(self) -> Collection[str]:
        return ("11", "12", "13", "14", "15")

    def everything(self) -> object:
        return {str(path): path.read_bytes() for path in sorted(self.home.rglob("*")) if path.is_file()}


class TestExports(_Files):
    options = {"shopify_export": "exports"}  # noqa: RUF012  # read only
    files = {  # noqa: RUF012
        "exports/customers_export.csv": (
            CUSTOMERS,
            *(ANN.replace("11", str(i)) for i in (11, 13, 14, 15)),
            BOB,
            "12,bad",
        ),
        "exports/orders_export.csv": (
            ORDERS,
            *(r.replace("901", f"90{i}") for i in "3456" for r in (FIRST, MORE)),
            NEXT,
            "a bad row",
        ),
    }
    main = {"customers": "exports/customers_export.csv", "orders": "exports/orders_export.csv"}  # noqa: RUF012


class TestPlainFiles(_Files):
    options = {  # noqa: RUF012
        "streams": {
            "customers": {"path": "c.csv"},
            "addresses": {"path": "a.csv"},
            "orders": {"path": "o.csv"},
            "order_lines": {"path": "l.csv"},
            "refunds": {"path": "r.csv"},
            "checkouts": {"path": "k.csv"},
            "events": {"path": "e.csv"},
        }
    }
    files = {  # noqa: RUF012
        "c.csv": ("customer_id,email,last_name", *(f"{i},c{i}@example.com,Longish" for i in range(11, 16))),
        "a.csv": ("customer_id,country", "12,US", "12,CA", "15,DE"),
        "o.csv": ("order_id,email,ordered_at", *(f"{i},c{i}@example.com,2026-04-05" for i in range(1, 6))),
        "l.csv": ("order_id,sku,quantity", "4,B,1", "1,A,1", "1,B,1"),
        "r.csv": ("order_id,amount", "2,1.00"),
        "k.csv": ("checkout_id,email,created_at", *(f"{i},c{i}@example.com,2026-04-05" for i in range(5))),
        "e.csv": ("name,email,happened_at", *(f"n{i},c{i}@example.com,2026-04-05" for i in range(5))),
    }
    main = {"customers": "c.csv", "orders": "o.csv", "checkouts": "k.csv", "events": "e.csv"}  # noqa: RUF012

    def interrupted(self, root: str) -> Source:
        path = self.home / self.main[root]
        path.write_bytes(path.read_bytes()[:-14])  # the last cell is gone, and with it the last comma
        return self.source()


class TestDestination(DestinationContract):
    spec = connector.spec
    bad_member = Member("person-bad", Identifiers(emails=("no address",)))
    smaller_batch = (2_000, "a full batch of 50,000 takes seconds and writes the same file")

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.home = tmp_path

    def destination(self) -> Destination:
        assert connector.destination is not None
        return connector.destination(kit(self.home, {"folder": "audiences"}))

    def holds(self, audience: AudienceRef) -> Collection[str]:
        with (self.home / "audiences" / audience.id).open(encoding="utf-8", newline="") as stream:
            return [line["email"] for line in csv.DictReader(stream)]

    def audiences_named(self, name: str) -> int:
        return int((self.home / "audiences" / file_name(name)).exists())

    def stranger_creates(self, name: str) -> bool:
        if self.audiences_named(name):
            return False  # a folder holds one file of a name
        (self.home / "audiences").mkdir(exist_ok=True)
        self.destination().create_audience(self.wanted(name=name))
        return True

    def unknown_audience(self) -> AudienceRef:
        return AudienceRef("segsync gone.csv", "segsync gone")
