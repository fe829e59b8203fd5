"""A fleet and the embedded VTN, which really calls and publishes: what it says is seen by all, with no polling."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ven_actors.config import FleetConfig
from ven_actors.fleet.push import open_push
from ven_actors.model import FleetStatus
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, InProcessVtn, Role
from ven_actors.vtn.push.broker import mqtt_plan
from ven_actors.vtn.push.callbacks import CallbackPlan
from ven_actors.vtn.push.house import PushPlan

NAMES = ("Herning", "Aalborg", "Lemvig")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))
EVERY_WAY = [("openadr-3.1", "webhook"), ("openadr-3.0.1", "webhook"), ("openadr-3.1", "mqtt")]


@pytest.fixture
def running(tmp_path: Path, mosquitto: ModuleType) -> Iterator[Callable[[str, str], tuple[ManualFleet, InProcessVtn]]]:

    with contextlib.ExitStack() as closing:

        def run(dialect: str, way: str) -> tuple[ManualFleet, InProcessVtn]:
            clock = ManualClock()
            broker = closing.enter_context(mosquitto.Mosquitto(tmp_path)) if way == "mqtt" else None
            plan = PushPlan(CallbackPlan(loopback_only=True), mqtt=None if broker is None else mqtt_plan(broker.url))
            vtn = closing.enter_context(InProcessVtn(CLIENTS, now_s=clock.wall, push_plan=plan))
            vtn.create_program(programName="P")
            config = FleetConfig(state=tmp_path, dialect=dialect, push=(way,), push_poll_every_s=1e6, rate=None)
            push = open_push(config, clock.monotonic)
            fleet = closing.enter_context(ManualFleet(vtn, tmp_path, clock, NAMES, config=config, push=push))
            fleet.until(all_hear(fleet))
            return fleet, vtn

        yield run


def all_hear(fleet: ManualFleet) -> Callable[[FleetStatus], bool]:
    push = fleet.wiring.push
    assert push is not None
    return lambda _status: len(push._vens) == len(NAMES) and all(ven.healthy() for ven in push._vens.values())


def seen_by_all(fleet: ManualFleet, count: int) -> FleetStatus:
    """Time stands still meanwhile: nobody polls."""
    return fleet.until(lambda status: {ven.events for ven in status.vens.values()} == {count}, step_s=0)


@pytest.mark.parametrize(("dialect", "way"), EVERY_WAY)
def test_r40_an_event_is_seen_by_all_vens_when_it_is_made_and_when_it_goes(
    running: Callable[..., Any], dialect: str, way: str
) -> None:
    fleet, vtn = running(dialect, way)
    event = vtn.create_event(programID=vtn.programs()[0]["id"], intervals=[{"id": 0, "payloads": []}])
    seen_by_all(fleet, 1)
    vtn.delete_event(event["id"])
    seen_by_all(fleet, 0)


@pytest.mark.parametrize(("dialect", "way"), EVERY_WAY)
def test_r40_push_and_no_push_give_the_same_ledger(running: Callable[..., Any], dialect: str, way: str) -> None:
    fleet, vtn = running(dialect, way)
    descriptor = {"payloadType": "DEMAND", "readingType": "MEAN", "units": "KW", "numIntervals": 1, "frequency": 1,
                  "repeat": -1}  # fmt: skip
    vtn.create_event(
        programID=vtn.programs()[0]["id"], reportDescriptors=[descriptor],
        intervalPeriod={"start": "2026-01-01T00:00:00Z", "duration": "PT15S"}, duration="P1D",
    )  # fmt: skip
    seen_by_all(fleet, 1)
    fleet.until(lambda status: status.reporter.readings.accepted >= 4 * 3 * 5 * 6)
    status = fleet.drain()
    assert status.reporter.readings.unaccounted == 0
    assert status.reporter.readings.queued == 0


def test_r38_nothing_is_left_at_the_vtn(running: Callable[..., Any]) -> None:
    fleet, vtn = running("openadr-3.0.1", "webhook")
    fleet.wiring.push.close()
    deleted = [each for each in vtn.requests if each.method == "DELETE" and "/subscriptions/" in each.path]
    assert [each.status for each in deleted] == [200] * len(NAMES)
