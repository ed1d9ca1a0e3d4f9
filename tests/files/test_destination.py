"""Audiences as CSV files: safe to open, written whole or not at all, and the same after a second push."""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from segsync.errors import AudienceMissing, ConfigError, Unavailable
from segsync.model import Action, Audience, AudienceRef, Batch, Identifiers, Member
from segsync_files.audience import COLUMNS, file_name, plain, safe

Make = Callable[..., Any]
VIP = Audience(name="VIP customers")


def member(n: int, email: str | None = "", platform_id: str | None = None, **facts: Any) -> Member:
    emails = () if email is None else (email or f"p{n}@example.com",)
    return Member(f"person-{n}", Identifiers(emails, **facts), platform_id)


def push(to: Any, ref: AudienceRef, action: Action, *members: Member) -> Any:
    return to.push(Batch("b", 1, ref, action, members))


def cells(tmp_path: Path, name: str = "VIP customers.csv") -> list[dict[str, str]]:
    with (tmp_path / "audiences" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def vip(destination: Make) -> tuple[Any, AudienceRef]:
    to = destination()
    return to, to.create_audience(VIP)


def test_an_audience_is_a_file_of_its_name(vip: Any, tmp_path: Path, destination: Make) -> None:
    to, ref = vip
    path = tmp_path / "audiences" / "VIP customers.csv"
    assert path.read_bytes() == ",".join(COLUMNS).encode() + b"\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert ref == to.find_audience(VIP) == to.create_audience(VIP) == destination().find_audience(VIP)


def test_adding_and_removing(vip: Any, tmp_path: Path) -> None:
    to, ref = vip
    facts = {"first_name": "Zoë", "last_name": 'de "la" Cruz, Jr.\nII', "phones": ("+12125550123",), "country": "US"}
    receipt = push(to, ref, Action.ADD, member(2), member(1, **facts))
    assert receipt.accepted == {"person-1": "person-1", "person-2": "person-2"}
    first, second = cells(tmp_path)
    expected = {"person": "person-1", "email": "p1@example.com", "phone": "+12125550123", "first_name": "Zoë"}
    assert expected.items() <= first.items()
    assert first["last_name"] == facts["last_name"]
    assert second["person"] == "person-2"
    assert push(to, ref, Action.REMOVE, member(1), member(9)).accepted == {
        "person-1": "person-1",
        "person-9": "person-9",
    }
    assert [line["person"] for line in cells(tmp_path)] == ["person-2"]


def test_a_push_is_repeated_without_a_write(vip: Any, tmp_path: Path) -> None:
    to, ref = vip
    path = tmp_path / "audiences" / ref.id
    push(to, ref, Action.ADD, member(1), member(2))
    before = (path.read_bytes(), path.stat().st_ino)
    push(to, ref, Action.ADD, member(2), member(1))
    assert (path.read_bytes(), path.stat().st_ino) == before


def test_a_removal_goes_by_the_key_whatever_became_of_the_email(vip: Any, tmp_path: Path) -> None:
    to, ref = vip
    push(to, ref, Action.ADD, member(1))
    push(to, ref, Action.ADD, member(1, "new@example.com"))
    assert [line["email"] for line in cells(tmp_path)] == ["new@example.com"]
    push(to, ref, Action.REMOVE, member(7, "other@example.com", platform_id="person-1"))
    assert cells(tmp_path) == []


def test_a_merged_person_keeps_the_line_that_was_written_for_them(vip: Any, tmp_path: Path) -> None:
    to, ref = vip
    push(to, ref, Action.ADD, member(1))
    assert push(to, ref, Action.ADD, member(7, platform_id="person-1")).accepted == {"person-7": "person-1"}
    assert [line["person"] for line in cells(tmp_path)] == ["person-1"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "\rx", "'=x", "＝1", "''-x"])
def test_no_cell_is_a_formula_and_every_one_reads_back(vip: Any, tmp_path: Path, text: str) -> None:
    to, ref = vip
    push(to, ref, Action.ADD, member(1, first_name=text))
    (line,) = cells(tmp_path)
    assert line["first_name"] == f"'{text}"
    ((present,),) = to.read_back(ref)
    assert present.identifiers.first_name == text
    push(to, ref, Action.ADD, member(2))
    assert cells(tmp_path)[0]["first_name"] == f"'{text}"


