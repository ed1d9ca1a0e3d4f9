"""Connected components, set-based: which nodes are one person.

Most shared identifiers make stars around one hub, which need no search. Where a node stands at several hubs, the
hubs are joined by FastSV (Zhang, Azad, Hu: *FastSV: a distributed-memory connected component algorithm with fast
convergence*, 2020): one statement a round, and the rounds grow with the logarithm of the longest chain.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from segsync.errors import SegsyncError
from segsync.people.scratch import Keep

MOST_ROUNDS = 100  # a chain of a million hubs needs about twenty


def components(keep: Keep, matches: ir.Table) -> ir.Table:
    """node, component, joined_by, for the nodes of `matches`; a component is called by its smallest hub."""
    stars = keep("stars", nearest(matches))
    between = keep("links", links(matches, stars))
    if not _any(between):
        return stars
    found = roots(keep, between)
    joined = stars.left_join(found, stars.component == found.hub)
    return joined.select("node", component=ibis.coalesce(found.root, stars.component), joined_by=stars.joined_by)


def nearest(matches: ir.Table) -> ir.Table:
    """node, component (the smallest of the node's own hubs), joined_by (`email` before `phone`)."""
    return matches.group_by("node").agg(component=matches.hub.min(), joined_by=matches.kind.min())


def links(matches: ir.Table, stars: ir.Table) -> ir.Table:
    """hub, to: pairs of hubs at which one node stands, in both directions."""
    pairs = matches.join(stars, "node")
    pairs = pairs.filter(pairs.hub != pairs.component)
    there = pairs.select("hub", to=pairs.component)
    back = pairs.select(hub=pairs.component, to=pairs.hub)
    return there.union(back).distinct()


def roots(keep: Keep, between: ir.Table) -> ir.Table:
    """hub, root: the smallest hub that each hub is linked to, however long the way."""
    before = keep("roots_0", first_roots(between))
    for turn in range(1, MOST_ROUNDS):
        after = keep(f"roots_{turn % 2}", next_roots(between, before))
        if not _any(changed(before, after)):
            return after
        before = after
    raise SegsyncError(f"Joining customers did not settle in {MOST_ROUNDS} rounds. This is a bug in segsync.")


def first_roots(between: ir.Table) -> ir.Table:
    nearest = between.group_by("hub").agg(to=between.to.min())
    return nearest.select("hub", root=ibis.least(nearest.hub, nearest.to))


def next_roots(between: ir.Table, roots: ir.Table) -> ir.Table:
    """One round: every hub, and the root it had, take the smallest root's root seen over any link."""
    parents = roots.view()
    grand = roots.join(parents, roots.root == parents.hub).select(roots.hub, roots.root, grand=parents.root)
    seen = between.join(grand, between.to == grand.hub).select(between.hub, root=grand.grand)
    own = roots.view()
    hooked = seen.join(own, seen.hub == own.hub).select(hub=own.root, root=seen.root)
    offered = ibis.union(seen, hooked, grand.select("hub", root=grand.grand))
    return offered.group_by("hub").agg(root=offered.root.min())


def changed(before: ir.Table, after: ir.Table) -> ir.Table:
    earlier = before.rename(was="root")
    both = after.join(earlier, "hub")
    return both.filter(both.root != both.was)


def _any(rows: ir.Table) -> bool:
    return bool(rows.count().execute())
