"""Polling an energydesk server: approval, programs, events and the answers to them, and posting a reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from energydesk_server import NAME, T0, Vtn, reading, resource
from traffic_house import LaneRecorder

from ven_actors.delivery.reading_body import render_reading
from ven_actors.errors import VtnRefused
from ven_actors.model import Block, Layout
from ven_actors.openadr.lanes import Lane
from ven_actors.testing.energydesk import Status


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
    assert json.loads(crawl.programs[0].said)["program_type"] is None
    assert crawl.enrolment is not None
    assert list(crawl.enrolment.programs) == [program_id]
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


def test_answers_to_events_and_registrations_go_before_polls(server: Callable[..., Vtn]) -> None:
    vtn, traffic = server(), LaneRecorder()
    vtn.vtn.create_event(**dr_event(vtn))
    client = vtn.client(traffic=traffic)
    vtn.enrol(client, resource())
    client.crawl()
    vtn.vtn.create_event(**dr_event(vtn, "2026-01-16T11:00:00Z"))
    traffic.lanes.clear()
    client.crawl()
    assert traffic.lanes.count(Lane.ANSWER) == 1
    assert set(traffic.lanes) == {Lane.POLL, Lane.ANSWER}
    vtn.vtn.create_program(programName="Another")
    traffic.lanes.clear()
    client.crawl()
    assert traffic.lanes.count(Lane.REGISTRATION) == 1


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


def test_a_ven_whose_own_token_is_not_known_any_more_says_so_and_blames_no_credentials(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    client = vtn.client()
    vtn.enrol(client)
    vtn.refuse("GET", "/events", 401)
    with pytest.raises(VtnRefused, match="own token") as said:
        client.crawl()
    assert said.value.status == 401


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
