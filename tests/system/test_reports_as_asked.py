"""What a VTN asks of reports, and what it then holds: a whole fleet over real HTTP, while time moves when told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, Fault, InProcessVtn, Role

CLIENTS = (BL, Client("Herning", "Herning-secret", Role.VEN))
READINGS = 5 * 6


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


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
