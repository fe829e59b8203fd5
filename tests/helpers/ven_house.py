"""A VEN by hand: its VTN, its simulation, and everybody around it as probes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from reporter_house import LAYOUT, T0, power_at

from ven_actors.actors.ven import VenActor
from ven_actors.actors.ven_needs import VenSettings
from ven_actors.columns import BASELINE_W
from ven_actors.errors import VtnUnreachable
from ven_actors.messages import Committed, EventsRead, IntervalClosed, Recovered, Tick, TickDone
from ven_actors.model import Block, Enrolment, ReportDescriptor, VenState, VenStatus
from ven_actors.openadr.events import Crawl, Event
from ven_actors.signals import Phase
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe


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
        self.looks = 0
        self.look_error: Exception | None = None
        self.has_ven = True
        self.on_crawl: Callable[[], None] = lambda: None
        self.aborted = False
        self.has_seat = True
        self.tell_of_seat: Callable[[], None] = lambda: None

    def take_seat(self, tell: Callable[[], None], /) -> bool:
        self.tell_of_seat = tell
        return self.has_seat

    def lose(self, error: Exception | None = None) -> None:
        self.error = error or VtnUnreachable("down")

    def find(self) -> None:
        self.error = None

    def enrol(self, ven_name: str, resources: Any, known: Enrolment | None, /) -> Enrolment:
        self.known_at_enrolment.append(known)
        self.portions.append(len(resources))
        if self.enrol_error is not None:
            raise self.enrol_error
        self.has_ven = True
        return self.enrolment

    def is_registered(self) -> bool:
        self.looks += 1
        if self.look_error is not None:
            raise self.look_error
        return self.has_ven

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
        self.unaffected_w: int | None = None

    def block(self, start_s: int, interval_s: int, phases: Any, /) -> Block:
        self.phases.append(phases)
        watts = power_at(start_s)
        extras = {} if self.unaffected_w is None else {BASELINE_W: np.full_like(watts, self.unaffected_w)}
        return Block(start_s, interval_s, watts, extras)


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
        per_turn: int = 200,
        leaving: tuple[str, ...] = (),
    ) -> None:
        self.time = ManualClock(wall_s=float(T0))
        self.reporter, self.clock, self.supervisor = Probe("reporter"), Probe("clock"), Probe("supervisor")
        self.vtn = FakeVtn()
        self.simulation = FakeSimulation()
        self.actor = VenActor(
            "Herning", 3, self.supervisor, self.time.monotonic, reporter=self.reporter, clock=self.clock,
            vtn=self.vtn, resources=(None,) * resources, simulation=self.simulation,
            settings=VenSettings(10, catch_up_s, 30.0, credit, resources_per_turn=per_turn, leaving=leaving),
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


def asking(event_id: str, **descriptor: Any) -> Event:
    """An event with one report descriptor."""
    return Event(event_id, "p1", report_descriptors=(ReportDescriptor(**({"payload_type": "DEMAND"} | descriptor)),))
