"""The suite that every destination passes: what `contract.Destination` promises, a sentence at a time.

class TestAcme(DestinationContract):
    spec = acme.SPEC
    bad_member = Member("bad", Identifiers(emails=("not an address",)))

    def destination(self): ...  # a new instance, speaking to this test's own, empty platform
    def holds(self, audience): ...  # what the platform itself says
    def audiences_named(self, name): ...
    def stranger_creates(self, name): ...
    def refused_destination(self): ...  # where the spec names secrets
    def known(self, identifiers): ...  # where the spec says `forgets`
"""

from __future__ import annotations

from segsync.testing.destination.declared import ReadBackTests, SettleTests
from segsync.testing.destination.everyday import BrowseTests, DeleteTests, ForgetTests, RenameTests
from segsync.testing.destination.finding import AudienceTests
from segsync.testing.destination.pushing import AddTests, RejectTests, RemoveTests


class DestinationContract(
    AudienceTests,
    AddTests,
    RemoveTests,
    RejectTests,
    SettleTests,
    ReadBackTests,
    RenameTests,
    DeleteTests,
    ForgetTests,
    BrowseTests,
):
    """Subclass it, supply the hooks (`hooks.py` says each), and let pytest collect it. It is taken whole."""
