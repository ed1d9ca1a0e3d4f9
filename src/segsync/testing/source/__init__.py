"""The suite that every source passes: what `contract.Source` promises, a sentence at a time.

    class TestAcme(SourceContract):
        spec = acme.SPEC

        def source(self): ...  # a new instance, reading this test's own shop
        def interrupted(self, root): ...  # the same, but its read of this root breaks off in the middle
        def customers(self): ...  # the ids of all customers, from the platform's side
        def everything(self): ...  # all that the platform holds, to be compared
        def refused_source(self): ...  # where the spec names secrets

What the suite cannot see, a connector's own tests must show: that values are the platform's, and that pages come
oldest first.
"""

from __future__ import annotations

from segsync.testing.source.reading import ReadTests
from segsync.testing.source.resuming import ResumeTests


class SourceContract(ReadTests, ResumeTests):
    """Subclass it, supply the hooks (`hooks.py` says each), and let pytest collect it. It is taken whole."""
