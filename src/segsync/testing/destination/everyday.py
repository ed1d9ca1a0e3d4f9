"""The part of the destination suite about renaming, deleting, forgetting and browsing, where the spec declares them."""

from __future__ import annotations

from typing import cast

from segsync.contract import Browses
from segsync.errors import AudienceMissing, ConfigError
from segsync.model import Member
from segsync.testing.destination.hooks import DestinationHooks
from segsync.testing.suite import needs, raises

MANY = 12  # audiences to browse: more than a page of the platforms that we know (Klaviyo's is 10)


class RenameTests(DestinationHooks):
    """An audience's name follows the config; who is in it does not change."""

    @needs("renames")
    def test_a_renamed_audience_has_the_new_name_alone(self) -> None:
        destination = self.open()
        renamed = self.renamed(destination, self.made(destination), "segsync renamed")
        assert renamed.name == "segsync renamed"
        assert self.audiences_named("segsync renamed") == 1, "the platform has no audience of the new name"
        assert self.audiences_named(self.wanted().name) == 0, "the old name is still there"

    @needs("renames")
    def test_a_renamed_audience_keeps_its_members(self) -> None:
        destination, members = self.open(), self.members(3)
        audience = self.made(destination)
        self.add(destination, audience, members)
        renamed = self.renamed(destination, audience, "segsync renamed")
        self.remove(destination, renamed, members[:1])
        self.assert_holds(renamed, members[1:])

    @needs("renames")
    def test_renaming_again_changes_nothing(self) -> None:
        """With what was known before: a process may die before it has noted that it renamed."""
        destination, members = self.open(), self.members(2)
        audience = self.made(destination)
        self.add(destination, audience, members)
        first = self.renamed(destination, audience, "segsync renamed")
        again = self.renamed(self.open(), audience, "segsync renamed")
        assert again == first, f"renamed again it is {again}, and was {first}"
        self.assert_holds(again, members)

    @needs("renames")
    def test_a_renamed_audience_is_found_by_its_id(self) -> None:
        destination = self.open()
        renamed = self.renamed(destination, self.made(destination), "segsync renamed")
        wanted = self.wanted(name="segsync renamed", id=renamed.id)
        assert self.open().find_audience(wanted) == renamed

    @needs("renames")
    def test_renaming_leaves_other_audiences_alone(self) -> None:
        destination = self.open()
        self.renamed(destination, self.made(destination, 1), "segsync renamed")
        other = self.made(destination, 2)
        assert destination.find_audience(self.wanted(2, id=other.id)) == other

    @needs("renames")
    def test_renaming_an_audience_that_is_gone(self) -> None:
        raises(AudienceMissing, lambda: self.renamed(self.open(), self.missing_audience(), "segsync renamed"))


class DeleteTests(DestinationHooks):
    """Taking an audience away whole."""

    @needs("deletes")
    def test_a_deleted_audience_is_gone(self) -> None:
        destination = self.open()
        audience = self.made(destination)
        self.add(destination, audience, self.members(2))
        self.delete(destination, audience)
        assert self.audiences_named(self.wanted().name) == 0, "the audience is still there"
        raises(AudienceMissing, lambda: destination.find_audience(self.wanted(id=audience.id)))

    @needs("deletes")
    def test_deleting_again_is_harmless(self) -> None:
        destination = self.open()
        audience, other = self.made(destination, 1), self.made(destination, 2)
        for _ in range(2):
            self.delete(self.open(), audience)
        assert destination.find_audience(self.wanted(2)) == other

    @needs("deletes")
    def test_deleting_leaves_others_and_their_members(self) -> None:
        destination, members = self.open(), self.members(3)
        first, second = self.made(destination, 1), self.made(destination, 2)
        self.add(destination, first, members)
        self.add(destination, second, members[1:])
        self.delete(destination, first)
        self.assert_holds(second, members[1:])


class ForgetTests(DestinationHooks):
    """Deleting people wherever the platform has them."""

    @needs("forgets")
    def test_forgotten_people_are_nowhere(self) -> None:
        destination, members = self.open(), self.members(3)
        first, second = self.made(destination, 1), self.made(destination, 2)
        self.add(destination, first, members)
        self.add(destination, second, members[:2])
        receipt = self.forgotten(destination, members[:1])
        assert list(receipt.accepted) == [members[0].person], "somebody known was not accepted"
        self.wait(60.0)
        assert not self.known(members[0].identifiers), "the platform still knows them"
        self.assert_holds(first, members[1:])
        self.assert_holds(second, members[1:2])

    @needs("forgets")
    def test_forgotten_by_the_platforms_own_ids(self) -> None:
        destination, members = self.open(), self.members(2)
        told = self.add(destination, self.made(destination), members).accepted
        self.forgotten(destination, [Member(m.person, m.identifiers, told[m.person]) for m in members])
        self.wait(60.0)
        assert not any(self.known(member.identifiers) for member in members), "the platform still knows them"

    @needs("forgets")
    def test_forgetting_again_or_a_stranger_is_accounted_for(self) -> None:
        destination, members = self.open(), self.members(2)
        self.add(destination, self.made(destination), members[:1])
        for _ in range(2):
            self.forgotten(destination, members)
            self.wait(60.0)


class BrowseTests(DestinationHooks):
    """What the account has."""

    @needs("browses")
    def test_browsing_shows_every_audience_once(self) -> None:
        destination = self.open()
        made = [self.made(destination, n) for n in range(1, MANY + 1)]
        shown = [(one.id, one.name) for one in self.browsed(destination)]
        assert sorted(shown) == sorted((ref.id, ref.name) for ref in made), f"made {len(made)}, shown {len(shown)}"

    @needs("browses")
    def test_browsing_tells_what_is_live(self) -> None:
        destination = self.open()
        quiet, busy = self.made(destination, 1), self.made(destination, 2)
        told = self.makes_live(busy)
        live = {one.id: one.live for one in self.browsed(destination)}
        assert live == ({quiet.id: False, busy.id: True} if told else {quiet.id: None, busy.id: None})

    @needs("browses")
    def test_browsing_what_there_is_not(self) -> None:
        destination = self.open()
        raises(ConfigError, lambda: list(cast(Browses, destination).browse("segsync nothing")))
