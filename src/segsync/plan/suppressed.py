"""Who must not be sent, whatever consent they gave: people whom the operator suppressed, and what they are found by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

PEOPLE, WITHHELD = "suppressed", "withheld"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Suppressions as they were named: `people` by their keys, `values` by e-mails and phones."""

    people: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.people or self.values)


NOBODY = Suppressed()


def note_suppressed(con: Any, who: Suppressed) -> None:
    """Make the temporary tables `suppressed` (person) and `withheld` (value).

    A person is suppressed by their key, or with any identifier of theirs. Withheld is what was named, and every
    identifier of a suppressed person: whoever shares it is not sent by it either.
    """
    identifiers = con.table("identifiers")
    values = pd.DataFrame({"value": pd.Series(sorted(who.values), dtype="str")})
    keys = pd.DataFrame({"person": pd.Series(sorted(who.people), dtype="str")})
    con.create_table("named_values", values, temp=True, overwrite=True)
    con.create_table("named_people", keys, temp=True, overwrite=True)
    named = con.table("named_values")
    by_value = identifiers.semi_join(named, "value").select("person")
    con.create_table(PEOPLE, con.table("named_people").union(by_value, distinct=True), temp=True, overwrite=True)
    theirs = identifiers.semi_join(con.table(PEOPLE), "person").select("value")
    con.create_table(WITHHELD, named.union(theirs, distinct=True), temp=True, overwrite=True)
