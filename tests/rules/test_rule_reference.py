"""Random rules over random shops have the members that the plain reading of the language gives them.

A rule that segsync says it cannot compute yet is left out and counted.
"""

from __future__ import annotations

import inspect
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from landed import as_of, land, rates
from random_rules import rules
from random_shops import shops
from random_words import SEGMENTS, TRAITS
from reference import Judge, Shop
from reference.traits import TRAITS as KNOWN
from reference.traits import trait
from reference.values import When, folded

from segsync.rules import Reading, read, table
from segsync.streams import STREAMS
from segsync.testing import FakeTime

EVERYTHING = frozenset(STREAMS)
NOT_YET = "not computed by this version yet"
OWN_TRAITS = "traits" in inspect.signature(read).parameters
SHOPS = 8
RULES = 40  # of each shop: a shop costs a file, its rules are one table


class Case:
    """A shop, rules about it, and the traits that are asked beside what the rules need."""

    def __init__(self, shop: Shop, texts: list[str], traits: list[str]) -> None:
        self.shop = shop
        self.texts = texts
        self.traits = traits

    def __repr__(self) -> str:
        return "what is told below"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    shop = draw(shops())
    texts = [draw(rules(shop, traits=OWN_TRAITS)) for _ in range(RULES)]
    return Case(shop, texts, draw(st.sampled_from([[], list(KNOWN)])))


def test_members_and_traits_are_those_of_the_reference() -> None:
    counts = Counter[str]()

    @given(cases())
    @settings(
        max_examples=SHOPS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # each try of a smaller case would be another file: the message is enough
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    def compare(case: Case) -> None:
        shop, texts = case.shop, case.texts
        readable = [text for text in texts if computed(text)]
        counts.update(compared=len(readable), refused=len(texts) - len(readable))
        judge = Judge(shop, SEGMENTS, TRAITS)
        wanted = {text: judge.members(text) for text in readable}
        found = computed_by_segsync(shop, readable, case.traits)
        told = differences(shop, wanted, found.members) or other_values(judge, found.values)
        assert not told, told

    compare()
    assert counts["compared"] > counts["refused"]


def reading(texts: Mapping[str, str]) -> Reading:
    more = {"traits": TRAITS} if OWN_TRAITS else {}
    return read({**SEGMENTS, **texts}, filled=EVERYTHING, **more)


def computed(text: str) -> bool:
    """Can segsync compute the rule? Any refusal but "not yet" is a failure: the rule is well written."""
    problems = reading({"it": text}).problems
    wrong = [str(problem) for problem in problems if NOT_YET not in problem.message]
    assert not wrong, "\n".join(wrong)
    return not problems


@dataclass
class Found:
    """What segsync computed of a shop: who is in a segment of each rule, and traits of everybody."""

    members: dict[str, set[str]]
    values: dict[str, dict[str, Any]]


def computed_by_segsync(shop: Shop, texts: list[str], traits: Sequence[str]) -> Found:
    """Everything landed, joined, described and computed, as runs do it; people under their keys in the shop."""
    names = {text: f"it{number}" for number, text in enumerate(dict.fromkeys(texts))}
    read_ = reading({name: text for text, name in names.items()})
    with tempfile.TemporaryDirectory() as folder:
        warehouse, who = land(shop, Path(folder), FakeTime().clock)
        with warehouse.reading() as con:
            money = {"currency": shop.currency, "rates": rates(shop)}
            asked = table(con, read_.rules, as_of(shop), **money, extra_traits=traits)
            rows = {who[row["person"]]: row for row in asked.to_pyarrow().to_pylist()}
    return Found(
        {text: {key for key, row in rows.items() if row[f"in_{name}"]} for text, name in names.items()},
        {key: {name: plain(row[name]) for name in traits} for key, row in rows.items()},
    )


def values(judge: Judge, key: str, traits: Iterable[str]) -> dict[str, Any]:
    return {name: plain(trait(judge.shop, judge.people[key], name)) for name in traits}


def plain(value: Any) -> Any:
    """A value of either side: days without their instants, numbers to a millionth, lists folded, empty ones missing."""
    if isinstance(value, When):
        return value.day
    if isinstance(value, list | frozenset):
        return folded(value) or None
    return round(float(value), 6) if isinstance(value, int | float | Decimal | Fraction) else value


def differences(shop: Shop, wanted: Mapping[str, set[str]], got: Mapping[str, set[str]]) -> str:
    """Each rule that differs, with the people about whom it does."""
    lines = [f"as of {shop.as_of} in {shop.zone}"]
    for text, people in wanted.items():
        if people != got[text]:
            lines += [f"rule: {text}", f"  expected {sorted(people)}, got {sorted(got[text])}"]
            lines += [f"  {key}: {shown(shop.people.get(key))}" for key in sorted(people ^ got[text])]
    return "" if len(lines) == 1 else "\n".join(lines)


def other_values(judge: Judge, found: Mapping[str, Mapping[str, Any]]) -> str:
    """Each trait that differs, and each person whom only one side knows."""
    lines = [f"only one side knows {key}" for key in found.keys() ^ judge.people.keys()]
    for key in found.keys() & judge.people.keys():
        wanted = values(judge, key, found[key])
        wrong = [f"  {name}: expected {wanted[name]!r}, got {got!r}" for name, got in found[key].items()]
        wrong = [line for line, name in zip(wrong, wanted, strict=True) if wanted[name] != found[key][name]]
        lines += [f"{key}: {shown(judge.people[key])}", *wrong] if wrong else []
    return "\n".join([f"as of {judge.shop.as_of} in {judge.shop.zone}", *lines]) if lines else ""


def shown(value: Any) -> str:
    """A record with what it holds, and without what it lacks."""
    if is_dataclass(value):
        held = [(field.name, getattr(value, field.name)) for field in fields(value)]
        return f"{type(value).__name__}({', '.join(f'{name}={shown(part)}' for name, part in held if part)})"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return str(value) if isinstance(value, Fraction | datetime) else repr(value)
