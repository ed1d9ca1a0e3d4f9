"""Why a person is in a segment, or is not: the rule as a tree, with this person's values beside each clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from segsync.rules.catalogue import FUNCTIONS, SEGMENTS, TRAITS
from segsync.rules.compile import Clauses, with_segments
from segsync.rules.computed import Computed
from segsync.rules.dates import AsOf, day_of
from segsync.rules.nearby import change
from segsync.rules.needs import Needs, lists_places
from segsync.rules.parts import clauses, compared, leaves
from segsync.rules.read import Rule, needed
from segsync.rules.records import IDS, RECORDS, TIMES
from segsync.rules.rows import rows_of
from segsync.rules.shop import Shop
from segsync.rules.syntax import (
    Aggregate,
    All,
    Anniversary,
    AnyOf,
    Arithmetic,
    Clause,
    Comparison,
    Condition,
    Day,
    Flag,
    Matches,
    Moment,
    Name,
    Not,
    Number,
    Offset,
    Op,
    Standing,
    Text,
    Value,
)
from segsync.rules.wanted import COUNT, Total, Window, total_of
from segsync.rules.windows import constants, passes, with_compared

MOST_RECORDS = 10


@dataclass(frozen=True, slots=True)
class Record:
    """A record that counted: its source and id, its day, and its money in the shop's currency where it has any."""

    source: str
    id: str
    day: date | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Why:
    """A part of a rule: its text, whether it holds for the person, and what it is made of.

    A clause has `values`: its traits by name (None where missing), its computed values by their text, or the totals of
    a MATCHES; and `records`: of each function that it asks the newest that counted, at most ten, by its text.
    `change` says, where a clause alone keeps the person out of an AND, by how much it fails. A clause over `segments`
    has the rule of that segment as its one part.
    """

    kind: Literal["clause", "all", "any", "not"]
    text: str
    holds: bool
    values: Mapping[str, Any]
    parts: tuple[Why, ...] = ()
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    change: str = ""


def why(
    con: Any,
    rules: Mapping[str, Rule],
    name: str,
    person: str,
    as_of: AsOf,
    *,
    currency: str,
    rates: Mapping[str, Decimal],
) -> Why:
    """Explain one person's place in or out of the segment `name`. Raises KeyError for a person nobody knows."""
    used = needed(name, rules)
    needs = Needs(as_of)
    for rule in used.values():
        needs.gather(rule.root, rule.own)
        for clause in clauses(rule.root):
            if isinstance(clause, Matches):
                needs.window(clause).want(COUNT)
        needs.want(rule.traits)
    shop = Shop(con, as_of, currency, rates, person)
    everybody = replace(shop, person=None)  # where somebody stands among all asks for all
    rows = with_segments(rows_of(everybody if needs.standings else shop, needs), used, needs)
    rows = rows.filter(rows.person == person)
    asked, values = Clauses(rows, needs), Computed(rows, needs)
    every = [(rule, clause) for rule in used.values() for clause in clauses(rule.root)]
    truths = {f"holds{number}": asked.clause(clause) for number, (_, clause) in enumerate(every)}
    texts = {rule.cut(value.span): value for rule, clause in every for value in _told_values(clause)}
    columns = {f"value{number}": values.subject(value).value for number, value in enumerate(texts.values())}
    found = rows.mutate(**truths, **columns).to_pyarrow().to_pylist()
    if not found:
        raise KeyError(person)
    row = found[0]
    holds = {(r.name, c): bool(row[column]) for column, (r, c) in zip(truths, every, strict=True)}
    known = {text: row[column] for text, column in zip(texts, columns, strict=True)}
    windows = {id(window): window for _, clause in every for window in _windows(clause, needs).values()}
    records = {key: _counted(window, shop, needs, rows) for key, window in windows.items()}
    return _Told(used, needs, row, holds, known, records).rule(name)


def _told_values(clause: Clause) -> Iterator[Value]:
    """What is told of a clause beside literals: its values, and what they are computed of."""
    if isinstance(clause, Matches):
        every = [*compared(clause.params), *(value for total in clause.totals for value in total.values)]
    else:
        every = [clause.left, *clause.values]
    for value in every:
        yield from _told_of(value)


def _told_of(value: Value) -> Iterator[Value]:
    if isinstance(value, Arithmetic):
        yield value
    for leaf in leaves(value):
        if isinstance(leaf, Anniversary):
            yield Name(leaf.span, leaf.trait)
        elif isinstance(leaf, Aggregate | Standing) or (isinstance(leaf, Name) and _has_column(leaf.text)):
            yield leaf
        if isinstance(leaf, Aggregate):
            for inner in compared(leaf.params):
                yield from _told_of(inner)


def _has_column(name: str) -> bool:
    return name != SEGMENTS and not (name in TRAITS and lists_places(name))


def _windows(clause: Clause, needs: Needs) -> dict[Value | None, Window]:
    """The windows that a clause asks: its own (of a MATCHES), and those of its values."""
    found: dict[Value | None, Window] = {None: needs.window(clause)} if isinstance(clause, Matches) else {}
    found |= {value: needs.window(value) for value in _told_values(clause) if isinstance(value, Aggregate)}
    return found


