"""What may be shown of people and secrets: in messages, and in a trace."""

from __future__ import annotations

import gzip
import json
import re
import stat
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import phonenumbers
import pytest
import requests
from pydantic import SecretStr

from segsync.cli.context import tracing
from segsync.errors import ConfigError
from segsync.http import Exchange
from segsync.redact import Trace, mask_email, mask_phone, mask_text
from segsync.testing import FakeTime

KEY = "pk_1234567890abcdef/+ z"
HASH = "5d41402abc4b2a76b9719d911017c592ae3c8f1d2b5a6e7f8091a2b3c4d5e6f7"


def answer(body: bytes, kind: str = "application/json", status: int = 200, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body
    response.headers.update({"Content-Type": kind, **headers})
    return response


class Traced:
    """A trace in a temporary file, and its lines read back."""

    def __init__(self, path: Path, fake_time: FakeTime, *, bodies: bool = False) -> None:
        self.path = path
        self.trace = Trace(path, fake_time.clock, secrets=[SecretStr(KEY), SecretStr("")], bodies=bodies)

    def send(self, method: str = "POST", url: str = "https://api.example.com/x", **parts: Any) -> None:
        response = parts.pop("response", None)
        request = requests.Request(method, url, **parts).prepare()
        self.trace(Exchange("klaviyo", request, response, 0.25))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.path.read_text().splitlines()]

    def line(self, *args: Any, **parts: Any) -> dict[str, Any]:
        self.send(*args, **parts)
        return self.lines[-1]


@pytest.fixture
def traced(tmp_path: Path, fake_time: FakeTime) -> Traced:
    return Traced(tmp_path / "trace.jsonl", fake_time)


# --- masking -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("jane@example.com", "j***@example.com"),
        (" j@example.org ", "j***@example.org"),
        ("@example.com", "***"),
        ("", "***"),
        ("nobody", "***"),
    ],
    ids=["usual", "one letter", "no name", "empty", "no at"],
)
def test_an_email_keeps_its_first_letter_and_domain(plain: str, masked: str) -> None:
    assert mask_email(plain) == masked


@pytest.mark.parametrize(
    ("plain", "masked"),
    [
        ("+12125550123", "+1***23"),
        ("+44 20 7946 0958", "+44***58"),
        ("020 7946 0958", "***58"),
        ("123", "***"),
        ("+", "+***"),
    ],
)
def test_a_phone_keeps_its_prefix_and_two_digits(plain: str, masked: str) -> None:
    assert mask_phone(plain) == masked


def test_text_is_masked_wherever_somebody_stands_in_it() -> None:
    text = "Jane <jane.doe@example.com>, jane%40example.org or +1 (212) 555-0123 / 020 7946 0958 / (212) 555-0199."
    masked = mask_text(text)
    assert masked == "Jane <j***@example.com>, j***@example.org or +1***23 / ***58 / ***99."


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-01T12:00:00+00:00",
        "order 5123456789012 of 61,204",
        "request 9f0c2b1e-1234-4567-8901-0123456789ab",
        "10.0.0.12",
        "v2026-10-15",
        "12.50 USD",
        "",
    ],
)
def test_text_without_people_stays_as_it_is(text: str) -> None:
    assert mask_text(text) == text


def test_masking_long_hostile_text_is_quick() -> None:
    started = time.perf_counter()
    for text in (
        "a" * 200_000,
        "a." * 100_000,
        "%41" * 70_000,
        "1-" * 100_000,
        "+1" * 100_000,
        "a@" * 100_000,
        "((1" * 60_000,
    ):
        mask_text(text)
    assert time.perf_counter() - started < 5


# --- one trace for a whole command ---------------------------------------------------------------------------


def test_a_secret_that_is_told_later_is_hidden_from_then_on(traced: Traced) -> None:
    traced.trace.hide([SecretStr("s3cret-of-shop")])
    line = json.dumps(traced.line(headers={"X-Shop": f"s3cret-of-shop {KEY}"}))
    assert "s3cret-of-shop" not in line
    assert KEY not in line


def test_a_broken_trace_is_reported_when_the_command_ends(
    fake_time: FakeTime, capsys: pytest.CaptureFixture[str]
) -> None:
    with tracing(Path("/dev/full"), fake_time.clock, bodies=False) as trace:
        assert trace is not None
        trace(Exchange("klaviyo", requests.Request("GET", "https://api.example.com").prepare(), None, 0.1))
    assert "the trace /dev/full is not whole: No space left" in capsys.readouterr().err


