"""The energydesk dialect to the letter: what it sends, and what it makes of events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from energydesk_server import NAME, T0, reading, resource

from ven_actors.delivery.reading_body import render_reading
from ven_actors.errors import VtnNonsense
from ven_actors.model import Block, Enrolment, Layout
from ven_actors.openadr.asking import standing_order
from ven_actors.openadr.dialect import Traces
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.durations import NOW
from ven_actors.openadr.energydesk import Energydesk
from ven_actors.openadr.report_schedule import next_window

GOLDEN = Path(__file__).parents[2] / "golden" / "energydesk"


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text())


def test_requests_are_what_the_server_knows() -> None:
    dialect = Energydesk()
    assert dialect.ven_request("Herning") == golden("ven_request.json")
    assert dialect.resource_request(resource()) == golden("resource_request.json")
    assert dialect.response_request("event-1", "optIn") == golden("response_request.json")


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
