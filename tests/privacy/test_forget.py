"""`segsync forget`, as typed: what is printed, what is left here, and what the platform holds afterwards."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import keyring
import pytest
from cli_world import SHOP, Ran, Saved, World, buyer, vips
from keyring.backend import KeyringBackend
from traces_left import FORGET_KEY, JANE, NAMES, traces

PHONE = "+12125550123"


class Ring(KeyringBackend):
    """A keyring that keeps."""

    priority = 1  # type: ignore[assignment]  # keyring wants a number

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def rows(world: World, query: str) -> list[tuple[object, ...]]:
    """What the ledger says."""
    con = sqlite3.connect(world.state / "ledger.sqlite")
    try:
        return con.execute(query).fetchall()
    finally:
        con.close()


# --- what goes ----------------------------------------------------------------------------------------------------


def test_forgotten_here_and_on_the_platform(pushed: World, afternoon: tuple[Ran, Saved]) -> None:
    assert traces(pushed.state, *NAMES), "the search finds who is there"
    assert JANE in pushed.lists()["VIP customers"]
    ran, state = afternoon
    pushed.load(state)
    assert JANE not in ran.text
    assert "b***@example.com" in ran.out
    assert "customers 1, orders 3" in ran.out
    assert "klaviyo, `VIP customers`: take out of the audience: done" in ran.out
    assert JANE not in pushed.lists()["VIP customers"]
    assert traces(pushed.state, *NAMES) == []
    pushed.type("status")  # nothing wants attention


def test_copies_of_older_versions_are_gone(forgotten: World) -> None:
    left = {path.name for path in forgotten.state.iterdir() if path.is_file()}
    assert left - {"lock", "ledger.sqlite-shm", "ledger.sqlite-wal"} == {
        ".gitignore",
        "ledger.sqlite",
        "warehouse.duckdb",
    }


def test_a_later_pull_does_not_bring_them_back(forgotten: World) -> None:
    forgotten.shop([*SHOP, buyer(95, email=JANE)])
    ran = forgotten.type("pull --full")
    assert "8 records of forgotten people left out" in ran.out, "two customers, with three orders each"
    forgotten.shop([*SHOP, buyer(95, email="")])  # gives no e-mail now, but is the same customer
    assert "5 records of forgotten people left out" in forgotten.type("pull --full").out
    forgotten.type("push vip --to klaviyo")
    assert forgotten.lists()["VIP customers"] == [email for email in vips(SHOP) if email != JANE]
    assert traces(forgotten.state, *NAMES, "7095", "ada95") == []
    assert "nobody is known by that" in forgotten.type(f"person {JANE}", expect=2).err


def test_known_by_a_key(pushed: World) -> None:
    key = pushed.type("person buyer4@example.com --json").json["person"]
    pushed.type(f"forget {key}")
    assert traces(pushed.state, "buyer4@example.com", "ada4") == []
    assert pushed.lists()["VIP customers"] == [email for email in vips(SHOP) if email != "buyer4@example.com"]


def test_a_household_keeps_its_phone(world: World) -> None:
    """Two people on one phone: the one who asked is forgotten, and the phone stays the other's."""
    world.shop([buyer(1, phone=PHONE), buyer(2, phone=PHONE), buyer(3)])
    world.type("run")
    ran = world.type(f"forget '{PHONE}'", expect=2)
    assert "2 people share that" in ran.err
    assert PHONE not in ran.text
    world.type("forget shop:7001")
    assert traces(world.state, "buyer1@example.com", "ada1") == []
    found = world.type("person buyer2@example.com --json").json
    assert PHONE in [one["value"] for one in found["identifiers"]]
    assert "2 customers" in world.type("pull --full").out
    assert world.lists()["VIP customers"] == ["buyer2@example.com", "buyer3@example.com"]


