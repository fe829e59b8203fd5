"""What a running fleet is told to do through its socket."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, cast

import pytest

from ven_actors.actors.schedule import parse_schedule
from ven_actors.config import FleetConfig
from ven_actors.control import SOCKET_NAME, ControlServer, ask_status, order
from ven_actors.errors import StateError, UsageError
from ven_actors.fleet.folder import load_population, open_profiles
from ven_actors.fleet.orders import Orders
from ven_actors.fleet.removals import Removal, Removals
from ven_actors.fleet.summary import RunFacts
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import Pause, Resume
from ven_actors.meters import DEMO_METERS
from ven_actors.model import Enrolment, FleetStatus, RegistrationStatus, ReporterStatus, Resource
from ven_actors.storage import population
from ven_actors.storage.registry import Registry
from ven_actors.testing.probe import Probe


def never() -> FleetStatus:
    raise AssertionError("nobody has to be asked")


class FakeRemovals:
    def __init__(self) -> None:
        self.added: list[Removal] = []

    def add(self, *removals: Removal) -> None:
        self.added += removals


class FakeWiring:
    def __init__(self) -> None:
        self.removals = FakeRemovals()
        self.clock = Probe("clock")
        self.refs: dict[str, Any] = {"clock": self.clock}
        self.paused_jobs: set[str] = set()

    def schedule(self) -> Any:
        return parse_schedule({})


def orders_for(wiring: FakeWiring) -> Orders:
    return Orders(cast("Wiring", wiring), RunFacts(FleetConfig()), cast("Removals", wiring.removals), never)


def test_jobs_are_paused_at_the_clock_and_stay_so_for_its_next_life() -> None:
    wiring = FakeWiring()
    orders = orders_for(wiring)
    assert orders.do({"do": "pause", "jobs": ["polling", "metering"]}) == ["metering", "polling"]
    assert orders.do({"do": "resume", "jobs": ["polling"]}) == ["metering"]
    assert wiring.paused_jobs == {"metering"}
    assert wiring.clock.of(Pause) == [Pause(frozenset({"polling", "metering"}))]
    assert wiring.clock.of(Resume) == [Resume(frozenset({"polling"}))]
    assert len(orders.do({"do": "pause", "all": True})) == len(wiring.schedule())


def test_an_unknown_job_is_refused_with_the_nearest() -> None:
    wiring = FakeWiring()
    with pytest.raises(UsageError, match="unknown job 'meterin'; did you mean 'metering'"):
        orders_for(wiring).do({"do": "pause", "jobs": ["meterin"]})
    assert wiring.paused_jobs == set()


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown order 'dance'"):
        orders_for(FakeWiring()).do({"do": "dance"})


def test_a_fleet_that_is_only_just_starting_says_so() -> None:
    wiring = FakeWiring()
    wiring.refs.clear()
    with pytest.raises(StateError, match="only just starting"):
        orders_for(wiring).do({"do": "pause", "all": True})


def test_orders_and_the_status_go_through_the_same_socket(tmp_path: Path) -> None:
    def do(request: dict[str, Any]) -> Any:
        if request["do"] == "no":
            raise UsageError("not that")
        return [request["do"]]

    server = ControlServer(tmp_path, lambda: b'{"n": 1}', do)
    server.start()
    try:
        assert order(tmp_path, {"do": "x" * 100_000}) == ["x" * 100_000]
        assert ask_status(tmp_path) == {"n": 1}
        with pytest.raises(StateError, match=r"^not that$"):
            order(tmp_path, {"do": "no"})
        with socket.socket(socket.AF_UNIX) as older:
            older.connect(str(tmp_path / SOCKET_NAME))
            assert older.recv(100) == b'{"n": 1}', "who says nothing and stays gets the status too"
        with socket.socket(socket.AF_UNIX) as garbage:
            garbage.connect(str(tmp_path / SOCKET_NAME))
            garbage.sendall(b"garbage")
            garbage.shutdown(socket.SHUT_WR)
            assert b"refused" in garbage.recv(1000)
    finally:
        server.stop()


def test_a_fleet_of_an_earlier_version_takes_no_orders(tmp_path: Path) -> None:
    server = ControlServer(tmp_path, lambda: b'{"running": true}')
    server.start()
    try:
        with pytest.raises(StateError, match="takes no orders"):
            order(tmp_path, {"do": "pause"})
    finally:
        server.stop()


def test_where_no_fleet_runs_nobody_takes_orders(tmp_path: Path) -> None:
    assert order(tmp_path, {"do": "pause"}) is None


class RunningWiring(FakeWiring):
    """A fleet that runs what the registry of a folder has approved."""

    def __init__(self, config: FleetConfig, resources: dict[str, tuple[Resource, ...]]) -> None:
        super().__init__()
        self.config = config
        self.profiles = open_profiles(config)
        self.resources = resources
        self.changed: dict[str, int] = {}

    def enrolments(self) -> dict[str, Enrolment]:
        return {ven: Enrolment("v", {each.name: each.name for each in own}) for ven, own in self.resources.items()}

    def change(self, name: str, resources: tuple[Resource, ...]) -> None:
        self.changed[name] = len(resources)


def test_a_registry_that_is_read_again_changes_the_vens_that_have_other_resources(tmp_path: Path) -> None:
    config = FleetConfig(state=tmp_path, vens=("Aars", "Lemvig"), approve=2)
    with Registry.create(config.registry_path) as registry:
        for name in config.vens:
            registry.add(name, population.town_ven(name, 1, approve=2))
    wiring = RunningWiring(config, load_population(config, DEMO_METERS).resources)
    first, second = wiring.resources["Aars"]
    facts = RunFacts(config)
    status = FleetStatus(100.0, {}, {}, (), paused=False, reporter=ReporterStatus())
    orders = Orders(cast("Wiring", wiring), facts, cast("Removals", wiring.removals), lambda: status)
    assert orders.do({"do": "reread"}) == {"vens": {}, "unregistered": []}
    with Registry.open(config.registry_path, writable=True) as registry:
        registry.remove(first.resource_id)
        for each in registry.resources("Aars", RegistrationStatus.PENDING)[:2]:
            registry.set_status(each.resource_id, RegistrationStatus.APPROVED)
    said = orders.do(
        {"do": "reread", "delete": [["Aars", first.name], ["Aars", "suspended before"], ["Elsewhere", "x"]]}
    )
    assert said == {"vens": {"Aars": 3}, "unregistered": ["x"]}
    assert wiring.changed == {"Aars": 3}
    until_s = 100.0 + config.interval_s
    assert wiring.removals.added == [
        Removal("Aars", first.name, "v", first.name, until_s), Removal("Aars", "suspended before", "v", None, until_s),
    ]  # fmt: skip
    assert facts.statistics["by_ven"]["Aars"]["approved"] == 3
    assert second in wiring.resources["Aars"]
