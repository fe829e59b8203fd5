"""What the store of a state folder keeps, as plain rows: the language between the reporter and the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ven_actors.model import EventInterval, Layout, ReportRequest


class VenRecord(NamedTuple):
    """One VEN and what became of all its settled readings, those of dropped blocks included."""

    ven_key: int
    name: str
    accepted: int
    unasked: int
    quarantined: int
    evicted: int


class LayoutRecord(NamedTuple):
    layout_id: int
    ven_key: int
    layout: Layout


class SpanRecord(NamedTuple):
    """A checkpoint: every interval from `start_s` to `end_s` was generated; or, if `gap`, could not be."""

    span_id: int
    ven_key: int
    layout_id: int
    start_s: int
    end_s: int
    interval_s: int
    gap: bool


class RequestRecord(NamedTuple):
    request_key: int
    ven_key: int
    request: ReportRequest
    sealed_until_s: float
    accepted: int
    gone: bool


class BlockRecord(NamedTuple):
    ven_key: int
    start_s: int
    end_s: int
    layout_id: int
    block_id: int
    accepted: int = 0
    unasked: int = 0
    quarantined: int = 0


class ForecastRecord(NamedTuple):
    """One interval of a forecast sealed for the window from `start_s` to `end_s`; its columns are those of a block."""

    block_id: int
    request_key: int
    start_s: float
    end_s: float
    block_start_s: int
    block_end_s: int


class MarksRecord(NamedTuple):
    """How far a report is that goes out reading by reading: bits, little-endian, without zero bytes at the end."""

    asked: bytes
    accepted: bytes
    refused: bytes
    maybe_sent: bytes


class ReportRecord(NamedTuple):
    """A sealed report; `words` is what the VTN said when it refused it."""

    request_key: int
    start_s: float
    end_s: float
    chunk: int
    layout_id: int
    name: str
    intervals: tuple[EventInterval, ...]
    rows: tuple[int, ...] | None
    periods: bool
    state: str
    maybe_sent: bool
    words: str = ""
    marks: MarksRecord | None = None


class LedgerDelta(NamedTuple):
    """Readings of one VEN that left the store for good with a block that was not settled."""

    ven_key: int
    evicted: int
    accepted: int = 0
    quarantined: int = 0


class Counters(NamedTuple):
    """Counts over the whole life of the state folder."""

    reports_accepted: int = 0
    reports_refused: int = 0
    possibly_doubled: int = 0
    posts: int = 0


@dataclass(frozen=True, slots=True)
class Recovery:
    """All that a reporter needs to go on: everything open, and the sums of everything else."""

    vens: list[VenRecord] = field(default_factory=list)
    layouts: list[LayoutRecord] = field(default_factory=list)
    spans: list[SpanRecord] = field(default_factory=list)
    requests: list[RequestRecord] = field(default_factory=list)
    blocks: list[BlockRecord] = field(default_factory=list)
    reports: list[ReportRecord] = field(default_factory=list)
    forecasts: list[ForecastRecord] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)
    last_block_id: int = 0
