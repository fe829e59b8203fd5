"""`openadr3`, an independent client for OpenADR 3.1, and the embedded VTN understand each other.

What it does otherwise than the official file says is named where it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn

openadr3 = pytest.importorskip("openadr3", reason="openadr3 is not installed; install the extra interop")

PERIOD = {"start": "2026-01-16T17:00:00Z", "duration": "PT15M", "randomizeStart": "PT2M"}
PROGRAM = {
    "programName": "tariff",
    "intervalPeriod": PERIOD,
    "programDescriptions": [{"URL": "https://example.org/tou"}],
    "payloadDescriptors": [
        {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "EUR"},
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "confidence": 95},
    ],
    "attributes": [{"type": "COUNTRY", "values": ["DK"]}],
}
EVENT = {
    "eventName": "evening",
    "priority": 1,
    "duration": "P7D",
    "intervalPeriod": PERIOD,
    "payloadDescriptors": [{"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "currency": "EUR"}],
    "reportDescriptors": [{"payloadType": "USAGE", "units": "KWH", "reportIntervals": "INTERVALS"}],
    "intervals": [
        {"id": 0, "payloads": [{"type": "PRICE", "values": [0.17]}]},
        {"id": 7, "intervalPeriod": {"duration": "PT1H"}, "payloads": [{"type": "PRICE", "values": [0.03]}]},
    ],
}
REPORT = {
    "clientName": "ven-1",
    "reportName": "ven-1.evening.0",
    "payloadDescriptors": [{"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "units": "KWH"}],
    "resources": [
        {
            "resourceName": "res-1",
            "intervalPeriod": PERIOD,
            "intervals": [{"id": 0, "payloads": [{"type": "USAGE", "values": [0.31]}]}],
        }
    ],
}


def connected(vtn: InProcessVtn, client: Client) -> Any:
    """It finds the token's address with GET /auth/server."""
    token = openadr3.fetch_token(vtn.base_url, client.name, client.secret)
    create = openadr3.create_bl_client if client is BL else openadr3.create_ven_client
    return create(vtn.base_url, token)


@pytest.fixture(autouse=True)
def authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """The HTTP library of `openadr3` wants some, even for plain HTTP."""
    monkeypatch.delenv("SSL_CERT_FILE")


@pytest.fixture
def bl(vtn: InProcessVtn) -> Iterator[Any]:
    with connected(vtn, BL) as peer:
        yield peer


@pytest.fixture
def ven(vtn: InProcessVtn) -> Iterator[Any]:
    with connected(vtn, VEN) as peer:
        yield peer


@pytest.fixture(autouse=True)
def nothing_said_wrong(vtn: InProcessVtn, bl: Any, ven: Any, said_wrong: Any, spec31: Any) -> Iterator[None]:
    yield
    assert said_wrong(vtn.requests, spec31) == []


def made(answer: Any) -> Any:
    """What it understands of a created object."""
    assert answer.status_code == 201, answer.text
    return openadr3.coerce(answer.json())


def test_openadr3_makes_reads_changes_and_deletes_a_program(vtn: InProcessVtn, bl: Any, ven: Any) -> None:
    program = made(bl.create_program(PROGRAM))
    (held,) = vtn.programs()
    assert {name: held[name] for name in PROGRAM} == PROGRAM
    assert ven.programs(skip=0, limit=50) == [program] == [ven.program(program.id)]
    assert (program.program_name, program.descriptions) == ("tariff", [{"URL": "https://example.org/tou"}])
    assert program.interval_period.duration.total_minutes() == 15
    assert [each.payload_type for each in program.payload_descriptors] == ["PRICE", "USAGE"]
    assert [(each.type, each.values) for each in program.attributes] == [("COUNTRY", ["DK"])]
    changed = openadr3.coerce(bl.update_program(program.id, {"programName": "night"}).json())
    assert (changed.program_name, changed.attributes) == ("night", None)
    assert changed.modified >= program.modified == program.created
    assert bl.delete_program(program.id).status_code == 200
    assert (vtn.programs(), bl.get_program_by_id(program.id).status_code) == ([], 404)


def test_openadr3_makes_an_event_that_a_ven_reads(vtn: InProcessVtn, bl: Any, ven: Any) -> None:
    program = made(bl.create_program({"programName": "tariff"}))
    event = made(bl.create_event({**EVENT, "programID": program.id}))
    (held,) = vtn.events()
    assert {name: held[name] for name in EVENT} == EVENT
    assert ven.events(programID=program.id, skip=0, limit=50) == [event] == [ven.event(event.id)]
    assert ven.events(programID="other") == ven.events(skip=1, limit=1) == []
    assert (event.event_name, event.priority, event.duration.total_days()) == ("evening", 1, 7)
    assert event.report_descriptors == EVENT["reportDescriptors"]
    starts = [(each.id, each.interval_period.start.minute) for each in event.resolved_intervals()]
    assert starts == [(0, 0), (7, 15)]
    assert [[str(value) for value in each.payloads[0].values] for each in event.intervals] == [["0.17"], ["0.03"]]
    assert bl.update_event(event.id, {**EVENT, "programID": program.id, "priority": None}).status_code == 200
    assert ven.event(event.id).priority is None
    assert bl.delete_event(event.id).status_code == 200
    assert ven.events() == []


