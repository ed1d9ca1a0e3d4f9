"""The everyday events that docs/operations.md tells of, played: what is typed, and what is printed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from cli_world import VIP, Buyer, Ran, World, buyer, crowd, write_exports

from segsync_klaviyo import spec

TOLD_URL = "http://127.0.0.1:8808"

SHOP = [*crowd(6, 30), buyer(80, orders=5), buyer(81, orders=5), buyer(90, subscribed=False)]


@dataclass(slots=True)
class Story:
    """A world, and what was typed and printed in it so far, as the page shows it."""

    world: World
    lines: list[str] = field(default_factory=list)

    def type(self, command: str, *, expect: int = 0) -> Ran:
        """Type a command for all to see."""
        ran = self.world.type(command, expect=expect)
        self.lines += [f"$ segsync {command}", *self._told(ran.text)]
        return ran

    def note(self, text: str) -> None:
        """What somebody did meanwhile, as a comment."""
        self.lines.append(f"# {text}")

    def configure(self, segments: str, told: str, **more: str) -> None:
        """Write another config, and say what was changed in it."""
        self.world.configure(segments, **more)
        self.note(f"segsync.toml: {told}")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def _told(self, text: str) -> list[str]:
        shown = text.replace(self.world.server.url, TOLD_URL).replace(str(self.world.folder), "shop")
        shown = re.sub(r"\d+(\.\d)? MB", "4.9 MB", shown)  # a store's size is its engine's business
        return [line.rstrip() for line in shown.rstrip().splitlines()]


Play = Callable[[Story], None]
STORIES: dict[str, Play] = {}


def story(play: Play) -> Play:
    """Make it one of the events of the page, by its function's name."""
    STORIES[play.__name__] = play
    return play


def approved(tale: Story, ran: Ran) -> None:
    """Type the command with `--approve` that was printed."""
    printed = {line.partition("segsync ")[2].strip() for line in ran.text.splitlines() if "--approve" in line}
    (command,) = printed
    tale.type(command)


def without(*numbers: int, **changed: Any) -> list[Buyer]:
    """The shop without some buyers; or with them changed."""
    return [
        replace(one, **changed) if one.number in numbers else one
        for one in SHOP
        if changed or one.number not in numbers
    ]


def a_day_later(tale: Story, people: list[Buyer] | None = None) -> None:
    tale.world.time.advance(86_400)
    if people is not None:
        tale.world.shop(people)


# --- the events -------------------------------------------------------------------------------------------------


@story
def first_push(tale: Story) -> None:
    tale.type("plan vip --to klaviyo")
    tale.type("push vip --to klaviyo")


@story
def edited_rule(tale: Story) -> None:
    tale.configure(VIP.replace(">= 3", ">= 4"), 'rule = "number_of_orders >= 4 AND amount_spent > 500"')
    tale.type("plan vip --to klaviyo")


@story
def renamed_audience(tale: Story) -> None:
    tale.configure(
        VIP.replace('audience = "VIP customers"', 'audience = "Our best customers"'), 'audience = "Our best customers"'
    )
    tale.type("push vip --to klaviyo")


@story
def renamed_segment(tale: Story) -> None:
    text = VIP.replace("segments.vip", "segments.best").replace("label", 'renamed_from = "vip"\nlabel')
    tale.configure(text, '[segments.best] with renamed_from = "vip"')
    tale.type("push best --to klaviyo")


@story
def retired_sync(tale: Story) -> None:
    tale.configure(VIP.partition("[segments.vip.to")[0], "[segments.vip.to.klaviyo] is gone")
    tale.type("status", expect=6)
    tale.type("retire vip --to klaviyo")
    approved(tale, tale.type("retire vip --to klaviyo --empty", expect=5))


@story
def deleted_outside(tale: Story) -> None:
    tale.world.seed("delete_list", name="VIP customers")
    tale.note("somebody deletes the list in Klaviyo; a day goes by")
    a_day_later(tale)
    tale.type("push vip --to klaviyo", expect=5)
    tale.type("push vip --to klaviyo --recreate")


@story
def emptied_outside(tale: Story) -> None:
    for one in SHOP[:2]:
        tale.world.seed("delete_profile", who=one.email)
    tale.note("somebody deletes two profiles in Klaviyo")
    tale.type("drift vip --to klaviyo --repair")
    tale.type("push vip --to klaviyo")


