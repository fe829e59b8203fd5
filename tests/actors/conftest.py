"""Actors by hand: a supervisor whose children are probes, a reporter whose VENs and senders are probes."""

import dataclasses
import math
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ven_actors.actors.reporter import ReporterActor, ReporterSettings
from ven_actors.actors.supervision import ChildSpec
from ven_actors.actors.supervisor import SupervisorActor
from ven_actors.actors.ven import VenActor
from ven_actors.actors.ven_needs import VenSettings
from ven_actors.errors import VtnUnreachable
from ven_actors.messages import (
    Committed,
    Down,
    EventsRead,
    GetStatus,
    IntervalClosed,
    Pulse,
    Recovered,
    Send,
    SenderReady,
    Tick,
    TickDone,
    VenStarted,
)
from ven_actors.model import (
    Block,
    Enrolment,
    EventInterval,
    FleetStatus,
    IntervalPlan,
    Layout,
    ReportDescriptor,
    ReporterStatus,
    ReportRequest,
    VenState,
    VenStatus,
)
from ven_actors.openadr.events import Crawl
from ven_actors.signals import Phase
from ven_actors.storage.store import Store
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import ChildProbe, Probe

CORE = ("reporter", "sender-1", "sender-2", "clock")


class SupervisedFleet:
    """The supervisor, a manual time, and every life of every child: `lives[name]` are (run, probe), oldest first."""

    def __init__(self, vens: int = 2, **kwargs: Any) -> None:
        self.time = ManualClock()
        self.lives: dict[str, list[tuple[int, ChildProbe]]] = {}
        self.order: list[str] = []
        self.unbuildable: set[str] = set()
        self.vens = [f"ven-{n}" for n in range(vens)]
        self.specs = [self.spec(name, group="core", level=name.partition("-")[0]) for name in CORE]
        self.specs += [self.spec(name, group="ven") for name in self.vens]
        kwargs = {"children": tuple(self.specs), "rng": random.Random(1)} | kwargs
        self.actor = SupervisorActor("supervisor", 1, Probe(), self.time.monotonic, **kwargs)

    def spec(self, name: str, **kwargs: Any) -> ChildSpec:
        def start(run: int) -> ChildProbe:
            if name in self.unbuildable:
                raise OSError(f"{name} has no luck")
            child = ChildProbe(name)
            self.lives.setdefault(name, []).append((run, child))
            self.order.append(name)
            return child

        return ChildSpec(name, start=start, **kwargs)

    def pulse(self, seconds: float = 0.0) -> None:
        self.time.advance(seconds)
        self.actor.on_receive(Pulse(0.0, self.time.mono_s))

    def pass_time(self, seconds: float) -> None:
        """Let time pass in pulses that are close enough to one another not to look like a standstill."""
        for _ in range(int(seconds)):
            self.pulse(1.0)

    def until(self, condition: Callable[[], object], at_most_s: int = 120) -> None:
        for _ in range(at_most_s * 4):
            if condition():
                return
            self.pulse(0.25)
        raise AssertionError("it did not come to that")

    def begun(self) -> "SupervisedFleet":
        self.pulse()
        return self

    def child(self, name: str) -> ChildProbe:
        return self.lives[name][-1][1]

    def run_of(self, name: str) -> int:
        return self.lives[name][-1][0]

    def lived(self, name: str) -> int:
        return len(self.lives.get(name, ()))

    def down(self, name: str, reason: str = "", run: int | None = None) -> None:
        self.actor.on_receive(Down(name, run or self.run_of(name), reason, "", 0))

    def tick_done(self, name: str, state: VenState = VenState.RUNNING, run: int | None = None) -> VenStatus:
        status = VenStatus(name, state, 120, 4_711, 15, 1)
        self.actor.on_receive(TickDone(name, run or self.run_of(name), status))
        return status

    def status(self) -> FleetStatus:
        status = self.actor.on_receive(GetStatus())
        assert isinstance(status, FleetStatus)
        return status

    def told_to_stop(self) -> list[str]:
        """The children whose present life was asked to stop."""
        return [name for name in self.lives if self.child(name).ended or self.child(name).finished]

    def obey(self) -> None:
        """Everybody who was asked to stop goes down in order."""
        for name in self.told_to_stop():
            self.down(name)


@pytest.fixture
def supervised() -> type[SupervisedFleet]:
    return SupervisedFleet


# --- a reporter by hand, with peers that are probes --------------------------------------------------------------

T0 = 1_767_225_600
LAYOUT = Layout(("bakery", "pub"), ("load_0", "load_1"))


