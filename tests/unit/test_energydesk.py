"""The energydesk dialect: what it sends to the letter, and what it does with each answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ven_actors.delivery.reading_body import render_reading
from ven_actors.errors import CredentialsRefused, VtnNonsense, VtnRefused
from ven_actors.model import (
    Block,
    Credentials,
    Enrolment,
    EventInterval,
    Layout,
    RegistrationStatus,
    ReportDescriptor,
    Resource,
    SealedReport,
    Secret,
)
from ven_actors.openadr.asking import standing_order
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.dialect import Traces
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.durations import NOW
from ven_actors.openadr.energydesk import Energydesk
from ven_actors.openadr.report_schedule import next_window
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.energydesk import EnergydeskDesk, Plan, Status
from ven_actors.testing.vtn import BL, Client, Fault, InProcessVtn, Role

GOLDEN = Path(__file__).parents[1] / "golden" / "energydesk"
HERNING = Client("Herning", "Herning-secret", Role.VEN)
T0 = 1_768_557_600  # 2026-01-16T10:00:00Z
NAME = "Murphy's Pub"


def resource(number: int = 0, name: str = NAME) -> Resource:
    local_id = "5249eada-69af-432d-99a5-98f9c89f9aa6" if not number else f"local-{number}"
    return Resource(
        local_id, "Herning", name if not number else f"{name} {number}", "restaurant", "571313174110000001",
        "Bredgade 1, Herning", RegistrationStatus.APPROVED, (),
    )  # fmt: skip


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text())


# --- to the letter


def test_requests_are_what_the_server_knows() -> None:
    dialect = Energydesk()
    assert dialect.ven_request("Herning") == golden("ven_request.json")
    assert dialect.resource_request(resource()) == golden("resource_request.json")
    assert dialect.response_request("event-1", "optIn") == golden("response_request.json")


def reading(component: int, rows: tuple[int, ...] | None = (1,)) -> SealedReport:
    return SealedReport(
        1, "n", "Herning", "", "", ReportDescriptor("DEMAND"), (EventInterval(0, T0, T0 + 15),), rows, False, False,
        component,
    )  # fmt: skip


def test_a_reading_has_every_field_and_kilowatts() -> None:
    layout = Layout(("other", NAME), ("load_0", "load_3"))
    block = Block(T0, 15, np.array([[1, 2], [3, 1234]], dtype=np.int32))
    told = golden("reading.json")
    enrolment = Enrolment(
        told["ven_id"], {NAME: told["resource_id"]}, enrolled={"program-1": (NAME,), "program-2": ("other",)}
    )
    assert json.loads(render_reading(reading(1), layout, [block], enrolment)) == told


def test_a_sum_names_no_component_and_what_is_not_known_is_left_out() -> None:
    layout = Layout((NAME,), ("",))
    block = Block(T0, 15, np.array([[5000]], dtype=np.int32))
    enrolment = Enrolment("ven-uuid-12345", {NAME: ""}, enrolled={"a": (NAME,), "b": (NAME,)})
    sent = json.loads(render_reading(reading(0, (0,)), layout, [block], enrolment))
    assert sent == golden("reading_minimal.json")


def test_what_is_no_single_reading_is_a_fault_of_ours() -> None:
    layout = Layout((NAME,), ("load_0",))
    with pytest.raises(ValueError, match="no single reading"):
        render_reading(reading(0), layout, [], Enrolment("v"))


def test_an_event_is_simple_1_over_its_window() -> None:
    event, number = Energydesk().parse_event((GOLDEN / "event_active.json").read_bytes())
    assert event is not None
    assert (event.event_id, event.program_id, event.name, number) == ("event-1", "program-1", "evening", 3)
    (interval,) = event.intervals or ()
    assert [(payload.type, payload.values) for payload in interval.payloads] == [("SIMPLE", (1,))]
    assert event.period is not None
    assert event.period.start_s == T0 + 7 * 3600
    assert event.period.duration is not None
    assert event.period.duration.seconds == 5400
    assert not event.naive_times


@pytest.mark.parametrize("status", ["cancelled", "CANCELLED", "completed"])
def test_an_event_that_is_over_is_no_event(status: str) -> None:
    body = json.dumps({"id": "e", "status": status, "modification_number": 4})
    assert Energydesk().parse_event(body.encode()) == (None, 4)


def test_windows_without_a_start_or_an_end_or_a_zone() -> None:
    def period(**said: Any) -> Any:
        event, _ = Energydesk().parse_event(json.dumps({"id": "e", **said}).encode())
        assert event is not None
        assert event.period is not None
        assert event.period.duration is not None
        return event.period.start_s, event.period.duration.seconds, event.naive_times

    assert period() == (NOW, float("inf"), False)
    assert period(start_date="2026-01-16T10:00:00") == (T0, float("inf"), True)
    assert period(end_date="2026-01-16T10:00:00Z") == (0.0, T0, False)
    assert period(start_date="2026-01-16T10:00:00Z", end_date="2026-01-16T09:00:00Z") == (T0, 0, False)
    with pytest.raises(VtnNonsense, match="event 'e'"):
        period(start_date="soon")


def test_the_standing_order_is_one_window_per_metering_interval() -> None:
    (request,) = standing_order(["a", "b"], ["a", "b"], 7)
    assert (request.resource_names, request.by_reading) == (None, True)
    window = next_window(request, T0)
    assert window is not None
    assert (window.end_s - window.start_s, window.start_s % 7) == (7, 0)
    assert window.start_s <= T0 < window.end_s
    (request,) = standing_order(["b", "x"], ["a", "b"], 15)
    assert request.resource_names == ("b",)
    assert standing_order([], ["a"], 15) == ()


def test_it_is_in_the_registry_and_known_by_its_programs() -> None:
    assert isinstance(DIALECTS["energydesk"], Energydesk)

    def shows(program: dict[str, Any] | None) -> bool:
        return Energydesk().recognises(Traces(names_token_url=False, program=program, resources_status=405))

    assert not shows(None)
    assert not shows({"programName": "x"})
    assert shows({"program_name": "x"})


# --- with a server


class Vtn:
    """An in-process server and one VEN's client to it."""

    def __init__(self, plan: Plan) -> None:
        self.clock = ManualClock(wall_s=float(T0))
        self.vtn = InProcessVtn([HERNING, BL], now_s=self.clock.wall, energydesk_plan=plan)
        self.desk = EnergydeskDesk(self.vtn)
        self.adapter = SharedAdapter()
        self.clients: list[VtnClient] = []

    def client(self, *, opted_out: bool = False) -> VtnClient:
        client = VtnClient(
            self.desk.base_url, "Herning", Credentials(HERNING.name, Secret(HERNING.secret)), dialect=Energydesk(),
            adapter=self.adapter, monotonic=self.clock.monotonic, opted_out=opted_out,
        )  # fmt: skip
        self.clients.append(client)
        return client

    def enrol(self, client: VtnClient, *resources: Resource, known: Enrolment | None = None) -> Enrolment:
        """As a VEN does: again until it is complete."""
        enrolment = client.enrol("Herning", resources, known)
        return enrolment if enrolment.complete else client.enrol("Herning", resources, enrolment)

    def posts(self, path: str) -> int:
        return sum(sent.method == "POST" and sent.path.endswith(path) for sent in self.vtn.requests)

    def refuse(self, method: str, path: str, status: int, body: bytes = b"{}") -> None:
        def choose(asked: str, where: str, _body: bytes) -> Fault | None:
            return (
                Fault(act=False, status=status, body=body) if (asked, where) == (method, f"/energydesk{path}") else None
            )

        self.vtn.fault = choose


