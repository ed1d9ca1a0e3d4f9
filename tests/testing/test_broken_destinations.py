"""The suite must catch every broken destination, for the right reason."""

from __future__ import annotations

import broken_destinations as kinds
import pytest
from driving import broken, collected, failures
from references import MemoryContract, SecretContract, TicketContract

from segsync.testing import MemoryDestination, memory_spec

BROKEN = [
    (kinds.IgnoresRemoves, "test_removed_members_are_gone_and_others_stay", "should hold 2"),
    (
        kinds.SwallowsRejects,
        "test_a_refused_member_is_a_reject_with_its_reason",
        "accounts for 0 of 1 members, not for bad",
    ),
    (
        kinds.CallsRejectsAccepted,
        "test_a_refused_member_is_a_reject_with_its_reason",
        "the refused member is not a reject",
    ),
    (kinds.RejectsWithoutReason, "test_a_refused_member_is_a_reject_with_its_reason", "rejects bad without a reason"),
    (kinds.FailsAllForOne, "test_a_refused_member_does_not_fail_the_rest", "AssertionError"),
    (kinds.RaisesForOne, "test_a_refused_member_does_not_fail_the_rest", "400: invalid input"),
    (kinds.MakesASecondAudience, "test_added_members_are_held", "the audience holds 0"),
    (kinds.CreatesOnFinding, "test_finding_makes_nothing", "AssertionError"),
    (kinds.CreatesTwice, "test_creating_makes_exactly_one", "AssertionError"),
    (kinds.TakesTheFirstOfTwo, "test_a_name_that_two_audiences_have_is_refused", "expected ConfigError"),
    (kinds.MatchesPartsOfNames, "test_a_name_is_matched_whole", "AssertionError"),
    (kinds.FallsBackToTheName, "test_a_name_is_never_used_for_an_id_that_is_gone", "expected AudienceMissing"),
    (kinds.RecreatesInSilence, "test_an_audience_that_is_gone_is_missing", "expected AudienceMissing"),
    (kinds.Replaces, "test_adding_leaves_others_in", "the audience holds 1"),
    (kinds.RemovesEverywhere, "test_two_audiences_are_independent", "should hold 2"),
    (kinds.RemovesAll, "test_removed_members_are_gone_and_others_stay", "the audience holds 0"),
    (kinds.DeletesWhatIsEmpty, "test_everybody_can_be_removed", "KeyError"),
    (kinds.FailsOnStrangers, "test_removing_a_stranger_is_accounted_for", "not for person-3"),
    (kinds.AddsWhomItRemoves, "test_removing_a_stranger_is_accounted_for", "should hold 1"),
    (kinds.TellsOneIdForAll, "test_platform_ids_tell_people_apart", "one platform id for two people"),
    (kinds.AcceptsTwice, "test_a_refused_member_is_a_reject_with_its_reason", "accounts more than once for bad"),
    (kinds.AcceptsStrangers, "test_added_members_are_held", "names somebody else, not of this batch"),
    (kinds.NamesAnotherBatch, "test_added_members_are_held", "is for batch '0'"),
    (kinds.SplitsAddressesAtPlus, "test_addresses_with_marks_pass", "not for person-1"),
    (kinds.RemovesByItsOwnIdOnly, "test_removed_members_are_gone_and_others_stay", "should hold 2"),
    (kinds.Subscribes, "test_nobodys_consent_changes", "adding gave consent"),
    (kinds.ForgetsAfterAProcess, "test_created_is_found_by_a_later_process", "AssertionError"),
    (kinds.ReadsOnlyTheFirstPage, "test_read_back_is_what_the_platform_holds", "AssertionError"),
    (kinds.ChecksByWriting, "test_check_makes_nothing", "AssertionError"),
    (kinds.RefusesToCheck, "test_check_passes", "not now"),
    (kinds.CreatesWithEverybody, "test_a_new_audience_holds_nobody", "the audience holds 1"),
    (kinds.FindsByNameOnly, "test_created_is_found_by_id_whatever_its_name", "got None"),
    (kinds.SpeaksOnlyAscii, "test_names_of_any_script_pass", "UnicodeEncodeError"),
    (kinds.SpeaksOnlyAscii, "test_an_audience_may_have_any_name", "AssertionError"),
    (kinds.TellsOtherIdsBack, "test_read_back_knows_people_by_the_ids_of_receipts", "AssertionError"),
    (kinds.SeesFlows, "test_a_new_audience_sets_nothing_off", "AssertionError"),
    (kinds.SharesOneAudience, "test_two_audiences_have_two_ids", "AssertionError"),
    (kinds.RenamesNothing, "test_a_renamed_audience_has_the_new_name_alone", "has no audience of the new name"),
    (kinds.RenamesACopy, "test_a_renamed_audience_has_the_new_name_alone", "the old name is still there"),
    (kinds.RenamesAfresh, "test_a_renamed_audience_keeps_its_members", "the audience holds 0"),
    (kinds.RenamesOnce, "test_renaming_again_changes_nothing", "no audience of the old name"),
    (kinds.RenamesToAnotherId, "test_a_renamed_audience_is_found_by_its_id", "AudienceMissing"),
    (kinds.RenamesEveryLaterOne, "test_renaming_leaves_other_audiences_alone", "AssertionError"),
    (kinds.RenamesWhatIsGone, "test_renaming_an_audience_that_is_gone", "expected AudienceMissing"),
    (kinds.DeletesNothing, "test_a_deleted_audience_is_gone", "the audience is still there"),
    (kinds.DeletesOnce, "test_deleting_again_is_harmless", "AudienceMissing"),
    (kinds.DeletesPeopleToo, "test_deleting_leaves_others_and_their_members", "the audience holds 0"),
    (kinds.ForgetsNobody, "test_forgotten_people_are_nowhere", "the platform still knows them"),
    (kinds.ForgetsOutOfAudiences, "test_forgotten_by_the_platforms_own_ids", "the platform still knows them"),
    (kinds.ForgetsEverybody, "test_forgotten_people_are_nowhere", "the audience holds 0"),
    (kinds.ForgetsOnce, "test_forgetting_again_or_a_stranger_is_accounted_for", "not for person-2"),
    (kinds.ForgetsForLater, "test_forgotten_people_are_nowhere", "leaves somebody pending"),
    (kinds.ShowsOnlyTheFirstPage, "test_browsing_shows_every_audience_once", "made 12, shown 10"),
    (kinds.ShowsAllAsLive, "test_browsing_tells_what_is_live", "AssertionError"),
    (kinds.ShowsAnything, "test_browsing_what_there_is_not", "expected ConfigError"),
    (kinds.TicketsAnyway, "test_every_answer_is_final", "the spec does not declare `settles`"),
]