def test_a_whole_trace_is_not_talked_about(
    tmp_path: Path, fake_time: FakeTime, capsys: pytest.CaptureFixture[str]
) -> None:
    with tracing(tmp_path / "trace.jsonl", fake_time.clock, bodies=False):
        pass
    with tracing(None, fake_time.clock, bodies=False) as nothing:
        assert nothing is None
    assert capsys.readouterr() == ("", "")


# --- the trace: form -----------------------------------------------------------------------------------------


def test_a_line_holds_the_whole_exchange(traced: Traced) -> None:
    line = traced.line("POST", json={"a": 1}, response=answer(b'{"b": [2.5, null, true]}', status=202))
    assert list(line) == [
        "time",
        "connector",
        "method",
        "url",
        "headers",
        "body",
        "status",
        "response_headers",
        "response",
        "elapsed",
    ]
    assert line["time"] == "2026-06-01T12:00:00+00:00"
    assert (line["connector"], line["method"], line["url"], line["status"], line["elapsed"]) == (
        "klaviyo",
        "POST",
        "https://api.example.com/x",
        202,
        0.25,
    )
    assert (line["body"], line["response"]) == ({"a": 1}, {"b": [2.5, None, True]})


def test_no_answer_is_null(traced: Traced) -> None:
    line = traced.line("GET")
    assert (line["body"], line["status"], line["response_headers"], line["response"]) == (None, None, None, None)


@pytest.mark.parametrize("exists", [False, True])
def test_the_file_is_private_and_appended_to(tmp_path: Path, fake_time: FakeTime, exists: bool) -> None:
    path = tmp_path / "t"
    if exists:
        path.write_text('{"old": 1}\n')
        path.chmod(0o644)
    Traced(path, fake_time).send()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text().splitlines()) == 1 + exists


def test_a_file_that_cannot_be_opened_is_a_config_error(tmp_path: Path, fake_time: FakeTime) -> None:
    with pytest.raises(ConfigError, match=r"--trace .*: cannot be written"):
        Trace(tmp_path, fake_time.clock, secrets=[], bodies=False)


def test_a_trace_that_breaks_falls_silent(traced: Traced) -> None:
    traced.trace.close()
    traced.send()
    assert traced.trace.broken