def test_openadr3_enrols_a_ven_with_a_resource(vtn: InProcessVtn, bl: Any, ven: Any) -> None:
    enrolled = made(ven.create_ven({"objectType": "VEN_VEN_REQUEST", "venName": "ven-1"}))
    assert (enrolled.object_type, enrolled.ven_name, enrolled.client_id) == ("VEN", "ven-1", VEN.name)
    body = {"objectType": "VEN_RESOURCE_REQUEST", "resourceName": "res-1", "venID": enrolled.id}
    resource = made(ven.create_resource({**body, "attributes": [{"type": "AREA", "values": ["north"]}]}))
    assert (resource.object_type, resource.ven_id, resource.client_id) == ("RESOURCE", enrolled.id, VEN.name)
    assert bl.vens(venName="ven-1") == ven.vens() == [enrolled] == [ven.ven(enrolled.id)]
    assert bl.resources(venID=enrolled.id) == ven.resources(resourceName="res-1") == [ven.resource(resource.id)]
    assert [each["venName"] for each in vtn.vens()] == ["ven-1"]
    granted = {"objectType": "BL_VEN_REQUEST", "clientID": VEN.name, "venName": "ven-1", "targets": ["group-1"]}
    assert bl.update_ven(enrolled.id, granted).status_code == 200
    assert ven.ven(enrolled.id).targets == ["group-1"]
    assert ven.create_ven({"objectType": "VEN_VEN_REQUEST", "venName": "ven-1"}).status_code == 409
    assert ven.delete_resource(resource.id).status_code == ven.delete_ven(enrolled.id).status_code == 200
    assert vtn.vens() == vtn.resources() == []


def test_openadr3_reports_for_an_event(vtn: InProcessVtn, bl: Any, ven: Any) -> None:
    program = made(bl.create_program({"programName": "tariff"}))
    event = made(bl.create_event({**EVENT, "programID": program.id}))
    report = made(ven.create_report({**REPORT, "eventID": event.id}))
    (held,) = vtn.reports()
    assert {name: held[name] for name in REPORT} == REPORT
    assert bl.reports(eventID=event.id, clientName="ven-1") == ven.reports() == [report] == [bl.report(report.id)]
    assert (report.client_id, report.report_name) == (VEN.name, "ven-1.evening.0")
    (entry,) = report.resources
    assert (entry.resource_name, str(entry.intervals[0].payloads[0].values[0])) == ("res-1", "0.31")
    renamed = {**REPORT, "eventID": event.id, "reportName": "again"}
    assert openadr3.coerce(ven.update_report(report.id, renamed).json()).report_name == "again"
    assert ven.delete_report(report.id).status_code == 200
    assert vtn.reports() == []


def test_openadr3_understands_what_it_is_notified_of(
    vtn: InProcessVtn, bl: Any, ven: Any, callback_probe: ModuleType
) -> None:
    with callback_probe.CallbackProbe() as probe:
        told = {"objects": ["PROGRAM"], "operations": ["CREATE"], "callbackUrl": probe.url, "bearerToken": "secret"}
        wanted = made(ven.create_subscription({"clientName": "ven-1", "objectOperations": [told]}))
        assert ven.subscriptions(clientName="ven-1", objects=["PROGRAM"]) == [wanted]
        program = made(bl.create_program(PROGRAM))
        ((_, _, notification),) = probe.wait_for(1)
        assert openadr3.is_notification(notification)
        assert openadr3.coerce_notification(notification).object == program
        assert ven.delete_subscription(wanted.id).status_code == 200
    assert ven.get_auth_server().json()["tokenURL"].startswith(vtn.root_url)
    assert ven.get_notifiers().json()["WEBHOOK"] is True


def test_openadr3s_search_by_name_is_answered_although_it_speaks_of_3_0_1s_targets(
    vtn: InProcessVtn, bl: Any, ven: Any
) -> None:
    """It sends targetType and targetValues, which 3.1 does not have: they are read over, and it looks itself."""
    made(bl.create_program(PROGRAM))
    made(ven.create_ven({"objectType": "VEN_VEN_REQUEST", "venName": "ven-1"}))
    assert bl.find_program_by_name("tariff").program_name == "tariff"
    assert ven.find_ven_by_name("ven-1").ven_name == "ven-1"
    assert bl.find_ven_by_name("ven-2") is None
    strangers = [sent for sent in vtn.requests if "targetType" in sent.query]
    assert len(strangers) == 3
    vtn.requests[:] = [sent for sent in vtn.requests if sent not in strangers]
