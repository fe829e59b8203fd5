"""Between rows and objects: how an outbox is written down, and how it is built again from what was written."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ven_actors.delivery.entries import QueuedBlock, RequestState
from ven_actors.delivery.fates import decided
from ven_actors.delivery.ledger import VenLedger
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.width import Width
from ven_actors.records import BlockRecord, ReportRecord, RequestRecord

if TYPE_CHECKING:
    from ven_actors.delivery.entries import NextWindow, OutboxReport
    from ven_actors.model import Layout, Readings
    from ven_actors.records import Recovery


def block_record(outbox: VenOutbox, block: QueuedBlock) -> BlockRecord:
    return BlockRecord(outbox.ven_key, block.start_s, block.end_s, block.layout_id, block.block_id)


def request_record(outbox: VenOutbox, state: RequestState) -> RequestRecord:
    return RequestRecord(
        state.request_key, outbox.ven_key, state.request, state.sealed_until_s, state.accepted, state.gone
    )


def report_record(report: OutboxReport, words: str = "") -> ReportRecord:
    return ReportRecord(
        report.request.request_key, report.start_s, report.end_s, report.chunk, report.layout_id, report.name,
        report.intervals, report.rows, report.periods, report.state.value, report.marked, words,
        None if report.marks is None else report.marks.record(),
    )  # fmt: skip


class Books:
    """All VENs of a state folder as the store has them: outboxes, ledgers and layouts, by name and by id."""

    def __init__(self, recovery: Recovery, next_window: NextWindow, width: Width | None = None) -> None:
        self.width = width or Width()
        self.layouts: dict[int, Layout] = {record.layout_id: record.layout for record in recovery.layouts}
        self.vens: dict[str, VenOutbox] = {}
        self.ledgers: dict[str, VenLedger] = {}
        by_key: dict[int, VenOutbox] = {}
        for ven in recovery.vens:
            ledger = VenLedger(ven.accepted, ven.unasked, ven.quarantined, ven.evicted)
            outbox = VenOutbox(ven.name, ven.ven_key, self.layouts, ledger.spans, next_window, self.width)
            self.vens[ven.name] = by_key[ven.ven_key] = outbox
            self.ledgers[ven.name] = ledger
        for span in recovery.spans:
            outbox = by_key[span.ven_key]
            self.ledgers[outbox.name].spans.append(span)
            outbox.closed_until_s = max(outbox.closed_until_s or span.end_s, span.end_s)
        for block in recovery.blocks:
            queued = QueuedBlock(block.block_id, block.start_s, block.end_s, block.layout_id)
            by_key[block.ven_key].blocks[block.start_s] = queued
        _restore_reports(recovery, by_key)

    def readings(self, name: str) -> Readings:
        blocks = self.vens[name].blocks.values()
        return self.ledgers[name].readings(self.layouts, blocks, decided(blocks, self.layouts))

    def open_reports(self) -> int:
        in_flight = sum(outbox.in_flight is not None for outbox in self.vens.values())
        return in_flight + sum(report.posts for outbox in self.vens.values() for report in outbox.queue)


def _restore_reports(recovery: Recovery, by_key: dict[int, VenOutbox]) -> None:
    ven_of_request: dict[int, VenOutbox] = {}
    for record in recovery.requests:
        outbox = ven_of_request[record.request_key] = by_key[record.ven_key]
        state = RequestState(record.request_key, record.request, record.sealed_until_s, record.accepted, record.gone)
        outbox.requests[record.request.request_id] = state
    reports = defaultdict(list)
    for report in recovery.reports:
        reports[report.request_key].append(report)
    for request_key, records in reports.items():
        outbox = ven_of_request[request_key]
        outbox.cover(outbox.blocks.values(), records)
    for outbox in by_key.values():
        outbox.order_queue()
