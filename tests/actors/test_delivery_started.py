"""Reporter, senders and VENs started for real: what happens when one of them dies or hangs in the middle."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ven_actors.actors.base import FleetRef
from ven_actors.actors.reporter import ReporterActor, ReporterSettings
from ven_actors.actors.sender import SenderActor
from ven_actors.actors.ven import VenActor
from ven_actors.actors.ven_needs import VenSettings
from ven_actors.messages import (
    Committed,
    Down,
    FinalFlush,
    IntervalClosed,
    Pulse,
    Recovered,
    ReporterReport,
    Subscribe,
    Tick,
    TickDone,
    VenStarted,
)
from ven_actors.model import Block, ReporterStatus
from ven_actors.storage.store import Store
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

T0 = 1_767_225_600


@dataclass(frozen=True)
class Answer:
    status: int = 201
    body: bytes = b'{"id":"r-1"}'
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Found:
    report: bytes | None
    settled: bool = True


@dataclass
class Vtn:
    """A VTN that keeps what it is sent; `then` happens after it has kept a report and before it answers."""

    kept: list[bytes] = field(default_factory=list)
    then: Callable[[], None] = lambda: None
    report_success: frozenset[int] = frozenset({201})
    reports_name_program: bool = False

    def post_report(self, body: bytes, /, *, backlog: bool = False) -> Answer:
        self.kept.append(body)
        self.then()
        return Answer()

    def find_report(self, event_id: str, name: str, known: int, /) -> Found:
        return Found(next((body for body in self.kept if f'"{name}"'.encode() in body), None))

    def event_exists(self, event_id: str, /) -> bool:
        return True

    def abort(self) -> None:
        self.then = lambda: None


class Started:
    """Starts actors over one state folder; `supervisor` hears how each of them ends."""

    def __init__(self, folder: Path, metered: ModuleType) -> None:
        self.folder = folder
        self.metered = metered
        self.time = ManualClock(wall_s=float(T0))
        self.supervisor = Probe("supervisor")
        self.clock = Probe("clock")
        self.vtn = Vtn()
        self.refs: list[FleetRef[Any]] = []

    def reporter(self, run: int = 1, settings: ReporterSettings | None = None) -> FleetRef[Any]:
        return self._started(
            ReporterActor, "reporter", run, open_store=lambda: Store(self.folder),
            settings=settings or ReporterSettings(), rng=random.Random(1),
        )  # fmt: skip

    def sender(self, reporter: Any, run: int = 1) -> FleetRef[Any]:
        return self._started(SenderActor, "sender-1", run, reporter=reporter, clients={"Herning": self.vtn})

    def ven(self, reporter: Any, run: int = 1, **hooks: Any) -> FleetRef[Any]:
        return self._started(
            VenActor, "Herning", run, reporter=reporter, clock=self.clock, vtn=self.metered.FakeVtn(),
            resources=(), simulation=self.metered.FakeSimulation(), settings=VenSettings(10, 3600.0, 30.0), **hooks,
        )  # fmt: skip

    def _started(self, kind: Any, name: str, run: int, **peers: Any) -> FleetRef[Any]:
        self.refs.append(kind.start(name, run, self.supervisor, self.time.monotonic, **peers))
        return self.refs[-1]

    def pulse(self, reporter: FleetRef[Any], seconds: float = 1.0) -> ReporterStatus:
        """One beat, and the status that the reporter tells on it."""
        self.time.advance(seconds)
        reporter.tell(Pulse(self.time.wall_s, self.time.mono_s))
        return self.supervisor.expect(ReporterReport).status

    def until(self, reporter: FleetRef[Any], true: Callable[[ReporterStatus], bool]) -> ReporterStatus:
        for _ in range(200):
            status = self.pulse(reporter)
            if true(status):
                return status
        raise AssertionError(f"it did not come to that: {status}")

    def owe_a_report(self, reporter: FleetRef[Any], run: int = 1) -> Probe:
        """A VEN that is a probe, one event, one closed interval."""
        ven = Probe("Herning")
        reporter.tell(VenStarted("Herning", run, self.metered.LAYOUT, ven))
        reporter.tell(self.metered.EventsRead("Herning", run, float(T0), (self.metered.asked(),), None))
        reporter.tell(IntervalClosed("Herning", run, Block(T0, 10, self.metered.power_at(T0))))
        self.pulse(reporter)
        return ven

    def down(self, ref: FleetRef[Any]) -> Down:
        ref.end()
        return self.supervisor.expect(Down)


@pytest.fixture
def fleet(tmp_path: Path, metered: ModuleType) -> Iterator[Started]:
    fleet = Started(tmp_path, metered)
    yield fleet
    for ref in fleet.refs:
        ref.abort()
        ref.stop(block=True, timeout=10)


def accepted(status: ReporterStatus) -> bool:
    return status.readings.accepted == 4


def test_a_reporter_that_dies_with_a_report_in_flight_loses_and_doubles_nothing(fleet: Started) -> None:
    posted, goes_on = threading.Event(), threading.Event()

    def wait() -> None:
        posted.set()
        assert goes_on.wait(10)

    fleet.vtn.then = wait
    reporter = fleet.reporter()
    sender = fleet.sender(reporter)
    fleet.owe_a_report(reporter)
    assert posted.wait(10)
    reporter.tell("nonsense")
    assert "AssertionError" in fleet.supervisor.expect(Down).reason
    goes_on.set()
    assert fleet.down(sender).reason == ""

    reporter = fleet.reporter(run=2)
    fleet.sender(reporter, run=3)
    reporter.tell(VenStarted("Herning", 4, fleet.metered.LAYOUT, Probe()))
    status = fleet.until(reporter, accepted)
    assert len(fleet.vtn.kept) == 1
    assert (status.reports_accepted, status.posts, status.readings.unaccounted) == (1, 0, 0)


def test_a_sender_that_crashes_after_the_vtn_has_kept_the_report_sends_it_no_second_time(fleet: Started) -> None:
    def crash() -> None:
        raise MemoryError("no luck")

    fleet.vtn.then = crash
    reporter = fleet.reporter()
    fleet.sender(reporter)
    fleet.owe_a_report(reporter)
    assert "no luck" in fleet.supervisor.expect(Down).reason
    fleet.vtn.then = lambda: None
    fleet.sender(reporter, run=2)
    status = fleet.until(reporter, accepted)
    assert len(fleet.vtn.kept) == 1
    assert (status.reports_accepted, status.possibly_doubled) == (1, 0)


def test_a_hung_sender_that_wakes_up_after_its_replacement_changes_nothing(fleet: Started) -> None:
    posted, wakes = threading.Event(), threading.Event()

    def hang() -> None:
        posted.set()
        assert wakes.wait(10)

    fleet.vtn.then = hang
    reporter = fleet.reporter()
    old = fleet.sender(reporter)
    fleet.owe_a_report(reporter)
    assert posted.wait(10)
    fleet.vtn.then = lambda: None
    fleet.sender(reporter, run=2)
    before = fleet.until(reporter, accepted)
    wakes.set()
    fleet.down(old)
    after = fleet.pulse(reporter)
    assert (after.posts, after.reports_accepted, after.in_flight) == (before.posts, 1, 0)


def test_an_orderly_end_of_all_leaves_only_what_is_committed(fleet: Started) -> None:
    reporter = fleet.reporter()
    fleet.owe_a_report(reporter)
    status = reporter.ask(FinalFlush(), timeout=10)
    assert status.readings.queued == 4
    fleet.down(reporter)
    again = fleet.reporter(run=2)
    assert fleet.pulse(again).readings == status.readings


def tick(ven: FleetRef[Any], now_s: float) -> None:
    ven.tell(Tick(now_s, 0.0, frozenset({"metering"})))


def test_a_ven_that_crashes_on_a_tick_goes_on_from_its_checkpoint_to_the_watt(fleet: Started) -> None:
    def crash(_name: str, start_s: int) -> None:
        if start_s == T0 + 30:
            raise RuntimeError("a fault hook")

    reporter = fleet.reporter()
    ven = fleet.ven(reporter, before_interval=crash)
    fleet.until(reporter, lambda _: bool(fleet.clock.of(Subscribe)))
    tick(ven, T0 + 10)
    fleet.supervisor.expect(TickDone)
    tick(ven, T0 + 60)
    assert "a fault hook" in fleet.supervisor.expect(Down).reason
    second = fleet.ven(reporter, run=2)
    fleet.until(reporter, lambda _: len(fleet.clock.of(Subscribe)) == 2)
    tick(second, T0 + 60)
    fleet.until(reporter, lambda status: status.closed_until_by_ven.get("Herning") == T0 + 60)
    fleet.down(second)
    fleet.down(reporter)
    store = Store(fleet.folder)
    recovery = store.load()
    assert [(span.start_s, span.end_s) for span in recovery.spans] == [(T0, T0 + 60)]
    blocks = store.blocks(recovery.blocks, {1: fleet.metered.LAYOUT})
    assert [block.start_s for block in blocks] == list(range(T0, T0 + 60, 10))
    assert all((block.power_w == fleet.metered.power_at(block.start_s)).all() for block in blocks)
    store.close()


def test_a_hung_ven_that_wakes_up_after_its_replacement_changes_nothing(fleet: Started) -> None:
    hangs, wakes = threading.Event(), threading.Event()

    def hang(_name: str, _start_s: int) -> None:
        hangs.set()
        assert wakes.wait(10)

    reporter = fleet.reporter()
    old = fleet.ven(reporter, before_interval=hang)
    fleet.until(reporter, lambda _: bool(fleet.clock.of(Subscribe)))
    tick(old, T0 + 10)
    assert hangs.wait(10)
    new = fleet.ven(reporter, run=2)
    fleet.until(reporter, lambda _: len(fleet.clock.of(Subscribe)) == 2)
    tick(new, T0 + 30)
    fleet.until(reporter, lambda status: status.readings.generated == 4)
    wakes.set()
    fleet.supervisor.expect(TickDone, where=lambda done: done.run == 1)
    tick(new, T0 + 50)
    status = fleet.until(reporter, lambda status: status.readings.generated == 12)
    assert status.closed_until_by_ven == {"Herning": T0 + 50}
    assert status.readings.unaccounted == 0


def test_a_reporter_whose_store_another_run_has_taken_ends_and_confirms_nothing(fleet: Started) -> None:
    reporter = fleet.reporter()
    ven = fleet.owe_a_report(reporter)
    ven.expect(Recovered)
    fleet.pulse(fleet.reporter(run=2))
    reporter.tell(IntervalClosed("Herning", 1, Block(T0 + 10, 10, fleet.metered.power_at(T0 + 10))))
    fleet.time.advance(1)
    reporter.tell(Pulse(fleet.time.wall_s, fleet.time.mono_s))
    assert "taken over" in fleet.supervisor.expect(Down).reason
    assert ven.of(Committed) == []
