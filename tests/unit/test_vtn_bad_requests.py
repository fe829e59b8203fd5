"""Whatever is sent to the embedded VTN, it answers with a problem and goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
from collections.abc import Iterator
from logging.handlers import QueueHandler
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ven_actors.testing.vtn import BL, VEN, InProcessVtn
from ven_actors.vtn import exchange
from ven_actors.vtn.faults import Faulty

DEEP = 200_000


@pytest.fixture(scope="module")
def vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn() as running:
        program = running.create_program(programName="p")
        running.create_event(programID=program["id"])
        running.create_ven(clientID=VEN.name, venName="v")
        yield running


@pytest.fixture(scope="module")
def callers(vtn: InProcessVtn, vtn_calls: ModuleType) -> Iterator[dict[str, Any]]:
    made = {"ven": vtn_calls.Caller(vtn, VEN), "bl": vtn_calls.Caller(vtn, BL)}
    yield made
    for caller in made.values():
        caller.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b'{"programName": NaN}',
        b'{"programName":"q","x":Infinity}',
        b'{"programName":"\xff"}',
        b'{"programName":"q","x":"\xff"}',
        b'{"programName":"\\ud800"}',
        b'{"programName":"q","attributes":[{"type":"T","values":[1e999]}]}',
        b'{"programName":"q","attributes":[{"type":"T","values":[' + b"9" * 5000 + b"]}]}",
        b'{"programName":"q","x":' + b"[" * DEEP + b"]" * DEEP + b"}",
        b"[" * DEEP,
        b'{"x":' * DEEP,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_no_json_or_hostile_is_a_bad_request(callers: dict[str, Any], body: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    assert callers["bl"].call("POST", "/programs", data=body, headers=kind).status_code == 400


@pytest.mark.parametrize("path_id", ["a%20b", "%00", "%ff", "a.b", "x" * 129, "%zz"])
@pytest.mark.parametrize("path", ["/programs", "/events", "/reports", "/vens", "/resources"])
def test_an_id_that_can_be_none_is_a_bad_request(
    vtn: InProcessVtn, callers: dict[str, Any], path: str, path_id: str, vtn_calls: ModuleType
) -> None:
    token = callers["ven"].session.headers["Authorization"]
    request = f"GET /openadr3/3.1.0{path}/{path_id} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
    answer = vtn_calls.raw_exchange(vtn, f"{request}Connection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/programs/", 404),
        ("GET", "/programs/a/b", 404),
        ("GET", "", 404),
        ("DELETE", "/programs", 405),
        ("POST", "/events/x", 405),
        ("PATCH", "/vens/x", 405),
        ("GET", "/auth/token", 405),
        ("OPTIONS", "/programs", 405),
    ],
)
def test_unknown_paths_and_methods_are_problems_too(
    callers: dict[str, Any], method: str, path: str, status: int
) -> None:
    answer = callers["bl"].call(method, path)
    assert answer.status_code == status
    assert {"type": "about:blank", "status": status}.items() <= answer.json().items()
    assert answer.json()["detail"]
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/xml"}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}]
)
def test_a_body_of_another_kind_is_refused(callers: dict[str, Any], headers: dict[str, str]) -> None:
    assert callers["bl"].call("POST", "/programs", data=b"{}", headers=headers).status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.x+json", "APPLICATION/JSON", ""])
def test_json_by_other_names_is_taken(callers: dict[str, Any], kind: str) -> None:
    answer = callers["bl"].call("POST", "/programs", data=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "programName" in answer.json()["detail"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_no_http_is_answered_with_a_problem(
    vtn: InProcessVtn, vtn_calls: ModuleType, request_bytes: bytes
) -> None:
    head, _, body = vtn_calls.raw_exchange(vtn, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["status"] == 400


def test_a_chunked_body_that_breaks_off_in_the_middle_harms_nobody(
    vtn: InProcessVtn, callers: dict[str, Any], vtn_calls: ModuleType
) -> None:
    token = callers["bl"].session.headers["Authorization"]
    head = (
        f"POST /openadr3/3.1.0/programs HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nnonsense\r\n"
    )
    assert vtn_calls.raw_exchange(vtn, head.encode()).startswith(b"HTTP/1.1 400 ")
    assert callers["bl"].get("/programs").status_code == 200


def test_a_request_whose_client_goes_away_in_the_middle_stores_nothing(vtn: InProcessVtn) -> None:
    token = vtn.vtn.tokens.issue(BL, frozenset({"write_programs"}))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/openadr3/3.1.0/programs",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }
    coming: list[Any] = []
    sent: list[Any] = []

    async def receive() -> Any:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    for app, answers in ((vtn.vtn.app, [400]), (Faulty(vtn.vtn.app, lambda *_: None), [])):
        coming[:] = [
            {"type": "http.request", "body": b'{"programName":"half"}', "more_body": True},
            {"type": "http.disconnect"},
        ]
        sent.clear()
        asyncio.run(app(dict(scope), receive, send))
        assert [message["status"] for message in sent if "status" in message] == answers
    assert "half" not in [program["programName"] for program in vtn.programs()]


def test_a_body_without_end_is_not_read_for_ever(vtn: InProcessVtn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_READ_AWAY_BYTES", 10 * 2**20)
    token = vtn.vtn.tokens.issue(BL, frozenset({"write_programs"}))
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/openadr3/3.1.0/programs",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
    }
    read, sent = [0], []

    async def receive() -> Any:
        read[0] += 1
        return {"type": "http.request", "body": b" " * 2**20, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(vtn.vtn.app(scope, receive, send))
    assert sent[0]["status"] == 413
    assert read == [8 + 10 + 1]


def test_a_bug_is_answered_with_a_problem_and_logged(
    vtn: InProcessVtn, callers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: queue.Queue[logging.LogRecord] = queue.Queue()
    handler = QueueHandler(heard)
    logging.getLogger("uvicorn.error").addHandler(handler)

    async def fail(_work: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(vtn.vtn.worker), "run", lambda _, work: fail(work))
    answer = callers["bl"].get("/programs")
    assert (answer.status_code, answer.json()["status"]) == (500, 500)
    assert "ZeroDivisionError" in heard.get(timeout=10).getMessage()
    logging.getLogger("uvicorn.error").removeHandler(handler)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "eventID",
        "clientName",
        "resources",
        "programName",
        "targets",
        "intervals",
        "id",
        "intervalPeriod",
        "start",
        "duration",
        "programID",
        "objectType",
        "venName",
        "venID",
        "payloads",
        "values",
        "type",
        "priority",
    ]
)
BODIES = st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON, max_size=4), max_size=8)
PATHS = st.sampled_from(["/programs", "/events", "/reports", "/vens", "/resources"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, body=BODIES, who=st.sampled_from(["ven", "bl"]))
def test_no_body_makes_the_vtn_fail(callers: dict[str, Any], path: str, body: Any, who: str) -> None:
    assert callers[who].post(path, body).status_code in (201, 400, 403, 404, 409)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, query=st.text(alphabet="aptilmskegrv=&%0129f+;/?\u00e6", max_size=30))
def test_no_query_makes_the_vtn_fail(callers: dict[str, Any], path: str, query: str) -> None:
    assert callers["bl"].get(f"{path}?{query}").status_code in (200, 400)
