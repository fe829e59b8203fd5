"""The in-process VTN's faults, and its record of what was asked and answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import requests

from ven_actors.testing import vtn as testing_vtn
from ven_actors.testing.vtn import VEN, Drop, Fault, InProcessVtn

REPORTS = "/openadr3/3.1.0/reports"


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN]) as vtn:
        yield vtn


@pytest.fixture
def report(vtn: InProcessVtn) -> dict[str, Any]:
    event = vtn.create_event(programID=vtn.create_program(programName="p")["id"])
    return {"eventID": event["id"], "clientName": "c", "resources": []}


@pytest.fixture
def ven(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller(running, VEN)
    caller.official = None
    yield caller
    caller.close()


def once(vtn: InProcessVtn, fault: Fault) -> None:
    """The next POST of a report gets the fault, and nothing after it."""

    def hook(method: str, path: str, body: bytes) -> Fault | None:
        if (method, path) == ("POST", REPORTS) and b"clientName" in body:
            vtn.fault = None
            return fault
        return None

    vtn.fault = hook


def test_an_answer_without_acting(vtn: InProcessVtn, ven: Any, report: dict[str, Any]) -> None:
    once(vtn, Fault(act=False, status=503, headers={"Retry-After": "7"}, body=b"<html>"))
    answer = ven.post("/reports", report)
    assert (answer.status_code, answer.headers["Retry-After"], answer.content) == (503, "7", b"<html>")
    assert vtn.reports() == []
    assert ven.post("/reports", report).status_code == 201


def test_an_empty_error_where_nothing_else_is_said(vtn: InProcessVtn, ven: Any, report: dict[str, Any]) -> None:
    once(vtn, Fault(act=False))
    answer = ven.post("/reports", report)
    assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.parametrize(
    ("fault", "status", "body"), [(Fault(status=500), 500, None), (Fault(body=b"nonsense"), 201, b"nonsense")]
)
def test_another_answer_after_acting(
    vtn: InProcessVtn, ven: Any, report: dict[str, Any], fault: Fault, status: int, body: bytes | None
) -> None:
    once(vtn, fault)
    answer = ven.post("/reports", report)
    assert answer.status_code == status
    assert answer.content == body if body is not None else answer.json()["objectType"] == "REPORT"
    assert len(vtn.reports()) == 1


@pytest.mark.parametrize(("act", "stored"), [(False, 0), (True, 1)])
def test_a_connection_dropped_before_or_after_acting(
    vtn: InProcessVtn, ven: Any, report: dict[str, Any], act: bool, stored: int
) -> None:
    once(vtn, Fault(act=act, drop=Drop.NOTHING_SENT))
    with pytest.raises(requests.ConnectionError):
        ven.post("/reports", report)
    assert len(vtn.reports()) == stored
    assert ven.post("/reports", report).status_code == 201


def test_half_an_answer_after_acting(vtn: InProcessVtn, ven: Any, report: dict[str, Any]) -> None:
    once(vtn, Fault(drop=Drop.HALF_SENT))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        ven.post("/reports", report)
    assert len(vtn.reports()) == 1
    assert vtn.requests[-1].status == 201
    with pytest.raises(ValueError, match="truncated"):
        testing_vtn._decoded(vtn.requests[-1].answer)


@pytest.mark.parametrize(("when", "stored_meanwhile"), [("wait_before", 0), ("wait_after", 1)])
def test_a_request_held_before_or_after_acting_while_others_go_on(
    vtn: InProcessVtn, ven: Any, report: dict[str, Any], vtn_calls: ModuleType, when: str, stored_meanwhile: int
) -> None:
    go, holding = threading.Event(), threading.Event()
    statuses: list[int] = []

    class Watched(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            holding.set()
            return go.wait(timeout)

    once(vtn, Fault(**{when: Watched()}))
    held = threading.Thread(target=lambda: statuses.append(ven.post("/reports", report).status_code))
    held.start()
    assert holding.wait(10)
    other = vtn_calls.Caller(vtn, VEN)
    assert len(other.get("/reports").json()) == stored_meanwhile
    other.close()
    assert statuses == []
    go.set()
    held.join(10)
    assert statuses == [201]


def test_an_event_that_is_already_set_holds_nothing(vtn: InProcessVtn, ven: Any, report: dict[str, Any]) -> None:
    done = threading.Event()
    done.set()
    once(vtn, Fault(wait_before=done, wait_after=done))
    assert ven.post("/reports", report).status_code == 201


def test_the_record_has_every_exchange_in_order_as_the_client_saw_it(
    vtn: InProcessVtn, ven: Any, report: dict[str, Any], spec31: Any
) -> None:
    vtn.requests.clear()
    answer = ven.post("/reports", report)
    ven.get("/reports?limit=5&skip=0")
    once(vtn, Fault(drop=Drop.NOTHING_SENT))
    with pytest.raises(requests.ConnectionError):
        ven.post("/reports", report)
    posted, listed, dropped = vtn.requests
    assert (posted.method, posted.path, posted.status) == ("POST", REPORTS, 201)
    assert posted.answer == answer.content
    assert posted.headers["content-type"] == "application/json"
    assert (listed.query, listed.body, listed.status) == ("limit=5&skip=0", b"", 200)
    assert (dropped.status, dropped.answer) == (0, b"")
    for exchange in (posted, listed):
        asked = (exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
        assert spec31.check_request(*asked) == []
        assert spec31.check_answer(exchange.method, exchange.path, exchange.status, exchange.answer) == []


def test_business_logic_past_http(vtn: InProcessVtn, report: dict[str, Any]) -> None:
    event = vtn.replace_event(report["eventID"], programID=vtn.programs()[0]["id"], priority=3)
    assert vtn.events() == [event]
    vtn.delete_event(event["id"])
    assert vtn.events() == []


def test_a_vtn_can_go_away_and_come_back_at_the_same_address() -> None:
    first = InProcessVtn([VEN])
    with first:
        port = int(first.root_url.rpartition(":")[2])
        assert requests.get(f"{first.base_url}/auth/server", timeout=20).status_code == 200
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{first.base_url}/auth/server", timeout=20)
    with InProcessVtn([VEN], port=port) as second:
        assert second.base_url == first.base_url


def test_a_vtn_that_does_not_get_ready_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing_vtn, "_READY_WITHIN_S", 0.01)
    vtn = InProcessVtn([VEN])
    vtn._thread = threading.Thread(target=lambda: None)
    with pytest.raises(RuntimeError, match="not ready"):
        vtn.__enter__()


def test_an_exchange_is_on_record_before_its_client_can_know_the_answer() -> None:
    kept: list[testing_vtn.Exchange] = []
    kept_when_sent: list[int] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    async def send(_message: Any) -> None:
        kept_when_sent.append(len(kept))

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    asyncio.run(testing_vtn._Recorder(app, kept.append)(scope, send, send))
    assert kept_when_sent == [0, 0, 1]
    assert [exchange.answer for exchange in kept] == [b"ab"]
