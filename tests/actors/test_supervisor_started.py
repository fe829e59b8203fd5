"""A started supervisor with started children: the failure paths with real threads."""

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pykka
import pytest

from ven_actors.actors.base import FleetActor, FleetRef
from ven_actors.actors.supervision import ChildSpec, RestartPolicy
from ven_actors.actors.supervisor import SupervisorActor
from ven_actors.messages import Down, FinalFlush, GetStatus, Pulse, Shutdown
from ven_actors.model import FleetStatus, ReporterStatus
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe


class Worker(FleetActor):
    """Tells its birth to a probe; does what a callable message says; can hang until it is aborted."""

    def __init__(self, *args: Any, births: Probe) -> None:
        super().__init__(*args)
        self.births = births
        self.socket_closed = threading.Event()

    def on_start(self) -> None:
        self.births.tell((self.name, self.run, self.actor_ref))

    def receive(self, message: Any) -> Any:
        if isinstance(message, FinalFlush):
            return ReporterStatus(reports_accepted=7)
        if message == "hang":
            self.births.tell("hanging")
            assert self.socket_closed.wait(10)
            raise OSError("socket closed")
        return message()

    def abort(self) -> None:
        self.socket_closed.set()


def boom() -> None:
    raise ZeroDivisionError


class Started:
    """A started supervisor of a reporter and two VENs, and the time that it lives in."""

    def __init__(self) -> None:
        self.time = ManualClock()
        self.births = Probe("births")
        self.ends = Probe("main")
        specs = (
            ChildSpec("reporter", "core", self.starter("reporter"), last_message=FinalFlush()),
            ChildSpec("ven-0", "ven", self.starter("ven-0")),
            ChildSpec("ven-1", "ven", self.starter("ven-1")),
        )
        self.supervisor = SupervisorActor.start(
            "supervisor",
            1,
            self.ends,
            self.time.monotonic,
            children=specs,
            rng=random.Random(1),
            restarts=RestartPolicy(),
        )
        self.pulse()

    def starter(self, name: str) -> Callable[[int], FleetRef[Worker]]:
        def start(run: int) -> FleetRef[Worker]:
            return Worker.start(name, run, self.supervisor, self.time.monotonic, births=self.births)

        return start

    def pulse(self, seconds: float = 0.0) -> None:
        self.time.advance(seconds)
        self.supervisor.tell(Pulse(0.0, self.time.mono_s))

    def born(self, name: str) -> FleetRef[Worker]:
        return self.births.expect(tuple, where=lambda birth: birth[0] == name)[2]

    def status(self) -> FleetStatus:
        status = self.supervisor.ask(GetStatus(), timeout=10)
        assert isinstance(status, FleetStatus)
        return status

    def pulse_until(self, condition: Callable[[], object], step_s: float = 0.25) -> None:
        """Let time pass in steps; asking for the status in between makes sure that each was handled."""
        for _ in range(1_000):
            if condition():
                return
            self.pulse(step_s)
            self.status()
        raise AssertionError("it did not come to that")


@pytest.fixture
def started() -> Iterator[Started]:
    fleet = Started()
    yield fleet
    fleet.supervisor.stop(timeout=10)
    for ref in pykka.ActorRegistry.get_by_class(Worker):
        ref.abort()
        ref.stop(timeout=10)


def test_a_crashed_ven_lives_again_and_the_others_live_on(started: Started) -> None:
    crashed, other = started.born("ven-0"), started.born("ven-1")
    crashed.tell(boom)
    assert crashed.actor_stopped.wait(10)
    started.pulse_until(lambda: started.status().restarts["ven-0"])
    again = started.born("ven-0")
    assert again.is_alive()
    assert other.is_alive()
    assert started.status().restarts == {"reporter": 0, "ven-0": 1, "ven-1": 0}


def test_a_ven_without_a_thread_is_tried_again(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    crashed = started.born("ven-0")

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as scarce:
        scarce.setattr(threading.Thread, "start", no_thread)
        crashed.tell(boom)
        started.pulse_until(lambda: "can't start new thread" in started.status().vens["ven-0"].last_error)
    started.pulse_until(lambda: started.status().restarts["ven-0"] >= 2)
    assert started.born("ven-0").is_alive()


def test_a_hung_ven_is_broken_off_and_its_late_end_changes_nothing(started: Started) -> None:
    hung = started.born("ven-0")
    hung.tell("hang")
    started.births.expect(str)
    started.pulse_until(lambda: started.status().restarts["ven-0"])
    assert hung.actor_stopped.wait(10)
    again = started.born("ven-0")
    for _ in range(20):
        started.pulse(1.0)
    assert started.status().restarts["ven-0"] == 1
    assert again.is_alive()


def test_a_crashed_reporter_takes_the_vens_along(started: Started) -> None:
    reporter, ven = started.born("reporter"), started.born("ven-0")
    reporter.tell(boom)
    assert reporter.actor_stopped.wait(10)
    started.pulse_until(lambda: started.status().restarts["ven-1"])
    assert not ven.is_alive()
    assert started.status().restarts == {"reporter": 1, "ven-0": 1, "ven-1": 1}


def test_a_shutdown_ends_every_thread_and_answers_with_the_last_status(started: Started) -> None:
    refs = [started.born(name) for name in ("reporter", "ven-0", "ven-1")]
    ended = started.supervisor.ask(Shutdown(), timeout=10)

    def over() -> bool:
        try:
            ended.get(timeout=0.02)
        except pykka.Timeout:
            return False
        return True

    started.pulse_until(over, step_s=0.0)  # no stop is overdue, however slowly the threads get their turn
    assert ended.get(timeout=0).reporter.reports_accepted == 7
    assert [ref for ref in refs if ref.is_alive()] == []
    assert started.supervisor.is_alive()


def test_the_end_of_the_supervisor_itself_is_told_to_who_runs_the_fleet(started: Started) -> None:
    started.born("ven-1")
    started.supervisor.tell("nonsense")
    down = started.ends.expect(Down)
    assert (down.name, down.run) == ("supervisor", 1)
    assert down.reason.startswith("AssertionError")
