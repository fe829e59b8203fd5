"""One VEN's outbox with a forecaster over a real store, driven by hand, and requests for forecasts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from stored_outbox import StoredOutbox

from ven_actors.delivery.entries import OutboxReport
from ven_actors.delivery.forecaster import Forecaster
from ven_actors.delivery.forecasts import sayable
from ven_actors.delivery.rendering import render
from ven_actors.delivery.restoring import block_record
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, ReportDescriptor, ReportRequest, SealedReport
from ven_actors.openadr.report_schedule import next_window

T0 = 1_800_000_000
STEP_S = 10
LAYOUT = Layout(("r1", "r2"), ("load_0",))


def hourly(count: int = 4, start_s: float = 0, length_s: float = 20, **descriptor: Any) -> ReportRequest:
    """A request for forecasts of `count` intervals, one report for each."""
    cut = tuple(EventInterval(n, T0 + start_s + n * length_s, T0 + start_s + (n + 1) * length_s) for n in range(count))
    given = {"payload_type": "USAGE_FORECAST", "historical": False, "num_intervals": 1, "frequency": 1, "repeat": -1}
    asked = ReportDescriptor(**(given | descriptor))
    return ReportRequest("e1.x.0", "e1", "p1", asked, IntervalPlan(cut, None, cut[-1].end_s, implied=False))


class Fleet(StoredOutbox):
    """An outbox with one VEN, whose watts are the seconds since `T0` at which an interval begins."""

    def __init__(self, folder: Path) -> None:
        self.made: list[float] = []
        super().__init__(folder)

    def open(self) -> None:
        super().open()
        self.forecaster = Forecaster(self.outbox, self.store, next_window)

    def ask(self, *requests: ReportRequest) -> None:
        self.outbox.take_requests(self.ven, requests, self.ven.closed_until_s or T0)

    def meter(self, count: int = 1) -> None:
        layout_id = self.outbox.layout_id(self.ven, LAYOUT)
        for _ in range(count):
            start_s = self.ven.closed_until_s or T0 - STEP_S
            self.outbox.add_block(self.ven, Block(start_s, STEP_S, np.zeros((2, 1), dtype=np.int32)), layout_id)

    def foresee(self) -> None:
        """What reporter and VEN do in a flush, until nothing is wanted."""
        self.outbox.advance(self.ven)
        layout_id = self.outbox.layout_id(self.ven, LAYOUT)
        while wanted := self.forecaster.wanted(self.ven):
            for state, window in wanted:
                blocks = [self.block(each) for each in sayable(window)]
                self.made += [block.start_s - T0 for block in blocks]
                self.forecaster.add(self.ven, state.request.request_id, blocks, layout_id)
        self.store.commit()

    def block(self, interval: EventInterval) -> Block:
        start_s = math.floor(interval.start_s)
        return Block(start_s, math.ceil(interval.end_s) - start_s, np.full((2, 1), start_s - T0, dtype=np.int32))

    def send(self) -> OutboxReport:
        report = self.ven.next_to_send()
        assert isinstance(report, OutboxReport)
        self.ven.sending(report)
        self.outbox.mark_sent(report)
        self.store.commit()
        return report

    def body(self, report: OutboxReport) -> dict[str, Any]:
        records = [block_record(self.ven, block) for block in report.blocks]
        blocks = [block for block in self.store.blocks(records, self.outbox.layouts) if block is not None]
        sealed = SealedReport(
            1, report.name, "Herning", "e1", "p1", report.request.request.descriptor, report.intervals, report.rows,
            report.periods, report.in_doubt,
        )  # fmt: skip
        body: dict[str, Any] = json.loads(render(sealed, LAYOUT, blocks))
        return body

    def windows(self) -> list[str]:
        return [f"{each.start_s - T0:g}+{each.end_s - each.start_s:g}" for each in self.ven.queue]
