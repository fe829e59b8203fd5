"""Events that control load, end to end: published, changed, cancelled, beaten, lost and restarted, seen in reports."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ven_actors.config import FleetConfig
from ven_actors.model import FleetStatus
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, Fault, InProcessVtn, Role

NAMES = ("Herning", "Aalborg")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))
T0 = 1_767_225_600
POLL_S, METER_S = 30, 15
SEEN_WITHIN_S = POLL_S + 2 * METER_S  # the next poll, and the interval after the one that is running then
ASKED = ("DEMAND", "BASELINE", "OPERATING_STATE", "SIMPLE_LEVEL")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_s=float(T0))


@pytest.fixture
def vtn(clock: ManualClock) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, now_s=clock.wall) as vtn:
        program = vtn.create_program(programName="P")
        for kind in ASKED:
            descriptor = {"payloadType": kind, "numIntervals": 1, "frequency": 1, "repeat": -1}
            if kind in {"DEMAND", "BASELINE"}:
                descriptor |= {"units": "KW", "readingType": "MEAN"}
            vtn.create_event(
                programID=program["id"], reportDescriptors=[descriptor],
                intervalPeriod={"start": instant(T0), "duration": "PT15S"},
            )  # fmt: skip
        yield vtn


def instant(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


def control(vtn: InProcessVtn, level: int, **properties: Any) -> dict[str, Any]:
    return {
        "programID": vtn.programs()[0]["id"],
        "intervalPeriod": {"start": instant(T0), "duration": "P1D"},
        "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [level]}]}],
        **properties,
    }


def reported(vtn: InProcessVtn, ven: str, kind: str) -> dict[int, list[Any]]:
    """The values of each resource, in the fleet's order, by the number of the metering interval since `T0`."""
    found: dict[int, list[Any]] = {}
    for report in vtn.reports():
        if report["clientName"] != ven:
            continue
        for entry in report["resources"]:
            for interval in entry["intervals"]:
                values = {payload["type"]: payload["values"] for payload in interval["payloads"]}
                if kind in values:
                    found.setdefault(interval["id"], []).extend(values[kind])
    return found


def newest(vtn: InProcessVtn, ven: str, kind: str) -> list[Any]:
    values = reported(vtn, ven, kind)
    return values[max(values)] if values else []


def powers(vtn: InProcessVtn, ven: str) -> tuple[list[Any], list[Any]]:
    """Controlled and uncontrolled power of the newest interval of which both are known."""
    demand, baseline = reported(vtn, ven, "DEMAND"), reported(vtn, ven, "BASELINE")
    newest_of_both = max(demand.keys() & baseline.keys())
    return demand[newest_of_both], baseline[newest_of_both]


def shows(vtn: InProcessVtn, *levels: int) -> Callable[[FleetStatus], bool]:
    """Whether the newest report of each VEN says that all its resources obey the VEN's level."""

    def shown() -> bool:
        return [set(newest(vtn, name, "SIMPLE_LEVEL")) for name in NAMES] == [{level} for level in levels]

    return now_and_then(shown)


def now_and_then(condition: Callable[[], bool]) -> Callable[[FleetStatus], bool]:
    """Reading all reports takes longer than a beat."""
    beats = itertools.count(1)
    return lambda _: next(beats) % 10 == 0 and condition()


