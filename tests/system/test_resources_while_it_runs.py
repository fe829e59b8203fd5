"""Approving, suspending and removing resources while the fleet runs: readings already made are delivered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.fleet.removals import Removal, Removals
from ven_actors.model import FleetStatus
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, Fault, InProcessVtn, Role

CLIENTS = (BL, Client("Herning", "secret", Role.VEN))


@pytest.fixture
def vtn(clock: ManualClock) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall) as vtn:
        yield vtn


def has_resources(status: FleetStatus, count: int) -> bool:
    ven = status.vens["Herning"]
    return (ven.state, ven.resources) == ("running", count)


@pytest.mark.parametrize("dialect", ["openadr-3.1", "openadr-3.0.1", "energydesk"])
def test_what_was_metered_of_a_resource_that_leaves_is_delivered(
    vtn: InProcessVtn, clock: ManualClock, tmp_path: Path, dialect: str
) -> None:
    config = FleetConfig(state=tmp_path, dialect=dialect, rate=None)
    with ManualFleet(vtn, tmp_path, clock, ("Herning",), config=config, resources=3) as fleet:
        fleet.until(lambda status: status.reporter.reports_accepted > 0)
        vtn.fault = lambda method, path, _: (
            Fault(act=False, status=503) if (method, path.rpartition("/")[2]) == ("POST", "reports") else None
        )
        queued = fleet.until(lambda status: status.reporter.readings.queued >= 36).reporter.readings
        fleet.wiring.change("Herning", fleet.wiring.resources["Herning"][:1])
        fleet.until(lambda status: has_resources(status, 1))
        vtn.fault = lambda *_: None
        made = fleet.until(lambda status: status.reporter.readings.generated >= queued.generated + 12)
        end = fleet.drain()
        assert end.reporter.readings.unasked == 0
        assert end.reporter.readings.accepted == end.reporter.readings.generated >= queued.generated + 12
        assert made.restarts["Herning"] == 0, "it is not a failure"


@pytest.mark.parametrize("dialect", ["openadr-3.1", "energydesk"])
def test_a_report_on_its_way_comes_to_its_end_while_its_ven_begins_again(
    vtn: InProcessVtn, clock: ManualClock, tmp_path: Path, dialect: str
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(method: str, path: str, _: bytes) -> Fault | None:
        if (method, path.rpartition("/")[2]) != ("POST", "reports"):
            return None
        begun.set()
        return Fault(act=True, wait_before=go_on)

    vtn.fault = hold
    config = FleetConfig(state=tmp_path, dialect=dialect, rate=None, deadline_s=3600)
    with ManualFleet(vtn, tmp_path, clock, ("Herning",), config=config, resources=2) as fleet, capture_logs() as logs:
        fleet.until(lambda status: begun.is_set() and status.vens["Herning"].state == "running")
        fleet.wiring.change("Herning", fleet.wiring.resources["Herning"][:1])
        fleet.until(lambda status: has_resources(status, 1))
        go_on.set()
        end = fleet.drain().reporter
        assert (end.possibly_doubled, end.readings.accepted) == (0, end.readings.generated)
    assert [entry["event"] for entry in logs if entry["log_level"] in {"warning", "error"}] == []


def test_a_resource_that_joins_is_metered_from_then_on(vtn: InProcessVtn, clock: ManualClock, tmp_path: Path) -> None:
    with ManualFleet(vtn, tmp_path, clock, ("Herning",), resources=3) as fleet:
        fleet.until(lambda status: status.reporter.reports_accepted > 0)
        all_three = fleet.wiring.resources["Herning"]
        for count in (2, 3):
            fleet.wiring.change("Herning", all_three[:count])
            fleet.until(lambda status, count=count: has_resources(status, count))
            sent = len(vtn.reports())
            fleet.until(lambda _, sent=sent: len(vtn.reports()) > sent + 1)
            assert len(vtn.reports()[-1]["resources"]) % count == 0
            metered = fleet.status().reporter.readings.generated
            wanted = metered + 6 * count
            fleet.until(lambda status, wanted=wanted: status.reporter.readings.generated == wanted)
        assert fleet.wiring.leaving["Herning"] == ()
        assert fleet.drain().reporter.readings.unaccounted == 0


@pytest.mark.parametrize("id_is_known", [True, False])
def test_a_resource_is_deleted_at_the_vtn_once_its_last_readings_are_delivered(
    vtn: InProcessVtn, clock: ManualClock, tmp_path: Path, id_is_known: bool
) -> None:
    with ManualFleet(vtn, tmp_path, clock, ("Herning",), resources=2) as fleet:
        fleet.until(lambda status: status.reporter.reports_accepted > 0)
        wiring = fleet.wiring
        enrolment = wiring.enrolments()["Herning"]
        stays, leaves = wiring.resources["Herning"]
        ids = enrolment.resource_ids
        removals = Removals(wiring.clients, fleet.status)
        removals.stop()
        resource_id = ids[leaves.name] if id_is_known else None
        removals.add(Removal("Herning", leaves.name, enrolment.ven_id, resource_id, fleet.status().now_s + 15))
        removals._stopped.clear()
        wiring.change("Herning", (stays,))
        fleet.until(lambda status: has_resources(status, 1))
        removals.look()
        assert len(vtn.resources()) == 2, "readings of it may still wait"

        def is_deleted(_: FleetStatus) -> bool:
            removals.look()
            return [each["id"] for each in vtn.resources()] == [ids[stays.name]]

        fleet.until(is_deleted)
        assert removals.left() == []