def test_a_profile_that_they_left_behind_goes_too(pushed: World) -> None:
    """Her e-mail changed, and the profile of the old one could not be removed yet."""
    pushed.shop([*(one for one in SHOP if one.number != 3), buyer(3, email="jane@example.net")])
    pushed.fault(method="DELETE", path="relationships/profiles$", status=503, times=0)
    pushed.type("run", expect=4)
    pushed.mend()
    assert {JANE, "jane@example.net"} <= set(pushed.lists()["VIP customers"])
    pushed.type("forget jane@example.net")
    assert pushed.lists()["VIP customers"] == [email for email in vips(SHOP) if email != JANE]
    assert traces(pushed.state, *NAMES, "jane@example.net") == []


def test_somebody_whom_no_source_knows_any_more_but_an_audience_holds(pushed: World) -> None:
    pushed.shop([one for one in SHOP if one.number != 3])
    pushed.type("pull --full")
    assert JANE in pushed.lists()["VIP customers"]
    ran = pushed.type(f"forget {JANE}")
    assert "`VIP customers`: take out of the audience: done" in ran.out
    assert JANE not in pushed.lists()["VIP customers"]
    assert traces(pushed.state, *NAMES) == []


# --- who is nobody, and who was forgotten before ------------------------------------------------------------------


def test_nobody_by_that_name_is_kept_out_all_the_same(world: World) -> None:
    """Also before the first pull."""
    world.shop(SHOP)
    ran = world.type(f"forget {JANE}")
    assert "nobody here is known by that; whoever it is, is kept out from now on" in ran.out
    assert "none held them" in ran.out
    assert "left out" in world.type("pull").out
    assert traces(world.state, *NAMES) == []
    world.type("forget '(212) 555-0123'")
    assert traces(world.state, "555-0123", PHONE) == [], "what was typed is kept nowhere, however it was spelled"


def test_twice_is_once(forgotten: World) -> None:
    ran = forgotten.type(f"forget {JANE}")
    assert "was forgotten already" in ran.out
    assert "Erasure 1," in ran.out
    assert forgotten.requests() == []
    assert rows(forgotten, "SELECT count(*) FROM erasures") == [(1,)]


@pytest.mark.parametrize("who", ["jane", "''", "jane@", "+1", "shop:"])
def test_what_names_nobody(pushed: World, who: str) -> None:
    ran = pushed.type(f"forget {who}", expect=2)
    assert "give an e-mail, a phone such as +12125550123, a person key or SOURCE:CUSTOMER_ID" in ran.err


def test_unforget_lets_them_in_again(forgotten: World) -> None:
    assert "b***@example.com is kept out no longer" in forgotten.type(f"unforget {JANE}").out
    forgotten.type("pull --full")
    assert traces(forgotten.state, JANE)
    assert "was never forgotten" in forgotten.type(f"unforget {JANE}", expect=2).err


# --- platforms ----------------------------------------------------------------------------------------------------


def test_a_platform_that_is_down_is_asked_again(pushed: World) -> None:
    pushed.fault(status=503, times=0)
    ran = pushed.type(f"forget {JANE}", expect=4)
    assert "not answered yet, asked at" in ran.out
    assert "complete   not yet: `segsync run` asks again whoever has not answered" in ran.out
    assert "1 not answered yet" in ran.out
    assert JANE in pushed.lists()["VIP customers"]
    assert traces(pushed.state, *NAMES) == [], "who must still be removed is kept sealed"
    assert "erasure 1 waits for platforms (1 not answered)" in pushed.type("status", expect=6).out
    ((sealed,),) = rows(pushed, "SELECT sealed FROM errands")
    assert sealed

    assert "for a forgotten person: klaviyo answered 503" in pushed.type("push vip --to klaviyo", expect=4).err
    pushed.mend()
    pushed.type("push vip --to klaviyo --trace trace.jsonl --trace-bodies")
    assert JANE not in (pushed.folder / "trace.jsonl").read_text("utf-8"), "not sent: it would write them down again"
    ran = pushed.type("run")
    assert "forgotten people, at the platforms: 1 done" in ran.out
    assert JANE not in pushed.lists()["VIP customers"]
    assert rows(pushed, "SELECT state, sealed, person FROM errands") == [("done", None, "")]
    assert "complete   20" in pushed.type("forget --receipt 1").out
    assert "complete   20" in (pushed.state / "receipts" / "forget-1.txt").read_text("utf-8")


