"""Taking secrets and people out of URLs, headers, forms, JSON and text."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

from pydantic import SecretStr

from segsync.redact.masking import EMAIL, HIDDEN, PHONE
from segsync.redact.stand_ins import StandIns

_SIGNED = re.compile(
    r"(?i)(?:^|[?&;])(?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|key-pair-id|hmac)="
)
_FIELDS = (
    "(?:first|last|middle|full|given|family|buyer|recipient|shipping|billing|maiden)_?name|surname|"
    "address(?:_?line)?_?[1-4]?|street(?:_?address)?|city|zip(?:_?code)?|post(?:al)?_?code|latitude|longitude|"
    "ip(?:_?address)?|birthday|birth_?date|date_of_birth|dob|organization|e?mail|email_?address|phone(?:_?number)?|"
    "fn|ln|ct|zp|doby|dobm|dobd"
)
_PERSONAL = re.compile(rf"(?:^|_)(?:{_FIELDS})$")
_PERSONAL_BESIDE_OTHERS = frozenset({"name", "display_name", "company"})  # a list's own name is nobody's
_SECRET = re.compile(
    r"(?:^|_)(?:(?<!page_)(?<!next_)(?<!pagination_)(?<!continuation_)(?<!sync_)token|secret|password|passphrase|"
    r"api_?key|private_key|signature|credentials?|assertion|appsecret_proof|authorization)$"
)
_SECRET_HEADER = re.compile(r"(?i)authorization|cookie|token|secret|api-?key|signature|password|credential")
_SECRET_IN_TEXT = re.compile(
    r"(?i)\b((?:access|refresh|id|auth|session|security|developer)_?token|client_?secret|api_?key|password)"
    r"(\\?[\"']?\s*[=:]\s*\\?[\"']?)([^\s\"'&<>,;}\\]+)"
)
_IN_TEXT = re.compile(
    rf"(?P<url>https?://[^\s\"'<>\\]+)|(?P<sha256>(?<![0-9A-Za-z])[0-9A-Fa-f]{{64}}(?![0-9A-Za-z]))"
    rf"|(?P<email>{EMAIL})|(?P<phone>{PHONE})"
)
_FIELD_IN_TEXT = re.compile(rf"(?i)(\b(?:{_FIELDS})[\"']?\s*[,:=]\s*)(\[[^\[\]]*+\]|\"[^\"]*+\"|'[^']*+')")
_QUOTED = re.compile(r"(?<=\")[^\"]+(?=\")|(?<=')[^']+(?=')")
DEEPEST = 3  # URLs within URLs


class Redaction:
    """Secrets out always; people out unless `keep_people`. Not thread-safe: the trace holds its own lock."""

    def __init__(self, secrets: Iterable[SecretStr], *, keep_people: bool) -> None:
        self._keep_people = keep_people
        self._depth = 0
        self._stand_ins = StandIns()
        self._values: set[str] = set()
        self.hide(secrets)

    def hide(self, secrets: Iterable[SecretStr]) -> None:
        """Take these out as well from now on."""
        self._values |= {text for secret in secrets if (text := secret.get_secret_value())}
        ways = {way(text) for text in self._values for way in _WAYS_TO_WRITE}
        self._known = re.compile("|".join(map(re.escape, sorted(ways, key=len, reverse=True)))) if ways else None

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            str(name): HIDDEN if _SECRET_HEADER.search(str(name)) else self.text(_as_text(value))
            for name, value in headers.items()
        }

    def url(self, url: str) -> str:
        """Without secrets or people; of a signed URL, without any of its query."""
        url = self._without_known(url)
        try:
            parts = urlsplit(url)
            netloc = parts.netloc
        except ValueError:
            return HIDDEN
        if "@" in netloc:
            netloc = f"{HIDDEN}@{netloc.rpartition('@')[2]}"
        query = HIDDEN if _SIGNED.search(parts.query) else self.form(parts.query)
        path = "/".join(self._recoded(segment, self._contacts) for segment in parts.path.split("/"))
        fragment = HIDDEN if parts.fragment else ""  # browsers are handed tokens in it
        return parts._replace(netloc=netloc, path=path, query=query, fragment=fragment).geturl()

    def form(self, encoded: str) -> str:
        """A query string or a form body, its values cleaned as if they stood in JSON under their names."""
        pieces = []
        for piece in self._without_known(encoded).split("&"):
            name, equals, value = piece.partition("=")
            key = unquote_plus(name)
            cleaned = self._recoded(value, partial(self._under, key))
            pieces.append(f"{self._recoded(name, self._contacts)}{equals}{cleaned}")
        return "&".join(pieces)

    def value(self, value: Any, name: str = "", *, about_person: bool = False) -> Any:
        """A JSON value that stands under `name`, cleaned, types and formats kept."""
        plain = _snake(name)
        if isinstance(value, Mapping):
            return self._object(value) if not _SECRET.search(plain) else HIDDEN
        if isinstance(value, list):
            return [self.value(item, name, about_person=about_person) for item in value]
        if value is None or isinstance(value, bool) or value == "":
            return value
        if _SECRET.search(plain):
            return HIDDEN
        personal = bool(_PERSONAL.search(plain)) or (about_person and plain in _PERSONAL_BESIDE_OTHERS)
        if isinstance(value, str):
            return self._fact(plain, value) if personal else self._string(value)
        if str(value) in self._values:
            return 0
        if personal and not self._keep_people:
            return int(self._stand_ins.shaped("number", str(abs(value)))) if isinstance(value, int) else 0.0
        return value

    def text(self, text: str) -> str:
        """Free text, cleaned as far as shapes tell: URLs, tokens by name, e-mails, phones, hashes, named fields."""
        text = _SECRET_IN_TEXT.sub(rf"\1\2{HIDDEN}", self._without_known(text))
        text = self._contacts(text)
        return text if self._keep_people else _FIELD_IN_TEXT.sub(self._named_field, text)

    def _under(self, name: str, text: str) -> str:
        return str(self.value(text, name))

    def _contacts(self, text: str) -> str:
        return _IN_TEXT.sub(self._found, text)

    def _found(self, match: re.Match[str]) -> str:
        if match.lastgroup == "url":
            return self._inner_url(match[0]) if re.search(r"[?@#%]", match[0]) else match[0]
        if self._keep_people:
            return match[0]
        return str(getattr(self._stand_ins, match.lastgroup or "email")(match[0]))

    def _inner_url(self, url: str) -> str:
        """A URL within text, which may stand within a URL; nobody nests them deeply in earnest."""
        if self._depth >= DEEPEST:
            return HIDDEN
        self._depth += 1
        try:
            return self.url(url)
        finally:
            self._depth -= 1

    def _named_field(self, match: re.Match[str]) -> str:
        name = _snake(re.split(r"\W", match[1], maxsplit=1)[0])
        return match[1] + _QUOTED.sub(lambda m: m[0] if m[0].strip(" ,") == "" else self._fact(name, m[0]), match[2])

    def _fact(self, name: str, value: str) -> str:
        value = self._without_known(value)
        if self._keep_people or value == HIDDEN:
            return value
        return self._stand_ins.fact(name, value)

    def _string(self, value: str) -> str:
        if value[0] in "{[":  # JSON within JSON, as some platforms take it in one field of a form
            with contextlib.suppress(ValueError, RecursionError):
                return json.dumps(self.value(json.loads(value)), ensure_ascii=False)
        return self.text(value)

    def _object(self, value: Mapping[str, Any]) -> dict[str, Any]:
        about_person = any(_PERSONAL.search(_snake(str(name))) for name in value)
        cleaned = {
            self._contacts(self._without_known(str(name))): self.value(item, str(name), about_person=about_person)
            for name, item in value.items()
        }
        called = value.get("name")
        if "value" in cleaned and isinstance(called, str) and _names_secret(called):
            cleaned["value"] = HIDDEN
        return cleaned

    def _recoded(self, encoded: str, clean: Callable[[str], str]) -> str:
        """`clean` applied to the decoded text; percent-encoding as it was wherever nothing changed."""
        plain = self._without_known(unquote(encoded))
        if HIDDEN not in plain:
            plain = unquote(re.sub(r"\+(?!\d)", " ", encoded))
        cleaned = clean(plain)
        if cleaned == plain and HIDDEN not in plain:
            return encoded
        return quote(cleaned, safe="*" + "".join(mark for mark in "!$'(),;:@/?" if mark in encoded))

    def _without_known(self, text: str) -> str:
        return self._known.sub(HIDDEN, text) if self._known else text


_WAYS_TO_WRITE: tuple[Callable[[str], str], ...] = (
    str,
    quote,
    lambda text: quote(text, safe=""),
    quote_plus,
    lambda text: json.dumps(text)[1:-1],
)


def _names_secret(name: str) -> bool:
    plain = _snake(name)
    return bool(_SECRET.search(plain)) or plain.startswith(("x_goog_", "x_amz_")) or plain in {"policy", "key_pair_id"}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_").replace(" ", "_").lower()


def _as_text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
