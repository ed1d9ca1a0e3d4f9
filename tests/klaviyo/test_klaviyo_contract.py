"""Klaviyo keeps every promise of a destination, against its stand-in."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from klaviyo_world import World

from segsync.contract import Destination
from segsync.model import AudienceRef, Identifiers, Member
from segsync.testing import DestinationContract
from segsync_klaviyo import limits, spec


class TestKlaviyo(DestinationContract):
    spec = spec
    bad_member = Member("bad", Identifiers(emails=("two..dots@example.com",)))
    pending_size = limits.SINGLY + 1

    @cached_property
    def world(self) -> World:
        return World(time=self.time)

    def teardown_method(self) -> None:
        super().teardown_method()
        self.world.server.close()

    def destination(self) -> Destination:
        return self.world.destination()

    def refused_destination(self) -> Destination:
        return self.world.destination(key="not-a-key")

    def holds(self, audience: AudienceRef) -> Collection[str]:
        return self.world.members_of(audience)

    def audiences_named(self, name: str) -> int:
        return sum(one.name == name for one in self.world.account.lists.values())

    def stranger_creates(self, name: str) -> bool:
        self.world.account.create_list(name)
        return True

    def makes_live(self, audience: AudienceRef) -> bool:
        self.world.account.create_flow(audience.id, "Welcome", status="live")
        return True

    def known(self, identifiers: Identifiers) -> bool:
        return self.world.account.find("email", identifiers.emails[0]) is not None

    def consented(self) -> Collection[str]:
        profiles = self.world.sandbox.state()["profiles"].values()
        return sorted(one["email"] for one in profiles if one["consent"] == "SUBSCRIBED")
