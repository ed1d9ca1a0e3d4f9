"""Serving stand-ins: mounts, the log of requests, and each fault as a client sees it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Request, Response

from segsync.sandbox import Fault, Frame, Server, fault_from_json, serve
from segsync.testing import FakeTime


class Counter:
    """A platform that counts what is POSTed to it."""

    def __init__(self) -> None:
        self.applied: list[str] = []

    @property
    def app(self) -> Any:
        return self._app

    def state(self) -> Mapping[str, Any]:
        return {"applied": self.applied}

    def _app(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        if request.method == "POST":
            self.applied.append(request.get_data(as_text=True))
        body = json.dumps({"applied": len(self.applied), "padding": "x" * 200})
        return Response(body, content_type="application/json")(environ, start_response)


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def server(counter: Counter, fake_time: FakeTime) -> Iterator[Server]:
    with serve({"acme": counter, "other": Counter()}, clock=fake_time.clock) as server:
        yield server


@pytest.fixture
def frame(server: Server) -> Frame:
    return server.frames["acme"]


def post(server: Server, path: str = "/orders", body: str = "one") -> requests.Response:
    return requests.post(f"{server.url}/acme{path}", data=body, timeout=10)


def get(server: Server, path: str) -> Any:
    return requests.get(f"{server.url}{path}", timeout=10).json()


def test_each_stand_in_has_its_own_mount(server: Server) -> None:
    post(server)
    assert get(server, "/acme/__state") == {"applied": ["one"]}
    assert get(server, "/other/__state") == {"applied": []}
    assert get(server, "/")["connectors"] == {"acme": f"{server.url}/acme", "other": f"{server.url}/other"}
    assert requests.get(f"{server.url}/nobody", timeout=10).status_code == 404


def test_requests_are_numbered_and_control_is_not_counted(server: Server) -> None:
    post(server)
    get(server, "/acme/__state")
    get(server, "/acme/customers?page=2")
    log = get(server, "/acme/__requests")
    assert [(one["number"], one["method"], one["path"], one["query"], one["status"]) for one in log] == [
        (1, "POST", "/orders", "", 200),
        (2, "GET", "/customers", "page=2", 200),
    ]


def test_closing_frees_the_port(counter: Counter) -> None:
    server = serve({"acme": counter})
    server.close()
    with pytest.raises(requests.ConnectionError):
        post(server)


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        (Fault(status=503, headers={"Retry-After": "3"}, body="{}"), 503, "application/json"),
        (Fault(html=403), 403, "text/html; charset=UTF-8"),
    ],
)
def test_an_answer_instead_of_the_platforms(
    server: Server, counter: Counter, frame: Frame, fault: Fault, status: int, content_type: str
) -> None:
    frame.set_faults([fault])
    response = post(server)
    assert (response.status_code, response.headers["Content-Type"]) == (status, content_type)
    assert response.headers.get("Retry-After") == fault.headers.get("Retry-After")
    assert counter.applied == []
    assert post(server).status_code == 200


def test_an_answer_may_be_lost_after_the_request_was_applied(server: Server, counter: Counter, frame: Frame) -> None:
    frame.set_faults([Fault(status=500, when="after")])
    assert post(server).status_code == 500
    assert counter.applied == ["one"]


@pytest.mark.parametrize(("when", "applied"), [("before", []), ("after", ["one"])])
def test_a_dropped_connection(server: Server, counter: Counter, frame: Frame, when: Any, applied: list[str]) -> None:
    frame.set_faults([Fault(drop=True, when=when)])
    with pytest.raises(requests.ConnectionError):
        post(server)
    assert counter.applied == applied
    assert [(one.status, one.fault) for one in frame.requests()] == [(None, f"drop {when}")]
    assert post(server).status_code == 200


def test_a_slow_answer_is_still_the_right_one(
    server: Server, counter: Counter, frame: Frame, fake_time: FakeTime
) -> None:
    frame.set_faults([Fault(slow=30)])
    assert post(server).json()["applied"] == 1
    assert fake_time.naps == [30]
    assert counter.applied == ["one"]


def test_a_truncated_body(server: Server, counter: Counter, frame: Frame) -> None:
    frame.set_faults([Fault(truncate=10), Fault(at=2, truncate=10, honest=True)])
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(server)
    assert post(server).text == '{"applied"'
    assert counter.applied == ["one", "one"]


@pytest.mark.parametrize(("when", "applied"), [("before", ["one"]), ("after", ["one", "two"])])
def test_a_process_is_killed_at_the_nth_request(
    server: Server, counter: Counter, frame: Frame, when: str, applied: list[str]
) -> None:
    code = (
        "import sys, requests\nprint('ready', flush=True)\nsys.stdin.readline()\n"
        "for body in ('one', 'two', 'three'): requests.post(sys.argv[1], data=body, timeout=10)\n"
    )
    command = [sys.executable, "-c", code, f"{server.url}/acme/orders"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        victim.stdout.readline()
        faults = [{"kill": victim.pid, "at": 2, "when": when}]
        assert requests.post(f"{server.url}/acme/__faults", json=faults, timeout=10).status_code == 200
        victim.communicate("go\n", timeout=30)
    assert victim.returncode == -9
    assert counter.applied == applied


def test_faults_over_http(server: Server) -> None:
    url = f"{server.url}/acme/__faults"
    faults = [{"method": "POST", "path": "^/orders$", "at": 2, "times": 2, "status": 502}, {"drop": True, "at": 9}]
    assert requests.post(url, json=faults, timeout=10).json() == faults
    assert get(server, "/acme/__faults") == faults
    assert [post(server, path).status_code for path in ("/orders", "/orders/1", "/orders", "/orders", "/orders")] == [
        200,
        200,
        502,
        502,
        200,
    ]
    assert requests.delete(url, timeout=10).json() == []
    assert post(server).status_code == 200
    assert requests.put(url, timeout=10).status_code == 405


def test_faults_are_counted_from_when_they_are_set(server: Server, frame: Frame) -> None:
    post(server)
    frame.set_faults([Fault(at=2, status=500)])
    assert [post(server).status_code for _ in range(3)] == [200, 500, 200]
    frame.set_faults([Fault(times=0, status=500)])
    assert [post(server).status_code for _ in range(3)] == [500, 500, 500]


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"status": 500, "drop": True},
        {"status": 500, "at": 0},
        {"status": 500, "when": "later"},
        {"status": 500, "path": "("},
        {"kill": 0},
        {"kill": 1},
        {"stat": 500},
        {"at": "x", "status": 500},
        "drop",
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(server: Server, frame: Frame, fault: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        fault_from_json(fault)
    answer = requests.post(f"{server.url}/acme/__faults", json=[fault], timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert frame.faults() == []


def test_a_page_in_a_browser_cannot_set_faults(server: Server, frame: Frame) -> None:
    """Without this content type a browser sends a POST to another origin unasked."""
    answer = requests.post(f"{server.url}/acme/__faults", data='[{"drop": true}]', timeout=10)
    assert answer.status_code == 415
    assert frame.faults() == []


def test_requests_side_by_side_are_all_counted(server: Server, counter: Counter, frame: Frame) -> None:
    threads = [threading.Thread(target=post, args=(server,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counter.applied) == 12
    assert [one.number for one in frame.requests()] == list(range(1, 13))
