"""The whole fleet against a VTN that deviates from the standard: what it stores is still the truth, once."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from ven_actors.config import FleetConfig
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, InProcessVtn, Role
from ven_actors.vtn.quirks import ALL, Quirk

NAMES = ("Herning", "Aalborg")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))
WINDOWS = 8


@pytest.mark.parametrize(
    "quirks", [*({quirk} for quirk in sorted(ALL)), ALL], ids=lambda quirks: "+".join(sorted(quirks))
)
def test_each_window_is_reported_once_whatever_the_quirks(quirks: set[Quirk], tmp_path: Path) -> None:
    clock = ManualClock()
    with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall, quirks=frozenset(quirks)) as vtn:
        with ManualFleet(vtn, tmp_path, clock, config=FleetConfig(state=tmp_path, noise=0)) as fleet:
            fleet.until(lambda status: status.reporter.readings.accepted >= 2 * 30)
            vtn.revoke_tokens()
            fleet.until(lambda status: status.reporter.readings.accepted >= WINDOWS * 2 * 30)
            readings = fleet.drain().reporter.readings
            names = {resource.name for name in NAMES for resource in fleet.wiring.resources[name]}
        reports = vtn.reports()
    assert readings.accepted == readings.generated
    left = dataclasses.asdict(readings) | {"generated": 0, "accepted": 0}
    assert not any(left.values()), left
    places = Counter(
        (report["clientName"], entry["resourceName"], interval["id"])
        for report in reports
        for entry in report["resources"]
        for interval in entry["intervals"]
    )
    assert set(places.values()) == {1}
    assert {resource for _, resource, _ in places} == names
    assert len(places) * 6 == readings.generated
