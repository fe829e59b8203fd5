"""A fleet outbox over a real store, driven by hand, and requests for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from stored_outbox import StoredOutbox

from ven_actors.delivery.entries import OutboxReport, ReportState
from ven_actors.delivery.restoring import Books
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, ReportDescriptor, ReportRequest
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import read_recovery

T0 = 1_800_000_000
STEP_S = 10
TWO = Layout(("r1", "r2"), ("load_0", "load_1"))
THREE = Layout(("r1", "r2", "r3"), ("load_0", "load_1"))
INF = float("inf")


def asked(
    name: str = "e1", length_s: float = STEP_S, rows: tuple[str, ...] | None = None, start_s: float = 0, **more: Any
) -> ReportRequest:
    """A request of endless windows of `length_s`."""
    descriptor = ReportDescriptor(**({"payload_type": "DEMAND", "repeat": -1, "num_intervals": 1} | more))
    first = EventInterval(0, T0 + start_s, T0 + start_s + length_s)
    plan = IntervalPlan((first,), length_s, INF, implied=True)
    return ReportRequest(f"{name}.x.0", name, "p1", descriptor, plan, rows)


class Fleet(StoredOutbox):
    """A fleet outbox over a real store, driven by hand, with one VEN."""

    def meter(self, count: int = 1, layout: Layout = TWO, **extras: Any) -> None:
        layout_id = self.outbox.layout_id(self.ven, layout)
        for _ in range(count):
            start_s = T0 if self.ven.closed_until_s is None else self.ven.closed_until_s
            watts = np.full((len(layout.resource_names), len(layout.components)), start_s - T0, dtype=np.int32)
            columns = {name: np.array(values) for name, values in extras.items()}
            self.outbox.add_block(self.ven, Block(start_s, STEP_S, watts, columns), layout_id)

    def ask(self, *requests: ReportRequest, as_of_s: float = INF) -> None:
        self.outbox.take_requests(self.ven, requests, as_of_s)

    def flush(self) -> list[str]:
        """Advance and commit; returns the times and lengths of newly sealed reports."""
        sealed = self.outbox.advance(self.ven)
        self.store.commit()
        return [brief(report) for report in sealed]

    def send(self) -> OutboxReport:
        report = self.ven.next_to_send()
        assert report is not None
        self.ven.sending(report)
        self.outbox.mark_sent(report)
        self.store.commit()
        return report

    def deliver(self, state: ReportState = ReportState.ACCEPTED) -> list[str]:
        """Give every report in the queue the same verdict."""
        done = []
        while self.ven.next_to_send() is not None:
            report = self.send()
            self.outbox.close(self.ven, report, state, "words")
            done.append(brief(report))
        assert self.flush() == []
        return done

    def restored(self) -> Books:
        recovery = read_recovery(self.folder)
        assert recovery is not None
        return Books(recovery, next_window)


def brief(report: OutboxReport) -> str:
    return f"{report.start_s - T0:g}+{report.end_s - report.start_s:g}"