def seen_in_time(fleet: ManualFleet, vtn: InProcessVtn, *levels: int) -> None:
    begun_s = fleet.clock.wall_s
    fleet.until(shows(vtn, *levels))
    settled(fleet, vtn)
    shown = [reported(vtn, name, "SIMPLE_LEVEL") for name in NAMES]
    at = int((begun_s + SEEN_WITHIN_S - T0) // METER_S)
    for values, level in zip(shown, levels, strict=True):
        assert {each for number, all_ in values.items() if number >= at for each in all_} <= {level}


def settled(fleet: ManualFleet, vtn: InProcessVtn) -> None:
    """Until the interval that may be the last without the change is reported."""
    until_s = fleet.clock.wall_s + SEEN_WITHIN_S + METER_S
    fleet.until(lambda _: fleet.clock.wall_s > until_s)


def test_r12_an_event_published_changed_and_cancelled_is_followed_within_one_polling_period(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    with ManualFleet(vtn, tmp_path, clock, NAMES) as fleet:
        fleet.until(shows(vtn, 0, 0))
        event = vtn.create_event(**control(vtn, 3))
        seen_in_time(fleet, vtn, 3, 3)
        states = newest(vtn, "Herning", "OPERATING_STATE")
        assert {state.partition("_")[2] for state in states} <= {"CURTAILED", "NORMAL"}
        demand, baseline = powers(vtn, "Herning")
        assert sum(demand) < sum(baseline)
        vtn.replace_event(event["id"], **control(vtn, 1))
        seen_in_time(fleet, vtn, 1, 1)
        vtn.delete_event(event["id"])
        seen_in_time(fleet, vtn, 0, 0)
        assert set(newest(vtn, "Herning", "OPERATING_STATE")) == {"NORMAL"}
        demand, baseline = powers(vtn, "Herning")
        assert demand == baseline
        assert fleet.drain().reporter.readings.unaccounted == 0


def test_r15_nobody_reacts_to_an_event_that_is_not_theirs(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    for name in NAMES:
        vtn.create_ven(clientID=name, venName=name, targets=[f"only-{name}"])
    with ManualFleet(vtn, tmp_path, clock, NAMES) as fleet:
        fleet.until(shows(vtn, 0, 0))
        vtn.create_event(**control(vtn, 2, targets=["only-Herning"]))
        seen_in_time(fleet, vtn, 2, 0)


def test_r20_the_beaten_event_is_obeyed_again_when_the_winner_ends(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    vtn.create_event(**control(vtn, 1, priority=5))
    start = {"start": instant(T0 + 60), "duration": "PT1M"}
    vtn.create_event(**control(vtn, 3, priority=0, intervalPeriod=start))
    with ManualFleet(vtn, tmp_path, clock, NAMES) as fleet:
        fleet.until(now_and_then(lambda: len(reported(vtn, "Herning", "SIMPLE_LEVEL")) > 11))
    levels = reported(vtn, "Herning", "SIMPLE_LEVEL")
    first = min(number for number, values in levels.items() if values[0] == 1)
    assert first <= 3
    assert [set(levels[number]) for number in range(first, 10)] == [
        {3 if 4 <= number < 8 else 1} for number in range(first, 10)
    ]


def test_r42_without_a_vtn_the_known_schedule_runs_to_its_end(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    start = {"start": instant(T0), "duration": "PT3M"}
    vtn.create_event(**control(vtn, 2, intervalPeriod=start))
    with ManualFleet(vtn, tmp_path, clock, NAMES) as fleet:
        fleet.until(shows(vtn, 2, 2))
        vtn.fault = lambda method, path, body: Fault(status=503)
        fleet.until(lambda _: clock.wall_s > T0 + 240)
        vtn.fault = None
        fleet.until(now_and_then(lambda: all(14 in reported(vtn, name, "SIMPLE_LEVEL") for name in NAMES)))
    for name in NAMES:
        levels = reported(vtn, name, "SIMPLE_LEVEL")
        assert [set(levels[number]) for number in range(6, 15)] == [{2}] * 6 + [{0}] * 3


def test_r37_who_opted_out_says_so_and_does_not_act(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    vtn.create_event(**control(vtn, 3))
    config = replace(FleetConfig(state=tmp_path), opt_out=1.0)
    with ManualFleet(vtn, tmp_path, clock, NAMES, config=config) as fleet:
        fleet.until(now_and_then(lambda: "RUNNING_OPTED_OUT" in newest(vtn, "Herning", "OPERATING_STATE")))
        settled(fleet, vtn)
    assert set(newest(vtn, "Herning", "OPERATING_STATE")) <= {"RUNNING_OPTED_OUT", "IDLE_OPTED_OUT"}
    demand, baseline = powers(vtn, "Herning")
    assert demand == baseline
    assert set(newest(vtn, "Herning", "SIMPLE_LEVEL")) == {0}


def test_r22_a_restart_goes_on_in_the_event_where_it_was(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    now = {"start": "0001-01-01T00:00:00Z", "duration": "PT4M"}
    with ManualFleet(vtn, tmp_path, clock, NAMES) as fleet:
        fleet.until(shows(vtn, 0, 0))
        published_s = clock.wall_s
        vtn.create_event(**control(vtn, 2, intervalPeriod=now))
        fleet.until(shows(vtn, 2, 2))
    clock.advance(30)
    end = int((published_s + 240 - T0) // METER_S)
    with ManualFleet(vtn, tmp_path, clock, NAMES) as fleet:
        fleet.until(now_and_then(lambda: max(reported(vtn, "Herning", "SIMPLE_LEVEL")) > end + 8))
    levels = reported(vtn, "Herning", "SIMPLE_LEVEL")
    first = min(number for number, values in levels.items() if values[0] == 2)
    assert {value for number in range(first, end) for value in levels[number]} == {2}
    assert {value for number in range(end + 1, end + 8) for value in levels[number]} == {0}
