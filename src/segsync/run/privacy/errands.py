"""What platforms must do for people who are forgotten: take them out of audiences, and delete them where asked.

An errand is repeated until the platform has answered for good: taking somebody out twice is once. Their identifiers
are kept for it, sealed, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

from segsync.config import Config
from segsync.errors import AudienceMissing, SegsyncError, gravest
from segsync.ledger import audiences, batches, erasures
from segsync.ledger.erasures import Errand
from segsync.model import Action, AudienceRef, Batch, Identifiers, Member, Receipt
from segsync.plan import identifiers as texts
from segsync.plan.diff import owner_of
from segsync.redact import mask_text
from segsync.run.privacy import erasure_receipts
from segsync.run.privacy.secrecy import ForgetKey, known_key
from segsync.run.privacy.their_rows import part_of
from segsync.run.privacy.whom import Scope
from segsync.run.workspace import Workspace
from segsync.spec import Writes

NOT_THERE: Final = frozenset(
    {"unknown_profile"}
)  # how a connector's reject says that the platform knows no such person
NOT_KEPT: Final = "not sent while --trace-bodies keeps people in the trace: run it without"
LONGEST_WAIT: Final = timedelta(days=1)  # for the answer to an add, where no push settles its ticket any more
UNASKED: Final = "it has no way to delete people: they are only taken out of its audiences"

Known = Mapping[str, audiences.Known]


@dataclass(slots=True)
class Worked:
    """What became of the errands that were open: by state, and what kept the others from being answered."""

    states: dict[str, int] = field(default_factory=dict)
    waiting: int = 0  # for a platform's answer to an add
    errors: list[SegsyncError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return gravest(error.exit_code for error in self.errors)

    @property
    def tried(self) -> int:
        return sum(self.states.values())


def errands_for(
    config: Config, known: Known, rows: Sequence[Mapping[str, Any]], scope: Scope, seal: Callable[[Member], str]
) -> list[Errand]:
    """An errand for each row of `held` that says where somebody still is. Pending rows wait for their answer."""
    found = []
    for row in rows:
        audience = known[row["audience"]]
        member = _leaving(row, scope, writes_of(config, audience.destination))
        if member is not None:
            waits = row["batch_seq"] if row["state"] == "pending" else None
            found.append(Errand(audience.destination, audience.key, row["person"], seal(member), waits))
    return found


def deletions_for(
    config: Config, known: Known, rows: Sequence[Mapping[str, Any]], scope: Scope, seal: Callable[[Member], str]
) -> list[Errand]:
    """An errand for each destination to delete somebody: by their own identifiers, and by each profile of theirs."""
    found = []
    for name in config.destinations:
        writes = writes_of(config, name)
        if writes is None:
            continue
        if not writes.forgets:
            found.append(Errand(name, None, "", None, state="out of reach", answer=UNASKED))
            continue
        own = [row for row in rows if owner_of(row["person"]) in scope.persons]
        ids = {row["platform_id"] for row in own if row["platform_id"] and known[row["audience"]].destination == name}
        named = Identifiers(tuple(sorted(scope.emails)), tuple(sorted(scope.phones)))
        members = [Member("", named)] if scope.values else []
        members += [Member("", Identifiers(), platform_id=id_) for id_ in sorted(ids)]
        found += [Errand(name, None, f"forgotten-{n}", seal(member)) for n, member in enumerate(members)]
    return found


def writes_of(config: Config, destination: str) -> Writes | None:
    """What a destination can do; None where the config has it no longer."""
    section = config.destinations.get(destination)
    return None if section is None else section.spec.writes


def sealed(key: ForgetKey, member: Member, at: float) -> str:
    """A member as an errand keeps them."""
    row = {"identifiers": texts.dump(member.identifiers), "platform_id": member.platform_id}
    return key.seal(row, at)


def unsealed(key: ForgetKey, errand: Errand) -> Member:
    """The member that an errand is about. Raises ConfigError where the key is another one."""
    row = key.unseal(errand.sealed or "")
    return Member(errand.person, texts.load(row["identifiers"]), row["platform_id"])


def _leaving(row: Mapping[str, Any], scope: Scope, writes: Writes | None) -> Member | None:
    """Who is to be taken out for a row of `held`; None where only what somebody else has, too, is held of them.

    Where values stand alone, those of somebody else stay. A profile goes whole: whoever shares it is added anew.
    """
    alone = writes is not None and writes.keyed_by == "identifier"
    if owner_of(row["person"]) in scope.persons:
        sent = row["identifiers"] or "{}"
        left = texts.without(sent, scope.shared) if alone else sent
        if alone and texts.values(sent) and not texts.values(left):
            return None
        return Member(row["person"], texts.load(left), row["platform_id"])
    if alone:
        return Member(row["person"], part_of(row["identifiers"], scope))
    if texts.main(row["identifiers"]) not in scope.values:
        return None
    return Member(row["person"], part_of(row["identifiers"], scope), row["platform_id"])


# --- asking the platforms ------------------------------------------------------------------------------------


def work(space: Workspace, erasure: int | None = None) -> Worked:
    """Ask for every open errand, or for those of one erasure; what fails is on the result, and stays open.

    Raises ConfigError where the forget key is missing.
    """
    worked = Worked()
    erasures.stop_waiting(space.ledger, space.clock.now() - LONGEST_WAIT)
    mine = [e for e in erasures.open_errands(space.ledger) if erasure in (None, e.erasure)]
    worked.waiting = sum(errand.waits for errand in mine)
    ready = sorted((errand for errand in mine if not errand.waits), key=_together)
    if not ready:
        _settle_books(space, {errand.erasure for errand in mine})
        return worked
    key = known_key(space.config, space.setting, space.ledger)
    try:
        for _, group in groupby(ready, key=_together):
            _work_group(space, key, list(group), worked)
    finally:
        _settle_books(space, {errand.erasure for errand in mine})
    return worked


def _settle_books(space: Workspace, touched: Iterable[int]) -> None:
    """Close what is through, and bring receipts up to date."""
    erasures.close(space.ledger, space.clock.now())
    stale = erasure_receipts.stale(space.config.state_dir, erasures.every(space.ledger))
    for erasure in sorted({*touched, *stale}):
        erasure_receipts.write(space.config.state_dir, space.ledger, erasure)


def _together(errand: Errand) -> tuple[bool, str, str, int, str]:
    """What is asked in one call; people are deleted after they were taken out."""
    return errand.audience is None, errand.destination, errand.audience or "", errand.erasure, errand.ticket or ""


def _work_group(space: Workspace, key: ForgetKey, group: Sequence[Errand], worked: Worked) -> None:
    writes = writes_of(space.config, group[0].destination)
    if writes is None:
        answer = f"[destinations.{group[0].destination}] left the config: put it back, and segsync run asks again"
        return _note(space, group, worked, state="pending", answer=answer)
    if space.setting.trace is not None and space.setting.trace.bodies:
        return _note(space, group, worked, state="pending", answer=NOT_KEPT)
    for at in range(0, len(group), writes.max_batch):
        part = group[at : at + writes.max_batch]
        try:
            _ask(space, key, part, worked)
        except AudienceMissing:
            _note(space, part, worked, state="done", answer="the audience is gone from the platform")
        except SegsyncError as error:
            worked.errors.append(error)
            words = mask_text(str(error).splitlines()[0])
            _note(space, part, worked, state="pending", answer=f"not answered: {words}", asked_at=space.clock.now())
    return None


def _ask(space: Workspace, key: ForgetKey, part: Sequence[Errand], worked: Worked) -> None:
    members = [unsealed(key, errand) for errand in part]
    first, now = part[0], space.clock.now()
    destination = space.destination(first.destination)
    if first.audience is None:
        return _answered(space, part, destination.forget(members), worked, erasure_receipts.TO_BE_DELETED)
    known = audiences.by_key(space.ledger, first.audience)
    if known.platform_id is None:
        return _note(space, part, worked, state="done", answer="there is no such audience on the platform any more")
    batch = Batch(f"f{first.id}", 0, AudienceRef(known.platform_id, known.name), Action.REMOVE, members)
    ticket = batches.read_ticket(first.ticket)
    if ticket is None:
        receipt: Receipt | None = destination.push(batch)
    else:
        receipt = destination.settle(ticket, batch) if ticket.due_at <= now else None
    if receipt is None:
        return _note(space, part, worked, state="pending", answer="taken by the platform, and not answered yet")
    return _answered(space, part, receipt, worked, erasure_receipts.TAKEN_OUT)


def _answered(space: Workspace, part: Sequence[Errand], receipt: Receipt, worked: Worked, done: str) -> None:
    now = space.clock.now()
    rejects = {reject.person: reject for reject in receipt.rejects}
    for errand in part:
        reject = rejects.get(errand.person)
        if errand.person in receipt.accepted:
            _note(space, [errand], worked, state="done", answer=done, asked_at=now, answered_at=now)
        elif reject is None:
            _note(
                space,
                [errand],
                worked,
                state="pending",
                answer="taken by the platform, and not answered yet",
                asked_at=now,
                ticket=batches.ticket_text(receipt.ticket),
            )
        else:
            words = mask_text(reject.reason)
            state = "pending" if reject.retry else "done" if reject.code in NOT_THERE else "refused"
            answer = f"not there: {words}" if state == "done" else words
            _note(space, [errand], worked, state=state, answer=answer, asked_at=now, answered_at=now)


def _note(space: Workspace, part: Sequence[Errand], worked: Worked, *, state: str, answer: str, **more: Any) -> None:
    now = space.clock.now()
    row: dict[str, Any] = {"state": state, "answer": answer, **more}
    if state != "pending":
        row = {"asked_at": now, "answered_at": now, **row}
    erasures.note(space.ledger, [errand.id for errand in part], **row)
    worked.states[state] = worked.states.get(state, 0) + len(part)


# --- adds that are not answered yet --------------------------------------------------------------------------


def waiting_members(space: Workspace, audience: str, batch: int) -> list[Member]:
    """Forgotten people whom an unanswered batch was adding: the platform is asked about them by the same ticket."""
    found = erasures.waiting_for(space.ledger, audience, batch)
    if not found:
        return []
    key = known_key(space.config, space.setting, space.ledger)
    return [unsealed(key, errand) for errand in found]


def without_them(receipt: Receipt, members: Sequence[Member]) -> Receipt:
    """A receipt that says nothing of forgotten people any more."""
    gone = {member.person for member in members}
    pending = receipt.pending - gone
    return Receipt(
        receipt.batch_id,
        {person: told for person, told in receipt.accepted.items() if person not in gone},
        [reject for reject in receipt.rejects if reject.person not in gone],
        pending,
        receipt.ticket,
    )
