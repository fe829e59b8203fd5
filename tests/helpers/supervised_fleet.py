"""The supervisor by hand, a manual time, and children that are probes."""

import random
from collections.abc import Callable
from typing import Any

from ven_actors.actors.supervision import ChildSpec
from ven_actors.actors.supervisor import SupervisorActor
from ven_actors.messages import Down, GetStatus, Pulse, TickDone
from ven_actors.model import FleetStatus, VenState, VenStatus
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

    def tick_done(
        self, name: str, state: VenState = VenState.RUNNING, run: int | None = None, **facts: Any
    ) -> VenStatus:
        status = VenStatus(name, state, 120, 4_711, 15, 1, **facts)
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