@pytest.fixture
def server() -> Iterator[Callable[..., Vtn]]:
    started: list[Vtn] = []

    def start(**plan: Any) -> Vtn:
        made = Vtn(Plan(**plan))
        made.vtn.__enter__()
        started.append(made)
        return made

    yield start
    for made in started:
        for client in made.clients:
            client.close()
        made.adapter.close()
        made.vtn.close()


def test_the_ven_is_registered_alone_first_so_that_its_token_can_be_kept(server: Callable[..., Vtn]) -> None:
    vtn = server()
    client = vtn.client()
    first = client.enrol("Herning", [resource()], None)
    assert (first.complete, first.resource_ids) == (False, {})
    assert first.auth_token is not None
    assert first.auth_token.reveal() not in repr(first)
    assert first.dialect == "energydesk"
    whole = client.enrol("Herning", [resource()], first)
    assert whole.complete
    assert set(whole.resource_ids) == {NAME}
    tokens = [sent for sent in vtn.vtn.requests if sent.path.endswith("/auth/token")]
    assert tokens[0].headers["authorization"].startswith("Basic ")
    assert b"secret" not in tokens[0].body


def test_a_second_start_registers_nothing(server: Callable[..., Vtn]) -> None:
    vtn = server()
    known = vtn.enrol(vtn.client(), resource())
    vtn.vtn.requests.clear()
    again = vtn.client()
    assert again.enrol("Herning", [resource()], known) == known
    assert not [sent for sent in vtn.vtn.requests if sent.method == "POST" and "token" not in sent.path]


