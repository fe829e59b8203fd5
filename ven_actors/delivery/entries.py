"""The entries of an outbox: blocks that wait, requests that ask, reports that are sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from ven_actors.delivery.measures import carries_readings, is_forecast

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from ven_actors.delivery.marks import Marks, Reading
    from ven_actors.model import EventInterval, ReportRequest, Window

    NextWindow = Callable[[ReportRequest, float], Window | None]
    Sendable: TypeAlias = "OutboxReport | Reading"

INFINITY = float("inf")


class ReportState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SPLIT = "split"


@dataclass(slots=True, eq=False)
class QueuedBlock:
    """A committed metering interval whose readings are not all settled; `reports` that cover it, none withdrawn.

    `cause`: with it, the state of some resource has changed.
    """

    block_id: int
    start_s: int
    end_s: int
    layout_id: int
    reports: list[OutboxReport] = field(default_factory=list)
    cause: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a report that covers it is neither accepted nor refused."""
        for report in self.reports:  # noqa: SIM110 - asked of a whole backlog at every flush
            if report.state is ReportState.OPEN:
                return True
        return False


@dataclass(slots=True, eq=False)
class RequestState:
    """A report request and how far it has been served: every window that ends by `sealed_until_s` is sealed.

    `doubted` are withdrawn reports that may have arrived, by name, with start, end, chunk, and whether their intervals
    said their place in time: sealed again, they are looked up first.
    `readings`: its reports deliver the metered readings themselves. `forecast`: they speak about the future, and
    `joins` that those of windows begun long ago are nobody's concern any more. With frequency 0, a request that
    joins gets the present state first.
    """

    request_key: int
    request: ReportRequest
    sealed_until_s: float
    accepted: int = 0
    gone: bool = False
    doubted: dict[str, tuple[float, float, int, bool]] = field(default_factory=dict)
    readings: bool = field(init=False)
    forecast: bool = field(init=False)
    joins: bool = field(init=False)
    _found: tuple[ReportRequest, float, Window | None] | None = None

    def __post_init__(self) -> None:
        self.readings = carries_readings(self.request.descriptor)
        self.forecast = is_forecast(self.request.descriptor)
        self.joins = self.sealed_until_s == -INFINITY

    def upcoming(self, next_window: NextWindow) -> Window | None:
        """Return the first window that is not sealed; looked for once, however often it is asked for."""
        found = self._found
        if found is None or found[0] is not self.request or found[1] != self.sealed_until_s:
            window = next_window(self.request, self.sealed_until_s)
            self._found = found = (self.request, self.sealed_until_s, window)
        return found[2]


@dataclass(slots=True, eq=False)
class OutboxReport:
    """A sealed report. `marked`: the store knows that it may have been sent; `in_doubt`: look before sending.

    `unsettled`: it was sent again although nobody could say whether an earlier attempt had arrived. `marks`: it goes
    out reading by reading, and they say how far it is. `alarmed`: it was refused
    while nearly everything was, or had its one try in a drain; the others go first.
    """

    request: RequestState
    name: str
    start_s: float
    end_s: float
    chunk: int
    layout_id: int
    intervals: tuple[EventInterval, ...]
    rows: tuple[int, ...] | None
    periods: bool
    blocks: list[QueuedBlock]
    state: ReportState = ReportState.OPEN
    in_doubt: bool = False
    unsettled: bool = False
    alarmed: bool = False
    marked: bool = False
    attempts: int = 0
    next_try_s: float = -INFINITY
    marks: Marks | None = None

    @property
    def whole(self) -> OutboxReport:
        return self

    @property
    def component(self) -> int | None:
        """The only load component that it speaks about; None: all of them."""
        return None

    def mark(self) -> None:
        self.marked = True

    @property
    def posts(self) -> int:
        """How many POSTs are still owed for it, or in flight."""
        return 1 if self.marks is None else self.marks.waiting.bit_count()

    @property
    def order(self) -> tuple[bool, float, float, int, str]:
        """Its place in the queue: by time, larger chunks first, and the same after a restart."""
        due_s = self.start_s if self.request.forecast else self.end_s
        return self.alarmed, due_s, self.start_s, self.chunk, self.name


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a block's readings."""

    block: QueuedBlock
    accepted: int
    unasked: int
    quarantined: int