def test_threads_write_whole_lines(traced: Traced) -> None:
    big = {"text": "x" * 20_000}
    threads = [threading.Thread(target=lambda: [traced.send(json=big) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(traced.lines) == 80


# --- the trace: secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bodies", [False, True])
def test_no_secret_reaches_the_file(tmp_path: Path, fake_time: FakeTime, bodies: bool) -> None:
    traced = Traced(tmp_path / "t", fake_time, bodies=bodies)
    traced.send(
        "POST",
        f"https://user:{KEY.replace('/', '%2F')}@api.example.com/{KEY.replace('/', '%2F')}",
        params={"q": KEY, "access_token": "at_secret", "filter": f'equals(x,"{KEY}")'},
        headers={
            "Authorization": f"Klaviyo-API-Key {KEY}",
            "Cookie": "sid=cookie_secret",
            "X-Shopify-Access-Token": "shp_secret",
            "x-amz-access-token": "amz_secret",
            "developer-token": "dev_secret",
            "X-Note": f"see {KEY}",
        },
        json={
            "client_secret": "cs_secret",
            "nested": [{"refreshToken": "rt_secret", "note": f"key {KEY}!", KEY: 1}],
            "parameters": [
                {"name": "x-goog-signature", "value": "sig_secret"},
                {"name": "policy", "value": "pol_secret"},
            ],
            "credentials": {"inner": "cred_secret"},
            "wrapped": json.dumps({"api_key": "wrapped_secret"}),
        },
        response=answer(
            b'{"access_token":"new_secret","token_type":"bearer","expires_in":3600,"error":"bad '
            + KEY.encode()
            + b'"}',
            **{"Set-Cookie": "a=set_secret", "Location": "https://x.example.com/f?Signature=loc_secret&Expires=1"},
        ),
    )
    traced.send(data={"grant_type": "refresh_token", "client_secret": "form_secret", "key": KEY})
    traced.send(data=f"<html>access_token=html_secret&amp; {KEY}".encode(), headers={"Content-Type": "text/html"})
    text = traced.path.read_text()
    assert not re.search(r"\w+_secret\b(?<!client_secret)", text), text
    for way in (KEY, "pk_1234567890abcdef"):
        assert way not in unquote(text)
    assert '"token_type": "bearer"' in text
    assert "grant_type=refresh_token" in text


@pytest.mark.parametrize(
    "query",
    [
        "GoogleAccessId=x&Expires=1&Signature=SIGNED",
        "X-Goog-Algorithm=A&X-Goog-Signature=SIGNED",
        "a=SIGNED&X-Amz-Signature=SIGNED",
        "x-amz-signature=SIGNED",
        "sv=1&sig=SIGNED",
    ],
)
def test_signed_urls_lose_their_query(traced: Traced, query: str) -> None:
    url = f"https://files.example.com/bulk/1.jsonl?{query}"
    line = traced.line("GET", url, response=answer(json.dumps({"url": url, "text": f"get {url} soon"}).encode()))
    assert line["url"] == "https://files.example.com/bulk/1.jsonl?***"
    assert line["response"] == {
        "url": "https://files.example.com/bulk/1.jsonl?***",
        "text": "get https://files.example.com/bulk/1.jsonl?*** soon",
    }


def test_cursors_are_no_secrets(traced: Traced) -> None:
    body = {
        "nextPageToken": "abc",
        "next_token": "def",
        "pageToken": "ghi",
        "id": "01HX",
        "type": "profile-bulk-import-job",
    }
    line = traced.line("GET", "https://api.example.com/a?page%5Bcursor%5D=bmV4dA&page_token=x", json=body)
    assert line["body"] == body
    assert line["url"] == "https://api.example.com/a?page%5Bcursor%5D=bmV4dA&page_token=x"


# --- the trace: people ---------------------------------------------------------------------------------------

PERSON = {
    "email": "Jane.Doe@example.org",
    "phone_number": "+12125550123",
    "first_name": "Jane",
    "lastName": "Dœ-Smith",
    "location": {
        "address1": "12 High Street",
        "city": "Springfield",
        "zip": "62701-12",
        "country": "US",
        "ip": "203.0.113.9",
        "latitude": 39.78,
    },
    "birth_date": "1990-05-17",
    "hash": HASH,
    "name": "Jane Doe",
}
TRACES = ["ane", "oe", "Smith", "High", "Springfield", "62701", "203.0", "1990-05", HASH[:20], "39.78", "5550123"]


def test_people_are_replaced_in_their_own_shape(traced: Traced) -> None:
    text = json.dumps(traced.line(json={"data": [PERSON]})["body"])
    assert [trace for trace in TRACES if trace in text] == []
    person = json.loads(text)["data"][0]
    assert person["email"] == "person-000001@example.com"
    assert phonenumbers.is_valid_number(phonenumbers.parse(person["phone_number"]))
    assert re.fullmatch(r"[0-9a-f]{64}", person["hash"])
    assert re.fullmatch(r"\d{5}-\d\d", person["location"]["zip"])
    assert re.fullmatch(r"19\d\d-\d\d-\d\d", person["birth_date"])
    assert person["location"]["ip"].startswith("192.0.2.")
    assert person["location"]["country"] == "US"
    assert isinstance(person["location"]["latitude"], float)
    assert len(person["first_name"]) == 4


def test_a_stand_in_is_the_same_each_time_and_another_for_another(traced: Traced) -> None:
    traced.send("GET", 'https://api.example.com/profiles?filter=any(email,["jane@example.org","bob@example.org"])')
    first = traced.line(json={"emails": ["JANE@example.org", "amy@example.org"], "text": "for jane@example.org: bad"})
    url = unquote(traced.lines[0]["url"])
    traced.send(json={"phone": "+12125550123", "hash": HASH})
    shown = traced.lines[-1]["body"]
    line = traced.line("GET", f'https://api.example.com/?filter=any(phone_number,["%2B12125550123"])&hash={HASH}')
    assert shown["phone"] in unquote(line["url"])
    assert shown["hash"] in line["url"]
    assert 'any(email,["person-000001@example.com","person-000002@example.com"])' in url
    assert first["body"] == {
        "emails": ["person-000001@example.com", "person-000003@example.com"],
        "text": "for person-000001@example.com: bad",
    }


def test_no_two_of_many_people_share_a_stand_in(traced: Traced) -> None:
    phones = [f"+1202555{n:04d}" for n in range(10_000)] + [f"+1303555{n:04d}" for n in range(10_000)]
    shown = traced.line(json={"phones": phones, "hashes": [f"{n + 1:064x}"[::-1] for n in range(500)]})["body"]
    assert len(set(shown["phones"])) == 20_000
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(phone)) for phone in shown["phones"][9_990:10_100])
    assert len(set(shown["hashes"])) == 500


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/profiles/?filter=equals%28email%2C%22jane%40example.org%22%29",
        "https://api.example.com/profiles/?filter=equals(phone_number,%22%2B12125550123%22)",
        "https://api.example.com/profiles/?filter=equals(phone_number,%22+12125550123%22)",
        "https://api.example.com/profiles/?filter=any(first_name,[%22Jane%22,%22Janet%22])",
        "https://api.example.com/c?first_name=Jane&city=New+Jane",
        "https://api.example.com/people/jane%40example.org/orders",
        "https://api.example.com/people/jane@example.org",
        "https://api.example.com/x?email=jane%2Btag%40example.org",
    ],
)
def test_people_in_urls_are_replaced(traced: Traced, url: str) -> None:
    shown = unquote(traced.line("GET", url)["url"])
    assert "ane" not in shown
    assert "5550123" not in shown
    assert shown.startswith("https://api.example.com/")


