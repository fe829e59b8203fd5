"""Programs, events, vens and resources of the embedded VTN: every call, every status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, InProcessVtn

NOW_S = 1_768_557_600.25
NOW = "2026-01-16T10:00:00.250000Z"
ABSENT = "0123456789abcdef"


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn(now_s=lambda: NOW_S) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def ven(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller(running, VEN)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def business(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller(running, BL)
    yield caller
    caller.close()


PROGRAM = {
    "programName": "ResTOU",
    "intervalPeriod": {"start": "2026-01-01T00:00:00+01:00", "duration": "P9999Y", "randomizeStart": "PT5M"},
    "programDescriptions": [{"URL": "https://example.org/tou?x=%20"}],
    "payloadDescriptors": [
        {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "EUR"},
        {
            "objectType": "REPORT_PAYLOAD_DESCRIPTOR",
            "payloadType": "USAGE",
            "readingType": None,
            "accuracy": 1,
            "confidence": 95,
        },
    ],
    "attributes": [{"type": "LOCATION", "values": [{"x": 9.1, "y": 56}, "a", 1, 2.5, True]}],
    "targets": ["b", "a"],
}
EVENT = {
    "eventName": "evening",
    "priority": 0,
    "duration": "P7D",
    "targets": ["group-1"],
    "intervalPeriod": {"start": "0001-01-01", "duration": "PT15M"},
    "payloadDescriptors": [{"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "SIMPLE"}],
    "reportDescriptors": [
        {"payloadType": "USAGE", "reportIntervals": "OPEN_INTERVALS", "historical": False, "numIntervals": 4}
    ],
    "intervals": [
        {"id": 0, "payloads": []},
        {
            "id": -5,
            "intervalPeriod": {"start": "0001-01-01T00:00:00Z"},
            "payloads": [{"type": "SIMPLE", "values": [1]}],
        },
    ],
}


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def create(kind: str, business: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The path, the request and the stored object of one object of each kind, made by business logic."""
    if kind == "programs":
        request: dict[str, Any] = PROGRAM
    elif kind == "events":
        request = {**EVENT, "programID": made(business.post("/programs", {"programName": "for events"}))["id"]}
    elif kind == "vens":
        request = {"objectType": "BL_VEN_REQUEST", "clientID": "ven-1", "venName": "v", "targets": ["group-1"]}
    else:
        parent = made(
            business.post("/vens", {"objectType": "BL_VEN_REQUEST", "clientID": "ven-1", "venName": "parent"})
        )
        request = {
            "objectType": "BL_RESOURCE_REQUEST",
            "clientID": "ven-1",
            "venID": parent["id"],
            "resourceName": "r",
            "attributes": [{"type": "MAX_POWER_CONSUMPTION", "values": [11.5]}],
            "targets": None,
        }
    return f"/{kind}", request, made(business.post(f"/{kind}", request))


KINDS = pytest.mark.parametrize("kind", ["programs", "events", "vens", "resources"])


@KINDS
def test_what_is_created_is_answered_read_and_listed_as_it_was_sent_with_metadata(
    vtn: InProcessVtn, business: Any, kind: str
) -> None:
    path, request, stored = create(kind, business)
    expected = {key: value for key, value in request.items() if key != "objectType"}
    assert expected.items() <= stored.items()
    assert stored["objectType"] == kind.removesuffix("s").upper()
    assert stored["createdDateTime"] == stored["modificationDateTime"] == NOW
    assert datetime.fromisoformat(stored["createdDateTime"]).tzinfo is not None
    assert business.get(f"{path}/{stored['id']}").json() == stored
    assert stored in business.get(path).json()


@KINDS
def test_a_put_replaces_the_whole_object_and_keeps_its_id(vtn: InProcessVtn, business: Any, kind: str) -> None:
    path, request, stored = create(kind, business)
    optional = {"targets", "attributes", "payloadDescriptors", "reportDescriptors", "intervals", "duration"}
    smaller = {key: value for key, value in request.items() if key not in optional}
    answer = business.put(f"{path}/{stored['id']}", smaller)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["createdDateTime"]) == (stored["id"], NOW)
    assert answer.json()["targets"] is None
    assert not (optional - {"targets"}) & answer.json().keys()
    assert business.get(f"{path}/{stored['id']}").json() == answer.json()


@KINDS
def test_a_delete_answers_what_was_deleted_and_it_is_gone(vtn: InProcessVtn, business: Any, kind: str) -> None:
    path, request, stored = create(kind, business)
    answer = business.delete(f"{path}/{stored['id']}")
    assert (answer.status_code, answer.json()) == (200, stored)
    for gone in (
        business.get(f"{path}/{stored['id']}"),
        business.delete(f"{path}/{stored['id']}"),
        business.put(f"{path}/{stored['id']}", request),
    ):
        assert gone.status_code == 404
        assert stored["id"] in gone.json()["detail"]
    assert business.get(path).json() == []


@KINDS
def test_what_the_vtn_assigns_is_ignored_when_a_client_sends_it(vtn: InProcessVtn, business: Any, kind: str) -> None:
    path, request, stored = create(kind, business)
    claims = {"id": "mine", "createdDateTime": 1, "modificationDateTime": "x", "unknown": {"deep": [None]}}
    changed = business.put(f"{path}/{stored['id']}", {**request, **claims})
    assert (changed.status_code, changed.json()["id"]) == (200, stored["id"])
    assert changed.json()["createdDateTime"] == NOW


@KINDS
def test_an_object_of_one_kind_is_not_found_under_another(vtn: InProcessVtn, business: Any, kind: str) -> None:
    _, _, stored = create(kind, business)
    for other in {"programs", "events", "vens", "resources", "reports"} - {kind}:
        assert business.get(f"/{other}/{stored['id']}").status_code == 404


