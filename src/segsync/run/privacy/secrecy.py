"""The forget key: who is kept out is known by keyed digests alone, and who must still be removed only sealed.

Digests are HMAC-SHA256 (RFC 2104) under a key derived from the forget key; seals are Fernet tokens (AES-128-CBC with
HMAC-SHA256) under another one. Without the forget key neither says anything of anybody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from segsync import secrets
from segsync.config import Config
from segsync.errors import ConfigError, Problem
from segsync.ledger import Ledger, erasures
from segsync.run.workspace import Setting
from segsync.spec import SecretSpec

SECTION: Final = "privacy"
NAME: Final = "forget_key"
SPEC: Final = SecretSpec(NAME, "The key that hides the names of people who were forgotten", required=False)
BYTES: Final = 32
SHORTEST: Final = 32  # characters: 16 bytes as hexadecimal digits
TYPE: Final = f'export {secrets.variable(SECTION, NAME)}="$(openssl rand -hex 32)"'

Digest = Callable[[str, str], str]  # of a kind and a value


@dataclass(frozen=True, slots=True)
class ForgetKey:
    """What digests and seals are made with."""

    _text: SecretStr = field(repr=False)

    def digester(self) -> Digest:
        """Makes the digest by which an identifier is kept out: of a kind, `email`, `phone` or `customer`, and a value.

        A customer's value is `source:customer_id`.
        """
        secret = self._derived("digests")
        return lambda kind, value: hmac.digest(secret, f"{kind}:{value}".encode(), "sha256").hex()

    @property
    def check(self) -> str:
        """What tells this key from another one, and nothing else."""
        return self._derived("check").hex()[:16]

    def seal(self, value: Mapping[str, Any], at: float) -> str:
        """JSON values, encrypted. `at`: seconds since 1970."""
        return self._fernet().encrypt_at_time(json.dumps(value).encode(), int(at)).decode()

    def unseal(self, text: str) -> dict[str, Any]:
        """What was sealed. Raises ConfigError where it was sealed with another key."""
        try:
            found: dict[str, Any] = json.loads(self._fernet().decrypt(text.encode()))
        except (InvalidToken, ValueError):
            raise _wrong_key() from None
        return found

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derived("seals")))

    def _derived(self, purpose: str) -> bytes:
        secret = self._text.get_secret_value().encode()
        return hmac.new(secret, f"segsync {purpose}".encode(), hashlib.sha256).digest()


def known_key(config: Config, setting: Setting, ledger: Ledger) -> ForgetKey:
    """The key that people were forgotten with. Raises ConfigError where it is missing, or is another one."""
    found = _standing(config.forget_key, setting.environ, config.home)
    if found is None:
        place = f"{SECTION}.{NAME}"
        ways = (
            f"put back the one that they were forgotten with, in {secrets.variable(SECTION, NAME)},\n"
            f"or in the keyring: segsync secrets set {place}"
        )
        missing = "missing secret: people were forgotten, and without it nobody can tell who"
        raise ConfigError([Problem(place, missing, ways)], where="the secrets")
    check = erasures.key_check(ledger)
    if check is not None and not hmac.compare_digest(check, found.check):
        raise _wrong_key()
    return found


def key_for_forgetting(config: Config, setting: Setting, ledger: Ledger) -> ForgetKey:
    """The key, made and kept in the system's keyring where nobody was forgotten before and there is none.

    Raises ConfigError where it can be kept nowhere, with what to type.
    """
    if erasures.key_check(ledger) is not None or _standing(config.forget_key, setting.environ, config.home):
        return known_key(config, setting, ledger)
    made = SecretStr(fresh(setting.clock.random))
    try:
        secrets.store(f"{SECTION}.{NAME}", made)
    except ConfigError as error:
        reason = error.problems[0].found
        raise ConfigError(
            [
                Problem(
                    f"{SECTION}.{NAME}",
                    f"whoever is forgotten is kept out by a key, and there is no place to keep one ({reason})",
                    f"make one, and keep it where your other secrets are:\n{TYPE}\n"
                    'or in a file: [privacy] forget_key = "file:/run/secrets/segsync_forget_key"',
                )
            ],
            where="the secrets",
        ) from None
    return ForgetKey(made)


def fresh(random: Callable[[], float]) -> str:
    """A key of 32 random bytes as hexadecimal digits; `random` draws from [0, 1)."""
    return bytes(int(random() * 256) for _ in range(BYTES)).hex()


def key_standing(config: Config, environ: Mapping[str, str], ledger: Ledger | None) -> secrets.Standing | None:
    """Where the key stands, never what it is. None where there is none and nobody was forgotten."""
    references = {NAME: config.forget_key} if config.forget_key else {}
    (standing,) = secrets.known(SECTION, (SPEC,), references, environ=environ, home=config.home)
    unused = standing.where == "missing" and not references and (ledger is None or erasures.key_check(ledger) is None)
    return None if unused else standing


def _standing(reference: str | None, environ: Mapping[str, str], home: Path) -> ForgetKey | None:
    references = {NAME: reference} if reference else {}
    found = secrets.resolve(SECTION, (SPEC,), references, environ=environ, home=home).get(NAME)
    if found is None:
        return None
    if len(found.get_secret_value()) < SHORTEST:
        short = f"is shorter than {SHORTEST} characters, and could be guessed"
        raise ConfigError([Problem(f"{SECTION}.{NAME}", short, TYPE)], where="the secrets")
    return ForgetKey(found)


def _wrong_key() -> ConfigError:
    found = "is not the key that people were forgotten with: with it they would come back"
    remedy = f"put the former one back: {secrets.variable(SECTION, NAME)}, or segsync secrets set {SECTION}.{NAME}"
    return ConfigError([Problem(f"{SECTION}.{NAME}", found, remedy)], where="the secrets")
