"""The embedded VTN's energydesk interface: VENs, resources, programs, events, and each call's own credential."""

from __future__ import annotations

from typing import Any

import requests
from vtn_energydesk_desk import OTHER, Clock, Desk

from ven_actors.testing.energydesk import EnergydeskDesk, Plan, Status
from ven_actors.testing.vtn import VEN, InProcessVtn


def test_a_ven_is_registered_once_and_gets_a_token_of_its_own(vtn: InProcessVtn, desk: Desk) -> None:
    made = desk.ven()
    assert made.keys() == {"id", "ven_name", "auth_token"}
    again = desk.call("POST", "/vens", {"ven_name": "Herning", "client_name": "x"})
    assert again.status_code == 409
    assert "Herning" in again.json()["detail"]
    assert "auth_token" not in again.json()
    assert desk.call("GET", "/vens?ven_name=Herning").json() == [made]
    assert [ven["venName"] for ven in vtn.vens()] == ["Herning"]
    assert made["auth_token"] not in str(vtn.vens())
    other = Desk(vtn, OTHER)
    assert other.call("GET", "/vens?ven_name=Herning").json() == []
    other.session.close()


def test_a_resource_is_pending_until_it_is_approved_and_may_be_suspended(
    vtn: InProcessVtn, desk: Desk, clock: Clock
) -> None:
    desk.ven()
    made = desk.resource()
    assert made.status_code == 201

    def status() -> list[str]:
        (told,) = desk.call("GET", "/resources?ven_name=Herning").json()
        assert told["id"] == made.json()["id"]
        assert told["service_location"]["meterpoint_id"] == "5707"
        (value,) = (each for each in told["attributes"] if each["attribute_type"] == "prequalification")
        assert value["attribute_name"] == "status"
        found: list[str] = value["attribute_values"]
        return found

    assert status() == ["PENDING"]
    clock.now_s += 60
    assert status() == ["APPROVED"]
    EnergydeskDesk(vtn).set_status(Status.SUSPENDED)
    assert status() == ["SUSPENDED"]


def test_a_resource_that_is_there_is_answered_409_with_its_id(desk: Desk) -> None:
    desk.ven()
    made = desk.resource().json()
    again = desk.resource()
    assert (again.status_code, again.json()["id"]) == (409, made["id"])
    assert desk.resource(ven_name="Nowhere").status_code == 404


def test_on_demand_a_resource_that_is_there_is_answered_a_worded_500() -> None:
    with InProcessVtn([VEN], energydesk_plan=Plan(existing_status=500)) as vtn:
        desk = Desk(vtn)
        desk.ven()
        desk.resource()
        again = desk.resource()
        desk.session.close()
    assert again.status_code == 500
    assert "existing resource" in again.json()["detail"]
    assert "id" not in again.json()


def test_programs_are_listed_and_a_resource_is_enrolled_once(vtn: InProcessVtn, desk: Desk) -> None:
    made = vtn.create_program(
        programName="Flex", attributes=[{"type": "PROGRAM_LONG_NAME", "values": ["Flexibility"]}],
        intervalPeriod={"start": "2026-01-01T00:00:00Z", "duration": "PT15M"},
    )  # fmt: skip
    desk.ven()
    resource_id = desk.resource().json()["id"]
    (program,) = desk.call("GET", "/programs").json()
    assert program["id"] == made["id"]
    assert (program["program_name"], program["program_long_name"]) == ("Flex", "Flexibility")
    assert program["interval_period"] == "PT15M"
    path = f"/programs/{made['id']}/resources?resource_id={resource_id}"
    assert [desk.call("POST", path).status_code for _ in range(2)] == [201, 409]
    assert EnergydeskDesk(vtn).enrolments() == [(made["id"], resource_id)]
    assert desk.call("POST", f"/programs/nil/resources?resource_id={resource_id}").status_code == 404
    missing = desk.call("POST", f"/programs/{made['id']}/resources")
    assert missing.status_code == 422
    assert missing.json()["detail"][0]["loc"] == ["query", "resource_id"]


