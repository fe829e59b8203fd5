"""What a VTN asks of reports, and what it then holds: a whole fleet over real HTTP, while time moves when told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ven_actors.config import FleetConfig
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, Fault, InProcessVtn, Role

CLIENTS = (BL, Client("Herning", "Herning-secret", Role.VEN))
READINGS = 5 * 6


@pytest.fixture
def vtn(clock: ManualClock) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall) as vtn:
        yield vtn


def is_report(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/reports")


def cells(vtn: InProcessVtn) -> list[tuple[str, int]]:
    """Each (resource, interval) that stands in the VTN."""
    return [
        (entry["resourceName"], interval["id"])
        for report in vtn.reports()
        for entry in report["resources"]
        for interval in entry["intervals"]
    ]


def test_r41_only_the_resource_that_the_vtn_refuses_is_quarantined(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    bad: list[str] = []

    def refuse_the_third(method: str, path: str, body: bytes) -> Fault | None:
        if not is_report(method, path):
            return None
        names = [entry["resourceName"] for entry in json.loads(body)["resources"]]
        bad.extend(names[2:3] if not bad else [])
        return Fault(act=False, status=422, body=b'{"title": "who?"}') if bad[0] in names else None

    vtn.fault = refuse_the_third
    with ManualFleet(vtn, tmp_path, clock, vens=("Herning",)) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= 3 * (READINGS - 6))
        readings = fleet.drain().reporter.readings
    assert readings.unaccounted == 0
    assert readings.quarantined == readings.generated // 5
    assert readings.accepted == readings.generated * 4 // 5
    stored = cells(vtn)
    assert len(stored) == len(set(stored)) == readings.accepted // 6
    assert bad[0] not in {name for name, _ in stored}


def test_r36_a_vtn_with_a_small_body_limit_gets_everything_in_parts(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    sizes: list[int] = []

    def small(method: str, path: str, body: bytes) -> Fault | None:
        if not is_report(method, path):
            return None
        sizes.append(len(body))
        return Fault(act=False, status=413, body=b"") if len(body) > 2200 else None

    vtn.fault = small
    with ManualFleet(vtn, tmp_path, clock, vens=("Herning",)) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= 4 * READINGS)
        status = fleet.drain()
    readings = status.reporter.readings
    assert (readings.unaccounted, readings.quarantined, readings.queued) == (0, 0, 0)
    stored = cells(vtn)
    assert len(stored) == len(set(stored)) == readings.accepted // 6
    assert sum(size > 2200 for size in sizes) <= 2, "once refused, the next are sealed smaller"


def test_r31_what_is_forecast_is_what_is_then_metered(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> None:
    """Without noise and without control, the mean that is expected of an interval is the mean that it has."""
    begun_s = clock.wall_s = 1_767_225_600.0
    config = FleetConfig(state=tmp_path, noise=0.0)
    period = {"start": "2026-01-01T00:00:00Z", "duration": "PT1M"}
    shared = {"readingType": "MEAN", "units": "W", "numIntervals": 1, "frequency": 1, "repeat": -1}
    asked = [
        {"payloadType": "DEMAND", **shared},
        {"payloadType": "DEMAND", **shared, "historical": False},
        {"payloadType": "LOAD_SHED_DELTA_AVAILABLE", **shared, "historical": False},
    ]
    program = vtn.programs()[0]
    event = vtn.create_event(programID=program["id"], intervalPeriod=period, reportDescriptors=asked)

    def reports() -> list[dict[str, Any]]:
        return [report for report in vtn.reports() if report["eventID"] == event["id"]]

    with ManualFleet(vtn, tmp_path, clock, vens=("Herning",), config=config) as fleet:
        fleet.until(lambda _: clock.wall_s > begun_s + 250)
        status = fleet.drain()
    assert status.reporter.readings.unaccounted == 0
    values: dict[str, dict[tuple[str, int], list[float]]] = {}
    for report in reports():
        kind = report["payloadDescriptors"][0]["payloadType"]
        for entry in report["resources"]:
            for interval in entry["intervals"]:
                said = [payload["values"][0] for payload in interval["payloads"]]
                values.setdefault(kind, {}).setdefault((entry["resourceName"], interval["id"]), []).extend(said)
    both = {key: said for key, said in values["DEMAND"].items() if len(said) == 14}
    assert {number for _, number in both} >= {1, 2}
    for said in both.values():
        assert said[:7] == pytest.approx(said[7:], abs=6)
    assert {len(said) for said in values["LOAD_SHED_DELTA_AVAILABLE"].values()} == {7}
    assert any(said[0] > 0 for said in values["LOAD_SHED_DELTA_AVAILABLE"].values())
