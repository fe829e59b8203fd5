"""A fleet that is told by callbacks: an event is seen without any polling."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ven_actors.config import FleetConfig
from ven_actors.model import FleetStatus
from ven_actors.push.callbacks import CallbackServer
from ven_actors.push.desk import PushDesk
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.fleet import ManualFleet
from ven_actors.testing.vtn import BL, Client, InProcessVtn, Role

NAMES = ("Herning", "Aalborg", "Lemvig")
CLIENTS = (BL, *(Client(name, f"{name}-secret", Role.VEN) for name in NAMES))


@pytest.fixture
def vtn(clock: ManualClock, push_side: Any) -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS, now_s=clock.wall) as vtn:
        vtn.fault = push_side.hook
        vtn.create_program(programName="P")
        yield vtn


@pytest.fixture
def fleet(vtn: InProcessVtn, tmp_path: Path, clock: ManualClock) -> Iterator[ManualFleet]:
    config = FleetConfig(state=tmp_path, push=("webhook",), push_poll_every_s=1e6, rate=None)
    push = PushDesk(CallbackServer("127.0.0.1", 0, monotonic=clock.monotonic), None, clock.monotonic)
    with ManualFleet(vtn, tmp_path, clock, NAMES, config=config, push=push) as fleet:
        yield fleet


def crawls_of(vtn: InProcessVtn) -> int:
    return sum(each.path.endswith("/events") for each in list(vtn.requests))


def every_ven_has_crawled_twice(vtn: InProcessVtn) -> bool:
    crawls = Counter(each.headers["authorization"] for each in list(vtn.requests) if each.path.endswith("/events"))
    return len(crawls) == len(NAMES) and min(crawls.values()) >= 2


def events_of(status: FleetStatus) -> list[int]:
    return [ven.events for ven in status.vens.values()]


def test_r38_an_event_is_seen_by_all_vens_while_time_stands_still(
    fleet: ManualFleet, vtn: InProcessVtn, push_side: Any
) -> None:
    fleet.until(lambda _: len(push_side.subscriptions) == len(NAMES))
    program = vtn.programs()[0]["id"]
    event = vtn.create_event(programID=program, intervals=[{"id": 0, "payloads": []}])
    for subscription in push_side.subscriptions.values():
        assert push_side.notify(subscription, object=event) == 200
    fleet.until(lambda status: events_of(status) == [1, 1, 1], step_s=0)
    vtn.delete_event(event["id"])
    for subscription in push_side.subscriptions.values():
        assert push_side.notify(subscription, operation="DELETE", object=event) == 200
    fleet.until(lambda status: events_of(status) == [0, 0, 0], step_s=0)


def test_r40_with_push_the_vtn_is_asked_less(fleet: ManualFleet, vtn: InProcessVtn, push_side: Any) -> None:
    fleet.until(lambda _: every_ven_has_crawled_twice(vtn))  # before the subscription, and after it
    vtn.requests.clear()
    begun_s = fleet.clock.wall_s
    fleet.until(lambda status: status.now_s > begun_s + 600, step_s=5)
    assert crawls_of(vtn) == 0


def test_forged_and_repeated_notifications_change_nothing(
    fleet: ManualFleet, vtn: InProcessVtn, push_side: Any
) -> None:
    fleet.until(lambda _: len(push_side.subscriptions) == len(NAMES))
    (subscription,) = push_side.of("Herning")
    for _ in range(50):
        assert push_side.notify(subscription, bearer="guessed") == 401
        assert push_side.notify(subscription, object={"id": "no-such-event"}) == 200
    vtn.requests.clear()
    status = fleet.until(lambda status: status.reporter.readings.generated > 0)
    assert events_of(status) == [0, 0, 0]
    assert status.reporter.readings.unaccounted == 0


def test_r38_the_end_of_the_fleet_is_the_end_of_its_subscriptions(
    vtn: InProcessVtn, tmp_path: Path, clock: ManualClock, push_side: Any
) -> None:
    push = PushDesk(CallbackServer("127.0.0.1", 0, monotonic=clock.monotonic), None, clock.monotonic)
    with ManualFleet(vtn, tmp_path, clock, NAMES, config=FleetConfig(state=tmp_path), push=push) as fleet:
        fleet.until(lambda _: len(push_side.subscriptions) == len(NAMES))
    assert push_side.subscriptions == {}
