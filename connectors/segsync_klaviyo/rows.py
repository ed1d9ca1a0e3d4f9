"""From members to the profiles that are sent for them: people who share an identifier share a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from segsync.model import Member, Reject


@dataclass(frozen=True, slots=True)
class Row:
    """One profile to send, by e-mail or phone or both, and the persons it stands for.

    `by_phone` are those of them whom only the phone reaches.
    """

    email: str | None
    phone: str | None
    by_email: tuple[str, ...] = ()
    by_phone: tuple[str, ...] = ()

    @property
    def persons(self) -> tuple[str, ...]:
        return self.by_email + self.by_phone

    def without_phone(self) -> Row:
        """The same profile by its e-mail alone."""
        return Row(self.email, None, self.by_email)

    def phone_alone(self) -> Row | None:
        """A profile for those whom only the phone reaches, if there are any."""
        return Row(None, self.phone, (), self.by_phone) if self.by_phone else None

    def rejected(self, reason: str, code: str, *, retry: bool = False) -> list[Reject]:
        return [Reject(person, reason, code=code, retry=retry) for person in self.persons]


def rows_of(members: Iterable[Member], *, phones_beside_emails: bool) -> tuple[list[Row], list[Reject]]:
    """One row for each profile, and rejects for members without any identifier.

    With `phones_beside_emails` a row carries its members' phone too, unless another e-mail claims the same phone:
    Klaviyo would take the two for one profile and rename it. Without, phones go only for those who have no e-mail.
    """
    emails: dict[str, list[Member]] = {}
    phones: dict[str, list[str]] = {}
    rejects = []
    for member in members:
        if member.identifiers.emails:
            emails.setdefault(member.identifiers.emails[0], []).append(member)
        elif member.identifiers.phones:
            phones.setdefault(member.identifiers.phones[0], []).append(member.person)
        else:
            rejects.append(Reject(member.person, "has neither an e-mail nor a phone", code="no_identifier"))
    beside = _phones_beside(emails) if phones_beside_emails else {}
    rows = []
    for email, group in emails.items():
        phone = beside.get(email)
        joined = tuple(phones.pop(phone, ())) if phone else ()
        rows.append(Row(email, phone, tuple(member.person for member in group), joined))
    rows += [Row(None, phone, (), tuple(people)) for phone, people in phones.items()]
    return rows, rejects


def _phones_beside(emails: Mapping[str, Sequence[Member]]) -> dict[str, str]:
    """Each e-mail's first phone, where no other e-mail of the batch has the same."""
    claimed: dict[str, set[str]] = {}
    for email, group in emails.items():
        for member in group:
            for phone in member.identifiers.phones[:1]:
                claimed.setdefault(phone, set()).add(email)
    own: dict[str, str] = {}
    for phone, owners in claimed.items():
        if len(owners) == 1:
            own.setdefault(next(iter(owners)), phone)
    return own