def test_a_profile_that_the_platform_does_not_know_is_not_there(pushed: World) -> None:
    pushed.seed("delete_profile", who=JANE)
    ran = pushed.type(f"forget {JANE}")
    assert "`VIP customers`: take out of the audience: done" in ran.out


def test_a_destination_that_left_the_config_stays_open(pushed: World) -> None:
    text = pushed.config.read_text("utf-8")
    pushed.config.write_text(text.split("[destinations.klaviyo]")[0])
    ran = pushed.type(f"forget {JANE}")
    assert "[destinations.klaviyo] left the config: put it back, and segsync run asks again" in ran.out
    pushed.config.write_text(text)
    pushed.type("push vip --to klaviyo")
    assert JANE not in pushed.lists()["VIP customers"]


def test_profiles_are_deleted_where_that_was_asked_for(pushed: World) -> None:
    ran = pushed.type(f"forget {JANE} --delete-profiles")
    assert "klaviyo, delete the person: done" in ran.out
    assert JANE not in json.dumps(pushed.sandbox.state())
    asked = [one for one in pushed.writes() if one.path.endswith("data-privacy-deletion-jobs")]
    assert [one.status for one in asked] == [202, 202], "by e-mail, and by the profile's id"


def test_what_nobody_can_do(pushed: World) -> None:
    """The audience is gone, and one of the destinations has no way to delete people."""
    pushed.configure(destination='[destinations.disk]\nconnector = "files"\nfolder = "audiences"\n')
    pushed.seed("delete_list", name="VIP customers")
    ran = pushed.type(f"forget {JANE} --delete-profiles")
    assert "the audience is gone from the platform" in ran.out
    assert "disk, delete the person: out of reach" in ran.out
    assert "it has no way to delete people" in ran.out
    assert "complete   20" in ran.out


def test_an_add_that_is_not_answered_yet_is_waited_for(pulled: World) -> None:
    """Else the removal would come before the add, which would bring them back."""
    many = [*SHOP, *(buyer(number) for number in range(110, 140))]
    pulled.shop(many)
    pulled.type("pull")
    pulled.seed("jobs", polls=10_000, seconds=3600.0)
    assert "pending" in pulled.type("push vip --to klaviyo").out
    ran = pulled.type(f"forget {JANE}")
    assert "waits: the platform has not answered yet whether it added them" in ran.out
    assert "1 wait for the platform's answer to an add" in ran.out
    assert traces(pulled.state, *NAMES) == []
    pulled.time.advance(4000)
    assert JANE in pulled.lists()["VIP customers"], "the import went through"
    ran = pulled.type("run")
    assert "1 waiting for an earlier answer" in ran.out
    assert "1 done" in ran.out
    assert JANE not in pulled.lists()["VIP customers"]
    assert len(pulled.lists()["VIP customers"]) == len(vips(many)) - 1
    assert traces(pulled.state, *NAMES) == []
    before = len(pulled.requests())
    assert "nothing changed, nothing sent" in pulled.type("push vip --to klaviyo").out
    assert pulled.writes(before) == []


# --- the key ------------------------------------------------------------------------------------------------------


def test_without_a_place_for_a_key_nothing_is_done(pushed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FORGET_KEY[0])
    ran = pushed.type(f"forget {JANE}", expect=2)
    assert f'export {FORGET_KEY[0]}="$(openssl rand -hex 32)"' in ran.err
    assert rows(pushed, "SELECT count(*) FROM erasures") == [(0,)]
    assert JANE in pushed.lists()["VIP customers"]