@story
def adopted_audience(tale: Story) -> None:
    world = tale.world
    world.seed("mailing_list", name="VIP customers")
    world.seed("profile", email="stranger@example.com", lists=["VIP customers"])
    tale.type("push vip --to klaviyo", expect=5)
    tale.configure(VIP + "adopt = true\n", "adopt = true")
    tale.type("push vip --to klaviyo")


@story
def strangers(tale: Story) -> None:
    tale.world.seed("profile", email="theirs@example.net", lists=["VIP customers"])
    tale.note("another tool puts somebody into the list")
    tale.type("drift vip", expect=6)
    tale.configure(VIP + "owned = true\n", "owned = true")
    tale.type("push vip --to klaviyo")


@story
def wrong_push(tale: Story) -> None:
    tale.configure(VIP.replace(">= 3 AND amount_spent > 500", ">= 1"), 'rule = "number_of_orders >= 1"')
    tale.type("push vip --to klaviyo")
    tale.type("status")
    approved(tale, tale.type("undo 3 vip --to klaviyo", expect=5))
    tale.type("push vip --to klaviyo", expect=5)
    tale.configure(VIP, "the rule is mended")
    tale.type("push vip --to klaviyo")


@story
def who_came_and_went(tale: Story) -> None:
    a_day_later(tale, without(1, cancelled=1))
    tale.note("an order of a VIP is cancelled; a day goes by")
    tale.type("run")
    tale.type("history vip --members --since 2026-01-01 --most 3")


@story
def flapping(tale: Story) -> None:
    tale.configure(VIP + 'leave_after = "7d"\n', 'leave_after = "7d"')
    a_day_later(tale, without(1, cancelled=1))
    tale.note("an order of a VIP is cancelled; a day goes by")
    tale.type("run")
    tale.type("plan vip --to klaviyo")


@story
def withdrawn_consent(tale: Story) -> None:
    a_day_later(tale, without(1, subscribed=False))
    tale.note("a VIP unsubscribes in the shop; a day goes by")
    tale.type("pull")
    tale.type("push vip --to klaviyo")


@story
def suppressed_person(tale: Story) -> None:
    tale.type("suppress buyer1@example.com --reason 'asked by phone'")
    tale.type("run")
    tale.type("suppressions")


@story
def forgotten_person(tale: Story) -> None:
    tale.type("forget buyer1@example.com --delete-profiles")
    tale.type("pull --full")


@story
def forgotten_while_klaviyo_is_down(tale: Story) -> None:
    tale.world.fault(status=503, times=0)
    tale.type("forget buyer1@example.com", expect=4)
    tale.world.mend()
    tale.type("status", expect=6)
    tale.type("run")


@story
def new_machine(tale: Story) -> None:
    tale.type("state export state.tar.gz")
    tale.world.state.rename(tale.world.folder / "elsewhere")
    tale.note("on the new machine, beside a copy of segsync.toml")
    tale.type("state import state.tar.gz")
    tale.type("run")


@story
def nobody_knows_the_ids(tale: Story) -> None:
    tale.world.seed("mailing_list", name="Newsletter")
    tale.type("browse klaviyo lists")


@story
def several_shops(tale: Story) -> None:
    second = '[sources.second]\nconnector = "files"\nshopify_export = "second"\n'
    write_exports(tale.world.folder / "second", [buyer(1, orders=2), buyer(200)])
    tale.configure(VIP, "[sources.second], of the same connector", top=second)
    tale.type("run")
    tale.type("person buyer1@example.com")


@story
def staging(tale: Story) -> None:
    (tale.world.folder / "segsync.staging.toml").write_text(
        '[segments.vip.to.klaviyo]\naudience = "Test of VIPs"\n', encoding="utf-8"
    )
    tale.note('segsync.staging.toml: [segments.vip.to.klaviyo] with audience = "Test of VIPs"')
    tale.type("--env staging pull")
    tale.type("--env staging push vip --to klaviyo")
    tale.type("status")


@story
def api_version_ends(tale: Story) -> None:
    assert isinstance(spec.api_ends, date)
    tale.world.time.advance(86_400 * ((spec.api_ends - tale.world.time.instant.date()).days - 60))
    tale.note("two months before Klaviyo ends the version of its API that segsync speaks")
    tale.type("check klaviyo")


@story
def newer_config(tale: Story) -> None:
    path = tale.world.config
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("config_version = 1", "config_version = 2"), encoding="utf-8")
    tale.note("segsync.toml: config_version = 2, written for a later segsync")
    tale.type("plan", expect=2)
