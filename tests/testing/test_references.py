"""The suites over connectors that keep the contract, collected and run by pytest as any connector's are."""

from __future__ import annotations

from typing import ClassVar

import pytest
from driving import collected
from references import MemoryContract, SecretContract, ShopContract, TicketContract

from segsync.spec import Reads, Spec
from segsync.testing import DestinationContract, SourceContract


class TestMemory(MemoryContract):
    pass


class TestMemoryWithTickets(TicketContract):
    pass


class TestMemoryWithSecrets(SecretContract):
    pass


class TestShop(ShopContract):
    pass


def test_a_test_is_left_out_only_where_the_spec_does_not_declare_its_ability() -> None:
    only_without = set(collected(MemoryContract)) - set(collected(TicketContract))
    only_with = set(collected(TicketContract)) - set(collected(MemoryContract))

    assert only_without == {"test_every_answer_is_final"}
    assert only_with == {
        "test_a_ticket_survives_the_ledger",
        "test_pending_members_settle_and_none_is_lost",
        "test_a_later_process_settles",
        "test_settling_twice_says_the_same",
        "test_a_member_refused_later_is_a_reject",
    }


def test_every_test_of_the_destination_suite_runs_on_one_reference_or_the_other() -> None:
    whole = {name for name in dir(DestinationContract) if name.startswith("test_")}

    assert whole == {*collected(MemoryContract), *collected(TicketContract), *collected(SecretContract)}


def test_every_test_of_the_source_suite_runs_on_the_reference() -> None:
    assert {name for name in dir(SourceContract) if name.startswith("test_")} == set(collected(ShopContract))


def test_a_subclass_gets_back_what_its_own_spec_declares() -> None:
    class Bare(ShopContract):
        spec = Spec("bare", "No ids", ShopContract.spec.options, reads=Reads())

    class Whole(Bare):
        spec = ShopContract.spec

    assert "test_ids_lists_every_customer" not in collected(Bare)
    assert collected(Whole) == collected(ShopContract)


def test_a_test_of_the_contract_cannot_be_overridden() -> None:
    with pytest.raises(TypeError, match="test_removing_again_is_harmless: a contract is taken whole"):

        class Picky(MemoryContract):
            test_removing_again_is_harmless: ClassVar[None] = None  # type: ignore[assignment]


def test_a_destination_suite_must_say_whom_its_platform_refuses() -> None:
    with pytest.raises(TypeError, match="needs `bad_member`"):
        type("Silent", (DestinationContract,), {"spec": MemoryContract.spec})


def test_a_suite_needs_the_side_of_the_spec_that_it_is_about() -> None:
    with pytest.raises(TypeError, match="no `writes`"):
        type("Wrong", (DestinationContract,), {"spec": ShopContract.spec, "bad_member": None})
    with pytest.raises(TypeError, match="no `reads`"):
        type("Wrong", (SourceContract,), {"spec": MemoryContract.spec})
