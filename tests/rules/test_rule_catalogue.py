"""The catalogue and what is made of it agree, and together they name the whole language."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segsync.rules import FUNCTIONS, catalogue
from segsync.rules.catalogue import LATER_FUNCTIONS, LATER_PREFIXES, LATER_TRAITS, NEVER, SEGMENTS, TRAITS
from segsync.rules.needs import lists_places
from segsync.rules.orders import LINE_SUBJECTS, ORDER_SUBJECTS
from segsync.rules.recipes import RECIPES
from segsync.streams import STREAMS


def test_every_trait_is_made_and_no_other() -> None:
    assert set(RECIPES) == {name for name in TRAITS if not lists_places(name)}


def test_every_timed_trait_has_its_instant() -> None:
    assert {name for name, trait in TRAITS.items() if trait.timed} == {n for n, r in RECIPES.items() if r.at}


def test_every_parameter_that_is_no_total_has_a_column() -> None:
    for name, subjects in (("orders_placed", ORDER_SUBJECTS), ("products_purchased", LINE_SUBJECTS)):
        assert set(subjects) == {p.name for p in FUNCTIONS[name].parameters.values() if not p.total}


def test_streams_are_streams_and_meanings_are_sentences() -> None:
    for trait in catalogue():
        assert set(trait.streams) | set(trait.reads) <= set(STREAMS)
        assert trait.meaning.endswith((".", "'."))


def test_values_have_the_declared_types(shop: Any) -> None:
    import ibis

    from segsync.rules import Reading

    names = [trait.name for trait in catalogue()]
    schema = shop.table(Reading({}, [], []), extra_traits=names).schema()
    assert {name: schema[name] for name in names} == {t.name: ibis.dtype(t.column) for t in catalogue()}


def test_nothing_is_both_computed_and_not() -> None:
    assert not set(TRAITS) & (LATER_TRAITS | NEVER | LATER_FUNCTIONS)
    assert not set(FUNCTIONS) & (LATER_TRAITS | NEVER | LATER_FUNCTIONS)


def test_every_trait_of_the_specification_is_known(shared: Callable[[str], Path]) -> None:
    text = shared("rules.md").read_text(encoding="utf-8")
    rows = text.split("| Group | Traits |")[1].split("Functions and parameters")[0]
    named = set(re.findall(r"`([a-z][a-z0-9_.]*)(?:`|\.<)", rows))
    missing = {n for n in named if not (n in TRAITS or n in LATER_TRAITS or n == SEGMENTS)}
    assert missing <= {prefix.rstrip(".") for prefix in LATER_PREFIXES}
