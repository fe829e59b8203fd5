"""The whole fleet at a VTN that has no vens for it: it reads, acts and reports, or keeps what nobody takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.fleet.outcome import exit_code
from ven_actors.fleet.summary import RunFacts
from ven_actors.model import FleetStatus, VenState
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, Fault, InProcessVtn, Role

NAMES = ("Herning", "Aalborg")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))


@pytest.fixture
def vtn(clock: ManualClock) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall) as vtn:
        yield vtn


def refuses(status: int, *kinds: str) -> Callable[[str, str, bytes], Fault | None]:
    """Everything of these kinds is answered with this status."""

    def choose(method: str, path: str, _body: bytes) -> Fault | None:
        is_one = any(f"/{kind}" in path for kind in kinds) and not (method == "GET" and "reports" in path)
        return Fault(act=False, status=status, body=b'{"title": "not here"}') if is_one else None

    return choose


def outcome(fleet: ManualFleet, status: FleetStatus) -> tuple[int, list[str]]:
    facts = RunFacts(fleet.config, status=status)
    return exit_code(facts, 60.0), facts.warnings


@pytest.mark.parametrize(("dialect", "status"), [("openadr-3.1", 404), ("openadr-3.0.1", 405), ("openadr-3.1", 501)])
def test_a_fleet_that_a_vtn_does_not_register_delivers_and_says_once_that_nothing_is_tied(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock, dialect: str, status: int
) -> None:
    vtn.fault = refuses(status, "vens", "resources")
    config = FleetConfig(state=tmp_path, dialect=dialect)
    with capture_logs() as logs, ManualFleet(vtn, tmp_path, clock, config=config) as fleet:
        fleet.until(lambda seen: seen.reporter.readings.accepted >= 4 * 30)
        last = fleet.drain()
    assert (vtn.vens(), vtn.resources()) == ([], [])
    assert {report["clientName"] for report in vtn.reports()} == set(NAMES)
    assert [entry["event"] for entry in logs].count("not_registered") == 1
    code, warnings = outcome(fleet, last)
    assert code == 0
    assert "2 of 2 VENs are not registered" in warnings[0]
    assert f"/vens answers {status}" in warnings[0]


@pytest.mark.parametrize("status", [404, 405])
def test_where_its_reports_are_refused_too_it_keeps_them_acts_and_ends_well_with_a_warning(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock, status: int
) -> None:
    vtn.fault = refuses(status, "vens", "resources", "reports")
    with capture_logs() as logs, ManualFleet(vtn, tmp_path, clock) as fleet:
        program_id = vtn.programs()[0]["id"]
        shed = [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [3]}]}]
        period = {"start": "0001-01-01T00:00:00Z", "duration": "P9999Y"}
        before = fleet.until(lambda seen: all((ven.power_w or 0) > 0 for ven in seen.vens.values()))
        vtn.create_event(programID=program_id, intervals=shed, intervalPeriod=period)
        powers = {name: ven.power_w or 0 for name, ven in before.vens.items()}
        fleet.until(lambda seen: all((ven.power_w or 0) < powers[name] / 2 for name, ven in seen.vens.items()))
        last = fleet.until(lambda seen: seen.reporter.readings.queued > 6 * 30 and seen.reporter.posts > 0)
    readings = last.reporter.readings
    assert (readings.accepted, readings.evicted, readings.unaccounted) == (0, 0, 0)
    assert readings.queued == readings.generated
    assert {ven.state for ven in last.vens.values()} == {VenState.RUNNING}
    held = [entry["ven"] for entry in logs if entry["event"] == "report_held"]
    assert sorted(held) == sorted(set(held)), "said once of each VEN"
    code, warnings = outcome(fleet, last)
    assert code == 0
    assert "of their readings are held, as their reports are not accepted" in warnings[0]
    assert f"answers {status}" in warnings[0]
