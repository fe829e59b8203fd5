"""To ReporterActor, verdicts apart."""

from __future__ import annotations

from dataclasses import dataclass

from ven_actors.kept import KeptBook
from ven_actors.messages.delivery import Send, Verdict
from ven_actors.messages.peer import Peer, Pulse
from ven_actors.messages.ven import Committed, Drain, ForecastWanted, Recovered
from ven_actors.model import Block, Enrolment, Layout, ReportRequest


@dataclass(frozen=True, slots=True)
class VenStarted:
    """A VEN begins a life; the answer is `Recovered`. Messages of older runs are refused from here on."""

    ven: str
    run: int
    layout: Layout
    peer: Peer[Recovered | Committed | ForecastWanted]


@dataclass(frozen=True, slots=True)
class IntervalClosed:
    ven: str
    run: int
    block: Block


@dataclass(frozen=True, slots=True)
class ForecastMade:
    """The answer to `ForecastWanted`: one block for each interval, in order, over its whole seconds."""

    ven: str
    run: int
    request_id: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class GapRecorded:
    """Intervals from `start_s` to `end_s` could not be generated (a stop longer than the catch-up)."""

    ven: str
    run: int
    start_s: int
    end_s: int
    interval_s: int


@dataclass(frozen=True, slots=True)
class EventsRead:
    """A complete crawl that began at `as_of_s`: what is asked of this VEN, and its book to keep (None: as before).

    `is_back`: it is the first after the VTN was lost.
    """

    ven: str
    run: int
    as_of_s: float
    requests: tuple[ReportRequest, ...]
    event_book: KeptBook | None
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class Enrolled:
    ven: str
    run: int
    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class SenderReady:
    """A sender begins a life; a report that an earlier life of it had in hand is in doubt.

    It sends to VTNs of `origin` (scheme, host and port) only.
    """

    sender: str
    run: int
    peer: Peer[Send]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class BreakOff:
    """The fleet closes its own connections: send nothing more; failures from here on are the fleet's own."""


@dataclass(frozen=True, slots=True)
class FinalFlush:
    """Asked by the supervisor at the end: commit what is in hand, answer with the final `ReporterStatus`."""


ToReporter = (
    VenStarted
    | IntervalClosed
    | ForecastMade
    | GapRecorded
    | EventsRead
    | Enrolled
    | SenderReady
    | Verdict
    | Pulse
    | BreakOff
    | Drain
    | FinalFlush
)
