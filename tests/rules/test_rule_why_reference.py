"""What `why` tells of people in random shops under random rules is what the plain reading of the language says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from landed import as_of, land, rates
from random_rules import rules
from random_shops import shops
from random_words import SEGMENTS, TRAITS
from reference import Judge, Shop
from reference.traits import TRAITS as KNOWN
from test_rule_reference import computed, plain, reading, values

from segsync.rules import Why, why
from segsync.testing import FakeTime

SHOPS, RULES = 2, 7


@st.composite
def cases(draw: st.DrawFn) -> tuple[Shop, list[str], list[int]]:
    shop = draw(shops())
    texts = [draw(rules(shop, traits=True)) for _ in range(RULES)]
    return shop, texts, [draw(st.integers(0, 50)) for _ in range(RULES)]


def clauses(part: Why) -> Iterator[Why]:
    """The clauses of this rule itself, not of the segments that it names."""
    if part.kind == "clause":
        yield part
    else:
        for inner in part.parts:
            yield from clauses(inner)


def test_every_clause_is_told_as_it_is() -> None:
    told = 0

    @given(cases())
    @settings(
        max_examples=SHOPS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def compare(case: tuple[Shop, list[str], list[int]]) -> None:
        nonlocal told
        shop, texts, picks = case
        judge = Judge(shop, SEGMENTS, TRAITS)
        money = {"currency": shop.currency, "rates": rates(shop)}
        with tempfile.TemporaryDirectory() as folder:
            warehouse, who = land(shop, Path(folder), FakeTime().clock)
            keys = sorted((key, person) for person, key in who.items() if key in judge.people)
            with warehouse.reading() as con:
                for text, pick in zip(texts, picks, strict=True):
                    if not keys or not computed(text):
                        continue
                    key, person = keys[pick % len(keys)]
                    found = why(con, reading({"it": text}).rules, "it", person, as_of(shop), **money)
                    told += right(judge, key, text, found)

    compare()
    assert told > SHOPS * RULES, "hardly a clause was compared"


def right(judge: Judge, key: str, text: str, found: Why) -> int:
    """Assert that all of it is; how many clauses that were."""
    assert found.holds == (key in judge.members(text)), text
    own = list(clauses(found))
    for clause in own:
        assert clause.text in text
        assert clause.holds == (key in judge.members(clause.text)), f"{clause.text}, of {text}"
        names = [name for name in clause.values if name in KNOWN]
        assert values(judge, key, names) == {name: plain(clause.values[name]) for name in names}, clause.text
    return len(own)