def test_a_ven_whose_state_is_gone_is_adopted_with_its_token(server: Callable[..., Vtn]) -> None:
    vtn = server()
    known = vtn.enrol(vtn.client(), resource())
    again = vtn.enrol(vtn.client(), resource())
    assert (again.ven_id, again.auth_token, again.resource_ids) == (known.ven_id, known.auth_token, known.resource_ids)
    assert len(vtn.vtn.vens()) == len(vtn.vtn.resources()) == 1


@pytest.mark.parametrize("answer", [(404, b""), (200, b'[{"id": "x", "ven_name": "Herning"}]'), (200, b"[]")])
def test_a_ven_that_cannot_be_adopted_fails_loudly_and_never_reports(
    server: Callable[..., Vtn], answer: tuple[int, bytes]
) -> None:
    vtn = server()
    vtn.enrol(vtn.client(), resource())
    vtn.refuse("GET", "/vens", *answer)
    client = vtn.client()
    with pytest.raises(CredentialsRefused, match="does not tell its auth_token"):
        client.enrol("Herning", [resource()], None)
    assert client.enrolment is None
    with pytest.raises(VtnNonsense, match="not registered"):
        client.crawl()


@pytest.mark.parametrize("status", [409, 500])
def test_edge_case_25_a_server_that_says_existing_or_409_is_no_obstacle_and_422_is_never_retried(
    server: Callable[..., Vtn], status: int
) -> None:
    vtn = server(existing_status=status)
    program_id = vtn.vtn.create_program(programName="Flex")["id"]
    first = vtn.client()
    known = vtn.enrol(first, resource())
    first.crawl()
    again = vtn.client()
    bare = Enrolment(known.ven_id, {}, auth_token=known.auth_token)
    enrolment = vtn.enrol(again, resource(), known=bare)
    assert enrolment.resource_ids == known.resource_ids
    crawl = again.crawl()
    assert crawl.enrolment is not None
    assert crawl.enrolment.enrolled == {program_id: (NAME,)}
    assert vtn.posts(f"/programs/{program_id}/resources") == 2
    said = b'{"detail":[{"loc":["body","ven_name"],"msg":"no","type":"value_error"}]}'
    vtn.refuse("POST", "/resources", 422, said)
    before = vtn.posts("/resources")
    for _ in range(3):
        enrolment = again.enrol("Herning", [resource(), resource(2)], enrolment)
    assert vtn.posts("/resources") == before + 1
    assert f"{NAME} 2" not in enrolment.resource_ids
    assert any("422" in problem for problem in again.crawl().problems)


def test_a_ven_that_is_refused_with_422_is_not_registered_again(server: Callable[..., Vtn]) -> None:
    vtn = server()
    vtn.refuse("POST", "/vens", 422, b'{"detail": "no"}')
    client = vtn.client()
    for _ in range(3):
        with pytest.raises(VtnRefused, match="422"):
            client.enrol("Herning", [resource()], None)
    assert vtn.posts("/vens") == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b'{"detail": "boom"}', VtnRefused),
        (201, b'{"id": "x"}', VtnNonsense),
        (201, b'{"id": 5, "auth_token": "hush"}', VtnNonsense),
        (202, b'{"id": "x", "auth_token": "hush"}', VtnNonsense),
        (201, b"<html>", VtnNonsense),
    ],
)
def test_any_other_500_and_an_answer_without_a_token_is_trouble_that_is_tried_again(
    server: Callable[..., Vtn], status: int, body: bytes, error: type[Exception]
) -> None:
    vtn = server()
    vtn.refuse("POST", "/vens", status, body)
    client = vtn.client()
    for _ in range(2):
        with pytest.raises(error) as said:
            client.enrol("Herning", [resource()], None)
        assert "hush" not in str(said.value)
    assert vtn.posts("/vens") == 2
    vtn.vtn.fault = None
    assert not client.enrol("Herning", [resource()], None).complete


