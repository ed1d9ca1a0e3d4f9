"""The part of the destination suite about checking, finding and creating audiences."""

from __future__ import annotations

from segsync.errors import AudienceMissing, AuthError, ConfigError
from segsync.testing.destination.hooks import DestinationHooks
from segsync.testing.suite import assert_texts, needs, raises


class AudienceTests(DestinationHooks):
    """Checking, finding and creating."""

    def test_check_passes(self) -> None:
        assert_texts(self.open().check())

    def test_check_makes_nothing(self) -> None:
        destination = self.open()
        destination.check()
        assert self.audiences_named(self.wanted().name) == 0
        assert destination.find_audience(self.wanted()) is None

    @needs("secrets")
    def test_check_refuses_a_bad_credential(self) -> None:
        raises(AuthError, self.opened(self.refused_destination()).check)

    def test_finding_what_is_not_there_answers_none(self) -> None:
        assert self.open().find_audience(self.wanted()) is None

    def test_finding_makes_nothing(self) -> None:
        self.open().find_audience(self.wanted())
        assert self.audiences_named(self.wanted().name) == 0

    def test_creating_makes_exactly_one(self) -> None:
        self.open().create_audience(self.wanted())
        assert self.audiences_named(self.wanted().name) == 1

    def test_a_new_audience_holds_nobody(self) -> None:
        self.assert_holds(self.made(self.open()), [])

    def test_created_is_found_by_name(self) -> None:
        destination = self.open()
        made = self.made(destination)
        assert destination.find_audience(self.wanted()) == made

    def test_created_is_found_by_id_whatever_its_name(self) -> None:
        destination = self.open()
        made = self.made(destination)
        found = destination.find_audience(self.wanted(2, id=made.id))
        assert found == made, f"asked for the id {made.id!r}, got {found!r}"

    def test_created_is_found_by_a_later_process(self) -> None:
        made = self.made(self.open())
        assert self.open().find_audience(self.wanted()) == made

    def test_a_name_is_matched_whole(self) -> None:
        destination = self.open()
        self.made(destination, 11)
        assert destination.find_audience(self.wanted(1)) is None

    def test_two_audiences_have_two_ids(self) -> None:
        destination = self.open()
        assert self.made(destination, 1).id != self.made(destination, 2).id

    def test_an_audience_may_have_any_name(self) -> None:
        destination = self.open()
        wanted = self.wanted(name='Größte Kunden – 東京, "50 % off" & d\'accord')
        made = destination.create_audience(wanted)
        assert destination.find_audience(wanted) == made

    def test_an_id_that_is_gone_is_missing(self) -> None:
        destination, gone = self.open(), self.missing_audience()
        raises(AudienceMissing, lambda: destination.find_audience(self.wanted(id=gone.id)))

    def test_a_name_is_never_used_for_an_id_that_is_gone(self) -> None:
        destination, gone = self.open(), self.missing_audience()
        self.made(destination)
        raises(AudienceMissing, lambda: destination.find_audience(self.wanted(id=gone.id)))

    def test_a_name_that_two_audiences_have_is_refused(self) -> None:
        destination = self.open()
        self.made(destination)
        if self.stranger_creates(self.wanted().name):
            raises(ConfigError, lambda: destination.find_audience(self.wanted()))
        else:
            assert self.audiences_named(self.wanted().name) == 1, "the platform let a stranger use the name again"
