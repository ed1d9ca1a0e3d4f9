"""The sum of a receipt: every person of a batch stands in exactly one of accepted, rejects and pending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from segsync.model import Batch, Receipt

SHOWN = 3  # person keys named in a complaint


def complaints(receipt: Receipt, batch: Batch) -> list[str]:
    """What is wrong with a receipt for this batch, a clause each; nothing where the sum is right.

    For a settled ticket, `batch` is the batch of the members that were pending.
    """
    return [*_sum(receipt, batch), *_form(receipt, batch)]


def _sum(receipt: Receipt, batch: Batch) -> Iterator[str]:
    given = {member.person for member in batch.members}
    answers = Counter([*receipt.accepted, *(reject.person for reject in receipt.rejects), *receipt.pending])
    if lost := given - answers.keys():
        yield f"accounts for {len(given) - len(lost)} of {len(given)} members, not for {_some(lost)}"
    if strangers := answers.keys() - given:
        yield f"names {_some(strangers)}, not of this batch"
    if twice := {person for person, count in answers.items() if count > 1}:
        yield f"accounts more than once for {_some(twice)}"


def _form(receipt: Receipt, batch: Batch) -> Iterator[str]:
    if receipt.batch_id != batch.id:
        yield f"is for batch {receipt.batch_id!r}, not {batch.id!r}"
    if receipt.pending and receipt.ticket is None:
        yield f"leaves {len(receipt.pending)} members pending without a ticket"
    if receipt.ticket is not None and not receipt.pending:
        yield "carries a ticket with nobody pending"
    if mute := {reject.person for reject in receipt.rejects if not reject.reason.strip()}:
        yield f"rejects {_some(mute)} without a reason"
    if blank := {person for person, platform_id in receipt.accepted.items() if platform_id == ""}:
        yield f"gives an empty platform id for {_some(blank)}"


def _some(people: Iterable[str]) -> str:
    keys = sorted(people)
    rest = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + rest
