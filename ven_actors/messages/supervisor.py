"""To SupervisorActor."""

from __future__ import annotations

from dataclasses import dataclass

from ven_actors.messages.peer import Pulse
from ven_actors.model import JobStatus, ReporterStatus, VenStatus


@dataclass(frozen=True, slots=True)
class Down:
    """A child has ended and cleaned up after itself. `reason` is empty for an orderly stop.

    `dropped` is how many messages were left in its inbox; `traceback` is text without local variables.
    """

    name: str
    run: int
    reason: str
    traceback: str
    dropped: int


@dataclass(frozen=True, slots=True)
class TickDone:
    """A VEN has handled a tick."""

    name: str
    run: int
    status: VenStatus


@dataclass(frozen=True, slots=True)
class ReporterReport:
    run: int
    status: ReporterStatus


@dataclass(frozen=True, slots=True)
class ClockReport:
    run: int
    now_s: float
    jobs: tuple[JobStatus, ...]
    paused: bool


@dataclass(frozen=True, slots=True)
class Renew:
    """From outside: this VEN stops in order and starts again with its present resources. This is not a failure."""

    name: str


@dataclass(frozen=True, slots=True)
class GetStatus:
    """Asked from outside the actors; the answer is a `FleetStatus`."""


@dataclass(frozen=True, slots=True)
class StartDrain:
    """Asked from outside: the fleet takes no new intervals from now on. The answer, `True`, comes at once."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Asked from outside: stop every child in reverse order of start.

    The answer comes at once and is a `pykka.Future` of the last `FleetStatus`, with the VENs as they were when the
    shutdown began: `supervisor.ask(Shutdown(), timeout=5).get(timeout=30)`. Pulses have to go on until it is there.
    """


ToSupervisor = Down | TickDone | ReporterReport | ClockReport | Pulse | Renew | GetStatus | StartDrain | Shutdown