def test_the_keyring_gets_a_key_the_first_time(pushed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FORGET_KEY[0])
    ring = Ring()
    monkeypatch.setattr("keyring.core._keyring_backend", ring)
    assert isinstance(keyring.get_keyring(), Ring)
    pushed.type(f"forget {JANE}")
    assert list(ring.kept) == [("segsync", "privacy.forget_key")]
    assert len(ring.kept["segsync", "privacy.forget_key"]) == 64
    assert "left out" in pushed.type("pull --full").out


@pytest.mark.parametrize("key", [None, "5e" * 32, "short"])
def test_with_another_key_or_none_nobody_can_be_told_apart(
    forgotten: World, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    if key is None:
        monkeypatch.delenv(FORGET_KEY[0])
    else:
        monkeypatch.setenv(FORGET_KEY[0], key)
    for command in ("pull", "run", "forget buyer4@example.com"):
        assert "privacy.forget_key" in forgotten.type(command, expect=2).err


def test_secrets_list_knows_of_it(forgotten: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {row["secret"]: row["where"] for row in forgotten.type("secrets list --json").json}
    assert told == {"klaviyo.api_key": "env", "privacy.forget_key": "env"}
    monkeypatch.delenv(FORGET_KEY[0])
    told = {row["secret"]: row["where"] for row in forgotten.type("secrets list --json").json}
    assert told["privacy.forget_key"] == "missing", "people were forgotten with it"


# --- files --------------------------------------------------------------------------------------------------------


def test_traces_that_kept_people_are_scrubbed(pulled: World, tmp_path: Path) -> None:
    pulled.type("push vip --to klaviyo --trace kept.jsonl --trace-bodies")
    pulled.type("push vip --to klaviyo --trace lost.jsonl --trace-bodies")
    (pulled.folder / "lost.jsonl").unlink()
    kept = pulled.folder / "kept.jsonl"
    assert JANE in kept.read_text("utf-8")
    others = [line for line in kept.read_text("utf-8").splitlines() if "buyer" in line and JANE not in line]
    ran = pulled.type(f"forget {JANE}")
    assert JANE not in kept.read_text("utf-8")
    assert [line for line in kept.read_text("utf-8").splitlines() if "buyer" in line] == others
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"from the trace {kept}" in ran.out
    assert f"the trace {pulled.folder / 'lost.jsonl'} is not there any more" in ran.out


def test_a_trace_would_write_them_down_again(pushed: World) -> None:
    ran = pushed.type(f"forget {JANE} --trace trace.jsonl --trace-bodies", expect=2)
    assert "it would write down whoever is to be forgotten" in ran.err


def test_what_is_held_can_still_be_restored(forgotten: World) -> None:
    (forgotten.state / "warehouse.duckdb").unlink()
    assert "6 held" in forgotten.type("state restore").out
    forgotten.type("pull")
    assert "nothing changed, nothing sent" in forgotten.type("push vip --to klaviyo").out


def test_a_saved_plan_names_nobody(pulled: World) -> None:
    pulled.type("plan --out all.json")
    assert "example.com" not in (pulled.folder / "all.json").read_text("utf-8")
    assert "Ada" not in (pulled.folder / "all.json").read_text("utf-8")


def test_the_receipt_is_private_and_names_nobody(forgotten: World) -> None:
    folder = forgotten.state / "receipts"
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("forget-1.json", "forget-1.txt"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    told = json.loads((folder / "forget-1.json").read_text("utf-8"))
    assert forgotten.type("forget --receipt 1 --json").json == told
    assert (told["who"], told["erased_here"]["customers"]) == ("b***@example.com", 1)
    assert told["platforms"][0]["state"] == "done"
    assert len(told["kept_out_by"]) == 2
    assert any("backups" in text for text in told["out_of_reach"])
    assert "there is no receipt of this number" in forgotten.type("forget --receipt 7", expect=2).err
