"""The whole fleet in one process: real HTTP and a real store, while time moves only when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ven_actors.config import FleetConfig
from ven_actors.fleet.faults import Faults
from ven_actors.fleet.folder import stored_status
from ven_actors.model import FleetStatus, VenState
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, Fault, InProcessVtn, Role

NAMES = ("Herning", "Aalborg")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))
READINGS = 5 * 6


@pytest.fixture
def vtn(clock: ManualClock) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall) as vtn:
        yield vtn


@pytest.fixture
def bare_vtn(clock: ManualClock) -> Iterator[InProcessVtn]:
    """A VTN that asks for nothing until it is told to."""
    with InProcessVtn(CLIENTS, now_s=clock.wall) as vtn:
        yield vtn


def balanced(status: FleetStatus) -> None:
    assert status.reporter.readings.unaccounted == 0


def reported(vtn: InProcessVtn, ven: str) -> list[int]:
    """The interval ids that stand in the VTN for a VEN's first resource."""
    return [entry["intervals"][0]["id"] for report in vtn.reports() if report["clientName"] == ven
            for entry in report["resources"][:1]]  # fmt: skip


def ask_for(vtn: InProcessVtn, **properties: object) -> dict[str, object]:
    program = vtn.programs()[0] if vtn.programs() else vtn.create_program(programName="P")
    descriptor = {"payloadType": "DEMAND", "readingType": "MEAN", "units": "KW", "numIntervals": 1, "frequency": 1,
                  "repeat": -1}  # fmt: skip
    return vtn.create_event(programID=program["id"], reportDescriptors=[descriptor], **properties)


def test_the_first_report_is_of_the_last_whole_interval(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    begun_s = clock.wall_s = 1_767_225_607.0
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted == 2 * READINGS, step_s=0.01)
        assert clock.wall_s < begun_s + 15
    assert reported(vtn, "Herning") == [-1 % 5760]


def test_ten_minutes_are_reported_window_by_window(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    clock.advance(3600)
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted > 40 * 2 * READINGS, step_s=1)
        status = fleet.drain()
        balanced(status)
        assert status.reporter.readings.accepted == status.reporter.readings.generated
    for name in NAMES:
        ids = reported(vtn, name)
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        assert ids[0] >= 239
        assert len(ids) > 40


def test_a_second_start_creates_nothing(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= 2 * READINGS)
    vtn.requests.clear()
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: all(ven.state is VenState.RUNNING for ven in status.vens.values()))
        fleet.drain()
    posts = {sent.path.rpartition("/")[2] for sent in vtn.requests if sent.method == "POST"}
    assert posts <= {"token", "reports"}
    assert len(vtn.vens()) == 2
    assert len(vtn.resources()) == 10


def test_a_vtn_that_is_down_at_the_start_gets_everything_when_it_comes(tmp_path: Path, clock: ManualClock) -> None:
    down = InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall)
    port = int(down.root_url.rpartition(":")[2])
    with down:
        pass
    clock.advance(3600)
    with ManualFleet(down, tmp_path, clock) as fleet:
        status = fleet.until(lambda status: status.reporter.readings.generated >= 10 * 2 * READINGS)
        balanced(status)
        assert status.reporter.readings.queued == status.reporter.readings.generated
        assert {ven.state for ven in status.vens.values()} == {VenState.VTN_LOST}
        with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall, port=port) as vtn:
            fleet.until(lambda status: status.reporter.readings.accepted >= 12 * 2 * READINGS)
            balanced(fleet.drain())
            ids = reported(vtn, "Herning")
            assert ids == list(range(239, 239 + len(ids)))


