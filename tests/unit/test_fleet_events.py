"""The events of a fleet: on how many VENs they are in force, in the log and in the status document."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from structlog.testing import capture_logs

from ven_actors.actors.fleet_events import EventsTold, fleet_events
from ven_actors.fleet.event_status import event_status, power_facts
from ven_actors.model import FleetStatus, ReporterStatus, VenState, VenStatus
from ven_actors.signals import EventState, Saying, ShownEvent

T0 = 1_767_225_600.0
PEAK = ShownEvent("e1", "peak", (Saying("SIMPLE", (2,)),), T0, T0 + 300, EventState.IN_FORCE)
CAP = ShownEvent("e2", "cap", (Saying("IMPORT_CAPACITY_LIMIT", (3,), "KW"),), T0, math.inf, EventState.IN_FORCE)
NIGHT = ShownEvent("e3", "night", (Saying("X_OWN", ("a",)),), T0 + 900, T0 + 999, EventState.TO_COME)


def ven(name: str, *shown_events: ShownEvent, power_w: int | None = 500, more: int = 0) -> VenStatus:
    unaffected_w = None if power_w is None else power_w + 250
    return VenStatus(
        name,
        VenState.RUNNING,
        1,
        power_w,
        None,
        0,
        unaffected_w=unaffected_w,
        shown_events=shown_events,
        more_to_come=more,
    )


def document(*vens: VenStatus) -> dict[str, Any]:
    return event_status(
        FleetStatus(T0, {each.name: each for each in vens}, {}, (), paused=False, reporter=ReporterStatus())
    )


def test_an_event_is_counted_on_all_vens_that_have_it_and_on_those_on_which_it_is_in_force() -> None:
    beaten = replace(PEAK, state=EventState.BEATEN)
    shown = document(ven("a", PEAK, CAP), ven("b", CAP, beaten, NIGHT), ven("c", PEAK), ven("d"))
    assert [(each["name"], each["state"], each["vens_in_force"], each["vens"]) for each in shown["events"]] == [
        ("cap", "in force", 2, 2), ("peak", "in force", 2, 3), ("night", "to come", 0, 1),
    ]  # fmt: skip
    assert shown["events"][0] == {
        "id": "e2", "name": "cap", "state": "in force",
        "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [3], "units": "KW"}],
        "start": "2026-01-01T00:00:00Z", "end": None, "vens": 2, "vens_in_force": 2, "notices": [],
    }  # fmt: skip
    assert shown["in_force"] == {
        "events": 2, "vens": 3,
        "by_payload_type": {"IMPORT_CAPACITY_LIMIT": {"events": 1, "vens": 2}, "SIMPLE": {"events": 1, "vens": 2}},
    }  # fmt: skip


def test_private_payload_types_are_counted_as_others_however_many_a_vtn_invents() -> None:
    private = [replace(PEAK, event_id=f"x{n}", says=(Saying(f"X_{n}", (1,)),)) for n in range(50)]
    assert document(ven("a", *private))["in_force"]["by_payload_type"] == {"other": {"events": 50, "vens": 1}}


def test_at_most_twenty_events_are_named_and_the_rest_is_counted() -> None:
    many = [replace(PEAK, event_id=f"e{n}", name=f"n{n:02}") for n in range(30)]
    shown = document(ven("a", *many, more=7), ven("b", *many, more=5))
    assert (len(shown["events"]), shown["more_events"]) == (20, 17)


def test_an_event_that_changes_the_load_is_not_hidden_by_many_that_have_no_effect() -> None:
    prices = [
        replace(PEAK, event_id=f"e{n}", name=f"n{n:02}", says=(Saying("PRICE", (1,), "KWH"),)) for n in range(10, 40)
    ]
    shown = document(ven("a", *prices, PEAK), ven("b", *prices))["events"]
    assert [each["name"] for each in shown[:2]] == ["peak", "n10"]
    assert len(shown) == 20


def test_power_is_summed_over_the_vens_that_have_metered() -> None:
    shown = document(ven("a"), ven("b", power_w=None), ven("c"))
    assert (shown["power_w"], shown["power_without_events_w"]) == (1000, 1500)
    nothing = document(ven("a", power_w=None))
    assert (nothing["power_w"], nothing["power_without_events_w"]) == (None, None)
    fleet = FleetStatus(T0, {"a": ven("a")}, {}, (), paused=False, reporter=ReporterStatus())
    assert power_facts(fleet) == {"power_kw": 0.5, "power_without_events_kw": 0.75}


def looks(*pictures: list[VenStatus]) -> list[dict[str, Any]]:
    """What is logged of one picture after the other, a second apart."""
    told = EventsTold()
    with capture_logs() as logs:
        for number, vens in enumerate(pictures):
            told.look(float(number), vens)
            told.look(number + 0.5, [])
    return [{key: value for key, value in entry.items() if key != "log_level"} for entry in logs]


def test_an_event_is_logged_by_name_when_it_is_in_force_and_when_it_is_over() -> None:
    on = [ven("a", PEAK), ven("b", PEAK), ven("c", NIGHT)]
    assert looks(on, on, on, [ven("a")], [ven("a")]) == [
        {
            "event": "event_in_force", "name": "peak", "id": "e1", "says": "SIMPLE 2",
            "since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:05:00Z", "vens": 2,
        },
        {"event": "event_over", "name": "peak", "id": "e1"},
    ]  # fmt: skip


def test_while_more_and_more_vens_read_an_event_nothing_is_logged_until_that_has_settled() -> None:
    names = "abcdef"
    growing = [[ven(name, CAP) for name in names[:count]] for count in range(1, 7)]
    (only,) = looks(*growing, growing[-1], growing[-1])
    assert (only["vens"], only["until"]) == (6, "further notice")


def test_what_an_event_says_next_is_logged_as_well() -> None:
    second = replace(PEAK, says=(Saying("SIMPLE", (3,)),))
    logged = looks([ven("a", PEAK)], [ven("a", PEAK)], [ven("a", second)], [ven("a", second)])
    assert [entry["says"] for entry in logged] == ["SIMPLE 2", "SIMPLE 3"]


def test_of_very_many_events_at_once_twenty_are_logged_and_the_rest_counted() -> None:
    many = [ven("a", *(replace(PEAK, event_id=f"e{n}") for n in range(25)))]
    logged = looks(many, many, [], [])
    assert len(logged) == 2 * 21
    assert logged[20] == {"event": "event_in_force", "more_events": 5}
    assert logged[-1] == {"event": "event_over", "more_events": 5}


def test_a_ven_that_says_nothing_is_in_nobodys_way() -> None:
    assert fleet_events([]).events == []
    assert looks([], [ven("a")], []) == []
