"""Who left a segment too lately to be taken out of its audience: `leave_after` keeps people from flapping."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil
from typing import Any

from segsync.people.first import first_of

LATELY = "lately"


def note_lately_left(con: Any, segment: str, leave_after: timedelta, today: date) -> None:
    """Make the temporary table `lately`: person, of everybody known who left the segment less than so long ago.

    Days are the shop's own: who left on Monday is out for seven days on the Monday after. Nobody is in it of whom
    `moves` does not say that leaving was the last they did.
    """
    moves = con.table("moves")
    mine = moves.filter(moves.segment == segment)
    last = first_of(mine, "person", order=[mine.run_id.desc()])
    lately = last.filter(~last.entered, last.on_day >= _since(leave_after, today)).select("person")
    con.create_table(LATELY, lately.semi_join(con.table("people"), "person"), temp=True, overwrite=True)


def _since(leave_after: timedelta, today: date) -> date:
    """The first day of leaving that is not long enough ago."""
    try:
        return today - timedelta(days=ceil(leave_after / timedelta(days=1)) - 1)
    except OverflowError:
        return date.min