def power_at(start_s: int) -> npt.NDArray[np.int32]:
    """What every VEN of these tests draws; no two intervals are alike."""
    first = start_s % 1_000_000
    return np.array([[first, first + 1], [first + 2, first + 3]], dtype=np.int32)


def asked(event: str = "e1", **changes: Any) -> ReportRequest:
    """A request for the mean power of each of the VEN's own intervals of 10 s, for ever."""
    descriptor = ReportDescriptor("DEMAND", reading_type="MEAN", units="KW", frequency=1, repeat=-1)
    plan = IntervalPlan((EventInterval(0, T0 - 1000, T0 - 990),), 10.0, math.inf, implied=True, own=True)
    return dataclasses.replace(ReportRequest(f"{event}.r", event, "p1", descriptor, plan), **changes)


class WatchedStore(Store):
    """The real store, which says whether anything waits for its commit, and counts commits."""

    commits = 0

    @property
    def uncommitted(self) -> bool:
        return any(self._pending.values())

    def commit(self) -> int:
        self.commits += 1
        return super().commit()


class Honest(Probe):
    """A peer of the reporter that takes nothing while something waits for its commit."""

    def __init__(self, house: "ReporterHouse", name: str) -> None:
        super().__init__(name)
        self.house = house

    def tell(self, message: object, /) -> None:
        assert not self.house.store.uncommitted, f"{self.name} was told {message} before it was committed"
        super().tell(message)


class ReporterHouse:
    """The reporter, a store in a folder, and a manual time; VENs and senders are probes."""

    def __init__(self, folder: Path, run: int = 1, **settings: Any) -> None:
        self.folder = folder
        self.time = ManualClock(wall_s=float(T0))
        self.supervisor = Probe("supervisor")
        self.flushes: list[int] = []
        self.actor = ReporterActor(
            "reporter", run, self.supervisor, self.time.monotonic, open_store=self.open_store,
            settings=ReporterSettings(**settings), rng=random.Random(1),
            on_flush=lambda _, column_bytes: self.flushes.append(column_bytes),
        )  # fmt: skip
        self.actor.on_start()

    def open_store(self) -> WatchedStore:
        self.store = WatchedStore(self.folder)
        return self.store

    def tell(self, message: Any) -> Any:
        return self.actor.on_receive(message)

    def pulse(self, seconds: float = 0.25) -> None:
        self.time.advance(seconds)
        self.tell(Pulse(self.time.wall_s, self.time.mono_s))

    def ven(self, name: str = "Herning", run: int = 1, layout: Layout = LAYOUT) -> Honest:
        probe = Honest(self, name)
        self.tell(VenStarted(name, run, layout, probe))
        return probe

    def sender(self, name: str = "sender-1", run: int = 1) -> Honest:
        probe = Honest(self, name)
        self.tell(SenderReady(name, run, probe))
        return probe

    def close(self, start_s: int, count: int = 1, ven: str = "Herning", run: int = 1) -> None:
        for number in range(count):
            begin_s = start_s + 10 * number
            self.tell(IntervalClosed(ven, run, Block(begin_s, 10, power_at(begin_s))))

    def read(self, *requests: ReportRequest, as_of_s: float = T0, ven: str = "Herning", run: int = 1) -> None:
        self.tell(EventsRead(ven, run, as_of_s, requests, b"book"))

    def status(self) -> ReporterStatus:
        return self.actor._status()

    def one_in_flight(self) -> tuple[Honest, Send]:
        """One VEN, one request, one closed interval, and its report in the hands of `sender-1`."""
        self.ven()
        sender = self.sender()
        self.read(asked())
        self.close(T0)
        self.pulse()
        (send,) = sender.of(Send)
        return sender, send

    def end(self) -> None:
        self.actor.on_down()


@pytest.fixture
def reporting(tmp_path: Path) -> Iterator[Callable[..., ReporterHouse]]:
    """Build reporters over one and the same folder, one after the other."""
    houses: list[ReporterHouse] = []

    def build(**settings: Any) -> ReporterHouse:
        for house in houses:
            house.end()
        houses.append(ReporterHouse(tmp_path, run=len(houses) + 1, **settings))
        return houses[-1]

    yield build
    for house in houses:
        house.end()


@pytest.fixture
def reporter(reporting: Callable[..., ReporterHouse]) -> ReporterHouse:
    return reporting()


@pytest.fixture
def metered() -> ModuleType:
    """What the reporter's tests share: `T0`, `LAYOUT`, `power_at`, `asked`."""
    return sys.modules[__name__]


