"""What a destination gets of a person beside identifiers: what its spec says that it uses, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from segsync.model import Identifiers
from segsync.plan import identifiers as texts
from segsync.plan.deliverable import deliverables
from segsync.spec import Writes
from segsync.streams import COMPUTED
from segsync.testing import FakeTime, memory_spec
from segsync.warehouse import Warehouse

HOSTILE = 'Zoë "Q" O\'Neil\\ \n{"emails":[]}'


@pytest.fixture
def warehouse(tmp_path: Path, fake_time: FakeTime) -> Warehouse:
    made = Warehouse.open(tmp_path / "state", clock=fake_time.clock, store_id="test")
    frames = {
        "people": [{"person": "p1", "first_name": HOSTILE, "last_name": None, "city": "Zürich"}],
        "members": [{"segment": "vip", "person": "p1"}],
        "identifiers": [
            {"person": "p1", "kind": "email", "value": "a@example.com", "rank": 1, "consent": "SUBSCRIBED"}
            | {"deliverable": True}
        ],
    }
    for name, rows in frames.items():
        made.write(name, pd.DataFrame(rows, columns=list(COMPUTED[name]), dtype=object))
    return made


def text_for(warehouse: Warehouse, facts: tuple[str, ...]) -> str:
    writes = memory_spec().writes
    assert isinstance(writes, Writes)
    with warehouse.session() as con:
        (row,) = deliverables(con, "vip", "email", replace(writes, facts=facts)).wanted.to_pyarrow().to_pylist()
    return str(row["identifiers"])


def test_only_what_is_used_is_handed_over(warehouse: Warehouse) -> None:
    assert text_for(warehouse, ()) == texts.dump(Identifiers(("a@example.com",)))
    assert texts.load(text_for(warehouse, ("city",))) == Identifiers(("a@example.com",), city="Zürich")


def test_a_hostile_name_stays_a_name(warehouse: Warehouse) -> None:
    found = texts.load(text_for(warehouse, ("first_name", "last_name", "city")))
    assert found == Identifiers(("a@example.com",), first_name=HOSTILE, city="Zürich")
