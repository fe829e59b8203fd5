"""Reports that go out reading by reading: which reading is next, and what became of each, one bit per reading.

A stream is one load component of one resource: at most one of its readings is in flight, and it keeps its order. Bits
are counted row by row, as the columns of the block lie: bit = row * components + component.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ven_actors.records import MarksRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ven_actors.delivery.entries import OutboxReport, QueuedBlock, RequestState
    from ven_actors.model import EventInterval, Layout

INFINITY = float("inf")

# How far one stream may run ahead of another of the same VEN, in reports.
FARTHEST_AHEAD = 256


@dataclass(slots=True)
class Marks:
    """What became of the readings of a sealed report. What is not `asked` (any more) is nobody's concern.

    `tried` are those that are waiting for another try; `flying` and `tried` live in memory only.
    """

    components: tuple[str, ...]
    asked: int
    accepted: int = 0
    refused: int = 0
    maybe_sent: int = 0
    flying: int = 0
    tried: dict[int, Reading] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """Neither accepted nor refused: in flight, or still to be sent."""
        return self.asked & ~(self.accepted | self.refused)

    def narrow(self, asked: int) -> bool:
        """Ask no longer for what is not in `asked`, but for what is decided or in flight; True if that is news."""
        before = self.asked
        self.asked &= asked | self.accepted | self.refused | self.flying
        self.tried = {bit: reading for bit, reading in self.tried.items() if self.asked >> bit & 1}
        return self.asked != before

    def record(self) -> MarksRecord:
        return MarksRecord(*map(_packed, (self.asked, self.accepted, self.refused, self.maybe_sent)))


@dataclass(slots=True, eq=False)
class Reading:
    """One reading on its way; to the desk it is what a whole report is in the standard dialects.

    `slow_s` is how long it was held last for a reason that does not pass by itself.
    """

    whole: OutboxReport
    bit: int
    in_doubt: bool = False
    unsettled: bool = False
    alarmed: bool = False
    attempts: int = 0
    next_try_s: float = -INFINITY
    slow_s: float = 0.0

    @property
    def request(self) -> RequestState:
        return self.whole.request

    @property
    def layout_id(self) -> int:
        return self.whole.layout_id

    @property
    def intervals(self) -> tuple[EventInterval, ...]:
        return self.whole.intervals

    @property
    def periods(self) -> bool:
        return self.whole.periods

    @property
    def blocks(self) -> list[QueuedBlock]:
        return self.whole.blocks

    @property
    def rows(self) -> tuple[int, ...]:
        return (self.bit // len(self._marks.components),)

    @property
    def component(self) -> int:
        return self.bit % len(self._marks.components)

    @property
    def name(self) -> str:
        return f"{self.whole.name}/{self.rows[0]}.{self._marks.components[self.component]}"

    @property
    def marked(self) -> bool:
        return bool(self._marks.maybe_sent >> self.bit & 1)

    def mark(self) -> None:
        self._marks.maybe_sent |= 1 << self.bit

    def take_off(self) -> None:
        self._marks.flying |= 1 << self.bit
        self._marks.tried.pop(self.bit, None)

    def land(self, *, still_asked: bool) -> bool:
        """Wait for the next try; or, if it is asked for no more, be forgotten. Returns `still_asked`."""
        self._marks.flying &= ~(1 << self.bit)
        if still_asked:
            self._marks.tried[self.bit] = self
        else:
            self._marks.asked &= ~(1 << self.bit)
        return still_asked

    def decide(self, *, accepted: bool) -> None:
        self._marks.flying &= ~(1 << self.bit)
        if accepted:
            self._marks.accepted |= 1 << self.bit
        else:
            self._marks.refused |= 1 << self.bit

    @property
    def _marks(self) -> Marks:
        assert self.whole.marks is not None
        return self.whole.marks


def marks_of(rows: Iterable[int] | None, layout: Layout) -> Marks:
    """Return marks that ask for every reading of these rows (None: of all)."""
    return Marks(layout.components, bits_of(rows, layout))


def restored(report: OutboxReport, record: MarksRecord, layout: Layout) -> Marks:
    """Return marks as they were stored; what may have been sent and has no verdict is in doubt, and first to go."""
    asked, accepted, refused, maybe_sent = (int.from_bytes(packed, "little") for packed in record)
    marks = Marks(layout.components, asked, accepted, refused, maybe_sent)
    doubted = marks.waiting & marks.maybe_sent
    marks.tried = {bit: Reading(report, bit, in_doubt=True) for bit in _bits(doubted)}
    return marks


def bits_of(rows: Iterable[int] | None, layout: Layout) -> int:
    """Return the bits of all readings of these rows (None: of all)."""
    width = len(layout.components)
    if rows is None:
        return (1 << layout.readings) - 1
    whole_row = (1 << width) - 1
    bits = 0
    for row in rows:
        bits |= whole_row << row * width
    return bits


def next_reading(reports: Iterable[OutboxReport], now_s: float) -> Reading | None:
    """Return the reading whose turn it is among `reports`, in order of time: what waits for its next try, if that has
    come; else what was never tried; else what has to be tried next.
    """
    blocked = 0
    fresh: Reading | None = None
    waits: Reading | None = None
    for number, report in enumerate(reports):
        marks = report.marks
        if marks is None or number == FARTHEST_AHEAD:
            break
        for reading in marks.tried.values():
            if waits is None or reading.next_try_s < waits.next_try_s:
                waits = reading
        waiting = marks.waiting
        if fresh is None:
            held = 0
            for bit in marks.tried:
                held |= 1 << bit
            free = waiting & ~(marks.flying | blocked | held)
            if free:
                fresh = Reading(report, (free & -free).bit_length() - 1)
        elif not marks.tried:
            break
        blocked |= waiting
    if waits is not None and (fresh is None or waits.next_try_s <= now_s):
        return waits
    return fresh


def _bits(of: int) -> list[int]:
    found = []
    while of:
        found.append((of & -of).bit_length() - 1)
        of &= of - 1
    return found


def _packed(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")
