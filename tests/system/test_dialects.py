"""One fleet whose VENs speak different dialects, against one embedded VTN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ven_actors.config import FleetConfig
from ven_actors.config_groups import Group
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, DemoPlan, Exchange, InProcessVtn, Role
from ven_actors.vtn.quirks import ALL

NAMES = ("Herning", "Aalborg")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))
READINGS = 5 * 6


@pytest.fixture
def vtn(clock: ManualClock) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, demo=DemoPlan(15, 1.0), now_s=clock.wall) as vtn:
        yield vtn


def run(vtn: InProcessVtn, config: FleetConfig, clock: ManualClock) -> None:
    with ManualFleet(vtn, config.state, clock, config=config) as fleet:
        fleet.until(lambda status: status.reporter.readings.accepted >= 8 * 2 * READINGS)
        readings = fleet.drain().reporter.readings
        assert readings.unaccounted == 0
        assert readings.accepted == readings.generated
    assert {report["clientName"] for report in vtn.reports()} == set(NAMES)


def wrong(exchange: Exchange, official: Any) -> list[str]:
    given = (exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
    return official.check_request(*given) + official.check_answer(
        exchange.method, exchange.path, exchange.status, exchange.answer
    )


def test_r35_a_fleet_of_3_0_1_says_nothing_that_the_official_file_does_not_allow(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock, spec301: Any
) -> None:
    run(vtn, FleetConfig(state=tmp_path, dialect="openadr-3.0.1"), clock)
    assert {exchange.path.split("/")[2] for exchange in vtn.requests} == {"3.0.1"}
    assert [line for exchange in vtn.requests for line in wrong(exchange, spec301)] == []


def test_a_mixed_population_delivers_in_both_versions(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock, spec301: Any, spec31: Any
) -> None:
    config = FleetConfig(state=tmp_path, groups=(Group(("Aalborg",), "openadr-3.0.1"),))
    run(vtn, config, clock)
    assert {exchange.path.split("/")[2] for exchange in vtn.requests} == {"3.0.1", "3.1.0"}
    for exchange in vtn.requests:
        assert wrong(exchange, spec301 if "/3.0.1/" in exchange.path else spec31) == []


def test_r14_nobody_of_3_0_1_reports_for_an_event_that_is_not_theirs(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    event = vtn.create_event(
        programID=vtn.programs()[0]["id"], targets=["Aalborg"],
        intervalPeriod={"start": "2026-01-01T00:00:00Z", "duration": "PT15S"}, duration="P1D",
        reportDescriptors=[{"payloadType": "DEMAND", "readingType": "MEAN", "units": "KW", "numIntervals": 1,
                            "frequency": 1, "repeat": -1}],
    )  # fmt: skip
    run(vtn, FleetConfig(state=tmp_path, dialect="openadr-3.0.1"), clock)
    assert {report["clientName"] for report in vtn.reports() if report["eventID"] == event["id"]} == {"Aalborg"}


def test_r13_the_targets_of_the_configuration_are_asked_for_in_each_versions_words(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock
) -> None:
    groups = (Group(("Aalborg",), "openadr-3.0.1"),)
    run(vtn, FleetConfig(state=tmp_path, groups=groups, targets=("GROUP=north",)), clock)
    queries = {exchange.query.partition("&skip")[0] for exchange in vtn.requests if exchange.path.endswith("/events")}
    assert queries >= {"targets=GROUP%3Dnorth", "targetType=GROUP&targetValues=north"}


def test_all_three_dialects_deliver_every_reading_to_one_vtn_with_all_quirks(
    tmp_path: Path, clock: ManualClock
) -> None:
    names = (*NAMES, "Lemvig")
    clients = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in names))
    groups = (Group(("Aalborg",), "openadr-3.0.1"), Group(("Lemvig",), "energydesk"))
    config = FleetConfig(state=tmp_path, groups=groups)
    with (
        InProcessVtn(clients, demo=DemoPlan(15, 1.0), now_s=clock.wall, quirks=ALL) as vtn,
        ManualFleet(vtn, tmp_path, clock, names, config=config) as fleet,
    ):
        fleet.until(lambda status: status.reporter.readings.accepted >= 4 * 3 * READINGS)
        status = fleet.drain()
    readings = status.reporter.readings
    assert readings.unaccounted == 0
    assert readings.accepted == readings.generated
    assert set(status.reporter.by_ven) == set(names)
    assert all(each.accepted == each.generated > 0 for each in status.reporter.by_ven.values())
    assert {exchange.path.split("/")[1] for exchange in vtn.requests} == {"openadr3", "energydesk"}
