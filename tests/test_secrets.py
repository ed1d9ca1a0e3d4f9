"""Secrets: the three places they come from, and that their values stay where they are."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from keyring.backends import fail, null
from keyring.errors import KeyringLocked, PasswordDeleteError
from pydantic import SecretStr

from segsync import secrets
from segsync.errors import ConfigError
from segsync.spec import SecretSpec

SPECS = (
    SecretSpec("api_key", "A private API key with list and profile scopes"),
    SecretSpec("webhook_secret", "Only for webhooks", required=False),
)
VALUE = "hush-hush"
VARIABLE = "SEGSYNC_SECRET__KLAVIYO__API_KEY"


class Ring:
    """A keyring in memory."""

    def __init__(self, **held: str) -> None:
        self.held = {name.replace("__", "."): value for name, value in held.items()}

    def get_password(self, service: str, username: str) -> str | None:
        assert service == "segsync"
        return self.held.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[username]


class Raising(Ring):
    """A keyring whose backend fails in its own way, its words holding what they should not."""

    def __init__(self, error: Exception, **held: str) -> None:
        super().__init__(**held)
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


def of(
    keyring: secrets.Keyring, *, home: Path = Path(), environ: dict[str, str] | None = None, **references: str
) -> dict[str, SecretStr]:
    return secrets.resolve("klaviyo", SPECS, references, environ=environ or {}, home=home, keyring=keyring)


def test_environment_goes_before_keyring_before_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from_file\n")
    ring, none = Ring(klaviyo__api_key="from_ring"), Ring()
    for keyring, environ, expected in (
        (ring, {VARIABLE: "from_env"}, "from_env"),
        (ring, {VARIABLE: " "}, "from_ring"),
        (none, {}, "from_file"),
        (fail.Keyring(), {}, "from_file"),
    ):
        found = of(keyring, environ=environ, home=tmp_path, api_key="file:key")
        assert found["api_key"].get_secret_value() == expected
        assert "webhook_secret" not in found


def test_a_file_may_be_absolute(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xef\xbb\xbfvalue\r\n")
    assert of(Ring(), api_key=f"file:{path}")["api_key"].get_secret_value() == "value"


def test_a_missing_secret_names_all_three_ways() -> None:
    with pytest.raises(ConfigError) as caught:
        of(fail.Keyring(), environ={VARIABLE: ""})
    text = str(caught.value)
    assert "1 problem in the secrets of klaviyo" in text
    assert f"{VARIABLE}=… (it is set, but empty)" in text
    assert "segsync secrets set klaviyo.api_key   (there is no keyring on this machine)" in text
    assert 'api_key = "file:/run/secrets/klaviyo_api_key"' in text
    assert "A private API key" in text
    assert "webhook_secret" not in text


def test_every_missing_secret_is_named() -> None:
    specs = (SecretSpec("client_id", ""), SecretSpec("client_secret", ""))
    with pytest.raises(ConfigError) as caught:
        secrets.resolve("google_ads", specs, {}, environ={}, keyring=Ring())
    assert [p.place for p in caught.value.problems] == ["google_ads.client_id", "google_ads.client_secret"]
    assert "SEGSYNC_SECRET__GOOGLE_ADS__CLIENT_SECRET" in str(caught.value)


def test_a_misspelt_variable_is_noticed() -> None:
    with pytest.raises(ConfigError, match="SEGSYNC_SECRET__KLAVYIO__API_KEY is set: did you mean") as caught:
        of(Ring(), environ={"SEGSYNC_SECRET__KLAVYIO__API_KEY": "hush-hush"})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("error", [KeyringLocked("hush-hush"), RuntimeError("hush-hush"), OSError("hush-hush")])
def test_a_keyring_that_fails_is_no_keyring(error: Exception, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("value")
    assert of(Raising(error), home=tmp_path, api_key="file:key")["api_key"].get_secret_value() == "value"
    with pytest.raises(ConfigError, match="the keyring does not answer") as caught:
        of(Raising(error))
    assert "hush" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"hush\nhush", "line break or another invisible"),
        (b"hush\x00hush", "invisible"),
        (b"hush\xe2\x80\x8bhush", "invisible"),
        (b"hush\xff", "invisible"),
        (b"h" * 70_000, "too long"),
        (None, "no such file"),
    ],
)
def test_a_file_that_cannot_hold_a_secret(tmp_path: Path, content: bytes | None, found: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match=found) as caught:
        of(Ring(), home=tmp_path, api_key="file:key")
    assert str(tmp_path / "key") in str(caught.value)
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        of(Ring(), home=tmp_path, api_key="file:.")
    with pytest.raises(ConfigError, match="no such"):
        of(Ring(), home=tmp_path, api_key="file:a\0b")


def test_a_bad_variable_does_not_fall_through_to_another_place() -> None:
    with pytest.raises(ConfigError, match=VARIABLE) as caught:
        of(Ring(klaviyo__api_key="other"), environ={VARIABLE: "hush\r\nX-Evil: 1"})
    assert "hush" not in str(caught.value)


def test_values_never_show() -> None:
    found = of(Ring(klaviyo__api_key="hush-hush"))
    assert "hush" not in f"{found!r} {found}"
    assert "hush" not in repr(secrets.known("klaviyo", SPECS, {}, environ={VARIABLE: "hush"}, keyring=Ring()))


def test_where_each_secret_stands(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("value")
    specs = tuple(SecretSpec(name, "") for name in ("a", "b", "c", "d", "e"))
    standings = secrets.known(
        "s",
        specs,
        {"c": "file:key", "e": "file:gone"},
        environ={"SEGSYNC_SECRET__S__A": "v"},
        home=tmp_path,
        keyring=Ring(s__b="v"),
    )
    assert [standing.where for standing in standings] == ["env", "keyring", "file", "missing", "missing"]
    assert standings[0].place == "SEGSYNC_SECRET__S__A"
    assert standings[2].place == str(tmp_path / "key")
    assert "no such file" in standings[4].place


def test_store_and_delete() -> None:
    ring = Ring()
    secrets.store("klaviyo.api_key", SecretStr(" value \n"), keyring=ring)
    assert ring.held == {"klaviyo.api_key": "value"}
    secrets.delete("klaviyo.api_key", keyring=ring)
    assert ring.held == {}
    with pytest.raises(ConfigError, match="holds no such secret"):
        secrets.delete("klaviyo.api_key", keyring=ring)


@pytest.mark.parametrize(
    ("keyring", "found"),
    [
        (fail.Keyring(), "there is no keyring on this machine"),
        (null.Keyring(), "keeps nothing"),
        (Raising(KeyringLocked("hush-hush")), "is it locked"),
    ],
)
def test_no_place_to_store_is_a_clear_refusal(keyring: secrets.Keyring, found: str) -> None:
    with pytest.raises(ConfigError, match=found) as caught:
        secrets.store("klaviyo.api_key", VALUE, keyring=keyring)
    text = "".join(traceback.format_exception(caught.value))
    assert VARIABLE in text
    assert "file:" in text
    assert "hush" not in text


@pytest.mark.parametrize("value", ["", "  ", "hush\nhush", "hush\thush"])
def test_what_cannot_be_a_secret_is_not_stored(value: str) -> None:
    ring = Ring()
    with pytest.raises(ConfigError) as caught:
        secrets.store("klaviyo.api_key", value, keyring=ring)
    assert "hush" not in str(caught.value)
    assert ring.held == {}


@pytest.mark.parametrize("name", ["klaviyo", "klaviyo.", ".key", "a.b.c", "a b.c"])
def test_a_secret_is_called_section_dot_name(name: str) -> None:
    with pytest.raises(ConfigError, match=r"SECTION\.NAME"):
        secrets.store(name, "value", keyring=Ring())


def test_deleting_where_the_backend_refuses() -> None:
    class Refusing(Ring):
        def delete_password(self, service: str, username: str) -> None:
            raise PasswordDeleteError(VALUE)

    with pytest.raises(ConfigError, match="PasswordDeleteError") as caught:
        secrets.delete("s.k", keyring=Refusing(s__k=VALUE))
    assert "hush" not in "".join(traceback.format_exception(caught.value))


def test_the_systems_keyring_is_asked_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring(klaviyo__api_key="value")
    monkeypatch.setattr("keyring.get_password", ring.get_password)
    found = secrets.resolve("klaviyo", SPECS, {}, environ={})
    assert found["api_key"].get_secret_value() == "value"
