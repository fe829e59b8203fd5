"""The whole fleet at a VTN that loses everything: its VENs are back with their next reading, whatever the dialect."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.model import FleetStatus, VenState
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.energydesk import Plan
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, InProcessVtn, Role

NAMES = ("Herning", "Aalborg")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))
EACH_INTERVAL = {"payloadType": "DEMAND", "readingType": "MEAN", "units": "KW", "numIntervals": 1, "frequency": 1,
                 "repeat": -1}  # fmt: skip


def ask_for_reports(vtn: InProcessVtn) -> None:
    program = vtn.create_program(programName="P")
    period = {"start": "2026-01-01T00:00:00Z", "duration": "PT15S"}
    vtn.create_event(programID=program["id"], reportDescriptors=[EACH_INTERVAL], intervalPeriod=period)


@pytest.mark.parametrize("dialect", ["openadr-3.1", "openadr-3.0.1", "energydesk"])
def test_vens_that_a_vtn_has_lost_are_registered_again_and_report_on(tmp_path: Path, dialect: str) -> None:
    clock = ManualClock()
    config = FleetConfig(state=tmp_path, dialect=dialect, poll_every_s=5.0, rate=None)
    vtn = InProcessVtn(CLIENTS, now_s=clock.wall, energydesk_plan=Plan())

    def all_run(seen: FleetStatus) -> bool:
        return len(vtn.vens()) == 2 and {ven.state for ven in seen.vens.values()} == {VenState.RUNNING}

    with capture_logs() as logs, vtn, ManualFleet(vtn, tmp_path, clock, config=config, resources=2) as fleet:
        ask_for_reports(vtn)
        fleet.until(lambda seen: seen.reporter.readings.accepted >= 2 * 2 * 12)
        before = {ven["id"] for ven in vtn.vens()}
        vtn.clear()
        lost_s = clock.mono_s
        fleet.until(lambda seen: all_run(seen) and len(vtn.resources()) == 4)
        assert clock.mono_s - lost_s < 30
        assert not before & {ven["id"] for ven in vtn.vens()}
        ask_for_reports(vtn)
        accepted = fleet.status().reporter.readings.accepted
        fleet.until(lambda seen: seen.reporter.readings.accepted >= accepted + 2 * 2 * 12)
        last = fleet.drain()
    assert last.reporter.readings.unaccounted == 0
    assert "credentials" not in str([entry for entry in logs if entry["log_level"] in {"warning", "error"}])
