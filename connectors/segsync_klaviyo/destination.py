"""Klaviyo lists as audiences.

Follows the API reference of revision 2026-07-15 (read 2026-11-23) and what changed up to 2026-10-15
(developers.klaviyo.com). Quirks hidden here:

* A list takes and gives up profile *ids*, never e-mails, a thousand at a time, and does not say what became of each.
* A bulk import is asynchronous, and "complete" with failures is normal: they are read to the end.
* Being in a list is not consent. Nothing here subscribes, unsubscribes or suppresses anybody.
* List names are not unique, and an account's default opt-in process is mostly double.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from segsync.errors import AudienceMissing, ConfigError, Problem
from segsync.model import Action, Audience, AudienceRef, Batch, Listed, Member, Present, Receipt, Ticket
from segsync_klaviyo import limits, wire
from segsync_klaviyo.adds import Adds
from segsync_klaviyo.api import Api
from segsync_klaviyo.forgetting import forget
from segsync_klaviyo.membership import Membership

if TYPE_CHECKING:
    from segsync.contract import Kit
    from segsync_klaviyo import Options

BROWSES = ("lists",)


class KlaviyoLists:
    """The destination; see contract.py for what its methods promise."""

    def __init__(self, kit: Kit) -> None:
        options = cast("Options", kit.options)
        self._clock = kit.clock
        self._session = kit.session
        self._name = kit.name
        self._api = Api(kit.session, name=kit.name, base_url=options.base_url, api_key=kit.secrets["api_key"])
        self._membership = Membership(self._api)
        self._adds = Adds(self._api, self._membership, phones_beside_emails=options.phones == "always")

    def check(self) -> Sequence[str]:
        """Whether the key may also write cannot be known without writing; the first push says so if it may not."""
        one = wire.query(page_size=1)
        self._api.get(f"/api/lists?{one}", limits.LISTS)
        self._api.get(f"/api/profiles?{one}&{wire.query(fields_profile='email')}", limits.PROFILES)
        self._api.get(f"/api/profile-bulk-import-jobs?{one}", limits.JOBS)
        self._api.get(f"/api/flows?{one}", limits.FLOWS)
        return ()

    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        chosen = wanted.options.get("list_id")
        if chosen:
            return self._chosen(str(chosen), wanted)
        if wanted.id is not None:
            found = self._by_id(wanted.id)
            if found is None:
                raise AudienceMissing(_gone(wanted))
            return found
        named = self._by_name(wanted.name)
        if len(named) > 1:
            raise ConfigError([_ambiguous(wanted.name, named)], where=f"destinations.{self._name}")
        return named[0] if named else None

    def create_audience(self, wanted: Audience) -> AudienceRef:
        body = wire.encoded(wire.new_list(wanted.name))
        answer = self._api.call("POST", "/api/lists", limits.LIST_CREATE, expect=(201,), body=body, repeatable=False)
        return wire.audience(answer.resource)

    def push(self, batch: Batch) -> Receipt:
        if batch.action is Action.REMOVE:
            return self._membership.remove(batch)
        return self._adds.push(batch, self._clock.now())

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        return self._adds.settle(ticket, batch)

    def read_back(self, audience: AudienceRef) -> Iterator[Sequence[Present]]:
        return self._membership.read_back(audience)

    def automations(self, audience: AudienceRef) -> Sequence[str]:
        names: list[str] = []
        for page in self._api.pages(
            f"/api/lists/{wire.segment(audience.id)}/flow-triggers", limits.LIST_FLOWS, missing=True
        ):
            if page.status == 404:
                self._membership.must_exist(audience)
            names += wire.live_flows(page.resources)
        return names

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        path, body = f"/api/lists/{wire.segment(audience.id)}", wire.encoded(wire.renamed_list(audience.id, name))
        answer = self._api.call("PATCH", path, limits.LIST_RENAME, expect=(200, 404), body=body)
        if answer.status == 404:
            raise AudienceMissing(_gone(audience))
        return wire.audience(answer.resource)

    def delete_audience(self, audience: AudienceRef) -> None:
        self._api.call("DELETE", f"/api/lists/{wire.segment(audience.id)}", limits.LIST_DELETE, expect=(204, 404))

    def forget(self, members: Sequence[Member]) -> Receipt:
        return forget(self._api, members)

    def browse(self, kind: str) -> Iterator[Sequence[Listed]]:
        if kind not in BROWSES:
            raise ConfigError([Problem(kind, "Klaviyo has no such thing to list", f"there are: {', '.join(BROWSES)}")])
        asked = wire.query(page_size=10, include="flow-triggers", fields_flow="name,status,archived")
        for page in self._api.pages(f"/api/lists?{asked}", limits.LISTS):
            yield wire.listed(page.document)

    def close(self) -> None:
        self._session.close()

    def _chosen(self, id: str, wanted: Audience) -> AudienceRef:
        """The list that the sync names by `list_id`."""
        found = self._by_id(id)
        if found is not None:
            return found
        if wanted.id == id:
            raise AudienceMissing(_gone(wanted))
        problem = Problem("list_id", f"Klaviyo has no list with the id {id}", "copy the id from the list's address")
        raise ConfigError([problem], where=f'the sync to the list "{wanted.name}"')

    def _by_id(self, id: str) -> AudienceRef | None:
        answer = self._api.get(f"/api/lists/{wire.segment(id)}", limits.LIST, missing=True)
        return wire.audience(answer.resource) if answer.status == 200 else None

    def _by_name(self, name: str) -> list[AudienceRef]:
        """Every list of exactly this name. Names with quotes are compared here: Klaviyo documents no escaping."""
        asked = {} if any(mark in name for mark in "\"'\\") else {"filter": wire.equals("name", name)}
        pages = self._api.pages(f"/api/lists?{wire.query(**asked, page_size=10)}", limits.LISTS)
        found = [wire.audience(resource) for page in pages for resource in page.resources]
        return [one for one in found if one.name == name]


def _gone(wanted: Audience | AudienceRef) -> str:
    return f'The Klaviyo list "{wanted.name}" ({wanted.id}) is gone: somebody deleted it in Klaviyo.'


def _ambiguous(name: str, named: Sequence[AudienceRef]) -> Problem:
    ids = " and ".join(one.id for one in named)
    choices = "\n".join(f'list_id = "{one.id}"' for one in named)
    return Problem(
        f'audience = "{name}"', f"Klaviyo has {len(named)} lists of this name: {ids}", f"add one of:\n{choices}"
    )
