"""The outboxes and ledgers of a whole state folder, and every change of them as rows for the store.

Pure but for the store it is given: each method changes memory and hands the same change to the store's next commit.
If that commit fails, memory is worthless; the reporter dies and builds all this anew from the store.
"""

from __future__ import annotations

import heapq
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ven_actors.delivery.entries import INFINITY, QueuedBlock, ReportState, RequestState
from ven_actors.delivery.fates import decided
from ven_actors.delivery.forecasts import as_asked
from ven_actors.delivery.late_joining import last_missed_s
from ven_actors.delivery.ledger import VenLedger
from ven_actors.delivery.measures import is_forecast, measure_of
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.placing import placed_anew
from ven_actors.delivery.restoring import Books, block_record, cover, report_record, request_record
from ven_actors.delivery.states import states_of
from ven_actors.model import Block, Layout
from ven_actors.records import (
    LayoutRecord,
    LedgerDelta,
    SpanRecord,
    VenRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from ven_actors.delivery.entries import NextWindow, OutboxReport, Sendable
    from ven_actors.delivery.journal import Journal
    from ven_actors.delivery.width import Width
    from ven_actors.model import ReportRequest
    from ven_actors.records import Recovery


class FleetOutbox(Books):
    """All VENs of a state folder, by name."""

    def __init__(
        self, recovery: Recovery, journal: Journal, next_window: NextWindow, width: Width | None = None
    ) -> None:
        super().__init__(recovery, next_window, width)
        self._journal = journal
        self._next_window = next_window
        self._layout_ids = {(record.ven_key, record.layout): record.layout_id for record in recovery.layouts}
        self._next_ven = max((record.ven_key for record in recovery.vens), default=0) + 1
        self._next_layout = max(self.layouts, default=0) + 1
        self._next_request = max((record.request_key for record in recovery.requests), default=0) + 1
        self._next_span = max((span.span_id for span in recovery.spans), default=0) + 1
        self._next_block = recovery.last_block_id + 1

    # --- a VEN's life

    def ven(self, name: str) -> VenOutbox:
        """Return the outbox of a VEN, made on first sight."""
        if name not in self.vens:
            self.ledgers[name] = ledger = VenLedger()
            self.vens[name] = VenOutbox(name, self._next_ven, self.layouts, ledger.spans, self._next_window, self.width)
            self._journal.add_ven(VenRecord(self._next_ven, name, 0, 0, 0, 0))
            self._next_ven += 1
        return self.vens[name]

    def layout_id(self, outbox: VenOutbox, layout: Layout) -> int:
        known = self._layout_ids.get((outbox.ven_key, layout))
        if known is None:
            known = self._next_layout
            self._next_layout += 1
            self.layouts[known] = layout
            self._layout_ids[outbox.ven_key, layout] = known
            self._journal.add_layout(LayoutRecord(known, outbox.ven_key, layout))
        return known

    # --- what was metered

    def add_block(self, outbox: VenOutbox, block: Block, layout_id: int) -> QueuedBlock:
        queued = QueuedBlock(self.new_block_id(), block.start_s, block.end_s, layout_id)
        if block.extras or outbox.states:
            states = states_of(block)
            queued.cause = not _same(states, outbox.states)
            outbox.states = states
        outbox.add_block(queued)
        self._journal.add_block(block_record(outbox, queued), block)
        self._extend_span(outbox, layout_id, block.start_s, block.end_s, block.interval_s, gap=False)
        return queued

    def add_gap(self, outbox: VenOutbox, layout_id: int, start_s: int, end_s: int, interval_s: int) -> None:
        """Record a gap; what of it is closed already is none."""
        start_s = max(start_s, start_s if outbox.closed_until_s is None else outbox.closed_until_s)
        if start_s < end_s:
            outbox.closed_until_s = end_s
            for state in outbox.requests.values():
                state.joins = True
            self._extend_span(outbox, layout_id, start_s, end_s, interval_s, gap=True)

    def _extend_span(
        self, outbox: VenOutbox, layout_id: int, start_s: int, end_s: int, interval_s: int, *, gap: bool
    ) -> None:
        spans = self.ledgers[outbox.name].spans
        last = spans[-1] if spans else None
        same = (layout_id, start_s, interval_s, gap)
        if last is not None and (last.layout_id, last.end_s, last.interval_s, last.gap) == same:
            spans[-1] = last._replace(end_s=end_s)
        else:
            spans.append(SpanRecord(self._next_span, outbox.ven_key, layout_id, start_s, end_s, interval_s, gap))
            self._next_span += 1
        self._journal.keep_span(spans[-1])

    # --- what is asked

    def take_requests(self, outbox: VenOutbox, requests: Iterable[ReportRequest], as_of_s: float) -> bool:
        """Take what a complete crawl says: new requests begin, changed ones change, missing ones are withdrawn.

        Returns whether anything else is asked than before.
        """
        news = False
        asked = {request.request_id: as_asked(request) for request in requests}
        waiting_s = outbox.oldest_unsettled_s()
        for request in asked.values():
            state = outbox.ask(request, self._new_request_key, partial(self._owed_since_s, outbox, waiting_s))
            if state is not None:
                news = True
                for report in (*outbox.narrow(state), *placed_anew(outbox.queue, state)):
                    self._journal.keep_report(report_record(report))
                self._reopen(outbox, state)
                self._journal.keep_request(request_record(outbox, state))
        news |= self._forget_others(outbox, set(asked))
        outbox.read_as_of_s = as_of_s
        return news

    def _forget_others(self, outbox: VenOutbox, request_ids: set[str]) -> bool:
        went, withdrawn = outbox.forget_others(request_ids)
        for report in withdrawn:
            self._journal.keep_report(report_record(report))
        for state in went:
            self._journal.keep_request(request_record(outbox, state))
        return bool(went)

    def _owed_since_s(self, outbox: VenOutbox, waiting_s: int | None, request: ReportRequest) -> float:
        """From when a request seen for the first time is owed: all that waits, and the last window missed (R33)."""
        if outbox.closed_until_s is None or is_forecast(request.descriptor):
            return -INFINITY
        begun_s = self.ledgers[outbox.name].spans[0].start_s
        missed_s = last_missed_s(request, self._next_window, begun_s, outbox.closed_until_s)
        return missed_s if waiting_s is None else min(missed_s, waiting_s)

    def _reopen(self, outbox: VenOutbox, state: RequestState) -> None:
        """Take back what was settled before this request asked for it, as far as the store still has it."""
        ledger = self.ledgers[outbox.name]
        window = state.upcoming(self._next_window)
        if window is None or outbox.closed_until_s is None or window.needs_from_s >= outbox.closed_until_s:
            return
        if not ledger.settled or state.forecast or measure_of(state.request.descriptor) is None:
            return
        records, reports = self._journal.settled_blocks(outbox.ven_key, window.needs_from_s)
        reopened = []
        for record in records:
            ledger.accepted -= record.accepted
            ledger.unasked -= record.unasked
            ledger.quarantined -= record.quarantined
            self._journal.unsettle(record)
            reopened.append(QueuedBlock(record.block_id, record.start_s, record.end_s, record.layout_id))
        outbox.reopen(reopened)
        cover(outbox, self.layouts, reopened, reports)

    def new_block_id(self) -> int:
        self._next_block += 1
        return self._next_block - 1

    def _new_request_key(self) -> int:
        self._next_request += 1
        return self._next_request - 1

    # --- what becomes of it

    def advance(self, outbox: VenOutbox) -> list[OutboxReport]:
        """Seal what is due and settle what is known; returns the newly sealed reports."""
        before = {state.request_key: state.sealed_until_s for state in outbox.active_requests()}
        sealed = outbox.seal()
        for state in outbox.active_requests():
            if state.sealed_until_s != before[state.request_key]:
                self._journal.keep_cursor(state.request_key, state.sealed_until_s)
        for report in sealed:
            self._journal.keep_report(report_record(report))
        self.settle(outbox)
        return sealed

    def settle(self, outbox: VenOutbox, candidates: Iterable[QueuedBlock] | None = None) -> None:
        ledger = self.ledgers[outbox.name]
        for settled in outbox.settle(candidates):
            ledger.accepted += settled.accepted
            ledger.unasked += settled.unasked
            ledger.quarantined += settled.quarantined
            record = block_record(outbox, settled.block)
            self._journal.settle(
                record._replace(accepted=settled.accepted, unasked=settled.unasked, quarantined=settled.quarantined)
            )

    def event_gone(self, outbox: VenOutbox, report: Sendable) -> None:
        """Withdraw a report whose event the VTN no longer knows, and all else that event asks for, until a crawl.

        The crawl that saw this event is outdated: what nothing asks for now may be asked for by the event in its place.
        """
        outbox.read_as_of_s = -INFINITY
        event_id = report.request.request.event_id
        others = {name for name, state in outbox.requests.items() if state.request.event_id != event_id}
        self._forget_others(outbox, others)
        self.back(outbox, report, -INFINITY, in_doubt=False)

    def back(self, outbox: VenOutbox, report: Sendable, next_try_s: float, *, in_doubt: bool) -> None:
        """Put a report that was in flight back in its place, or withdraw it if nothing asks for it any more."""
        if not outbox.back(report, next_try_s, in_doubt=in_doubt):
            self._note_withdrawn(report.whole)

    def _note_withdrawn(self, report: OutboxReport) -> None:
        self._journal.keep_report(report_record(report))
        self._journal.keep_cursor(report.request.request_key, report.request.sealed_until_s)

    def mark_sent(self, report: Sendable) -> None:
        """Have the store know, before the first byte goes out, that this report may arrive."""
        if not report.marked:
            report.mark()
            self._journal.keep_report(report_record(report.whole))

    def close(self, outbox: VenOutbox, report: Sendable, state: ReportState, words: str = "") -> None:
        """Record a verdict and settle what it decides."""
        outbox.finish(report, state)
        self._journal.keep_report(report_record(report.whole, words))
        if not report.request.forecast:
            self.settle(outbox, report.blocks)

    def split(self, outbox: VenOutbox, report: Sendable, words: str = "") -> int:
        """Close a report that was in flight and certainly did not arrive, and seal its halves in its place.

        Returns how many: 0, and nothing is done, where it stands for one cell alone. If nothing asks for it any more,
        it is withdrawn instead.
        """
        if report.request.gone:
            self.back(outbox, report, -INFINITY, in_doubt=False)
            return 1
        halves = outbox.split(report.whole)
        for half in halves:
            self._journal.keep_report(report_record(half))
        if halves:
            self._journal.keep_report(report_record(report.whole, words))
        return len(halves)

    def give_up(self, outbox: VenOutbox, report: OutboxReport) -> None:
        """Withdraw an open forecast whose columns are lost."""
        outbox.withdraw(report)
        self._journal.keep_report(report_record(report))

    def evict(self, outbox: VenOutbox, block: QueuedBlock) -> int:
        """Give a block up (its columns are damaged, or there is no room); what covered it is sealed anew without it.

        Returns the number of readings lost: none if the block is settled, or on its way to the VTN right now.
        """
        if outbox.blocks.get(block.start_s) is not block or _is_sending(outbox, block):
            return 0
        for report in [report for report in block.reports if report.state is ReportState.OPEN]:
            outbox.withdraw(report)
            self._note_withdrawn(report)
        del outbox.blocks[block.start_s]
        ledger = self.ledgers[outbox.name]
        accepted, refused = decided([block], self.layouts)
        lost = self.layouts[block.layout_id].readings - accepted - refused
        ledger.evicted += lost
        ledger.accepted += accepted
        ledger.quarantined += refused
        self._journal.evict(block_record(outbox, block), LedgerDelta(outbox.ven_key, lost, accepted, refused))
        return lost

    def oldest_blocks(self, share: int) -> list[tuple[VenOutbox, list[QueuedBlock]]]:
        """Return the oldest 1/`share` of all open blocks (at least one), by VEN."""
        count = sum(len(outbox.blocks) for outbox in self.vens.values())
        every = ((block.start_s, name, block) for name, outbox in self.vens.items() for block in outbox.blocks.values())
        chosen: dict[str, list[QueuedBlock]] = {}
        for _, name, block in heapq.nsmallest(max(1, count // share), every, key=lambda entry: entry[:2]):
            chosen.setdefault(name, []).append(block)
        return [(self.vens[name], blocks) for name, blocks in chosen.items()]


def _is_sending(outbox: VenOutbox, block: QueuedBlock) -> bool:
    """Say whether a report of this block, or a reading of it, is on its way right now."""
    flying = any(report.marks is not None and report.marks.flying for report in block.reports)
    return flying or outbox.in_flight in block.reports


def _same(states: Mapping[str, npt.NDArray[Any]], before: Mapping[str, npt.NDArray[Any]]) -> bool:
    return states.keys() == before.keys() and all(np.array_equal(states[name], before[name]) for name in states)
