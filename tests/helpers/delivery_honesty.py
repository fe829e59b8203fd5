"""What the honesty of delivery is tried with: requests, layouts, and what a test itself knows of a VEN and its VTN."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ven_actors.delivery.entries import OutboxReport
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.model import EventInterval, IntervalPlan, Layout, ReportDescriptor, ReportRequest
from ven_actors.openadr.report_schedule import next_window

INF = float("inf")
STEP_S = 10
BEGIN_S = 1_800_000_000
LAYOUTS = (
    Layout(("r1", "r2", "r3"), ("load_0", "load_1")),
    Layout(("r2", "r3", "r4", "r5"), ("load_0", "load_1")),
)


def _request(name: str, plan: IntervalPlan, rows: tuple[str, ...] | None = None, **more: Any) -> ReportRequest:
    descriptor = ReportDescriptor(**({"payload_type": "DEMAND", "repeat": -1} | more))
    return ReportRequest(f"{name}.d.0", name.split("-", maxsplit=1)[0], "p", descriptor, plan, rows)


def _implied(length_s: float, start_s: float = BEGIN_S, end_s: float = INF, *, own: bool = False) -> IntervalPlan:
    first = EventInterval(0, start_s, start_s + length_s)
    return IntervalPlan((first,), length_s, end_s, implied=True, own=own)


def _listed(count: int, length_s: float, start_s: float) -> IntervalPlan:
    starts = [start_s + index * length_s for index in range(count)]
    intervals = tuple(EventInterval(index * 5, at_s, at_s + length_s) for index, at_s in enumerate(starts))
    return IntervalPlan(intervals, None, intervals[-1].end_s, implied=False)


def _apart(count: int, length_s: float, step_s: float, start_s: float) -> IntervalPlan:
    intervals = tuple(
        EventInterval(index, start_s + index * step_s, start_s + index * step_s + length_s) for index in range(count)
    )
    return IntervalPlan(intervals, None, intervals[-1].end_s, implied=False)


REQUESTS = (
    _request("own", _implied(STEP_S, own=True), num_intervals=1),
    _request("some", _implied(STEP_S), ("r2",), num_intervals=1),
    _request("long", _implied(30), num_intervals=1),
    _request("long-late", _implied(30, BEGIN_S + 30), ("r1", "r3"), num_intervals=1),
    _request("askew", _implied(25, BEGIN_S - 7), num_intervals=2),
    _request("sliding", _implied(20), num_intervals=2, frequency=1),
    _request("sliding-some", _implied(STEP_S), ("r3", "r4"), num_intervals=3, frequency=1),
    _request("finite", _listed(4, 20, BEGIN_S + 20), num_intervals=1, frequency=1),
    _request("whole", _listed(5, STEP_S, BEGIN_S + 30), payload_type="USAGE"),
    _request("open", _implied(20), num_intervals=1, report_intervals="OPEN_INTERVALS"),
    _request("sum", _implied(40), num_intervals=1, aggregate=True),
    _request("foreign", _implied(STEP_S), num_intervals=1, payload_type="STORAGE_CHARGE_LEVEL"),
    _request("fine", _listed(6, 4, BEGIN_S + 13)),
    _request("holed", _apart(3, 10, 30, BEGIN_S)),
    _request("level", _implied(STEP_S), num_intervals=1, payload_type="SIMPLE_LEVEL"),
    _request("cause", _implied(STEP_S), payload_type="SIMPLE_LEVEL", frequency=0),
    _request("nobody", _implied(STEP_S), ("r9",), num_intervals=1),
)


@dataclass
class Truth:
    """What the test itself knows of one VEN, committed or not."""

    layout: int = 0
    closed_s: int | None = None
    blocks: dict[int, int] = field(default_factory=dict)
    asked: dict[str, ReportRequest] = field(default_factory=dict)
    owed_since: dict[str, float] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    evicted: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)

    def copy(self) -> Truth:
        parts = (self.blocks, self.asked, self.owed_since, self.changed, self.evicted, self.dropped)
        return Truth(self.layout, self.closed_s, *(part.copy() for part in parts))  # type: ignore[arg-type]


@dataclass
class Vtn:
    """A VTN that never forgets: `cells` are what was posted, by (request, window, row name, block)."""

    contents: dict[str, bytes] = field(default_factory=dict)
    cells: dict[tuple[Any, ...], str] = field(default_factory=dict)
    refused: set[tuple[Any, ...]] = field(default_factory=set)


def power_w(start_s: int, layout: int) -> Any:
    shape = (len(LAYOUTS[layout].resource_names), len(LAYOUTS[layout].components))
    return np.arange(shape[0] * shape[1], dtype=np.int32).reshape(shape) + (start_s - BEGIN_S) * 10 - 900


def next_missed(request: ReportRequest, after_s: float, until_s: float) -> Any:
    window = next_window(request, after_s)
    return window if window is not None and window.end_s <= until_s else None


def picture(outbox: VenOutbox, in_flight: OutboxReport | None) -> Any:
    reports = sorted([*outbox.queue, *([in_flight] if in_flight else [])], key=lambda report: report.order)
    return (
        outbox.closed_until_s,
        [(block.block_id, block.start_s, block.end_s, block.layout_id) for block in outbox.blocks.values()],
        {
            name: (state.request_key, state.request, state.sealed_until_s, state.accepted, state.gone)
            for name, state in outbox.requests.items()
        },
        [
            (r.name, r.chunk, r.intervals, r.rows, r.periods, r.marked, [block.block_id for block in r.blocks])
            for r in reports
        ],
        [sorted(report.name for report in block.reports) for block in outbox.blocks.values()],
    )
