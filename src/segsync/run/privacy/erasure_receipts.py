"""The receipt of an erasure: what was asked for, what is gone here, and platform by platform what was answered."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segsync.errors import ConfigError, Problem
from segsync.ledger import Ledger, audiences, erasures
from segsync.ledger.erasures import Erasure, Errand

FOLDER: Final = "receipts"
OUT_OF_REACH: Final = (
    "backups of this machine and of its disk, also what the disk itself keeps of overwritten files",
    "archives of `segsync state export`, exports and reports that were made before, and the shop's own export files",
    "what the platforms derived meanwhile, such as lookalike audiences, and exports that somebody made there",
    "the shop itself: its own record of the person is not segsync's to delete",
    "the history of the shell in which a command was typed",
)
LOOKED_AT: Final = 50  # of the newest erasures, whose receipts are brought up to date where a run was cut off
TAKEN_OUT: Final = "taken out of the audience"
TO_BE_DELETED: Final = "the platform took the request to delete"
PLAIN_ANSWERS: Final = frozenset({TAKEN_OUT})  # that say no more than `done` does
_ORDINARY: Final = {
    "pending": "not answered yet",
    "done": "done",
    "refused": "refused",
    "out of reach": "out of reach",
}


def receipt_of(ledger: Ledger, erasure: int) -> dict[str, Any]:
    """The receipt as JSON values. Raises ConfigError for an erasure that was never asked for."""
    found = next((one for one in erasures.every(ledger) if one.id == erasure), None)
    if found is None:
        remedy = "see them: ls .segsync/receipts"
        raise ConfigError([Problem(str(erasure), "there is no receipt of this number", remedy)], where="--receipt")
    names = {known.key: known for known in audiences.every(ledger)}
    return {
        "erasure": found.id,
        "asked_at": found.asked_at.isoformat(timespec="seconds"),
        "who": found.who,
        "asked_by": found.origin,
        "kept_out_by": list(found.erased.get("digests", ())),
        "erased_here": dict(found.erased.get("rows", {})),
        "here": "unfinished: the next command goes on" if found.sealed else "gone",
        "files": list(found.erased.get("files", ())),
        "platforms": [_asked(errand, names) for errand in erasures.errands(ledger, erasure)],
        "out_of_reach": list(OUT_OF_REACH),
        "done_at": found.done_at.isoformat(timespec="seconds") if found.done_at else None,
    }


def _asked(errand: Errand, names: Mapping[str, audiences.Known]) -> dict[str, Any]:
    known = names.get(errand.audience or "")
    return {
        "destination": errand.destination,
        "audience": known.name if known else None,
        "asked": "take out of the audience" if known else "delete the person",
        "state": errand.state,
        "asked_at": _short(errand.asked_at),
        "answered_at": _short(errand.answered_at),
        "answer": _waiting(errand) or errand.answer,
    }


def _waiting(errand: Errand) -> str | None:
    return "waits: the platform has not answered yet whether it added them" if errand.waits else None


def text_of(receipt: Mapping[str, Any]) -> str:
    """The same for a reader."""
    lines = [
        f"Erasure {receipt['erasure']}, asked for at {receipt['asked_at']} ({receipt['asked_by']})",
        f"  who        {receipt['who']}",
    ]
    rows: Mapping[str, int] = receipt["erased_here"]
    told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in rows.items())
    lines.append(f"  gone here  {told or 'nothing was known here'}")
    if receipt["here"] != "gone":
        lines.append(f"             {receipt['here']}")
    lines += [f"             {note}" for note in receipt["files"]]
    if receipt["kept_out_by"]:
        count = len(receipt["kept_out_by"])
        lines.append(f"  kept out   by {count} keyed digest{'' if count == 1 else 's'} (HMAC-SHA256)")
        lines += [f"             {digest}" for digest in receipt["kept_out_by"]]
    lines += _platforms(receipt["platforms"])
    lines.append("  out of reach")
    lines += [f"             {text}" for text in receipt["out_of_reach"]]
    lines.append(f"  complete   {receipt['done_at'] or 'not yet: `segsync run` asks again whoever has not answered'}")
    return "\n".join(lines)


def _platforms(asked: Sequence[Mapping[str, Any]]) -> list[str]:
    if not asked:
        return ["  platforms  none held them"]
    lines = ["  platforms"]
    for (told, answer), times in Counter(map(_told_of, asked)).items():
        lines.append(f"    {told}{f' ({times} requests)' if times > 1 else ''}")
        if answer and answer not in PLAIN_ANSWERS:
            lines.append(f"      {answer}")
    return lines


def _told_of(one: Mapping[str, Any]) -> tuple[str, str | None]:
    what = f"`{one['audience']}`: {one['asked']}" if one["audience"] else one["asked"]
    answered, asked_at = one["answered_at"], one["asked_at"]
    when = f" at {answered}" if answered else f", asked at {asked_at}" if asked_at else ""
    return f"{one['destination']}, {what}: {_ORDINARY[one['state']]}{when}", one["answer"]


def stale(state: Path, every: Sequence[Erasure]) -> set[int]:
    """Erasures whose written receipt does not know yet that they are through, or that was never written."""
    return {one.id for one in every[-LOOKED_AT:] if _done_at(state / FOLDER / f"forget-{one.id}.json") != _told(one)}


def _done_at(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["done_at"])
    except (OSError, ValueError, KeyError):
        return None


def _told(erasure: Erasure) -> str:
    return str(erasure.done_at.isoformat(timespec="seconds") if erasure.done_at else None)


def write(state: Path, ledger: Ledger, erasure: int) -> Path:
    """Write the receipt anew, as JSON and as text, for its owner alone; where the text lies."""
    receipt = receipt_of(ledger, erasure)
    folder = state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"forget-{erasure}.txt"
    _put(path, text_of(receipt) + "\n")
    _put(path.with_suffix(".json"), json.dumps(receipt, indent=2, ensure_ascii=False) + "\n")  # last: `stale` reads it
    return path


def _put(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
    unfinished.replace(path)


def _short(text: str | None) -> str | None:
    return None if text is None else text[:19] + "Z"
