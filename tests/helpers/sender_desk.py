"""A sender by hand: the client it has, what it is given to send, and its verdict."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ven_actors.actors.sender import SenderActor
from ven_actors.messages import Send
from ven_actors.model import Block, EventInterval, EventSight, Layout, ReportDescriptor, SealedReport
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

T0 = 1_767_225_600
STORED = b'{"id":"r-1"}'
HOLD = [408, 425, 429, 500, 502, 503, 504, 599]
IN_DOUBT = [408, 500, 502, 503, 504, 507, 599]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = STORED
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Found:
    report: bytes | None = None
    settled: bool = True
    unreadable: str = ""


@dataclass
class Vtn:
    """A VEN's client; what is an exception is raised. `asked` says in which order it was asked for what."""

    answer: Any = Answer(201)
    found: Any = Found()
    knows_event: Any = True
    report_success: frozenset[int] = frozenset({201})
    reports_name_program: bool = False
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    aborted: bool = False
    while_posting: Callable[[], None] = lambda: None

    def post_report(self, body: bytes, /, *, backlog: bool = False) -> Answer:
        self.asked.append("post of the backlog" if backlog else "post")
        self.bodies.append(body)
        self.while_posting()
        return given(self.answer)

    def find_report(self, event_id: str, name: str, known_reports: int, /) -> Found:
        assert (event_id, name, known_reports) == ("e1", "Herning.e1.0", 3)
        self.asked.append("find")
        return given(self.found)

    def event_exists(self, event_id: str, /) -> bool:
        assert event_id == "e1"
        self.asked.append("event")
        return given(self.knows_event)

    def abort(self) -> None:
        self.aborted = True


def given(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


def a_send(event: EventSight = EventSight.UNASKED, **changes: Any) -> Send:
    descriptor = ReportDescriptor("DEMAND", reading_type="MEAN", units="KW")
    intervals = (EventInterval(0, float(T0), float(T0 + 10)),)
    report = SealedReport(7, "Herning.e1.0", "Herning", "e1", "p1", descriptor, intervals, None, True, False)
    block = Block(T0, 10, np.array([[1000, 500]], dtype=np.int32))
    return Send(dataclasses.replace(report, **changes), Layout(("pub",), ("load_0", "load_1")), (block,), 3, event)


class Desk:
    def __init__(self, vtn: Vtn) -> None:
        self.reporter = Probe("reporter")
        self.actor = SenderActor(
            "sender-1", 4, Probe(), ManualClock().monotonic, reporter=self.reporter, clients={"Herning": vtn}
        )

    def verdict(self, **changes: Any) -> Any:
        self.actor.on_receive(a_send(**changes))
        (verdict,) = self.reporter.messages
        assert (verdict.sender, verdict.run, verdict.report_id) == ("sender-1", 4, 7)
        return verdict


def verdict_of(vtn: Vtn, **changes: Any) -> Any:
    return Desk(vtn).verdict(**changes)
