"""A clock by hand, and who listens to it."""

from typing import Any

from ven_actors.actors.clock import ClockActor
from ven_actors.actors.schedule import Job
from ven_actors.messages import Advance, Pulse, Subscribe
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

METERING = frozenset({"metering"})
EVERY_15_S = (Job("metering", 15.0, simulated=True, immediate=True),)


class Stage:
    """A clock with a manual time, its supervisor and one receiver of pulses."""

    def __init__(self, **kwargs: Any) -> None:
        self.time = ManualClock()
        self.supervisor = Probe("supervisor")
        self.reporter = Probe("reporter")
        kwargs.setdefault("jobs", EVERY_15_S)
        self.clock = ClockActor("clock", 4, self.supervisor, self.time.monotonic, pulses=(self.reporter,), **kwargs)

    def subscribe(self, name: str = "Herning", jobs: frozenset[str] = METERING, run: int = 0) -> Probe:
        ven = Probe(name)
        self.clock.on_receive(Subscribe(name, ven, jobs, run))
        return ven

    def advance(self, seconds: float = 0.0) -> None:
        self.time.advance(seconds)
        self.clock.on_receive(Advance(self.time.wall_s, self.time.mono_s))

    @property
    def now_s(self) -> float:
        (*_, pulse) = self.reporter.of(Pulse)
        return pulse.now_s
