"""Between rows and objects: how an outbox is written down, and how it is built again from what was written."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ven_actors.delivery.entries import OutboxReport, QueuedBlock, ReportState, RequestState
from ven_actors.delivery.fates import decided
from ven_actors.delivery.ledger import VenLedger
from ven_actors.delivery.marks import restored
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.width import Width
from ven_actors.delivery.window_sealing import overlapping
from ven_actors.records import BlockRecord, ReportRecord, RequestRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from ven_actors.delivery.entries import NextWindow
    from ven_actors.model import Layout, Readings
    from ven_actors.records import Recovery

    Place: TypeAlias = tuple[int, float, float]


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
        _restore_reports(recovery, by_key, self.layouts)

    def readings(self, name: str) -> Readings:
        blocks = self.vens[name].blocks.values()
        return self.ledgers[name].readings(self.layouts, blocks, decided(blocks, self.layouts))

    def open_reports(self) -> int:
        in_flight = sum(outbox.in_flight is not None for outbox in self.vens.values())
        return in_flight + sum(report.posts for outbox in self.vens.values() for report in outbox.queue)


def _restore_reports(recovery: Recovery, by_key: dict[int, VenOutbox], layouts: dict[int, Layout]) -> None:
    ven_of_request: dict[int, VenOutbox] = {}
    for record in recovery.requests:
        outbox = ven_of_request[record.request_key] = by_key[record.ven_key]
        state = RequestState(record.request_key, record.request, record.sealed_until_s, record.accepted, record.gone)
        outbox.requests[record.request.request_id] = state
    reports = defaultdict(list)
    for report in recovery.reports:
        reports[report.request_key].append(report)
    forecasts = _forecasts(recovery)
    for request_key, records in reports.items():
        outbox = ven_of_request[request_key]
        cover(outbox, layouts, outbox.blocks.values(), records, forecasts)
    for outbox in by_key.values():
        outbox.order_queue()


def cover(
    outbox: VenOutbox,
    layouts: Mapping[int, Layout],
    blocks: Iterable[QueuedBlock],
    records: Iterable[ReportRecord],
    forecasts: Mapping[Place, list[QueuedBlock]] | None = None,
) -> None:
    """Put sealed reports of the store back where they belong: upon `blocks`, and if open, into the queue."""
    states = {state.request_key: state for state in outbox.requests.values()}
    wanted = {block.block_id for block in blocks}
    for record in records:
        request = states[record.request_key]
        if record.state in {ReportState.WITHDRAWN, ReportState.SPLIT}:
            if record.maybe_sent and record.state == ReportState.WITHDRAWN:
                request.doubted[record.name] = record.start_s, record.end_s, record.chunk, record.periods
            continue
        if request.forecast and record.state != ReportState.OPEN:
            continue
        if request.forecast:
            there = (forecasts or {}).get((record.request_key, record.start_s, record.end_s), [])
        else:
            there = [
                block
                for block in outbox.blocks_in(record.start_s, record.end_s)
                if block.layout_id == record.layout_id and block.block_id in wanted
            ]
        covered = overlapping(there, record.intervals)
        report = OutboxReport(
            request, record.name, record.start_s, record.end_s, record.chunk,
            record.layout_id, record.intervals, record.rows, record.periods, covered,
            ReportState(record.state), in_doubt=record.maybe_sent, marked=record.maybe_sent,
        )  # fmt: skip
        if record.marks is not None:
            report.marks = restored(report, record.marks, layouts[record.layout_id])
        for block in covered:
            block.reports.append(report)
        if report.state is ReportState.OPEN:
            outbox.queue.append(report)


def _forecasts(recovery: Recovery) -> dict[Place, list[QueuedBlock]]:
    """Return the columns of sealed forecasts, by request key, start and end of the window."""
    layout_of = {(report.request_key, report.start_s, report.end_s): report.layout_id for report in recovery.reports}
    found = defaultdict(list)
    for one in recovery.forecasts:
        key = (one.request_key, one.start_s, one.end_s)
        if key in layout_of:
            found[key].append(QueuedBlock(one.block_id, one.block_start_s, one.block_end_s, layout_of[key]))
    return found
