"""An audience's name follows the config, and never what somebody did on the platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from cli_world import SHOP, VIP, World, vips

from segsync_files.destination import FilesDestination

RENAMED = VIP.replace('audience = "VIP customers"', 'audience = "VIPs"')
CSV = '\n[destinations.files]\nfolder = "audiences"\n'
TO_FILES = '\n[segments.vip.to.files]\naudience = "{}"\n'


def test_a_rename_is_planned_done_and_then_quiet(pushed: World) -> None:
    pushed.configure(RENAMED)
    before = len(pushed.requests())
    plan = pushed.type("plan vip")
    assert "  the audience is renamed from `VIP customers` to `VIPs`\n" in plan.out
    assert pushed.writes(before) == []
    assert pushed.type("plan vip --json").json[0]["renamed"] == ["VIP customers", "VIPs"]
    ran = pushed.type("push vip --to klaviyo")
    assert "vip → klaviyo: the audience `VIP customers` is called `VIPs` now\n" in ran.out
    assert pushed.lists() == {"VIPs": vips(SHOP)}
    before = len(pushed.requests())
    assert "renamed" not in pushed.type("push vip --to klaviyo").out
    pushed.time.advance(90_000)
    assert "called" not in pushed.type("push vip --to klaviyo").out
    assert pushed.writes(before) == []


def test_what_was_renamed_on_the_platform_stays_so(pushed: World) -> None:
    with pushed.sandbox.lock:
        (one,) = pushed.sandbox.account.lists.values()
        one.name = "Their name"
    pushed.time.advance(90_000)
    before = len(pushed.requests())
    ran = pushed.type("push vip --to klaviyo")
    told = "it is called `Their name` at klaviyo: somebody renamed it there, and its id is what segsync goes by"
    assert told in ran.out
    assert pushed.writes(before) == []
    assert pushed.lists() == {"Their name": vips(SHOP)}
    pushed.configure(RENAMED)
    assert "renamed from `Their name` to `VIPs`" in pushed.type("push vip --to klaviyo").out
    assert pushed.lists() == {"VIPs": vips(SHOP)}


def test_a_stopped_push_renames_nothing(pushed: World) -> None:
    pushed.configure(
        RENAMED.replace("number_of_orders >= 3", "number_of_orders >= 99"), top="[guards]\nguard_floor = 0\n"
    )
    ran = pushed.type("push vip --to klaviyo", expect=5)
    assert "was stopped" in ran.err
    assert list(pushed.lists()) == ["VIP customers"]


def test_a_list_that_was_chosen_by_its_id_keeps_its_name(pulled: World) -> None:
    made = pulled.seed("mailing_list", name="Made by hand")
    pulled.configure(VIP + f'list_id = "{made.id}"\nadopt = true\n')
    pulled.type("push vip --to klaviyo")
    pulled.configure(RENAMED + f'list_id = "{made.id}"\nadopt = true\n')
    ran = pulled.type("push vip --to klaviyo")
    assert "it is called `Made by hand` at klaviyo, and keeps that name: `list_id` chose it" in ran.out
    assert list(pulled.lists()) == ["Made by hand"]


def test_a_name_that_another_list_has(pushed: World) -> None:
    other = pushed.seed("mailing_list", name="VIPs")
    pushed.configure(RENAMED)
    before = len(pushed.requests())
    ran = pushed.type("push vip --to klaviyo", expect=2)
    assert f"klaviyo has another audience called `VIPs` ({other.id})" in ran.err
    assert pushed.writes(before) == []


def test_a_destination_that_cannot_rename_says_so(pushed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import segsync_klaviyo

    spec = segsync_klaviyo.spec
    assert spec.writes is not None
    poorer = replace(spec, writes=replace(spec.writes, renames=False))
    monkeypatch.setattr(segsync_klaviyo, "connector", replace(segsync_klaviyo.connector, spec=poorer))
    pushed.configure(RENAMED)
    ran = pushed.type("push vip --to klaviyo")
    told = "it is called `VIP customers` at klaviyo, and keeps that name: klaviyo cannot rename audiences"
    assert told in ran.out
    assert list(pushed.lists()) == ["VIP customers"]


# --- files, whose id is their name -------------------------------------------------------------------------------


@pytest.fixture
def filed(world: World) -> World:
    """A shop whose VIPs are written to a file."""
    world.shop(SHOP)
    world.configure(VIP + TO_FILES.format("Best"), destination=CSV)
    world.type("run")
    assert names(world) == ["Best.csv"]
    world.configure(VIP + TO_FILES.format("Finest"), destination=CSV)
    return world


def names(world: World) -> list[str]:
    return sorted(path.name for path in (world.folder / "audiences").iterdir())


def test_a_file_is_renamed(filed: World) -> None:
    content = (filed.folder / "audiences" / "Best.csv").read_bytes()
    filed.type("run")
    assert names(filed) == ["Finest.csv"]
    assert (filed.folder / "audiences" / "Finest.csv").read_bytes() == content
    assert "no drift" in filed.type("drift vip --to files").out
    filed.type("run")
    assert names(filed) == ["Finest.csv"]


@contextmanager
def dying(patch: pytest.MonkeyPatch, *, after: bool) -> Iterator[None]:
    """The process is stopped right before, or right after, a file was renamed."""
    rename = FilesDestination.rename_audience

    def stop(self, audience, name):
        if after:
            rename(self, audience, name)
        raise KeyboardInterrupt

    with patch.context() as within:
        within.setattr(FilesDestination, "rename_audience", stop)
        yield


@pytest.mark.parametrize("after", [False, True])
def test_killed_while_renaming(filed: World, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    with dying(monkeypatch, after=after):
        filed.type("push vip --to files", expect=130)
    assert names(filed) == (["Finest.csv"] if after else ["Best.csv"])
    filed.time.advance(90_000)
    filed.type("pull")
    filed.type("plan vip --to files")
    assert names(filed) == (["Finest.csv"] if after else ["Best.csv"])
    filed.type("push vip --to files")
    assert names(filed) == ["Finest.csv"]
    assert "no drift" in filed.type("drift vip --to files").out


def test_a_file_that_is_in_the_way(filed: World) -> None:
    (filed.folder / "audiences" / "Finest.csv").write_text("name\nmine\n", encoding="utf-8")
    ran = filed.type("push vip --to files", expect=2)
    assert "files has another audience called `Finest`" in ran.err
    assert (filed.folder / "audiences" / "Finest.csv").read_text(encoding="utf-8") == "name\nmine\n"
    assert (filed.folder / "audiences" / "Best.csv").exists()
