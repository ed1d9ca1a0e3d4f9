"""Asking Klaviyo to delete people. It takes a request for one identifier and says nothing more of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from segsync.model import Member, Receipt, Reject
from segsync_klaviyo import limits, wire
from segsync_klaviyo.api import Api

PATH = "/api/data-privacy-deletion-jobs"


def forget(api: Api, members: Sequence[Member]) -> Receipt:
    """Ask for each of these people. Somebody whom Klaviyo does not know is no error.

    By phone only who has no e-mail: Klaviyo deletes every profile that has it, and a phone may be another's by now.
    """
    accepted: dict[str, str | None] = {}
    rejects: list[Reject] = []
    for member in members:
        refusal = _refusal(api, member)
        if refusal is None:
            accepted[member.person] = member.platform_id
        else:
            rejects.append(Reject(member.person, refusal, code="deletion_refused"))
    return Receipt("forget", accepted, rejects)


def _refusal(api: Api, member: Member) -> str | None:
    """Klaviyo's words, where it will not delete them."""
    asked = list(_named(member))
    if not asked:
        return "nothing is known by which Klaviyo could find them"
    words = []
    for kind, value in asked:
        body = wire.encoded(wire.deletion(kind, value))
        answer = api.call("POST", PATH, limits.FORGET, expect=(202, 400, 404), body=body, empty=True)
        if answer.status == 400:
            words.append(answer.words)
    return "; ".join(words) or None


def _named(member: Member) -> Iterator[tuple[str, str]]:
    if member.platform_id:
        yield "id", member.platform_id
    for email in member.identifiers.emails:
        yield "email", email
    for phone in () if member.identifiers.emails else member.identifiers.phones:
        yield "phone_number", phone
