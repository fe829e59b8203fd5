"""The embedded VTN's energydesk interface over plain HTTP: two credentials, 422 as FastAPI says it, every reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from ven_actors.testing.energydesk import EnergydeskDesk, Plan, Status
from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn, Role

OTHER = Client("ven-2", "ven-2-secret", Role.VEN)
NOON_S = 1_768_564_800.0  # 2026-01-16T12:00:00Z


class Clock:
    now_s = NOON_S

    def __call__(self) -> float:
        return self.now_s


class Desk:
    """One client's calls."""

    def __init__(self, vtn: InProcessVtn, client: Client = VEN) -> None:
        self.base_url = EnergydeskDesk(vtn).base_url
        self.session = requests.Session()
        self.session.trust_env = False
        form = {"grant_type": "client_credentials"}
        answer = self.session.post(
            f"{self.base_url}/auth/token", data=form, auth=(client.name, client.secret), timeout=20
        )
        assert answer.status_code == 200
        self.token = answer.json()["access_token_jwt"]
        assert answer.json()["access_token"] == self.token

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.session.request(method, self.base_url + path, json=body, headers=headers, timeout=20)

    def ven(self, name: str = "Herning") -> dict[str, Any]:
        answer = self.call("POST", "/vens", {"ven_name": name, "client_name": f"Client_{name}"})
        assert answer.status_code == 201
        made: dict[str, Any] = answer.json()
        return made

    def resource(self, name: str = "Murphy's Pub", **more: Any) -> requests.Response:
        return self.call("POST", "/resources", {
            "id": "local-1", "resource_name": name, "resource_type": "load", "ven_name": "Herning",
            "attributes": [{"resource_id": "local-1", "attribute_name": "p_max_kw", "attribute_type": "power",
                            "attribute_values": ["12"]}],
            "service_location": {"meterpoint_id": "5707", "latitude": 56.1, "longitude": 8.9, "address": "x"},
        } | more)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vtn(clock: Clock) -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN, OTHER, BL], now_s=clock, energydesk_plan=Plan(pending_s=60)) as running:
        yield running


@pytest.fixture
def desk(vtn: InProcessVtn) -> Iterator[Desk]:
    made = Desk(vtn)
    yield made
    made.session.close()


def reading(ven_id: str, **more: Any) -> dict[str, Any]:
    return {
        "report_name": "Murphy's Pub_1768564800000", "ven_id": ven_id, "client_name": "Client_Herning",
        "report_type": "usage", "reading_type": "power", "start": "2026-01-16T12:00:00Z", "duration": "PT0S",
        "intervals": [{"id": 0, "payloads": [{"type": "USAGE", "values": [1.234]}]}],
        "resources": [{"resource_name": "Murphy's Pub"}], "load_component": "load_0",
    } | more  # fmt: skip


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


def test_readings_are_kept_each_as_it_was_sent(vtn: InProcessVtn, desk: Desk, clock: Clock) -> None:
    ven_id = desk.ven()["id"]
    resource_id = desk.resource().json()["id"]
    clock.now_s += 60
    bodies = [reading(ven_id, resource_id=resource_id, load_component=f"load_{k}") for k in range(3)]
    answers = [desk.call("POST", "/reports", body) for body in bodies]
    assert [answer.status_code for answer in answers] == [201] * 3
    kept = EnergydeskDesk(vtn).reports()
    assert [answer.json() for answer in answers] == kept
    assert [{name: value for name, value in each.items() if name != "id"} for each in kept] == bodies
    operator = Desk(vtn, BL)
    assert operator.call("GET", "/reports?skip=1&limit=1").json() == kept[1:2]
    assert operator.call("GET", "/reports?skip=x").status_code == 422
    operator.session.close()
    assert desk.call("GET", "/reports").status_code == 403
    assert vtn.reports() == []


def test_a_reading_of_a_resource_that_is_not_approved_or_not_there_is_refused(
    vtn: InProcessVtn, desk: Desk, clock: Clock
) -> None:
    ven_id = desk.ven()["id"]
    resource_id = desk.resource().json()["id"]
    pending = desk.call("POST", "/reports", reading(ven_id, resource_id=resource_id))
    assert pending.status_code == 403
    assert "PENDING" in pending.json()["detail"]
    assert desk.call("POST", "/reports", reading(ven_id, resource_id="nil")).status_code == 404
    assert desk.call("POST", "/reports", reading("nil")).status_code == 404
    assert EnergydeskDesk(vtn).reports() == []


def test_the_old_body_draws_a_422_that_names_each_wrong_field(desk: Desk) -> None:
    old = reading("x", report_type="READING", reading_type="DIRECT_READ")
    del old["ven_id"]
    answer = desk.call("POST", "/reports", old)
    assert answer.status_code == 422
    assert [(each["loc"], each["type"]) for each in answer.json()["detail"]] == [
        (["body", "ven_id"], "missing"),
        (["body", "report_type"], "enum"),
        (["body", "reading_type"], "enum"),
    ]


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        (b"{", ["body"], "json_invalid"),
        (b"[" * 3000, ["body"], "json_invalid"),
        (b"[]", ["body"], "model_attributes_type"),
        (b'{"ven_name": 5, "client_name": "x"}', ["body", "ven_name"], "value_error"),
        (b'{"ven_name": "", "client_name": "x"}', ["body", "ven_name"], "value_error"),
        (b"\xff", ["body"], "json_invalid"),
    ],
)
def test_a_body_that_is_not_right_is_answered_as_fastapi_does(
    desk: Desk, body: bytes, loc: list[str], kind: str
) -> None:
    headers = {"Authorization": f"Bearer {desk.token}"}
    answer = desk.session.post(f"{desk.base_url}/vens", data=body, headers=headers, timeout=20)
    assert answer.status_code == 422
    (said,) = answer.json()["detail"]
    assert (said["loc"], said["type"]) == (loc, kind)


def test_a_wrong_value_deep_within_is_named_with_its_place(desk: Desk) -> None:
    intervals = [{"id": 0, "payloads": [{"values": [1]}]}]
    answer = desk.call("POST", "/reports", reading("x", intervals=intervals, start="yesterday"))
    assert [(each["loc"], each["type"]) for each in answer.json()["detail"]] == [
        (["body", "intervals", 0, "payloads", 0, "type"], "missing"),
    ]
    answer = desk.call("POST", "/reports", reading("x", start="yesterday"))
    assert [each["loc"] for each in answer.json()["detail"]] == [["body", "start"]]


def test_a_ven_announces_a_report_with_its_own_token(vtn: InProcessVtn, desk: Desk) -> None:
    ven, other = desk.ven(), desk.ven("Aalborg")
    body = {
        "report_name": "daily", "program_id": "p", "ven_id": ven["id"], "report_type": "usage",
        "reading_type": "power", "interval_period": "PT15M",
    }  # fmt: skip
    assert desk.call("POST", "/reports", body, ven["auth_token"]).status_code == 201
    assert desk.call("POST", "/reports", body, other["auth_token"]).status_code == 403
    (kept,) = EnergydeskDesk(vtn).reports()
    assert kept["interval_period"] == "PT15M"


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


def test_the_oldest_readings_make_room_for_new_ones() -> None:
    from ven_actors.vtn.energydesk.book import Book
    from ven_actors.vtn.store.database import open_database

    connection = open_database(None)
    book = Book(connection, Plan(), keep_bytes=1)
    for number in range(3000):
        book.add_report("client", b'{"n":%d}' % number)
    kept = [body for _, body in book.reports(0, 10_000)]
    connection.close()
    assert len(kept) < 2048
    assert kept[-1] == b'{"n":2999}'
