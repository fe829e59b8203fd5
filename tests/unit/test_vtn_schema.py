"""The embedded VTN judges bodies as the official file does: what that allows is taken, what it forbids is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, InProcessVtn


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


@pytest.fixture(scope="module")
def ids(vtn: InProcessVtn) -> dict[str, str]:
    return {"event": vtn.events()[0]["id"], "program": vtn.programs()[0]["id"], "ven": vtn.vens()[0]["id"]}


def interval(**changes: Any) -> dict[str, Any]:
    return {"id": 0, "payloads": [], **changes}


def report(**changes: Any) -> dict[str, Any]:
    return {"eventID": "{event}", "clientName": "c", "resources": [], **changes}


def entry(**changes: Any) -> dict[str, Any]:
    return report(resources=[{"resourceName": "r", "intervals": [], **changes}])


def start(text: Any) -> dict[str, Any]:
    return entry(intervalPeriod={"start": text})


def values(*items: Any) -> dict[str, Any]:
    return entry(intervals=[interval(payloads=[{"type": "T", "values": list(items)}])])


GOOD_REPORTS = [
    report(),
    entry(),
    start("2026-01-16T10:00:00Z"),
    start("2024-02-29t23:59:60.123456789-23:59"),
    start("0001-01-01"),
    start("0001-01-01T00:00:00"),
    start("0001-01-01T00:00:00+02:00"),
    entry(intervalPeriod={}),
    entry(intervalPeriod={"duration": "-P1Y2M3W"}),
    entry(intervalPeriod={"duration": "PT0.5S", "randomizeStart": "PT0S"}),
    values(),
    values("\0", "", 10**30, True, {"x": 1, "y": 2, "z": 3}),
    entry(intervals=[interval(id=2**31 - 1)]),
    report(clientName="x" * 128),
    report(reportName=""),
    report(payloadDescriptors=[]),
]


@pytest.mark.parametrize("body", GOOD_REPORTS)
def test_what_the_standard_allows_is_taken(
    callers: dict[str, Any], ids: dict[str, str], body: Any, vtn_calls: ModuleType
) -> None:
    assert_valid(vtn_calls.Caller.official, "/reports", body, ids, valid=True)
    assert post(callers["ven"], "/reports", body, ids).status_code == 201


DESCRIPTOR = {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "T"}
BAD_REPORTS = [
    *[{key: value for key, value in report().items() if key != missing} for missing in report()],
    *[report(**{key: None}) for key in report()],
    [],
    "text",
    7,
    None,
    report(eventID="a b"),
    report(eventID=""),
    report(eventID="x" * 129),
    report(clientName=""),
    report(clientName="x" * 129),
    report(reportName=7),
    report(resources={}),
    report(resources=[None]),
    entry(resourceName=""),
    entry(resourceName=None),
    entry(intervals=None),
    entry(intervals=[interval(id="0")]),
    entry(intervals=[interval(id=0.5)]),
    entry(intervals=[interval(id=None)]),
    entry(intervals=[interval(id=2**31)]),
    entry(intervals=[interval(id=True)]),
    entry(intervals=[interval(payloads=None)]),
    entry(intervals=[interval(payloads=[{"type": "", "values": []}])]),
    entry(intervals=[interval(payloads=[{"type": "T"}])]),
    entry(intervals=[interval(payloads=[{"values": []}])]),
    values(None),
    values([1]),
    values({"x": 1}),
    values({"x": 1, "y": "2"}),
    start("2026-01-16"),
    start("2026-01-16T10:00:00"),
    start("2026-01-16 10:00:00Z"),
    start("2026-02-30T10:00:00Z"),
    start("2026-13-01T10:00:00Z"),
    start("2026-01-16T24:00:00Z"),
    start("2026-01-16T10:00:00+0100"),
    start("0000-00-00T00:00:00Z"),
    start("0001-01-01T00:00:01"),
    entry(intervalPeriod={"duration": "P"}),
    entry(intervalPeriod={"duration": "1H"}),
    entry(intervalPeriod={"randomizeStart": "P1W1D"}),
    report(payloadDescriptors=[{"payloadType": "T"}]),
    report(payloadDescriptors=[{**DESCRIPTOR, "objectType": "EVENT_PAYLOAD_DESCRIPTOR"}]),
    report(payloadDescriptors=[{**DESCRIPTOR, "confidence": 101}]),
    report(payloadDescriptors=[{**DESCRIPTOR, "confidence": -1}]),
    report(payloadDescriptors=[{**DESCRIPTOR, "accuracy": "high"}]),
    report(payloadDescriptors=[{**DESCRIPTOR, "units": ""}]),
]


@pytest.mark.parametrize("body", BAD_REPORTS)
def test_a_report_that_breaks_the_schema_is_a_bad_request(
    callers: dict[str, Any], ids: dict[str, str], body: Any, vtn_calls: ModuleType
) -> None:
    assert_valid(vtn_calls.Caller.official, "/reports", body, ids, valid=False)
    answer = post(callers["ven"], "/reports", body, ids)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize("body", [report(eventID="x\n"), entry(intervalPeriod={"duration": "PT1H\n"})])
def test_a_line_break_at_the_end_does_not_slip_through_a_pattern(
    callers: dict[str, Any], ids: dict[str, str], body: Any
) -> None:
    assert post(callers["ven"], "/reports", body, ids).status_code == 400


def event(**changes: Any) -> dict[str, Any]:
    return {"programID": "{program}", **changes}


VEN_FORM = {"objectType": "BL_VEN_REQUEST", "clientID": "c", "venName": "w"}
RESOURCE_FORM = {"objectType": "BL_RESOURCE_REQUEST", "clientID": "c", "resourceName": "r", "venID": "{ven}"}
BAD_OBJECTS = [
    ("/programs", {}),
    ("/programs", {"programName": ""}),
    ("/programs", {"programName": "q", "targets": [""]}),
    ("/programs", {"programName": "q", "targets": "all"}),
    ("/programs", {"programName": "q", "programDescriptions": [{}]}),
    ("/programs", {"programName": "q", "programDescriptions": [None]}),
    ("/programs", {"programName": "q", "programDescriptions": [{"URL": "x"}]}),
    ("/programs", {"programName": "q", "payloadDescriptors": [{"objectType": "OTHER", "payloadType": "T"}]}),
    ("/programs", {"programName": "q", "attributes": {}}),
    ("/events", {}),
    ("/events", event(priority=-1)),
    ("/events", event(priority=0.5)),
    ("/events", event(eventName=1)),
    ("/events", event(intervals=[{"id": 1}])),
    ("/events", event(reportDescriptors=[{}])),
    ("/events", event(reportDescriptors=[{"payloadType": "T", "reportIntervals": "SOME"}])),
    ("/events", event(reportDescriptors=[{"payloadType": "T", "numIntervals": 2**31}])),
    ("/events", event(payloadDescriptors=[{"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "T"}])),
    *[("/vens", {key: value for key, value in VEN_FORM.items() if key != gone}) for gone in VEN_FORM],
    ("/vens", {**VEN_FORM, "objectType": "VEN"}),
    ("/vens", {**VEN_FORM, "attributes": [{"type": "A"}]}),
    *[("/resources", {key: value for key, value in RESOURCE_FORM.items() if key != gone}) for gone in RESOURCE_FORM],
    ("/resources", {**RESOURCE_FORM, "venID": "ä"}),
]


@pytest.mark.parametrize(("path", "body"), BAD_OBJECTS)
def test_an_object_that_breaks_the_schema_is_a_bad_request(
    callers: dict[str, Any], ids: dict[str, str], path: str, body: Any, vtn_calls: ModuleType
) -> None:
    assert_valid(vtn_calls.Caller.official, path, body, ids, valid=False)
    assert post(callers["bl"], path, body, ids).status_code == 400


@pytest.mark.parametrize("uri", ["no scheme", "http://a b", "1http://x", "http://x/%zz", "ab", "x:" + "y" * 8000])
def test_a_program_description_needs_a_uri(callers: dict[str, Any], uri: str) -> None:
    body = {"programName": "uri", "programDescriptions": [{"URL": uri}]}
    assert callers["bl"].post("/programs", body).status_code == 400


def post(caller: Any, path: str, body: Any, ids: dict[str, str]) -> Any:
    return caller.call("POST", path, data=filled(body, ids), headers={"Content-Type": "application/json"})


def filled(body: Any, ids: dict[str, str]) -> bytes:
    text = json.dumps(body)
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text.encode()


def assert_valid(official: Any, path: str, body: Any, ids: dict[str, str], *, valid: bool) -> None:
    """The official file, where it is at hand, is of the same opinion as the test."""
    if official is None:
        return
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
    wrong = official.check_request("POST", f"/openadr3/3.1.0{path}", "", headers, filled(body, ids))
    assert (not wrong) == valid, wrong
