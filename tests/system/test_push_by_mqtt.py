"""A fleet that is told by a real MQTT broker: an event is seen without any polling."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ven_actors.config import FleetConfig
from ven_actors.fleet.push import open_push
from ven_actors.model import FleetStatus
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, InProcessVtn, Role

NAMES = ("Herning", "Aalborg", "Lemvig")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))


class TopicsOfAnyVen(dict[str, Any]):
    """Names topics for every ven that is asked for, as the VTN does when it has made it."""

    def get(self, place: str, _default: object = None) -> Any:
        scope, _, kind = place.rpartition("/")
        if not scope.startswith("vens/") or kind not in {"events", "programs", "resources"}:
            return None
        return {name: f"{place}/{name.lower()}" for name in ("CREATE", "UPDATE", "DELETE")}


@pytest.fixture
def vtn(clock: ManualClock, push_side: Any) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, now_s=clock.wall) as vtn:
        vtn.fault = push_side.hook
        vtn.create_program(programName="P")
        yield vtn


@pytest.fixture
def fleet(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> Iterator[ManualFleet]:
    config = FleetConfig(state=tmp_path, push=("mqtt",), push_poll_every_s=1e6, rate=None)
    with ManualFleet(
        vtn, tmp_path, clock, NAMES, config=config, push=open_push(config, clock.monotonic)
    ) as fleet:  # fmt: skip
        yield fleet


def offer(push_side: Any, broker: Any) -> None:
    push_side.mqtt = {"URIS": [broker.url], "serialization": "JSON", "authentication": {"method": "ANONYMOUS"}}
    push_side.topics = TopicsOfAnyVen()


def all_hear(fleet: ManualFleet) -> Callable[[FleetStatus], bool]:
    pushes = fleet.wiring.push
    assert pushes is not None
    return lambda status: len(pushes._vens) == len(NAMES) and all(push.healthy() for push in pushes._vens.values())


def events_of(status: FleetStatus) -> list[int]:
    return [ven.events for ven in status.vens.values()]


def tell_of(vtn: InProcessVtn, broker: Any, operation: str) -> None:
    for ven in vtn.vens():
        broker.publish(f"vens/{ven['id']}/events/{operation}")


def test_r39_an_event_is_seen_by_all_vens_while_time_stands_still(
    fleet: ManualFleet, vtn: InProcessVtn, push_side: Any, start_broker: Callable[..., Any]
) -> None:
    broker = start_broker()
    offer(push_side, broker)
    fleet.until(all_hear(fleet))
    event = vtn.create_event(programID=vtn.programs()[0]["id"], intervals=[{"id": 0, "payloads": []}])
    tell_of(vtn, broker, "create")
    fleet.until(lambda status: events_of(status) == [1, 1, 1], step_s=0)
    vtn.delete_event(event["id"])
    tell_of(vtn, broker, "delete")
    fleet.until(lambda status: events_of(status) == [0, 0, 0], step_s=0)


def test_r40_a_changed_ven_or_resource_makes_it_read_the_events_again(
    fleet: ManualFleet, vtn: InProcessVtn, push_side: Any, start_broker: Callable[..., Any]
) -> None:
    broker = start_broker()
    offer(push_side, broker)
    fleet.until(all_hear(fleet))
    herning = next(ven for ven in vtn.vens() if ven["venName"] == "Herning")
    vtn.requests.clear()
    broker.publish(f"vens/{herning['id']}/resources/update")
    fleet.until(lambda _: any(each.path.endswith("/events") for each in vtn.requests), step_s=0)


def test_r39_a_broker_that_goes_and_comes_back_costs_nothing_but_time(
    fleet: ManualFleet, vtn: InProcessVtn, push_side: Any, start_broker: Callable[..., Any]
) -> None:
    broker = start_broker()
    offer(push_side, broker)
    fleet.until(all_hear(fleet))
    broker.stop()
    vtn.create_event(programID=vtn.programs()[0]["id"], intervals=[{"id": 0, "payloads": []}])
    status = fleet.until(lambda status: events_of(status) == [1, 1, 1])
    assert status.reporter.readings.unaccounted == 0
    broker.start()
    fleet.until(all_hear(fleet), step_s=0)


def test_r39_a_vtn_that_keeps_its_notifiers_to_itself_is_polled(
    fleet: ManualFleet, vtn: InProcessVtn, push_side: Any
) -> None:
    push_side.refuse[("GET", "notifiers")] = 403
    fleet.until(lambda status: all(ven.reached for ven in status.vens.values()))
    vtn.create_event(programID=vtn.programs()[0]["id"], intervals=[{"id": 0, "payloads": []}])
    fleet.until(lambda status: events_of(status) == [1, 1, 1])
