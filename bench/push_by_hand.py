"""The same members as bodies made beforehand, posted one after the other: what the wire alone takes."""

from __future__ import annotations

import sys

import requests

from bench.loopback import HEADERS, MAX_BATCH, body
from bench.measure import report
from segsync.model import Action, AudienceRef, Batch, Identifiers, Member


def bodies(count: int) -> list[bytes]:
    members = [
        Member(f"p1-{n}", Identifiers(emails=(f"person{n}@example.com",), phones=(f"+999{n:09d}",) * (n % 2 == 0)))
        for n in range(count)
    ]
    audience = AudienceRef("audience", "everybody")
    starts = range(0, count, MAX_BATCH)
    return [body(Batch(f"b{at}", at, audience, Action.ADD, members[at : at + MAX_BATCH])) for at in starts]


def once(session: requests.Session, url: str, ready: list[bytes]) -> None:
    for data in ready:
        assert session.post(url, data=data, headers=HEADERS).status_code == 202


if __name__ == "__main__":
    with requests.Session() as opened:
        made = bodies(int(sys.argv[2]))
        report(lambda: once(opened, sys.argv[1], made))
