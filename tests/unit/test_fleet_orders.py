"""What a running fleet is told to do through its socket."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, cast

import pytest

from ven_actors.actors.schedule import parse_schedule
from ven_actors.control import SOCKET_NAME, ControlServer, ask_status, order
from ven_actors.errors import StateError, UsageError
from ven_actors.fleet.orders import Orders
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import Pause, Resume
from ven_actors.testing.probe import Probe


class FakeWiring:
    def __init__(self) -> None:
        self.clock = Probe("clock")
        self.refs: dict[str, Any] = {"clock": self.clock}
        self.paused_jobs: set[str] = set()

    def schedule(self) -> Any:
        return parse_schedule({})


def orders_for(wiring: FakeWiring) -> Orders:
    return Orders(cast("Wiring", wiring))


def test_jobs_are_paused_at_the_clock_and_stay_so_for_its_next_life() -> None:
    wiring = FakeWiring()
    orders = orders_for(wiring)
    assert orders.do({"do": "pause", "jobs": ["polling", "metering"]}) == ["metering", "polling"]
    assert orders.do({"do": "resume", "jobs": ["polling"]}) == ["metering"]
    assert wiring.paused_jobs == {"metering"}
    assert wiring.clock.of(Pause) == [Pause(frozenset({"polling", "metering"}))]
    assert wiring.clock.of(Resume) == [Resume(frozenset({"polling"}))]
    assert len(orders.do({"do": "pause", "all": True})) == len(wiring.schedule())


def test_a_job_that_is_none_is_refused_with_the_nearest() -> None:
    wiring = FakeWiring()
    with pytest.raises(UsageError, match="unknown job 'meterin'; did you mean 'metering'"):
        orders_for(wiring).do({"do": "pause", "jobs": ["meterin"]})
    assert wiring.paused_jobs == set()


def test_an_order_that_is_none_is_refused() -> None:
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
