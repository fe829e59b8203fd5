"""The whole fleet at a VTN whose vens have something odd: it starts again and again, and survives its own checks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig, Schedule
from ven_actors.fleet.outcome import exit_code
from ven_actors.fleet.summary import RunFacts
from ven_actors.model import VenState
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, Fault, InProcessVtn, Role
from ven_actors.vtn.quirks import Quirk

NAMES = ("Herning", "Aalborg")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))


@pytest.mark.parametrize("dialect", ["openadr-3.1", "openadr-3.0.1"])
def test_a_target_that_is_a_list_locks_no_ven_out_at_a_second_start_or_at_the_daily_check(
    tmp_path: Path, dialect: str
) -> None:
    clock = ManualClock()
    config = FleetConfig(state=tmp_path, dialect=dialect, schedule=Schedule(enrolment=10.0), rate=None)
    demo, quirks = DemoPlan(15, 1.0), frozenset({Quirk.NESTED_TARGETS})
    with InProcessVtn(CLIENTS, demo=demo, now_s=clock.wall, quirks=quirks) as vtn:
        for run in range(1, 3):
            with capture_logs() as logs, ManualFleet(vtn, tmp_path, clock, config=config) as fleet:
                fleet.until(lambda seen, run=run: seen.reporter.readings.accepted >= run * 2 * 2 * 30)
                last = fleet.drain()
            assert {ven.state for ven in last.vens.values()} == {VenState.RUNNING}
            notices = [entry["notice"] for entry in logs if entry["event"] == "vtn_notice"]
            assert len([notice for notice in notices if "parts of our own objects" in notice]) == len(NAMES)
        assert (len(vtn.vens()), len(vtn.resources())) == (2, 10)


def test_a_fleet_of_strict_parsing_that_finds_them_odd_at_its_daily_check_does_not_end_well(tmp_path: Path) -> None:
    clock = ManualClock()
    config = FleetConfig(state=tmp_path, parsing="strict", schedule=Schedule(enrolment=10.0), rate=None)
    vtn = InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall)
    with vtn, ManualFleet(vtn, tmp_path, clock, config=config) as fleet:
        fleet.until(lambda seen: seen.reporter.readings.accepted > 0)
        odd = json.dumps([ven | {"targets": ["north", []]} for ven in vtn.vens()]).encode()
        shown = Fault(act=False, status=200, body=odd)
        vtn.fault = lambda method, path, _: shown if (method, path[-5:]) == ("GET", "/vens") else None
        lost = fleet.until(lambda seen: {ven.state for ven in seen.vens.values()} == {VenState.UNREGISTERED})
    facts = RunFacts(config, status=lost)
    assert exit_code(facts, 60.0) == 3
    assert "as parsing is strict: Expected `str`, got `array` - at `$.targets[1]`" in facts.error
