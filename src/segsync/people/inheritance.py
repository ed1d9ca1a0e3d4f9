"""Person keys: stable across merges, splits and changed e-mails.

Each component claims the oldest of the persons that its nodes were. A person claimed twice (a split) stays with the
customers before the guests, then with whom it has known longest; the others claim again among what is left. A
component that inherits nothing gets a new key `p<run>-<n>`. A person who is left with no component of their own was
merged into the one that holds their longest-known node.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from segsync.people.first import first_of
from segsync.people.scratch import Keep


def claims(placed: ir.Table, identities: ir.Table) -> ir.Table:
    """component, was, age, customers, known_since, nodes: one row for each person whose nodes a component holds.

    `age` is the person's first day, `known_since` that of their nodes in this component.
    """
    ages = identities.group_by("person").agg(age=identities.since.min()).rename(was="person")
    known = placed.filter(placed.was.notnull())
    counted = known.group_by("component", "was").agg(
        customers=known.customer.max(), known_since=known.since.min(), nodes=known.count()
    )
    return counted.join(ages, "was")


def inherit(keep: Keep, claims: ir.Table) -> ir.Table:
    """component, was: the components that keep a person's key. Each round settles one claim at least."""
    kept = keep("kept_0", settled(claims))
    turn = 0
    while (left := open_claims(claims, kept)).count().execute():
        turn += 1
        kept = keep(f"kept_{turn % 2}", kept.union(settled(left)))
    return kept


def settled(claims: ir.Table) -> ir.Table:
    """One round: each component's oldest claim, and of those who claim one person the first in line."""
    asked = first_of(claims, "component", order=[claims.age, claims.was])
    return first_of(asked, "was", order=_in_line(asked)).select("component", "was")


def open_claims(claims: ir.Table, kept: ir.Table) -> ir.Table:
    """Claims of components without a key on persons without a component."""
    return claims.anti_join(kept, "component").anti_join(kept, "was")


def merges(claims: ir.Table, kept: ir.Table) -> ir.Table:
    """was, person: who has no component any more, and whose their longest-known nodes are now."""
    lost = claims.anti_join(kept, "was")
    heirs = first_of(lost, "was", order=_in_line(lost)).select("component", "was")
    return heirs.join(kept.rename(person="was"), "component").select("was", "person")


def _in_line(claims: ir.Table) -> list[ir.Value]:
    return [claims.customers.desc(), claims.known_since, claims.nodes.desc(), claims.component]


def new_keys(
    placed: ir.Table, kept: ir.Table | None = None, *, run_id: int, after: int | ir.IntegerScalar = 0
) -> ir.Table:
    """component, person: a key for each component that inherited none, numbered from `after` + 1 by smallest node."""
    fresh = placed.select("component").distinct()
    if kept is not None:
        fresh = fresh.anti_join(kept, "component")
    number = ibis.row_number().over(order_by=fresh.component) + 1 + after
    return fresh.mutate(person=ibis.literal(f"p{run_id}-") + number.cast("string"))


def highest_number(persons: ir.Table, *, run_id: int) -> ir.IntegerScalar:
    """The greatest n of the keys `p<run>-<n>` of this run; 0 where it gave none yet."""
    prefix = f"p{run_id}-"
    mine = persons.filter(persons.person.startswith(prefix))
    return mine.person.substr(len(prefix)).cast("int64").max().fill_null(0).as_scalar()


def held_following(merges: ir.Table, held: ir.Table) -> ir.Table:
    """audience, was, person: held rows that go over with a merge: those whose audience holds no row of the heir.

    Where several persons merged into one, the row that says most goes: not removed, then the newest. A pending row
    stays where it is: its ticket will be settled under the name that the platform was told.
    """
    theirs = held.join(merges, held.person == merges.was).select(
        held.audience, merges.was, merges.person, held.state, held.batch_seq
    )
    theirs = theirs.filter(theirs.state != "pending")
    free = theirs.anti_join(held, ["audience", "person"])
    gone = ibis.ifelse(free.state == "removed", 1, 0)
    going = first_of(free, "audience", "person", order=[gone, free.batch_seq.desc(), free.was])
    return going.select("audience", "was", "person")
