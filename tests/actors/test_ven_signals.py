"""The VEN by hand: which signals it hands to its simulation, and what a lost VTN and a restart make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from structlog.testing import capture_logs

from ven_actors.messages import EventsRead
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.events import Crawl, Event, Interval, Payload, Period, Program

House = Any
T0 = 1_767_225_600
PROGRAMS = (Program("p1", "P"),)


def control(*payloads: tuple[str, Any], length_s: float = 3600.0, start_s: float = T0, **parts: Any) -> Event:
    said = tuple(Payload(kind, (value,)) for kind, value in payloads)
    return Event(
        "e1", "p1", period=Period(start_s, Duration(0, length_s)), intervals=(Interval(0, None, said),), **parts
    )


def told(house: House, *events: Event, programs: tuple[Program, ...] = PROGRAMS) -> None:
    house.vtn.crawl_result = Crawl(programs, events)


def levels(house: House) -> list[list[tuple[str, Any]]]:
    """What held in each interval that was closed since the last look, whatever part of it."""
    found = [sorted({(signal.payload_type, signal.values[0]) for phase in phases for signal in phase.signals})
             for phases in house.simulation.phases]  # fmt: skip
    house.simulation.phases.clear()
    return found


def test_r12_an_event_is_obeyed_from_the_poll_that_reads_it(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 10)
    told(house, control(("SIMPLE", 2)))
    house.tick(T0 + 11, "polling")
    house.tick(T0 + 20)
    assert levels(house) == [[], [("SIMPLE", 2)]]


def test_r12_a_changed_event_is_obeyed_as_it_is_and_a_cancelled_one_no_more(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    for step, events in enumerate(([control(("SIMPLE", 1))], [control(("SIMPLE", 3))], [], [])):
        told(house, *events)
        house.tick(T0 + 10 * step, "polling")
    assert levels(house) == [[("SIMPLE", 1)], [("SIMPLE", 3)], []]


def test_r12_an_event_of_a_program_that_it_cannot_read_changes_nothing(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    told(house, control(("SIMPLE", 2)), programs=(Program("p2", "other"),))
    house.tick(T0, "polling")
    house.tick(T0 + 10)
    assert levels(house) == [[]]


def test_r15_an_event_for_some_resources_is_handed_on_for_those(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    told(house, control(("SIMPLE", 2), targets=("pub",)))
    house.tick(T0, "polling")
    house.tick(T0 + 10)
    ((phase,),) = house.simulation.phases
    assert [signal.resource_names for signal in phase.signals] == [("pub",)]


def test_r42_without_a_vtn_the_known_schedule_runs_to_its_end(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    subscribed = control(("IMPORT_CAPACITY_SUBSCRIPTION", 9), length_s=7200.0)
    limited = control(("IMPORT_CAPACITY_LIMIT", 4), length_s=30.0, start_s=T0 + 10)
    told(house, subscribed, Event("e2", "p1", period=limited.period, intervals=limited.intervals))
    house.tick(T0, "polling")
    house.vtn.lose()
    for step in range(1, 6):
        house.tick(T0 + 10 * step, "polling")
        house.commit(T0 + 10 * step)
    both = [("IMPORT_CAPACITY_LIMIT", 4), ("IMPORT_CAPACITY_SUBSCRIPTION", 9)]
    assert levels(house) == [both[1:], both, both, both, both[1:]]


def test_r42_a_ven_that_begins_again_obeys_what_it_knew_but_limits_only_when_it_has_asked(
    ven: Callable[..., House],
) -> None:
    before = ven(closed_until_s=T0)
    told(before, control(("SIMPLE", 2), ("IMPORT_CAPACITY_LIMIT", 4)))
    before.tick(T0, "polling")
    book = before.reporter.of(EventsRead)[-1].event_book
    house = ven(closed_until_s=T0 + 10, event_book=book)
    house.vtn.lose()
    house.tick(T0 + 20, "polling")
    house.vtn.find()
    told(house, control(("SIMPLE", 2), ("IMPORT_CAPACITY_LIMIT", 4)))
    house.tick_later("polling")
    house.tick(T0 + 40)
    assert levels(house)[0] == [("SIMPLE", 2)]
    house.tick(T0 + 50)
    assert levels(house)[-1] == [("IMPORT_CAPACITY_LIMIT", 4), ("SIMPLE", 2)]


def test_r28_times_without_a_zone_are_said_once(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    told(house, control(("SIMPLE", 2), naive_times=True))
    with capture_logs() as logs:
        house.tick_later("polling")
        house.tick_later("polling")
    assert [entry["notice"] for entry in logs if entry["event"] == "vtn_notice"] == [
        "event 'e1' has times without a zone; they are taken as UTC"
    ]