def test_a_resource_that_fails_with_another_500_is_tried_again_and_what_went_before_is_kept(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    client = vtn.client()
    known = vtn.enrol(client, resource())
    vtn.refuse("POST", "/resources", 500, b'{"detail": "database is down"}')
    with pytest.raises(VtnRefused, match="database"):
        client.enrol("Herning", [resource(), resource(2)], known)
    vtn.vtn.fault = None
    assert len(client.enrol("Herning", [resource(), resource(2)], known).resource_ids) == 2
    assert len(vtn.vtn.resources()) == 2


def test_a_resource_that_is_there_and_cannot_be_looked_up_goes_on_without_its_id(server: Callable[..., Vtn]) -> None:
    vtn = server(existing_status=500)
    known = vtn.enrol(vtn.client(), resource())
    vtn.refuse("GET", "/resources", 404)
    client = vtn.client()
    vtn.vtn.create_program(programName="Flex")
    enrolment = vtn.enrol(client, resource(), known=Enrolment(known.ven_id, {}, auth_token=known.auth_token))
    assert enrolment.resource_ids == {NAME: ""}
    crawl = client.crawl()
    assert crawl.reported == (NAME,)
    assert crawl.enrolment is not None
    assert crawl.enrolment.enrolled == {}


def test_approval_is_followed_and_only_approved_resources_are_reported_and_enrolled(
    server: Callable[..., Vtn],
) -> None:
    vtn = server(pending_s=60)
    program_id = vtn.vtn.create_program(programName="Flex")["id"]
    client = vtn.client()
    vtn.enrol(client, resource(), resource(2))
    crawl = client.crawl()
    assert crawl.reported == ()
    assert crawl.enrolment is not None
    assert set(crawl.enrolment.statuses.values()) == {"PENDING"}
    assert vtn.desk.enrolments() == []
    vtn.clock.advance(60)
    assert client.crawl().reported == (NAME, f"{NAME} 2")
    assert len(vtn.desk.enrolments()) == 2
    vtn.desk.set_status(Status.SUSPENDED, NAME)
    assert client.crawl().reported == (f"{NAME} 2",)
    vtn.desk.set_status(Status.APPROVED, NAME)
    crawl = client.crawl()
    assert crawl.reported == (NAME, f"{NAME} 2")
    assert crawl.enrolment is not None
    assert {key: set(names) for key, names in crawl.enrolment.enrolled.items()} == {program_id: {NAME, f"{NAME} 2"}}
    assert vtn.posts(f"/programs/{program_id}/resources") == 2


def test_where_the_server_shows_no_resources_those_it_registered_count_as_approved(
    server: Callable[..., Vtn],
) -> None:
    vtn = server(pending_s=60)
    vtn.refuse("GET", "/resources", 405)
    client = vtn.client()
    vtn.enrol(client, resource())
    assert client.crawl().reported == (NAME,)
    client.crawl()
    assert sum(sent.method == "GET" and sent.path.endswith("/resources") for sent in vtn.vtn.requests) == 1
    vtn.refuse("GET", "/resources", 503)
    again = vtn.client()
    vtn.enrol(again, resource(2))
    with pytest.raises(VtnRefused):
        again.crawl()


def test_programs_are_kept_as_the_server_tells_them(server: Callable[..., Vtn]) -> None:
    vtn = server()
    program_id = vtn.vtn.create_program(programName="Flex")["id"]
    client = vtn.client()
    vtn.enrol(client)
    crawl = client.crawl()
    assert [(program.program_id, program.name) for program in crawl.programs] == [(program_id, "Flex")]
    assert crawl.enrolment is not None
    assert json.loads(crawl.enrolment.programs[program_id])["program_type"] is None
    vtn.refuse("GET", "/programs", 200, b'[{"program_name": "x"}, {"id": "p", "program_id": "name"}]')
    crawl = client.crawl()
    assert [(program.program_id, program.name) for program in crawl.programs] == [("p", "name")]
    assert "without an id" in crawl.problems[0]


def test_a_program_that_refuses_a_resource_is_asked_again_unless_by_422(server: Callable[..., Vtn]) -> None:
    vtn = server()
    program_id = vtn.vtn.create_program(programName="Flex")["id"]
    client = vtn.client()
    vtn.enrol(client, resource())
    path = f"/programs/{program_id}/resources"
    vtn.refuse("POST", path, 500)
    client.crawl()
    client.crawl()
    assert vtn.posts(path) == 2
    vtn.refuse("POST", path, 422)
    client.crawl()
    client.crawl()
    assert vtn.posts(path) == 3
    assert vtn.desk.enrolments() == []


def dr_event(vtn: Vtn, start: str = "2026-01-16T10:00:00Z", **more: Any) -> dict[str, Any]:
    programs = vtn.vtn.programs()
    program_id = (programs[0] if programs else vtn.vtn.create_program(programName="Flex"))["id"]
    period = {"start": start, "duration": "PT1H"}
    intervals = [{"id": 0, "intervalPeriod": period, "payloads": [{"type": "SIMPLE", "values": [1]}]}]
    return {"programID": program_id, "intervals": intervals, **more}


def test_each_modification_of_an_event_is_answered_once(server: Callable[..., Vtn]) -> None:
    vtn = server()
    event_id = vtn.vtn.create_event(**dr_event(vtn))["id"]
    client = vtn.client()
    vtn.enrol(client, resource())
    first = client.crawl()
    assert [event.event_id for event in first.events] == [event_id]
    client.crawl()
    assert [response for _, _, response in vtn.desk.responses()] == ["optIn"]
    vtn.clock.advance(1)
    vtn.vtn.replace_event(event_id, **dr_event(vtn, "2026-01-16T11:00:00Z"))
    changed = client.crawl()
    client.crawl()
    assert len(vtn.desk.responses()) == 2
    assert changed.enrolment is not None
    assert changed.enrolment.answered == {event_id: 1000}
    again = vtn.client()
    vtn.enrol(again, resource(), known=changed.enrolment)
    again.crawl()
    assert len(vtn.desk.responses()) == 2


def test_r37_a_ven_that_opted_out_answers_so(server: Callable[..., Vtn]) -> None:
    vtn = server()
    vtn.vtn.create_event(**dr_event(vtn))
    client = vtn.client(opted_out=True)
    vtn.enrol(client, resource())
    client.crawl()
    assert [response for _, _, response in vtn.desk.responses()] == ["optOut"]


def test_a_ven_with_nothing_approved_does_not_participate(server: Callable[..., Vtn]) -> None:
    vtn = server(becomes=Status.SUSPENDED)
    vtn.vtn.create_event(**dr_event(vtn))
    client = vtn.client()
    vtn.enrol(client, resource())
    client.crawl()
    assert [response for _, _, response in vtn.desk.responses()] == ["notParticipating"]


def test_a_response_that_fails_is_given_again_unless_by_422(server: Callable[..., Vtn]) -> None:
    vtn = server()
    event_id = vtn.vtn.create_event(**dr_event(vtn))["id"]
    path = f"/events/{event_id}/responses"
    client = vtn.client()
    vtn.enrol(client, resource())
    vtn.refuse("POST", path, 503)
    client.crawl()
    client.crawl()
    assert vtn.posts(path) == 2
    vtn.refuse("POST", path, 422)
    client.crawl()
    client.crawl()
    assert vtn.posts(path) == 3


def test_an_event_that_cannot_be_read_is_not_taken_for_gone(server: Callable[..., Vtn]) -> None:
    vtn = server()
    client = vtn.client()
    vtn.enrol(client)
    vtn.refuse("GET", "/events", 200, b'[{"id": "e1", "start_date": "soon"}]')
    crawl = client.crawl()
    assert (crawl.unreadable_ids, crawl.complete) == (frozenset({"e1"}), True)
    vtn.refuse("GET", "/events", 200, b'[{"start_date": "soon"}]')
    assert not client.crawl().complete
    vtn.refuse("GET", "/events", 500)
    with pytest.raises(VtnRefused):
        client.crawl()


def test_a_ven_whose_own_token_is_not_known_any_more_says_so(server: Callable[..., Vtn]) -> None:
    vtn = server()
    client = vtn.client()
    vtn.enrol(client)
    vtn.refuse("GET", "/events", 401)
    with pytest.raises(CredentialsRefused, match="own token"):
        client.crawl()


def test_a_reading_is_posted_with_the_clients_token_and_can_never_be_looked_up(server: Callable[..., Vtn]) -> None:
    vtn = server()
    client = vtn.client()
    enrolment = vtn.enrol(client, resource())
    layout = Layout((NAME,), ("load_0",))
    block = Block(T0, 15, np.array([[1500]], dtype=np.int32))
    answer = client.post_report(render_reading(reading(0, (0,)), layout, [block], enrolment))
    assert answer.status in client.report_success
    assert vtn.desk.reports()[0]["intervals"][0]["payloads"][0]["values"] == [1.5]
    found = client.find_report("", "n", 0)
    assert (found.report, found.settled) == (None, False)
    assert client.event_exists("")