def test_a_modification_is_stamped_with_the_vtns_time(vtn_calls: ModuleType) -> None:
    now_s = [NOW_S]
    with InProcessVtn([BL], now_s=lambda: now_s[0]) as vtn:
        caller = vtn_calls.Caller(vtn, BL)
        program = made(caller.post("/programs", {"programName": "p"}))
        now_s[0] += 3600
        changed = caller.put(f"/programs/{program['id']}", {"programName": "q"}).json()
        caller.close()
    assert changed["createdDateTime"] == NOW
    assert changed["modificationDateTime"] == "2026-01-16T11:00:00.250000Z"


def test_names_have_to_be_unique_where_the_standard_says_so(vtn: InProcessVtn, business: Any) -> None:
    for kind in ("programs", "vens", "resources"):
        path, request, _ = create(kind, business)
        again = business.post(path, request)
        assert again.status_code == 409
        assert "unique" in again.json()["detail"]


def test_a_put_may_not_take_the_name_of_another(vtn: InProcessVtn, business: Any) -> None:
    made(business.post("/programs", {"programName": "one"}))
    two = made(business.post("/programs", {"programName": "two"}))
    assert business.put(f"/programs/{two['id']}", {"programName": "one"}).status_code == 409
    assert business.put(f"/programs/{two['id']}", {"programName": "two"}).status_code == 200
    assert business.get(f"/programs/{two['id']}").json()["programName"] == "two"


def test_event_names_and_resource_names_of_other_vens_repeat_freely(vtn: InProcessVtn, business: Any) -> None:
    _, request, _ = create("events", business)
    assert business.post("/events", request).status_code == 201
    for name in ("a", "b"):
        ven = vtn.create_ven(clientID="c", venName=name)
        vtn.create_resource(clientID="c", venID=ven["id"], resourceName="same")
    assert len(business.get("/resources?resourceName=same").json()) == 2


def test_an_event_needs_an_existing_program(vtn: InProcessVtn, business: Any) -> None:
    _, request, stored = create("events", business)
    assert business.post("/events", {"programID": ABSENT}).status_code == 409
    assert business.put(f"/events/{stored['id']}", {**request, "programID": ABSENT}).status_code == 409


def test_a_resource_needs_an_existing_ven(vtn: InProcessVtn, business: Any) -> None:
    _, request, stored = create("resources", business)
    assert business.post("/resources", {**request, "venID": ABSENT}).status_code == 404
    assert business.put(f"/resources/{stored['id']}", {**request, "venID": ABSENT}).status_code == 409


def test_a_programs_events_and_a_vens_resources_go_with_it(vtn: InProcessVtn, business: Any) -> None:
    create("events", business)
    create("resources", business)
    business.delete(f"/programs/{vtn.programs()[0]['id']}")
    business.delete(f"/vens/{vtn.vens()[0]['id']}")
    assert (vtn.events(), vtn.resources()) == ([], [])


def test_a_ven_registers_itself_and_its_resources_and_the_vtn_stamps_its_client_id(vtn: InProcessVtn, ven: Any) -> None:
    own = made(ven.post("/vens", {"objectType": "VEN_VEN_REQUEST", "venName": "Herning", "clientID": "other"}))
    assert (own["clientID"], own["targets"]) == ("ven-1", None)
    request = {"objectType": "VEN_RESOURCE_REQUEST", "venID": own["id"], "resourceName": "r", "targets": ["x"]}
    resource = made(ven.post("/resources", request))
    assert (resource["clientID"], resource["targets"], resource["venID"]) == ("ven-1", None, own["id"])


def test_a_ven_cannot_grant_itself_targets_nor_lose_what_it_was_granted(vtn: InProcessVtn, ven: Any) -> None:
    own = vtn.create_ven(clientID="ven-1", venName="Herning", targets=["group-1"])
    refused = ven.put(
        f"/vens/{own['id']}",
        {"objectType": "BL_VEN_REQUEST", "clientID": "ven-1", "venName": "H", "targets": ["all"]},
    )
    assert refused.status_code == 403
    renamed = ven.put(f"/vens/{own['id']}", {"objectType": "VEN_VEN_REQUEST", "venName": "H", "targets": ["all"]})
    assert renamed.status_code == 200
    assert {"venName": "H", "targets": ["group-1"], "clientID": "ven-1"}.items() <= renamed.json().items()


def test_each_role_has_its_own_request_form(vtn: InProcessVtn, ven: Any, business: Any) -> None:
    assert business.post("/vens", {"objectType": "VEN_VEN_REQUEST", "venName": "v"}).status_code == 403
    parent = vtn.create_ven(clientID="ven-1", venName="v")["id"]
    as_ven = {"objectType": "VEN_RESOURCE_REQUEST", "venID": parent, "resourceName": "r"}
    as_business = {**as_ven, "objectType": "BL_RESOURCE_REQUEST", "clientID": "ven-1"}
    assert business.post("/resources", as_ven).status_code == 403
    assert ven.post("/resources", as_business).status_code == 403


def test_a_put_by_business_logic_moves_a_ven_to_another_client(vtn: InProcessVtn, ven: Any, business: Any) -> None:
    own = vtn.create_ven(clientID="ven-1", venName="v")["id"]
    moved = business.put(f"/vens/{own}", {"objectType": "BL_VEN_REQUEST", "clientID": "ven-2", "venName": "v"})
    assert moved.json()["clientID"] == "ven-2"
    assert ven.get(f"/vens/{own}").status_code == 404


def test_head_answers_as_get_without_a_body(vtn: InProcessVtn, business: Any) -> None:
    answer = business.call("HEAD", "/programs")
    assert (answer.status_code, answer.content) == (200, b"")
