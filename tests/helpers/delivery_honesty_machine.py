"""The fleet that the honesty of delivery is tried on: how it sends, and what must hold at every moment and at last."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from delivery_honesty import BEGIN_S, LAYOUTS, STEP_S, Truth, Vtn
from hypothesis.stateful import RuleBasedStateMachine, invariant

from ven_actors.delivery.entries import OutboxReport, ReportState
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.measures import measure_of
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.rendering import render
from ven_actors.delivery.restoring import block_record
from ven_actors.delivery.width import Width
from ven_actors.model import ReportRequest, SealedReport
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import Store


class HonestFleet(RuleBasedStateMachine):
    """A fleet outbox over a real store, a VTN that never forgets, and what must hold; without rules of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="honesty"))
        self.truth = {"A": Truth(), "B": Truth()}
        self.vtn = {"A": Vtn(), "B": Vtn()}
        self.kept = {name: truth.copy() for name, truth in self.truth.items()}
        self.flying: dict[str, OutboxReport] = {}
        self.marked: set[str] = set()
        self.width = Width()
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window, self.width)
        self.flying = {}

    def teardown(self) -> None:
        try:
            self.deliver_everything()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    # --- helpers

    def ven(self, name: str) -> tuple[VenOutbox, Truth]:
        return self.outbox.ven(name), self.truth[name]

    def commit(self) -> None:
        for outbox in self.outbox.vens.values():
            self.outbox.advance(outbox)
        self.store.commit()
        self.kept = {name: truth.copy() for name, truth in self.truth.items()}

    def content(self, outbox: VenOutbox, report: OutboxReport) -> bytes:
        records = [block_record(outbox, block) for block in report.blocks]
        blocks = self.store.blocks(records, self.outbox.layouts)
        assert None not in blocks
        request = report.request.request
        sealed = SealedReport(
            1, report.name, outbox.name, request.event_id, request.program_id, request.descriptor,
            report.intervals, report.rows, report.periods, report.in_doubt,
        )  # fmt: skip
        return render(sealed, self.outbox.layouts[report.layout_id], [block for block in blocks if block is not None])

    def cells(self, report: OutboxReport) -> set[tuple[Any, ...]]:
        names = self.outbox.layouts[report.layout_id].resource_names
        rows = range(len(names)) if report.rows is None else report.rows
        request_id = report.request.request.request_id
        return {
            (request_id, report.start_s, report.end_s, names[row], block.start_s, max(block.start_s, interval.start_s))
            for interval in report.intervals
            for block in report.blocks
            if interval.start_s < block.end_s and block.start_s < interval.end_s
            for row in rows
        }

    def split(self, name: str, report: OutboxReport) -> bool:
        """Halve a report that is in flight; between them, the halves have all of its cells, and none has one twice."""
        outbox, cells = self.ven(name)[0], self.cells(report)
        before = {id(each) for each in outbox.queue}
        gone = report.request.gone
        if not self.outbox.split(outbox, report, "too large"):
            return False
        halves = [self.cells(each) for each in outbox.queue if id(each) not in before]
        assert gone or (len(halves) == 2 and halves[0] | halves[1] == cells and not halves[0] & halves[1])
        return True

    def send(self, name: str) -> OutboxReport | None:
        """What a flush does: advance, choose, mark, commit, hand out."""
        outbox, _ = self.ven(name)
        self.outbox.advance(outbox)
        while (report := outbox.next_to_send()) is not None:
            outbox.sending(report)
            if report.in_doubt or not outbox.sealer.is_too_wide(report) or not self.split(name, report):
                break
        if report is None:
            return None
        self.outbox.mark_sent(report)
        self.commit()
        self.marked.add(report.name)
        self.flying[name] = report
        return report

    def post(self, name: str, report: OutboxReport) -> str:
        """What a sender does with a VTN that takes everything: look up if in doubt, else POST."""
        vtn, content = self.vtn[name], self.content(self.ven(name)[0], report)
        if report.in_doubt and report.name in vtn.contents:
            return "accepted" if vtn.contents[report.name] == content else "refused"
        assert report.name not in vtn.contents, "posted again without a look"
        for cell in self.cells(report):
            assert cell not in vtn.cells, f"{cell} went out in {vtn.cells[cell]} and again in {report.name}"
            vtn.cells[cell] = report.name
        vtn.contents[report.name] = content
        return "accepted"

    def close(self, name: str, verdict: str) -> None:
        outbox, report = self.ven(name)[0], self.flying.pop(name)
        if verdict == "refused":
            self.vtn[name].refused |= self.cells(report)
        state = ReportState.ACCEPTED if verdict == "accepted" else ReportState.REFUSED
        self.outbox.close(outbox, report, state, "because")

    # --- what must hold

    @invariant()
    def every_reading_is_accounted_for(self) -> None:
        for name, outbox in self.outbox.vens.items():
            readings = self.outbox.readings(name)
            blocks = self.truth[name].blocks.values()
            assert readings.unaccounted == 0, readings
            assert readings.generated == sum(LAYOUTS[layout].readings for layout in blocks)
            assert min(readings.queued, readings.accepted, readings.unasked, readings.quarantined) >= 0
            assert list(outbox.blocks) == sorted(outbox.blocks)
            names = [report.name for report in outbox.queue]
            assert len(names) == len(set(names))

    def deliver_everything(self) -> None:
        """At last the VTN takes all: nothing that is owed may be missing, nothing may be left but unended windows."""
        for name in list(self.flying):
            self.close(name, self.post(name, self.flying[name]))
        for name, truth in self.truth.items():
            outbox, _ = self.ven(name)
            self.outbox.take_requests(outbox, truth.asked.values(), truth.closed_s or BEGIN_S)
            while (report := self.send(name)) is not None:
                self.close(name, self.post(name, report))
            self.outbox.advance(outbox)
            self.every_reading_is_accounted_for()
            measured = [request for request in truth.asked.values() if measure_of(request.descriptor) is not None]
            for block in outbox.blocks.values():
                cursors = [outbox.requests[request.request_id].sealed_until_s for request in measured]
                upcoming = [next_window(*pair) for pair in zip(measured, cursors, strict=True)]
                assert any(window is not None and window.start_s < block.end_s for window in upcoming)
            for request in measured:
                if request.request_id not in truth.changed:
                    self.nothing_owed_is_forgotten(name, truth, request)

    def nothing_owed_is_forgotten(self, name: str, truth: Truth, request: ReportRequest) -> None:
        at_s = truth.owed_since[request.request_id]
        while (window := next_window(request, at_s)) is not None and window.end_s <= (truth.closed_s or 0):
            for start_s, layout in truth.blocks.items():
                parts = [
                    max(start_s, each.start_s)
                    for each in window.intervals
                    if start_s < each.end_s and start_s + STEP_S > each.start_s
                ]
                if start_s in truth.evicted | truth.dropped:
                    continue
                for row in LAYOUTS[layout].resource_names:
                    if request.resource_names is None or row in request.resource_names:
                        for part_s in parts:
                            cell = (request.request_id, window.start_s, window.end_s, row, start_s, part_s)
                            assert cell in self.vtn[name].cells or cell in self.vtn[name].refused
            at_s = window.end_s
