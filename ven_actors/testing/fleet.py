"""A whole fleet in the test's own process: real actors, real HTTP, a real store, and time that moves when told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import pykka
from prometheus_client.registry import CollectorRegistry

from ven_actors.config import FleetConfig
from ven_actors.fleet.dialects import routes_of
from ven_actors.fleet.draining import has_closed_all
from ven_actors.fleet.faults import Faults
from ven_actors.fleet.folder import open_profiles
from ven_actors.fleet.pacemaker import JobsDue
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import Advance, GetStatus, Pulse, Shutdown, StartDrain
from ven_actors.meters import DEMO_METERS
from ven_actors.metrics import Metrics
from ven_actors.model import Credentials, FleetStatus, Secret
from ven_actors.push.desk import PushDesk
from ven_actors.storage.population import town_ven
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.vtn import InProcessVtn, Role

_ASK_WITHIN_S = 10.0
_UNTIL_WITHIN_BEATS = 2_000
_LOOK_AGAIN_S = 0.005


class _NoticedMetrics(Metrics):
    """Metrics that say when something has happened."""

    def __init__(self) -> None:
        super().__init__(CollectorRegistry())
        self.happened = threading.Event()

    def request(self, status: int | str) -> None:
        super().request(status)
        self.happened.set()

    def flushed(self, took_s: float, written_bytes: int = 0) -> None:
        super().flushed(took_s, written_bytes)
        self.happened.set()


class ManualFleet:
    """Runs towns of the demo population against `vtn`, as a context manager.

    Nothing happens unless time is advanced. `clock` must be the one that the VTN's time comes from, too, where events
    matter. Each VEN's client is the VTN's client of the same name; `resources` is how many of each VEN run. They
    speak the dialects that `config` gives them. Its `rate` is left out: while time stands still, no request could go.
    """

    def __init__(
        self,
        vtn: InProcessVtn,
        state: Path,
        clock: ManualClock,
        vens: Sequence[str] = ("Herning", "Aalborg"),
        *,
        config: FleetConfig | None = None,
        resources: int = 5,
        faults: Faults | None = None,
        push: PushDesk | None = None,
    ) -> None:
        self.config = replace(config or FleetConfig(state=state), rate=None)
        self.clock = clock
        credentials = {c.name: Credentials(c.name, Secret(c.secret)) for c in vtn.clients if c.role is Role.VEN}
        self.metrics = _NoticedMetrics()
        self.jobs_due = JobsDue()
        self.wiring = Wiring(
            self.config,
            routes_of(self.config, vens, vtn.base_urls, {}),
            {name: town_ven(name, self.config.seed, meters=DEMO_METERS, approve="all")[:resources] for name in vens},
            open_profiles(self.config),
            credentials,
            self.metrics,
            self.jobs_due,
            None,
            Advance(clock.wall_s, clock.mono_s),
            clock.monotonic,
            faults or Faults(),
            push,
        )

    def __enter__(self) -> Self:
        self.supervisor = self.wiring.start_supervisor()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def beat(self, seconds: float = 0.0) -> None:
        """Let time go on by `seconds` and tell the actors."""
        self.clock.advance(seconds)
        clock = self.wiring.refs.get("clock")
        if clock is not None and clock.is_alive():
            clock.tell(Advance(self.clock.wall_s, self.clock.mono_s))
        self.supervisor.tell(Pulse(0.0, self.clock.mono_s))

    def status(self) -> FleetStatus:
        status = self.supervisor.ask(GetStatus(), timeout=_ASK_WITHIN_S)
        assert isinstance(status, FleetStatus)
        return status

    def until(self, condition: Callable[[FleetStatus], bool], *, step_s: float = 0.25) -> FleetStatus:
        """Let time go on in steps until `condition` holds; `AssertionError` with the status if it never does."""
        for _ in range(_UNTIL_WITHIN_BEATS):
            self.beat(step_s)
            # Requests take real time, however little the fleet's own clock has moved.
            self.metrics.happened.wait(_LOOK_AGAIN_S)
            self.metrics.happened.clear()
            status = self.status()
            if condition(status):
                return status
        raise AssertionError(f"it never came to that: {self.status()}")

    def drain(self) -> FleetStatus:
        """Take no new interval and deliver what there is."""
        self.supervisor.ask(StartDrain(), timeout=_ASK_WITHIN_S)
        return self.until(lambda status: has_closed_all(status) and status.reporter.readings.queued == 0)

    def stop(self) -> FleetStatus:
        """Stop all actors in order."""
        future = self.supervisor.ask(Shutdown(), timeout=_ASK_WITHIN_S)
        for _ in range(_UNTIL_WITHIN_BEATS):
            self.beat(0.05)
            try:
                status = future.get(timeout=_LOOK_AGAIN_S)
            except pykka.Timeout:
                continue
            assert isinstance(status, FleetStatus)
            self.supervisor.stop(timeout=_ASK_WITHIN_S)
            self.wiring.close()
            return status
        raise AssertionError("the actors do not stop")