def test_a_url_without_people_is_kept_to_the_letter(traced: Traced) -> None:
    url = "https://api.example.com/api/lists/?filter=equals(name,%22VIP%20customers%22)&page%5Bsize%5D=100&a=b+c&sort=-updated"
    assert traced.line("GET", url)["url"] == url


def test_an_audiences_name_is_nobodys(traced: Traced) -> None:
    body = {"data": {"type": "list", "attributes": {"name": "VIP customers", "opt_in_process": "single_opt_in"}}}
    assert traced.line(json=body)["body"] == body


def test_bodies_keep_people_but_never_secrets(tmp_path: Path, fake_time: FakeTime) -> None:
    traced = Traced(tmp_path / "it's.jsonl", fake_time, bodies=True)
    body = {**PERSON, "api_key": "x"}
    line = traced.line("POST", "https://api.example.com/p?email=jane%40example.org", json=body)
    assert line["body"] == {**PERSON, "api_key": "***"}
    assert "jane%40example.org" in line["url"]
    assert "rm '" in traced.lines[0]["note"]
    assert len(traced.lines) == 2


def test_other_kinds_of_bodies(traced: Traced) -> None:
    def shown(body: bytes, kind: str, **headers: str) -> Any:
        return traced.line(data=body, headers={"Content-Type": kind, **headers})["body"]

    packed = gzip.compress(b"jane@example.org")
    assert shown(packed, "application/json", **{"Content-Encoding": "gzip"}) == f"<{len(packed)} bytes, compressed>"
    assert shown(packed, "application/octet-stream") == f"<{len(packed)} bytes, compressed>"
    assert shown(b"\xff\xfe\x00jane", "text/plain") == "<7 bytes, not text>"
    assert shown(b"a\0jane", "text/plain") == "<6 bytes, not shown>"
    assert shown(b"--x\r\njane", "multipart/form-data; boundary=x") == "<9 bytes, not shown>"
    assert shown(b"Email,Name\njane@example.org,Jane\n", "text/csv") == "<33 bytes of text/csv, not shown>"
    assert shown(b"Email\tName\njane@example.org\tJane\n", "text/tab-separated-values").startswith("<33 bytes")
    assert shown(b'{"email":"jane@example.org"}\n\n{"first_name":"Jane"}\n', "application/x-ndjson") == (
        '{"email": "person-000001@example.com"}\n{"first_name": "Aaab"}'
    )
    assert shown(b"<p>jane@example.org is wrong</p>", "text/html") == "<p>person-000001@example.com is wrong</p>"
    assert (
        shown(b"email=jane%40example.org&n=1", "application/x-www-form-urlencoded")
        == "email=person-000001%40example.com&n=1"
    )
    assert "ane" not in shown(b'{"email":"jane@example.org", "first_name": "Jane", "x', "application/json")


def test_a_large_body_is_cut_and_says_so(traced: Traced) -> None:
    people = [{"email": f"p{n}@example.org", "pad": "x" * 200} for n in range(10_000)]
    line = traced.line(json={"data": people}, response=answer(b"y" * 1_500_000, "text/plain"))
    assert len(line["body"]["data"]) == 20
    assert "lists cut after 20 items" in line["shortened"]["body"]
    assert line["response"] == "y" * 20_000
    assert "cut after 20,000 characters" in line["shortened"]["response"]
    assert traced.line(json={"one": "z" * 1_200_000})["body"].endswith("not shown>")


def test_odd_bodies_never_break_a_run(traced: Traced) -> None:
    for body in (
        b"[" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"a": NaN}',
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        b"null",
        b"0",
    ):
        traced.send(data=body, headers={"Content-Type": "application/json"})
    traced.send("GET", "https://[::1]/x?a&b=&=c&&%ZZ=%")
    assert traced.trace.broken is None
    assert len(traced.lines) == 8


def test_hostile_text_is_cleaned_quickly(traced: Traced) -> None:
    started = time.perf_counter()
    for text in (
        "https://a?" * 20_000,
        "first_name,[" * 15_000,
        "city:" * 40_000,
        "%40a" * 50_000,
        "0" * 200_000,
        "a@b." * 50_000,
    ):
        traced.send(data=text.encode(), headers={"Content-Type": "text/html"})
        traced.send(json={"text": text})
    assert time.perf_counter() - started < 10
    assert traced.trace.broken is None
