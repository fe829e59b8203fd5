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
    "quirks",
    [*({quirk} for quirk in sorted(ALL)), {Quirk.STORED_THEN_500}, ALL],
    ids=lambda quirks: "+".join(sorted(quirks)),
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


@pytest.mark.parametrize(
    ("dialect", "quirks"),
    [("openadr-3.1", {Quirk.COMES_BACK_EMPTY, Quirk.UNKNOWN_EVENT_400}), ("openadr-3.0.1", {Quirk.COMES_BACK_EMPTY})],
)
def test_a_vtn_that_comes_back_empty_twice_has_its_vens_and_their_reports_again(
    dialect: str, quirks: set[Quirk], tmp_path: Path
) -> None:
    clock = ManualClock()
    config = FleetConfig(state=tmp_path, noise=0, dialect=dialect, poll_every_s=2)
    plan = DemoPlan(15, 1.0)
    with InProcessVtn(CLIENTS, demo=plan, now_s=clock.wall, mono_s=clock.monotonic, quirks=frozenset(quirks)) as vtn:
        with ManualFleet(vtn, tmp_path, clock, config=config) as fleet:
            begun_s = clock.wall_s
            fleet.until(lambda status: status.now_s >= begun_s + 61, step_s=0.1)
            readings = fleet.drain().reporter.readings
        reports, vens = vtn.reports(), [ven["venName"] for ven in vtn.vens()]
        (last,) = {event["createdDateTime"] for event in vtn.events()}
    assert sorted(vens) == sorted(NAMES)
    assert readings.accepted + readings.unasked == readings.generated
    assert readings.unasked <= 2 * 2 * 30, "more than one window of each VEN for each time"
    assert readings.unaccounted == readings.queued == readings.quarantined == 0
    places = Counter(
        (report["eventID"], entry["resourceName"], interval["id"])
        for report in reports
        for entry in report["resources"]
        for interval in entry["intervals"]
    )
    assert set(places.values()) == {1}
    since = [report for report in reports if report["createdDateTime"] > last]
    heard_of = Counter(report["clientName"] for report in since)
    assert all(heard_of[name] >= 3 for name in NAMES)  # those windows, and older ones that the new events ask for
