"""Instants at the ends of the calendar: refused where UTC cannot say them, and read in every version where it can."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from vtn_energydesk_desk import Desk

from ven_actors.testing.vtn import BL, VEN, InProcessVtn


@pytest.fixture
def vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn() as running:
        yield running


@pytest.fixture(params=["Caller", "Caller301"])
def callers(request: pytest.FixtureRequest, vtn: InProcessVtn, vtn_calls: ModuleType) -> Iterator[list[Any]]:
    """Business logic and a VEN, of one version."""
    made = [getattr(vtn_calls, request.param)(vtn, client) for client in (BL, VEN)]
    yield made
    for caller in made:
        caller.close()


@pytest.mark.parametrize("start", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:60Z", "0001-01-01T00:00:01+00:01"])
def test_a_start_that_utc_cannot_say_is_refused_in_every_object(
    vtn: InProcessVtn, callers: list[Any], start: str
) -> None:
    operator, ven = callers
    program_id = vtn.create_program(programName="p")["id"]
    event_id = vtn.create_event(programID=program_id)["id"]
    period = {"start": start}
    slots = [{"id": 0, "payloads": [], "intervalPeriod": period}]
    event: dict[str, Any] = {"programID": program_id, "intervals": []}
    whole = {"resourceName": "r", "intervals": [], "intervalPeriod": period}
    report = {"programID": program_id, "eventID": event_id, "clientName": "c"}
    for answer in (
        operator.post("/programs", {"programName": "late", "intervalPeriod": period}),
        operator.post("/events", event | {"intervalPeriod": period}),
        operator.post("/events", event | {"intervals": slots}),
        operator.put(f"/events/{event_id}", event | {"intervalPeriod": period}),
        ven.post("/reports", report | {"resources": [{"resourceName": "r", "intervals": slots}]}),
        ven.post("/reports", report | {"resources": [whole]}),
    ):
        assert answer.status_code == 400
        assert f"start {start!r} is beyond the years 1 to 9999 of UTC" in answer.json()["detail"]
        assert "intervalPeriod" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("start", "duration"),
    [
        ("9999-11-30T23:59:59Z", "P31DT0.999999S"),
        ("9999-12-31T23:59:59.9Z", "P9999Y"),
        ("0001-01-01T00:00:01Z", "-PT1S"),
        ("0001-01-01T00:00:00.5Z", "-P1Y"),
    ],
)
def test_what_lies_at_an_end_of_the_calendar_is_read_in_every_version(
    vtn: InProcessVtn, callers: list[Any], start: str, duration: str
) -> None:
    program_id = vtn.create_program(programName="p", intervalPeriod={"start": start, "duration": duration})["id"]
    slot = {"payloads": [{"type": "SIMPLE", "values": [1]}], "intervalPeriod": {"duration": duration}}
    slots = [slot | {"id": number} for number in range(3)]
    made = vtn.create_event(programID=program_id, intervalPeriod={"start": start}, intervals=slots)
    desk = Desk(vtn)
    (told,) = desk.call("GET", "/events", token=desk.ven()["auth_token"]).json()
    desk.session.close()
    assert told["start_date"][:19] == start[:19]
    for path in ("/programs", "/events", f"/events/{made['id']}"):
        assert callers[0].get(path).status_code == 200
