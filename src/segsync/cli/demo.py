"""A whole run that a newcomer can follow: real commands, real HTTP, from a stand-in of Shopify to one of Klaviyo."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from segsync.cli.output import say
from segsync.cli.roads import Road
from segsync.cli.stage import Stage, opened, title
from segsync.cli.stand_ins import asked
from segsync.clock import Clock
from segsync.sandbox.shop import Shop


def play(clock: Clock, *, keep: Path | None, customers: int, seed: int, files: bool) -> int:
    """Play the demo, from export files or from Shopify's API; 0 if every step ended as it should."""
    with opened(clock, keep=keep, customers=customers, seed=seed, files=files) as (stage, road, shop):
        _first_day(stage, road, shop)
        road.day_after(shop.next_day(seed))
        _next_day(stage, shop.day + timedelta(days=1))
        _goodbye(keep, road)
    return 0


def _first_day(stage: Stage, road: Road, shop: Shop) -> None:
    day = shop.day
    title("A shop, and stand-ins for the platforms on this machine")
    say(f"  {shop.size:,} made-up customers and their orders are {road.about}.")
    say(f"  {stage.folder}/segsync.toml is the configuration; this is its first segment:")
    say('\n      [segments.vip]\n      rule = "number_of_orders >= 3 AND amount_spent > 500"')
    say('      [segments.vip.to.klaviyo]\n      audience = "VIP customers"')
    title("1. Is everything there that is needed?  Nothing is changed.")
    stage.run("check")
    title("2. Read the shop. What cannot be used is counted, and listed with its place by `segsync rejects`.")
    stage.run("pull")
    title("3. What would be pushed?  A plan says who, who not and why not, and what it costs. Nothing is sent.")
    stage.run(f"plan vip --to klaviyo --as-of {day}")
    stage.run("segments")
    title("4. Push it: over HTTP, to the stand-in's list.")
    stage.run(f"push vip --to klaviyo --as-of {day}")
    stage.run(f"push win_back --to klaviyo --as-of {day}")
    stage.run("drift vip --to klaviyo")


def _next_day(stage: Stage, day: date) -> None:
    title("5. A day later: new orders, a changed e-mail, somebody unsubscribed, a customer is gone.")
    stage.run(f"run --as-of {day}")
    stage.run("drift vip --to klaviyo")
    title("6. Run once more: nothing changed, so nothing is written.")
    klaviyo = f"{stage.url}/klaviyo"
    before = len(asked(klaviyo))
    stage.run(f"run --as-of {day}")
    seen = asked(klaviyo)[before:]
    writes = [request for request in seen if request["method"] != "GET"]
    say(f"\n  Requests that Klaviyo saw meanwhile: {len(seen)}, of which writes: {len(writes)}")
    if writes:
        raise RuntimeError("the last run wrote although nothing had changed")


def _goodbye(keep: Path | None, road: Road) -> None:
    title("Now with your own shop")
    steps = (
        *road.goodbye,
        "segsync secrets set klaviyo.api_key       the same for Klaviyo's key",
        "segsync check; segsync pull; segsync plan look before anything is sent",
        "segsync push vip --to klaviyo",
    )
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {step}")
    if keep is None:
        say("\n  To keep the demo's folder and look around in it: segsync demo --keep ./demo")
