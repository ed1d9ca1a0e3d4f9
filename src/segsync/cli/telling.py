"""Why somebody is in a segment, or is not, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segsync.cli.output import say

if TYPE_CHECKING:
    from segsync.people import Account
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


def consent_said(account: Account) -> list[dict[str, object]]:
    """What each record says of consent; those that have vanished, with when, where they still count."""
    living: list[dict[str, object]] = [
        {
            "source": node.source,
            "id": node.customer_id,
            "email": node.email_consent,
            "email_at": node.email_consent_at,
            "sms": node.sms_consent,
            "sms_at": node.sms_consent_at,
            "ads": node.ads_consent,
            "vanished": None,
        }
        for node in account.nodes
    ]
    gone: list[dict[str, object]] = [
        {
            "source": each.source,
            "id": each.customer_id,
            "email": each.email_consent,
            "email_at": None,
            "sms": each.sms_consent,
            "sms_at": None,
            "ads": each.ads_consent,
            "vanished": each.vanished_at,
        }
        for each in account.gone
    ]
    return [*living, *gone]


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "missing" if value is None else str(value)
