"""OpenADR 3.0.1 on the embedded VTN: programs, events, vens, resources and reports, every call, every status."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, InProcessVtn

NOW_S = 1_768_557_600.25
NOW = "2026-01-16T10:00:00.250000Z"
ABSENT = "0123456789abcdef"
GROUP = [{"type": "GROUP", "values": ["group-1", "group-2"]}]
PERIOD = {"start": "2026-01-16T17:00:00+01:00", "duration": "PT15M", "randomizeStart": "PT2M"}
PROGRAM = {
    "programName": "ResTOU",
    "programLongName": "Residential Time of Use-A",
    "retailerName": "ACME",
    "retailerLongName": "ACME Electric Inc.",
    "programType": "PRICING_TARIFF",
    "country": "US",
    "principalSubdivision": "CO",
    "timeZoneOffset": "-PT6H",
    "intervalPeriod": PERIOD,
    "programDescriptions": [{"URL": "https://example.org/tou"}],
    "bindingEvents": False,
    "localPrice": True,
    "payloadDescriptors": [
        {"payloadType": "PRICE", "units": "KWH", "currency": "EUR"},
        {"payloadType": "USAGE", "readingType": "DIRECT_READ", "confidence": 95},
    ],
    "targets": GROUP,
}
EVENT = {
    "eventName": "evening",
    "priority": 1,
    "targets": [{"type": "VEN_NAME", "values": ["ven-1"]}],
    "intervalPeriod": PERIOD,
    "payloadDescriptors": [{"payloadType": "SIMPLE", "units": ""}],
    "reportDescriptors": [{"payloadType": "USAGE", "units": "KWH", "targets": GROUP, "numIntervals": 4}],
    "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [1]}]}, {"id": 7, "payloads": []}],
}
VEN_BODY = {"venName": "v", "attributes": [{"type": "LOCATION", "values": [{"x": 9.1, "y": 56.0}]}], "targets": GROUP}
RESOURCE = {"resourceName": "r", "attributes": [{"type": "MAX_POWER_CONSUMPTION", "values": [11.5]}], "targets": None}
REPORT = {
    "clientName": "ven-1",
    "reportName": "ven-1.e1.0",
    "payloadDescriptors": [{"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "units": "KWH"}],
    "resources": [
        {
            "resourceName": "res-1",
            "intervalPeriod": PERIOD,
            "intervals": [{"id": 0, "payloads": [{"type": "USAGE", "values": [0.31, True, "x"]}]}],
        }
    ],
}


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn(now_s=lambda: NOW_S) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def ven(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller301(running, VEN)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def business(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller301(running, BL)
    yield caller
    caller.close()


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def create(kind: str, ven: Any, business: Any) -> tuple[str, dict[str, Any], dict[str, Any], Any]:
    """The path, the request, the stored object of one object of each kind, and who may write it."""
    if kind == "programs":
        return "/programs", PROGRAM, made(business.post("/programs", PROGRAM)), business
    if kind == "vens":
        return "/vens", VEN_BODY, made(ven.post("/vens", VEN_BODY)), ven
    if kind == "resources":
        path = f"/vens/{made(ven.post('/vens', {'venName': 'parent'}))['id']}/resources"
        return path, RESOURCE, made(ven.post(path, RESOURCE)), ven
    program = made(business.post("/programs", {"programName": "for events"}))["id"]
    event = made(business.post("/events", {**EVENT, "programID": program}))
    if kind == "events":
        return "/events", {**EVENT, "programID": program}, event, business
    report = {**REPORT, "programID": program, "eventID": event["id"]}
    return "/reports", report, made(ven.post("/reports", report)), ven


KINDS = pytest.mark.parametrize("kind", ["programs", "events", "vens", "resources", "reports"])


@KINDS
def test_what_is_created_is_answered_read_and_listed_as_it_was_sent_with_metadata(
    vtn: InProcessVtn, ven: Any, business: Any, kind: str
) -> None:
    path, request, stored, _ = create(kind, ven, business)
    assert request.items() <= stored.items()
    assert stored["objectType"] == kind.removesuffix("s").upper()
    assert stored["createdDateTime"] == stored["modificationDateTime"] == NOW
    assert ven.get(f"{path}/{stored['id']}").json() == stored
    assert stored in business.get(path).json()


@KINDS
def test_a_put_replaces_the_whole_object_and_keeps_its_id(
    vtn: InProcessVtn, ven: Any, business: Any, kind: str
) -> None:
    path, request, stored, writer = create(kind, ven, business)
    optional = {"attributes", "payloadDescriptors", "reportDescriptors", "programType", "intervalPeriod", "reportName"}
    smaller = {key: value for key, value in request.items() if key not in optional}
    answer = writer.put(f"{path}/{stored['id']}", smaller)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["createdDateTime"]) == (stored["id"], NOW)
    assert smaller.items() <= answer.json().items()
    assert not optional & answer.json().keys()
    assert ven.get(f"{path}/{stored['id']}").json() == answer.json()


@KINDS
def test_a_delete_answers_what_was_deleted_and_it_is_gone(
    vtn: InProcessVtn, ven: Any, business: Any, kind: str
) -> None:
    path, request, stored, writer = create(kind, ven, business)
    answer = writer.delete(f"{path}/{stored['id']}")
    assert (answer.status_code, answer.json()) == (200, stored)
    one = f"{path}/{stored['id']}"
    for gone in (ven.get(one), writer.delete(one), writer.put(one, request)):
        assert gone.status_code == 404
        assert stored["id"] in gone.json()["detail"]
    assert ven.get(path).json() == []


def test_a_ven_may_come_with_its_resources_and_is_shown_with_them(vtn: InProcessVtn, ven: Any) -> None:
    stored = made(ven.post("/vens", {"venName": "v", "resources": [RESOURCE, {"resourceName": "s"}]}))
    assert [(found["resourceName"], found["venID"]) for found in stored["resources"]] == [
        ("r", stored["id"]),
        ("s", stored["id"]),
    ]
    assert ven.get(f"/vens/{stored['id']}/resources").json() == stored["resources"]
    assert [found["venID"] for found in vtn.resources()] == [stored["id"]] * 2
    twice = {"venName": "w", "resources": [RESOURCE, RESOURCE]}
    assert ven.post("/vens", twice).status_code == 409
    assert [found["venName"] for found in vtn.vens()] == ["v"]


def test_a_put_of_a_ven_leaves_its_resources_alone(vtn: InProcessVtn, ven: Any) -> None:
    stored = made(ven.post("/vens", {"venName": "v", "resources": [RESOURCE]}))
    changed = ven.put(f"/vens/{stored['id']}", {"venName": "w", "resources": []}).json()
    assert (changed["venName"], changed["resources"]) == ("w", stored["resources"])


def test_resources_are_found_under_their_own_ven_only(vtn: InProcessVtn, ven: Any, business: Any) -> None:
    path, request, stored, _ = create("resources", ven, business)
    other = made(ven.post("/vens", {"venName": "other"}))["id"]
    astray = f"/vens/{other}/resources/{stored['id']}"
    assert [ven.get(astray).status_code, ven.put(astray, request).status_code, ven.delete(astray).status_code] == [
        404
    ] * 3
    assert ven.get(f"/vens/{other}/resources").json() == []
    assert ven.get(f"/vens/{ABSENT}/resources").status_code == 404
    assert ven.post(f"/vens/{ABSENT}/resources", request).status_code == 404
    assert ven.get(path).json() == [stored]


def test_names_have_to_be_unique_where_the_standard_says_so(vtn: InProcessVtn, ven: Any, business: Any) -> None:
    for kind in ("programs", "vens", "resources"):
        path, request, _, writer = create(kind, ven, business)
        assert writer.post(path, request).status_code == 409


def test_events_and_reports_need_what_they_name(vtn: InProcessVtn, ven: Any, business: Any) -> None:
    assert business.post("/events", {**EVENT, "programID": ABSENT}).status_code == 409
    _, request, _, _ = create("reports", ven, business)
    other = made(business.post("/programs", {"programName": "other"}))["id"]
    assert ven.post("/reports", {**request, "eventID": ABSENT}).status_code == 409
    assert ven.post("/reports", {**request, "programID": other}).status_code == 409
    assert business.post("/events", {**EVENT, "programID": other, "intervals": "none"}).status_code == 400


@pytest.mark.parametrize("start", ["0000-00-00", "0000-00-00T00:00:00", "0000-00-00T00:00:00Z"])
def test_the_sentinel_now_is_kept_as_a_date_that_both_versions_take_for_it(
    vtn: InProcessVtn, business: Any, start: str
) -> None:
    program = made(business.post("/programs", {"programName": "p"}))["id"]
    request = {"programID": program, "intervals": [], "intervalPeriod": {"start": start, "duration": "PT1H"}}
    stored = made(business.post("/events", request))
    assert stored["intervalPeriod"] == {"start": "0001-01-01T00:00:00Z", "duration": "PT1H"}
    (found,) = vtn.events()
    assert found["intervalPeriod"] == stored["intervalPeriod"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/programs", {}),
        ("/programs", {"programName": ""}),
        ("/programs", {"programName": "q", "targets": ["group"]}),
        ("/programs", {"programName": "q", "payloadDescriptors": [{"objectType": "OTHER", "payloadType": "T"}]}),
        ("/events", {"programID": "p"}),
        ("/events", {"programID": "p", "intervals": [], "intervalPeriod": {"duration": "PT1H"}}),
        ("/events", {"programID": "p", "intervals": [], "intervalPeriod": {"start": "2026-01-16T10:00:00"}}),
        ("/events", {"programID": "p", "intervals": [{"id": 1}]}),
        ("/events", {"programID": "p", "intervals": [], "targets": [{"type": "GROUP"}]}),
    ],
)
def test_an_object_that_breaks_the_schema_is_a_bad_request(
    vtn: InProcessVtn, business: Any, path: str, body: Any
) -> None:
    assert business.post(path, body).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"venName": ""},
        {"venName": "v", "attributes": [{"type": "A"}]},
        {"venName": "v", "resources": [{}]},
        {"venName": "v", "resources": "none"},
    ],
)
def test_a_ven_that_breaks_the_schema_is_a_bad_request(vtn: InProcessVtn, ven: Any, body: Any) -> None:
    assert ven.post("/vens", body).status_code == 400


def test_reports_are_filtered_by_program_event_and_client_name_together(
    vtn: InProcessVtn, ven: Any, business: Any
) -> None:
    _, request, stored, _ = create("reports", ven, business)
    made(ven.post("/reports", {**request, "clientName": "other"}))
    program, event = request["programID"], request["eventID"]
    assert ven.get(f"/reports?clientName=ven-1&eventID={event}&programID={program}").json() == [stored]
    assert ven.get(f"/reports?programID={ABSENT}").json() == []
    assert len(ven.get("/reports?skip=1&limit=50").json()) == 1
