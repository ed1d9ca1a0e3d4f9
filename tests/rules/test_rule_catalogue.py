"""The catalogue and what is made of it agree, and together they name the whole language."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segsync.rules import FUNCTIONS, catalogue
from segsync.rules.catalogue import (
    CALLS,
    LATER_TRAITS,
    NEVER,
    OPEN_TRAITS,
    SEGMENTS,
    SPELLINGS,
    TRAITS,
    open_trait,
    trait_key,
    trait_named,
)
from segsync.rules.needs import Needs, lists_places
from segsync.rules.recipes import RECIPES
from segsync.rules.records import IDS, RECORDS, TIMES, subject
from segsync.rules.shop import Shop
from segsync.streams import STREAMS


def test_every_trait_is_made_and_no_other() -> None:
    assert set(RECIPES) == {name for name in TRAITS if not lists_places(name)}


def test_every_timed_trait_has_its_instant() -> None:
    assert {name for name, trait in TRAITS.items() if trait.timed} == {n for n, r in RECIPES.items() if r.at}


def test_every_parameter_that_is_no_total_has_a_column(shop: Any) -> None:
    assert set(RECORDS) == set(IDS) == set(TIMES) == {function.stream for function in FUNCTIONS.values()}
    for name, function in FUNCTIONS.items():
        needs = Needs(shop.as_of)
        for parameter in function.parameters.values():
            if parameter.json:
                needs.detail(function.stream, parameter.json)
        records = RECORDS[function.stream](Shop(shop.con, shop.as_of, "USD", {}), needs)
        for parameter in function.parameters.values():
            if not parameter.total:
                assert subject(name, parameter.name, records, needs).kind is parameter.kind


def test_every_function_takes_source_date_and_count() -> None:
    for function in FUNCTIONS.values():
        assert {"source", "date", "count"} <= function.parameters.keys()


def test_there_is_an_open_trait_for_every_name_behind_a_prefix() -> None:
    assert open_trait("attributes.") is None
    assert open_trait("age") is None
    for name, key in (("attributes.x", "x"), ("metafields.a.b", "a.b"), ("attributes.'A b'.c", "A b.c")):
        assert trait_named(name).name == name
        assert trait_key(name) == key


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


def test_nothing_is_two_things() -> None:
    names = [*TRAITS, *FUNCTIONS, *LATER_TRAITS, *NEVER, *CALLS, *SPELLINGS, SEGMENTS]
    assert len(names) == len(set(names))


def test_every_trait_of_the_specification_is_known(shared: Callable[[str], Path]) -> None:
    text = shared("rules.md").read_text(encoding="utf-8")
    rows = text.split("| Group | Traits |")[1].split("Functions and parameters")[0]
    named = set(re.findall(r"`([a-z][a-z0-9_.]*)(?:`|\.<)", rows))
    missing = {n for n in named if not (n in TRAITS or n in LATER_TRAITS or n == SEGMENTS)}
    assert missing <= {prefix.rstrip(".") for prefix in OPEN_TRAITS}


def test_every_function_and_parameter_of_the_specification_is_known(shared: Callable[[str], Path]) -> None:
    text = shared("rules.md").read_text(encoding="utf-8").split("Functions and parameters:")[1].split("Users add")[0]
    for names, parameters in re.findall(r"`([a-z_.|]+)\(([^)]*)\)`", text):
        prefix, _, ends = names.rpartition(".")
        for end in ends.split("|"):
            function = FUNCTIONS[f"{prefix}.{end}".lstrip(".")]
            for name in parameters.split(", "):
                assert function.parameter(name.replace("<key>", "x")), name
