"""Reports of the embedded VTN: content, statuses, order, and the room they take."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import VEN, InProcessVtn
from ven_actors.vtn.app import Limits

MAXIMAL: dict[str, Any] = {
    "clientName": "ven-1",
    "reportName": "ven-1.e1.0",
    "payloadDescriptors": [
        {
            "objectType": "REPORT_PAYLOAD_DESCRIPTOR",
            "payloadType": "USAGE",
            "readingType": "DIRECT_READ",
            "units": "KWH",
            "accuracy": 0.5,
            "confidence": 95,
        },
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "DATA_QUALITY"},
    ],
    "resources": [
        {
            "resourceName": "res-1",
            "intervalPeriod": {"start": "2026-01-16T10:00:00Z", "duration": "PT15M", "randomizeStart": "PT0S"},
            "intervals": [
                {
                    "id": 0,
                    "payloads": [
                        {"type": "USAGE", "values": [0.31, 1, -7, 1e-300, 123456789012345678]},
                        {"type": "DATA_QUALITY", "values": ["OK", "Ærø \u2713", True, {"x": 1, "y": -2.5}]},
                    ],
                },
                {"id": 1, "intervalPeriod": {"duration": "PT30M"}, "payloads": []},
            ],
        },
        {"resourceName": "AGGREGATED_REPORT", "intervals": []},
    ],
}


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN], limits=Limits(keep_bytes=10_000, max_body_bytes=100_000)) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def ven(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller(running, VEN)
    yield caller
    caller.close()


@pytest.fixture
def event(vtn: InProcessVtn) -> str:
    return str(vtn.create_event(programID=vtn.create_program(programName="p")["id"])["id"])


def noise(length: int, seed: int) -> str:
    """Text that does not compress to nothing."""
    import random

    return random.Random(seed).randbytes(length // 2).hex()


def test_a_report_is_answered_read_and_listed_value_for_value(vtn: InProcessVtn, ven: Any, event: str) -> None:
    answer = ven.post("/reports", {"eventID": event, **MAXIMAL})
    assert answer.status_code == 201
    stored = answer.json()
    assert {"eventID": event, "clientID": "ven-1", "objectType": "REPORT", **MAXIMAL}.items() <= stored.items()
    assert stored["createdDateTime"] == stored["modificationDateTime"]
    assert stored["createdDateTime"].endswith("Z")
    assert ven.get(f"/reports/{stored['id']}").json() == stored
    assert ven.get("/reports").json() == vtn.reports() == [stored]


def test_nulls_and_unknown_properties_are_accepted_and_metadata_is_the_vtns(
    vtn: InProcessVtn, ven: Any, event: str
) -> None:
    report = {
        "eventID": event,
        "clientName": "c",
        "reportName": None,
        "payloadDescriptors": None,
        "resources": [{"resourceName": "r", "intervals": [], "extra": {}}],
        "id": "mine",
        "objectType": 7,
        "programID": "whatever",
        "clientID": "other",
    }
    stored = ven.post("/reports", report).json()
    assert (stored["reportName"], stored["payloadDescriptors"], stored["clientID"]) == (None, None, "ven-1")
    assert stored["id"] != "mine"
    assert stored["objectType"] == "REPORT"


def test_report_names_repeat_freely(vtn: InProcessVtn, ven: Any, event: str) -> None:
    report = {"eventID": event, "clientName": "c", "reportName": "same", "resources": []}
    assert [ven.post("/reports", report).status_code for _ in range(2)] == [201, 201]
    assert len(vtn.reports()) == 2


def test_a_report_needs_an_existing_event(vtn: InProcessVtn, ven: Any, event: str) -> None:
    refused = ven.post("/reports", {"eventID": "unknown", "clientName": "c", "resources": []})
    assert refused.status_code == 409
    assert "unknown" in refused.json()["detail"]
    stored = ven.post("/reports", {"eventID": event, "clientName": "c", "resources": []}).json()
    vtn.delete_event(event)
    again = ven.put(f"/reports/{stored['id']}", {"eventID": event, "clientName": "c", "resources": []})
    assert again.status_code == 409
    assert ven.get(f"/reports/{stored['id']}").json() == stored


def test_a_put_replaces_the_report_in_its_place(vtn: InProcessVtn, ven: Any, event: str) -> None:
    first, second = (
        ven.post("/reports", {"eventID": event, "clientName": name, "resources": []}).json()["id"] for name in "ab"
    )
    other = vtn.create_event(programID=vtn.create_program(programName="q")["id"])
    answer = ven.put(f"/reports/{first}", {"eventID": other["id"], **MAXIMAL})
    assert answer.status_code == 200
    assert MAXIMAL.items() <= answer.json().items()
    assert [report["id"] for report in vtn.reports()] == [first, second]
    assert ven.get(f"/reports?programID={other['programID']}").json() == [answer.json()]


def test_a_deleted_report_is_answered_and_gone(vtn: InProcessVtn, ven: Any, event: str) -> None:
    stored = ven.post("/reports", {"eventID": event, **MAXIMAL}).json()
    answer = ven.delete(f"/reports/{stored['id']}")
    assert (answer.status_code, answer.json()) == (200, stored)
    assert ven.delete(f"/reports/{stored['id']}").status_code == 404
    assert ven.get(f"/reports/{stored['id']}").status_code == 404
    assert vtn.reports() == []


def test_a_body_up_to_the_limit_is_taken_and_a_larger_one_is_refused_with_413(
    vtn: InProcessVtn, ven: Any, event: str
) -> None:
    head = f'{{"eventID":"{event}","clientName":"c","resources":[]'.encode()
    for size, status in ((100_000, 201), (100_001, 413), (3_000_000, 413)):
        body = head + b" " * (size - len(head) - 1) + b"}"
        answer = ven.call("POST", "/reports", data=body)
        assert answer.status_code == status
    assert "100000" in answer.json()["detail"]
    assert ven.get("/reports").status_code == 200


def test_the_oldest_bodies_go_when_there_is_no_room_but_their_places_stay(
    vtn: InProcessVtn, ven: Any, event: str
) -> None:
    for seed in range(5):
        report = {
            "eventID": event,
            "clientName": "c",
            "reportName": str(seed),
            "resources": [{"resourceName": "r", "intervals": [text_interval(noise(6000, seed))]}],
        }
        assert ven.post("/reports", report).status_code == 201
    found = ven.get("/reports").json()
    assert [report["reportName"] for report in found] == ["0", "1", "2", "3", "4"]
    assert [bool(report["resources"]) for report in found] == [False, False, False, True, True]
    vtn.delete_event(event)
    assert [report["reportName"] for report in vtn.reports()] == ["3", "4"]


def test_a_report_larger_than_all_the_room_stays_until_the_next(vtn: InProcessVtn, ven: Any, event: str) -> None:
    report = {
        "eventID": event,
        "clientName": "c",
        "resources": [{"resourceName": "r", "intervals": [text_interval(noise(60_000, 1))]}],
    }
    assert ven.post("/reports", report).json()["resources"]
    assert vtn.reports()[0]["resources"]
    small = ven.post("/reports", {**report, "resources": []}).json()
    assert [bool(found["resources"]) for found in vtn.reports()] == [False, False]
    assert ven.put(f"/reports/{small['id']}", report).json()["resources"]
    assert ven.delete(f"/reports/{small['id']}").json()["resources"]
    ven.post("/reports", {**report, "resources": [{"resourceName": "kept", "intervals": []}]})
    assert vtn.reports()[-1]["resources"]


def text_interval(text: str) -> dict[str, Any]:
    return {"id": 0, "payloads": [{"type": "TEXT", "values": [text]}]}