def test_events_have_windows_states_and_numbers_that_go_up_with_each_change(
    vtn: InProcessVtn, desk: Desk, clock: Clock
) -> None:
    token = desk.ven()["auth_token"]
    program_id = vtn.create_program(programName="Flex")["id"]

    def event(start: str, duration: str = "PT1H") -> dict[str, Any]:
        period = {"start": start, "duration": duration}
        payloads = [{"type": "SIMPLE", "values": [1]}]
        return {
            "programID": program_id,
            "eventName": start,
            "intervals": [{"id": 0, "intervalPeriod": period, "payloads": payloads}],
        }

    def seen() -> list[tuple[str, str, int]]:
        told = desk.call("GET", "/events", token=token).json()
        return [(each["event_name"][11:13], each["status"], each["modification_number"]) for each in told]

    first = vtn.create_event(**event("2026-01-16T12:00:00Z"))
    vtn.create_event(**event("2026-01-16T13:00:00Z"))
    vtn.create_event(**event("2026-01-16T10:00:00Z"))
    vtn.create_event(**event("2026-01-16T14:00:00Z", "PT0S"))
    vtn.create_event(programID=program_id, intervalPeriod={"start": "2026-01-16T00:00:00Z", "duration": "PT15S"})
    assert seen() == [("12", "active", 0), ("13", "scheduled", 0), ("10", "completed", 0), ("14", "cancelled", 0)]
    (told, *_) = desk.call("GET", "/events", token=token).json()
    assert told["program_id"] == program_id
    assert (told["start_date"][:19], told["end_date"][:19]) == ("2026-01-16T12:00:00", "2026-01-16T13:00:00")
    clock.now_s += 2
    vtn.replace_event(first["id"], **event("2026-01-16T12:30:00Z"))
    assert seen()[0] == ("12", "scheduled", 2000)


def test_a_response_is_kept_and_an_unknown_one_is_refused(vtn: InProcessVtn, desk: Desk) -> None:
    ven = desk.ven()
    program_id = vtn.create_program(programName="Flex")["id"]
    event_id = vtn.create_event(programID=program_id)["id"]
    path = f"/events/{event_id}/responses"
    body = {"event_id": event_id, "response_type": "optIn"}
    assert desk.call("POST", path, body, ven["auth_token"]).status_code == 201
    wrong = desk.call("POST", path, body | {"response_type": "maybe"}, ven["auth_token"])
    assert wrong.status_code == 422
    assert wrong.json()["detail"] == [
        {
            "loc": ["body", "response_type"],
            "msg": "Input should be 'optIn', 'optOut' or 'notParticipating'",
            "type": "enum",
        }
    ]
    assert EnergydeskDesk(vtn).responses() == [(event_id, ven["id"], "optIn")]


def test_each_call_wants_its_own_credential(desk: Desk) -> None:
    ven = desk.ven()
    for path in ("/vens", "/resources", "/programs"):
        assert desk.call("GET", path, token=ven["auth_token"]).status_code == 401
    assert desk.call("GET", "/events").status_code == 401
    assert desk.call("GET", "/events", token=ven["auth_token"] + "0").status_code == 401
    assert desk.call("GET", "/events", token="ünknown".encode().decode("latin-1")).status_code == 401
    bare = requests.get(f"{desk.base_url}/programs", timeout=20)
    assert (bare.status_code, bare.json()) == (401, {"detail": "Not authenticated"})


def test_an_unknown_path_or_method_is_answered_in_the_same_words(desk: Desk) -> None:
    assert desk.call("GET", "/nowhere").json() == {"detail": "Not Found"}
    assert desk.call("DELETE", "/vens").json() == {"detail": "Method Not Allowed"}


def test_the_token_of_a_ven_outlives_a_restart(tmp_path: Any) -> None:
    with InProcessVtn([VEN], state_dir=tmp_path) as vtn:
        desk = Desk(vtn)
        token = desk.ven()["auth_token"]
        desk.session.close()
    with InProcessVtn([VEN], state_dir=tmp_path) as vtn:
        desk = Desk(vtn)
        assert desk.call("GET", "/events", token=token).status_code == 200
        vtn.clear()
        assert desk.call("GET", "/events", token=token).status_code == 401
        desk.session.close()
