"""The part of the source suite about checking, and about what pages carry."""

from __future__ import annotations

from functools import partial

from segsync.errors import AuthError, SegsyncError
from segsync.model import Page
from segsync.streams import PHONE_COUNTRY, PLACE, ROOTS, STREAMS, Kind
from segsync.testing.source.hooks import SourceHooks, key_of, rows, same
from segsync.testing.suite import assert_texts, needs, raises


class ReadTests(SourceHooks):
    """Checking and reading."""

    def test_check_passes(self) -> None:
        assert_texts(self.open().check())

    def test_check_changes_nothing(self) -> None:
        before = self.everything()
        self.open().check()
        assert self.everything() == before, "check() changed what the platform holds"

    @needs("secrets")
    def test_check_refuses_a_bad_credential(self) -> None:
        raises(AuthError, self.opened(self.refused_source()).check)

    def test_streams_are_known_and_stay(self) -> None:
        source = self.open()
        streams = source.streams()
        assert streams, "a source without a stream"
        assert streams <= STREAMS.keys(), f"unknown streams: {sorted(streams - STREAMS.keys())}"
        assert source.streams() == streams == self.open().streams(), "streams() changes"

    def test_every_root_yields_a_page(self) -> None:
        for root in self.roots():
            assert self.pages(root), f"reading {root} yields no page"

    def test_pages_carry_only_streams_of_their_root(self) -> None:
        for root in self.roots():
            for page in self.pages(root):
                strange = page.frames.keys() - set(ROOTS[root])
                assert not strange, f"a page of {root} carries {sorted(strange)}"

    def test_streams_says_all_that_is_read(self) -> None:
        promised = self.open().streams()
        for root in self.roots():
            for page in self.pages(root):
                hidden = page.frames.keys() - promised
                assert not hidden, f"{sorted(hidden)} is read, and streams() does not say so"

    def test_columns_are_known(self) -> None:
        for root in self.roots():
            for page in self.pages(root):
                for stream, frame in page.frames.items():
                    allowed = {c.name for c in STREAMS[stream].columns if c.kind is not Kind.DERIVED}
                    strange = set(map(str, frame.columns)) - allowed - {PLACE, PHONE_COUNTRY}
                    assert not strange, f"{stream} has no columns {sorted(strange)} that a source may send"

    def test_every_record_has_its_key(self) -> None:
        for root in self.roots():
            for page in self.pages(root):
                for stream in page.frames:
                    for row in rows(page, stream):
                        lacking = {"", "None", "nan", "NaT", "<NA>"} & set(key_of(stream, row))
                        assert not lacking, f"a record of {stream} lacks a part of its key {STREAMS[stream].key}"

    def test_orders_travel_whole(self) -> None:
        for root in self.roots():
            parent, *others = ROOTS[root]
            key = STREAMS[parent].key[0]
            for page in self.pages(root):
                there = {row[key] for row in rows(page, parent)}
                for stream in others:
                    apart = [row for row in rows(page, stream) if row[key] not in there]
                    assert not apart, f"{len(apart)} {stream} travel on a page without their {parent}"

    def test_a_record_is_never_split_over_pages(self) -> None:
        for root in self.roots():
            parent, *others = ROOTS[root]
            for stream in others:
                seen: dict[str, set[tuple[str, ...]]] = {}
                for page in self.pages(root):
                    for owner, keys in carried(page, parent, stream).items():
                        assert seen.setdefault(owner, keys) == keys, f"{stream} of one record come on two pages"

    def test_all_customers_are_read(self) -> None:
        if "customers" in self.open().streams():
            read = {row["customer_id"] for page in self.pages("customers") for row in rows(page, "customers")}
            assert read == set(self.customers()), "the customers that are read are not those that exist"
        else:
            assert not self.customers(), "the platform has customers, and streams() does not say `customers`"

    @needs("lists_ids")
    def test_ids_lists_every_customer(self) -> None:
        listed = self.listed(self.open())
        assert set(listed) == set(self.customers()), "ids() does not list the customers that exist"

    def test_flaws_say_where_and_why_and_show_nobody(self) -> None:
        for root in self.roots():
            for page in self.pages(root):
                for flaw in page.flaws:
                    assert flaw.place.strip(), "a flaw without a place"
                    assert flaw.reason.strip(), "a flaw without a reason"
                    assert "@" not in f"{flaw.place}{flaw.column}{flaw.reason}", "a flaw shows an e-mail"

    def test_reading_changes_nothing(self) -> None:
        before = self.everything()
        for root in self.roots():
            self.pages(root)
        assert self.everything() == before, "reading changed what the platform holds"

    def test_reading_twice_gives_the_same(self) -> None:
        for root in self.roots():
            differing = same(self.pages(root), self.pages(root))
            assert not differing, f"a second read of {root} differs in {differing}"

    def test_a_read_that_breaks_off_raises(self) -> None:
        for root in self.roots():
            source = self.opened(self.interrupted(root))
            raises(SegsyncError, partial(self.read_through, source, root))

    def test_a_read_that_ended_leaves_no_job(self) -> None:
        for root in self.roots():
            self.pages(root)
        assert not self.jobs.kept, f"jobs that are through are still remembered: {sorted(self.jobs.kept)}"


def carried(page: Page, parent: str, stream: str) -> dict[str, set[tuple[str, ...]]]:
    """The id of each parent record on a page, and the keys of what it carries of `stream`."""
    id_column = STREAMS[parent].key[0]
    found: dict[str, set[tuple[str, ...]]] = {row[id_column]: set() for row in rows(page, parent)}
    for row in rows(page, stream):
        found.setdefault(row[id_column], set()).add(key_of(stream, row))
    return found