def _counted(window: Window, shop: Shop, needs: Needs, rows: Any) -> tuple[Record, ...]:
    """The newest records of the person that a window counts; `rows` is the person's row."""
    stream = FUNCTIONS[window.function].stream
    records, beside = RECORDS[stream](shop, needs), constants(needs)
    if window.compares:
        records, beside = with_compared(records, rows, [window], needs)
    condition = passes(window, records, needs, beside)
    records = records if condition is None else records.filter(condition)
    day, at = TIMES[stream]
    ids = [records[name] for name in IDS[stream]]
    newest = records.order_by([records[at].desc(), *ids]).limit(MOST_RECORDS)
    amount = {"raw_amount": "amount"} if "amount" in records.columns else {}
    rows = newest.select(*IDS[stream], raw_day=day, **amount)
    return tuple(
        Record(row["source"], "/".join(row[name] for name in IDS[stream][1:]), row["raw_day"], row.get("raw_amount"))
        for row in rows.to_pyarrow().to_pylist()
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """One person's row, how the clauses of the rules turned out, and what they looked at."""

    rules: Mapping[str, Rule]
    needs: Needs
    row: Mapping[str, Any]
    holds: Mapping[tuple[str, Clause], bool]
    known: Mapping[str, Any]
    records: Mapping[int, tuple[Record, ...]]

    def rule(self, name: str) -> Why:
        rule = self.rules[name]
        return self._nearby(rule, self._part(rule, rule.root), rule.root)

    def _part(self, rule: Rule, root: Condition) -> Why:
        text = rule.cut(root.span)
        match root:
            case Not(part=part):
                inner = self._part(rule, part)
                return Why("not", text, not inner.holds, {}, (inner,))
            case All(parts=parts):
                told = [self._part(rule, part) for part in parts]
                if sum(not part.holds for part in told) == 1:
                    told = [self._nearby(rule, each, part) for each, part in zip(told, parts, strict=True)]
                return Why("all", text, all(part.holds for part in told), {}, tuple(told))
            case AnyOf(parts=parts):
                told = [self._part(rule, part) for part in parts]
                return Why("any", text, any(part.holds for part in told), {}, tuple(told))
            case Comparison() | Matches():
                behind = (self.rule(_segment(root)),) if _segment(root) else ()
                values, records = self._values(rule, root), self._records(rule, root)
                return Why("clause", text, self.holds[rule.name, root], values, behind, records)

    def _values(self, rule: Rule, clause: Clause) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if isinstance(clause, Matches):
            for total in dict.fromkeys([COUNT, *map(total_of, clause.totals)]):
                found[f"{total.how}_{total.field}".rstrip("_")] = self._total(clause, total)
        elif isinstance(clause.left, Name) and clause.left.text in TRAITS and lists_places(clause.left.text):
            places = self.row[clause.left.text]
            found[clause.left.text] = sorted(places) if places else places
        for value in _told_values(clause):
            found[_named(rule, value)] = self.known[rule.cut(value.span)]
        return found

    def _records(self, rule: Rule, clause: Clause) -> dict[str, tuple[Record, ...]]:
        windows = _windows(clause, self.needs).items()
        texts = {window.function if value is None else rule.cut(value.span): window for value, window in windows}
        return {text: self.records[id(window)] for text, window in texts.items() if self.records[id(window)]}

    def _total(self, clause: Matches, total: Total) -> Any:
        return self.row[self.needs.window(clause).totals[total]]

    # --- what would have to change -----------------------------------------------------------------------------

    def _nearby(self, rule: Rule, told: Why, root: Condition) -> Why:
        """The same, with what would have to change where it is a clause that does not hold."""
        if told.holds or told.kind != "clause" or not isinstance(root, Comparison | Matches):
            return told
        return replace(told, change=self._change(rule, root))

    def _change(self, rule: Rule, clause: Clause) -> str:
        if isinstance(clause, Matches):
            return self._change_of_matches(rule, clause)
        if isinstance(clause.left, Anniversary) or _segment(clause) or not _plain(clause):
            return ""
        return change(clause.op, self._value(rule, clause.left), [self._value(rule, v) for v in clause.values])

    def _change_of_matches(self, rule: Rule, clause: Matches) -> str:
        count = self._total(clause, COUNT)
        if clause.negated:
            return "" if clause.totals else f"{count} fewer"
        if not clause.totals:
            return "1 more"
        told = []
        for param in clause.totals:
            total = self._total(clause, total_of(param))
            targets = [self._value(rule, value) for value in param.values]
            if not _compares(param.op, total, targets):
                told.append(f"{param.name.text}: {change(param.op, total, targets)}")
        return ", ".join(told)

    def _value(self, rule: Rule, value: Value) -> Any:
        match value:
            case Number(value=number):
                return number
            case Text(value=text):
                return text
            case Flag(value=flag):
                return flag
            case Day() | Offset():
                return day_of(value, self.needs.as_of)
            case Moment(at=at):
                return at.date()
        return self.known.get(rule.cut(value.span))


def _compares(op: Op, total: Any, targets: list[Any]) -> bool:
    """Does a total hold? It and what it is compared with are numbers."""
    if None in targets:
        return False
    first = targets[0]
    outcomes = {
        Op.EQ: total == first, Op.NE: total != first, Op.GT: total > first, Op.GE: total >= first,
        Op.LT: total < first, Op.LE: total <= first, Op.BETWEEN: first <= total <= targets[-1],
        Op.IN: total in targets, Op.NOT_IN: total not in targets,
    }  # fmt: skip
    return bool(outcomes[op])


def _plain(clause: Comparison) -> bool:
    """Is it a comparison whose distance can be told? Lists and moments are not."""
    if isinstance(clause.left, Name) and not _has_column(clause.left.text):
        return False
    return not any(isinstance(value, Moment) for value in clause.values)


def _named(rule: Rule, value: Value) -> str:
    """How a value is called in `values`: a trait by its name, what is computed by its text."""
    return value.text if isinstance(value, Name) else " ".join(rule.cut(value.span).split())


def _segment(clause: Clause) -> str:
    if isinstance(clause, Comparison) and isinstance(clause.left, Name) and clause.left.text == SEGMENTS:
        (text,) = clause.values
        return text.value if isinstance(text, Text) else ""
    return ""
