"""The list itself: does it exist, which profile is whose, and putting profile ids in and taking them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from segsync.errors import AudienceMissing, Unavailable
from segsync.model import AudienceRef, Batch, Member, Present, Receipt, Reject
from segsync_klaviyo import limits, wire
from segsync_klaviyo.api import Api
from segsync_klaviyo.rows import Row

UNKNOWN: Final = (
    "Klaviyo has no profile with this {kind}, so it cannot be in the list under it; if somebody changed the profile "
    "in Klaviyo, take it out of the list there"
)


class Membership:
    """Who is in a list, by profile id. Keeps the ids that it learns for as long as it lives."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids: dict[tuple[str, str], str] = {}  # kind and identifier to profile id

    def must_exist(self, ref: AudienceRef) -> None:
        """Raises AudienceMissing where the list is gone."""
        if self._api.get(f"/api/lists/{wire.segment(ref.id)}", limits.LIST, missing=True).status == 404:
            raise AudienceMissing(f'The Klaviyo list "{ref.name}" ({ref.id}) is gone: somebody deleted it in Klaviyo.')

    def remember(self, row: Row, id: str) -> None:
        """Keep a profile's id for later removals."""
        if row.email is not None:
            self._ids["email", wire.folded(row.email)] = id
        if row.phone is not None:
            self._ids["phone_number", row.phone] = id

    def add(self, ref: AudienceRef, ids: Sequence[str]) -> set[str]:
        """Put profiles into the list; the ids that Klaviyo does not know. Raises AudienceMissing."""
        return self._change("POST", ref, ids)

    def remove(self, batch: Batch) -> Receipt:
        """Take the batch's members out of its list."""
        known = {member.person: member.platform_id for member in batch.members if member.platform_id}
        unnamed = [member for member in batch.members if member.person not in known]
        looked_up = self._resolved(unnamed)
        ids = {**known, **looked_up}
        if not ids:
            self.must_exist(batch.audience)
        gone = self._change("DELETE", batch.audience, _unique(ids.values()))
        if gone:
            self._remove_successors(batch, ids, gone)
        rejects = [_unknown(member) for member in unnamed if member.person not in looked_up]
        accepted = {person: (None if id in gone else id) for person, id in ids.items()}
        return Receipt(batch.id, accepted, rejects)

    def read_back(self, ref: AudienceRef) -> Iterator[Sequence[Present]]:
        """Everybody in the list, a hundred at a time. Raises AudienceMissing."""
        query = wire.query(page_size=limits.PER_LOOKUP, fields_profile="email,phone_number")
        for page in self._api.pages(
            f"/api/lists/{wire.segment(ref.id)}/profiles?{query}", limits.LIST_PROFILES, missing=True
        ):
            if page.status == 404:
                self.must_exist(ref)
                raise Unavailable("Klaviyo did not find a list that is there; what it holds could not be read")
            yield [wire.present(resource) for resource in page.resources]

    def _remove_successors(self, batch: Batch, ids: dict[str, str], gone: set[str]) -> None:
        """Profiles that vanished may live on under another id, merged by somebody in Klaviyo: take those out too."""
        self._ids = {name: id for name, id in self._ids.items() if id not in gone}
        merged = self._resolved([member for member in batch.members if ids.get(member.person) in gone])
        self._change("DELETE", batch.audience, _unique(id for id in merged.values() if id not in gone))

    def _change(self, method: str, ref: AudienceRef, ids: Sequence[str]) -> set[str]:
        """Add or remove ids; those that Klaviyo does not know. It refuses a whole call for one of them: halve it."""
        gone: set[str] = set()
        parts = [ids[at : at + limits.PER_RELATIONSHIP] for at in range(0, len(ids), limits.PER_RELATIONSHIP)]
        limit = limits.LIST_ADD if method == "POST" else limits.LIST_REMOVE
        exists = False
        while parts:
            part = parts.pop()
            body = wire.encoded(wire.profile_ids(part))
            path = f"/api/lists/{wire.segment(ref.id)}/relationships/profiles"
            if self._api.call(method, path, limit, expect=(204, 404), body=body).status == 204:
                continue
            if not exists:
                self.must_exist(ref)
                exists = True
            half = len(part) // 2
            if half == 0:
                gone.update(part)
            else:
                parts += [part[:half], part[half:]]
        return gone

    # --- which profile is whose ------------------------------------------------------------------------------

    def _resolved(self, members: Iterable[Member]) -> dict[str, str]:
        """Profile ids by person, for those whom Klaviyo knows.

        Asked by e-mail, and by phone only for people without one: a phone may be another profile's by now.
        """
        wanted = {member.person: name for member in members if (name := _identifier(member)) is not None}
        for kind in ("email", "phone_number"):
            values = {value for of, value in wanted.values() if of == kind and (of, value) not in self._ids}
            self._look_up(kind, sorted(values))
        return {person: self._ids[name] for person, name in wanted.items() if name in self._ids}

    def _look_up(self, kind: str, values: Sequence[str]) -> None:
        for _, asked in wire.lookups(kind, values, most=limits.PER_LOOKUP):
            query = wire.query(filter=asked, page_size=limits.PER_LOOKUP, fields_profile="email,phone_number")
            for page in self._api.pages(f"/api/profiles?{query}", limits.PROFILES):
                for seen in map(wire.present, page.resources):
                    told = seen.identifiers.emails if kind == "email" else seen.identifiers.phones
                    for value in told:
                        self._ids[kind, value] = seen.platform_id


def _identifier(member: Member) -> tuple[str, str] | None:
    if member.identifiers.emails:
        return "email", wire.folded(member.identifiers.emails[0])
    if member.identifiers.phones:
        return "phone_number", member.identifiers.phones[0]
    return None


def _unknown(member: Member) -> Reject:
    name = _identifier(member)
    if name is None:
        return Reject(member.person, "nothing is known by which Klaviyo could find them", code="no_identifier")
    kind = "e-mail" if name[0] == "email" else "phone"
    return Reject(member.person, UNKNOWN.format(kind=kind), code="unknown_profile")


def _unique(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))
