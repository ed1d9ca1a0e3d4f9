"""Why somebody is in a segment, or is not, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segsync.cli.output import say

if TYPE_CHECKING:
    from segsync.rules.why import Why


def say_why(part: Why, depth: int = 1) -> None:
    """Print a rule as a tree: each clause with this person's values, and the records that counted below it."""
    values = ", ".join(f"{name}: {_value(value)}" for name, value in part.values.items())
    text = (
        " ".join(part.text.split())
        if part.kind == "clause"
        else {"all": "all of", "any": "any of"}.get(part.kind, "not")
    )
    told = f"   ({values})" if values else ""
    missing = f"   what would do: {part.change}" if part.change else ""
    say(f"{'  ' * depth}{'true ' if part.holds else 'false'}  {text}{told}{missing}")
    for records in part.records.values():
        for one in records:
            amount = "" if one.amount is None else f"  {one.amount:,.2f}"
            say(f"{'  ' * (depth + 4)}{one.day or 'no day'}  {one.source} {one.id}{amount}")
    for inner in part.parts:
        say_why(inner, depth + 1)


def why_json(part: Why) -> dict[str, object]:
    """The same as JSON values."""
    return {
        "kind": part.kind,
        "text": part.text,
        "holds": part.holds,
        "values": dict(part.values),
        "change": part.change,
        "records": {
            text: [{"source": one.source, "id": one.id, "day": one.day, "amount": one.amount} for one in records]
            for text, records in part.records.items()
        },
        "parts": [why_json(inner) for inner in part.parts],
    }


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "missing" if value is None else str(value)