def test_readings_that_nobody_asks_for_are_unasked_once_a_crawl_says_so(
    bare_vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    with ManualFleet(bare_vtn, tmp_path, clock) as fleet:
        status = fleet.until(lambda status: status.reporter.readings.unasked >= 4 * 2 * READINGS)
        balanced(status)
        assert status.reporter.readings.accepted == 0
        status = fleet.drain()
        assert status.reporter.readings.unasked == status.reporter.readings.generated
    assert bare_vtn.reports() == []


def test_an_event_that_comes_while_it_runs_is_served_from_then_on(
    bare_vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    with ManualFleet(bare_vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.unasked > 0)
        start = "2026-01-01T00:00:00Z"
        ask_for(bare_vtn, intervalPeriod={"start": start, "duration": "PT30S"}, duration="P1D")
        fleet.until(lambda status: status.reporter.readings.accepted >= 6 * 2 * READINGS)
        balanced(fleet.status())
    ids = reported(bare_vtn, "Aalborg")
    assert ids == list(range(ids[0], ids[0] + len(ids)))
    entry = bare_vtn.reports()[-1]["resources"][0]["intervals"][0]
    assert "intervalPeriod" not in entry


def test_an_event_that_goes_takes_its_reports_along(bare_vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    event = ask_for(bare_vtn, intervalPeriod={"start": "2026-01-01T00:00:00Z", "duration": "PT15S"}, duration="P1D")
    with ManualFleet(bare_vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted > 0)
        bare_vtn.fault = lambda method, path, _body: (
            Fault(act=False, status=503) if method == "POST" and path.endswith("/reports") else None
        )
        fleet.until(lambda status: status.reporter.readings.queued >= 4 * 2 * READINGS)
        bare_vtn.delete_event(str(event["id"]))
        before = len(bare_vtn.reports())
        status = fleet.until(lambda status: status.reporter.readings.queued <= 2 * READINGS)
        balanced(status)
        assert status.reporter.readings.unasked > 0
    assert len(bare_vtn.reports()) == before


def test_an_answer_that_is_lost_after_the_vtn_took_the_report_doubles_nothing(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    from ven_actors.testing.vtn import Drop

    lost = iter(range(1000))
    vtn.fault = lambda method, path, _body: (
        Fault(drop=Drop.NOTHING_SENT)
        if method == "POST" and path.endswith("/reports") and next(lost) % 3 == 0
        else None
    )
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= 12 * 2 * READINGS)
        vtn.fault = None
        status = fleet.drain()
        balanced(status)
        assert status.reporter.possibly_doubled == 0
        assert fleet.metrics.requests_by_status()["ambiguous"] > 0
    names = [report["reportName"] for report in vtn.reports()]
    assert len(names) == len(set(names)) == status.reporter.reports_accepted


def test_nonsense_is_said_once_and_slows_that_ven_down(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    vtn.fault = lambda _method, path, _body: Fault(status=200, body=b"[" * 2000) if path.endswith("/events") else None
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.generated >= 60 * 2 * READINGS, step_s=1)
        status = fleet.status()
        assert {ven.state for ven in status.vens.values()} == {VenState.VTN_LOST}
        crawls = sum(sent.path.endswith("/events") for sent in vtn.requests)
        assert crawls <= 2 * 6
        vtn.fault = None
        fleet.until(lambda status: status.reporter.readings.accepted >= 60 * 2 * READINGS, step_s=1)
        balanced(fleet.drain())


def test_a_vtn_that_refuses_one_report_takes_its_halves(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    refused = []

    def refuse_one(method: str, path: str, body: bytes) -> Fault | None:
        if method == "POST" and path.endswith("/reports") and not refused:
            refused.append(body)
            return Fault(act=False, status=400, body=b'{"title": "I do not like it"}')
        return None

    vtn.fault = refuse_one
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= 4 * 2 * READINGS)
        status = fleet.drain()
        balanced(status)
        assert (status.reporter.readings.quarantined, status.reporter.reports_refused) == (0, 0)


def test_a_ven_that_crashes_goes_on_from_its_checkpoint(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    with ManualFleet(vtn, tmp_path, clock, faults=Faults({"Herning": 3})) as fleet:
        fleet.until(lambda status: status.restarts["Herning"] == 1)
        fleet.until(lambda status: status.reporter.readings.accepted >= 8 * 2 * READINGS)
        balanced(fleet.drain())
    for name in NAMES:
        ids = reported(vtn, name)
        assert len(set(ids)) == len(ids)
        assert sorted(ids, key=lambda i: (i + 5) % 5760) == ids


def test_a_stop_longer_than_the_catch_up_is_a_gap(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    config = FleetConfig(state=tmp_path, catch_up_s=600)
    clock.advance(3600)
    with ManualFleet(vtn, tmp_path, clock, config=config) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= 2 * 2 * READINGS)
        before = fleet.drain().reporter.readings
    clock.advance(3600)
    with ManualFleet(vtn, tmp_path, clock, config=config) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= before.accepted + 40 * 2 * READINGS)
        readings = fleet.drain().reporter.readings
    assert readings.unaccounted == 0
    assert readings.accepted == readings.generated
    gap_s = readings.gap / (2 * READINGS) * 15
    assert 3600 - 600 - 60 <= gap_s <= 3600 - 600 + 60
    assert stored_status(tmp_path).readings == readings


def test_credentials_that_are_refused_are_shown_and_not_hammered(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    vtn.fault = lambda _method, path, _body: Fault(act=False, status=401) if path.endswith("/auth/token") else None
    with ManualFleet(vtn, tmp_path, clock) as fleet:
        fleet.until(lambda status: status.reporter.readings.generated >= 40 * 2 * READINGS, step_s=1)
        status = fleet.status()
        assert {ven.state for ven in status.vens.values()} == {VenState.REFUSED}
        balanced(status)
        assert sum(sent.path.endswith("/auth/token") for sent in vtn.requests) <= 2 * 6