# --- a VEN by hand -----------------------------------------------------------------------------------------------


class FakeVtn:
    """A VEN's client; counts what it is asked, and raises what it is told to."""

    def __init__(self) -> None:
        self.enrolment = Enrolment("v-1", {"bakery": "r-1", "pub": "r-2"})
        self.crawl_result = Crawl((), ())
        self.crawls = 0
        self.known_at_enrolment: list[Enrolment | None] = []
        self.portions: list[int] = []
        self.known_ids: list[frozenset[str]] = []
        self.error: Exception | None = None
        self.enrol_error: Exception | None = None
        self.on_crawl: Callable[[], None] = lambda: None
        self.aborted = False

    def lose(self, error: Exception | None = None) -> None:
        self.error = error or VtnUnreachable("down")

    def find(self) -> None:
        self.error = None

    def enrol(self, ven_name: str, resources: Any, known: Enrolment | None, /) -> Enrolment:
        self.known_at_enrolment.append(known)
        self.portions.append(len(resources))
        if self.enrol_error is not None:
            raise self.enrol_error
        return self.enrolment

    def crawl(self, known_event_ids: Any = (), /) -> Crawl:
        self.crawls += 1
        self.known_ids.append(frozenset(known_event_ids))
        self.on_crawl()
        if self.error is not None:
            raise self.error
        return self.crawl_result

    def abort(self) -> None:
        self.aborted = True


class FakeSimulation:
    layout = LAYOUT

    def __init__(self) -> None:
        self.phases: list[tuple[Phase, ...]] = []

    def block(self, start_s: int, interval_s: int, phases: Any, /) -> Block:
        self.phases.append(phases)
        return Block(start_s, interval_s, power_at(start_s))


class VenHouse:
    """A VEN of run 3 with intervals of 10 s; everybody around it is a probe."""

    layout = LAYOUT
    power = staticmethod(power_at)

    def __init__(
        self,
        *,
        before_interval: Any = None,
        credit: int = 16,
        catch_up_s: float = 3600.0,
        resources: int = 2,
        push: Any = None,
    ) -> None:
        self.time = ManualClock(wall_s=float(T0))
        self.reporter, self.clock, self.supervisor = Probe("reporter"), Probe("clock"), Probe("supervisor")
        self.vtn = FakeVtn()
        self.simulation = FakeSimulation()
        self.actor = VenActor(
            "Herning", 3, self.supervisor, self.time.monotonic, reporter=self.reporter, clock=self.clock,
            vtn=self.vtn, resources=(None,) * resources, simulation=self.simulation,
            settings=VenSettings(10, catch_up_s, 30.0, credit),
            before_interval=before_interval or (lambda _name, _start_s: None), push=push,
        )  # fmt: skip
        self.actor.on_start()

    def tell(self, message: Any) -> None:
        self.actor.on_receive(message)

    def recover(self, closed_until_s: int | None = None, enrolment: Any = None, event_book: Any = None) -> None:
        self.tell(Recovered(3, closed_until_s, enrolment, event_book))

    def tick(self, now_s: float, *due: str) -> None:
        self.tell(Tick(now_s, self.time.mono_s, frozenset(due)))

    def tick_later(self, *due: str) -> None:
        self.time.advance(30)
        self.tick(self.time.wall_s, *due)

    def commit(self, upto_s: int) -> None:
        self.tell(Committed(3, upto_s))

    def waiting(self) -> list[Any]:
        """What it has told itself since the last look."""
        inbox, found = self.actor.actor_inbox, []
        while not inbox.empty():
            found.append(inbox.get().message)
        return found

    @property
    def closed(self) -> list[int]:
        return [told.block.start_s for told in self.reporter.of(IntervalClosed)]

    @property
    def read_as_of(self) -> list[float]:
        return [told.as_of_s for told in self.reporter.of(EventsRead)]

    @property
    def status(self) -> VenStatus:
        return self.supervisor.of(TickDone)[-1].status

    @property
    def states(self) -> list[VenState]:
        return [told.status.state for told in self.supervisor.of(TickDone)]


@pytest.fixture
def ven() -> Callable[..., VenHouse]:
    def build(
        *,
        recovered: bool = True,
        closed_until_s: int | None = None,
        enrolment: Enrolment | None = None,
        event_book: bytes | None = None,
        **kwargs: Any,
    ) -> VenHouse:
        house = VenHouse(**kwargs)
        if recovered:
            house.recover(closed_until_s, enrolment, event_book)
        return house

    return build
