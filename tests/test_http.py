"""The one door: what is tried again, how long is waited, and what is never sent twice."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from segsync.errors import ConfigError, Unavailable
from segsync.http import Exchange, NotTaken, Patience, Session, retry_after
from segsync.pace import Pacer
from segsync.spec import Limit
from segsync.testing import FakeTime

URL = "https://api.example.com/things"
LIMIT = Limit("things", per_second=100, per_minute=1000)

Answer = Callable[[socket.socket], None]


@pytest.fixture
def session(fake_time: FakeTime) -> Session:
    return Session("shop", clock=fake_time.clock)


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield mock


@contextmanager
def loopback(*answers: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A server of one answer a connection; its address, and the requests that it has read."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)
    heard: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):  # the test is through
            for answer in answers:
                with server.accept()[0] as connection:
                    heard.append(whole_request(connection))
                    answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/things", heard
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


def whole_request(connection: socket.socket) -> bytes:
    """A request to the end of its body."""
    heard = b""
    while True:
        heard += connection.recv(65536)
        head, end, body = heard.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            return heard


def says(body: bytes, *, length: int | None = None) -> Answer:
    """An answer of 200; with `length`, one that promises more than it sends."""

    def answer(connection: socket.socket) -> None:
        promised = len(body) if length is None else length
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % promised + body)

    return answer


def hangs_up(_connection: socket.socket) -> None:
    """No answer at all."""


# --- what is tried again --------------------------------------------------------------------------------------


def test_an_answer_is_given_as_it_came(session: Session, wire: responses.RequestsMock, fake_time: FakeTime) -> None:
    wire.get(URL, status=404, json={"errors": []})
    assert session.request("GET", URL).status_code == 404
    assert fake_time.naps == []


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 529])
def test_what_passes_is_tried_again(
    session: Session, wire: responses.RequestsMock, fake_time: FakeTime, status: int
) -> None:
    wire.get(URL, status=status)
    wire.get(URL, status=200)
    assert session.request("GET", URL).status_code == 200
    assert fake_time.naps == [0.5]


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 409, 422, 501, 505])
def test_what_does_not_pass_is_not(session: Session, wire: responses.RequestsMock, status: int) -> None:
    wire.get(URL, status=status, headers={"Location": "https://elsewhere.example.com"})
    assert session.request("GET", URL).status_code == status


def test_naps_double_until_the_attempts_are_used_up(
    session: Session, wire: responses.RequestsMock, fake_time: FakeTime
) -> None:
    for _ in range(6):
        wire.get(URL, status=503)
    with pytest.raises(Unavailable, match="503"):
        session.request("GET", URL)
    assert fake_time.naps == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_retry_after_is_kept_to(session: Session, wire: responses.RequestsMock, fake_time: FakeTime) -> None:
    wire.get(URL, status=429, headers={"Retry-After": "17"})
    wire.get(URL, status=503, headers={"Retry-After": "3.5"})
    wire.get(URL, status=200)
    session.request("GET", URL)
    assert fake_time.naps == [17.0, 3.5]


def test_a_retry_after_of_nothing_is_no_invitation_to_hammer(
    session: Session, wire: responses.RequestsMock, fake_time: FakeTime
) -> None:
    for _ in range(3):
        wire.get(URL, status=429, headers={"Retry-After": "0"})
    wire.get(URL, status=200)
    session.request("GET", URL)
    assert fake_time.naps == [0.5, 1.0, 2.0]


def test_others_wait_as_well_after_a_429(wire: responses.RequestsMock, fake_time: FakeTime) -> None:
    pacer = Pacer(fake_time.clock)
    first, second = (Session(name, clock=fake_time.clock, pacer=pacer) for name in ("one", "two"))
    wire.get(URL, status=429, headers={"Retry-After": "30"})
    with pytest.raises(Unavailable):
        Session("one", clock=fake_time.clock, pacer=pacer, patience=Patience(attempts=1)).request(
            "GET", URL, limits=[LIMIT]
        )
    wire.get(URL, status=200)
    second.request("GET", URL, limits=[LIMIT])
    assert fake_time.elapsed == pytest.approx(30)
    first.close()


def test_a_pause_longer_than_patience_is_not_sat_out(
    session: Session, wire: responses.RequestsMock, fake_time: FakeTime
) -> None:
    wire.get(URL, status=429, headers={"Retry-After": "86400"})
    for _ in range(2):  # the second call knows it without asking
        with pytest.raises(Unavailable) as caught:
            session.request("GET", URL, limits=[LIMIT])
        assert caught.value.retry_after == pytest.approx(86400)
    assert len(wire.calls) == 1
    assert fake_time.naps == []


def test_patience_counts_the_seconds_of_waiting(wire: responses.RequestsMock, fake_time: FakeTime) -> None:
    session = Session("shop", clock=fake_time.clock, patience=Patience(attempts=100, seconds=100))
    for _ in range(3):
        wire.get(URL, status=429, headers={"Retry-After": "40"})
    with pytest.raises(Unavailable, match="slow down"):
        session.request("GET", URL)
    assert fake_time.naps == [40.0, 40.0]


def test_naps_are_spread(wire: responses.RequestsMock, fake_time: FakeTime) -> None:
    clock = fake_time.clock
    unlucky = type(clock)(clock.now, clock.monotonic, clock.sleep, lambda: 1.0)
    wire.get(URL, status=429, headers={"Retry-After": "10"})
    wire.get(URL, status=200)
    Session("shop", clock=unlucky).request("GET", URL)
    assert fake_time.naps == [11.0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5.0), ("2.5", 2.5), ("-3", 0.0), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), (None, None)],
)
def test_reading_retry_after(text: str | None, seconds: float | None) -> None:
    response = requests.Response()
    if text is not None:
        response.headers["Retry-After"] = text
    assert retry_after(response) == seconds


# --- answers that are none -----------------------------------------------------------------------------------


def no_html(response: requests.Response) -> None:
    if "html" in response.headers.get("Content-Type", ""):
        raise Unavailable("shop answered with a page")


def test_a_page_in_place_of_an_answer_is_tried_again(
    session: Session, wire: responses.RequestsMock, fake_time: FakeTime
) -> None:
    wire.get(URL, body="<html>maintenance</html>", content_type="text/html")
    wire.get(URL, json={"data": []})
    assert session.request("GET", URL, verify=no_html).json() == {"data": []}
    assert fake_time.naps == [0.5]


def test_a_page_after_a_call_that_must_not_be_repeated_is_the_end_of_it(
    session: Session, wire: responses.RequestsMock
) -> None:
    wire.post(URL, body="<html>maintenance</html>", content_type="text/html")
    with pytest.raises(Unavailable):
        session.request("POST", URL, repeatable=False, verify=no_html)
    assert len(wire.calls) == 1


# --- calls that must not be repeated -------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unknown_outcome_is_not_repeated(session: Session, wire: responses.RequestsMock, status: int) -> None:
    wire.post(URL, status=status)
    with pytest.raises(Unavailable):
        session.request("POST", URL, repeatable=False)
    assert len(wire.calls) == 1


def test_a_429_proves_that_nothing_was_done(session: Session, wire: responses.RequestsMock) -> None:
    wire.post(URL, status=429)
    wire.post(URL, status=201)
    assert session.request("POST", URL, repeatable=False).status_code == 201


def test_nobody_there_proves_it_too(session: Session, fake_time: FakeTime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unavailable, match="nobody answers"):
        session.request("POST", f"http://127.0.0.1:{port}/", repeatable=False)
    assert len(fake_time.naps) == 5


def test_a_name_that_nobody_knows_proves_it_too(
    session: Session, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unavailable, match="nobody answers"):
        session.request("POST", "http://nowhere.invalid/", repeatable=False)
    assert len(fake_time.naps) == 5


def test_a_timeout_is_not_repeated(session: Session, wire: responses.RequestsMock) -> None:
    wire.post(URL, body=requests.ReadTimeout("read timed out"))
    with pytest.raises(Unavailable, match="within 90 s"):
        session.request("POST", URL, repeatable=False)


def test_a_timeout_of_the_connection_is(session: Session, wire: responses.RequestsMock) -> None:
    wire.post(URL, body=requests.ConnectTimeout("connect timed out"))
    wire.post(URL, status=201)
    assert session.request("POST", URL, repeatable=False).status_code == 201


def test_a_call_cut_off_before_its_answer_is_not_repeated(session: Session) -> None:
    with (
        loopback(hangs_up, says(b"{}")) as (url, heard),
        pytest.raises(Unavailable, match="connection broke"),
    ):
        session.request("POST", url, repeatable=False, json={"name": "once"})
    assert len(heard) == 1
    assert b'"once"' in heard[0]


def test_a_repeatable_call_survives_what_breaks(session: Session, fake_time: FakeTime) -> None:
    with loopback(hangs_up, says(b'{"half": ', length=50), says(b"{}")) as (url, heard):
        assert session.request("PUT", url, json={"name": "again"}).json() == {}
    assert len(heard) == 3
    assert all(b'"again"' in each for each in heard)
    assert fake_time.naps == [0.5, 1.0]


# --- what is sent --------------------------------------------------------------------------------------------


def test_redirects_are_not_followed(session: Session, wire: responses.RequestsMock) -> None:
    wire.get(URL, status=302, headers={"Location": "https://elsewhere.example.com/"})
    assert session.request("GET", URL).status_code == 302
    assert len(wire.calls) == 1


def test_credentials_of_the_machine_are_never_sent(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password hunter2\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with loopback(says(b"{}"), says(b"{}")) as (url, heard):
        session.request("GET", url, headers={"Authorization": "Key ours"})
        session.request("GET", url)
    assert b"Authorization: Key ours" in heard[0]
    assert b"Authorization" not in heard[1]


@pytest.mark.parametrize("url", ["api.example.com/things", "ftp://api.example.com", "https://", "https://a b/"])
def test_an_address_that_cannot_be_is_the_users_to_mend(session: Session, fake_time: FakeTime, url: str) -> None:
    with pytest.raises(ConfigError, match="shop"):
        session.request("GET", url)
    assert fake_time.naps == []


@pytest.mark.parametrize("secret", ["line\nbreak", "clé\u2028"])
def test_a_secret_that_cannot_be_sent_is_not_told(session: Session, secret: str) -> None:
    with loopback(says(b"{}")) as (url, _), pytest.raises(ConfigError) as caught:
        session.request("GET", url, headers={"Authorization": f"Key {secret}"})
    assert secret not in str(caught.value)


def test_messages_hold_no_address(session: Session) -> None:
    with loopback(*[hangs_up] * 6) as (url, _), pytest.raises(Unavailable) as caught:
        session.request("GET", url, params={"token": "s3cret"})
    assert "s3cret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


# --- tracing -------------------------------------------------------------------------------------------------


def test_each_attempt_is_traced(wire: responses.RequestsMock, fake_time: FakeTime) -> None:
    seen: list[Exchange] = []
    session = Session("shop", clock=fake_time.clock, trace=seen.append)
    wire.get(URL, status=503)
    wire.get(URL, body=requests.ConnectionError("gone"))
    wire.get(URL, status=200)
    session.request("GET", URL)
    told: list[Any] = [exchange.response.status_code if exchange.response is not None else None for exchange in seen]
    assert told == [503, None, 200]
    assert {exchange.connector for exchange in seen} == {"shop"}


# --- large answers, and long jobs ----------------------------------------------------------------------------------


def test_a_download_goes_to_disk_and_not_to_memory(session: Session, tmp_path: Path) -> None:
    body = bytes(range(256)) * 40_000
    with loopback(says(body)) as (url, heard):
        response = session.download(url, tmp_path / "result")
    assert (response.status_code, len(heard)) == (200, 1)
    assert (tmp_path / "result").read_bytes() == body
    with pytest.raises(RuntimeError, match="consumed"):
        _ = response.content


def test_a_download_that_breaks_off_begins_again(session: Session, tmp_path: Path, fake_time: FakeTime) -> None:
    with loopback(says(b"half", length=8), says(b"whole")) as (url, heard):
        session.download(url, tmp_path / "result")
    assert (tmp_path / "result").read_bytes() == b"whole"
    assert (len(heard), fake_time.naps) == (2, [0.5])


def test_a_download_that_is_refused_says_so(session: Session, tmp_path: Path, wire: responses.RequestsMock) -> None:
    wire.get(URL, status=403, body="<Error><Code>ExpiredToken</Code></Error>")
    assert session.download(URL, tmp_path / "result").status_code == 403


def test_a_download_sends_nothing_but_what_it_is_told(session: Session, tmp_path: Path) -> None:
    with loopback(says(b"")) as (url, heard):
        session.download(url, tmp_path / "result")
    names = {line.split(b":")[0].lower() for line in heard[0].split(b"\r\n")[1:] if line}
    assert names == {b"host", b"user-agent", b"accept-encoding", b"accept", b"connection"}


def test_a_disk_that_takes_no_more_is_no_bug(session: Session, tmp_path: Path, wire: responses.RequestsMock) -> None:
    for _ in range(6):
        wire.get(URL, body="text")
    with pytest.raises(Unavailable, match="cannot be written"):
        session.download(URL, tmp_path / "no such folder" / "result")


def test_of_a_download_the_trace_tells_the_size(
    wire: responses.RequestsMock, fake_time: FakeTime, tmp_path: Path
) -> None:
    seen: list[Exchange] = []
    wire.get(URL, body="secret people")
    Session("shop", clock=fake_time.clock, trace=seen.append).download(URL, tmp_path / "result")
    assert [(one.response is not None, one.saved) for one in seen] == [(True, 13)]


def test_a_verdict_that_nothing_was_done_lets_any_call_be_repeated(
    session: Session, wire: responses.RequestsMock, fake_time: FakeTime
) -> None:
    answers = iter([NotTaken("come again", retry_after=7.0), None])

    def verify(_response: requests.Response) -> None:
        if (error := next(answers)) is not None:
            raise error

    wire.post(URL, body="{}")
    wire.post(URL, body="{}")
    assert session.request("POST", URL, repeatable=False, verify=verify).status_code == 200
    assert fake_time.naps == [7.0]


def test_a_pause_is_taken_on_the_clock(session: Session, fake_time: FakeTime) -> None:
    session.pause(30.0)
    assert fake_time.naps == [30.0]
