"""Histories that nobody thought of, of who consents to what: two sources that disagree, records that vanish and come
back, addresses that change hands, people who are suppressed. Whatever happens, nobody who did not agree is in an add,
and whoever is not sent any more is gone after the push.

What may be sent is worked out here anew, from the records alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gate_world import DAY, Gates, make_gates, segments
from variants import ByIdentifier

from segsync.ledger import suppressions
from segsync.ledger.suppressions import Kind
from segsync.model import Action
from segsync.streams import EMAIL_CONSENT, SMS_CONSENT
from segsync.testing import FakeTime

EMAILS = [f"{name}@example.com" for name in ("ann", "ben", "cem", "dee", "eve", "fay", "gus", "hal")]
PHONES = [f"+1212555014{n}" for n in range(4)]
SYNCS = {
    "mail": 'consent = "email"',
    "text": 'consent = "sms"',
    "ads": 'consent = "ads"\nleave_after = "2d"',
    "anyone": 'consent = "none"\nmode = "add-only"',
    "ruled": "consent = \"customer_tags CONTAINS 'ok'\"",
}
ANCHOR, ANCHORS_PHONE = "zoe@example.com", "+12125550149"  # so that no segment is ever empty
WITHDRAWN = ("REDACTED", "INVALID", "UNSUBSCRIBED")

Record = dict[str, Any]


@dataclass
class Books:
    """What the records say, and who was ever suppressed."""

    living: dict[tuple[str, str], Record] = field(default_factory=dict)
    gone: dict[tuple[str, str], Record] = field(default_factory=dict)
    suppressed: set[str] = field(default_factory=set)
    were_suppressed: set[str] = field(default_factory=set)

    def people(self) -> Iterator[list[Record]]:
        """Records that one e-mail joins; in this shop a phone joins nobody."""
        by_email: dict[str, list[Record]] = {}
        for record in self.living.values():
            if record["email"] is None:
                yield [record]
            else:
                by_email.setdefault(record["email"], []).append(record)
        yield from by_email.values()

    def refused(self, person: list[Record]) -> bool:
        """Does their own word keep all of somebody from ads?"""
        said = {record["ads_consent"] for record in [*person, *self._gone_of(values_of(person, "email"))]}
        return "DENIED" in said

    def _gone_of(self, values: set[str]) -> list[Record]:
        return [r for r in self.gone.values() if {r["email"], r["phone"]} & values]

    def _withheld(self) -> set[str]:
        every = [values_of(person) for person in self.people()]
        return self.suppressed | {v for values in every if values & self.suppressed for v in values}

    def may(self, sync: str) -> set[str]:
        """Every e-mail and phone that may be sent, whosever it is."""
        rules: dict[str, Callable[[], Iterable[str]]] = {
            "mail": lambda: self._agreed("email", "email_subscription_status", EMAIL_CONSENT),
            "text": lambda: self._agreed("phone", "sms_subscription_status", SMS_CONSENT),
            "ads": self._advertised,
            "anyone": lambda: {v for person in self.people() for v in values_of(person)},
            "ruled": lambda: {v for p in self.people() if any("ok" in r["tags"] for r in p) for v in values_of(p)},
        }
        return set(rules[sync]()) - self._withheld()

    def _agreed(self, kind: str, status: str, order: tuple[str, ...]) -> Iterator[str]:
        for value in {v for person in self.people() for v in values_of(person, kind)}:
            words = [r[status] for r in self.living.values() if r[kind] == value and r[status]]
            words += [r[status] for r in self._gone_of({value}) if r[kind] == value and r[status] in WITHDRAWN]
            if min(words, key=order.index, default=None) == "SUBSCRIBED":
                yield value

    def _advertised(self) -> set[str]:
        refusing = [values_of(person) for person in self.people() if self.refused(person)]
        denied = {v for values in refusing for v in values}
        denied |= {v for r in self.gone.values() if r["ads_consent"] == "DENIED" for v in values_of([r])}
        willing = {v for person in self.people() if not self.refused(person) for v in values_of(person)}
        return willing - denied

    def must(self, sync: str) -> set[str]:
        """E-mails of members that have to be there: those about which nothing is in doubt."""
        may = self.may(sync)
        members = [p for p in self.people() if any("in" in record["tags"] for record in p)]
        clear = [p for p in members if not values_of(p) & self.were_suppressed]
        if sync == "ruled":
            clear = [p for p in clear if any("ok" in record["tags"] for record in p)]
        return {v for p in clear for v in values_of(p, "email") if v in may}


def values_of(records: Iterable[Record], *kinds: str) -> set[str]:
    return {r[kind] for r in records for kind in (kinds or ("email", "phone")) if r[kind]}


def record(chance: Random, emails: list[str]) -> Record:
    return {
        "email": chance.choice([*emails, *emails, None]),
        "phone": chance.choice([*PHONES, None, None]),
        "email_subscription_status": chance.choice(["SUBSCRIBED"] * 6 + [None, "UNSUBSCRIBED", "PENDING", "INVALID"]),
        "sms_subscription_status": chance.choice(["SUBSCRIBED"] * 5 + [None, "UNSUBSCRIBED", "NOT_SUBSCRIBED"]),
        "ads_consent": chance.choice(["GRANTED", "UNKNOWN", None, None, "GRANTED", "DENIED"]),
        "tags": [tag for tag, odds in (("in", 0.75), ("ok", 0.7)) if chance.random() < odds],
    }


def a_day_goes_by(world: Gates, books: Books, chance: Random) -> None:
    """Some records change, some vanish and some come; now and then somebody is suppressed or is not any more."""
    for name, source in world.sources.items():
        for id_ in [str(n) for n in range(7)]:
            key = (name, id_)
            roll = chance.random()
            if key in books.living and roll < 0.15:
                books.gone[key] = books.living.pop(key)
                del source.customers[id_]
            elif roll < (0.45 if key in books.living else 0.6):
                books.gone.pop(key, None)
                books.living[key] = source.customers[id_] = record(chance, EMAILS)
    books.living["shop", "z"] = world.sources["shop"].customers["z"] = {
        **dict.fromkeys(("email_subscription_status", "sms_subscription_status"), "SUBSCRIBED"),
        **{"email": ANCHOR, "phone": ANCHORS_PHONE, "ads_consent": "GRANTED", "tags": ["in", "ok"]},
    }
    changed = {v for v in [*EMAILS, *PHONES] if chance.random() < (0.4 if v in books.suppressed else 0.06)}
    with world.opened() as space:
        for value in sorted(changed):
            kind: Kind = "email" if "@" in value else "phone"
            if value in books.suppressed:
                suppressions.remove(space.ledger, kind, value)
            else:
                suppressions.add(space.ledger, kind, value, reason=None, at=space.clock.now())
    books.suppressed ^= changed
    sent = {v for _, batch in world.sent for m in batch.members for v in (*m.identifiers.emails, *m.identifiers.phones)}
    for person in books.people():
        # Whoever was suppressed by an old address is so by any: which persons those are is another test's matter.
        if books.suppressed and (values_of(person) & books.suppressed or books.suppressed & sent):
            books.were_suppressed |= values_of(person)


def look(world: Gates, books: Books, since: int) -> None:
    for name, batch in world.sent[since:]:
        if batch.action is Action.ADD:
            added = {v for m in batch.members for v in (*m.identifiers.emails, *m.identifiers.phones)}
            assert added <= books.may(name), (name, added - books.may(name))
    for name in world.config.segments:
        there = set(world.shown(name))
        if name == "anyone":  # nobody leaves it but who is suppressed
            assert not there & books.suppressed, name
        else:
            assert there <= books.may(name), (name, there - books.may(name))
        assert there & {ANCHOR, ANCHORS_PHONE}, name


PLATFORMS: dict[str, dict[str, Any]] = {
    "profiles": {"identifiers": {"email": 1}},
    "identifiers": {"identifiers": {"email": 2, "phone": 1}, "keyed_by": "identifier", "kind": ByIdentifier},
}
PUSHED = {"profiles": ("mail", "ads", "ruled"), "identifiers": ("text", "anyone", "ads")}


@pytest.mark.parametrize(("platform", "seed"), [("profiles", 1), ("identifiers", 2)])
def test_nobody_without_consent_is_ever_added(
    platform: str, seed: int, tmp_path: Path, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs = {name: SYNCS[name] for name in PUSHED[platform]}
    world = make_gates(tmp_path, fake_time, monkeypatch, segments(**syncs), **PLATFORMS[platform])
    books, chance = Books(), Random(seed)
    added = removed = 0
    for _ in range(3):
        a_day_goes_by(world, books, chance)
        since = len(world.sent)
        results = world.run()
        assert [result.error for result in results] == [None] * len(syncs)
        look(world, books, since)
        for name in {"mail", "ruled", "ads"} & syncs.keys():
            shown = set(world.shown(name))
            people = [values_of(p) for p in books.people()]
            for email in books.must(name):
                (mine,) = (values for values in people if email in values)
                assert shown & mine, (name, email)
        added += sum(result.added for result in results)
        removed += sum(result.removed for result in results)
        world.time.advance(DAY)
    assert added > 10
    assert removed > 3