BROKEN_LATER = [
    (kinds.LosesAPendingMember, "test_pending_members_settle_and_none_is_lost", "accounts for 0 of 1 members"),
    (kinds.SaysSettledWhatIsNot, "test_a_member_refused_later_is_a_reject", "AssertionError"),
    (kinds.NeverSettles, "test_pending_members_settle_and_none_is_lost", "still pending after 50 askings"),
    (kinds.SettlesFromMemory, "test_a_later_process_settles", "no such ticket"),
    (kinds.PendsWithoutATicket, "test_added_members_are_held", "pending without a ticket"),
    (kinds.KeepsAnObjectInItsTicket, "test_a_ticket_survives_the_ledger", "not JSON serializable"),
    (kinds.DueBeforeTaken, "test_a_ticket_survives_the_ledger", "due before it was taken"),
]


class ConsentContract(MemoryContract):
    def consented(self) -> set[str]:
        return {call for call in self.platform.calls if call.startswith("subscribed")}


@pytest.mark.parametrize(("kind", "test", "why"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_destination_is_caught(kind: type[MemoryDestination], test: str, why: str) -> None:
    assert why in broken(ConsentContract, kind)[test]


@pytest.mark.parametrize(("kind", "test", "why"), BROKEN_LATER, ids=lambda value: getattr(value, "__name__", ""))
def test_a_destination_that_breaks_its_tickets_is_caught(kind: type[MemoryDestination], test: str, why: str) -> None:
    assert why in broken(TicketContract, kind)[test]


@pytest.mark.parametrize("kind", [MemoryDestination, kinds.TakesTheFirstTwenty])
def test_an_overstated_max_batch_is_caught(kind: type[MemoryDestination]) -> None:
    suite = type("Boastful", (MemoryContract,), {"kind": kind, "spec": memory_spec(max_batch=25)})

    assert "test_a_full_batch_is_taken" in failures(suite)


def test_a_declared_ticket_that_never_comes_is_caught() -> None:
    found = broken(TicketContract, kinds.AnswersAtOnce)

    assert "drop `settles` from the spec" in found["test_a_ticket_survives_the_ledger"]


def test_a_check_that_checks_nothing_is_caught() -> None:
    class Trusting(SecretContract):
        def refused_destination(self) -> MemoryDestination:
            return MemoryDestination(self.platform, clock=self.time.clock)

    assert failures(Trusting) == {"test_check_refuses_a_bad_credential": "AssertionError: expected AuthError, got ()"}


def test_every_test_of_the_suite_can_fail() -> None:
    tests, caught = set(), {"test_check_refuses_a_bad_credential"}
    for suite, listed in ((ConsentContract, BROKEN), (TicketContract, BROKEN_LATER)):
        tests |= set(collected(suite))
        for kind, _, _ in listed:
            caught |= broken(suite, kind).keys()

    assert sorted(tests - caught) == []


def test_the_references_fail_nothing() -> None:
    for suite in (MemoryContract, TicketContract, SecretContract):
        assert failures(suite) == {}
