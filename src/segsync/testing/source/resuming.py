"""The part of the source suite about cursors: resuming loses nothing, and repeats only what is equal."""

from __future__ import annotations

from segsync.testing.source.hooks import SourceHooks, difference, records


class ResumeTests(SourceHooks):
    """A run that dies resumes from the cursor of the last page that landed."""

    def test_cursors_are_text(self) -> None:
        for root in self.roots():
            for page in self.pages(root):
                if page.cursor is not None:
                    assert isinstance(page.cursor.value, str), "a cursor that is not text"
                    assert page.cursor.value, "an empty cursor"

    def test_resuming_at_any_cursor_loses_nothing(self) -> None:
        for root in self.roots():
            pages = self.pages(root)
            for number, page in enumerate(pages, 1):
                if page.cursor is not None:
                    landed = records([*pages[:number], *self.pages(root, page.cursor)])
                    lost = difference(records(pages), landed)
                    assert not lost, f"resumed after page {number} of {root}, {lost} are missing or differ"

    def test_resuming_brings_nothing_that_was_not_there(self) -> None:
        for root in self.roots():
            pages = self.pages(root)
            for cursor in {page.cursor for page in pages if page.cursor is not None}:
                new = difference(records(self.pages(root, cursor)), records(pages))
                assert not new, f"resumed in {root}, {new} were not there before"