@pytest.mark.parametrize("text", ["O'Neil", "'t Hooft", "", "'", "a=b", "1-2"])
def test_harmless_cells_stay_as_they_are(text: str) -> None:
    assert safe(text) == text == plain(text)


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (member(1, None), "neither an e-mail nor a phone"),
        (member(1, "=cmd|x!a1@example.com"), "formula"),
        (member(1, "+ann@example.com"), "formula"),
        (member(1, "not an address"), "not valid"),
        (member(1, None, phones=("=1+1",)), "not in the form"),
    ],
)
def test_who_cannot_be_written_is_rejected_with_a_reason(vip: Any, tmp_path: Path, who: Member, why: str) -> None:
    to, ref = vip
    receipt = push(to, ref, Action.ADD, who, member(2))
    assert [(reject.person, why in reject.reason) for reject in receipt.rejects] == [("person-1", True)]
    assert receipt.accepted == {"person-2": "person-2"}
    assert len(cells(tmp_path)) == 1


def test_lines_put_there_by_hand_stay(vip: Any, tmp_path: Path) -> None:
    to, ref = vip
    with (tmp_path / "audiences" / ref.id).open("a") as stream:
        stream.write(",boss@example.com,,,,,,,\n")
    push(to, ref, Action.ADD, member(1))
    push(to, ref, Action.REMOVE, member(1))
    assert [line["email"] for line in cells(tmp_path)] == ["boss@example.com"]
    assert [present.platform_id for page in to.read_back(ref) for present in page] == ["boss@example.com"]


@pytest.mark.parametrize("text", ["email\nx@example.com\n", "", "\x00\xff", ",".join(COLUMNS) + "\na,b\n"])
def test_a_file_that_segsync_did_not_write_is_left_alone(vip: Any, tmp_path: Path, text: str) -> None:
    to, ref = vip
    path = tmp_path / "audiences" / ref.id
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match="is not an audience of segsync"):
        push(to, ref, Action.ADD, member(1))
    assert path.read_text(encoding="latin-1") == text


def test_a_file_that_is_gone_stops_the_push(vip: Any, tmp_path: Path) -> None:
    to, ref = vip
    (tmp_path / "audiences" / ref.id).unlink()
    with pytest.raises(AudienceMissing):
        push(to, ref, Action.ADD, member(1))
    with pytest.raises(AudienceMissing):
        to.find_audience(Audience(name=VIP.name, id=ref.id))
    assert to.find_audience(VIP) is None


def test_a_write_that_fails_leaves_the_old_file(vip: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to, ref = vip
    push(to, ref, Action.ADD, member(1))
    before = cells(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segsync_files.audience.os.fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        push(to, ref, Action.ADD, member(2))
    assert cells(tmp_path) == before
    assert [path.name for path in (tmp_path / "audiences").iterdir()] == [ref.id]


def test_an_id_never_leaves_the_folder(vip: Any, tmp_path: Path) -> None:
    to, _ = vip
    (tmp_path / "secret.csv").write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(AudienceMissing):
        push(to, AudienceRef("../secret.csv", "x"), Action.ADD, member(1))


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("VIP customers", "VIP customers"),
        ("a/b", "a_b-"),
        ("..", "audience-"),
        ("", "audience-"),
        ("CON", "CON-"),
        ("con.x", "_con.x-"),
        ("Zoë €", "Zoë €"),
    ],
)
def test_names_become_file_names(name: str, stem: str) -> None:
    assert file_name(name).startswith(stem)
    assert "/" not in file_name(name)


def test_names_that_would_meet_are_kept_apart() -> None:
    assert len({file_name(name) for name in ("a/b", "a:b", "a_b", "a_b.", "x" * 300, "x" * 301, "é" * 200)}) == 7
    assert all(len(file_name("é" * n).encode()) < 255 for n in (90, 100, 101, 400))


def test_check_asks_for_a_folder_that_can_be_written_to(destination: Make, tmp_path: Path, monkeypatch: Any) -> None:
    destination("not/yet/there").check()
    assert not (tmp_path / "not").exists()
    with pytest.raises(ConfigError, match="folder: missing"):
        destination(None).check()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="not a folder"):
        destination("file/inside").check()
    with pytest.raises(ConfigError):
        destination("file/inside").create_audience(VIP)
    monkeypatch.setattr("segsync_files.destination.os.access", lambda *_: False)
    with pytest.raises(ConfigError, match="may not be written to"):
        destination("there").check()
