"""The demo of what happens when people speak up: one unsubscribes, one is forgotten, one asks what is known."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from segsync.cli.output import say
from segsync.cli.stage import Stage, opened, title
from segsync.cli.stand_ins import deed, held
from segsync.clock import Clock
from segsync.sandbox.shop import Shop
from segsync.sandbox.shop_people import Shopper, customer_id

TOLD = "export.json"
FORGET_KEY = {"SEGSYNC_SECRET__PRIVACY__FORGET_KEY": "5d" * 32}


def play(clock: Clock, *, keep: Path | None, customers: int, seed: int) -> int:
    """Play it; 0 if every step ended as it should. Raises RuntimeError where somebody is left in the list."""
    with opened(clock, keep=keep, customers=customers, seed=seed) as (stage, _, shop):
        stage.environ.update(FORGET_KEY)
        quiet, forgotten, curious = _before(stage, shop)
        _unsubscribed(stage, quiet)
        _forgotten(stage, forgotten)
        _told(stage, curious)
        _afterwards(stage, absent=(quiet, forgotten), present=curious)
    return 0


def _before(stage: Stage, shop: Shop) -> list[Shopper]:
    """Fill the list; three customers who are in it then."""
    title("A shop with its VIPs in a Klaviyo list; three of them will speak up")
    stage.run("pull")
    stage.run("push vip --to klaviyo")
    members = set(_members(held(f"{stage.url}/klaviyo")))
    three = list(islice((one for one in shop.customers() if one.email in members), 3))
    if len(three) < 3:
        raise RuntimeError("too few customers: fewer than three of them are in the list")
    say("\n  Three of them:")
    for who in three:
        say(f"  {who.email}")
    return three


def _unsubscribed(stage: Stage, who: Shopper) -> None:
    title(f"1. {who.email} unsubscribes in the shop. The next run takes them out before it adds anybody.")
    change = {"id": customer_id(who.number), "consent": "UNSUBSCRIBED"}
    deed(f"{stage.url}/shopify", {"do": "change_customer", **change})
    stage.run("pull")
    stage.run("plan vip --to klaviyo")
    stage.run("run")


def _forgotten(stage: Stage, who: Shopper) -> None:
    email = shlex.quote(who.email)
    title(f"2. {who.email} asks to be forgotten: here, and on every platform.")
    stage.run(f"forget {email} --delete-profiles")
    say("\n  The shop still has them, so the next pull meets them again: they are left out, for good.")
    stage.run("pull --full")
    stage.run(f"person {email}", expect=2)
    stage.run("run")


def _told(stage: Stage, who: Shopper) -> None:
    title(f"3. {who.email} asks what is known of them.")
    stage.run(f"person {shlex.quote(who.email)} --export --out {TOLD}")
    found = json.loads((stage.folder / TOLD).read_text(encoding="utf-8"))
    say(f"\n  {TOLD} holds:")
    for name, part in found.items():
        if isinstance(part, list) and part:
            say(f"    {name.replace('_', ' '):<14} {len(part):,}")


def _afterwards(stage: Stage, *, absent: tuple[Shopper, ...], present: Shopper) -> None:
    title("Afterwards: what the stand-in for Klaviyo holds")
    state = held(f"{stage.url}/klaviyo")
    members, known = _members(state), json.dumps(state)
    say(f"  VIP customers: {len(members):,} members")
    for who in (*absent, present):
        listed = "in the list" if who.email in members else "not in the list"
        say(f"  {who.email}: {listed}, {'a profile' if who.email in known else 'no profile'}")
    if {who.email for who in absent} & set(members) or present.email not in members:
        raise RuntimeError("the list does not hold who it should")


def _members(state: Mapping[str, Any]) -> list[str]:
    """E-mails of whoever is in the VIPs' list."""
    (members,) = (each["members"] for each in state["lists"].values() if each["name"] == "VIP customers")
    return list(members)
