"""The VEN by hand: which signals it hands to its simulation, and what a lost VTN and a restart make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from structlog.testing import capture_logs

from ven_actors.actors.notices import ObjectionsTold
from ven_actors.actors.objections import objections_to
from ven_actors.messages import EventsRead
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.event_book import Entry, EventBook
from ven_actors.openadr.events import Crawl, Event, Interval, Payload, Period, Program
from ven_actors.openadr.shown_events import ShownEvents

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


# --- what is not obeyed as it is said


def notices(logs: Any) -> list[tuple[str, str]]:
    return [(entry["log_level"], entry["notice"]) for entry in logs if entry["event"] == "vtn_notice"]


def test_r16_what_is_not_obeyed_as_it_is_said_is_said_once_for_each_event(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    told(house, control(("SIMPLE", 7), ("PRICE", 0.3), ("ALERT_FLEX_ALERT", "x"), name="dr"))
    with capture_logs() as logs:
        house.tick_later("polling")
        house.tick_later("polling")
    assert notices(logs) == [
        ("warning", "event 'dr' (e1): SIMPLE [7] is taken as 3: the levels are 0 to 3"),
        ("info", "event 'dr' (e1): PRICE [0.3] has no effect on this fleet"),
    ]
    told(house, control(("SIMPLE", 3), name="dr"))
    with capture_logs() as logs:
        house.tick_later("polling")
    assert notices(logs) == []
    told(house, control(("SIMPLE", 7), name="dr"))
    with capture_logs() as logs:
        house.tick_later("polling")
    assert len(notices(logs)) == 1, "what was put right in between is said again"


def test_r16_of_many_values_for_the_same_reason_one_is_named(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    intervals = tuple(Interval(n, None, (Payload("PRICE", (n,)),)) for n in range(24))
    told(house, Event("e1", "p1", period=Period(T0, Duration(0, 60.0)), intervals=intervals))
    with capture_logs() as logs:
        house.tick_later("polling")
    assert notices(logs) == [("info", "event e1: PRICE [0] (and 23 other values) has no effect on this fleet")]


def test_r16_a_restart_says_again_what_is_not_obeyed_though_the_event_is_not_new(ven: Callable[..., House]) -> None:
    before = ven(closed_until_s=T0)
    told(before, control(("SIMPLE", 7)))
    before.tick(T0, "polling")
    book = before.reporter.of(EventsRead)[-1].event_book
    with capture_logs() as logs:
        ven(closed_until_s=T0 + 10, event_book=book)
    assert [level for level, _ in notices(logs)] == ["warning"]


def test_r16_many_vens_say_it_once_together_and_again_when_all_had_forgotten_it() -> None:
    objected = ObjectionsTold()
    texts = {"event e1: SIMPLE [7] is taken as 3": True, "event e1: PRICE [1] has no effect": False}
    with capture_logs() as logs:
        for name in ("Herning", "Aalborg"):
            objected(name, {}, texts)
        objected("Herning", texts, {})
        objected("Herning", {}, texts)
    assert len(notices(logs)) == 2
    with capture_logs() as logs:
        for name in ("Herning", "Aalborg"):
            objected(name, texts, {})
        objected("Herning", {}, texts)
    assert len(notices(logs)) == 2
    assert objected.warnings() == ["event e1: SIMPLE [7] is taken as 3"]


def test_of_very_many_payloads_without_effect_the_first_are_said_and_the_rest_counted() -> None:
    with capture_logs() as logs:
        ObjectionsTold()("Herning", {}, {f"event e{n}": False for n in range(1509)})
    assert len(notices(logs)) == 21
    assert notices(logs)[-1][1] == "1489 more events have payloads without effect on this fleet"


def test_what_is_said_of_an_event_is_made_once_for_all_vens_to_which_it_means_the_same() -> None:
    entry = Entry(control(("SIMPLE", 7)), T0, T0)
    plans = [EventBook({"e1": entry}).signal_plan(name, ("pub",)) for name in ("Herning", "Aalborg")]
    shown = [ShownEvents(plan).at(T0)[0] for plan in plans]
    assert shown[0][0] is shown[1][0]
    said = [[objections_to(contender) for contender in plan.contenders] for plan in plans]
    assert said[0][0] is said[1][0]


def test_the_summary_names_the_first_payloads_that_were_not_obeyed_and_counts_the_rest() -> None:
    objected = ObjectionsTold()
    objected("Herning", {}, {f"event e{n}": True for n in range(13)})
    assert len(objected.warnings()) == 11
    assert objected.warnings()[-1] == "3 more things that events ask for were not done as asked"


def test_what_changes_among_events_is_logged_by_name(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    told(house, control(("SIMPLE", 1), name="dr"), *(Event(f"f{n}", "p1") for n in range(6)))
    with capture_logs() as logs:
        house.tick_later("polling")
        told(house, control(("SIMPLE", 2), name="dr"))
        house.tick_later("polling")
    first, second = (entry for entry in logs if entry["event"] == "events_changed")
    assert first["new_events"] == "dr, f0, f1, f2, f3, 2 more"
    assert (second["changed_events"], second["gone"]) == ("dr", 6)


# --- what its status says of events


def test_the_status_names_the_events_and_the_power_without_them(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    told(house, control(("SIMPLE", 2), name="dr", length_s=30.0))
    house.simulation.unaffected_w = 1000
    house.tick(T0 + 10, "polling")
    house.tick(T0 + 20)
    (shown,) = house.status.shown_events
    assert (shown.name, shown.state, shown.says[0].values) == ("dr", "in force", (2,))
    assert house.status.power_w == int(house.power(T0 + 10).sum())
    assert house.status.unaffected_w == 4000
    house.tick(T0 + 30)
    assert house.status.shown_events == ()


def test_the_status_says_what_of_an_event_is_not_obeyed(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    told(house, control(("SIMPLE", 7), ("PRICE", 1), name="dr"))
    house.tick(T0 + 10, "polling")
    assert house.status.shown_events[0].notices == ("SIMPLE [7] is taken as 3: the levels are 0 to 3",)
